"""What the network reads of a ball: at every observation, at a forecast, and along the flight that it is relative to.

All lengths and speeds are in the track's own heading, so that nothing depends on where the world's axes point, but for
where the venue's hoop or table is.
"""

from __future__ import annotations

import math
from typing import Any, Final

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import (
    BOUNCES,
    CLOCK,
    COUNT,
    COVARIANCE,
    DRIFT,
    FIRST_TIME,
    HEADING,
    IS_LEVEL,
    IS_TOLD,
    MASS_KG,
    MEAN,
    NOISE,
    NUM_QUANTITIES,
    NUM_STATE,
    RADIUS_M,
    SURPRISE,
    SUSPICION,
    TIME,
    TOUCHED,
)
from pathcast.model.frontends.ball.flying import height_over
from pathcast.model.frontends.ball.prior import PRIOR_DEVIATION, PRIOR_MEAN, noise_scale

NUM_INPUTS: Final = 27
NUM_HEAD_INPUTS: Final = 55
_LEAST_LOG: Final = -9.0


@njit
def _variance_along(row: Any, index: int) -> float:
    """Of one quantity; of place, velocity and spin along the heading and to its left, not along the world's x and y."""
    own: float = row[COVARIANCE + index * (index + 3) // 2]
    side = index % 3
    if index >= NUM_STATE or side == 2:
        return own
    first = index - side
    xx, yy = row[COVARIANCE + first * (first + 3) // 2], row[COVARIANCE + (first + 1) * (first + 4) // 2]
    xy = row[COVARIANCE + (first + 1) * (first + 2) // 2 + first]
    cosine, sine = row[HEADING + side], row[HEADING + 1 - side]
    both = 2.0 * cosine * sine * xy
    along: float = cosine * cosine * xx + sine * sine * yy + (both if side == 0 else -both)
    return along


@njit
def _log_deviation(row: Any, index: int) -> float:
    """Natural logarithm of a quantity's standard deviation, axes as of `_variance_along`."""
    return max(0.5 * math.log(max(_variance_along(row, index), 1e-16)), _LEAST_LOG)


@njit
def write_inputs(
    row: Any, settings: Any, fixtures: Any, p: Any, innovation: Any, hits: int, elapsed: float, inputs: Any
) -> None:
    """The encoder's inputs at an observation that was taken in.

    Args:
        row: The filter's, after it.
        settings: Of the filter.
        fixtures: What is solid around the ball.
        p: Full parameter row of its ball.
        innovation: Whitened. Shape [3].
        hits: Contacts since the observation before; -1 at the first.
        elapsed: Seconds since that; 0 at the first.
        inputs: Written. Shape [NUM_INPUTS].
    """
    inputs[:] = 0.0
    cosine, sine = row[HEADING], row[HEADING + 1]
    for axis in range(3):
        inputs[axis] = math.asinh(innovation[axis])
    inputs[3] = math.hypot(row[MEAN + 3], row[MEAN + 4]) / 10.0
    inputs[4] = row[MEAN + 5] / 10.0
    inputs[5] = min(max(height_over(row, fixtures, p), -2.0), 6.0) / 2.0
    inputs[6] = math.log(max(30.0 * elapsed, 1e-2))
    inputs[7] = math.log(10.0 * (row[TIME] - row[FIRST_TIME]) + 0.1)
    inputs[8] = _log_deviation(row, 2)
    inputs[9] = _log_deviation(row, 3)
    inputs[10] = _log_deviation(row, 5)
    scale = settings[PRIOR_DEVIATION + 1]
    wx, wy = row[MEAN + 6], row[MEAN + 7]
    inputs[11] = (cosine * wx + sine * wy) / scale
    inputs[12] = (cosine * wy - sine * wx) / scale
    inputs[13] = row[MEAN + 8] / scale
    for index in range(5):
        deviation = max(settings[PRIOR_DEVIATION + 3 + index], 1e-3)
        inputs[14 + index] = (row[MEAN + NUM_STATE + index] - settings[PRIOR_MEAN + 3 + index]) / deviation
    inputs[19] = min(row[BOUNCES], 2.0)
    inputs[20] = float(max(hits, 0))
    inputs[21] = 1.0 if row[COUNT] == 1.0 else 0.0
    inputs[22] = 1.0 if row[COUNT] == 2.0 else 0.0
    inputs[23] = 1.0 if row[COUNT] == 3.0 else 0.0
    inputs[24] = 0.5 * math.log(noise_scale(row))
    inputs[25] = min(row[SURPRISE], 12.0) / 6.0
    inputs[26] = 1.0 if row[SUSPICION] > 0.0 else 0.0


@njit
def write_head(row: Any, settings: Any, fixtures: Any, p: Any, landmark: Any, head: Any) -> None:
    """The decoder's inputs beside the encoder's state.

    Args:
        row: The filter's.
        settings: Of the filter.
        fixtures: What is solid around the ball.
        p: Full parameter row of its ball.
        landmark: Of the venue: whether there is one, its place (m), and cosine and sine of its direction. Shape [6].
        head: Written. Shape [NUM_HEAD_INPUTS].
    """
    head[:] = 0.0
    cosine, sine = row[HEADING], row[HEADING + 1]
    head[0] = math.hypot(row[MEAN + 3], row[MEAN + 4]) / 10.0
    head[1] = row[MEAN + 5] / 10.0
    head[2] = min(max(height_over(row, fixtures, p), -2.0), 6.0) / 2.0
    scale = settings[PRIOR_DEVIATION + 1]
    wx, wy = row[MEAN + 6], row[MEAN + 7]
    head[3] = (cosine * wx + sine * wy) / scale
    head[4] = (cosine * wy - sine * wx) / scale
    head[5] = row[MEAN + 8] / scale
    for index in range(5):
        deviation = max(settings[PRIOR_DEVIATION + 3 + index], 1e-3)
        head[6 + index] = (row[MEAN + NUM_STATE + index] - settings[PRIOR_MEAN + 3 + index]) / deviation
    for index in range(NUM_QUANTITIES):
        head[11 + index] = _log_deviation(row, index)
    head[25] = math.log(10.0 * (row[TIME] - row[FIRST_TIME]) + 0.1)
    head[26] = min(row[COUNT], 40.0) / 40.0
    head[27] = 1.0 if row[COUNT] == 2.0 else 0.0
    head[28] = 1.0 if row[COUNT] == 3.0 else 0.0
    head[29] = min(row[BOUNCES], 2.0)
    spread = 0.5 * math.log(noise_scale(row))
    nx, ny = row[NOISE] * row[NOISE], row[NOISE + 1] * row[NOISE + 1]
    head[30] = math.log(max(math.sqrt(cosine * cosine * nx + sine * sine * ny), 1e-5)) + spread
    head[31] = math.log(max(math.sqrt(sine * sine * nx + cosine * cosine * ny), 1e-5)) + spread
    head[32] = math.log(max(row[NOISE + 2], 1e-5)) + spread
    speed = math.sqrt(row[MEAN + 3] ** 2 + row[MEAN + 4] ** 2 + row[MEAN + 5] ** 2)
    head[33] = math.log(max(row[CLOCK] * speed, 1e-5))
    head[34] = row[IS_TOLD]
    head[35] = spread
    for axis in range(3):
        head[36 + axis] = math.asinh(row[DRIFT + axis]) / 2.0
    head[39] = min(row[SURPRISE], 12.0) / 6.0
    head[40] = 1.0 if row[SUSPICION] > 0.0 else 0.0
    for index in range(3):
        head[41 + index] = row[TOUCHED + index]
    head[44] = 1.0 if row[IS_LEVEL] > 0.0 else 0.0
    if row[IS_LEVEL] == 0.0 and landmark[0] > 0.0:
        dx, dy = landmark[1] - row[MEAN], landmark[2] - row[MEAN + 1]
        head[45] = 1.0
        head[46] = (cosine * dx + sine * dy) / 5.0
        head[47] = (cosine * dy - sine * dx) / 5.0
        head[48] = (landmark[3] - row[MEAN + 2]) / 5.0
        head[49] = cosine * landmark[4] + sine * landmark[5]
        head[50] = cosine * landmark[5] - sine * landmark[4]
    head[51] = math.log(p[1] + 1e-6) + 3.0
    head[52] = math.log(p[6] / 0.05)
    head[53] = 1.0 if row[RADIUS_M] > 0.0 else 0.0
    head[54] = 1.0 if row[MASS_KG] > 0.0 else 0.0
