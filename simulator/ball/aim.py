"""Aiming: the speed at which a ball must be thrown to pass through a point."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.compiled import njit
from pathcast.simulator.ball.aerodynamics import carry
from pathcast.simulator.ball.flight import advance
from pathcast.simulator.ball.parameters import NUM_PARAMETERS

FULL_FLIGHT_ERROR: Final = 1e-5
"""m, of flights by full rows: far under what anyone aims to."""


@njit
def _aim(
    state: NDArray[np.float64], parameters: NDArray[np.float64], distance: float, height: float, gravity: float
) -> float:
    """The speed along the state's direction at which the ball is at that horizontal distance and height, falling."""
    ux, uy, uz = state[3], state[4], state[5]
    length = math.sqrt(ux * ux + uy * uy + uz * uz)
    along = math.sqrt(ux * ux + uy * uy) / length
    up = uz / length
    fall = distance * up / along - (height - state[2])
    if not (fall > 0.0 and along > 0.0):
        return math.nan
    speed: float = distance / along * math.sqrt(0.5 * gravity / fall)
    time = distance / (along * speed)
    here, there = np.empty(9), np.empty(9)
    for _ in range(30):
        for index in range(9):
            here[index] = there[index] = state[index]
        nudge = 1e-6 * speed
        for index in range(3, 6):
            here[index] = state[index] / length * speed
            there[index] = state[index] / length * (speed + nudge)
        if len(parameters) > NUM_PARAMETERS:
            carry(here, parameters, time, FULL_FLIGHT_ERROR)
            carry(there, parameters, time, FULL_FLIGHT_ERROR)
        else:
            advance(here, parameters, time)
            advance(there, parameters, time)
        dx, dy = here[0] - state[0], here[1] - state[1]
        reach = math.sqrt(dx * dx + dy * dy)
        far = distance - reach
        high = height - here[2]
        # Newton's method on speed and time together: the two columns of the Jacobian.
        reach_speed = (math.sqrt((there[0] - state[0]) ** 2 + (there[1] - state[1]) ** 2) - reach) / nudge
        height_speed = (there[2] - here[2]) / nudge
        reach_time = (dx * here[3] + dy * here[4]) / reach
        height_time = here[5]
        determinant = reach_speed * height_time - reach_time * height_speed
        speed_change = (far * height_time - high * reach_time) / determinant
        time += (reach_speed * high - height_speed * far) / determinant
        speed += speed_change
        if not (speed > 0.0 and time > 0.0):
            return math.nan
        if abs(speed_change) < 1e-9 * speed:
            return speed
    return math.nan


@njit
def _aim_rows(
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    distances: NDArray[np.float64],
    heights: NDArray[np.float64],
    speeds: NDArray[np.float64],
) -> None:
    """`_aim`, ball by ball."""
    for ball in range(len(states)):
        speeds[ball] = _aim(states[ball], parameters[ball], distances[ball], heights[ball], parameters[ball, 0])


def aim(
    states: Float[np.ndarray, "ball 9"],
    parameters: Float[np.ndarray, "ball parameter"],
    distances: Float[np.ndarray, " ball"],
    heights: Float[np.ndarray, " ball"],
) -> Float[np.ndarray, " ball"]:
    """Speeds (m/s) with which balls come to a height at a horizontal distance; NaN where none does.

    Newton's method on speed and time of passing, from the vacuum's closed form v = L / cos a sqrt(g / (2 (L tan a -
    h))). The floor must not lie between.

    Args:
        states: Place, direction (the velocity's; its size does not matter) and spin at release.
        parameters: Rows of twelve entries or full ones, without a floor.
        distances: m, horizontally from the release.
        heights: m, of the point to pass.
    """
    speeds = np.empty(len(states))
    _aim_rows(states, parameters, distances, heights, speeds)
    return speeds
