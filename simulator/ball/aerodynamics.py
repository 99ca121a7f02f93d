"""Flight with coefficients that depend on speed, spin, height and time: acceleration, one step, and how long it may be.

Kernels of scalars and one full parameter row, pure. With neutral extra entries these are the equations of `motion`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import inlined, njit
from pathcast.simulator.ball.parameters import (
    CRISIS_DRAG,
    CRISIS_SPEED,
    CRISIS_WIDTH,
    DRAG,
    GRAVITY,
    GUSTS,
    LIFT,
    LIFT_DIP,
    LIFT_DIP_AT,
    LIFT_DIP_WIDTH,
    LIFT_POWER,
    LIFT_SATURATION,
    NUM_GUSTS,
    RADIUS,
    SPIN_DECAY,
    SPIN_DECAY_BY_WAY,
    SPIN_DRAG,
    SPIN_RATE_DRAG,
    WIND_GROUND,
    WIND_ROUGHNESS,
    WIND_SHEAR,
    WIND_X,
    WIND_Y,
)

Motion = tuple[float, float, float, float]
"""Acceleration x y z in m/s2 and the relative rate of the spin in 1/s."""
Moved = tuple[float, float, float, float, float, float, float]
"""Displacement x y z in m, velocity x y z in m/s, and the factor of the spin."""

LONGEST_STEP: Final = 1 / 12
"""s."""
SHORTEST_STEP: Final = 1 / 2000
"""s."""
_CRISIS_BEND: Final = 1.0
"""Weight of the speed's second derivative in a crisis: of f'' g''^2 in the fourth derivative of f(g)."""
_SHEAR: Final = 2.0
"""Weight of the wind's change with height."""
_STEP_SCALE: Final = 160.0
"""Of `fitting_step`, fitted to DOP853 over the sports."""


@njit
def gust(time: float, p: NDArray[np.float64]) -> tuple[float, float]:
    """The gusts' wind along x and y at a time, m/s: a sum of harmonics, smooth and known at any time."""
    x, y = 0.0, 0.0
    if p[GUSTS] > 0.0:
        for index in range(NUM_GUSTS):
            at = GUSTS + 5 * index
            cosine, sine = math.cos(p[at] * time), math.sin(p[at] * time)
            x += p[at + 1] * cosine + p[at + 2] * sine
            y += p[at + 3] * cosine + p[at + 4] * sine
    return x, y


@inlined
def wind_share(z: float, p: NDArray[np.float64]) -> float:
    """The steady wind at a height as a share of the row's."""
    share = 1.0
    if p[WIND_ROUGHNESS] > 0.0:
        share = p[WIND_SHEAR] * math.log(1.0 + max(z - p[WIND_GROUND], 0.0) / p[WIND_ROUGHNESS])
    return share


@njit
def lift_shape(spin: float, p: NDArray[np.float64]) -> float:
    """Cl / (C S) at a spin parameter over 0: what the lift is less, or more, than linear."""
    shape: float = 1.0 / (1.0 + p[LIFT_SATURATION] * spin)
    if p[LIFT_POWER] != 0.0:
        shape *= spin ** p[LIFT_POWER]
    if p[LIFT_DIP] != 0.0:
        off = (spin - p[LIFT_DIP_AT]) / p[LIFT_DIP_WIDTH]
        shape *= 1.0 - p[LIFT_DIP] * math.exp(-off * off)
    return shape


@inlined
def drag_rate(speed: float, turn: float, p: NDArray[np.float64]) -> float:
    """k |u| in 1/s at a speed through the air (m/s) and a spin (rad/s)."""
    drag = p[DRAG] + p[SPIN_RATE_DRAG] * turn
    if p[CRISIS_DRAG] != 0.0:
        drag += p[CRISIS_DRAG] / (1.0 + math.exp((speed - p[CRISIS_SPEED]) / p[CRISIS_WIDTH]))
    rate: float = drag * speed + p[SPIN_DRAG] * p[RADIUS] * turn
    return rate


