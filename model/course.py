"""Course: a light filter beside a model's own, of constant velocity, or of free fall for what flies.

It serves a stream twice: what does not fit it is suspect (a jump, a switched identity, a wrong unit), and it gives the
baseline that answers a track where the model is too late. One row of float64 per track, NumPy alone.

Each axis is filtered by itself, all with the same variances: position and velocity under white-noise acceleration
(Bar-Shalom, Li and Kirubarajan 2001, "Estimation with Applications to Tracking and Navigation", section 6.2.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from pathcast.model.hops import GRAVITY, Floor, hop_on

COUNT, TIME, PP, PV, VV, SUSPICION, ROUGHNESS, POSITION = range(8)
"""Columns: observations, seconds of the newest, variances of position and velocity and what they share, observations
for which the track stays suspect, and by how much its innovations are larger than the law's; then position and
velocity, an axis each."""
SURPRISING = 25.0
"""Squared length of a whitened innovation that is not taken for the same track's: chi-squared with two degrees of
freedom exceeds it four times in a million."""
UNKNOWN_ROUGHNESS = 3.0
"""Of a track that begins, so that a sensor of twice the law's noise is not suspect before that is known."""
ROUGHNESS_KEPT = 0.9
"""Share of it that is left at the next observation."""
STAYS_SUSPECT = 3.0
"""Observations for which a track is suspect from one that does not fit on."""

_MOST = 1e12
"""Size of any number of a row."""
_ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class Law:
    """How something moves, as far as the filter knows."""

    noise_m: float
    """Standard deviation of an observed position."""
    density: float
    """Of the white-noise acceleration, m²/s³."""
    speed_mps: float
    """Standard deviation of a velocity of which nothing is known, on each axis."""
    most_speed_mps: float = np.inf
    """Whoever is faster is suspect."""
    falls: bool = False
    """Whether gravity pulls it down."""
    floor: Floor | None = None
    """What it bounces from, if it falls."""


def empty_courses(num_tracks: int, num_axes: int) -> Float[np.ndarray, "track column"]:
    """Rows of tracks that have not been seen."""
    return np.zeros((num_tracks, POSITION + 2 * num_axes))


def follow(
    rows: Float[np.ndarray, "track column"],
    times: Float[np.ndarray, " track"],
    positions: Float[np.ndarray, "track axis"],
    law: Law,
) -> Float[np.ndarray, "track column"]:
    """The rows after one more observation of each, later than its newest.

    After one that does not fit, a track starts anew from there, so that it is not suspect for ever.
    """
    axes = positions.shape[1]
    measured = law.noise_m**2
    is_known = rows[:, COUNT] > 0
    elapsed = np.where(is_known, times - rows[:, TIME], 0.0)
    expected, velocity, pp, pv, vv = _go_on(rows, elapsed, axes, law)
    off = positions - expected
    total = pp + measured
    rough = rows[:, ROUGHNESS]
    square = (off**2).sum(axis=1) / total
    fits = is_known & (square <= SURPRISING * (1.0 + rough))
    gain_p, gain_v = pp / total, pv / total
    new = np.empty_like(rows)
    new[:, COUNT] = rows[:, COUNT] + 1
    new[:, TIME] = times
    new[:, PP] = np.where(fits, pp - gain_p * pp, measured)
    new[:, PV] = np.where(fits, pv - gain_p * pv, 0.0)
    new[:, VV] = np.where(fits, vv - gain_v * pv, law.speed_mps**2)
    lasting = np.maximum(rows[:, SUSPICION] - 1.0, 0.0)
    new[:, SUSPICION] = np.where(is_known & ~fits, STAYS_SUSPECT, lasting)
    excess = ROUGHNESS_KEPT * rough + (1.0 - ROUGHNESS_KEPT) * (square / axes - 1.0)
    new[:, ROUGHNESS] = np.where(fits, np.maximum(excess, 0.0), np.where(is_known, rough, UNKNOWN_ROUGHNESS))
    kept = fits[:, None]
    new[:, POSITION : POSITION + axes] = np.where(kept, expected + gain_p[:, None] * off, positions)
    new[:, POSITION + axes :] = np.where(kept, velocity + gain_v[:, None] * off, 0.0)
    return new


def is_suspect(rows: Float[np.ndarray, "track column"], law: Law) -> Bool[np.ndarray, " track"]:
    """Whether the newest observations of each track do not fit one that moves by the law."""
    axes = (rows.shape[1] - POSITION) // 2
    speed = np.sqrt((rows[:, POSITION + axes :] ** 2).sum(axis=1))
    return np.asarray((rows[:, SUSPICION] > 0) | (speed > law.most_speed_mps))


def is_possible(rows: Float[np.ndarray, "track column"]) -> Bool[np.ndarray, " track"]:
    """Whether rows that may be made up are finite numbers that can be gone on with."""
    pp, pv, vv = rows[:, PP], rows[:, PV], rows[:, VV]
    is_spread = (pp >= 0) & (vv >= 0) & (pv**2 <= pp * vv * (1 + _ROUNDING) + _ROUNDING)
    is_counted = (rows[:, COUNT] >= 1) & (rows[:, SUSPICION] >= 0) & (rows[:, SUSPICION] <= STAYS_SUSPECT)
    is_within = (np.abs(rows) <= _MOST).all(axis=1)  # not a number is not
    return np.asarray(is_spread & is_counted & is_within & (rows[:, ROUGHNESS] >= 0))


def go_on(
    rows: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"], law: Law
) -> tuple[Float[np.ndarray, "track time axis"], Float[np.ndarray, "track time"]]:
    """Where observed tracks will be, metres, and the variance on each axis, m², seconds after their newest observation.

    Of what was seen but once the velocity is not known: it stays, in a wide spread.
    """
    axes = (rows.shape[1] - POSITION) // 2
    position, velocity = rows[:, POSITION : POSITION + axes], rows[:, POSITION + axes :]
    is_moving = rows[:, COUNT] > 1
    if law.falls and law.floor is not None:
        has_bounced = np.zeros(len(rows), np.bool_)
        means = hop_on(position, velocity, has_bounced, offsets, GRAVITY, law.floor)
    else:
        means = position[:, None] + velocity[:, None] * offsets[:, :, None]
        if law.falls:
            means[:, :, 2] -= GRAVITY * offsets**2 / 2
    means = np.where(is_moving[:, None, None], means, position[:, None])
    ahead = (rows[:, PP, None], rows[:, PV, None], rows[:, VV, None])
    return means, _widen(*ahead, offsets, law.density)[0] + law.noise_m**2


def _go_on(
    rows: Float[np.ndarray, "track column"], elapsed: Float[np.ndarray, " track"], axes: int, law: Law
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Positions, velocities and their variances some seconds on, bounces aside."""
    velocity = rows[:, POSITION + axes :]
    expected = rows[:, POSITION : POSITION + axes] + velocity * elapsed[:, None]
    if law.falls:
        velocity = velocity.copy()
        expected[:, 2] -= GRAVITY * elapsed**2 / 2
        velocity[:, 2] -= GRAVITY * elapsed
    pp, pv, vv = _widen(rows[:, PP], rows[:, PV], rows[:, VV], elapsed, law.density)
    return expected, velocity, pp, pv, vv


def _widen(
    pp: np.ndarray, pv: np.ndarray, vv: np.ndarray, elapsed: np.ndarray, density: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variances of position and velocity, and what they share, some seconds on."""
    return (
        pp + 2 * elapsed * pv + elapsed**2 * vv + density * elapsed**3 / 3,
        pv + elapsed * vv + density * elapsed**2 / 2,
        vv + density * elapsed,
    )
