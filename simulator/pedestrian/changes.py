"""Changes of mind: the events whose time has come, and the choices made in zones."""

from __future__ import annotations

import math

import numpy as np

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.ground import Ground
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.people import SPEED_LEAST, SPEED_MOST, Events, Intent, People
from pathcast.simulator.pedestrian.record import Kept
from pathcast.simulator.pedestrian.routing import way_length
from pathcast.simulator.pedestrian.state import GONE, LOST, WALKING, Walkers

GOAL, DWELL, SPEED, TURN = int(Intent.GOAL), int(Intent.DWELL), int(Intent.SPEED), int(Intent.TURN)
JOIN, LEAVE = int(Intent.JOIN), int(Intent.LEAVE)


@njit
def take_events(
    first: int,
    now_s: float,
    people: People,
    events: Events,
    ground: Ground,
    next_event: np.ndarray,
    walkers: Walkers,
    kept: Kept,
) -> tuple[bool, float]:
    """Lets the events whose time has come take effect on those who are there.

    Returns:
        Whether any did, and when the next event comes, s.
    """
    is_changed, next_s = False, math.inf
    for i in range(walkers.phase.shape[0]):
        end = events.starts[first + i + 1]
        while next_event[i] < end and events.time_s[next_event[i]] <= now_s:
            event = next_event[i]
            next_event[i] += 1
            if walkers.phase[i] == WALKING:
                value = _take(
                    i, events.kind[event], events.value[event], now_s, people.speed[first + i], ground, walkers
                )
                kept.event_value[event] = value
                is_changed = is_changed or not math.isnan(value)
        if next_event[i] < end:
            next_s = min(next_s, events.time_s[next_event[i]])
    return is_changed, next_s


@njit
def _take(i: int, kind: int, value: float, now_s: float, own_speed: float, ground: Ground, walkers: Walkers) -> float:
    """Lets one event take effect; returns what is written down, NaN for nothing."""
    num_exits = ground.exits.shape[0]
    if kind == GOAL:
        goal = (walkers.goal[i] + 1 + int(value * (num_exits - 1))) % num_exits
        return _set_goal(i, goal, walkers)
    if kind == TURN:
        goal = walkers.entered[i] if walkers.entered[i] >= 0 else _farthest_exit(walkers.goal[i], ground.exits)
        return _set_goal(i, goal, walkers)
    if kind == DWELL:
        for other in range(walkers.phase.shape[0]):
            if other == i or _are_together(i, other, walkers):
                walkers.dwell_until[other] = max(walkers.dwell_until[other], now_s + value)
        return value
    if kind == SPEED:
        walkers.speed[i] = min(max(own_speed * value, SPEED_LEAST), SPEED_MOST)
        return float(walkers.speed[i])
    if kind == JOIN:
        return _join(i, int(value), walkers)
    if kind == LEAVE and walkers.group[i] >= 0:
        left = float(walkers.group[i])
        walkers.group[i] = -1
        return left
    return math.nan


@njit
def _are_together(i: int, other: int, walkers: Walkers) -> bool:
    """Whether both are in one group and in the scene, or still to come."""
    return bool(walkers.group[i] >= 0 and walkers.group[other] == walkers.group[i] and walkers.phase[other] != GONE)


@njit
def _set_goal(i: int, goal: int, walkers: Walkers) -> float:
    """Gives somebody, and the own group, another goal; NaN where it is the old one."""
    if walkers.goal[i] == goal:
        return math.nan
    for other in range(walkers.phase.shape[0]):
        if other == i or _are_together(i, other, walkers):
            walkers.goal[other] = goal
            walkers.waypoint[other] = LOST
    return float(goal)


@njit
def _farthest_exit(goal: int, exits: np.ndarray) -> int:
    """The exit whose middle is farthest from that of the goal."""
    x, y = exits[goal, 0] + exits[goal, 2], exits[goal, 1] + exits[goal, 3]
    best, most = goal, -1.0
    for number in range(exits.shape[0]):
        away = math.hypot(exits[number, 0] + exits[number, 2] - x, exits[number, 1] + exits[number, 3] - y)
        if away > most:
            best, most = number, away
    return best


