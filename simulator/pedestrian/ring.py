"""Places that repeat along x: the walls as who walks there meets them on both sides of the seam, and coordinates."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.compiled import inlined_njit
from pathcast.errors import InputError
from pathcast.simulator.pedestrian.scene import Scene

BEYOND: Final = 3.0
"""How far walls go on beyond the seam, m: farther than a wall's push reaches."""


def walls_where_it_repeats(scene: Scene, rows: Float[np.ndarray, "row 4"]) -> Float[np.ndarray, "wall 4"]:
    """The walls of a scene; where its place repeats, walls along x go on beyond the seam, and each obstacle stands in
    the pieces before and after as well.

    Args:
        scene: With or without a period.
        rows: Ends of its walls and of its obstacles' edges, m.

    Raises:
        InputError: A period that is not the venue's length, other than two exits, or a wall that ends at one end of
            the period without another that goes on from the other end.
    """
    if scene.period_m == 0.0:
        return rows
    (west, east), _ = scene.venue.extent()
    where = f"venue {scene.venue.name}"
    if len(scene.venue.exits) != 2:
        raise InputError(f"{where}: exits where the place repeats", "two, to -x and to +x", f"{len(scene.venue.exits)}")
    if abs(east - west - scene.period_m) > 1e-6:
        raise InputError(f"{where}: period_m", f"the venue's length of {east - west:.6g} m", f"{scene.period_m:.6g} m")
    num_walls = len(scene.venue.walls)
    walls = rows[:num_walls].copy()
    ends = walls.reshape(-1, 2)
    is_west, is_east = np.abs(ends[:, 0] - west) < 1e-6, np.abs(ends[:, 0] - east) < 1e-6
    _check_seam(scene, ends, is_west, is_east, west, east)
    is_level = np.repeat(walls[:, 1] == walls[:, 3], 2)
    ends[is_west & is_level, 0] -= BEYOND
    ends[is_east & is_level, 0] += BEYOND
    shift = np.array([scene.period_m, 0.0, scene.period_m, 0.0])
    boxes = rows[num_walls:]
    return np.concatenate([walls, boxes, boxes - shift, boxes + shift])


def _check_seam(
    scene: Scene, ends: np.ndarray, is_west: np.ndarray, is_east: np.ndarray, west: float, east: float
) -> None:
    where = f"venue {scene.venue.name}"
    if is_west.sum() < 2:
        raise InputError(f"{where}: walls where the place repeats", "two at least from end to end", f"{is_west.sum()}")
    for side, other, far in ((is_west, is_east, east), (is_east, is_west, west)):
        for number in np.flatnonzero(side):
            if not (np.abs(ends[other, 1] - ends[number, 1]) < 1e-6).any():
                wall = scene.venue.walls[number // 2]
                raise InputError(
                    f"{where}: wall {wall.name or number // 2} at ({ends[number, 0]:.2f}, {ends[number, 1]:.2f})",
                    f"a wall that goes on from the other end of the period at ({far:.2f}, {ends[number, 1]:.2f})",
                    "none",
                )


@inlined_njit
def wrapped(x: float, west: float, period: float) -> float:
    """The first coordinate in the piece that repeats, m."""
    return x if period == math.inf else x - math.floor((x - west) / period) * period
