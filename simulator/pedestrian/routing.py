"""Routes around obstacles: a visibility graph of the corners, and the next point to walk to.

A corner's waypoint stands off it by `STAND_OFF` on either side, less in a narrow passage: a quarter of its width, so
that two people go in abreast. The cost of a waypoint is the length of the shortest way from it to an exit over
waypoints that see each other.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.contact import crosses, is_within, keeps_clear, nearest_point

STAND_OFF = 0.45
"""Distance of a waypoint from the lines through its corner where there is room, m."""
CLEARANCE = 0.195
"""Least distance from walls of a line of sight that one can walk along, m."""
SLACK = 0.01
"""By how much less who walks needs: so from beside a waypoint one sees what is seen from it, m."""
HABIT = 0.4
"""By how much another way must be shorter before one changes to it, m."""
DOOR_MARGIN = 0.15
"""Room beyond a radius that is kept from the ends of an exit, m."""
DOORSTEP = 0.6
"""How far inside an exit its own waypoint is, m."""


class Routes(NamedTuple):
    """Waypoints of one scene and the way on from each of them."""

    waypoint: Float[np.ndarray, "waypoint 2"]
    cost: Float[np.ndarray, "waypoint exit"]
    """Length of the shortest way to the exit, m; infinite where there is none."""
    following: Int[np.ndarray, "waypoint exit"]
    """The next waypoint on it, -1 for the exit itself."""


@njit
def _passes_by(
    x: float, y: float, way_x: float, way_y: float, length: float, clearance: float, rows: np.ndarray, number: int
) -> bool:
    """Whether a wall or exit lies wholly on one side of the way, before it or beyond it, with room to spare."""
    off_x, off_y = rows[number, 0] - x, rows[number, 1] - y
    end_x, end_y = rows[number, 2] - x, rows[number, 3] - y
    room = clearance * length + 1e-9
    side, side_of_end = way_x * off_y - way_y * off_x, way_x * end_y - way_y * end_x
    if (side > room and side_of_end > room) or (side < -room and side_of_end < -room):
        return True
    along, along_of_end = way_x * off_x + way_y * off_y, way_x * end_x + way_y * end_y
    far = length * length + room
    return bool((along < -room and along_of_end < -room) or (along > far and along_of_end > far))


@njit
def is_walkable(
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    walls: Float[np.ndarray, "wall 4"],
    exits: Float[np.ndarray, "exit 6"],
    clearance: float,
) -> bool:
    """Whether the straight way meets no wall or exit and, but for its start, keeps clear of the walls."""
    way_x, way_y = x1 - x0, y1 - y0
    length = math.sqrt(way_x * way_x + way_y * way_y)
    for number in range(walls.shape[0]):
        if _passes_by(x0, y0, way_x, way_y, length, clearance, walls, number):
            continue
        if crosses(x0, y0, x1, y1, walls, number):
            return False
        if clearance > 0.0 and not keeps_clear(x0, y0, x1, y1, clearance, walls, number):
            return False
    for number in range(exits.shape[0]):
        if _passes_by(x0, y0, way_x, way_y, length, 0.0, exits, number):
            continue
        if crosses(x0, y0, x1, y1, exits, number):
            return False
    return True


@njit
def way_length(
    x: float,
    y: float,
    way_out: int,
    routes: Routes,
    walls: Float[np.ndarray, "wall 4"],
    exits: Float[np.ndarray, "exit 6"],
) -> float:
    """Length of the shortest way from a point to an exit, m; infinite where there is none."""
    door_x = 0.5 * (exits[way_out, 0] + exits[way_out, 2]) - DOORSTEP * exits[way_out, 4]
    door_y = 0.5 * (exits[way_out, 1] + exits[way_out, 3]) - DOORSTEP * exits[way_out, 5]
    if is_walkable(x, y, door_x, door_y, walls, exits, 0.0):
        return math.hypot(x - door_x, y - door_y)
    least = math.inf
    for number in range(routes.waypoint.shape[0]):
        to_x, to_y = routes.waypoint[number, 0], routes.waypoint[number, 1]
        length = math.hypot(x - to_x, y - to_y) + routes.cost[number, way_out]
        if length < least and is_walkable(x, y, to_x, to_y, walls, exits, 0.0):
            least = length
    return least


@njit
def _gap_at(x: float, y: float, off_x: float, off_y: float, walls: Float[np.ndarray, "wall 4"]) -> float:
    """Distance from a corner to the nearest other wall within 60 degrees of a direction, m; infinite without one."""
    gap, length = math.inf, math.hypot(off_x, off_y)
    for number in range(walls.shape[0]):
        near_x, near_y = nearest_point(x, y, walls, number)
        away_x, away_y = near_x - x, near_y - y
        distance = math.hypot(away_x, away_y)
        if 0.05 < distance < gap and away_x * off_x + away_y * off_y > 0.5 * distance * length:
            gap = distance
    return gap


@njit
def _corner_waypoints(
    walls: Float[np.ndarray, "wall 4"], exits: Float[np.ndarray, "exit 6"]
) -> Float[np.ndarray, "waypoint 2"]:
    """Points inside the scene off the outer corners and free ends of walls; inner corners have none, as no way bends
    there."""
    found = np.empty((4 * walls.shape[0], 2))
    num_found = 0
    for number in range(walls.shape[0]):
        for end in range(2):
            x, y = walls[number, 2 * end], walls[number, 2 * end + 1]
            on_x, on_y = x - walls[number, 2 - 2 * end], y - walls[number, 3 - 2 * end]
            length = math.hypot(on_x, on_y)
            on_x, on_y = on_x / length, on_y / length
            for side in (-1.0, 1.0):
                off_x, off_y = on_x - side * on_y, on_y + side * on_x
                off = min(STAND_OFF, 0.25 * _gap_at(x, y, off_x, off_y, walls))
                point_x, point_y = x + off * off_x, y + off * off_y
                is_new = is_within(point_x, point_y, walls, exits)
                for other in range(walls.shape[0]):
                    near_x, near_y = nearest_point(point_x, point_y, walls, other)
                    if math.hypot(point_x - near_x, point_y - near_y) < 1.3 * off:
                        is_new = False
                for other in range(num_found):
                    if math.hypot(point_x - found[other, 0], point_y - found[other, 1]) < 0.1:
                        is_new = False
                if is_new:
                    found[num_found, 0], found[num_found, 1] = point_x, point_y
                    num_found += 1
    return found[:num_found].copy()


@njit
def find_routes(walls: Float[np.ndarray, "wall 4"], exits: Float[np.ndarray, "exit 6"]) -> Routes:
    """The waypoints of a scene with the shortest ways to all exits (Bellman-Ford on the visibility graph).

    Args:
        walls: Ends of each wall, metres.
        exits: Ends of each exit and its unit normal out of the scene.
    """
    waypoint = _corner_waypoints(walls, exits)
    num, num_exits = waypoint.shape[0], exits.shape[0]
    cost = np.full((num, num_exits), math.inf)
    following = np.full((num, num_exits), -1)
    length = np.full((num, num), math.inf)
    for i in range(num):
        x, y = waypoint[i, 0], waypoint[i, 1]
        for j in range(num):
            if i != j and is_walkable(x, y, waypoint[j, 0], waypoint[j, 1], walls, exits, CLEARANCE):
                length[i, j] = math.hypot(x - waypoint[j, 0], y - waypoint[j, 1])
        for way_out in range(num_exits):
            door_x = 0.5 * (exits[way_out, 0] + exits[way_out, 2]) - DOORSTEP * exits[way_out, 4]
            door_y = 0.5 * (exits[way_out, 1] + exits[way_out, 3]) - DOORSTEP * exits[way_out, 5]
            if is_walkable(x, y, door_x, door_y, walls, exits, CLEARANCE):
                cost[i, way_out] = math.hypot(x - door_x, y - door_y)
    changes = True
    while changes:
        changes = False
        for i in range(num):
            for j in range(num):
                for way_out in range(num_exits):
                    if length[i, j] + cost[j, way_out] < cost[i, way_out] - 1e-9:
                        cost[i, way_out] = length[i, j] + cost[j, way_out]
                        following[i, way_out] = j
                        changes = True
    return Routes(waypoint, cost, following)


@njit
def place_in_exit(fraction: float, width: float, margin: float) -> float:
    """Where somebody crosses an exit, m from its start: the margin away from its ends, or in the middle."""
    return min(max(fraction * width, margin), width - margin) if width > 2.0 * margin else 0.5 * width


@njit
def beyond_exit(sideways: float) -> float:
    """How far beyond an exit somebody aims who is so far beside it: in front of it from the side, m."""
    return 0.5 - min(0.5 * sideways, 0.5 + DOORSTEP)


@njit
def aim_at_exit(
    x: float, y: float, fraction: float, exits: Float[np.ndarray, "exit 6"], goal: int, margin: float
) -> tuple[float, float]:
    """The point to walk to in order to leave: in front of the exit from the side, beyond it from the front.

    Args:
        x: Own position, m.
        y: The second coordinate.
        fraction: Of the exit's width, from its start, where this person crosses it.
        exits: Ends of each exit and its unit normal out of the scene.
        goal: Which of them.
        margin: Least distance from the exit's ends, m.
    """
    start_x, start_y, out_x, out_y = exits[goal, 0], exits[goal, 1], exits[goal, 4], exits[goal, 5]
    along_x, along_y = exits[goal, 2] - start_x, exits[goal, 3] - start_y
    width = math.hypot(along_x, along_y)
    along_x, along_y = along_x / width, along_y / width
    place = place_in_exit(fraction, width, margin)
    sideways = abs((x - start_x) * along_x + (y - start_y) * along_y - place)
    beyond = beyond_exit(sideways)
    return start_x + place * along_x + beyond * out_x, start_y + place * along_y + beyond * out_y


@njit
def choose_waypoint(
    x: float,
    y: float,
    aim_x: float,
    aim_y: float,
    goal: int,
    habit: int,
    routes: Routes,
    walls: Float[np.ndarray, "wall 4"],
    exits: Float[np.ndarray, "exit 6"],
) -> int:
    """The waypoint to walk to next, -1 for the exit itself.

    The exit if the way there is free; else the waypoint on the shortest way, its successor as soon as that is in
    view. The waypoint walked to so far is kept unless another way is shorter by `HABIT`. From the last
    waypoint the place must be in view at which this person leaves, of a wide exit; where it is from none, the middle
    will do. Who stands where no clear way starts looks without clearance; who sees nothing at all keeps to what he
    was doing.
    """
    if routes.waypoint.shape[0] == 0:
        return -1
    out_x, out_y = exits[goal, 4], exits[goal, 5]
    beyond = (aim_x - exits[goal, 0]) * out_x + (aim_y - exits[goal, 1]) * out_y
    back = max(beyond + 0.05, 0.0)
    inside_x, inside_y = aim_x - back * out_x, aim_y - back * out_y
    width = math.hypot(exits[goal, 2] - exits[goal, 0], exits[goal, 3] - exits[goal, 1])
    least = min(CLEARANCE, 0.4 * width)
    for attempt in range(4):
        clearance = 0.0 if attempt % 2 else CLEARANCE - SLACK
        if is_walkable(x, y, inside_x, inside_y, walls, exits, min(clearance, 0.4 * width - SLACK)):
            return -1
        best, best_cost = -1, math.inf
        for number in range(routes.waypoint.shape[0]):
            to_x, to_y = routes.waypoint[number, 0], routes.waypoint[number, 1]
            cost = math.hypot(x - to_x, y - to_y) + routes.cost[number, goal]
            if number == habit:
                cost -= HABIT
            if (
                cost < best_cost
                and is_walkable(x, y, to_x, to_y, walls, exits, clearance)
                and (
                    attempt > 1
                    or routes.following[number, goal] >= 0
                    or is_walkable(to_x, to_y, inside_x, inside_y, walls, exits, least)
                )
            ):
                best, best_cost = number, cost
        if best >= 0:
            following = routes.following[best, goal]
            while following >= 0 and is_walkable(
                x, y, routes.waypoint[following, 0], routes.waypoint[following, 1], walls, exits, clearance
            ):
                best = following
                following = routes.following[best, goal]
            return best
    return habit
