"""Ground: one place as the kernel sees it, cut out of the flat arrays of all places."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.places import Places
from pathcast.simulator.pedestrian.routing import Routes, find_routes


class RouteTable(NamedTuple):
    """The routes of all places; the waypoints of place p stand from starts[p] to starts[p + 1]."""

    starts: Int[np.ndarray, " place_and_end"]
    waypoint: Float[np.ndarray, "waypoint 2"]
    cost: Float[np.ndarray, "waypoint exit"]
    following: Int[np.ndarray, "waypoint exit"]


class Ground(NamedTuple):
    """Walls, exits, zones and ways of one place."""

    walls: Float[np.ndarray, "wall 4"]
    screens: Float[np.ndarray, "screen 4"]
    """Walls that can stand between two people."""
    exits: Float[np.ndarray, "exit 6"]
    gate_s: Float[np.ndarray, " exit"]
    zones: Float[np.ndarray, "zone 3"]
    routes: Routes
    period: float
    """Metres; infinite where the place does not repeat."""
    west: float
    """Where the repeating piece begins, m."""


def find_all_routes(places: Places) -> RouteTable:
    """The routes of every distinct place, once."""
    num, num_exits = len(places.period_m), int(np.diff(places.exit_starts).max())
    waypoints, costs, followings = [np.empty((0, 2))], [np.empty((0, num_exits))], [np.empty((0, num_exits), np.int64)]
    counts = [0]
    for place in range(num):
        if places.period_m[place] > 0.0:
            counts.append(0)
            continue
        walls = places.walls[places.wall_starts[place] : places.wall_starts[place + 1]]
        exits = places.exits[places.exit_starts[place] : places.exit_starts[place + 1]]
        routes = find_routes(walls, exits)
        pad = ((0, 0), (0, num_exits - len(exits)))
        counts.append(len(routes.waypoint))
        waypoints.append(routes.waypoint)
        costs.append(np.pad(routes.cost, pad, constant_values=math.inf))
        followings.append(np.pad(routes.following, pad, constant_values=-1))
    return RouteTable(np.cumsum(counts), np.concatenate(waypoints), np.concatenate(costs), np.concatenate(followings))


@njit
def ground_of(place: int, places: Places, table: RouteTable) -> Ground:
    """One place, as views."""
    period = places.period_m[place]
    first, end = table.starts[place], table.starts[place + 1]
    first_exit, end_exit = places.exit_starts[place], places.exit_starts[place + 1]
    return Ground(
        places.walls[places.wall_starts[place] : places.wall_starts[place + 1]],
        places.screens[places.screen_starts[place] : places.screen_starts[place + 1]],
        places.exits[first_exit:end_exit],
        places.gate_s[first_exit:end_exit],
        places.zones[places.zone_starts[place] : places.zone_starts[place + 1]],
        Routes(table.waypoint[first:end], table.cost[first:end], table.following[first:end]),
        period if period > 0.0 else math.inf,
        places.west_m[place],
    )
