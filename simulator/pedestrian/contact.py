"""Contact of a point or a body with straight wall segments, seen from above."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.simulator.pedestrian.compiled import njit


@njit
def nearest_point(x: float, y: float, wall: NDArray[np.float64]) -> tuple[float, float]:
    """The point of a wall [x0, y0, x1, y1] nearest to (x, y), metres."""
    along_x, along_y = wall[2] - wall[0], wall[3] - wall[1]
    share = ((x - wall[0]) * along_x + (y - wall[1]) * along_y) / (along_x * along_x + along_y * along_y)
    share = min(max(share, 0.0), 1.0)
    return wall[0] + share * along_x, wall[1] + share * along_y


@njit
def distance_to_line(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> float:
    """The distance from (x, y) to the piece from (x0, y0) to (x1, y1), metres."""
    along_x, along_y = x1 - x0, y1 - y0
    length_squared = along_x * along_x + along_y * along_y
    share = 0.0
    if length_squared > 0.0:
        share = min(max(((x - x0) * along_x + (y - y0) * along_y) / length_squared, 0.0), 1.0)
    return math.hypot(x - x0 - share * along_x, y - y0 - share * along_y)


@njit
def crosses(x0: float, y0: float, x1: float, y1: float, wall: NDArray[np.float64]) -> bool:
    """Whether the way from (x0, y0) to (x1, y1) meets a wall [x0, y0, x1, y1]."""
    way_x, way_y = x1 - x0, y1 - y0
    wall_x, wall_y = wall[2] - wall[0], wall[3] - wall[1]
    start_side = wall_x * (y0 - wall[1]) - wall_y * (x0 - wall[0])
    end_side = wall_x * (y1 - wall[1]) - wall_y * (x1 - wall[0])
    if start_side * end_side > 0.0:
        return False
    near_side = way_x * (wall[1] - y0) - way_y * (wall[0] - x0)
    far_side = way_x * (wall[3] - y0) - way_y * (wall[2] - x0)
    if near_side * far_side > 0.0:
        return False
    return bool(start_side != end_side)


@njit
def is_hidden(x0: float, y0: float, x1: float, y1: float, walls: Float[np.ndarray, "wall 4"]) -> bool:
    """Whether a wall stands between the two points."""
    hidden = False
    for number in range(walls.shape[0]):
        hidden = hidden or crosses(x0, y0, x1, y1, walls[number])
    return hidden


@njit
def push_out(
    old_x: float, old_y: float, x: float, y: float, v_x: float, v_y: float, radius: float, walls: Any
) -> tuple[float, float, float, float]:
    """Where a body that stepped from old to (x, y) ends up so that no wall is nearer than its radius.

    The body moves straight out of each wall that it overlaps, and its velocity loses the part into the wall (a
    contact without bounce or friction). Where two walls leave no room for that, it moves as little as it must; where
    the way from the old place still crosses a wall, it stays there and stands still. So nobody ever passes a wall.

    Returns:
        x, y (metres), velocity x, y (m/s).
    """
    for _ in range(3):
        is_clear = True
        for number in range(walls.shape[0]):
            near_x, near_y = nearest_point(x, y, walls[number])
            out_x, out_y = x - near_x, y - near_y
            distance = math.hypot(out_x, out_y)
            if distance >= radius or distance == 0.0:
                continue
            out_x, out_y = out_x / distance, out_y / distance
            x, y = near_x + radius * out_x, near_y + radius * out_y
            into = v_x * out_x + v_y * out_y
            if into < 0.0:
                v_x, v_y = v_x - into * out_x, v_y - into * out_y
            is_clear = False
        if is_clear:
            break
    if is_hidden(old_x, old_y, x, y, walls):
        return old_x, old_y, 0.0, 0.0
    return x, y, v_x, v_y
