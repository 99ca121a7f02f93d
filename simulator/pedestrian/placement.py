"""Placement: people put where the caller says, checked against the venue."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.contact import is_within, nearest_point
from pathcast.simulator.pedestrian.parameters import CALIBRATED, WalkingParameters
from pathcast.simulator.pedestrian.people import People
from pathcast.simulator.pedestrian.places import exit_rows, is_inside_box, name_point, name_wall, wall_rows
from pathcast.simulator.pedestrian.scene import Scene, as_scene
from pathcast.venue import Venue


def place_people(
    scenes: Sequence[Venue | Scene],
    counts: Sequence[int],
    position: ArrayLike,
    goal: ArrayLike,
    speed: ArrayLike,
    exit_fraction: ArrayLike = 0.5,
    parameters: WalkingParameters = CALIBRATED,
    group: ArrayLike = -1,
) -> People:
    """People who are in their scenes from the beginning, walking at their desired speed.

    Args:
        scenes: The places, a bare venue for one without zones, gates and period.
        counts: People in each scene.
        position: Metres. Shape [person, 2], one scene after the other.
        goal: Index of the exit walked to. Shape [person] or one for all.
        speed: Desired, m/s. Shape [person] or one for all.
        exit_fraction: Of the exit's width, from its start, where they leave. Shape [person] or one for all.
        parameters: Of the model: how wide a body is.
        group: Number of the group in its scene, -1 alone. Shape [person] or one for all.

    Raises:
        InputError: Nobody, a position that is not finite, inside a wall or an obstacle or on somebody else's toes,
            an exit or group that there is not, or a speed that is not over 0.
    """
    starts = np.cumsum([0, *counts])
    num = int(starts[-1])
    if not num:
        raise InputError("people", "one at least", "none")
    positions = np.asarray(position, np.float64)
    if positions.shape != (num, 2) or len(counts) != len(scenes):
        raise InputError("position", f"shape [{num}, 2], a venue per count", f"{positions.shape}, {len(scenes)} venues")
    groups = np.broadcast_to(np.asarray(group, np.int64), num)
    goals = np.broadcast_to(np.asarray(goal, np.int64), num)
    speeds = np.broadcast_to(np.asarray(speed, np.float64), num)
    places = [as_scene(scene) for scene in scenes]
    for scene, place in enumerate(places):
        for person in range(starts[scene], starts[scene + 1]):
            where = f"person {person - starts[scene]} of scene {scene} at {name_point(*positions[person])}"
            if not -1 <= groups[person] < counts[scene]:
                raise InputError(f"{where}: group", f"from -1 (alone) to {counts[scene] - 1}", f"{groups[person]}")
            _check_person(where, place.venue, positions[person], int(goals[person]), float(speeds[person]), parameters)
        _check_room(scene, positions[starts[scene] : starts[scene + 1]], parameters.radius)
    return People(
        starts,
        np.zeros(num),
        goals.copy(),
        goals.copy(),
        speeds.copy(),
        np.full(num, 0.5),
        np.broadcast_to(np.asarray(exit_fraction, np.float64), num).copy(),
        positions[:, None, :].copy(),
        groups.copy(),
        np.full((num, max(len(place.zones) for place in places)), np.nan),
    )


def _check_person(
    where: str, venue: Venue, position: np.ndarray, goal: int, speed: float, parameters: WalkingParameters
) -> None:
    x, y = float(position[0]), float(position[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InputError(where, "finite metres", f"({x}, {y})")
    if not 0 <= goal < len(venue.exits):
        raise InputError(f"{where}: goal", f"an exit from 0 to {len(venue.exits) - 1}", f"{goal}")
    if not 0 < speed < math.inf:
        raise InputError(f"{where}: speed", "over 0 m/s", f"{speed}")
    for number, box in enumerate(venue.obstacles):
        if is_inside_box(x, y, box):
            raise InputError(where, "a place outside obstacles", f"obstacle {number} at {name_point(*box.centre[:2])}")
    rows = wall_rows(venue)
    for number in range(len(rows)):
        near_x, near_y = nearest_point(x, y, rows, number)
        if math.hypot(x - near_x, y - near_y) < parameters.radius:
            found = name_wall(venue.walls[number], number) if number < len(venue.walls) else "an obstacle's edge"
            raise InputError(where, f"{parameters.radius:.2f} m free of walls", found)
    if not is_within(x, y, rows, exit_rows(venue)):
        raise InputError(where, f"a place inside the walls and exits of venue {venue.name}", "one outside")


def _check_room(scene: int, positions: Float[np.ndarray, "person 2"], radius: float) -> None:
    """Refuses people who are put on top of one another."""
    order = np.argsort(positions[:, 0], kind="stable")
    for rank, person in enumerate(order):
        x, y = positions[person]
        for other in order[rank + 1 :]:
            if positions[other, 0] - x >= 2 * radius:
                break
            if math.hypot(positions[other, 0] - x, positions[other, 1] - y) < 2 * radius:
                one, two = sorted((int(person), int(other)))
                raise InputError(
                    f"person {two} of scene {scene} at {name_point(*positions[two])}",
                    f"{2 * radius:.2f} m free of people",
                    f"person {one} at {name_point(*positions[one])}",
                )
