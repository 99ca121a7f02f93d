"""A simple forecaster of shots: where the parabola through the prefix comes down, and a logistic curve of the miss.

Fitted on shots of another seed, kind by kind and distance by distance, as the published table's linear model was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from ball_shots import CENTRE, DISTANCES_FEET, FOOT_M, Shots
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.model.baselines.parabola import fit_parabola
from pathcast.simulator.ball.parameters import GRAVITY
from pathcast.simulator.ball.sports.basketball import BASKETBALL
from pathcast.simulator.ball.sports.rows import nominal_parameters

PULL: Final = float(nominal_parameters(BASKETBALL)[GRAVITY])
RIDGE: Final = 1e-2
ITERATIONS: Final = 50


@dataclass(frozen=True, eq=False)
class Logistic:
    """P = 1 / (1 + exp(-x'w)) of features scaled to mean 0 and deviation 1."""

    mean: Float[np.ndarray, " feature"]
    deviation: Float[np.ndarray, " feature"]
    weights: Float[np.ndarray, " weight"]

    def told(self, features: Float[np.ndarray, "shot feature"]) -> Float[np.ndarray, " shot"]:
        """Probability of each row."""
        columns = _columns((features - self.mean) / self.deviation)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(columns @ self.weights, -30.0, 30.0))))


def fit_logistic(features: Float[np.ndarray, "shot feature"], came: Int[np.ndarray, " shot"]) -> Logistic:
    """The likeliest weights under a slight ridge, by Newton's method."""
    mean, deviation = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    columns = _columns((features - mean) / deviation)
    weights = np.zeros(columns.shape[1])
    penalty = RIDGE * np.eye(len(weights))
    penalty[0, 0] = 1e-9
    for _ in range(ITERATIONS):
        told = 1.0 / (1.0 + np.exp(-np.clip(columns @ weights, -30.0, 30.0)))
        gradient = columns.T @ (came - told) - penalty @ weights
        curvature = (columns * (told * (1.0 - told))[:, None]).T @ columns + penalty
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-8:
            break
    return Logistic(mean, deviation, weights)


def _columns(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    """A constant, the features and their products."""
    first, second = np.triu_indices(scaled.shape[1])
    return np.concatenate([np.ones((len(scaled), 1)), scaled, scaled[:, first] * scaled[:, second]], axis=1)


def miss_features(
    seen: Float[np.ndarray, "shot time 3"], clock: Float[np.ndarray, " time"], lengths: Int[np.ndarray, " shot"]
) -> Float[np.ndarray, "shot feature"]:
    """Where the parabola comes down to the ring's height: beyond the middle and beside it (m), and how steeply.

    A parabola that never gets so high is judged at its top.
    """
    times = np.broadcast_to(clock, seen.shape[:2])
    is_used = np.arange(len(clock)) < lengths[:, None]
    newest = clock[lengths - 1]
    place, velocity = fit_parabola(times, seen, is_used, newest, PULL)
    above = np.maximum(velocity[:, 2] ** 2 + 2.0 * PULL * (place[:, 2] - CENTRE[2]), 0.0)
    fall = (velocity[:, 2] + np.sqrt(above)) / PULL
    end = place[:, :2] + velocity[:, :2] * fall[:, None] - CENTRE[:2]
    pace = np.maximum(np.linalg.norm(velocity[:, :2], axis=1), 1e-6)
    way = velocity[:, :2] / pace[:, None]
    along = (end * way).sum(axis=1)
    beside = np.abs(end[:, 0] * way[:, 1] - end[:, 1] * way[:, 0])
    features = np.stack([along, beside, np.hypot(along, beside), np.sqrt(above) / pace], axis=1)
    return np.clip(features, -5.0, 5.0)


def told_by_baseline(fitted_on: Shots, shots: Shots) -> Float[np.ndarray, "shot distance"]:
    """P(made) at every distance."""
    told = np.empty(shots.lengths.shape)
    for column in range(told.shape[1]):
        enough = fitted_on.lengths[:, column] >= 2
        before = miss_features(fitted_on.seen[enough], fitted_on.clock, fitted_on.lengths[enough, column])
        curve = fit_logistic(before, fitted_on.is_made[enough])
        told[:, column] = curve.told(miss_features(shots.seen, shots.clock, np.maximum(shots.lengths[:, column], 2)))
    return told


def told_at_every_instant(fitted_on: Shots, shots: Shots) -> Float[np.ndarray, "shot time"]:
    """P(made) after every observation from the second on, by the next distance's curve; NaN after a contact."""
    curves = []
    for column in range(fitted_on.lengths.shape[1]):
        enough = fitted_on.lengths[:, column] >= 2
        before = miss_features(fitted_on.seen[enough], fitted_on.clock, fitted_on.lengths[enough, column])
        curves.append(fit_logistic(before, fitted_on.is_made[enough]))
    told = np.full(shots.seen.shape[:2], np.nan)
    away = np.linalg.norm(shots.seen - CENTRE, axis=2) / FOOT_M
    for length in range(2, len(shots.clock) + 1):
        rows = np.flatnonzero(shots.first_contact >= length)
        if not len(rows):
            break
        features = miss_features(shots.seen[rows], shots.clock, np.full(len(rows), length))
        column = np.clip(np.searchsorted(DISTANCES_FEET, away[rows, length - 1]), 0, len(curves) - 1)
        every = np.stack([curve.told(features) for curve in curves], axis=1)
        told[rows, length - 1] = every[np.arange(len(rows)), column]
    return told