@njit
def _join(i: int, other: int, walkers: Walkers) -> float:
    """Puts somebody into another's group, which begins where that one was alone; the goal becomes the other's."""
    num = walkers.phase.shape[0]
    if other < 0 or other >= num or other == i or walkers.phase[other] != WALKING or _are_together(i, other, walkers):
        return math.nan
    walkers.group[i] = -1
    if walkers.group[other] < 0:
        number = 0
        while (walkers.group == number).any():
            number += 1
        walkers.group[other] = number
    walkers.group[i] = walkers.group[other]
    if walkers.goal[i] != walkers.goal[other]:
        walkers.goal[i] = walkers.goal[other]
        walkers.waypoint[i] = LOST
    return float(walkers.group[i])


@njit
def choose_in_zones(
    first: int,
    now_s: float,
    people: People,
    ground: Ground,
    parameters: WalkingParameters,
    walkers: Walkers,
    kept: Kept,
) -> None:
    """Lets those who are in a zone for the first time choose their way on, and their groups with them."""
    for i in range(walkers.phase.shape[0]):
        if walkers.phase[i] != WALKING:
            continue
        x, y = walkers.position[i, 0], walkers.position[i, 1]
        for zone in range(ground.zones.shape[0]):
            off_x, off_y, radius = x - ground.zones[zone, 0], y - ground.zones[zone, 1], ground.zones[zone, 2]
            if walkers.has_chosen[i, zone] or off_x * off_x + off_y * off_y > radius * radius:
                continue
            choice = people.zone_choice[first + i, zone]
            goal = -1
            if not math.isnan(choice) and walkers.goal[i] != walkers.entered[i]:
                goal = _choose_exit(i, x, y, choice, ground, parameters, walkers)
            for other in range(walkers.phase.shape[0]):
                if other == i or _are_together(i, other, walkers):
                    walkers.has_chosen[other, zone] = 1
                    if goal >= 0 and math.isnan(kept.zone_s[first + other, zone]):
                        kept.zone_s[first + other, zone] = now_s
                        kept.zone_goal[first + other, zone] = goal
            if goal >= 0:
                _set_goal(i, goal, walkers)


@njit
def _choose_exit(
    i: int, x: float, y: float, choice: float, ground: Ground, parameters: WalkingParameters, walkers: Walkers
) -> int:
    """The exit that a uniform number picks: softmax of minus the ways' lengths, but never back to where one came
    from (for who started inside, the exit that lies most straight behind)."""
    num = ground.exits.shape[0]
    origin = walkers.entered[i] if walkers.entered[i] >= 0 else _exit_behind(i, x, y, ground.exits, walkers)
    length = np.empty(num)
    for number in range(num):
        length[number] = math.inf
        if number != origin or number == walkers.goal[i]:
            length[number] = way_length(x, y, number, ground.routes, ground.walls, ground.exits)
    shortest = length.min()
    if shortest == math.inf:
        return int(walkers.goal[i])
    weight = np.exp((shortest - length) / parameters.route_scale)
    left = choice * weight.sum()
    chosen = walkers.goal[i]
    for number in range(num):
        if weight[number] > 0.0 and left >= 0.0:
            chosen = number
            left -= weight[number]
    return int(chosen)


@njit
def _exit_behind(i: int, x: float, y: float, exits: np.ndarray, walkers: Walkers) -> int:
    """The exit most straight behind somebody's heading."""
    best, least = -1, math.inf
    for number in range(exits.shape[0]):
        off_x = 0.5 * (exits[number, 0] + exits[number, 2]) - x
        off_y = 0.5 * (exits[number, 1] + exits[number, 3]) - y
        ahead = off_x * walkers.heading[i, 0] + off_y * walkers.heading[i, 1]
        ahead /= max(math.hypot(off_x, off_y), 1e-9)
        if ahead < least:
            best, least = number, ahead
    return best
