"""Contact of a ball: the impulse of a bounce on a floor or any surface, and sliding and rolling at rest on a floor.

Kernels, pure. The ball touches the floor at its lowest point; its inertia is I = alpha m R^2.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import njit

REST_SPEED: Final = 0.05
"""m/s: a ball that leaves the floor more slowly stays on it."""
REST_FLIGHT: Final = 0.01
"""s: a ball whose next flight would be shorter stays on the floor."""
ROLLING_RESISTANCE: Final = 0.015
"""Deceleration of a rolling ball on a hard floor, in units of gravity. A choice within 0.01 to 0.02, not measured."""

Velocities = tuple[float, float, float, float, float, float]
"""vx vy vz in m/s, wx wy wz in rad/s."""


@njit
def bounce(
    vx: float,
    vy: float,
    vz: float,
    wx: float,
    wy: float,
    wz: float,
    radius: float,
    inertia: float,
    restitution: float,
    tangential: float,
    friction: float,
) -> Velocities:
    """Velocity and spin after a bounce on the floor, by the grip-slip impulse law.

    Per unit mass the floor gives j_n = -(1 + e) v_z, and to the contact point, which moves at
    u = v + w x (-R z), at most j_t = -(1 + e_t) alpha / (1 + alpha) u (it grips; Garwin 1969, "Kinematics of an
    ultraelastic rough ball", Am. J. Phys. 37:88, is e = e_t = 1); where that exceeds mu j_n the ball slides and
    j_t = mu j_n against u. Spin about the vertical stays. Energy never grows for e, |e_t| <= 1.

    Args:
        vx, vy, vz: m/s, vz downward (negative).
        wx, wy, wz: rad/s.
        radius: m.
        inertia: alpha = I / (m R^2).
        restitution: e, normal.
        tangential: e_t; -1 without friction, 0 rolls on exit, 1 reverses the contact point's motion.
        friction: mu.
    """
    normal = -(1.0 + restitution) * vz
    slip_x = vx - radius * wy
    slip_y = vy + radius * wx
    slip = math.sqrt(slip_x * slip_x + slip_y * slip_y)
    grip = (1.0 + tangential) * inertia / (1.0 + inertia)
    if grip * slip > friction * normal:
        grip = friction * normal / slip
    jx = -grip * slip_x
    jy = -grip * slip_y
    turn = 1.0 / (inertia * radius)
    return vx + jx, vy + jy, -restitution * vz, wx + turn * jy, wy - turn * jx, wz


@njit
def roll(
    vx: float,
    vy: float,
    wx: float,
    wy: float,
    elapsed: float,
    gravity: float,
    radius: float,
    inertia: float,
    friction: float,
) -> tuple[float, float, float, float, float, float]:
    """Where a ball that came to rest on the floor has got to, in closed form: it slides, then rolls, then stands.

    It slides with deceleration mu g against the contact point's motion u until t_s = |u| alpha / ((1 + alpha) mu g),
    and then rolls with deceleration `ROLLING_RESISTANCE` g. The air is left out.

    Args:
        vx, vy: m/s on coming to rest.
        wx, wy: rad/s on coming to rest.
        elapsed: s since.
        gravity: m/s2.
        radius: m.
        inertia: alpha = I / (m R^2).
        friction: mu.

    Returns:
        Displacement x, y in m, velocity x, y in m/s, spin x, y in rad/s.
    """
    slip_x = vx - radius * wy
    slip_y = vy + radius * wx
    slip = math.sqrt(slip_x * slip_x + slip_y * slip_y)
    push = friction * gravity
    x, y, sliding = 0.0, 0.0, 0.0
    if slip > 0.0:
        if push * elapsed * (1.0 + inertia) < slip * inertia:
            sliding = elapsed
        else:
            sliding = slip * inertia / ((1.0 + inertia) * push)
        ax, ay = -push * slip_x / slip, -push * slip_y / slip
        x = vx * sliding + 0.5 * ax * sliding * sliding
        y = vy * sliding + 0.5 * ay * sliding * sliding
        vx += ax * sliding
        vy += ay * sliding
        turn = sliding / (inertia * radius)
        wx += turn * ay
        wy -= turn * ax
    rolling = elapsed - sliding
    if rolling > 0.0:
        speed = math.sqrt(vx * vx + vy * vy)
        slowing = ROLLING_RESISTANCE * gravity * rolling
        left, mean = 0.0, 0.0
        if speed > slowing:
            left = 1.0 - slowing / speed
            mean = 0.5 * (1.0 + left) * rolling
        elif speed > 0.0:
            mean = 0.5 * speed / (ROLLING_RESISTANCE * gravity)
        x += vx * mean
        y += vy * mean
        vx *= left
        vy *= left
        wx = -vy / radius
        wy = vx / radius
    return x, y, vx, vy, wx, wy


@njit
def strike(
    body: NDArray[np.float64],
    nx: float,
    ny: float,
    nz: float,
    radius: float,
    inertia: float,
    restitution: float,
    tangential: float,
    friction: float,
    torsion_loss: float,
) -> None:
    """Velocity and spin after contact with a surface of any direction, in place; `bounce` turned to its normal.

    A ball that does not move into the surface is left alone.

    Args:
        body: State, shape [9].
        nx, ny, nz: The surface's outward normal, length 1.
        radius, inertia, restitution, tangential, friction: As in `bounce`.
        torsion_loss: Share of the spin about the normal that is lost.
    """
    vx, vy, vz, wx, wy, wz = body[3], body[4], body[5], body[6], body[7], body[8]
    into = vx * nx + vy * ny + vz * nz
    if not into < 0.0:
        return
    normal = -(1.0 + restitution) * into
    # The contact point moves at v - R w x n.
    ux = vx - into * nx - radius * (wy * nz - wz * ny)
    uy = vy - into * ny - radius * (wz * nx - wx * nz)
    uz = vz - into * nz - radius * (wx * ny - wy * nx)
    slip = math.sqrt(ux * ux + uy * uy + uz * uz)
    grip = (1.0 + tangential) * inertia / (1.0 + inertia)
    if grip * slip > friction * normal:
        grip = friction * normal / slip
    jx, jy, jz = -grip * ux, -grip * uy, -grip * uz
    turn = 1.0 / (inertia * radius)
    about = torsion_loss * (wx * nx + wy * ny + wz * nz)
    body[3] = vx + normal * nx + jx
    body[4] = vy + normal * ny + jy
    body[5] = vz + normal * nz + jz
    body[6] = wx - turn * (ny * jz - nz * jy) - about * nx
    body[7] = wy - turn * (nz * jx - nx * jz) - about * ny
    body[8] = wz - turn * (nx * jy - ny * jx) - about * nz