@inlined
def motion_in_air(
    z: float,
    vx: float,
    vy: float,
    vz: float,
    wx: float,
    wy: float,
    wz: float,
    gust_x: float,
    gust_y: float,
    p: NDArray[np.float64],
) -> Motion:
    """Acceleration, and the relative rate at which the spin changes (docs/theory.md, equations 1 and 6 to 9).

    Args:
        z: Height, m.
        vx, vy, vz: m/s.
        wx, wy, wz: rad/s.
        gust_x, gust_y: `gust` at this time, m/s.
        p: A full row.
    """
    share = wind_share(z, p)
    ux = vx - share * p[WIND_X] - gust_x
    uy = vy - share * p[WIND_Y] - gust_y
    speed = math.sqrt(ux * ux + uy * uy + vz * vz)
    turn = 0.0
    if p[SPIN_DRAG] != 0.0 or p[SPIN_RATE_DRAG] != 0.0:
        turn = math.sqrt(wx * wx + wy * wy + wz * wz)
    resistance = drag_rate(speed, turn, p)
    cx = wy * vz - wz * uy
    cy = wz * ux - wx * vz
    cz = wx * uy - wy * ux
    lift = p[LIFT]
    if lift != 0.0 and (p[LIFT_SATURATION] != 0.0 or p[LIFT_POWER] != 0.0 or p[LIFT_DIP] != 0.0):
        across, square = p[RADIUS] * math.sqrt(cx * cx + cy * cy + cz * cz), speed * speed
        if not across > 1e-9 * square:
            lift = 0.0
        elif p[LIFT_POWER] == 0.0 and p[LIFT_DIP] == 0.0:
            lift *= square / (square + p[LIFT_SATURATION] * across)
        else:
            lift *= lift_shape(across / square, p)
    return (
        lift * cx - resistance * ux,
        lift * cy - resistance * uy,
        lift * cz - resistance * vz - p[GRAVITY],
        -(p[SPIN_DECAY] + p[SPIN_DECAY_BY_WAY] * speed),
    )


@njit
def step_in_air(
    z: float,
    vx: float,
    vy: float,
    vz: float,
    wx: float,
    wy: float,
    wz: float,
    start: Motion,
    time: float,
    duration: float,
    p: NDArray[np.float64],
) -> Moved:
    """One step of the classical Runge-Kutta method of order four, of velocity, place and the spin's size.

    The spin's direction stays. The wind depends on the height, so the height is a stage's own.

    Args:
        z: Height at the start, m.
        vx, vy, vz: Velocity at the start, m/s.
        wx, wy, wz: Spin at the start, rad/s.
        start: `motion_in_air` at the start.
        time: At the start, s.
        duration: s.
        p: A full row.
    """
    ax, ay, az, ra = start
    half = 0.5 * duration
    gx, gy = gust(time + half, p)
    s = 1.0 + half * ra
    bx, by, bz, rb = motion_in_air(
        z + half * vz, vx + half * ax, vy + half * ay, vz + half * az, s * wx, s * wy, s * wz, gx, gy, p
    )
    rb *= s
    s = 1.0 + half * rb
    cx, cy, cz, rc = motion_in_air(
        z + half * (vz + half * az), vx + half * bx, vy + half * by, vz + half * bz, s * wx, s * wy, s * wz, gx, gy, p
    )
    rc *= s
    s = 1.0 + duration * rc
    gx, gy = gust(time + duration, p)
    dx, dy, dz, rd = motion_in_air(
        z + duration * (vz + half * bz),
        vx + duration * cx,
        vy + duration * cy,
        vz + duration * cz,
        s * wx,
        s * wy,
        s * wz,
        gx,
        gy,
        p,
    )
    sixth = duration / 6.0
    return (
        duration * (vx + sixth * (ax + bx + cx)),
        duration * (vy + sixth * (ay + by + cy)),
        duration * (vz + sixth * (az + bz + cz)),
        vx + sixth * (ax + 2.0 * (bx + cx) + dx),
        vy + sixth * (ay + 2.0 * (by + cy) + dy),
        vz + sixth * (az + 2.0 * (bz + cz) + dz),
        1.0 + sixth * (ra + 2.0 * (rb + rc) + s * rd),
    )


