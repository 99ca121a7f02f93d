"""Places to walk in: venues as flat arrays for the kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.contact import is_within, nearest_point
from pathcast.simulator.pedestrian.ring import walls_where_it_repeats
from pathcast.simulator.pedestrian.scene import Scene, as_scene
from pathcast.venue import Box, Segment, Venue, box_corners


class Places(NamedTuple):
    """The distinct places of many scenes; the walls of place p stand from wall_starts[p] to wall_starts[p + 1]."""

    place: Int[np.ndarray, " scene"]
    """Which place each scene is in: forks of a scene share one."""
    walls: Float[np.ndarray, "wall 4"]
    """x0, y0, x1, y1, metres; an obstacle is its four edges."""
    wall_starts: Int[np.ndarray, " place_and_end"]
    screens: Float[np.ndarray, "screen 4"]
    """Those walls that can stand between two people: all but the ones with everything on one side of them."""
    screen_starts: Int[np.ndarray, " place_and_end"]
    exits: Float[np.ndarray, "exit 6"]
    """x0, y0, x1, y1, metres, and the unit normal out of the scene."""
    exit_starts: Int[np.ndarray, " place_and_end"]
    gate_s: Float[np.ndarray, " exit"]
    """Least seconds between two people who leave by the exit."""
    zones: Float[np.ndarray, "zone 3"]
    """Centre and radius, metres."""
    zone_starts: Int[np.ndarray, " place_and_end"]
    period_m: Float[np.ndarray, " place"]
    """Length after which the place repeats along x; 0 where it does not."""
    west_m: Float[np.ndarray, " place"]
    """Least x of the place."""


def flatten_venues(scenes: Sequence[Venue | Scene], radius: float) -> Places:
    """The walls, obstacles, exits and zones of the scenes as flat arrays, each distinct place once.

    Args:
        scenes: Each with an exit at least; a bare venue has no zones, gates and period.
        radius: Of a body, m.

    Raises:
        InputError: A venue without an exit, an exit narrower than a body, one that a wall or obstacle stands in, a
            zone outside its venue, or a period that the venue does not fill.
    """
    number_of: dict[Scene, int] = {}
    place = np.array([number_of.setdefault(as_scene(scene), len(number_of)) for scene in scenes], np.int64)
    walls = [walls_where_it_repeats(scene, wall_rows(scene.venue)) for scene in number_of]
    exits = [exit_rows(scene.venue) for scene in number_of]
    screens = [screen_rows(its_walls, its_exits) for its_walls, its_exits in zip(walls, exits, strict=True)]
    zones = [np.array([(*zone.centre, zone.radius) for zone in scene.zones]).reshape(-1, 3) for scene in number_of]
    for scene, its_walls, its_exits in zip(number_of, walls, exits, strict=True):
        _check_exits(scene.venue, its_walls, its_exits, radius)
        _check_zones(scene, its_walls, its_exits)
    return Places(
        place,
        np.concatenate(walls),
        np.cumsum([0, *(len(rows) for rows in walls)]),
        np.concatenate(screens),
        np.cumsum([0, *(len(rows) for rows in screens)]),
        np.concatenate(exits),
        np.cumsum([0, *(len(rows) for rows in exits)]),
        np.concatenate([scene.gate_s or np.zeros(len(scene.venue.exits)) for scene in number_of]),
        np.concatenate(zones),
        np.cumsum([0, *(len(rows) for rows in zones)]),
        np.array([scene.period_m for scene in number_of]),
        np.array([scene.venue.extent()[0][0] for scene in number_of]),
    )


def wall_rows(venue: Venue) -> Float[np.ndarray, "wall 4"]:
    """The ends (x0, y0, x1, y1, metres) of the walls and of the edges of the obstacles."""
    rows = [(*wall.start[:2], *wall.end[:2]) for wall in venue.walls]
    for box in venue.obstacles:
        corners = box_corners(box)
        rows += [(*start[:2], *end[:2]) for start, end in pairwise([*corners, corners[0]])]
    return np.array(rows, np.float64).reshape(-1, 4)


def screen_rows(
    walls: Float[np.ndarray, "wall 4"], exits: Float[np.ndarray, "exit 6"]
) -> Float[np.ndarray, "screen 4"]:
    """The walls that have something on both sides, and so can stand between two people in the scene."""
    points = np.concatenate([walls[:, :2], walls[:, 2:], exits[:, :2], exits[:, 2:4]])
    along = walls[:, 2:] - walls[:, :2]
    off = points[None] - walls[:, None, :2]
    side = (along[:, None, 0] * off[..., 1] - along[:, None, 1] * off[..., 0]) / np.hypot(*along.T)[:, None]
    has_both = (side.max(axis=1, initial=0.0) > 1e-9) & (side.min(axis=1, initial=0.0) < -1e-9)
    return np.asarray(walls[has_both])


def is_inside_box(x: float, y: float, box: Box, margin: float = 0.0) -> bool:
    """Whether a point lies in a box seen from above, or nearer to it than the margin along its axes (metres)."""
    cosine, sine = math.cos(box.yaw), math.sin(box.yaw)
    off_x, off_y = x - box.centre[0], y - box.centre[1]
    return bool(
        abs(cosine * off_x + sine * off_y) < box.size[0] / 2 + margin
        and abs(cosine * off_y - sine * off_x) < box.size[1] / 2 + margin
    )


def exit_rows(venue: Venue) -> Float[np.ndarray, "exit 6"]:
    """Ends of each exit and its normal away from the middle of the venue."""
    if not venue.exits:
        raise InputError(f"venue {venue.name}: exits", "one at least", "none")
    (x_least, x_most), (y_least, y_most) = venue.extent()
    middle = np.array([(x_least + x_most) / 2, (y_least + y_most) / 2])
    rows = np.empty((len(venue.exits), 6))
    for row, way_out in zip(rows, venue.exits, strict=True):
        start, end = np.array(way_out.start[:2]), np.array(way_out.end[:2])
        along = (end - start) / math.hypot(*(end - start))
        normal = np.array([along[1], -along[0]])
        row[:2], row[2:4] = start, end
        row[4:] = normal if normal @ ((start + end) / 2 - middle) >= 0 else -normal
    return rows


def _check_zones(scene: Scene, walls: np.ndarray, exits: np.ndarray) -> None:
    """Refuses zones that lie outside their venue."""
    for number, zone in enumerate(scene.zones):
        if not is_within(*zone.centre, walls, exits):
            raise InputError(
                f"venue {scene.venue.name}: zone {number} at {name_point(*zone.centre)}",
                "a centre inside the walls and exits",
                "one outside",
            )


def _check_exits(venue: Venue, walls: np.ndarray, exits: np.ndarray, radius: float) -> None:
    """Refuses exits that nobody could walk through."""
    for way_out, row in zip(venue.exits, exits, strict=True):
        middle = (row[:2] + row[2:4]) / 2
        where = f"venue {venue.name}: exit {way_out.name} at {name_point(*middle)}"
        width = math.hypot(row[2] - row[0], row[3] - row[1])
        if width <= 2 * radius:
            raise InputError(where, f"wider than a body of {2 * radius:.2f} m", f"{width:.2f} m")
        for number, box in enumerate(venue.obstacles):
            if is_inside_box(float(middle[0]), float(middle[1]), box, radius):
                raise InputError(
                    where, f"{radius:.2f} m free of obstacles", f"obstacle {number} at {name_point(*box.centre[:2])}"
                )
        for number, wall in enumerate(venue.walls):
            near_x, near_y = nearest_point(float(middle[0]), float(middle[1]), walls, number)
            if math.hypot(middle[0] - near_x, middle[1] - near_y) < radius:
                raise InputError(where, f"{radius:.2f} m free of walls", f"wall {name_wall(wall, number)}")


def name_point(x: float, y: float) -> str:
    """A point as messages write it."""
    return f"({x:.2f}, {y:.2f})"


def name_wall(wall: Segment, number: int) -> str:
    """A wall as messages write it: its name, or its number where it has none, and its ends."""
    return f"{wall.name or number} from {name_point(*wall.start[:2])} to {name_point(*wall.end[:2])}"
