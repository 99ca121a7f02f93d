"""Balls that stay on a fixture: short steps through the air, after each of which the surfaces push the ball out.

Kernels, pure, of the first order. A ball sliding or rolling on a table, round a rim or wedged between rim and board is
moved like this until it falls off; on an endless floor `contact.roll` knows the rest in closed form.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import njit
from pathcast.simulator.ball.aerodynamics import gust, motion_in_air, step_in_air
from pathcast.simulator.ball.contact import REST_FLIGHT, REST_SPEED, ROLLING_RESISTANCE, strike
from pathcast.simulator.ball.parameters import (
    BOARD_CHANGE,
    FRICTION,
    GRAVITY,
    INERTIA,
    RADIUS,
    RESTITUTION,
    RESTITUTION_FALL,
    RIM_CHANGE,
    TANGENTIAL,
    TORSION_LOSS,
)
from pathcast.simulator.ball.surfaces import (
    BOARD_CONTACT,
    BRIDGE_CONTACT,
    KIND,
    OWN_FRICTION,
    OWN_RESTITUTION,
    OWN_TANGENTIAL,
    RIM_CONTACT,
    RING_PASSED,
    gap_to,
)

REST_STEP: Final = 1e-3
"""s."""
REST_WAY: Final = 2e-3
"""m: no step of a ball at rest on a surface is longer."""
LEAST_SPEED: Final = 1e-9
"""m/s."""


@njit
def energy(body: NDArray[np.float64], p: NDArray[np.float64]) -> float:
    """Of motion, turning and height per unit mass, J/kg."""
    turning = p[INERTIA] * p[RADIUS] ** 2 * (body[6] ** 2 + body[7] ** 2 + body[8] ** 2)
    whole: float = 0.5 * (body[3] ** 2 + body[4] ** 2 + body[5] ** 2 + turning) + p[GRAVITY] * body[2]
    return whole


@njit
def meet(
    body: NDArray[np.float64], fixture: NDArray[np.float64], nx: float, ny: float, nz: float, p: NDArray[np.float64]
) -> float:
    """The bounce off a fixture, in place, by its own coefficients or the ball's; the normal speed afterwards, m/s.

    A ball that would leave at under `REST_SPEED` leaves no faster.
    """
    kind = fixture[KIND]
    tangential, friction = fixture[OWN_TANGENTIAL], fixture[OWN_FRICTION]
    restitution = fixture[OWN_RESTITUTION]
    if math.isnan(restitution):
        restitution, tangential, friction = p[RESTITUTION], p[TANGENTIAL], p[FRICTION]
        restitution += p[RESTITUTION_FALL] * (body[3] * nx + body[4] * ny + body[5] * nz)
    if kind in (RIM_CONTACT, BRIDGE_CONTACT):
        restitution += p[RIM_CHANGE]
    elif kind == BOARD_CONTACT:
        restitution += p[BOARD_CHANGE]
    restitution = min(max(restitution, 0.0), 1.0)
    strike(body, nx, ny, nz, p[RADIUS], p[INERTIA], restitution, tangential, friction, p[TORSION_LOSS])
    leaving: float = body[3] * nx + body[4] * ny + body[5] * nz
    return leaving


@njit
def stays(
    body: NDArray[np.float64],
    fixture: NDArray[np.float64],
    nx: float,
    ny: float,
    nz: float,
    time: float,
    floor: float,
    p: NDArray[np.float64],
) -> bool:
    """Whether a ball in contact, leaving a fixture, would be back at once; it then loses its normal speed.

    Back at once is after less than `REST_FLIGHT`, or leaving at under `REST_SPEED` towards a return. What brings it
    back is its acceleration along the normal, less that of the surface's curving away under it. A ball that does not
    stay leaves at `LEAST_SPEED` at least: after a dead hit of an edge, rounding would else have it come in again.
    """
    vx, vy, vz = body[3], body[4], body[5]
    gx, gy = gust(time, p)
    ax, ay, az, _ = motion_in_air(body[2], vx, vy, vz, body[6], body[7], body[8], gx, gy, p)
    pull = ax * nx + ay * ny + az * nz
    leaving = vx * nx + vy * ny + vz * nz
    tx, ty, tz = vx - leaving * nx, vy - leaving * ny, vz - leaving * nz
    speed = math.sqrt(tx * tx + ty * ty + tz * tz)
    if speed > 1e-6:
        dt = 1e-4 / speed
        radius = p[RADIUS]
        here = gap_to(fixture, body[0], body[1], body[2], radius, floor)[0]
        ahead = gap_to(fixture, body[0] + dt * tx, body[1] + dt * ty, body[2] + dt * tz, radius, floor)[0]
        behind = gap_to(fixture, body[0] - dt * tx, body[1] - dt * ty, body[2] - dt * tz, radius, floor)[0]
        pull += (ahead - 2.0 * here + behind) / (dt * dt)
    if pull < 0.0 and (leaving < REST_SPEED or 2.0 * leaving < -pull * REST_FLIGHT):
        body[3] = vx - leaving * nx
        body[4] = vy - leaving * ny
        body[5] = vz - leaving * nz
        return True
    if leaving < LEAST_SPEED:
        body[3] = tx + LEAST_SPEED * nx
        body[4] = ty + LEAST_SPEED * ny
        body[5] = tz + LEAST_SPEED * nz
    return False


@njit
def push_out(
    body: NDArray[np.float64],
    fixtures: NDArray[np.float64],
    floor: float,
    p: NDArray[np.float64],
    bouncing: bool,
    seconds: float,
) -> int:
    """Moves a ball out of the fixtures it overlaps, in place; the last of them, or -1.

    With `bouncing` it also loses the speed into them, bounces off those that it hits in earnest, and rolls with
    resistance for that many seconds; its energy does not grow.
    """
    touched = -1
    before = energy(body, p)
    for _ in range(4):
        found = False
        for index in range(len(fixtures)):
            if fixtures[index, KIND] >= RING_PASSED:
                continue
            gap, nx, ny, nz, _room = gap_to(fixtures[index], body[0], body[1], body[2], p[RADIUS], floor)
            if not gap < 0.0:
                continue
            found, touched = True, index
            body[0] -= gap * nx
            body[1] -= gap * ny
            body[2] -= gap * nz
            if bouncing and meet(body, fixtures[index], nx, ny, nz, p) < REST_SPEED:
                leaving = body[3] * nx + body[4] * ny + body[5] * nz
                if leaving > 0.0:
                    body[3] -= leaving * nx
                    body[4] -= leaving * ny
                    body[5] -= leaving * nz
                speed = math.sqrt(body[3] ** 2 + body[4] ** 2 + body[5] ** 2)
                if nz > 0.7 and speed > 0.0:
                    kept = max(1.0 - ROLLING_RESISTANCE * p[GRAVITY] * seconds / speed, 0.0)
                    body[3:] *= kept
                    seconds = 0.0
        if not found:
            break
    if bouncing and touched >= 0:
        over = energy(body, p) - before
        moving = energy(body, p) - p[GRAVITY] * body[2]
        if over > 0.0:
            body[3:] *= math.sqrt(max(moving - over, 0.0) / moving) if moving > 0.0 else 0.0
    return touched


@njit
def rest_step(
    body: NDArray[np.float64], time: float, fixtures: NDArray[np.float64], floor: float, p: NDArray[np.float64]
) -> tuple[float, bool]:
    """Moves a ball that stays on a fixture a little on, in place; by how many s, and whether it still touches one."""
    vx, vy, vz, wx, wy, wz = body[3], body[4], body[5], body[6], body[7], body[8]
    speed = math.sqrt(vx * vx + vy * vy + vz * vz)
    duration = min(REST_STEP, REST_WAY / speed) if speed > 0.0 else REST_STEP
    gx, gy = gust(time, p)
    start = motion_in_air(body[2], vx, vy, vz, wx, wy, wz, gx, gy, p)
    dx, dy, dz, vx, vy, vz, kept = step_in_air(body[2], vx, vy, vz, wx, wy, wz, start, time, duration, p)
    body[0] += dx
    body[1] += dy
    body[2] += dz
    body[3], body[4], body[5] = vx, vy, vz
    body[6:] *= kept
    return duration, push_out(body, fixtures, floor, p, True, duration) >= 0
