"""Contact of a point or a body with straight wall segments, and of bodies with each other, seen from above."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit

SEPARATIONS = 4
"""Rounds of moving overlapping people apart in a step, at most."""


@njit
def nearest_point(x: float, y: float, walls: Float[np.ndarray, "wall 4"], number: int) -> tuple[float, float]:
    """The point of one of the walls nearest to (x, y), metres."""
    start_x, start_y = walls[number, 0], walls[number, 1]
    along_x, along_y = walls[number, 2] - start_x, walls[number, 3] - start_y
    share = ((x - start_x) * along_x + (y - start_y) * along_y) / (along_x * along_x + along_y * along_y)
    share = min(max(share, 0.0), 1.0)
    return start_x + share * along_x, start_y + share * along_y


@njit
def keeps_clear(
    x0: float, y0: float, x1: float, y1: float, clearance: float, walls: Float[np.ndarray, "wall 4"], number: int
) -> bool:
    """Whether both ends of one of the walls are at least the clearance (m) away from the way, and the way's end
    from the wall. Where the way starts does not matter: who stands near a wall may walk away from it."""
    near_x, near_y = nearest_point(x1, y1, walls, number)
    least = clearance * clearance
    if (x1 - near_x) ** 2 + (y1 - near_y) ** 2 < least:
        return False
    way_x, way_y = x1 - x0, y1 - y0
    length_squared = max(way_x * way_x + way_y * way_y, 1e-18)
    for end in range(2):
        off_x, off_y = walls[number, 2 * end] - x0, walls[number, 2 * end + 1] - y0
        share = min(max((off_x * way_x + off_y * way_y) / length_squared, 0.0), 1.0)
        if (off_x - share * way_x) ** 2 + (off_y - share * way_y) ** 2 < least:
            return False
    return True


@njit
def _is_same_side(one: float, other: float) -> bool:
    """Whether both are over 0 or both under; their product could underflow to 0."""
    return (one > 0.0 and other > 0.0) or (one < 0.0 and other < 0.0)


@njit
def crosses(x0: float, y0: float, x1: float, y1: float, walls: Float[np.ndarray, "wall 4"], number: int) -> bool:
    """Whether the way from (x0, y0) to (x1, y1) meets one of the walls."""
    start_x, start_y, end_x, end_y = walls[number, 0], walls[number, 1], walls[number, 2], walls[number, 3]
    way_x, way_y = x1 - x0, y1 - y0
    wall_x, wall_y = end_x - start_x, end_y - start_y
    side_before = wall_x * (y0 - start_y) - wall_y * (x0 - start_x)
    side_after = wall_x * (y1 - start_y) - wall_y * (x1 - start_x)
    if _is_same_side(side_before, side_after):
        return False
    side_of_start = way_x * (start_y - y0) - way_y * (start_x - x0)
    side_of_end = way_x * (end_y - y0) - way_y * (end_x - x0)
    return bool(not _is_same_side(side_of_start, side_of_end) and side_before != side_after)


@njit
def is_hidden(x0: float, y0: float, x1: float, y1: float, walls: Float[np.ndarray, "wall 4"]) -> bool:
    """Whether a wall stands between the two points."""
    hidden = False
    for number in range(walls.shape[0]):
        hidden = hidden or crosses(x0, y0, x1, y1, walls, number)
    return hidden


@njit
def is_within(x: float, y: float, walls: Float[np.ndarray, "wall 4"], exits: Float[np.ndarray, "exit 6"]) -> bool:
    """Whether a point is inside the outline of walls and exits and outside every obstacle (even-odd rule)."""
    num_crossings = 0
    for number in range(walls.shape[0] + exits.shape[0]):
        if number < walls.shape[0]:
            x0, y0, x1, y1 = walls[number, 0], walls[number, 1], walls[number, 2], walls[number, 3]
        else:
            way_out = number - walls.shape[0]
            x0, y0, x1, y1 = exits[way_out, 0], exits[way_out, 1], exits[way_out, 2], exits[way_out, 3]
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            num_crossings += 1
    return num_crossings % 2 == 1


@njit
def push_out(
    old_x: float,
    old_y: float,
    x: float,
    y: float,
    v_x: float,
    v_y: float,
    radius: float,
    walls: Float[np.ndarray, "wall 4"],
) -> tuple[float, float, float, float]:
    """Where a body that stepped from old to (x, y) ends up so that no wall is nearer than its radius.

    The body moves straight out of each wall that it overlaps, and its velocity loses the part into the wall (a
    contact without bounce or friction). Where two walls leave no room for that, it moves as little as it must; where
    the way from the old place still crosses a wall, it stays there and stands still. So nobody ever passes a wall
    (a step shorter than the radius that ends clear of all walls cannot have).

    Returns:
        x, y (metres), velocity x, y (m/s).
    """
    is_short = (x - old_x) ** 2 + (y - old_y) ** 2 < radius * radius
    for attempt in range(3):
        is_clear = True
        for number in range(walls.shape[0]):
            near_x, near_y = nearest_point(x, y, walls, number)
            out_x, out_y = x - near_x, y - near_y
            distance_squared = out_x * out_x + out_y * out_y
            if distance_squared >= radius * radius or distance_squared == 0.0:
                continue
            distance = math.sqrt(distance_squared)
            out_x, out_y = out_x / distance, out_y / distance
            x, y = near_x + radius * out_x, near_y + radius * out_y
            into = v_x * out_x + v_y * out_y
            if into < 0.0:
                v_x, v_y = v_x - into * out_x, v_y - into * out_y
            is_clear = False
        if is_clear and is_short and attempt == 0:
            return x, y, v_x, v_y
        if is_clear:
            break
    if is_hidden(old_x, old_y, x, y, walls):
        return old_x, old_y, 0.0, 0.0
    return x, y, v_x, v_y


@njit
def separate(
    close: Int[np.ndarray, "pair 2"],
    num_close: int,
    there: Int[np.ndarray, " body"],
    period: float,
    least: float,
    position: Float[np.ndarray, "person 2"],
    velocity: Float[np.ndarray, "person 2"],
) -> None:
    """Moves apart, each by half, people nearer than two hard bodies may be; they lose the part of their velocities
    into each other. A few rounds in a fixed order, as one push may bring about another.

    Args:
        close: Pairs of bodies that may be too near.
        num_close: How many they are.
        there: The person whose each body is.
        period: Length after which the place repeats along x, m; infinite where it does not.
        least: Distance of two hard bodies that touch, m.
        position: Of all people of the scene, m.
        velocity: Of all people of the scene, m/s.
    """
    for _ in range(SEPARATIONS):
        is_apart = True
        for number in range(num_close):
            i, j = there[close[number, 0]], there[close[number, 1]]
            x, y = position[i, 0] - position[j, 0], position[i, 1] - position[j, 1]
            if period < math.inf:
                x -= period * math.floor(x / period + 0.5)
            distance_squared = x * x + y * y
            if distance_squared >= least * least:
                continue
            is_apart = False
            distance = math.sqrt(distance_squared)
            away_x, away_y = (x / distance, y / distance) if distance > 1e-9 else (1.0, 0.0)
            move = 0.5 * (least - distance)
            v_x, v_y = velocity[i, 0] - velocity[j, 0], velocity[i, 1] - velocity[j, 1]
            brake = max(-0.5 * (v_x * away_x + v_y * away_y), 0.0)
            position[i, 0] += move * away_x
            position[i, 1] += move * away_y
            position[j, 0] -= move * away_x
            position[j, 1] -= move * away_y
            velocity[i, 0] += brake * away_x
            velocity[i, 1] += brake * away_y
            velocity[j, 0] -= brake * away_x
            velocity[j, 1] -= brake * away_y
        if is_apart:
            return
