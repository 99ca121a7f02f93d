"""Steps of a walk: one kernel that steps many scenes side by side, each on its own.

Semi-implicit Euler: velocities from the forces at the old positions, positions from the new velocities; the speed is
bounded by 1.3 times the desired one, and bodies are then moved out of walls. A scene sees nothing of its
neighbours in the arrays and of the thread it runs on, so its numbers are the same bits in any batch.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numba import prange

from pathcast.compiled import njit, parallel_njit
from pathcast.simulator.pedestrian.contact import push_out
from pathcast.simulator.pedestrian.entering import DOOR_MARGIN, come_in, place_inside
from pathcast.simulator.pedestrian.forces import add_people_forces, wall_force
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.people import SPEED_LEAST, SPEED_MOST, Events, Intent, People
from pathcast.simulator.pedestrian.places import Places
from pathcast.simulator.pedestrian.record import Kept
from pathcast.simulator.pedestrian.routing import Routes, aim_at_exit, choose_waypoint, find_routes
from pathcast.simulator.pedestrian.state import GONE, WALKING, Walkers

GOAL, DWELL, SPEED = int(Intent.GOAL), int(Intent.DWELL), int(Intent.SPEED)
REROUTE_S = 0.25
"""Everybody looks for the way this often, s."""
STANDING_SWAY = 0.3
"""Random acceleration of somebody who stands, over that of somebody who walks."""


@parallel_njit
def walk_scenes(
    places: Places,
    people: People,
    events: Events,
    noise: Float[np.ndarray, " number"],
    parameters: WalkingParameters,
    step_s: float,
    first_step: int,
    num_steps: int,
    record_every: int,
    all_walkers: Walkers,
    kept: Kept,
) -> None:
    """Walks all scenes and fills the kept.

    Args:
        places: Walls and exits.
        people: Who walks.
        events: Their changes of intent.
        noise: Standard normal numbers [step, person, axis] of each scene, one scene after the other; or empty.
        parameters: Of the model.
        step_s: Time step, s.
        first_step: Steps walked before; at 0 people are put into their scenes.
        num_steps: Steps to walk.
        record_every: Steps between two frames.
        all_walkers: Walk on, in place, from where they are.
        kept: Filled in place, num_steps // record_every + 1 frames.
    """
    for scene in prange(people.starts.shape[0] - 1):
        _walk_scene(
            scene,
            places,
            people,
            events,
            noise,
            parameters,
            step_s,
            first_step,
            num_steps,
            record_every,
            all_walkers,
            kept,
        )


@njit
def _walk_scene(
    scene: int,
    places: Places,
    people: People,
    events: Events,
    noise: np.ndarray,
    parameters: WalkingParameters,
    step_s: float,
    first_step: int,
    num_steps: int,
    record_every: int,
    all_walkers: Walkers,
    kept: Kept,
) -> None:
    first, end = people.starts[scene], people.starts[scene + 1]
    num = end - first
    place = places.place[scene]
    walls = places.walls[places.wall_starts[place] : places.wall_starts[place + 1]]
    exits = places.exits[places.exit_starts[place] : places.exit_starts[place + 1]]
    routes = find_routes(walls, exits)
    walkers = _of_scene(all_walkers, scene, first, end)
    next_event = events.starts[first:end].copy()
    reroute_every = max(round(REROUTE_S / step_s), 1)
    kick = parameters.sway * math.sqrt(2.0 * step_s / parameters.relaxation)
    if first_step == 0:
        place_inside(first, people, walls, exits, routes, parameters, walkers)
    for step in range(first_step, first_step + num_steps + 1):
        now_s = step * step_s
        come_in(first, now_s, people, exits, parameters, walkers)
        _take_events(first, now_s, people, events, exits.shape[0], next_event, walkers, kept)
        active = np.flatnonzero(walkers.phase == WALKING)
        if (step - first_step) % record_every == 0:
            _keep((step - first_step) // record_every, now_s, first, active, walkers, kept)
        if step == first_step + num_steps:
            break
        looks = step % reroute_every == 0
        _intend(active, looks, first, now_s, people, walls, exits, routes, parameters, walkers)
        add_people_forces(
            active, walkers.position, walkers.velocity, walkers.heading, walls, parameters, walkers.acceleration
        )
        if noise.shape[0] > 0:
            _sway(active, 2 * (num_steps * first + (step - first_step) * num), now_s, kick, noise, walkers)
        _advance(active, step_s, walls, exits, parameters, walkers)


@njit
def _of_scene(walkers: Walkers, scene: int, first: int, end: int) -> Walkers:
    """The people of one scene, as views."""
    return Walkers(
        walkers.position[first:end],
        walkers.velocity[first:end],
        walkers.heading[first:end],
        walkers.acceleration[first:end],
        walkers.speed[first:end],
        walkers.dwell_until[first:end],
        walkers.goal[first:end],
        walkers.waypoint[first:end],
        walkers.phase[first:end],
        walkers.entered[first:end],
        walkers.group[first:end],
        walkers.has_chosen[first:end],
        walkers.open_s[scene : scene + 1],
        walkers.substeps[scene : scene + 1],
    )


@njit
def _take_events(
    first: int,
    now_s: float,
    people: People,
    events: Events,
    num_exits: int,
    next_event: np.ndarray,
    walkers: Walkers,
    kept: Kept,
) -> None:
    """Lets the events whose time has come take effect on those who are there."""
    for i in range(walkers.phase.shape[0]):
        while next_event[i] < events.starts[first + i + 1] and events.time_s[next_event[i]] <= now_s:
            event = next_event[i]
            next_event[i] += 1
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
            kept.event_value[event] = value


@njit
def _keep(frame: int, now_s: float, first: int, active: np.ndarray, walkers: Walkers, kept: Kept) -> None:
    """Writes down who is where."""
    for i in active:
        kept.position[first + i, frame, 0] = walkers.position[i, 0]
        kept.position[first + i, frame, 1] = walkers.position[i, 1]
        kept.goal[first + i, frame] = walkers.goal[i]
        kept.is_dwelling[first + i, frame] = now_s < walkers.dwell_until[i]
        kept.group[first + i, frame] = walkers.group[i]


@njit
def _intend(
    active: np.ndarray,
    looks: bool,
    first: int,
    now_s: float,
    people: People,
    walls: np.ndarray,
    exits: np.ndarray,
    routes: Routes,
    parameters: WalkingParameters,
    walkers: Walkers,
) -> None:
    """Sets the headings, and the accelerations to what walls and the own will ask for (m/s²)."""
    margin = parameters.radius + DOOR_MARGIN
    for i in active:
        x, y, goal = walkers.position[i, 0], walkers.position[i, 1], walkers.goal[i]
        to_x, to_y = aim_at_exit(x, y, people.exit_fraction[first + i], exits, goal, margin)
        if looks:
            walkers.waypoint[i] = choose_waypoint(x, y, to_x, to_y, goal, walkers.waypoint[i], routes, walls, exits)
        waypoint = walkers.waypoint[i]
        if waypoint >= 0:
            to_x, to_y = routes.waypoint[waypoint, 0], routes.waypoint[waypoint, 1]
        length = math.sqrt((to_x - x) ** 2 + (to_y - y) ** 2)
        if length > 1e-6:
            walkers.heading[i, 0], walkers.heading[i, 1] = (to_x - x) / length, (to_y - y) / length
        speed = 0.0 if now_s < walkers.dwell_until[i] else walkers.speed[i]
        wall_x, wall_y = wall_force(x, y, walls, parameters)
        will_x = (speed * walkers.heading[i, 0] - walkers.velocity[i, 0]) / parameters.relaxation
        will_y = (speed * walkers.heading[i, 1] - walkers.velocity[i, 1]) / parameters.relaxation
        walkers.acceleration[i, 0], walkers.acceleration[i, 1] = wall_x + will_x, wall_y + will_y


@njit
def _sway(active: np.ndarray, number: int, now_s: float, kick: float, noise: np.ndarray, walkers: Walkers) -> None:
    """Adds random velocity, less for those who stand; `number` is where the step's noise starts."""
    for i in active:
        size = kick * (STANDING_SWAY if now_s < walkers.dwell_until[i] else 1.0)
        walkers.velocity[i, 0] += size * noise[number + 2 * i]
        walkers.velocity[i, 1] += size * noise[number + 2 * i + 1]


