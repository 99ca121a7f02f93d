"""A leg under the full physics: a step through the air, its end at a contact, its polynomial and the times within it.

What `course` is put together from: compiled, pure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import njit
from pathcast.simulator.ball.aerodynamics import Motion, Moved, gust, motion_in_air, step_in_air
from pathcast.simulator.ball.motion import Sextuple, quintic
from pathcast.simulator.ball.parameters import RADIUS
from pathcast.simulator.ball.sampling import sample_places, sample_states, times_until
from pathcast.simulator.ball.surfaces import gap_to

Curves = tuple[Sextuple, Sextuple, Sextuple]
"""Quintics along x, y and z."""


@njit
def curves_of(body: NDArray[np.float64], start: Motion, moved: Moved, end: Motion, duration: float) -> Curves:
    """The quintics of a step along x, y and z."""
    x, y, z, vx, vy, vz = body[0], body[1], body[2], body[3], body[4], body[5]
    dx, dy, dz, ux, uy, uz, _ = moved
    return (
        quintic(x, vx, start[0], x + dx, ux, end[0], duration),
        quintic(y, vy, start[1], y + dy, uy, end[1], duration),
        quintic(z, vz, start[2], z + dz, uz, end[2], duration),
    )


@njit
def fly_on(
    body: NDArray[np.float64], start: Motion, time: float, duration: float, p: NDArray[np.float64]
) -> tuple[Moved, Motion]:
    """A step from a state, and the motion at its end."""
    moved = step_in_air(body[2], body[3], body[4], body[5], body[6], body[7], body[8], start, time, duration, p)
    _, _, dz, vx, vy, vz, kept = moved
    gx, gy = gust(time + duration, p)
    end = motion_in_air(body[2] + dz, vx, vy, vz, kept * body[6], kept * body[7], kept * body[8], gx, gy, p)
    return moved, end


@njit
def cut(
    body: NDArray[np.float64],
    start: Motion,
    time: float,
    duration: float,
    longest: float,
    fixture: NDArray[np.float64],
    floor: float,
    p: NDArray[np.float64],
) -> tuple[float, Moved, Motion]:
    """The step up to contact: its length from the polynomial, corrected by Newton's method on the step itself."""
    moved, end = fly_on(body, start, time, duration, p)
    for _ in range(6):
        x, y, z = body[0] + moved[0], body[1] + moved[1], body[2] + moved[2]
        gap, nx, ny, nz, _room = gap_to(fixture, x, y, z, p[RADIUS], floor)
        opening = moved[3] * nx + moved[4] * ny + moved[5] * nz
        late = gap / opening
        if not (opening < 0.0 and 1e-13 < abs(late) < 1e-2 * longest and 0.0 < duration - late <= longest):
            break
        duration -= late
        moved, end = fly_on(body, start, time, duration, p)
    return duration, moved, end


@njit
def write_times(
    outputs: NDArray[np.float64],
    ball: int,
    times: NDArray[np.float64],
    clock: int,
    written: int,
    time: float,
    duration: float,
    body: NDArray[np.float64],
    start: Motion,
    kept: float,
    end: Motion,
    curves: Curves,
    room: NDArray[np.float64],
) -> int:
    """Writes the times within a step; how many are written then. The spin's factor is a cubic through its rates."""
    stop = times_until(times, clock, written, time + duration)
    if stop == written:
        return stop
    cx, cy, cz = curves
    per_second = 1.0 / duration
    if outputs.shape[2] == 3:
        sample_places(cx, cy, cz, time, per_second, times, clock, written, stop, outputs, ball, room)
        return stop
    sample_states(cx, cy, cz, time, per_second, times, clock, written, stop, outputs, ball)
    first, last, rise = duration * start[3], duration * end[3] * kept, kept - 1.0
    for index in range(written, stop):
        s = (times[clock, index] - time) * per_second
        share = 1.0 + s * (first + s * (3.0 * rise - 2.0 * first - last + s * (first + last - 2.0 * rise)))
        row = outputs[ball, index]
        row[6], row[7], row[8] = share * body[6], share * body[7], share * body[8]
    return stop
