"""Steps of a walk: one kernel that walks many scenes side by side, each on its own.

Each step takes the forces at the places and velocities half a step ahead (places by the velocity, velocities by the
last acceleration), which is of second order in the step at one evaluation of the forces. Bodies that still overlap
are then moved apart, and out of walls. A scene sees nothing of its neighbours in the arrays and of the thread it runs
on, so its numbers are the same bits in any batch.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numba import prange

from pathcast.compiled import inlined_njit, njit, parallel_njit
from pathcast.simulator.pedestrian.cells import find_pairs
from pathcast.simulator.pedestrian.changes import choose_in_zones, take_events
from pathcast.simulator.pedestrian.contact import push_out, separate
from pathcast.simulator.pedestrian.entering import come_in, place_inside
from pathcast.simulator.pedestrian.forces import (
    A_X,
    A_Y,
    FAINT,
    HEADING_X,
    HEADING_Y,
    V_X,
    V_Y,
    X,
    Y,
    add_people_forces,
    wall_force,
)
from pathcast.simulator.pedestrian.ground import Ground, RouteTable, ground_of
from pathcast.simulator.pedestrian.groups import add_group_forces, group_pace, link_members
from pathcast.simulator.pedestrian.outlook import aim_of, find_walls, is_near_exit, look_for_way
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.people import Events, People
from pathcast.simulator.pedestrian.places import Places
from pathcast.simulator.pedestrian.record import Kept
from pathcast.simulator.pedestrian.state import GONE, WALKING, Walkers

REROUTE_S = 0.25
"""Everybody looks for the way and about this often, s."""
STANDING_SWAY = 0.3
"""Random acceleration of somebody who stands, over that of somebody who walks."""
SLACK = 0.2
"""Room, beyond what people can walk until they look again, in the lists of who and what is near, m."""
FAR = 1e9
"""Where those are put who have left since the others looked, m."""


class Desk(NamedTuple):
    """Working arrays of one scene. Those there, in the order of `active`, are `bodies`; lists hold bodies."""

    active: Int[np.ndarray, " body"]
    """Number of the person, of each body."""
    body: Float[np.ndarray, "body 8"]
    """Half a step ahead."""
    group: Int[np.ndarray, " body"]
    pace: Float[np.ndarray, " body"]
    """Desired speed as one of a group, m/s."""
    head: Int[np.ndarray, " group"]
    following: Int[np.ndarray, " body"]
    pair_starts: Int[np.ndarray, " body_and_end"]
    near_walls: Int[np.ndarray, "body wall"]
    num_walls: Int[np.ndarray, " body"]
    is_at_exit: Int[np.ndarray, " body"]
    is_at_wall: Int[np.ndarray, " body"]
    old: Float[np.ndarray, "body 2"]
    """Place before the step, m."""
    close: Int[np.ndarray, "pair 2"]


@njit
def _set_up_desk(num: int, num_walls: int) -> Desk:
    return Desk(
        np.empty(num, np.int64),
        np.zeros((num, 8)),
        np.empty(num, np.int64),
        np.empty(num),
        np.empty(num, np.int64),
        np.empty(num, np.int64),
        np.zeros(num + 1, np.int64),
        np.empty((num, num_walls + 1), np.int64),
        np.zeros(num, np.int64),
        np.zeros(num, np.int64),
        np.zeros(num, np.int64),
        np.empty((num, 2)),
        np.empty((24 * num, 2), np.int64),
    )


@parallel_njit
def walk_scenes(
    places: Places,
    table: RouteTable,
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
    """Walks all scenes and fills the record.

    Args:
        places: Walls, exits and zones.
        table: Their routes.
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
        ground = ground_of(places.place[scene], places, table)
        _walk_scene(
            scene,
            ground,
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
    ground: Ground,
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
    walkers = _of_scene(all_walkers, scene, first, end)
    desk = _set_up_desk(num, ground.walls.shape[0])
    partner = np.empty(0, np.int32)
    look_every = max(round(REROUTE_S / step_s), 1)
    kick = parameters.sway * math.sqrt(2.0 * step_s / parameters.relaxation)
    next_event, next_event_s = _pass_over(first, events, first_step * step_s if first_step > 0 else -math.inf, num)
    if first_step == 0:
        place_inside(first, people, ground, parameters, walkers)
    look_s = (first_step // look_every) * look_every * step_s
    num_there, is_stale = _gather(walkers, look_s, desk.active), True
    for step in range(first_step, first_step + num_steps + 1):
        now_s = step * step_s
        looks = step % look_every == 0
        if ground.period == math.inf and come_in(first, now_s, people, ground, parameters, walkers) > 0:
            num_there, is_stale = _append(walkers, now_s, num_there, desk.active), True
        if next_event_s <= now_s:
            is_changed, next_event_s = take_events(first, now_s, people, events, ground, next_event, walkers, kept)
            is_stale = is_stale or is_changed
        if looks and ground.zones.shape[0] > 0:
            choose_in_zones(first, now_s, people, ground, parameters, walkers, kept)
        if (step - first_step) % record_every == 0:
            _keep((step - first_step) // record_every, now_s, first, walkers, kept)
        if step == first_step + num_steps:
            break
        if looks:
            num_there = _gather(walkers, now_s, desk.active)
        elif is_stale:
            num_there = _without_gone(walkers, num_there, desk.active)
        if looks or is_stale:
            partner = _look_about(first, num_there, looks, step_s, people, ground, parameters, walkers, desk, partner)
            is_stale = False
        at = 2 * (num_steps * first + (step - first_step) * num)
        _sense(first, num_there, now_s, step_s, people, ground, parameters, walkers, desk)
        near = 2.0 * parameters.radius * parameters.core + SLACK
        bodies = desk.body[:num_there]
        num_close = add_people_forces(
            bodies, desk.group, desk.pair_starts, partner, ground.screens, ground.period, near, parameters, desk.close
        )
        add_group_forces(bodies, desk.head, desk.following, ground.period, parameters)
        if noise.shape[0] > 0:
            _sway(num_there, at, now_s, kick, noise, walkers, desk)
        _move(num_there, step_s, parameters, walkers, desk)
        if num_close > 0:
            separate(desk.close, num_close, desk.active, ground.period, parameters, walkers)
        is_stale = _settle(num_there, now_s + step_s, ground, parameters, walkers, desk)


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
        walkers.entered_s[first:end],
        walkers.group[first:end],
        walkers.has_chosen[first:end],
        walkers.open_s[scene : scene + 1],
    )


@njit
def _pass_over(first: int, events: Events, until_s: float, num: int) -> tuple[np.ndarray, float]:
    """Each one's first event after an instant, and when the first of them all comes, s."""
    next_event, next_s = np.empty(num, np.int64), math.inf
    for i in range(num):
        event = events.starts[first + i]
        while event < events.starts[first + i + 1] and events.time_s[event] <= until_s:
            event += 1
        next_event[i] = event
        if event < events.starts[first + i + 1]:
            next_s = min(next_s, events.time_s[event])
    return next_event, next_s


@njit
def _gather(walkers: Walkers, look_s: float, active: np.ndarray) -> int:
    """Lists those who are there: first, in rising order, who came up to an instant, then the others as they came."""
    num_there, num_later = 0, 0
    for i in range(walkers.phase.shape[0]):
        if walkers.phase[i] == WALKING and walkers.entered_s[i] <= look_s:
            active[num_there] = i
            num_there += 1
        elif walkers.phase[i] == WALKING:
            num_later += 1
    since_s = look_s
    while num_later > 0:
        next_s = math.inf
        for i in range(walkers.phase.shape[0]):
            if walkers.phase[i] == WALKING and walkers.entered_s[i] > since_s:
                next_s = min(next_s, walkers.entered_s[i])
        for i in range(walkers.phase.shape[0]):
            if walkers.phase[i] == WALKING and walkers.entered_s[i] == next_s:
                active[num_there] = i
                num_there, num_later = num_there + 1, num_later - 1
        since_s = next_s
    return num_there


@njit
def _without_gone(walkers: Walkers, num_there: int, active: np.ndarray) -> int:
    """Strikes those who have left off the list."""
    num_left = 0
    for number in range(num_there):
        if walkers.phase[active[number]] == WALKING:
            active[num_left] = active[number]
            num_left += 1
    return num_left


@njit
def _append(walkers: Walkers, now_s: float, num_there: int, active: np.ndarray) -> int:
    """Lists those who have just come in, too."""
    num = _without_gone(walkers, num_there, active)
    for i in range(walkers.phase.shape[0]):
        if walkers.phase[i] == WALKING and walkers.entered_s[i] == now_s and walkers.entered[i] >= 0:
            active[num] = i
            num += 1
    return num


@inlined_njit
def _keep(frame: int, now_s: float, first: int, walkers: Walkers, kept: Kept) -> None:
    """Writes down who is where."""
    for i in range(walkers.phase.shape[0]):
        if walkers.phase[i] == WALKING:
            kept.position[first + i, frame, 0] = walkers.position[i, 0]
            kept.position[first + i, frame, 1] = walkers.position[i, 1]
            kept.goal[first + i, frame] = walkers.goal[i]
            kept.is_dwelling[first + i, frame] = now_s < walkers.dwell_until[i]
            kept.group[first + i, frame] = walkers.group[i]


@inlined_njit
def _wrapped(x: float, ground: Ground) -> float:
    """The first coordinate in the piece that repeats, m."""
    if ground.period == math.inf:
        return x
    return x - math.floor((x - ground.west) / ground.period) * ground.period


@njit
def _look_about(
    first: int,
    num_there: int,
    looks: bool,
    step_s: float,
    people: People,
    ground: Ground,
    parameters: WalkingParameters,
    walkers: Walkers,
    desk: Desk,
    partner: np.ndarray,
) -> np.ndarray:
    """Lists who and what is near everybody until they look again; `looks` where they also look for the way."""
    fastest = 0.0
    for number in range(num_there):
        fastest = max(fastest, walkers.speed[desk.active[number]])
    walked = parameters.speed_most * fastest * (REROUTE_S + step_s) + SLACK
    wall_distance = parameters.radius + FAINT * parameters.reach + walked
    for number in range(num_there):
        i = desk.active[number]
        x, y = _wrapped(walkers.position[i, 0], ground), walkers.position[i, 1]
        if looks and ground.period == math.inf:
            look_for_way(i, x, y, people.exit_fraction[first + i], ground, parameters, walkers)
        desk.num_walls[number] = find_walls(x, y, wall_distance, ground.walls, desk.near_walls[number])
        desk.is_at_exit[number] = ground.period == math.inf and is_near_exit(x, y, walked, ground.exits)
        desk.body[number, X], desk.body[number, Y] = x, y
        desk.group[number] = walkers.group[i]
    _set_paces(num_there, parameters, walkers, desk)
    bodies = desk.body[:num_there]
    return find_pairs(bodies, parameters.sight + 2.0 * walked, ground.period, desk.pair_starts, partner)


@njit
def _set_paces(num_there: int, parameters: WalkingParameters, walkers: Walkers, desk: Desk) -> None:
    """Links the members of groups and gives each group one pace."""
    link_members(desk.group[:num_there], desk.head, desk.following)
    for number in range(num_there):
        desk.pace[number] = walkers.speed[desk.active[number]]
    for group in range(desk.head.shape[0]):
        head = desk.head[group]
        if head >= 0:
            pace = group_pace(head, desk.following, desk.pace, parameters)
            while head >= 0:
                desk.pace[head] = pace
                head = desk.following[head]


@inlined_njit
def _sense(
    first: int,
    num_there: int,
    now_s: float,
    step_s: float,
    people: People,
    ground: Ground,
    parameters: WalkingParameters,
    walkers: Walkers,
    desk: Desk,
) -> None:
    """Puts bodies where they will be in half a step, with what walls and the own will ask for (m/s²)."""
    at_wall = (parameters.radius + 0.3) ** 2
    for number in range(num_there):
        i = desk.active[number]
        if walkers.phase[i] != WALKING:
            desk.body[number, :] = 0.0
            desk.body[number, X] = FAR * (1.0 + number)
            continue
        x, y = walkers.position[i, 0], walkers.position[i, 1]
        v_x = walkers.velocity[i, 0] + 0.5 * step_s * walkers.acceleration[i, 0]
        v_y = walkers.velocity[i, 1] + 0.5 * step_s * walkers.acceleration[i, 1]
        x, y = x + 0.5 * step_s * walkers.velocity[i, 0], y + 0.5 * step_s * walkers.velocity[i, 1]
        to_x, to_y = aim_of(i, x, y, people.exit_fraction[first + i], ground, parameters, walkers)
        to_x, to_y = to_x - x, to_y - y
        length = math.sqrt(to_x * to_x + to_y * to_y)
        if length > 1e-6:
            walkers.heading[i, 0], walkers.heading[i, 1] = to_x / length, to_y / length
        speed = 0.0 if now_s < walkers.dwell_until[i] else desk.pace[number]
        x = _wrapped(x, ground)
        wall_x, wall_y, least = wall_force(
            x, y, ground.walls, desk.near_walls[number], desk.num_walls[number], parameters
        )
        desk.is_at_wall[number] = least < at_wall
        desk.body[number, X], desk.body[number, Y], desk.body[number, V_X], desk.body[number, V_Y] = x, y, v_x, v_y
        desk.body[number, HEADING_X], desk.body[number, HEADING_Y] = walkers.heading[i, 0], walkers.heading[i, 1]
        desk.body[number, A_X] = wall_x + (speed * walkers.heading[i, 0] - v_x) / parameters.relaxation
        desk.body[number, A_Y] = wall_y + (speed * walkers.heading[i, 1] - v_y) / parameters.relaxation


@inlined_njit
def _sway(num_there: int, at: int, now_s: float, kick: float, noise: np.ndarray, walkers: Walkers, desk: Desk) -> None:
    """Adds random velocity, less for those who stand; `at` is where the step's noise starts."""
    for number in range(num_there):
        i = desk.active[number]
        size = kick * (STANDING_SWAY if now_s < walkers.dwell_until[i] else 1.0)
        walkers.velocity[i, 0] += size * noise[at + 2 * i]
        walkers.velocity[i, 1] += size * noise[at + 2 * i + 1]


@inlined_njit
def _move(num_there: int, step_s: float, parameters: WalkingParameters, walkers: Walkers, desk: Desk) -> None:
    """Moves everybody who is there by one step, whatever is in the way."""
    for number in range(num_there):
        i = desk.active[number]
        if walkers.phase[i] != WALKING:
            continue
        a_x, a_y = desk.body[number, A_X], desk.body[number, A_Y]
        old_v_x, old_v_y = walkers.velocity[i, 0], walkers.velocity[i, 1]
        v_x, v_y = old_v_x + a_x * step_s, old_v_y + a_y * step_s
        speed_squared = v_x * v_x + v_y * v_y
        most = parameters.speed_most * walkers.speed[i]
        if speed_squared > most * most:
            less = most / math.sqrt(speed_squared)
            v_x, v_y = v_x * less, v_y * less
        desk.old[number, 0], desk.old[number, 1] = walkers.position[i, 0], walkers.position[i, 1]
        walkers.position[i, 0] += 0.5 * step_s * (old_v_x + v_x)
        walkers.position[i, 1] += 0.5 * step_s * (old_v_y + v_y)
        walkers.velocity[i, 0], walkers.velocity[i, 1] = v_x, v_y
        walkers.acceleration[i, 0], walkers.acceleration[i, 1] = a_x, a_y


@inlined_njit
def _settle(
    num_there: int, then_s: float, ground: Ground, parameters: WalkingParameters, walkers: Walkers, desk: Desk
) -> bool:
    """Moves bodies out of walls, and out of the scene through the exit that is the goal.

    Returns:
        Whether a member of a group has left.
    """
    has_left = False
    for number in range(num_there):
        i = desk.active[number]
        if walkers.phase[i] != WALKING:
            continue
        if desk.is_at_wall[number]:
            shift = walkers.position[i, 0] - _wrapped(walkers.position[i, 0], ground)
            x, y, v_x, v_y = push_out(
                desk.old[number, 0] - shift,
                desk.old[number, 1],
                walkers.position[i, 0] - shift,
                walkers.position[i, 1],
                walkers.velocity[i, 0],
                walkers.velocity[i, 1],
                parameters.radius,
                ground.walls,
            )
            walkers.position[i, 0], walkers.position[i, 1] = x + shift, y
            walkers.velocity[i, 0], walkers.velocity[i, 1] = v_x, v_y
        if desk.is_at_exit[number]:
            _pass_exits(i, then_s, ground, walkers)
            has_left = has_left or (walkers.phase[i] == GONE and walkers.group[i] >= 0)
    return has_left


@inlined_njit
def _pass_exits(i: int, then_s: float, ground: Ground, walkers: Walkers) -> None:
    """Lets somebody out by the exit that is the goal, if it is open, and by no other."""
    for number in range(ground.exits.shape[0]):
        x, y = walkers.position[i, 0], walkers.position[i, 1]
        beyond = _beyond(x, y, ground.exits, number)
        if beyond <= 0.0:
            continue
        if number == walkers.goal[i] and then_s >= walkers.open_s[0, number]:
            walkers.phase[i] = GONE
            walkers.open_s[0, number] = then_s + ground.gate_s[number]
            return
        out_x, out_y = ground.exits[number, 4], ground.exits[number, 5]
        out = max(walkers.velocity[i, 0] * out_x + walkers.velocity[i, 1] * out_y, 0.0)
        walkers.position[i, 0], walkers.position[i, 1] = x - beyond * out_x, y - beyond * out_y
        walkers.velocity[i, 0] -= out * out_x
        walkers.velocity[i, 1] -= out * out_y


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
