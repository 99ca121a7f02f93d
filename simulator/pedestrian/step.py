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
    DESIRED,
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
from pathcast.simulator.pedestrian.outlook import find_walls, is_near_exit, look_for_way, set_aim, wall_shapes
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.people import Events, People
from pathcast.simulator.pedestrian.places import Places
from pathcast.simulator.pedestrian.record import Kept
from pathcast.simulator.pedestrian.routing import DOOR_MARGIN, beyond_exit
from pathcast.simulator.pedestrian.state import GONE, LOST, WALKING, Walkers

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
    reach: Float[np.ndarray, " body"]
    """Two who see each other before they look again are within the sum of theirs now, m."""
    pair_starts: Int[np.ndarray, " body_and_end"]
    aim: Float[np.ndarray, "body 6"]
    """What each one walks to, as `set_aim` writes it down."""
    near_walls: Float[np.ndarray, "body wall 5"]
    num_walls: Int[np.ndarray, " body"]
    is_at_exit: Int[np.ndarray, " body"]
    is_at_wall: Int[np.ndarray, " body"]
    old: Float[np.ndarray, "body 2"]
    """Place before the step, m."""
    close: Int[np.ndarray, "pair 2"]
    paces: Float[np.ndarray, "body 2"]
    """Speed desired now, nothing for who stands on purpose, and what of it those ahead leave, m/s."""


