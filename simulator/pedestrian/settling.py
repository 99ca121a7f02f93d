"""Settling: finds room for the groups that are in a scene from its beginning."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.contact import is_hidden, is_within, nearest_point

WALL_ROOM = 0.1
"""Room beyond a radius that is kept from walls, m."""


@njit
def settle(
    walls: Float[np.ndarray, "wall 4"],
    exits: Float[np.ndarray, "exit 6"],
    size: Int[np.ndarray, " group"],
    tried: Float[np.ndarray, "group place 2"],
    is_inside: Bool[np.ndarray, " group"],
    towards: Float[np.ndarray, "group 2"],
    room: float,
    radius: float,
) -> Float[np.ndarray, "person 2"]:
    """Where people start: each group abreast at the first place tried where all of it has room, NaN where none has.

    Args:
        walls: Ends of each wall, metres.
        exits: Ends of each exit and its unit normal out of the scene.
        size: Of each group, 1 for who is alone.
        tried: Middles of the group that are tried in turn, m.
        is_inside: Whether the group is there at the start at all.
        towards: The point that the group will face, m.
        room: Least distance between two people, and that between neighbours abreast, m.
        radius: Of a body, m.
    """
    position = np.full((size.sum(), 2), math.nan)
    first = 0
    for group in range(size.shape[0]):
        if is_inside[group]:
            for place in range(tried.shape[1]):
                x, y = tried[group, place, 0], tried[group, place, 1]
                off_x, off_y = towards[group, 0] - x, towards[group, 1] - y
                length = max(math.hypot(off_x, off_y), 1e-9)
                side_x, side_y = -off_y / length * room, off_x / length * room
                has_room = True
                for member in range(size[group]):
                    step = member - 0.5 * (size[group] - 1)
                    at_x, at_y = x + step * side_x, y + step * side_y
                    position[first + member, 0], position[first + member, 1] = at_x, at_y
                    has_room = (
                        has_room
                        and _is_clear(at_x, at_y, walls, exits, position[:first], room, radius)
                        and not is_hidden(x, y, at_x, at_y, walls)
                    )
                if has_room:
                    break
                position[first : first + size[group]] = math.nan
        first += size[group]
    return position


@njit
def _is_clear(
    x: float, y: float, walls: np.ndarray, exits: np.ndarray, others: np.ndarray, room: float, radius: float
) -> bool:
    """Whether a point is inside, off the walls, and nobody else is nearer than the room."""
    for other in range(others.shape[0]):
        if math.hypot(x - others[other, 0], y - others[other, 1]) < room:
            return False
    for wall in range(walls.shape[0]):
        near_x, near_y = nearest_point(x, y, walls, wall)
        if math.hypot(x - near_x, y - near_y) < radius + WALL_ROOM:
            return False
    return is_within(x, y, walls, exits)
