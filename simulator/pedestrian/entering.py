"""Entering: who is put into a scene at its start, and who comes in by an exit."""

from __future__ import annotations

import math

import numpy as np

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.contact import is_within, nearest_point
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.people import People
from pathcast.simulator.pedestrian.routing import Routes, aim_at_exit, choose_waypoint
from pathcast.simulator.pedestrian.state import WAITING, WALKING, Walkers

ELBOW_ROOM = 0.25
"""Room beyond two radii that somebody needs to come in, m."""
DOOR_MARGIN = 0.15
"""Room beyond a radius that is kept from the ends of an exit, m."""


@njit
def _is_free(x: float, y: float, walkers: Walkers, room: float) -> bool:
    """Whether nobody in the scene is nearer than the room (m)."""
    for other in range(walkers.phase.shape[0]):
        if walkers.phase[other] == WALKING:
            away = math.hypot(x - walkers.position[other, 0], y - walkers.position[other, 1])
            if away < room:
                return False
    return True


@njit
def _start(i: int, x: float, y: float, to_x: float, to_y: float, walkers: Walkers) -> None:
    """Puts somebody into the scene, walking at the desired speed towards a point."""
    length = max(math.hypot(to_x - x, to_y - y), 1e-9)
    walkers.phase[i] = WALKING
    walkers.position[i, 0], walkers.position[i, 1] = x, y
    walkers.heading[i, 0], walkers.heading[i, 1] = (to_x - x) / length, (to_y - y) / length
    walkers.velocity[i, 0] = walkers.speed[i] * walkers.heading[i, 0]
    walkers.velocity[i, 1] = walkers.speed[i] * walkers.heading[i, 1]


@njit
def place_inside(
    first: int,
    people: People,
    walls: np.ndarray,
    exits: np.ndarray,
    routes: Routes,
    parameters: WalkingParameters,
    walkers: Walkers,
) -> None:
    """Puts those who start inside on the first of their places that is free of people and walls."""
    margin = parameters.radius + DOOR_MARGIN
    for i in range(walkers.phase.shape[0]):
        for number in range(people.inside.shape[1]):
            x, y = people.inside[first + i, number, 0], people.inside[first + i, number, 1]
            if math.isnan(x) or not _is_free(x, y, walkers, 2.0 * parameters.radius + ELBOW_ROOM):
                continue
            is_clear = is_within(x, y, walls, exits)
            for wall in range(walls.shape[0]):
                near_x, near_y = nearest_point(x, y, walls, wall)
                if math.hypot(x - near_x, y - near_y) < parameters.radius:
                    is_clear = False
            if is_clear:
                goal = walkers.goal[i]
                to_x, to_y = aim_at_exit(x, y, people.exit_fraction[first + i], exits, goal, margin)
                walkers.waypoint[i] = choose_waypoint(x, y, to_x, to_y, goal, -1, routes, walls, exits)
                if walkers.waypoint[i] >= 0:
                    to_x, to_y = routes.waypoint[walkers.waypoint[i], 0], routes.waypoint[walkers.waypoint[i], 1]
                _start(i, x, y, to_x, to_y, walkers)
                break


@njit
def come_in(
    first: int, now_s: float, people: People, exits: np.ndarray, parameters: WalkingParameters, walkers: Walkers
) -> None:
    """Brings in, at the threshold of their exits, those whose time has come and who have room."""
    for i in range(walkers.phase.shape[0]):
        if walkers.phase[i] != WAITING or people.entry_s[first + i] > now_s:
            continue
        way_in = people.entry[first + i]
        start_x, start_y, out_x, out_y = exits[way_in, 0], exits[way_in, 1], exits[way_in, 4], exits[way_in, 5]
        along_x, along_y = exits[way_in, 2] - start_x, exits[way_in, 3] - start_y
        margin = min((parameters.radius + DOOR_MARGIN) / math.hypot(along_x, along_y), 0.5)
        share = min(max(people.entry_fraction[first + i], margin), 1.0 - margin)
        x, y = start_x + share * along_x - 0.01 * out_x, start_y + share * along_y - 0.01 * out_y
        if _is_free(x, y, walkers, 2.0 * parameters.radius + ELBOW_ROOM):
            _start(i, x, y, x - out_x, y - out_y, walkers)
