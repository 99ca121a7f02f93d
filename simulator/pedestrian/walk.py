"""The walk itself: one kernel that steps many scenes side by side, each on its own.

Semi-implicit Euler: velocities from the forces at the old positions, positions from the new velocities; the speed is
bounded by 1.3 times the desired one, and bodies are then moved out of walls. A scene sees nothing of its
neighbours in the arrays and of the thread it runs on, so its numbers are the same bits in any batch.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numba import prange

from pathcast.simulator.pedestrian.compiled import njit, parallel_njit
from pathcast.simulator.pedestrian.contact import nearest_point, push_out
from pathcast.simulator.pedestrian.forces import add_people_forces, wall_force
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.people import SPEED_LEAST, SPEED_MOST, Events, Intent, People
from pathcast.simulator.pedestrian.places import Places
from pathcast.simulator.pedestrian.routing import Routes, aim_at_exit, choose_waypoint, find_routes

WAITING, WALKING, GONE = 0, 1, 2
GOAL, DWELL, SPEED = int(Intent.GOAL), int(Intent.DWELL), int(Intent.SPEED)
REROUTE_S = 0.25
"""Everybody looks for the way this often, s."""
ELBOW_ROOM = 0.25
"""Room beyond two radii that somebody needs to come in, m."""
DOOR_MARGIN = 0.15
"""Room beyond a radius that is kept from the ends of an exit, m."""


class Record(NamedTuple):
    """What is kept of a walk, at every `record_every`-th step from 0 on."""

    position: Float[np.ndarray, "person frame 2"]
    """Metres, NaN while not in the scene."""
    goal: Int[np.ndarray, "person frame"]
    """Index of the exit walked to, -1 while not in the scene (int8)."""
    is_dwelling: Int[np.ndarray, "person frame"]
    """1 while stopped on purpose (uint8)."""
    event_value: Float[np.ndarray, " event"]
    """New exit's index, duration (s) or new desired speed (m/s); NaN where the event had no effect."""


class _Walkers(NamedTuple):
    """The state of the people of one scene."""

    position: np.ndarray
    velocity: np.ndarray
    heading: np.ndarray
    acceleration: np.ndarray
    speed: np.ndarray
    dwell_until: np.ndarray
    goal: np.ndarray
    waypoint: np.ndarray
    phase: np.ndarray
    next_event: np.ndarray


def record_for(num_people: int, num_events: int, num_frames: int) -> Record:
    """An empty record."""
    return Record(
        np.full((num_people, num_frames, 2), np.nan),
        np.full((num_people, num_frames), -1, np.int8),
        np.zeros((num_people, num_frames), np.uint8),
        np.full(num_events, np.nan),
    )


@parallel_njit
def walk_scenes(
    places: Places,
    people: People,
    events: Events,
    noise: Float[np.ndarray, " number"],
    parameters: WalkingParameters,
    step_s: float,
    num_steps: int,
    record_every: int,
    record: Record,
) -> None:
    """Walks all scenes and fills the record.

    Args:
        places: Walls and exits.
        people: Who walks.
        events: Their changes of intent.
        noise: Standard normal numbers [step, person, axis] of each scene, one scene after the other; or empty.
        parameters: Of the model.
        step_s: Time step, s.
        num_steps: Steps to walk.
        record_every: Steps between two frames.
        record: Filled in place; num_steps // record_every + 1 frames.
    """
    for scene in prange(people.starts.shape[0] - 1):
        _walk_scene(scene, places, people, events, noise, parameters, step_s, num_steps, record_every, record)


