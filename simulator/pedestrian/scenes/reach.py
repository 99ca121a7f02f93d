"""Reach: whether people can get where a description sends them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.parameters import CALIBRATED
from pathcast.simulator.pedestrian.places import flatten_venues, name_point
from pathcast.simulator.pedestrian.routing import DOORSTEP, find_routes, way_length
from pathcast.simulator.pedestrian.scene import Scene
from pathcast.simulator.pedestrian.scenes.kind import Kind, ways


def unreachable(place: Scene, pairs: np.ndarray) -> tuple[int, int] | None:
    """The first pair of exits of which the second cannot be reached from the first; None where there is none.

    Args:
        place: The scene.
        pairs: Indices of exits. Shape [way, 2].
    """
    if place.period_m > 0.0:
        return None
    places = flatten_venues([place], CALIBRATED.radius)
    exits = places.exits
    routes = find_routes(places.walls, exits)
    for entry, goal in pairs:
        x, y = (exits[entry, :2] + exits[entry, 2:4]) / 2 - DOORSTEP * exits[entry, 4:]
        if entry != goal and not np.isfinite(way_length(x, y, goal, routes, places.walls, exits)):
            return int(entry), int(goal)
    return None


def check_reach(kinds: Sequence[Kind], places: Sequence[Scene]) -> None:
    """Refuses places in which a goal cannot be reached; each place once.

    Raises:
        InputError: Naming both exits.
    """
    done: set[int] = set()
    for kind, place in zip(kinds, places, strict=True):
        if id(place) in done:
            continue
        done.add(id(place))
        exits = place.venue.exits
        if not exits:
            raise InputError(f"venue {place.venue.name}: exits", "one at least", "none")
        pairs, _ = ways(kind, [way_out.name for way_out in exits], np.ones(len(kind.flows)))
        found = unreachable(place, pairs)
        if found is not None:
            entry, goal = (exits[number] for number in found)
            middle = [(a + b) / 2 for a, b in zip(goal.start[:2], goal.end[:2], strict=True)]
            raise InputError(
                f"venue {place.venue.name}: exit {goal.name} at {name_point(*middle)}",
                f"a way to it from exit {entry.name}, {2 * CALIBRATED.radius:.2f} m wide at least",
                "none",
            )
