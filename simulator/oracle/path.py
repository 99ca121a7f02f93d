"""Paths: where a ball of one state and parameter row is at some times, and when it first bounced.

A compiled function of scalars and rows, made to be called a million times over: the flight of
`pathcast.simulator.ball.aerodynamics` to a tenth of a millimetre, the bounces of `pathcast.simulator.ball.contact` on
a level floor.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import njit
from pathcast.simulator.ball.aerodynamics import fitting_step, gust, motion_in_air, step_in_air
from pathcast.simulator.ball.contact import REST_SPEED, bounce, roll
from pathcast.simulator.ball.motion import quintic, root, value
from pathcast.simulator.ball.parameters import (
    FLOOR,
    FRICTION,
    GRAVITY,
    INERTIA,
    RADIUS,
    RESTITUTION,
    RESTITUTION_FALL,
    TANGENTIAL,
)

ERROR: Final = 2.5e-3
"""m, of `aerodynamics.fitting_step`: it is careful, and paths of a second keep within 1e-4 m, a
fiftieth of what a good camera sees."""


@njit
def trace(
    state: NDArray[np.float64],
    row: NDArray[np.float64],
    times: NDArray[np.float64],
    until: float,
    positions: NDArray[np.float64],
) -> float:
    """Writes positions (m) at the times; the time of the first bounce in s, infinite if there was none in time.

    Args:
        state: At time 0. Shape [9].
        row: Full parameter row.
        times: s, increasing, from 0. Shape [time], which may be empty.
        until: s, how far to look for the first bounce at least.
        positions: Written. Shape [time, 3].
    """
    x, y, z, vx, vy, vz = state[0], state[1], state[2], state[3], state[4], state[5]
    wx, wy, wz = state[6], state[7], state[8]
    contact = row[FLOOR] + row[RADIUS]
    if z < row[FLOOR]:
        contact = -math.inf
    z = max(z, contact)
    written, passed, first = 0, 0.0, math.inf
    last = times[-1] if len(times) > 0 else -1.0
    while written < len(times) or (passed < until and first == math.inf):
        gx, gy = gust(passed, row)
        start = motion_in_air(z, vx, vy, vz, wx, wy, wz, gx, gy, row)
        h = fitting_step(z, vx, vy, vz, wx, wy, wz, start, passed, ERROR, row)
        dx, dy, dz, ux, uy, uz, kept = step_in_air(z, vx, vy, vz, wx, wy, wz, start, passed, h, row)
        gx, gy = gust(passed + h, row)
        end = motion_in_air(z + dz, ux, uy, uz, kept * wx, kept * wy, kept * wz, gx, gy, row)
        bounces = z + dz <= contact
        if bounces:
            height = quintic(z - contact, vz, start[2], z + dz - contact, uz, end[2], h)
            if height[0] <= 0.0:
                # It starts in contact, upward: one factor divided out leaves the return.
                height = (height[1], height[2], height[3], height[4], height[5], 0.0)
            h *= root(height, 0.0, 1.0)
            dx, dy, dz, ux, uy, uz, kept = step_in_air(z, vx, vy, vz, wx, wy, wz, start, passed, h, row)
            end = motion_in_air(z + dz, ux, uy, uz, kept * wx, kept * wy, kept * wz, gx, gy, row)
        if not math.isfinite(dx + dy + dz + ux + uy + uz):
            break
        if written < len(times) and times[written] <= passed + h:
            along_x = quintic(x, vx, start[0], x + dx, ux, end[0], h)
            along_y = quintic(y, vy, start[1], y + dy, uy, end[1], h)
            along_z = quintic(z, vz, start[2], z + dz, uz, end[2], h)
            while written < len(times) and times[written] <= passed + h:
                s = (times[written] - passed) / h if h > 0.0 else 0.0
                positions[written, 0] = value(along_x, s)
                positions[written, 1] = value(along_y, s)
                positions[written, 2] = value(along_z, s)
                written += 1
        x, y, z, vx, vy, vz, passed = x + dx, y + dy, z + dz, ux, uy, uz, passed + h
        wx, wy, wz = kept * wx, kept * wy, kept * wz
        if bounces:
            first = min(first, passed)
            z = contact
            vx, vy, vz, wx, wy, wz = bounce(
                vx,
                vy,
                min(vz, 0.0),
                wx,
                wy,
                wz,
                row[RADIUS],
                row[INERTIA],
                max(row[RESTITUTION] + row[RESTITUTION_FALL] * min(vz, 0.0), 0.0),
                row[TANGENTIAL],
                row[FRICTION],
            )
            if vz < REST_SPEED:
                while written < len(times):
                    dx, dy, _, _, _, _ = roll(
                        vx,
                        vy,
                        wx,
                        wy,
                        times[written] - passed,
                        row[GRAVITY],
                        row[RADIUS],
                        row[INERTIA],
                        row[FRICTION],
                    )
                    positions[written, 0], positions[written, 1], positions[written, 2] = x + dx, y + dy, z
                    written += 1
        if passed >= last and passed >= until:
            break
    positions[written:] = math.nan
    return first