@njit
def fitting_step(
    z: float,
    vx: float,
    vy: float,
    vz: float,
    wx: float,
    wy: float,
    wz: float,
    start: Motion,
    time: float,
    error: float,
    p: NDArray[np.float64],
) -> float:
    """A step, s, with which the path's error stays under `error` m over some seconds.

    Runge-Kutta's error of a path of T seconds goes with h^4 T^2 A r^4, where A is the force of the air and r the rate
    at which it changes: by drag and lift themselves, by gravity's changing the speed and the spin's angle to the way,
    through the crisis, by shear and gusts. The factor was fitted to an integrator of order eight, with T = 4 s.
    """
    ax, ay, az = start[0], start[1], start[2]
    pull = math.sqrt(ax * ax + ay * ay + az * az)
    ux, uy = vx, vy
    if p[WIND_X] != 0.0 or p[WIND_Y] != 0.0:
        share = wind_share(z, p)
        ux, uy = vx - share * p[WIND_X], vy - share * p[WIND_Y]
    if p[GUSTS] > 0.0:
        gx, gy = gust(time, p)
        ux, uy = ux - gx, uy - gy
    square = ux * ux + uy * uy + vz * vz
    along = ax * ux + ay * uy + az * vz
    # Lift is across the way: what slows the ball along it is drag, and gravity's part of it.
    resistance = max(-(along + p[GRAVITY] * vz) / square, 0.0) if square > 0.0 else 0.0
    speed = max(math.sqrt(square), 0.5 * LONGEST_STEP * pull)
    per_speed = 1.0 / speed
    turn = math.sqrt(wx * wx + wy * wy + wz * wz)
    lifted = p[LIFT] * turn
    if lifted != 0.0:
        lifted *= lift_shape(max(p[RADIUS] * turn * per_speed, 1e-6), p)
    air = (resistance + abs(lifted)) * speed
    need = air * _fourth(2.0 * resistance + abs(lifted) + pull * per_speed)
    if lifted != 0.0 and (p[LIFT_SATURATION] != 0.0 or p[LIFT_POWER] != 0.0):
        # Lift that is not linear turns fast where the spin comes to lie along the way.
        cx, cy, cz = wy * vz - wz * uy, wz * ux - wx * vz, wx * uy - wy * ux
        low = max(math.sqrt(cx * cx + cy * cy + cz * cz) - turn * pull * LONGEST_STEP, 0.0)
        if p[LIFT_POWER] != 0.0:
            low += 0.02 * turn * speed
        elif p[LIFT_SATURATION] > 0.0:
            low += speed * speed / (p[LIFT_SATURATION] * p[RADIUS])
        need += 16.0 * abs(lifted) * speed * _fourth(turn * pull / low)
    if p[CRISIS_DRAG] != 0.0:
        # How fast the speed changes, and how fast that does as the way turns.
        per_width = 1.0 / p[CRISIS_WIDTH]
        bend = pull * pull * per_speed
        fast = min(abs(along) * per_speed + 0.5 * LONGEST_STEP * bend, pull)
        off = max((abs(speed - p[CRISIS_SPEED]) - LONGEST_STEP * fast) * per_width, 0.0)
        near = 1.0 / (2.0 + off * (1.0 + off * (0.5 + off * (1.0 / 6.0 + off / 24.0))))
        sharp = _fourth(fast * per_width) + _CRISIS_BEND * (bend * per_width) ** 2
        need += near * p[CRISIS_DRAG] * speed * speed * sharp
    if p[GUSTS] > 0.0:
        for index in range(NUM_GUSTS):
            at = GUSTS + 5 * index
            size = abs(p[at + 1]) + abs(p[at + 2]) + abs(p[at + 3]) + abs(p[at + 4])
            need += 2.0 * resistance * size * _fourth(p[at])
    if p[WIND_ROUGHNESS] > 0.0 and vz != 0.0:
        # Of a falling ball the need is that at the step's end, z + v_z h, which the step itself decides.
        wind = p[WIND_SHEAR] * (abs(p[WIND_X]) + abs(p[WIND_Y]))
        low = max(z - p[WIND_GROUND], 0.0) + p[WIND_ROUGHNESS]
        shear = _SHEAR * resistance * wind
        if vz < 0.0:
            low /= 1.0 + math.sqrt(math.sqrt(_STEP_SCALE * error / shear)) if shear > 0.0 else 1.0
        need += shear * _fourth(vz / low)
    longest = math.sqrt(math.sqrt(_STEP_SCALE * error / need)) if need > 0.0 else LONGEST_STEP
    return max(min(longest, LONGEST_STEP), SHORTEST_STEP)


@inlined
def _fourth(rate: float) -> float:
    """Its fourth power."""
    return (rate * rate) * (rate * rate)


@njit
def carry(state: NDArray[np.float64], p: NDArray[np.float64], duration: float, error: float = 1e-9) -> None:
    """Moves one ball on through the air, in place; nothing is in its way.

    Args:
        state: Shape [9].
        p: A full row. Its gusts start now.
        duration: s, from 0.
        error: m, as in `fitting_step`.
    """
    x, y, z, vx, vy, vz = state[0], state[1], state[2], state[3], state[4], state[5]
    wx, wy, wz = state[6], state[7], state[8]
    passed = 0.0
    while passed < duration:
        gx, gy = gust(passed, p)
        start = motion_in_air(z, vx, vy, vz, wx, wy, wz, gx, gy, p)
        h = fitting_step(z, vx, vy, vz, wx, wy, wz, start, passed, error, p)
        h = min(h, duration - passed)
        dx, dy, dz, vx, vy, vz, kept = step_in_air(z, vx, vy, vz, wx, wy, wz, start, passed, h, p)
        x, y, z, wx, wy, wz = x + dx, y + dy, z + dz, kept * wx, kept * wy, kept * wz
        if not math.isfinite(x + y + z + vx + vy + vz) or passed + h == passed:
            break
        passed += h
    if passed < duration:
        state[:] = math.nan
        return
    state[0], state[1], state[2], state[3], state[4], state[5] = x, y, z, vx, vy, vz
    state[6], state[7], state[8] = wx, wy, wz
