"""Motion: what everybody's own will and the walls ask for, and the step itself."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.contact import push_out
from pathcast.simulator.pedestrian.forces import A_X, A_Y, DESIRED, HEADING_X, HEADING_Y, V_X, V_Y, X, Y, wall_force
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.ring import wrapped
from pathcast.simulator.pedestrian.routing import beyond_exit
from pathcast.simulator.pedestrian.state import WALKING

STANDING_SWAY = 0.3
"""Random acceleration of somebody who stands, over that of somebody who walks."""
FAR = 1e9
"""Where those are put who have left since the others looked, m."""


@njit
def sense(
    there: Int[np.ndarray, " body"],
    phase: Int[np.ndarray, " person"],
    position: Float[np.ndarray, "person 2"],
    velocity: Float[np.ndarray, "person 2"],
    acceleration: Float[np.ndarray, "person 2"],
    heading: Float[np.ndarray, "person 2"],
    dwell_until: Float[np.ndarray, " person"],
    pace: Float[np.ndarray, " body"],
    aim: Float[np.ndarray, "body 6"],
    near_walls: Float[np.ndarray, "body near 5"],
    num_walls: Int[np.ndarray, " body"],
    now_s: float,
    step_s: float,
    west: float,
    period: float,
    parameters: WalkingParameters,
    is_at_wall: Int[np.ndarray, " body"],
    bodies: Float[np.ndarray, "body 8"],
    paces: Float[np.ndarray, "body 2"],
) -> None:
    """Puts bodies where they will be in half a step, with what walls and the own will ask for (m/s²)."""
    at_wall, half, rate = (parameters.radius + 0.3) ** 2, 0.5 * step_s, 1.0 / parameters.relaxation
    for number in range(there.shape[0]):
        i = there[number]
        if phase[i] != WALKING:
            for column in range(8):
                bodies[number, column] = 0.0
            bodies[number, X] = FAR * (1.0 + number)
            paces[number, DESIRED] = 0.0
            is_at_wall[number] = 0
            continue
        v_x, v_y = velocity[i, 0], velocity[i, 1]
        x, y = position[i, 0] + half * v_x, position[i, 1] + half * v_y
        v_x, v_y = v_x + half * acceleration[i, 0], v_y + half * acceleration[i, 1]
        to_x, to_y = aim[number, 4], aim[number, 5]
        if period == math.inf:
            off_x, off_y = aim[number, 0] - x, aim[number, 1] - y
            beyond = beyond_exit(abs(off_x * aim[number, 2] + off_y * aim[number, 3]))
            to_x, to_y = off_x + beyond * to_x, off_y + beyond * to_y
        square = to_x * to_x + to_y * to_y
        if square > 1e-12:
            shrink = 1.0 / math.sqrt(square)
            heading[i, 0], heading[i, 1] = to_x * shrink, to_y * shrink
        speed = 0.0 if now_s < dwell_until[i] else pace[number]
        paces[number, DESIRED] = speed
        x = wrapped(x, west, period)
        wall_x, wall_y, least = wall_force(x, y, near_walls, number, num_walls[number], parameters)
        is_at_wall[number] = least < at_wall
        bodies[number, X], bodies[number, Y], bodies[number, V_X], bodies[number, V_Y] = x, y, v_x, v_y
        bodies[number, HEADING_X], bodies[number, HEADING_Y] = heading[i, 0], heading[i, 1]
        bodies[number, A_X] = wall_x + (speed * heading[i, 0] - v_x) * rate
        bodies[number, A_Y] = wall_y + (speed * heading[i, 1] - v_y) * rate


@njit
def sway(
    there: Int[np.ndarray, " body"],
    noise: Float[np.ndarray, " number"],
    at: int,
    now_s: float,
    kick: float,
    dwell_until: Float[np.ndarray, " person"],
    velocity: Float[np.ndarray, "person 2"],
) -> None:
    """Adds random velocity, less for those who stand; `at` is where the step's numbers start."""
    for number in range(there.shape[0]):
        i = there[number]
        size = kick * (STANDING_SWAY if now_s < dwell_until[i] else 1.0)
        velocity[i, 0] += size * noise[at + 2 * i]
        velocity[i, 1] += size * noise[at + 2 * i + 1]


@njit
def move(
    there: Int[np.ndarray, " body"],
    bodies: Float[np.ndarray, "body 8"],
    phase: Int[np.ndarray, " person"],
    speed: Float[np.ndarray, " person"],
    step_s: float,
    speed_most: float,
    position: Float[np.ndarray, "person 2"],
    velocity: Float[np.ndarray, "person 2"],
    acceleration: Float[np.ndarray, "person 2"],
    old: Float[np.ndarray, "body 2"],
) -> None:
    """Moves everybody who is there by one step, whatever is in the way."""
    half = 0.5 * step_s
    for number in range(there.shape[0]):
        i = there[number]
        if phase[i] != WALKING:
            continue
        a_x, a_y = bodies[number, A_X], bodies[number, A_Y]
        old_v_x, old_v_y = velocity[i, 0], velocity[i, 1]
        v_x, v_y = old_v_x + a_x * step_s, old_v_y + a_y * step_s
        speed_squared, most = v_x * v_x + v_y * v_y, speed_most * speed[i]
        if speed_squared > most * most:
            less = most / math.sqrt(speed_squared)
            v_x, v_y = v_x * less, v_y * less
        old[number, 0], old[number, 1] = position[i, 0], position[i, 1]
        position[i, 0] += half * (old_v_x + v_x)
        position[i, 1] += half * (old_v_y + v_y)
        velocity[i, 0], velocity[i, 1] = v_x, v_y
        acceleration[i, 0], acceleration[i, 1] = a_x, a_y


@njit
def leave_walls(
    there: Int[np.ndarray, " body"],
    is_at_wall: Int[np.ndarray, " body"],
    old: Float[np.ndarray, "body 2"],
    walls: Float[np.ndarray, "wall 4"],
    west: float,
    period: float,
    radius: float,
    position: Float[np.ndarray, "person 2"],
    velocity: Float[np.ndarray, "person 2"],
) -> None:
    """Moves bodies out of walls; who has left the scene stays where that was."""
    for number in range(there.shape[0]):
        if not is_at_wall[number]:
            continue
        i = there[number]
        shift = position[i, 0] - wrapped(position[i, 0], west, period)
        x, y, v_x, v_y = push_out(
            old[number, 0] - shift,
            old[number, 1],
            position[i, 0] - shift,
            position[i, 1],
            velocity[i, 0],
            velocity[i, 1],
            radius,
            walls,
        )
        position[i, 0], position[i, 1] = x + shift, y
        velocity[i, 0], velocity[i, 1] = v_x, v_y
