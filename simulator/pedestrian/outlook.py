"""Outlook: what walkers find when they look up, four times a second: the way on, and the walls about them."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import inlined_njit, njit
from pathcast.simulator.pedestrian.contact import nearest_point
from pathcast.simulator.pedestrian.ground import Ground
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.routing import DOOR_MARGIN, aim_at_exit, choose_waypoint
from pathcast.simulator.pedestrian.state import LOST, Walkers


@njit
def look_for_way(
    i: int, x: float, y: float, fraction: float, ground: Ground, parameters: WalkingParameters, walkers: Walkers
) -> None:
    """Sets the waypoint that somebody at (x, y) walks to next."""
    margin = parameters.radius + DOOR_MARGIN
    goal = walkers.goal[i]
    aim_x, aim_y = aim_at_exit(x, y, fraction, ground.exits, goal, margin)
    habit = max(walkers.waypoint[i], -1)
    walkers.waypoint[i] = choose_waypoint(x, y, aim_x, aim_y, goal, habit, ground.routes, ground.walls, ground.exits)


@inlined_njit
def aim_of(
    i: int, x: float, y: float, fraction: float, ground: Ground, parameters: WalkingParameters, walkers: Walkers
) -> tuple[float, float]:
    """The point that somebody at (x, y) walks to, m; who is lost looks for the way first."""
    if ground.period < math.inf:
        return x + (10.0 if walkers.goal[i] == 1 else -10.0), y
    if walkers.waypoint[i] == LOST:
        look_for_way(i, x, y, fraction, ground, parameters, walkers)
    waypoint = walkers.waypoint[i]
    if waypoint >= 0:
        return ground.routes.waypoint[waypoint, 0], ground.routes.waypoint[waypoint, 1]
    return aim_at_exit(x, y, fraction, ground.exits, walkers.goal[i], parameters.radius + DOOR_MARGIN)


@njit
def find_walls(
    x: float, y: float, distance: float, walls: Float[np.ndarray, "wall 4"], near: Int[np.ndarray, " wall"]
) -> int:
    """Lists the walls nearer than a distance (m); returns how many."""
    found = 0
    for number in range(walls.shape[0]):
        near_x, near_y = nearest_point(x, y, walls, number)
        near[found] = number
        found += (x - near_x) ** 2 + (y - near_y) ** 2 < distance * distance
    return found


@njit
def is_near_exit(x: float, y: float, distance: float, exits: Float[np.ndarray, "exit 6"]) -> bool:
    """Whether the line of an exit is nearer than a distance (m), or crossed."""
    for number in range(exits.shape[0]):
        off_x, off_y = x - exits[number, 0], y - exits[number, 1]
        if off_x * exits[number, 4] + off_y * exits[number, 5] > -distance:
            return True
    return False
