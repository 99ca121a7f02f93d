"""A step written out at the times within it: its polynomials at many instants, which the processor takes eight at once.

Kernels, pure. Places are worked out axis by axis, as vector instructions want them, and then put into rows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import inlined, njit
from pathcast.simulator.ball.motion import Sextuple, slope, value

_GROUP: Final = 8


@inlined
def times_until(times: NDArray[np.float64], clock: int, first: int, until: float) -> int:
    """The index of the first time of a row, from `first` on, that is later than `until`."""
    while first < times.shape[1] and times[clock, first] <= until:
        first += 1
    return first


@inlined
def sample_places(
    cx: Sextuple,
    cy: Sextuple,
    cz: Sextuple,
    passed: float,
    per_second: float,
    times: NDArray[np.float64],
    clock: int,
    first: int,
    stop: int,
    outputs: NDArray[np.float64],
    ball: int,
    room: NDArray[np.float64],
) -> None:
    """Writes where a ball is at times `first` to `stop`.

    Args:
        cx, cy, cz: Quintics of the step.
        passed: When it starts, s.
        per_second: 1 / its duration.
        times: s. Shape [clock, time].
        clock: Its row.
        first, stop: Indices.
        outputs: Written, m. Shape [ball, time, 3].
        ball: Its row.
        room: To work in. Shape [3, time].
    """
    # Whole groups, as far as there are times: what a group works out beyond `stop` is not used. Indices without a sign
    # (numba looks whether others are negative) are what lets the loop become vector instructions.
    x, y, z, start = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(first)
    row, target = np.uint64(clock), np.uint64(ball)
    for index in range(np.uint64(min((stop - first + _GROUP - 1) // _GROUP * _GROUP, times.shape[1] - first))):
        s = (times[row, start + index] - passed) * per_second
        room[x, index] = value(cx, s)
        room[y, index] = value(cy, s)
        room[z, index] = value(cz, s)
    for index in range(np.uint64(stop - first)):
        outputs[target, start + index, x] = room[x, index]
        outputs[target, start + index, y] = room[y, index]
        outputs[target, start + index, z] = room[z, index]


@njit
def sample_states(
    cx: Sextuple,
    cy: Sextuple,
    cz: Sextuple,
    passed: float,
    per_second: float,
    times: NDArray[np.float64],
    clock: int,
    first: int,
    stop: int,
    outputs: NDArray[np.float64],
    ball: int,
) -> None:
    """Writes place and velocity, the first six columns, at times `first` to `stop`; arguments as of `sample_places`."""
    for index in range(first, stop):
        s = (times[clock, index] - passed) * per_second
        row = outputs[ball, index]
        row[0], row[1], row[2] = value(cx, s), value(cy, s), value(cz, s)
        row[3], row[4], row[5] = slope(cx, s) * per_second, slope(cy, s) * per_second, slope(cz, s) * per_second