@njit
def _walk_scene(
    scene: int,
    places: Places,
    people: People,
    events: Events,
    noise: np.ndarray,
    parameters: WalkingParameters,
    step_s: float,
    num_steps: int,
    record_every: int,
    record: Record,
) -> None:
    first, end = people.starts[scene], people.starts[scene + 1]
    num = end - first
    walls = places.walls[places.wall_starts[scene] : places.wall_starts[scene + 1]]
    exits = places.exits[places.exit_starts[scene] : places.exit_starts[scene + 1]]
    routes = find_routes(walls, exits)
    walkers = _Walkers(
        np.zeros((num, 2)),
        np.zeros((num, 2)),
        np.zeros((num, 2)),
        np.zeros((num, 2)),
        people.speed[first:end].copy(),
        np.zeros(num),
        people.goal[first:end].copy(),
        np.full(num, -1),
        np.zeros(num, np.int64),
        events.starts[first:end].copy(),
    )
    active = np.empty(num, np.int64)
    reroute_every = max(round(REROUTE_S / step_s), 1)
    kick = parameters.sway * math.sqrt(2.0 * step_s / parameters.relaxation)
    _place_inside(first, people, walls, exits, routes, parameters, walkers)
    for step in range(num_steps + 1):
        now_s = step * step_s
        num_active = 0
        for i in range(num):
            if walkers.phase[i] == WAITING and people.entry_s[first + i] <= now_s:
                _come_in(i, first, people, exits, parameters, walkers)
            _take_events(i, first, now_s, people, events, exits.shape[0], walkers, record)
            if walkers.phase[i] == WALKING:
                active[num_active] = i
                num_active += 1
        if step % record_every == 0:
            _keep(step // record_every, now_s, first, active[:num_active], walkers, record)
        if step == num_steps:
            break
        for one in range(num_active):
            i = active[one]
            _intend(i, first, step % reroute_every == 0, now_s, people, walls, exits, routes, parameters, walkers)
        add_people_forces(
            active[:num_active],
            walkers.position,
            walkers.velocity,
            walkers.heading,
            walls,
            parameters,
            walkers.acceleration,
        )
        for one in range(num_active):
            i = active[one]
            kick_x, kick_y = 0.0, 0.0
            if noise.shape[0] > 0:
                number = 2 * (num_steps * first + step * num + i)
                size = kick * (0.3 if now_s < walkers.dwell_until[i] else 1.0)
                kick_x, kick_y = size * noise[number], size * noise[number + 1]
            _advance(i, kick_x, kick_y, step_s, walls, exits, parameters, walkers)


@njit
def _is_free(x: float, y: float, walkers: _Walkers, room: float) -> bool:
    """Whether nobody in the scene is nearer than the room (m)."""
    for other in range(walkers.phase.shape[0]):
        if walkers.phase[other] == WALKING:
            away = math.hypot(x - walkers.position[other, 0], y - walkers.position[other, 1])
            if away < room:
                return False
    return True


@njit
def _start(i: int, x: float, y: float, to_x: float, to_y: float, walkers: _Walkers) -> None:
    """Puts somebody into the scene, walking at the desired speed towards a point."""
    length = max(math.hypot(to_x - x, to_y - y), 1e-9)
    walkers.phase[i] = WALKING
    walkers.position[i] = x, y
    walkers.heading[i] = (to_x - x) / length, (to_y - y) / length
    walkers.velocity[i] = walkers.speed[i] * walkers.heading[i]


@njit
def _place_inside(
    first: int,
    people: People,
    walls: np.ndarray,
    exits: np.ndarray,
    routes: Routes,
    parameters: WalkingParameters,
    walkers: _Walkers,
) -> None:
    """Puts those who start inside on the first of their places that is free of people and walls."""
    margin = parameters.radius + DOOR_MARGIN
    for i in range(walkers.phase.shape[0]):
        for number in range(people.inside.shape[1]):
            x, y = people.inside[first + i, number]
            if math.isnan(x) or not _is_free(x, y, walkers, 2.0 * parameters.radius + ELBOW_ROOM):
                continue
            is_clear = _is_reachable(x, y, walls, exits)
            for wall in range(walls.shape[0]):
                near_x, near_y = nearest_point(x, y, walls[wall])
                if math.hypot(x - near_x, y - near_y) < parameters.radius:
                    is_clear = False
            if is_clear:
                goal = walkers.goal[i]
                to_x, to_y = aim_at_exit(x, y, people.exit_fraction[first + i], exits[goal], margin)
                walkers.waypoint[i] = choose_waypoint(x, y, to_x, to_y, goal, -1, routes, walls, exits)
                if walkers.waypoint[i] >= 0:
                    to_x, to_y = routes.waypoint[walkers.waypoint[i]]
                _start(i, x, y, to_x, to_y, walkers)
                break


@njit
def _is_reachable(x: float, y: float, walls: np.ndarray, exits: np.ndarray) -> bool:
    """Whether a point is inside the scene and outside every obstacle (even-odd rule over walls and exits)."""
    crossings = 0
    for number in range(walls.shape[0] + exits.shape[0]):
        edge = walls[number] if number < walls.shape[0] else exits[number - walls.shape[0], :4]
        if (edge[1] > y) != (edge[3] > y) and x < edge[0] + (y - edge[1]) / (edge[3] - edge[1]) * (edge[2] - edge[0]):
            crossings += 1
    return crossings % 2 == 1


@njit
def _come_in(
    i: int, first: int, people: People, exits: np.ndarray, parameters: WalkingParameters, walkers: _Walkers
) -> None:
    """Brings somebody in at the threshold of an exit as soon as there is room."""
    way_in = exits[people.entry[first + i]]
    width = math.hypot(way_in[2] - way_in[0], way_in[3] - way_in[1])
    margin = min((parameters.radius + DOOR_MARGIN) / width, 0.5)
    share = min(max(people.entry_fraction[first + i], margin), 1.0 - margin)
    x = way_in[0] + share * (way_in[2] - way_in[0]) - 0.01 * way_in[4]
    y = way_in[1] + share * (way_in[3] - way_in[1]) - 0.01 * way_in[5]
    if _is_free(x, y, walkers, 2.0 * parameters.radius + ELBOW_ROOM):
        _start(i, x, y, x - way_in[4], y - way_in[5], walkers)


@njit
def _take_events(
    i: int, first: int, now_s: float, people: People, events: Events, num_exits: int, walkers: _Walkers, record: Record
) -> None:
    """Lets the events whose time has come take effect on somebody who is there."""
    while walkers.next_event[i] < events.starts[first + i + 1] and events.time_s[walkers.next_event[i]] <= now_s:
        event = walkers.next_event[i]
        walkers.next_event[i] += 1
        if walkers.phase[i] != WALKING:
            continue
        value = events.value[event]
        if events.kind[event] == GOAL:
            walkers.goal[i] = (walkers.goal[i] + 1 + int(value * (num_exits - 1))) % num_exits
            walkers.waypoint[i] = -1
            value = float(walkers.goal[i])
        elif events.kind[event] == DWELL:
            walkers.dwell_until[i] = max(walkers.dwell_until[i], now_s + value)
        elif events.kind[event] == SPEED:
            value = min(max(people.speed[first + i] * value, SPEED_LEAST), SPEED_MOST)
            walkers.speed[i] = value
        record.event_value[event] = value


@njit
def _keep(frame: int, now_s: float, first: int, active: np.ndarray, walkers: _Walkers, record: Record) -> None:
    """Writes down who is where."""
    for one in range(active.shape[0]):
        i = active[one]
        record.position[first + i, frame] = walkers.position[i]
        record.goal[first + i, frame] = walkers.goal[i]
        record.is_dwelling[first + i, frame] = now_s < walkers.dwell_until[i]


@njit
def _intend(
    i: int,
    first: int,
    looks: bool,
    now_s: float,
    people: People,
    walls: np.ndarray,
    exits: np.ndarray,
    routes: Routes,
    parameters: WalkingParameters,
    walkers: _Walkers,
) -> None:
    """Sets the heading, and the acceleration to what walls and the own will ask for (m/s²)."""
    x, y = walkers.position[i]
    goal = walkers.goal[i]
    to_x, to_y = aim_at_exit(x, y, people.exit_fraction[first + i], exits[goal], parameters.radius + DOOR_MARGIN)
    if looks:
        walkers.waypoint[i] = choose_waypoint(x, y, to_x, to_y, goal, walkers.waypoint[i], routes, walls, exits)
    if walkers.waypoint[i] >= 0:
        to_x, to_y = routes.waypoint[walkers.waypoint[i]]
    length = math.hypot(to_x - x, to_y - y)
    if length > 1e-6:
        walkers.heading[i] = (to_x - x) / length, (to_y - y) / length
    speed = 0.0 if now_s < walkers.dwell_until[i] else walkers.speed[i]
    wall_x, wall_y = wall_force(x, y, walls, parameters)
    walkers.acceleration[i, 0] = (
        wall_x + (speed * walkers.heading[i, 0] - walkers.velocity[i, 0]) / parameters.relaxation
    )
    walkers.acceleration[i, 1] = (
        wall_y + (speed * walkers.heading[i, 1] - walkers.velocity[i, 1]) / parameters.relaxation
    )


@njit
def _advance(
    i: int,
    kick_x: float,
    kick_y: float,
    step_s: float,
    walls: np.ndarray,
    exits: np.ndarray,
    parameters: WalkingParameters,
    walkers: _Walkers,
) -> None:
    """Moves somebody by one step, out of walls, and out of the scene through the exit that is the goal."""
    old_x, old_y = walkers.position[i]
    v_x = walkers.velocity[i, 0] + walkers.acceleration[i, 0] * step_s + kick_x
    v_y = walkers.velocity[i, 1] + walkers.acceleration[i, 1] * step_s + kick_y
    speed = math.sqrt(v_x * v_x + v_y * v_y)
    most = parameters.speed_most * walkers.speed[i]
    if speed > most:
        v_x, v_y = v_x * most / speed, v_y * most / speed
    x, y, v_x, v_y = push_out(
        old_x, old_y, old_x + v_x * step_s, old_y + v_y * step_s, v_x, v_y, parameters.radius, walls
    )
    for number in range(exits.shape[0]):
        way_out = exits[number]
        beyond = (x - way_out[0]) * way_out[4] + (y - way_out[1]) * way_out[5]
        along_x, along_y = way_out[2] - way_out[0], way_out[3] - way_out[1]
        share = ((x - way_out[0]) * along_x + (y - way_out[1]) * along_y) / (along_x**2 + along_y**2)
        if beyond <= 0.0 or not 0.0 <= share <= 1.0:
            continue
        if number == walkers.goal[i]:
            walkers.phase[i] = GONE
        else:
            x, y = x - beyond * way_out[4], y - beyond * way_out[5]
            out = max(v_x * way_out[4] + v_y * way_out[5], 0.0)
            v_x, v_y = v_x - out * way_out[4], v_y - out * way_out[5]
    walkers.position[i] = x, y
    walkers.velocity[i] = v_x, v_y
