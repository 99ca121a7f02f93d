"""Columns of a ball's filter row, and what its fourteen quantities are.

The quantities are the ball's state and what its flight and bounces depend on: place, velocity and spin, then the
logarithms of drag and lift over their nominal values, restitution, tangential restitution and friction.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from pathcast.compiled import njit
from pathcast.simulator.ball.parameters import (
    CRISIS_DRAG,
    DRAG,
    FRICTION,
    LIFT,
    NUM_FULL_PARAMETERS,
    RADIUS,
    RESTITUTION,
    SPIN_DRAG,
    SPIN_RATE_DRAG,
    TANGENTIAL,
)

NUM_STATE: Final = 9
LOG_DRAG, LOG_LIFT, BOUNCE, GRIP, RUB = 9, 10, 11, 12, 13
"""Quantities beside the state: ln k / k0, ln c / c0, e, e_t, mu."""
NUM_QUANTITIES: Final = 14
NUM_TRIANGLE: Final = NUM_QUANTITIES * (NUM_QUANTITIES + 1) // 2

COUNT, TIME, FIRST_TIME = 0, 1, 2
MEAN: Final = 3
COVARIANCE: Final = MEAN + NUM_QUANTITIES
"""Packed lower triangle, by rows."""
NOISE: Final = COVARIANCE + NUM_TRIANGLE
"""Standard deviation of positions along each axis, m, as told or nominal; three columns."""
CLOCK: Final = NOISE + 3
"""Of capture times, s."""
IS_TOLD: Final = CLOCK + 1
"""1 where the caller gave the noise, so that it is not estimated."""
NOISE_SUM, NOISE_WEIGHT = IS_TOLD + 1, IS_TOLD + 2
"""Squares of normalised innovations, in units of the nominal noise, and how many: their ratio is the noise's square."""
HEADING: Final = NOISE_WEIGHT + 1
BOUNCES: Final = HEADING + 2
SURPRISE: Final = BOUNCES + 1
"""-log10 of the probability of an innovation at least as far."""
DRIFT: Final = SURPRISE + 1
"""A trace of whitened innovations, whose mean is zero while the flight is understood; three columns."""
SUSPICION: Final = DRIFT + 3
"""Over 0 while the observations do not fit a ball in flight; falls by one with each that does."""
RADIUS_M, MASS_KG = SUSPICION + 1, SUSPICION + 2
"""As the caller gave them, 0 where not."""
IS_LEVEL, LEVEL = MASS_KG + 1, MASS_KG + 2
"""Whether the caller put an endless level floor in the venue's place, and the height of it."""
TOUCHED: Final = LEVEL + 1
"""1 once the filter's ball touched rim or bridge; then the board; then whether it fell through the hoop."""
STEPS, STEP_TIME = TOUCHED + 3, TOUCHED + 4
"""Steps of the encoder so far, and the time of the newest one, s."""
SUMMED: Final = TOUCHED + 5
"""Whitened innovations since that step, three columns, then how many, and contacts since."""
FIRST_PLACE: Final = SUMMED + 5
"""Where the track was first seen, m, three columns: a shot's length tells whose it is."""
FILTER_SIZE: Final = FIRST_PLACE + 3

LEAST_BOUNCE, MOST_BOUNCE = 0.05, 1.0
MOST_GRIP: Final = 0.9
LEAST_RUB, MOST_RUB = 0.01, 2.0
MOST_LOG: Final = 3.0


@njit
def physics_of(row: Any, nominal: Any, reference: Any, parameters: Any) -> None:
    """Writes the full parameter row of the filter's ball.

    Args:
        row: The filter's.
        nominal: Full row of the nominal ball.
        reference: Its radius (m) and mass (kg).
        parameters: Written.
    """
    parameters[:] = nominal
    width, mass = 1.0, 1.0
    if row[RADIUS_M] > 0.0:
        width = row[RADIUS_M] / reference[0]
    if row[MASS_KG] > 0.0:
        mass = row[MASS_KG] / reference[1]
    parameters[RADIUS] *= width
    drag = width * width / mass * math.exp(min(max(row[MEAN + LOG_DRAG], -MOST_LOG), MOST_LOG))
    parameters[DRAG] *= drag
    parameters[CRISIS_DRAG] *= drag
    parameters[SPIN_DRAG] *= drag
    parameters[SPIN_RATE_DRAG] *= drag
    parameters[LIFT] *= width**3 / mass * math.exp(min(max(row[MEAN + LOG_LIFT], -MOST_LOG), MOST_LOG))
    parameters[RESTITUTION] = min(max(row[MEAN + BOUNCE], LEAST_BOUNCE), MOST_BOUNCE)
    parameters[TANGENTIAL] = min(max(row[MEAN + GRIP], -MOST_GRIP), MOST_GRIP)
    parameters[FRICTION] = min(max(row[MEAN + RUB], LEAST_RUB), MOST_RUB)


@njit
def unpack(row: Any, full: Any) -> None:
    """Writes the covariance as a full matrix."""
    at = COVARIANCE
    for i in range(NUM_QUANTITIES):
        for j in range(i + 1):
            full[i, j] = row[at]
            full[j, i] = row[at]
            at += 1


@njit
def pack(full: Any, row: Any) -> None:
    """Writes the full covariance into the row, its halves averaged."""
    at = COVARIANCE
    for i in range(NUM_QUANTITIES):
        for j in range(i + 1):
            row[at] = 0.5 * (full[i, j] + full[j, i])
            at += 1


@njit
def factor(full: Any, lower: Any) -> None:
    """The lower Cholesky factor of a covariance; a direction without variance, or that rounding made negative, is 0."""
    size = len(full)
    lower[:] = 0.0
    for j in range(size):
        left = full[j, j]
        for k in range(j):
            left -= lower[j, k] * lower[j, k]
        if not left > 1e-12 * full[j, j] or left <= 0.0:
            continue
        lower[j, j] = math.sqrt(left)
        for i in range(j + 1, size):
            dot = full[i, j]
            for k in range(j):
                dot -= lower[i, k] * lower[j, k]
            lower[i, j] = dot / lower[j, j]


@njit
def factor_along(row: Any, full: Any, directions: Any) -> None:
    """A factor of the covariance whose columns are directions in the track's heading, wherever the world's axes point.

    With R that turns place, velocity and spin into the heading, it is R' times the lower factor of R full R'.

    Args:
        row: The filter's.
        full: Its covariance. Shape [14, 14].
        directions: Written, one a column. Shape [14, 14].
    """
    cosine, sine = row[HEADING], row[HEADING + 1]
    turned = full.copy()
    for start in (0, 3, 6):
        for column in range(NUM_QUANTITIES):
            x, y = turned[start, column], turned[start + 1, column]
            turned[start, column], turned[start + 1, column] = cosine * x + sine * y, cosine * y - sine * x
    for start in (0, 3, 6):
        for i in range(NUM_QUANTITIES):
            x, y = turned[i, start], turned[i, start + 1]
            turned[i, start], turned[i, start + 1] = cosine * x + sine * y, cosine * y - sine * x
    factor(turned, directions)
    for start in (0, 3, 6):
        for column in range(NUM_QUANTITIES):
            ahead, left = directions[start, column], directions[start + 1, column]
            directions[start, column] = cosine * ahead - sine * left
            directions[start + 1, column] = sine * ahead + cosine * left


def empty_row() -> np.ndarray:
    """Room for a full parameter row."""
    return np.zeros(NUM_FULL_PARAMETERS)
