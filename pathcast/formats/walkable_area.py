"""Walkable area: the ground of a venue that walls and exits enclose, without its obstacles, as polygons and as WKT.

Walls and exits are cut where they meet; each connected piece of them encloses what its outermost way round encloses,
and a piece inside another (the walls of a building on a square) is a hole in it. Walls that end freely have no
thickness and leave no trace. Where nothing is enclosed, the area is the rectangle around everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.formats.planar_edges import (
    GRID,
    Edge,
    Point,
    Ring,
    connected_pieces,
    cut_edges,
    edges_of,
    is_inside_ring,
    outline,
    point_aside,
    rings_of,
    signed_area,
)
from pathcast.venue import Segment, Venue, box_corners


def walkable_polygons(
    venue: Venue | None, around: Float[np.ndarray, "point 2"] | None = None, margin: float = 1.0
) -> list[list[Ring]]:
    """The polygons of the walkable area: each its outer ring, counter-clockwise, then its holes, clockwise; metres.

    Args:
        venue: The place; None is open ground.
        around: Where people are; only of use where walls and exits enclose nothing.
        margin: Metres, of the rectangle around everything where that is so.

    Raises:
        InputError: There is nothing to put a rectangle around, or all of the ground is under obstacles.
    """
    edges = cut_edges(_segments(venue)) if venue is not None else []
    outlines = [way for way in map(outline, connected_pieces(edges)) if abs(signed_area(way)) > GRID]
    if not outlines:
        outlines = [_rectangle(venue, around, margin)]
    boxes = [[corner[:2] for corner in box_corners(box)] for box in venue.obstacles] if venue is not None else []
    drawn = cut_edges([edge for ring in (*outlines, *boxes) for edge in edges_of(ring)])
    rings = rings_of([turned for edge in drawn for turned in _borders(edge, outlines, boxes)])
    outer = [ring for ring in rings if signed_area(ring) > 0]
    if not outer:
        raise InputError(f"venue {venue.name if venue else ''}", "ground to walk on", "obstacles alone")
    polygons = [[ring] for ring in sorted(outer, key=signed_area)]
    for hole in (ring for ring in rings if signed_area(ring) < 0):
        next(polygon for polygon in polygons if is_inside_ring(_beside(hole), polygon[0])).append(hole)
    return polygons


def walkable_wkt(venue: Venue | None, around: Float[np.ndarray, "point 2"] | None = None) -> str:
    """The walkable area as well-known text, a POLYGON or, of separate grounds, a MULTIPOLYGON.

    Raises:
        InputError: As of `walkable_polygons`.
    """

    def text(ring: Ring) -> str:
        return "(" + ", ".join(f"{x!r} {y!r}" for x, y in (*ring, ring[0])) + ")"

    polygons = ["(" + ", ".join(map(text, polygon)) + ")" for polygon in walkable_polygons(venue, around)]
    return f"POLYGON {polygons[0]}" if len(polygons) == 1 else f"MULTIPOLYGON ({', '.join(polygons)})"


def venue_of_wkt(text: str, name: str) -> Venue:
    """A venue whose walls are the edges of all rings of a polygon, or of several.

    Raises:
        InputError: It is no polygon of finite numbers.
    """
    if not re.match(r"\s*(MULTI)?POLYGON|\s*GEOMETRYCOLLECTION", text, re.IGNORECASE):
        raise InputError(f"{name}: geometry", "POLYGON, MULTIPOLYGON or GEOMETRYCOLLECTION of them", repr(text[:40]))
    walls = []
    for ring in re.findall(r"\(([^()]+)\)", text):
        try:
            points = [(float(cells[0]), float(cells[1]), 0.0) for cells in map(str.split, ring.split(","))]
        except (ValueError, IndexError) as error:
            raise InputError(f"{name}: geometry", "pairs of numbers", repr(ring[:40])) from error
        walls += [Segment(start=start, end=end) for start, end in pairwise(points) if start != end]
    if not walls:
        raise InputError(f"{name}: geometry", "a ring with edges", repr(text[:40]))
    return Venue(name=name, origin_of="that of the file", walls=tuple(walls))


def _segments(venue: Venue) -> list[Edge]:
    return [(piece.start[:2], piece.end[:2]) for piece in (*venue.walls, *venue.exits)]


def _rectangle(venue: Venue | None, around: Float[np.ndarray, "point 2"] | None, margin: float) -> Ring:
    """The rectangle around everything, counter-clockwise."""
    points = [corner for x, y in ([venue.extent()] if venue is not None else []) for corner in zip(x, y, strict=True)]
    points += [] if around is None else [tuple(row) for row in around.tolist()]
    if not points:
        raise InputError("walkable area", "a venue, or people to put a rectangle around", "neither")
    (west, south), (east, north) = np.min(points, axis=0) - margin, np.max(points, axis=0) + margin
    return [(float(x), float(y)) for x, y in ((west, south), (east, south), (east, north), (west, north))]


def _borders(edge: Edge, outlines: list[Ring], boxes: list[Ring]) -> Iterator[Edge]:
    """The edge with ground on its left alone, or nothing where it has ground or none on both sides."""

    def is_ground(point: Point) -> bool:
        return sum(is_inside_ring(point, ring) for ring in outlines) % 2 == 1 and not any(
            is_inside_ring(point, box) for box in boxes
        )

    left, right = is_ground(point_aside(edge, 1.0)), is_ground(point_aside(edge, -1.0))
    if left != right:
        yield edge if left else (edge[1], edge[0])


def _beside(ring: Ring) -> Point:
    """A point of ground beside the first edge of a ring."""
    return point_aside((ring[0], ring[1]), 1.0)
