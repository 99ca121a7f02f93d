"""Planar edges: straight edges cut where they meet, the way round what hangs together, and rings of them. Metres."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise
from typing import Final

DECIMALS: Final = 6
"""Of coordinates: points nearer than `GRID` are one."""
GRID: Final = 1e-6
"""Metres."""
ASIDE: Final = 1e-5
"""Metres from an edge at which one is beside it."""

Point = tuple[float, float]
Edge = tuple[Point, Point]
Ring = list[Point]
"""Its corners, the first one once."""


def cut_edges(edges: Iterable[Edge]) -> list[Edge]:
    """The edges cut wherever two of them meet, each piece once."""
    whole = [(_on_grid(*start), _on_grid(*end)) for start, end in edges]
    cuts = [{0.0, 1.0} for _ in whole]
    for (one, first), (other, second) in combinations(enumerate(whole), 2):
        for share, other_share in _meetings(first, second):
            cuts[one].add(share)
            cuts[other].add(other_share)
    found: dict[Edge, None] = {}
    for (start, end), shares in zip(whole, cuts, strict=True):
        points = [
            _on_grid(start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            for share in sorted(shares)
        ]
        for piece in pairwise(points):
            if piece[0] != piece[1] and (piece[1], piece[0]) not in found:
                found[piece] = None
    return list(found)


def connected_pieces(edges: list[Edge]) -> list[list[Edge]]:
    """The edges by what hangs together."""
    touching: dict[Point, list[Edge]] = defaultdict(list)
    for edge in edges:
        for point in edge:
            touching[point].append(edge)
    pieces = []
    seen: set[Point] = set()
    for start in touching:
        if start in seen:
            continue
        piece: dict[Edge, None] = {}
        stack = [start]
        while stack:
            point = stack.pop()
            seen.add(point)
            for edge in touching[point]:
                piece[edge] = None
                stack += [end for end in edge if end not in seen]
        pieces.append(list(piece))
    return pieces


def outline(piece: list[Edge]) -> Ring:
    """The way round the outside of connected edges; one that ends freely is walked to its end and back."""
    neighbours: dict[Point, list[Point]] = defaultdict(list)
    for start, end in piece:
        neighbours[start].append(end)
        neighbours[end].append(start)
    first = min(neighbours)
    step = _turn(first, (first[0] - 1.0, first[1]), neighbours[first])
    ring, at, came_from = [first], step, first
    while (at, after := _turn(at, came_from, neighbours[at])) != (first, step):
        ring.append(at)
        came_from, at = at, after
    return ring


def rings_of(edges: list[Edge]) -> list[Ring]:
    """Edges with ground on their left chained into rings that touch themselves nowhere."""
    onward: dict[Point, list[Point]] = defaultdict(list)
    for start, end in edges:
        onward[start].append(end)
    rings = []
    while onward:
        start = next(iter(onward))
        ring, came_from, at = [start], start, onward[start][0]
        _take(onward, start, at)
        while at != start:
            ring.append(at)
            after = _turn(at, came_from, onward[at]) if len(onward[at]) > 1 else onward[at][0]
            _take(onward, at, after)
            came_from, at = at, after
        rings.append(_without_straight(ring))
    return rings


def edges_of(ring: Ring) -> Iterator[Edge]:
    """The edges of a ring, the one back to its first corner last."""
    return pairwise([*ring, ring[0]])


def signed_area(ring: Ring) -> float:
    """Square metres, positive where the ring runs counter-clockwise."""
    return sum(ax * by - ay * bx for (ax, ay), (bx, by) in edges_of(ring)) / 2


def is_inside_ring(point: Point, ring: Ring) -> bool:
    """Whether a way from the point to infinity crosses the ring an odd number of times."""
    x, y = point
    return (
        sum((ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax) for (ax, ay), (bx, by) in edges_of(ring))
        % 2
        == 1
    )


def point_aside(edge: Edge, sign: float) -> Point:
    """A point beside the middle of an edge, on the left for 1."""
    (ax, ay), (bx, by) = edge
    length = math.hypot(bx - ax, by - ay)
    off = sign * min(ASIDE, 0.1 * length) / length
    return (ax + bx) / 2 - off * (by - ay), (ay + by) / 2 + off * (bx - ax)


def _on_grid(x: float, y: float) -> Point:
    """A point as close ones are written too; adding 0 turns -0 into 0."""
    return round(float(x), DECIMALS) + 0.0, round(float(y), DECIMALS) + 0.0


def _meetings(first: Edge, second: Edge) -> Iterator[tuple[float, float]]:
    """Where two edges meet, as shares of the way along each."""
    (ax, ay), (bx, by) = first
    (cx, cy), (dx, dy) = second
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    cross = ux * vy - uy * vx
    if abs(cross) > 1e-12 * max(math.hypot(ux, uy) * math.hypot(vx, vy), 1e-300):
        share = ((cx - ax) * vy - (cy - ay) * vx) / cross
        other = ((cx - ax) * uy - (cy - ay) * ux) / cross
        if _is_along(share, math.hypot(ux, uy)) and _is_along(other, math.hypot(vx, vy)):
            yield min(max(share, 0.0), 1.0), min(max(other, 0.0), 1.0)
        return
    for point, share in ((second[0], 0.0), (second[1], 1.0)):
        if (along := _share_of(point, first)) is not None:
            yield along, share
    for point, share in ((first[0], 0.0), (first[1], 1.0)):
        if (along := _share_of(point, second)) is not None:
            yield share, along


def _is_along(share: float, length: float) -> bool:
    return -GRID <= share * length <= length + GRID


def _share_of(point: Point, edge: Edge) -> float | None:
    """How far along an edge a point on it lies."""
    (ax, ay), (bx, by) = edge
    ux, uy, length = bx - ax, by - ay, math.hypot(bx - ax, by - ay)
    if length == 0.0 or abs((point[0] - ax) * uy - (point[1] - ay) * ux) > GRID * length:
        return None
    share = ((point[0] - ax) * ux + (point[1] - ay) * uy) / length**2
    return min(max(share, 0.0), 1.0) if _is_along(share, length) else None


def _turn(at: Point, came_from: Point, candidates: list[Point]) -> Point:
    """The next point, first one counter-clockwise from where one came from: right-hand edges are followed."""
    back = math.atan2(came_from[1] - at[1], came_from[0] - at[0])

    def angle(point: Point) -> float:
        turned = (math.atan2(point[1] - at[1], point[0] - at[0]) - back) % math.tau
        return turned if turned > 1e-9 else math.tau

    return min(candidates, key=angle)


def _take(onward: dict[Point, list[Point]], start: Point, end: Point) -> None:
    onward[start].remove(end)
    if not onward[start]:
        del onward[start]


def _without_straight(ring: Ring) -> Ring:
    """The corners of a ring at which it turns."""

    def turns(index: int) -> bool:
        (ax, ay), (bx, by), (cx, cy) = ring[index - 1], ring[index], ring[(index + 1) % len(ring)]
        reach = math.hypot(bx - ax, by - ay) + math.hypot(cx - bx, cy - by)
        return abs((bx - ax) * (cy - by) - (by - ay) * (cx - bx)) > GRID * reach

    return [point for index, point in enumerate(ring) if turns(index)]