@njit
def _set_up_desk(num: int, num_walls: int) -> Desk:
    return Desk(
        np.empty(num, np.int64),
        np.zeros((num, 8)),
        np.empty(num, np.int64),
        np.empty(num),
        np.empty(num, np.int64),
        np.empty(num, np.int64),
        np.empty(num),
        np.zeros(num + 1, np.int64),
        np.zeros((num, 6)),
        np.empty((num, num_walls, 5)),
        np.zeros(num, np.int64),
        np.zeros(num, np.int64),
        np.zeros(num, np.int64),
        np.empty((num, 2)),
        np.empty((24 * num, 2), np.int64),
        np.zeros((num, 2)),
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
    shapes = wall_shapes(ground.walls)
    partner = np.empty(0, np.int32)
    look_every = max(round(REROUTE_S / step_s), 1)
    kick = parameters.sway * math.sqrt(2.0 * step_s / parameters.relaxation)
    next_event, next_event_s = _pass_over(first, events, first_step * step_s if first_step > 0 else -math.inf, num)
    if first_step == 0:
        place_inside(first, people, ground, parameters, walkers)
    look_s = (first_step // look_every) * look_every * step_s
    next_entry_s = -math.inf if ground.period == math.inf else math.inf
    core = 2.0 * parameters.radius * parameters.core
    near = core + SLACK
    has_groups, num_at_exit = False, 0
    num_there, is_stale = _gather(walkers, look_s, desk.active), True
    position, velocity, acceleration = walkers.position, walkers.velocity, walkers.acceleration
    heading, phase, speed, dwell_until = walkers.heading, walkers.phase, walkers.speed, walkers.dwell_until
    pace, aim, near_walls, num_walls = desk.pace, desk.aim, desk.near_walls, desk.num_walls
    is_at_wall, old, close, group = desk.is_at_wall, desk.old, desk.close, desk.group
    pair_starts, head, following = desk.pair_starts, desk.head, desk.following
    bodies, paces, there = desk.body[:num_there], desk.paces[:num_there], desk.active[:num_there]
    walls, screens, west, period = ground.walls, ground.screens, ground.west, ground.period
    for step in range(first_step, first_step + num_steps + 1):
        now_s = step * step_s
        looks = step % look_every == 0
        if next_entry_s <= now_s:
            has_come, next_entry_s = come_in(first, now_s, people, ground, parameters, walkers)
            if has_come:
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
            partner = _look_about(
                first, num_there, looks, step_s, people, ground, shapes, parameters, walkers, desk, partner
            )
            bodies, paces, there = desk.body[:num_there], desk.paces[:num_there], desk.active[:num_there]
            has_groups, num_at_exit, is_stale = desk.head.max() >= 0, desk.is_at_exit[:num_there].sum(), False
        at = 2 * (num_steps * first + (step - first_step) * num)
        _sense(
            there,
            phase,
            position,
            velocity,
            acceleration,
            heading,
            dwell_until,
            pace,
            aim,
            near_walls,
            num_walls,
            now_s,
            step_s,
            west,
            period,
            parameters,
            is_at_wall,
            bodies,
            paces,
        )
        num_close = add_people_forces(
            bodies, paces, group, pair_starts, partner, screens, period, near, parameters, close
        )
        if has_groups:
            add_group_forces(bodies, head, following, period, parameters)
        if noise.shape[0] > 0:
            _sway(there, noise, at, now_s, kick, dwell_until, velocity)
        _move(
            there,
            bodies,
            phase,
            speed,
            step_s,
            parameters.speed_most,
            position,
            velocity,
            acceleration,
            old,
        )
        if num_close > 0:
            separate(close, num_close, there, period, core, position, velocity)
        _leave_walls(
            there,
            is_at_wall,
            old,
            walls,
            west,
            period,
            parameters.radius,
            position,
            velocity,
        )
        if num_at_exit > 0:
            is_stale = _pass_exits(there, now_s + step_s, ground, desk.is_at_exit, walkers)


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


@njit
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
def _wrapped(x: float, west: float, period: float) -> float:
    """The first coordinate in the piece that repeats, m."""
    return x if period == math.inf else x - math.floor((x - west) / period) * period


@njit
def _look_about(
    first: int,
    num_there: int,
    looks: bool,
    step_s: float,
    people: People,
    ground: Ground,
    shapes: np.ndarray,
    parameters: WalkingParameters,
    walkers: Walkers,
    desk: Desk,
    partner: np.ndarray,
) -> np.ndarray:
    """Lists who and what is near everybody until they look again; `looks` where they also look for the way."""
    active, body, aim, near_walls, num_walls, is_at_exit, groups = (
        desk.active,
        desk.body,
        desk.aim,
        desk.near_walls,
        desk.num_walls,
        desk.is_at_exit,
        desk.group,
    )
    position, waypoint, goal, speed, own = (
        walkers.position,
        walkers.waypoint,
        walkers.goal,
        walkers.speed,
        walkers.group,
    )
    exits, walls, routes, reach = ground.exits, ground.walls, ground.routes, desk.reach
    fastest = 0.0
    for number in range(num_there):
        fastest = max(fastest, speed[active[number]])
    walked = parameters.speed_most * fastest * (REROUTE_S + step_s) + SLACK
    west, period = ground.west, ground.period
    waypoints, fractions = routes.waypoint, people.exit_fraction
    num_waypoints = waypoints.shape[0]
    margin = parameters.radius + DOOR_MARGIN
    wall_distance = parameters.radius + FAINT * parameters.reach + walked
    for number in range(num_there):
        i = active[number]
        x, y = _wrapped(position[i, 0], west, period), position[i, 1]
        if num_waypoints == 0:
            waypoint[i] = -1
        elif looks or waypoint[i] == LOST:
            waypoint[i] = look_for_way(x, y, fractions[first + i], goal[i], waypoint[i], margin, routes, walls, exits)
        set_aim(fractions[first + i], goal[i], waypoint[i], waypoints, exits, period, margin, aim, number)
        num_walls[number] = find_walls(x, y, wall_distance, shapes, near_walls, number)
        is_at_exit[number] = period == math.inf and is_near_exit(x, y, walked, exits)
        body[number, X], body[number, Y] = x, y
        groups[number] = own[i]
        reach[number] = 0.5 * (parameters.sight + SLACK) + parameters.speed_most * speed[i] * (REROUTE_S + step_s)
    _set_paces(num_there, parameters, walkers, desk)
    bodies = body[:num_there]
    return find_pairs(bodies, reach, period, desk.pair_starts, partner)


@njit
def _set_paces(num_there: int, parameters: WalkingParameters, walkers: Walkers, desk: Desk) -> None:
    """Links the members of groups and gives each group one pace."""
    group, head, following, pace = desk.group, desk.head, desk.following, desk.pace
    active, speed = desk.active, walkers.speed
    link_members(group[:num_there], head, following)
    for number in range(num_there):
        pace[number] = speed[active[number]]
    for number in range(head.shape[0]):
        member = head[number]
        if member >= 0:
            common = group_pace(member, following, pace, parameters)
            while member >= 0:
                pace[member] = common
                member = following[member]


@njit
def _sense(
    there: Int[np.ndarray, " body"],
    phase: Int[np.ndarray, " person"],
    position: Float[np.ndarray, "person 2"],
    velocity: Float[np.ndarray, "person 2"],
    acceleration: Float[np.ndarray, "person 2"],
    heading: Float[np.ndarray, "person 2"],
    dwell_until: Float[np.ndarray, " person"],
    pace: Float[np.ndarray, " body"],
    aim: Float[np.ndarray, "body 6"],
    near_walls: Float[np.ndarray, "body near 5"],
    num_walls: Int[np.ndarray, " body"],
    now_s: float,
    step_s: float,
    west: float,
    period: float,
    parameters: WalkingParameters,
    is_at_wall: Int[np.ndarray, " body"],
    bodies: Float[np.ndarray, "body 8"],
    paces: Float[np.ndarray, "body 2"],
) -> None:
    """Puts bodies where they will be in half a step, with what walls and the own will ask for (m/s²)."""
    at_wall, half, rate = (parameters.radius + 0.3) ** 2, 0.5 * step_s, 1.0 / parameters.relaxation
    for number in range(there.shape[0]):
        i = there[number]
        if phase[i] != WALKING:
            for column in range(8):
                bodies[number, column] = 0.0
            bodies[number, X] = FAR * (1.0 + number)
            paces[number, DESIRED] = 0.0
            is_at_wall[number] = 0
            continue
        v_x, v_y = velocity[i, 0], velocity[i, 1]
        x, y = position[i, 0] + half * v_x, position[i, 1] + half * v_y
        v_x, v_y = v_x + half * acceleration[i, 0], v_y + half * acceleration[i, 1]
        to_x, to_y = aim[number, 4], aim[number, 5]
        if period == math.inf:
            off_x, off_y = aim[number, 0] - x, aim[number, 1] - y
            beyond = beyond_exit(abs(off_x * aim[number, 2] + off_y * aim[number, 3]))
            to_x, to_y = off_x + beyond * to_x, off_y + beyond * to_y
        square = to_x * to_x + to_y * to_y
        if square > 1e-12:
            shrink = 1.0 / math.sqrt(square)
            heading[i, 0], heading[i, 1] = to_x * shrink, to_y * shrink
        speed = 0.0 if now_s < dwell_until[i] else pace[number]
        paces[number, DESIRED] = speed
        x = _wrapped(x, west, period)
        wall_x, wall_y, least = wall_force(x, y, near_walls, number, num_walls[number], parameters)
        is_at_wall[number] = least < at_wall
        bodies[number, X], bodies[number, Y], bodies[number, V_X], bodies[number, V_Y] = x, y, v_x, v_y
        bodies[number, HEADING_X], bodies[number, HEADING_Y] = heading[i, 0], heading[i, 1]
        bodies[number, A_X] = wall_x + (speed * heading[i, 0] - v_x) * rate
        bodies[number, A_Y] = wall_y + (speed * heading[i, 1] - v_y) * rate


@njit
def _sway(
    there: Int[np.ndarray, " body"],
    noise: Float[np.ndarray, " number"],
    at: int,
    now_s: float,
    kick: float,
    dwell_until: Float[np.ndarray, " person"],
    velocity: Float[np.ndarray, "person 2"],
) -> None:
    """Adds random velocity, less for those who stand; `at` is where the step's numbers start."""
    for number in range(there.shape[0]):
        i = there[number]
        size = kick * (STANDING_SWAY if now_s < dwell_until[i] else 1.0)
        velocity[i, 0] += size * noise[at + 2 * i]
        velocity[i, 1] += size * noise[at + 2 * i + 1]


@njit
def _move(
    there: Int[np.ndarray, " body"],
    bodies: Float[np.ndarray, "body 8"],
    phase: Int[np.ndarray, " person"],
    speed: Float[np.ndarray, " person"],
    step_s: float,
    speed_most: float,
    position: Float[np.ndarray, "person 2"],
    velocity: Float[np.ndarray, "person 2"],
    acceleration: Float[np.ndarray, "person 2"],
    old: Float[np.ndarray, "body 2"],
) -> None:
    """Moves everybody who is there by one step, whatever is in the way."""
    half = 0.5 * step_s
    for number in range(there.shape[0]):
        i = there[number]
        if phase[i] != WALKING:
            continue
        a_x, a_y = bodies[number, A_X], bodies[number, A_Y]
        old_v_x, old_v_y = velocity[i, 0], velocity[i, 1]
        v_x, v_y = old_v_x + a_x * step_s, old_v_y + a_y * step_s
        speed_squared, most = v_x * v_x + v_y * v_y, speed_most * speed[i]
        if speed_squared > most * most:
            less = most / math.sqrt(speed_squared)
            v_x, v_y = v_x * less, v_y * less
        old[number, 0], old[number, 1] = position[i, 0], position[i, 1]
        position[i, 0] += half * (old_v_x + v_x)
        position[i, 1] += half * (old_v_y + v_y)
        velocity[i, 0], velocity[i, 1] = v_x, v_y
        acceleration[i, 0], acceleration[i, 1] = a_x, a_y


@njit
def _leave_walls(
    there: Int[np.ndarray, " body"],
    is_at_wall: Int[np.ndarray, " body"],
    old: Float[np.ndarray, "body 2"],
    walls: Float[np.ndarray, "wall 4"],
    west: float,
    period: float,
    radius: float,
    position: Float[np.ndarray, "person 2"],
    velocity: Float[np.ndarray, "person 2"],
) -> None:
    """Moves bodies out of walls; who has left the scene stays where that was."""
    for number in range(there.shape[0]):
        if not is_at_wall[number]:
            continue
        i = there[number]
        shift = position[i, 0] - _wrapped(position[i, 0], west, period)
        x, y, v_x, v_y = push_out(
            old[number, 0] - shift,
            old[number, 1],
            position[i, 0] - shift,
            position[i, 1],
            velocity[i, 0],
            velocity[i, 1],
            radius,
            walls,
        )
        position[i, 0], position[i, 1] = x + shift, y
        velocity[i, 0], velocity[i, 1] = v_x, v_y


@njit
def _pass_exits(
    there: Int[np.ndarray, " body"],
    then_s: float,
    ground: Ground,
    is_at_exit: Int[np.ndarray, " body"],
    walkers: Walkers,
) -> bool:
    """Lets people out by the exit that is their goal, if it is open, and by no other.

    Returns:
        Whether a member of a group has left.
    """
    position, velocity, phase, open_s = walkers.position, walkers.velocity, walkers.phase, walkers.open_s
    exits, has_left = ground.exits, False
    for number in range(there.shape[0]):
        i = there[number]
        if not is_at_exit[number] or phase[i] != WALKING:
            continue
        for way_out in range(exits.shape[0]):
            beyond = _beyond(position[i, 0], position[i, 1], exits, way_out)
            if beyond <= 0.0:
                continue
            if way_out == walkers.goal[i] and then_s >= open_s[0, way_out]:
                phase[i] = GONE
                open_s[0, way_out] = then_s + ground.gate_s[way_out]
                has_left = has_left or walkers.group[i] >= 0
                break
            out_x, out_y = exits[way_out, 4], exits[way_out, 5]
            out = max(velocity[i, 0] * out_x + velocity[i, 1] * out_y, 0.0)
            position[i, 0] -= beyond * out_x
            position[i, 1] -= beyond * out_y
            velocity[i, 0] -= out * out_x
            velocity[i, 1] -= out * out_y
    return has_left


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
