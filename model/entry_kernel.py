"""Entry kernel: the sample paths of mixtures, followed until they first step into polygons; compiled."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from pathcast.compiled import inlined, njit

_NEVER: Final = math.inf
_ROUNDING_S: Final = 1e-9


@njit
def write_entries(
    positions: Any,
    probabilities: Any,
    means: Any,
    covariances: Any,
    knots: Any,
    begins: Any,
    offsets: Any,
    draws: Any,
    corners: Any,
    starts: Any,
    boxes: Any,
    entered: Any,
    entry_s: Any,
) -> None:
    """Shares of the sample paths that have entered polygons, and the mean time of their entry.

    Args:
        positions: Where each track is, m. Shape [track, 2].
        probabilities: Of its modes. Shape [track, mode].
        means: m. Shape [track, mode, knot, axis].
        covariances: m², packed upper triangles. Shape [track, mode, knot, entry].
        knots: Seconds after that instant, over 0, rising. Shape [track, knot].
        begins: Seconds from which on entries count, at most the first knot. Shape [track].
        offsets: Seconds up to which they are asked for, rising. Shape [track, time].
        draws: Points of a standard normal in two axes. Shape [sample, 2].
        corners: Of all polygons, m. Shape [corner, 2].
        starts: Where each polygon's begin. Shape [region + 1].
        boxes: Of each, least x, least y, greatest x, greatest y. Shape [region, 4].
        entered: Written. Shape [track, region, time].
        entry_s: Written: seconds after `begins`. Shape [track, region].
    """
    num_modes, num_times = means.shape[1], offsets.shape[1]
    farthest = 0.0
    for sample in range(len(draws)):
        farthest = max(farthest, math.hypot(draws[sample, 0], draws[sample, 1]))
    clock = np.zeros(means.shape[2] + 1)
    is_in = np.zeros(len(boxes), np.bool_)
    ways, reach = np.empty((len(clock), 6)), np.empty((len(clock), 4))
    for track in range(len(positions)):
        clock[1:] = knots[track]
        for region in range(len(boxes)):
            entered[track, region], entry_s[track, region] = 0.0, 0.0
            is_in[region] = begins[track] == 0.0 and is_inside(
                positions[track, 0], positions[track, 1], corners, starts[region], starts[region + 1]
            )
            if is_in[region]:
                entered[track, region, 0] = 1.0
        total = 0.0
        for mode in range(num_modes):
            total += probabilities[track, mode]
        for mode in range(num_modes):
            weight = probabilities[track, mode] / (total * len(draws))
            _write_ways(positions[track], means[track, mode], covariances[track, mode], farthest, ways, reach)
            for region in range(len(boxes)):
                begin, end = _find_near(reach, boxes[region])
                if begin == end or is_in[region] or not weight > 0.0:
                    continue
                for sample in range(len(draws)):
                    at_s = _enter(
                        ways, clock, begins[track], begin, end, draws[sample], corners, starts, region, boxes[region]
                    )
                    if at_s <= offsets[track, num_times - 1] + _ROUNDING_S:
                        time = num_times - 1
                        while time > 0 and at_s <= offsets[track, time - 1] + _ROUNDING_S:
                            time -= 1
                        entered[track, region, time] += weight
                        entry_s[track, region] += weight * (at_s - begins[track])
        for region in range(len(boxes)):
            for time in range(1, num_times):
                entered[track, region, time] += entered[track, region, time - 1]
            last = entered[track, region, num_times - 1]
            if last > 0.0:
                entry_s[track, region] /= last
            else:
                entry_s[track, region] = offsets[track, num_times - 1] - begins[track]
            for time in range(num_times):
                entered[track, region, time] = min(entered[track, region, time], 1.0)


@njit
def _write_ways(position: Any, means: Any, covariances: Any, farthest: float, ways: Any, reach: Any) -> None:
    """How a mode's places come from a draw, and how far all draws reach.

    Args:
        position: Where the track is. Shape [2].
        means: Of the mode. Shape [knot, axis].
        covariances: Of the mode. Shape [knot, entry].
        farthest: Length of the longest draw.
        ways: Written, the position first: place, and the factor by rows. Shape [knot + 1, 6].
        reach: Written: boxes, as of `write_entries`. Shape [knot + 1, 4].
    """
    ways[0] = 0.0
    ways[0, 0], ways[0, 1] = position[0], position[1]
    reach[0, 0], reach[0, 1], reach[0, 2], reach[0, 3] = position[0], position[1], position[0], position[1]
    ahead_x, ahead_y = means[-1, 0] - position[0], means[-1, 1] - position[1]
    ahead = math.hypot(ahead_x, ahead_y)
    cosine, sine = 1.0, 0.0
    if ahead > 0.0:
        cosine, sine = ahead_x / ahead, ahead_y / ahead
    second = 3 if means.shape[1] == 3 else 2  # where yy stands in a packed triangle
    for knot in range(len(means)):
        x, y = means[knot, 0], means[knot, 1]
        xx, xy, yy = covariances[knot, 0], covariances[knot, 1], covariances[knot, second]
        way, box = ways[knot + 1], reach[knot + 1]
        way[0], way[1] = x, y
        _write_root(xx, xy, yy, cosine, sine, way)
        wide_x = farthest * math.hypot(way[2], way[3])
        wide_y = farthest * math.hypot(way[4], way[5])
        box[0], box[1], box[2], box[3] = x - wide_x, y - wide_y, x + wide_x, y + wide_y


@inlined
def _write_root(xx: float, xy: float, yy: float, cosine: float, sine: float, way: Any) -> None:
    """Writes the symmetric square root of a covariance after a turn, S R, by rows.

    In two axes S = (C + s I) / t with s² = det C and t² = tr C + 2 s (Levinger 1980, Mathematics Magazine 53:222).
    """
    s = math.sqrt(max(xx * yy - xy * xy, 0.0))
    t = math.sqrt(max(xx + yy + 2.0 * s, 0.0))
    scale = 1.0 / t if t > 0.0 else 0.0
    root_xx, root_xy, root_yy = scale * (xx + s), scale * xy, scale * (yy + s)
    way[2], way[3] = root_xx * cosine + root_xy * sine, root_xy * cosine - root_xx * sine
    way[4], way[5] = root_xy * cosine + root_yy * sine, root_yy * cosine - root_xy * sine


@njit
def _find_near(reach: Any, box: Any) -> tuple[int, int]:
    """The stretch of knots whose ways may come near a box: from the first that ends such a way to after the last."""
    begin, end = 0, 0
    for knot in range(1, len(reach)):
        before, after = reach[knot - 1], reach[knot]
        is_near = (
            min(before[0], after[0]) <= box[2]
            and max(before[2], after[2]) >= box[0]
            and min(before[1], after[1]) <= box[3]
            and max(before[3], after[3]) >= box[1]
        )
        if is_near:
            begin = knot if end == 0 else begin
            end = knot + 1
    return begin, end


@njit
def _enter(
    ways: Any,
    clock: Any,
    begin_s: float,
    begin: int,
    end: int,
    draw: Any,
    corners: Any,
    starts: Any,
    region: int,
    box: Any,
) -> float:
    """When the path of a draw is first in a polygon, on straight ways between knots; infinite if it never is."""
    u, v = draw[0], draw[1]
    first, after = starts[region], starts[region + 1]
    way = ways[begin - 1]
    x0, y0 = way[0] + way[2] * u + way[3] * v, way[1] + way[4] * u + way[5] * v
    t0: float = clock[begin - 1]
    for knot in range(begin, end):
        way = ways[knot]
        x1, y1 = way[0] + way[2] * u + way[3] * v, way[1] + way[4] * u + way[5] * v
        t1: float = clock[knot]
        if t0 < begin_s <= t1:
            share = (begin_s - t0) / (t1 - t0)
            x0, y0, t0 = x0 + share * (x1 - x0), y0 + share * (y1 - y0), begin_s
        if min(x0, x1) <= box[2] and max(x0, x1) >= box[0] and min(y0, y1) <= box[3] and max(y0, y1) >= box[1]:
            if is_inside(x0, y0, corners, first, after):
                return t0
            share = first_crossing(x0, y0, x1, y1, corners, first, after)
            if share <= 1.0:
                return t0 + share * (t1 - t0)
        x0, y0, t0 = x1, y1, t1
    return t0 if is_inside(x0, y0, corners, first, after) else _NEVER


@inlined
def is_inside(x: float, y: float, corners: Any, start: int, end: int) -> bool:
    """Whether a point lies in a polygon, by the crossings of a ray along x: even or odd."""
    is_in = False
    before = end - 1
    for corner in range(start, end):
        if (corners[corner, 1] > y) != (corners[before, 1] > y):
            share = (y - corners[before, 1]) / (corners[corner, 1] - corners[before, 1])
            if x < corners[before, 0] + share * (corners[corner, 0] - corners[before, 0]):
                is_in = not is_in
        before = corner
    return is_in


@inlined
def first_crossing(x0: float, y0: float, x1: float, y1: float, corners: Any, start: int, end: int) -> float:
    """Share of the way from one point to another at which a polygon's boundary is first met; infinite if it is not."""
    along_x, along_y = x1 - x0, y1 - y0
    first = _NEVER
    before = end - 1
    for corner in range(start, end):
        edge_x, edge_y = corners[corner, 0] - corners[before, 0], corners[corner, 1] - corners[before, 1]
        off_x, off_y = corners[before, 0] - x0, corners[before, 1] - y0
        cross = along_x * edge_y - along_y * edge_x
        if cross != 0.0:
            way = (off_x * edge_y - off_y * edge_x) / cross
            edge = (off_x * along_y - off_y * along_x) / cross
            if 0.0 <= way <= 1.0 and 0.0 <= edge <= 1.0 and way < first:
                first = way
        before = corner
    return first
