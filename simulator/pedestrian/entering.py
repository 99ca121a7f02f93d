"""Entering: who is put into a scene at its start, and who comes in by an exit."""

from __future__ import annotations

import math

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.contact import is_within, nearest_point
from pathcast.simulator.pedestrian.ground import Ground
from pathcast.simulator.pedestrian.outlook import look_for_way
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.people import People
from pathcast.simulator.pedestrian.routing import DOOR_MARGIN, aim_at_exit
from pathcast.simulator.pedestrian.state import WAITING, WALKING, Walkers

ELBOW_ROOM = 0.25
"""Room beyond two radii that somebody needs to come in, m, and that who starts inside looks for first."""


@njit
def _is_free(x: float, y: float, walkers: Walkers, room: float) -> bool:
    """Whether nobody in the scene is nearer than the room (m)."""
    for other in range(walkers.phase.shape[0]):
        if walkers.phase[other] == WALKING:
            away = (x - walkers.position[other, 0]) ** 2 + (y - walkers.position[other, 1]) ** 2
            if away < room * room:
                return False
    return True


@njit
def _start(i: int, now_s: float, x: float, y: float, to_x: float, to_y: float, walkers: Walkers) -> None:
    """Puts somebody into the scene, walking at the desired speed towards a point."""
    length = max(math.hypot(to_x - x, to_y - y), 1e-9)
    walkers.phase[i] = WALKING
    walkers.entered_s[i] = now_s
    walkers.position[i, 0], walkers.position[i, 1] = x, y
    walkers.heading[i, 0], walkers.heading[i, 1] = (to_x - x) / length, (to_y - y) / length
    walkers.velocity[i, 0] = walkers.speed[i] * walkers.heading[i, 0]
    walkers.velocity[i, 1] = walkers.speed[i] * walkers.heading[i, 1]


@njit
def _is_clear(x: float, y: float, ground: Ground, radius: float) -> bool:
    """Whether a place lies inside the scene and no wall is nearer than the radius (m)."""
    for wall in range(ground.walls.shape[0]):
        near_x, near_y = nearest_point(x, y, ground.walls, wall)
        if (x - near_x) ** 2 + (y - near_y) ** 2 < radius * radius:
            return False
    return is_within(x, y, ground.walls, ground.exits)


@njit
def _first_aim(
    i: int, x: float, y: float, fraction: float, ground: Ground, parameters: WalkingParameters, walkers: Walkers
) -> tuple[float, float]:
    """The point that somebody put at (x, y) walks to, m."""
    if ground.period < math.inf:
        return x + (1.0 if walkers.goal[i] == 1 else -1.0), y
    goal, margin = walkers.goal[i], parameters.radius + DOOR_MARGIN
    waypoint = look_for_way(x, y, fraction, goal, -1, margin, ground.routes, ground.walls, ground.exits)
    walkers.waypoint[i] = waypoint
    if waypoint >= 0:
        return ground.routes.waypoint[waypoint, 0], ground.routes.waypoint[waypoint, 1]
    return aim_at_exit(x, y, fraction, ground.exits, goal, margin)


@njit
def place_inside(first: int, people: People, ground: Ground, parameters: WalkingParameters, walkers: Walkers) -> None:
    """Puts those who start inside on the first of their places that is free of people and walls: one with elbow room
    if there is any, else one where two bodies do not overlap."""
    for i in range(walkers.phase.shape[0]):
        for elbow_room in (ELBOW_ROOM, -1e-9):
            for number in range(people.inside.shape[1]):
                x, y = people.inside[first + i, number, 0], people.inside[first + i, number, 1]
                if (
                    walkers.phase[i] == WALKING
                    or math.isnan(x)
                    or not _is_free(x, y, walkers, 2.0 * parameters.radius + elbow_room)
                    or not _is_clear(x, y, ground, parameters.radius)
                ):
                    continue
                to_x, to_y = _first_aim(i, x, y, people.exit_fraction[first + i], ground, parameters, walkers)
                _start(i, 0.0, x, y, to_x, to_y, walkers)


@njit
def come_in(
    first: int, now_s: float, people: People, ground: Ground, parameters: WalkingParameters, walkers: Walkers
) -> tuple[bool, float]:
    """Brings in, at the threshold of their exits, those whose time has come and who have room.

    Returns:
        Whether anybody came in, and when the next one wants to, s.
    """
    has_come, next_s = False, math.inf
    for i in range(walkers.phase.shape[0]):
        if walkers.phase[i] != WAITING:
            continue
        if people.entry_s[first + i] > now_s:
            next_s = min(next_s, people.entry_s[first + i])
            continue
        way_in = people.entry[first + i]
        start_x, start_y = ground.exits[way_in, 0], ground.exits[way_in, 1]
        out_x, out_y = ground.exits[way_in, 4], ground.exits[way_in, 5]
        along_x, along_y = ground.exits[way_in, 2] - start_x, ground.exits[way_in, 3] - start_y
        margin = min((parameters.radius + DOOR_MARGIN) / math.hypot(along_x, along_y), 0.5)
        share = min(max(people.entry_fraction[first + i], margin), 1.0 - margin)
        x, y = start_x + share * along_x - 0.01 * out_x, start_y + share * along_y - 0.01 * out_y
        if _is_free(x, y, walkers, 2.0 * parameters.radius + ELBOW_ROOM):
            _start(i, now_s, x, y, x - out_x, y - out_y, walkers)
            walkers.entered[i] = way_in
            has_come = True
        else:
            next_s = now_s
    return has_come, next_s
