"""Steps of a walk: one kernel that walks many scenes side by side, each on its own.

Each step takes the forces at the places and velocities half a step ahead (places by the velocity, velocities by the
last acceleration), which is of second order in the step at one evaluation of the forces. Bodies that still overlap
are then moved apart, and out of walls. A scene sees nothing of its neighbours in the arrays and of the thread it runs
on, so its numbers are the same bits in any batch.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numba import prange

from pathcast.compiled import njit, parallel_njit
from pathcast.simulator.pedestrian.attention import REROUTE_S, SLACK, look_about
from pathcast.simulator.pedestrian.changes import choose_in_zones, take_events
from pathcast.simulator.pedestrian.contact import separate
from pathcast.simulator.pedestrian.desk import set_up_desk
from pathcast.simulator.pedestrian.entering import come_in, place_inside
from pathcast.simulator.pedestrian.forces import add_people_forces
from pathcast.simulator.pedestrian.ground import Ground, RouteTable, ground_of
from pathcast.simulator.pedestrian.groups import add_group_forces
from pathcast.simulator.pedestrian.leaving import pass_exits
from pathcast.simulator.pedestrian.motion import leave_walls, move, sense, sway
from pathcast.simulator.pedestrian.outlook import wall_shapes
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.people import Events, People
from pathcast.simulator.pedestrian.places import Places
from pathcast.simulator.pedestrian.record import Kept
from pathcast.simulator.pedestrian.roster import append, gather, without_gone
from pathcast.simulator.pedestrian.state import WALKING, Walkers


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
    desk = set_up_desk(num, ground.walls.shape[0])
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
    num_there, is_stale = gather(walkers, look_s, desk.active), True
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
                num_there, is_stale = append(walkers, now_s, num_there, desk.active), True
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
            num_there = gather(walkers, now_s, desk.active)
        elif is_stale:
            num_there = without_gone(walkers, num_there, desk.active)
        if looks or is_stale:
            partner = look_about(
                first, num_there, looks, step_s, people, ground, shapes, parameters, walkers, desk, partner
            )
            bodies, paces, there = desk.body[:num_there], desk.paces[:num_there], desk.active[:num_there]
            has_groups, num_at_exit, is_stale = desk.head.max() >= 0, desk.is_at_exit[:num_there].sum(), False
        at = 2 * (num_steps * first + (step - first_step) * num)
        sense(
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
            sway(there, noise, at, now_s, kick, dwell_until, velocity)
        move(
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
        leave_walls(
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
            is_stale = pass_exits(there, now_s + step_s, ground, desk.is_at_exit, walkers)


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
def _keep(frame: int, now_s: float, first: int, walkers: Walkers, kept: Kept) -> None:
    """Writes down who is where."""
    for i in range(walkers.phase.shape[0]):
        if walkers.phase[i] == WALKING:
            kept.position[first + i, frame, 0] = walkers.position[i, 0]
            kept.position[first + i, frame, 1] = walkers.position[i, 1]
            kept.goal[first + i, frame] = walkers.goal[i]
            kept.is_dwelling[first + i, frame] = now_s < walkers.dwell_until[i]
            kept.group[first + i, frame] = walkers.group[i]


__all__ = ["REROUTE_S", "walk_scenes"]
