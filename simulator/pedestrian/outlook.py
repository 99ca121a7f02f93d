"""Outlook: what walkers find when they look up, four times a second: the way on, and the walls about them."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from pathcast.compiled import inlined_njit, njit
from pathcast.simulator.pedestrian.routing import Routes, aim_at_exit, choose_waypoint, place_in_exit


@njit
def look_for_way(
    x: float,
    y: float,
    fraction: float,
    goal: int,
    waypoint: int,
    margin: float,
    routes: Routes,
    walls: Float[np.ndarray, "wall 4"],
    exits: Float[np.ndarray, "exit 6"],
) -> int:
    """The waypoint that somebody at (x, y), who walks to one now, walks to next; -1 for the exit."""
    aim_x, aim_y = aim_at_exit(x, y, fraction, exits, goal, margin)
    return choose_waypoint(x, y, aim_x, aim_y, goal, max(waypoint, -1), routes, walls, exits)


@inlined_njit
def set_aim(
    fraction: float,
    goal: int,
    waypoint: int,
    waypoints: Float[np.ndarray, "waypoint 2"],
    exits: Float[np.ndarray, "exit 6"],
    period: float,
    margin: float,
    aims: Float[np.ndarray, "body 6"],
    body: int,
) -> None:
    """Writes down what somebody walks to: a point and, for an exit, the unit vectors along it and out of it.

    With these `aimed` gives the point to walk to at every step. For a waypoint both vectors are 0; in a place that
    repeats only the way out is set.
    """
    for column in range(6):
        aims[body, column] = 0.0
    if period < math.inf:
        aims[body, 4] = 1.0 if goal == 1 else -1.0
    elif waypoint >= 0:
        aims[body, 0], aims[body, 1] = waypoints[waypoint, 0], waypoints[waypoint, 1]
    else:
        along_x, along_y = exits[goal, 2] - exits[goal, 0], exits[goal, 3] - exits[goal, 1]
        width = math.sqrt(along_x * along_x + along_y * along_y)
        aims[body, 2], aims[body, 3], aims[body, 4], aims[body, 5] = (
            along_x / width,
            along_y / width,
            exits[goal, 4],
            exits[goal, 5],
        )
        place = place_in_exit(fraction, width, margin)
        aims[body, 0], aims[body, 1] = exits[goal, 0] + place * aims[body, 2], exits[goal, 1] + place * aims[body, 3]


@njit
def wall_shapes(walls: Float[np.ndarray, "wall 4"]) -> Float[np.ndarray, "wall 5"]:
    """The start of each wall, the vector to its end (m), and one over its length squared (1/m²)."""
    shapes = np.empty((walls.shape[0], 5))
    for number in range(walls.shape[0]):
        along_x, along_y = walls[number, 2] - walls[number, 0], walls[number, 3] - walls[number, 1]
        shapes[number, 0], shapes[number, 1] = walls[number, 0], walls[number, 1]
        shapes[number, 2], shapes[number, 3] = along_x, along_y
        shapes[number, 4] = 1.0 / (along_x * along_x + along_y * along_y)
    return shapes


@inlined_njit
def find_walls(
    x: float,
    y: float,
    distance: float,
    shapes: Float[np.ndarray, "wall 5"],
    near: Float[np.ndarray, "body near 5"],
    body: int,
) -> int:
    """Copies for a body the shapes of the walls nearer than a distance (m); returns how many."""
    found = 0
    for number in range(shapes.shape[0]):
        off_x, off_y = x - shapes[number, 0], y - shapes[number, 1]
        along_x, along_y = shapes[number, 2], shapes[number, 3]
        share = min(max((off_x * along_x + off_y * along_y) * shapes[number, 4], 0.0), 1.0)
        out_x, out_y = off_x - share * along_x, off_y - share * along_y
        if out_x * out_x + out_y * out_y < distance * distance:
            for column in range(5):
                near[body, found, column] = shapes[number, column]
            found += 1
    return found


@inlined_njit
def is_near_exit(x: float, y: float, distance: float, exits: Float[np.ndarray, "exit 6"]) -> bool:
    """Whether the line of an exit is nearer than a distance (m), or crossed."""
    is_near = False
    for number in range(exits.shape[0]):
        off_x, off_y = x - exits[number, 0], y - exits[number, 1]
        is_near = is_near or off_x * exits[number, 4] + off_y * exits[number, 5] > -distance
    return is_near
