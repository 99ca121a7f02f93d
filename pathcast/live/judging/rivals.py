"""Rivals: baselines that need no training, on the very cases that a model is scored on.

What they need to be told is fitted on these cases themselves, truth included, so none of them is weaker than it could
be: the Kalman filter's noise by likelihood. Constant velocity is the straight line through the newest observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from pathcast.live.judging.scored import Scored
from pathcast.model import metrics
from pathcast.model.baselines import Floor, KalmanNoise, ballistic, fit_kalman_noise, kalman
from pathcast.model.baselines.parabola import fit_parabola
from pathcast.model.baselines.prefixes import is_observed
from pathcast.model.metrics.energy import energy_by_step
from pathcast.model.metrics.likelihood import log_density
from pathcast.simulator.ball.scenarios import Scenario
from pathcast.simulator.draws import generator

LINE_S: Final = 0.5
"""Constant velocity is fitted to observations so new, and to the newest two at least."""
MOST_FITTED: Final = 2000
"""Cases that the filter's noise is fitted on."""


@dataclass(frozen=True, eq=False)
class Rival:
    """A baseline on all cases; what it does not tell is None."""

    name: str
    note: str
    error: Float[np.ndarray, "case time"]
    """Metres."""
    nll: Float[np.ndarray, "case time"] | None = None
    energy: Float[np.ndarray, "case time"] | None = None
    """Metres; of one that tells a path alone it is its error."""
    mass_above: Float[np.ndarray, "case time"] | None = None


def rivals_of(scored: Scored, kind: Scenario | None, seed: int) -> list[Rival]:
    """Constant velocity, a Kalman filter and, in three axes, gravity alone.

    Args:
        scored: At least one case.
        kind: Of the balls, whose ground ballistic flight bounces off; None: no ground is known.
        seed: Of samples.
    """
    prefixes = scored.times, scored.positions, scored.lengths
    offsets = np.asarray(scored.forecast.offsets, np.float64)
    found = [
        Rival("constant velocity", f"the line through the newest {LINE_S:g} s", _off(straight(scored), scored.truth))
    ]
    random = generator(seed, "judging.rivals", 0)
    some = random.permutation(scored.num_cases)[:MOST_FITTED]
    known = some[np.isfinite(scored.truth[some]).any(axis=(1, 2))]
    if len(known):
        times, positions, lengths = (each[known] for each in prefixes)
        noise = fit_kalman_noise(times, positions, lengths, offsets[known], scored.truth[known])
        found.append(_kalman(scored, noise, seed))
    if scored.truth.shape[2] == 3:
        floor = _floor(kind)
        times, positions, lengths = _newest(scored)
        path = ballistic(times, positions, lengths, offsets, floor=floor)
        ground = "" if floor is None else f", bouncing at {floor.height:.2f} m"
        note = f"gravity without drag, fitted to the newest {LINE_S:g} s{ground}"
        found.append(Rival("ballistic", note, _off(path, scored.truth)))
    return found


def straight(scored: Scored) -> Float[np.ndarray, "case time axis"]:
    """The line through the newest observations goes on from where it has come to, metres."""
    times, positions, lengths = _newest(scored)
    num_axes = positions.shape[2]
    points = np.zeros((*times.shape, 3))
    points[:, :, :num_axes] = positions
    newest = times[np.arange(len(times)), lengths - 1]
    place, velocity = fit_parabola(times, points, is_observed(times, lengths), newest, 0.0)
    path = place[:, None] + velocity[:, None] * scored.forecast.offsets[:, :, None]
    return np.asarray(path[:, :, :num_axes])


def _newest(
    scored: Scored,
) -> tuple[Float[np.ndarray, "case past"], Float[np.ndarray, "case past axis"], Int[np.ndarray, " case"]]:
    """Times, positions and lengths of the newest `LINE_S` alone, and of two observations at least."""
    rows = np.arange(scored.num_cases)[:, None]
    newest = scored.times[rows[:, 0], scored.lengths - 1]
    column = np.arange(scored.times.shape[1])
    is_old = (column < (scored.lengths - 2)[:, None]) & (scored.times < newest[:, None] - LINE_S - 1e-9)
    first = is_old.sum(axis=1)
    shifted = np.minimum(column + first[:, None], scored.times.shape[1] - 1)
    return scored.times[rows, shifted], scored.positions[rows, shifted], scored.lengths - first


def _kalman(scored: Scored, noise: KalmanNoise, seed: int) -> Rival:
    forecast = kalman(scored.times, scored.positions, scored.lengths, scored.forecast.offsets, noise)
    random = generator(seed, "judging.rivals", 1)
    region = metrics.highest_density_regions(forecast, scored.truth, random, 0.9)
    words = f"noise {noise.position_m:.3f} m, q {noise.acceleration_density:.3g} m²/s³, fitted on these cases"
    return Rival(
        "Kalman",
        words,
        _off(metrics.mean_path(forecast), scored.truth),
        -log_density(forecast, scored.truth),
        energy_by_step(forecast, scored.truth, random),
        region.mass_above,
    )


def _floor(kind: Scenario | None) -> Floor | None:
    """What balls of a kind bounce off: the table's top, or the floor."""
    if kind is None:
        return None
    table, floor = kind.venue.table, kind.venue.floor
    if table is None and floor is None:
        return None
    height = floor.point[2] if floor is not None else 0.0
    if table is not None:
        height = table.centre[2] + table.size[2] / 2
    return Floor(height=height, radius=kind.ball.radius_m, restitution=float(np.mean(kind.prior.restitution)))


def _off(
    path: Float[np.ndarray, "case time axis"], truth: Float[np.ndarray, "case time axis"]
) -> Float[np.ndarray, "case time"]:
    return np.asarray(np.linalg.norm(path - truth, axis=2))
