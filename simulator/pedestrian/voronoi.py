"""Voronoi cells on ground of any form: how much of each person's cell lies in a convex area.

A cell is an intersection of half-planes, and so is the area, so that both are cut out of the rings of the ground one
half-plane after the other (Sutherland and Hodgman 1974). A ring cut so may touch itself, which changes nothing of its
signed area; holes run the other way round and count negative.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.compiled import njit


def shares_of_cells(
    position: Float[np.ndarray, "person 2"],
    starts: Int[np.ndarray, " instant_and_end"],
    rings: Float[np.ndarray, "corner 2"],
    ring_starts: Int[np.ndarray, " ring_and_end"],
    area: Float[np.ndarray, "area_corner 2"],
) -> Float[np.ndarray, " person"]:
    """The share of each person's cell that lies in the area.

    Args:
        position: Metres; those of instant i stand from starts[i] to starts[i + 1].
        starts: Of the instants.
        rings: Corners of the walkable ground, outer rings anticlockwise and holes clockwise.
        ring_starts: Of the rings.
        area: Corners of a convex area, anticlockwise.
    """
    num_cuts = len(area) + int(np.diff(starts).max(initial=0))
    most = int(np.diff(ring_starts).max()) * (2 + num_cuts)
    return np.asarray(_shares(position, starts, rings, ring_starts, area, np.empty((2, most, 2))))


@njit
def _shares(
    position: NDArray[np.float64],
    starts: NDArray[np.int64],
    rings: NDArray[np.float64],
    ring_starts: NDArray[np.int64],
    area: NDArray[np.float64],
    room: NDArray[np.float64],
) -> NDArray[np.float64]:
    shares = np.zeros(len(position))
    for instant in range(len(starts) - 1):
        for person in range(starts[instant], starts[instant + 1]):
            whole = inside = 0.0
            for ring in range(len(ring_starts) - 1):
                count = ring_starts[ring + 1] - ring_starts[ring]
                for corner in range(count):
                    room[0, corner, 0] = rings[ring_starts[ring] + corner, 0]
                    room[0, corner, 1] = rings[ring_starts[ring] + corner, 1]
                side = 0
                for other in range(starts[instant], starts[instant + 1]):
                    if other != person and count > 0:
                        away_x = position[other, 0] - position[person, 0]
                        away_y = position[other, 1] - position[person, 1]
                        middle_x = 0.5 * (position[other, 0] + position[person, 0])
                        middle_y = 0.5 * (position[other, 1] + position[person, 1])
                        limit = away_x * middle_x + away_y * middle_y
                        count = _cut(room, side, count, away_x, away_y, limit)
                        side = 1 - side
                whole += _signed_area(room, side, count)
                for corner in range(len(area)):
                    if count > 0:
                        after = (corner + 1) % len(area)
                        out_x = area[after, 1] - area[corner, 1]
                        out_y = area[corner, 0] - area[after, 0]
                        limit = out_x * area[corner, 0] + out_y * area[corner, 1]
                        count = _cut(room, side, count, out_x, out_y, limit)
                        side = 1 - side
                inside += _signed_area(room, side, count)
            if whole > 0.0:
                shares[person] = inside / whole
    return shares


@njit
def _cut(room: NDArray[np.float64], side: int, count: int, out_x: float, out_y: float, limit: float) -> int:
    """Keeps what is not beyond the line, writes it into the other side of the room, and counts its corners."""
    kept = 0
    for corner in range(count):
        x, y = room[side, corner, 0], room[side, corner, 1]
        before = count - 1 if corner == 0 else corner - 1
        from_x, from_y = room[side, before, 0], room[side, before, 1]
        beyond = out_x * x + out_y * y - limit
        from_beyond = out_x * from_x + out_y * from_y - limit
        if (beyond > 0.0) != (from_beyond > 0.0):
            share = from_beyond / (from_beyond - beyond)
            room[1 - side, kept, 0] = from_x + share * (x - from_x)
            room[1 - side, kept, 1] = from_y + share * (y - from_y)
            kept += 1
        if beyond <= 0.0:
            room[1 - side, kept, 0] = x
            room[1 - side, kept, 1] = y
            kept += 1
    return kept


@njit
def _signed_area(room: NDArray[np.float64], side: int, count: int) -> float:
    """Square metres, positive where the corners run anticlockwise."""
    total = 0.0
    for corner in range(count):
        after = 0 if corner == count - 1 else corner + 1
        total += room[side, corner, 0] * room[side, after, 1] - room[side, corner, 1] * room[side, after, 0]
    return float(0.5 * total)
