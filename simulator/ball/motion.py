"""Motion of a ball through the air: its acceleration, one Runge-Kutta step, and the polynomial of that step.

Kernels of scalars, pure. Gravity with buoyancy, quadratic drag and linear Magnus lift relative to a steady horizontal
wind, spin that decays exponentially (docs/theory.md gives the equations).
"""

from __future__ import annotations

import math

from pathcast.compiled import inlined, njit

Vector = tuple[float, float, float]
Sextuple = tuple[float, float, float, float, float, float]


@inlined
def acceleration(
    vx: float,
    vy: float,
    vz: float,
    wx: float,
    wy: float,
    wz: float,
    gravity: float,
    drag: float,
    lift: float,
    wind_x: float,
    wind_y: float,
) -> Vector:
    """Acceleration in flight, m/s2: -g z - k |u| u + c w x u, with u = v - wind.

    Args:
        vx, vy, vz: Velocity, m/s.
        wx, wy, wz: Spin, rad/s.
        gravity: g, less buoyancy, m/s2.
        drag: k = rho Cd A / (2 m), 1/m.
        lift: c = rho A R (Cl / S) / (2 m), dimensionless (m/s2 per rad/s and m/s).
        wind_x, wind_y: m/s.
    """
    ux = vx - wind_x
    uy = vy - wind_y
    resistance = drag * math.sqrt(ux * ux + uy * uy + vz * vz)
    return (
        lift * (wy * vz - wz * uy) - resistance * ux,
        lift * (wz * ux - wx * vz) - resistance * uy,
        lift * (wx * uy - wy * ux) - resistance * vz - gravity,
    )


@inlined
def step(
    vx: float,
    vy: float,
    vz: float,
    wx: float,
    wy: float,
    wz: float,
    ax: float,
    ay: float,
    az: float,
    duration: float,
    half_decay: float,
    gravity: float,
    drag: float,
    lift: float,
    wind_x: float,
    wind_y: float,
) -> Sextuple:
    """Displacement (m) and velocity (m/s) after one step of the classical Runge-Kutta method of order four.

    The spin is not integrated: it is known, its directions stay and its size falls by `half_decay` in half a step.

    Args:
        vx, vy, vz: Velocity at the start, m/s.
        wx, wy, wz: Spin at the start, rad/s.
        ax, ay, az: Acceleration at the start, m/s2.
        duration: s.
        half_decay: exp(-duration / 2 times the spin's decay rate).
        gravity, drag, lift, wind_x, wind_y: As in `acceleration`.
    """
    half = 0.5 * duration
    wx *= half_decay
    wy *= half_decay
    wz *= half_decay
    bx, by, bz = acceleration(
        vx + half * ax, vy + half * ay, vz + half * az, wx, wy, wz, gravity, drag, lift, wind_x, wind_y
    )
    cx, cy, cz = acceleration(
        vx + half * bx, vy + half * by, vz + half * bz, wx, wy, wz, gravity, drag, lift, wind_x, wind_y
    )
    dx, dy, dz = acceleration(
        vx + duration * cx,
        vy + duration * cy,
        vz + duration * cz,
        wx * half_decay,
        wy * half_decay,
        wz * half_decay,
        gravity,
        drag,
        lift,
        wind_x,
        wind_y,
    )
    sixth = duration / 6.0
    return (
        duration * (vx + sixth * (ax + bx + cx)),
        duration * (vy + sixth * (ay + by + cy)),
        duration * (vz + sixth * (az + bz + cz)),
        vx + sixth * (ax + 2.0 * (bx + cx) + dx),
        vy + sixth * (ay + 2.0 * (by + cy) + dy),
        vz + sixth * (az + 2.0 * (bz + cz) + dz),
    )


@inlined
def quintic(
    start: float,
    start_velocity: float,
    start_acceleration: float,
    end: float,
    end_velocity: float,
    end_acceleration: float,
    duration: float,
) -> Sextuple:
    """Coefficients, lowest first, of the quintic Hermite polynomial of one axis in s = time / duration from 0 to 1.

    It meets position, velocity and acceleration at both ends, so that a step is known at any instant in it.
    """
    c1 = duration * start_velocity
    c2 = 0.5 * duration * duration * start_acceleration
    position = end - start - c1 - c2
    velocity = duration * end_velocity - c1 - 2.0 * c2
    curvature = duration * duration * end_acceleration - 2.0 * c2
    c3 = 10.0 * position - 4.0 * velocity + 0.5 * curvature
    c4 = -15.0 * position + 7.0 * velocity - curvature
    c5 = 6.0 * position - 3.0 * velocity + 0.5 * curvature
    return start, c1, c2, c3, c4, c5


@inlined
def value(c: Sextuple, s: float) -> float:
    """The polynomial at s."""
    return c[0] + s * (c[1] + s * (c[2] + s * (c[3] + s * (c[4] + s * c[5]))))


@inlined
def slope(c: Sextuple, s: float) -> float:
    """The polynomial's derivative at s."""
    return c[1] + s * (2.0 * c[2] + s * (3.0 * c[3] + s * (4.0 * c[4] + s * 5.0 * c[5])))


@njit
def root(c: Sextuple, low: float, high: float) -> float:
    """Where the polynomial changes sign between `low` and `high`, by Newton's method kept inside the bracket.

    Its values there must differ in sign.
    """
    rises = value(c, low) < 0.0
    s = high
    for _ in range(80):
        here = value(c, s)
        if (here < 0.0) == rises:
            low = s
        else:
            high = s
        gradient = slope(c, s)
        following = s - here / gradient if gradient != 0.0 else 0.5 * (low + high)
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - s) < 1e-15:
            return following
        s = following
    return s
