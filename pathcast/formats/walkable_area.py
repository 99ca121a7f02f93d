"""Walkable area: the ground of a venue that walls and exits enclose, without its obstacles, as polygons and as WKT.

Walls and exits are cut where they meet; each connected piece of them encloses what its outermost way round encloses,
and a piece inside another (the walls of a building on a square) is a hole in it. Walls that end freely have no
thickness and leave no trace. Where nothing is enclosed, the area is the rectangle around everything.

All of it lies on a grid of 1e-6 m: what comes to the same point of it meets, and what is hardly broader is neither
ground, building nor obstacle. Shapely does the geometry; modules that may do without import this one inside functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from jaxtyping import Float
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pathcast.errors import InputError
from pathcast.venue import Segment, Venue, box_corners

DECIMALS: Final = 6
GRID: Final = 1e-6
"""Metres."""
FARTHEST: Final = 1e9
"""Metres from the origin along an axis; beyond, numbers lie farther apart than the grid's points."""

Ring = list[tuple[float, float]]
"""Its corners, the first one once."""


def walkable_polygons(
    venue: Venue | None, around: Float[np.ndarray, "point 2"] | None = None, margin: float = 1.0
) -> list[list[Ring]]:
    """The polygons of the walkable area: each its outer ring, counter-clockwise, then its holes, clockwise; metres.

    Args:
        venue: The place; None is open ground.
        around: Where people are; only of use where walls and exits enclose nothing.
        margin: Metres, of the rectangle around everything where that is so.

    Raises:
        InputError: There is nothing to put a rectangle around, all of the ground is under obstacles, or something lies
            too far away.
    """
    polygons = shapely.get_parts(_ground(venue, around, margin))
    return [[_corners(ring) for ring in (polygon.exterior, *polygon.interiors)] for polygon in polygons]


def walkable_wkt(venue: Venue | None, around: Float[np.ndarray, "point 2"] | None = None) -> str:
    """The walkable area as well-known text, a POLYGON or, of separate grounds, a MULTIPOLYGON.

    Raises:
        InputError: As of `walkable_polygons`.
    """
    return str(shapely.to_wkt(_ground(venue, around, 1.0), rounding_precision=DECIMALS))


def venue_of_wkt(text: str, name: str) -> Venue:
    """A venue whose walls are the edges of all rings of a polygon, or of several.

    Raises:
        InputError: It is no polygon of finite numbers.
    """
    try:
        with np.errstate(over="ignore"):
            geometry = shapely.from_wkt(text)
    except shapely.errors.GEOSException as error:
        raise InputError(f"{name}: geometry", "well-known text of a polygon", f"{text[:40]!r} ({error})") from error
    polygons = shapely.get_parts(shapely.get_parts(geometry))
    if not (shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON).all():
        raise InputError(f"{name}: geometry", "POLYGON, MULTIPOLYGON or GEOMETRYCOLLECTION of them", repr(text[:40]))
    if not np.isfinite(shapely.get_coordinates(polygons)).all():
        raise InputError(f"{name}: geometry", "finite numbers", repr(text[:40]))
    walls = [
        Segment(start=(*start, 0.0), end=(*end, 0.0))
        for ring in shapely.get_rings(polygons)
        for start, end in pairwise(shapely.get_coordinates(ring).tolist())
        if start != end
    ]
    if not walls:
        raise InputError(f"{name}: geometry", "a ring with edges", repr(text[:40]))
    return Venue(name=name, origin_of="that of the file", walls=tuple(walls))


def _ground(venue: Venue | None, around: Float[np.ndarray, "point 2"] | None, margin: float) -> Any:
    """The walkable area on the grid: a polygon, or several as one geometry."""
    outlines, boxes = [], []
    if venue is not None:
        _check_near(venue.extent())
        outlines = _outlines(venue)
        boxes = _broad([shapely.Polygon(np.round(box_corners(box), DECIMALS)[:, :2]) for box in venue.obstacles])
    rings = shapely.boundary(outlines or [_rectangle(venue, around, margin)])
    enclosed = shapely.build_area(shapely.GeometryCollection(list(rings)))
    free = shapely.difference(enclosed, shapely.union_all(boxes, grid_size=GRID), grid_size=GRID)
    polygons = _broad(shapely.simplify(free, GRID))
    if not polygons:
        raise InputError(f"venue {venue.name if venue else ''}", "ground to walk on", "obstacles alone")
    return shapely.orient_polygons(polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons))


def _outlines(venue: Venue) -> list[Any]:
    """What each connected piece of walls and exits encloses: polygons without holes, of which no two cross."""
    drawn = np.array([[segment.start[:2], segment.end[:2]] for segment in (*venue.walls, *venue.exits)])
    if not len(drawn):
        return []
    edges = shapely.get_parts(shapely.union_all(shapely.linestrings(drawn.round(DECIMALS)), grid_size=GRID))
    one, other = shapely.STRtree(edges).query(edges, predicate="intersects")
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(len(edges), len(edges)))
    num_pieces, piece = connected_components(graph, directed=False)
    enclosed = [shapely.union_all(shapely.polygonize(edges[piece == index]).geoms) for index in range(num_pieces)]
    return [polygon for ground in enclosed for polygon in _broad(ground)]


def _broad(shapes: Any) -> list[Any]:
    """The polygons of one or several shapes, but for those that are no broader than the grid."""
    return [polygon for polygon in shapely.get_parts(shapes) if polygon.area > GRID * polygon.length]


def _rectangle(venue: Venue | None, around: Float[np.ndarray, "point 2"] | None, margin: float) -> Any:
    """The rectangle around everything."""
    points = [corner for x, y in ([venue.extent()] if venue is not None else []) for corner in zip(x, y, strict=True)]
    points += [] if around is None else [tuple(row) for row in around.tolist()]
    if not points:
        raise InputError("walkable area", "a venue, or people to put a rectangle around", "neither")
    _check_near(points)
    return shapely.box(*np.min(points, axis=0) - margin, *np.max(points, axis=0) + margin)


def _check_near(points: Sequence[tuple[float, float]]) -> None:
    """Refuses what is too far away to lie on the grid."""
    farthest = float(np.max(np.abs(points)))
    if not farthest <= FARTHEST:
        raise InputError("walkable area", f"coordinates up to {FARTHEST:g} m", f"{farthest:g} m")


def _corners(ring: Any) -> Ring:
    """Adding 0 turns -0 into 0."""
    return [(x + 0.0, y + 0.0) for x, y in ring.coords[:-1]]
