"""Attention: lists of who and what is near everybody, good until they look again."""

from __future__ import annotations

import math

import numpy as np

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.cells import find_pairs
from pathcast.simulator.pedestrian.desk import Desk
from pathcast.simulator.pedestrian.forces import FAINT, X, Y
from pathcast.simulator.pedestrian.ground import Ground
from pathcast.simulator.pedestrian.groups import group_pace, link_members
from pathcast.simulator.pedestrian.outlook import find_walls, is_near_exit, look_for_way, set_aim
from pathcast.simulator.pedestrian.parameters import WalkingParameters
from pathcast.simulator.pedestrian.people import People
from pathcast.simulator.pedestrian.ring import wrapped
from pathcast.simulator.pedestrian.routing import DOOR_MARGIN
from pathcast.simulator.pedestrian.state import LOST, Walkers

REROUTE_S = 0.25
"""Everybody looks for the way and about this often, s."""
SLACK = 0.2
"""Room, beyond what people can walk until they look again, in the lists of who and what is near, m."""


@njit
def look_about(
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
        x, y = wrapped(position[i, 0], west, period), position[i, 1]
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
