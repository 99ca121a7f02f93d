"""What a filter takes for granted of a ball before it sees more: its settings, its first state, the sensor's noise."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import (
    CLOCK,
    COUNT,
    FIRST_PLACE,
    FIRST_TIME,
    HEADING,
    IS_TOLD,
    LOG_DRAG,
    LOG_LIFT,
    MASS_KG,
    MEAN,
    NOISE,
    NOISE_SUM,
    NOISE_WEIGHT,
    NUM_QUANTITIES,
    NUM_STATE,
    RADIUS_M,
    TIME,
    pack,
)

NOISE_PRIOR: Final = 6.0
"""Innovations, three to an observation, that the nominal noise counts as."""
MOST_SCALE: Final = 36.0
"""Of the noise's square over the nominal one; its inverse is the least."""

DENSITY, MAX_SPEED, LIFT_WALK, HIT_SPEED_SHARE, HIT_SPIN_SHARE = 0, 1, 2, 3, 4
"""Of a filter's settings: the unmodelled acceleration's density (m2/s3); speed expected at first (m/s); variance of the
logarithm of the lift gained in a second; what a bounce leaves uncertain of speed and of spin, as shares."""
PRIOR_MEAN, PRIOR_DEVIATION = 5, 13
"""Of spin along the heading, to its left and upward (rad/s), then of the five coefficients."""
UNTOLD: Final = 21
"""Standard deviation of the logarithm of drag and lift per mass that comes of not knowing size and mass."""
NUM_SETTINGS: Final = 22


@njit
def noise_scale(row: Any) -> float:
    """Square of the noise over that of the nominal one."""
    if row[IS_TOLD] > 0.0:
        return 1.0
    scale: float = (NOISE_PRIOR + row[NOISE_SUM]) / (NOISE_PRIOR + row[NOISE_WEIGHT])
    return min(max(scale, 1.0 / MOST_SCALE), MOST_SCALE)


@njit
def begin(row: Any, settings: Any, time: float, position: Any) -> None:
    """A track's first observation."""
    row[MEAN : MEAN + NUM_QUANTITIES] = 0.0
    full = np.zeros((NUM_QUANTITIES, NUM_QUANTITIES))
    scale = noise_scale(row)
    # The clock errs by as many metres as the ball is fast, which nobody knows yet.
    clock = (row[CLOCK] * settings[MAX_SPEED]) ** 2
    for axis in range(3):
        row[MEAN + axis] = position[axis]
        row[FIRST_PLACE + axis] = position[axis]
        full[axis, axis] = scale * row[NOISE + axis] ** 2 + clock
        full[3 + axis, 3 + axis] = settings[MAX_SPEED] ** 2
    for index in range(3):
        full[6 + index, 6 + index] = settings[PRIOR_MEAN + index] ** 2 + settings[PRIOR_DEVIATION + index] ** 2
    for index in range(5):
        row[MEAN + NUM_STATE + index] = settings[PRIOR_MEAN + 3 + index]
        full[NUM_STATE + index, NUM_STATE + index] = settings[PRIOR_DEVIATION + 3 + index] ** 2
    # Drag and lift per mass go with size and mass, which nobody may have told.
    if not (row[RADIUS_M] > 0.0 and row[MASS_KG] > 0.0):
        for index in (LOG_DRAG, LOG_LIFT):
            full[index, index] += settings[UNTOLD] ** 2
    pack(full, row)
    row[FIRST_TIME], row[HEADING], row[HEADING + 1] = time, 1.0, 0.0
    row[COUNT], row[TIME] = 1.0, time


@njit
def expect_spin(row: Any, settings: Any, full: Any) -> None:
    """The spin expected of a ball whose heading has just become known."""
    cosine, sine = row[HEADING], row[HEADING + 1]
    ahead, left, up = settings[PRIOR_MEAN], settings[PRIOR_MEAN + 1], settings[PRIOR_MEAN + 2]
    row[MEAN + 6] = cosine * ahead - sine * left
    row[MEAN + 7] = sine * ahead + cosine * left
    row[MEAN + 8] = up
    full[6:9, :] = 0.0
    full[:, 6:9] = 0.0
    a, b, c = (
        settings[PRIOR_DEVIATION] ** 2,
        settings[PRIOR_DEVIATION + 1] ** 2,
        settings[PRIOR_DEVIATION + 2] ** 2,
    )
    full[6, 6] = cosine * cosine * a + sine * sine * b
    full[7, 7] = sine * sine * a + cosine * cosine * b
    full[6, 7] = cosine * sine * (a - b)
    full[7, 6] = full[6, 7]
    full[8, 8] = c
