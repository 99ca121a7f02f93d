"""A leg: one smooth piece of a ball's way, a step through the air or the part of it up to the floor.

What `flight` is put together from: compiled, pure, of scalars and one parameter row.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import njit
from pathcast.simulator.ball.contact import REST_FLIGHT, REST_SPEED, bounce, roll
from pathcast.simulator.ball.motion import Sextuple, acceleration, quintic, root, step, value
from pathcast.simulator.ball.parameters import (
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    INERTIA,
    LIFT,
    NUM_PARAMETERS,
    RADIUS,
    RESTITUTION,
    SPIN_DECAY,
    TANGENTIAL,
    WIND_X,
    WIND_Y,
)


@njit
def is_sound(state: NDArray[np.float64], parameters: NDArray[np.float64], max_step: float) -> bool:
    """Whether everything is finite (but for an absent floor) and the step positive."""
    total = 0.0
    for entry in state:
        total += abs(entry)
    for index in range(NUM_PARAMETERS):
        if index != FLOOR:
            total += abs(parameters[index])
    return math.isfinite(total) and parameters[FLOOR] < math.inf and max_step > 0.0


@njit
def touch(z: float, floor: float, radius: float) -> tuple[float, float]:
    """The height to start from, and the height of the centre at contact."""
    contact = floor + radius
    if z < floor:
        return z, -math.inf
    return max(z, contact), contact


@njit
def contact_in(c: Sextuple, ends_above: bool) -> float:
    """The part of a step after which its height over contact comes down to zero; -1 if it does not."""
    high = 1.0
    if c[0] <= 0.0:
        # It starts in contact, upward: one factor s divided out leaves the return.
        c = (c[1], c[2], c[3], c[4], c[5], 0.0)
        if ends_above or c[0] <= 0.0:
            return -1.0 if ends_above else 1.0
    elif ends_above:
        # Lift turns it upward inside the step: it touches if its lowest point is down there.
        high = root((c[1], 2.0 * c[2], 3.0 * c[3], 4.0 * c[4], 5.0 * c[5], 0.0), 0.0, 1.0)
        if value(c, high) > 0.0:
            return -1.0
    return root(c, 0.0, high)


@njit
def leg(
    z: float,
    vx: float,
    vy: float,
    vz: float,
    wx: float,
    wy: float,
    wz: float,
    ax: float,
    ay: float,
    az: float,
    longest: float,
    contact: float,
    parameters: NDArray[np.float64],
) -> tuple[float, bool, float, float, float, float, float, float, float]:
    """One smooth piece of flight: a step, or the part of it up to the floor.

    Returns:
        Its duration (s), whether it ends in contact, displacement x, y and height z at its end (m), velocity (m/s),
        and the factor of the spin.
    """
    gravity, drag, lift = parameters[GRAVITY], parameters[DRAG], parameters[LIFT]
    wind_x, wind_y = parameters[WIND_X], parameters[WIND_Y]
    rate = -0.5 * parameters[SPIN_DECAY]
    half = math.exp(rate * longest) if rate != 0.0 else 1.0
    dx, dy, dz, ux, uy, uz = step(
        vx, vy, vz, wx, wy, wz, ax, ay, az, longest, half, gravity, drag, lift, wind_x, wind_y
    )
    end = z + dz
    dips = vz < 0.0 < uz and min(z, end) - longest * max(-vz, uz) < contact
    if not (end <= contact or dips):
        return longest, False, dx, dy, end, ux, uy, uz, half * half
    if z <= contact and vz > 0.0 and uz > 0.0 and not dips:
        # It leaves the floor, by less than a rounding of its height in so short a step.
        return longest, False, dx, dy, contact, ux, uy, uz, half * half
    _, _, bz = acceleration(
        ux, uy, uz, half * half * wx, half * half * wy, half * half * wz, gravity, drag, lift, wind_x, wind_y
    )
    part = contact_in(quintic(z - contact, vz, az, end - contact, uz, bz, longest), end > contact)
    if part < 0.0:
        return longest, False, dx, dy, end, ux, uy, uz, half * half
    duration = part * longest
    for _ in range(8):
        half = math.exp(rate * duration) if rate != 0.0 else 1.0
        dx, dy, dz, ux, uy, uz = step(
            vx, vy, vz, wx, wy, wz, ax, ay, az, duration, half, gravity, drag, lift, wind_x, wind_y
        )
        late = (z + dz - contact) / uz
        if not (uz < 0.0 and abs(late) > 1e-13 and 0.0 < duration - late <= longest):
            break
        duration -= late
    return duration, True, dx, dy, contact, ux, uy, min(uz, 0.0), half * half


@njit
def land(
    vx: float, vy: float, vz: float, wx: float, wy: float, wz: float, parameters: NDArray[np.float64]
) -> tuple[float, float, float, float, float, float, bool]:
    """Velocity and spin after contact, and whether the ball stays on the floor."""
    vx, vy, vz, wx, wy, wz = bounce(
        vx,
        vy,
        vz,
        wx,
        wy,
        wz,
        parameters[RADIUS],
        parameters[INERTIA],
        parameters[RESTITUTION],
        parameters[TANGENTIAL],
        parameters[FRICTION],
    )
    _, _, az = accelerate(vx, vy, vz, wx, wy, wz, parameters)
    rests = az < 0.0 and (vz < REST_SPEED or 2.0 * vz < -az * REST_FLIGHT)
    return vx, vy, 0.0 if rests else vz, wx, wy, wz, rests


@njit
def accelerate(
    vx: float, vy: float, vz: float, wx: float, wy: float, wz: float, parameters: NDArray[np.float64]
) -> tuple[float, float, float]:
    """`acceleration` by a parameter row."""
    return acceleration(
        vx,
        vy,
        vz,
        wx,
        wy,
        wz,
        parameters[GRAVITY],
        parameters[DRAG],
        parameters[LIFT],
        parameters[WIND_X],
        parameters[WIND_Y],
    )


@njit
def rolled(
    x: float,
    y: float,
    z: float,
    vx: float,
    vy: float,
    wx: float,
    wy: float,
    wz: float,
    elapsed: float,
    parameters: NDArray[np.float64],
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """The state of a ball some time after it came to rest on the floor at the one given."""
    dx, dy, vx, vy, wx, wy = roll(
        vx,
        vy,
        wx,
        wy,
        elapsed,
        parameters[GRAVITY],
        parameters[RADIUS],
        parameters[INERTIA],
        parameters[FRICTION],
    )
    return x + dx, y + dy, z, vx, vy, 0.0, wx, wy, wz * math.exp(-parameters[SPIN_DECAY] * elapsed)
