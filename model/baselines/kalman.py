"""Kalman: a filter of constant velocity whose forecast is a Gaussian at each offset.

The motion is white-noise acceleration (Bar-Shalom, Li and Kirubarajan 2001, "Estimation with Applications to Tracking
and Navigation", section 6.2.2); nothing is smoothed, so only the past is used. All axes share one variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize

from pathcast.model.baselines.prefixes import check_lengths
from pathcast.model.forecast import Forecast, pack_covariances


@dataclass(frozen=True)
class KalmanNoise:
    """What the filter takes for granted."""

    position_m: float
    """Standard deviation of an observed position on each axis, metres."""
    acceleration_density: float
    """q of the white-noise acceleration, m²/s³."""
    speed_mps: float
    """Standard deviation of the velocity on each axis before the first observation, m/s."""


START = KalmanNoise(0.05, 0.1, 1.5)
"""Where the search for noise starts."""
LEAST = 1e-6
"""Of each number that the search looks at: tracks without any noise would have none."""


def kalman(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past axis"],
    lengths: Int[np.ndarray, " track"],
    offsets: Float[np.ndarray, "track time"],
    noise: KalmanNoise,
) -> Forecast:
    """One Gaussian mode: where the next observations will be, their own noise included.

    Raises:
        InputError: A track has fewer than 2 observations.
    """
    mean, variance = _predict(times, positions, lengths, offsets, noise)
    covariances = pack_covariances(variance[:, :, None, None] * np.eye(positions.shape[2]))
    return Forecast(
        offsets,
        np.ones((len(times), 1), np.float32),
        mean[:, None].astype(np.float32),
        covariances[:, None].astype(np.float32),
        mean.astype(np.float32),
    )


def fit_kalman_noise(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past axis"],
    lengths: Int[np.ndarray, " track"],
    offsets: Float[np.ndarray, "track time"],
    truth: Float[np.ndarray, "track time axis"],
) -> KalmanNoise:
    """The noise under which the true positions of these tracks are most likely, by Nelder and Mead in the logs.

    The likelihood is the forecast's own at all offsets, not that of the next observation: it is what is scored.
    """

    def mean_nll(logs: Float[np.ndarray, " noise"]) -> float:
        mean, variance = _predict(times, positions, lengths, offsets, KalmanNoise(*_numbers(logs)))
        squared = ((truth - mean) ** 2).sum(axis=2)
        axes = truth.shape[2]
        return float(np.nanmean(squared / variance + axes * np.log(2 * math.pi * variance)) / 2)

    start = np.log([START.position_m, START.acceleration_density, START.speed_mps])
    found = minimize(mean_nll, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-6})
    return KalmanNoise(*_numbers(found.x))


def _numbers(logs: Float[np.ndarray, " noise"]) -> list[float]:
    return [float(value) for value in np.maximum(np.exp(logs), LEAST)]


def _predict(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past axis"],
    lengths: Int[np.ndarray, " track"],
    offsets: Float[np.ndarray, "track time"],
    noise: KalmanNoise,
) -> tuple[Float[np.ndarray, "track time axis"], Float[np.ndarray, "track time"]]:
    """Means (metres) and variances on each axis (m²) of the observations at the offsets."""
    check_lengths(times, lengths, 2)
    measured, density = noise.position_m**2, noise.acceleration_density
    position = positions[:, 0].astype(np.float64)
    velocity = np.zeros_like(position)
    pp = np.full(len(times), measured)
    pv, vv = np.zeros(len(times)), np.full(len(times), noise.speed_mps**2)
    for step in range(1, times.shape[1]):
        seen = step < lengths
        elapsed = np.where(seen, times[:, step] - times[:, step - 1], 0.0)
        pp, pv, vv = _widen(pp, pv, vv, elapsed, density)
        expected = position + velocity * elapsed[:, None]
        surprise = np.where(seen[:, None], positions[:, step] - expected, 0.0)
        gain_p, gain_v = seen * pp / (pp + measured), seen * pv / (pp + measured)
        position = expected + gain_p[:, None] * surprise
        velocity = velocity + gain_v[:, None] * surprise
        vv, pv, pp = vv - gain_v * pv, pv - gain_p * pv, pp - gain_p * pp
    mean = position[:, None] + velocity[:, None] * offsets[:, :, None]
    ahead = _widen(pp[:, None], pv[:, None], vv[:, None], offsets, density)[0]
    return mean, ahead + measured


def _widen(
    pp: np.ndarray, pv: np.ndarray, vv: np.ndarray, elapsed: np.ndarray, density: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variances of position and velocity, and what they share, some seconds on."""
    return (
        pp + 2 * elapsed * pv + elapsed**2 * vv + density * elapsed**3 / 3,
        pv + elapsed * vv + density * elapsed**2 / 2,
        vv + density * elapsed,
    )
