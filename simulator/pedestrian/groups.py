"""Groups: friends who walk abreast, at one pace, and wait for each other (Moussaid et al. 2010, PLoS ONE 5(4):e10047).

Each member slows while the head would have to turn to see the others (gaze), is drawn to a group that is too far
away, and keeps a little room from the members next to it. The social and anticipating forces do not act between them.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.forces import A_X, A_Y, HEADING_X, HEADING_Y, V_X, V_Y, X, Y
from pathcast.simulator.pedestrian.parameters import WalkingParameters

SOFT = 0.2
"""Way over which attraction and repulsion set in, m."""
PACE_LEAST = 0.3
"""Of a group, m/s."""


@njit
def link_members(
    group: Int[np.ndarray, " person"], head: Int[np.ndarray, " group"], following: Int[np.ndarray, " person"]
) -> None:
    """Links the members of each group: `head` is its first, `following` the next one, -1 after the last."""
    head[:] = -1
    for i in range(group.shape[0] - 1, -1, -1):
        if group[i] >= 0:
            following[i] = head[group[i]]
            head[group[i]] = i


@njit
def group_pace(
    first: int, following: np.ndarray, speed: Float[np.ndarray, " person"], parameters: WalkingParameters
) -> float:
    """How fast a group walks, m/s: its members' mean desired speed, less with each member beyond one."""
    num, total, i = 0, 0.0, first
    while i >= 0:
        num, total = num + 1, total + speed[i]
        i = following[i]
    return max(total / num - parameters.group_slowing * (num - 1), PACE_LEAST)


@njit
def add_group_forces(
    bodies: Float[np.ndarray, "person 8"],
    head: Int[np.ndarray, " group"],
    following: Int[np.ndarray, " person"],
    period: float,
    parameters: WalkingParameters,
) -> None:
    """Adds to the accelerations (m/s²) what the members of each group do to each other."""
    half = 0.5 * period
    for number in range(head.shape[0]):
        i = head[number]
        if i < 0 or following[i] < 0:
            continue
        while i >= 0:
            sum_x, sum_y, num, j = 0.0, 0.0, 1, head[number]
            while j >= 0:
                x, y = bodies[j, X] - bodies[i, X], bodies[j, Y] - bodies[i, Y]
                if x > half:
                    x -= period
                elif x < -half:
                    x += period
                if j != i:
                    num += 1
                    sum_x, sum_y = sum_x + x, sum_y + y
                    _keep_room(bodies, i, x, y, parameters)
                j = following[j]
            _turn_to_group(bodies, i, sum_x, sum_y, num, parameters)
            i = following[i]


@njit
def _keep_room(bodies: np.ndarray, i: int, x: float, y: float, parameters: WalkingParameters) -> None:
    """Pushes somebody away from a member at the relative place (x, y), sideways rather than ahead."""
    distance = math.sqrt(x * x + y * y)
    if distance >= parameters.spacing_distance:
        return
    push = parameters.spacing * min((parameters.spacing_distance - distance) / SOFT, 1.0) / max(distance, 1e-6)
    bodies[i, A_X] -= push * x
    bodies[i, A_Y] -= push * y


@njit
def _turn_to_group(
    bodies: np.ndarray, i: int, sum_x: float, sum_y: float, num: int, parameters: WalkingParameters
) -> None:
    """Slows who has the others behind, and draws in who is far from the middle of the group."""
    distance = math.sqrt(sum_x * sum_x + sum_y * sum_y)
    if distance < 1e-6:
        return
    ahead = (sum_x * bodies[i, HEADING_X] + sum_y * bodies[i, HEADING_Y]) / distance
    distance /= num
    if ahead < 0.0:
        turn = math.asin(min(-ahead, 1.0)) * min(distance / SOFT, 1.0)
        bodies[i, A_X] -= parameters.gaze * turn * bodies[i, V_X]
        bodies[i, A_Y] -= parameters.gaze * turn * bodies[i, V_Y]
    too_far = min((distance - 0.5 * (num - 1)) / SOFT, 1.0)
    if too_far > 0.0:
        pull = parameters.cohesion * too_far / (distance * num)
        bodies[i, A_X] += pull * sum_x
        bodies[i, A_Y] += pull * sum_y