@njit
def _advance(
    active: np.ndarray,
    step_s: float,
    walls: np.ndarray,
    exits: np.ndarray,
    parameters: WalkingParameters,
    walkers: Walkers,
) -> None:
    """Moves everybody by one step, out of walls, and out of the scene through the exit that is the goal."""
    for i in active:
        old_x, old_y = walkers.position[i, 0], walkers.position[i, 1]
        v_x = walkers.velocity[i, 0] + walkers.acceleration[i, 0] * step_s
        v_y = walkers.velocity[i, 1] + walkers.acceleration[i, 1] * step_s
        speed = math.sqrt(v_x * v_x + v_y * v_y)
        most = parameters.speed_most * walkers.speed[i]
        if speed > most:
            v_x, v_y = v_x * most / speed, v_y * most / speed
        x, y = old_x + v_x * step_s, old_y + v_y * step_s
        x, y, v_x, v_y = push_out(old_x, old_y, x, y, v_x, v_y, parameters.radius, walls)
        for number in range(exits.shape[0]):
            beyond = _beyond(x, y, exits, number)
            if beyond > 0.0 and number == walkers.goal[i]:
                walkers.phase[i] = GONE
            elif beyond > 0.0:
                out_x, out_y = exits[number, 4], exits[number, 5]
                out = max(v_x * out_x + v_y * out_y, 0.0)
                x, y = x - beyond * out_x, y - beyond * out_y
                v_x, v_y = v_x - out * out_x, v_y - out * out_y
        walkers.position[i, 0], walkers.position[i, 1] = x, y
        walkers.velocity[i, 0], walkers.velocity[i, 1] = v_x, v_y


@njit
def _beyond(x: float, y: float, exits: Float[np.ndarray, "exit 6"], number: int) -> float:
    """How far a point is outside an exit, m; 0 where it is inside or beside it."""
    off_x, off_y = x - exits[number, 0], y - exits[number, 1]
    beyond = off_x * exits[number, 4] + off_y * exits[number, 5]
    if beyond <= 0.0:
        return 0.0
    along_x, along_y = exits[number, 2] - exits[number, 0], exits[number, 3] - exits[number, 1]
    share = (off_x * along_x + off_y * along_y) / (along_x * along_x + along_y * along_y)
    return beyond if 0.0 <= share <= 1.0 else 0.0
