"""Measures of the field on tracks of people: density in an area, individual speed, crossings of a line and the flow.

Definitions as in Steffen and Seyfried (2010), "Methods for measuring pedestrian density, flow, speed and direction with
minimal scatter", and PedPy. Tracks may hold many scenes; only what is valid is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.voronoi import shares_of_cells
from pathcast.tracks import Tracks

Corners = Sequence[tuple[float, float]]
"""Of a polygon, metres, in order either way round, the first one once."""


class Densities(NamedTuple):
    """Density at every instant at which anybody of a scene is seen, by scene and time."""

    scene: Int[np.ndarray, " instant"]
    time: Float[np.ndarray, " instant"]
    """Seconds."""
    density: Float[np.ndarray, " instant"]
    """People per square metre."""


class Crossings(NamedTuple):
    """Steps of people across a line, by time."""

    scene: Int[np.ndarray, " crossing"]
    track: UInt64[np.ndarray, " crossing"]
    time: Float[np.ndarray, " crossing"]
    """Seconds, on the straight way between two frames."""
    to_left: Bool[np.ndarray, " crossing"]
    """Whether the step leads to the left of the line, seen from its start to its end."""


def area_of(corners: Corners) -> float:
    """Square metres of a polygon.

    Raises:
        InputError: Fewer than three corners, or no area.
    """
    x, y = np.array(corners, np.float64).reshape(-1, 2).T
    area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
    if len(x) < 3 or not area > 0:
        raise InputError("area", "at least three corners that enclose ground", f"{list(corners)}")
    return area


def is_inside(position: Float[np.ndarray, "row 2"], corners: Corners) -> Bool[np.ndarray, " row"]:
    """Which positions lie in a polygon; positions that are NaN lie nowhere."""
    x, y = position.T
    inside = np.zeros(len(x), np.bool_)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) / (by - ay) * (bx - ax))
    return np.asarray(inside & np.isfinite(position).all(axis=1))


def density_in(tracks: Tracks, corners: Corners) -> Densities:
    """People in the area over its size: the classic density, in steps of one person.

    Raises:
        InputError: As of `area_of`.
    """
    scene, time, instant = _instants(tracks)
    inside = is_inside(tracks.position[tracks.valid, :2], corners)
    return Densities(scene, time, np.bincount(instant[inside], minlength=len(time)) / area_of(corners))


def voronoi_density_in(tracks: Tracks, corners: Corners, ground: Sequence[Sequence[Corners]]) -> Densities:
    """Shares of people's Voronoi cells in the area over its size: a density without steps.

    A person's cell is the part of the ground that is nearer to them than to anybody else. Where a cell falls into
    pieces behind a corner or an obstacle, all of them count.

    Args:
        tracks: Of people.
        corners: Of a convex area.
        ground: Polygons of the walkable area, each an outer ring and its holes, such as
            `pathcast.formats.walkable_area.walkable_polygons` gives.

    Raises:
        InputError: As of `area_of`, or an area that is not convex.
    """
    size = area_of(corners)
    turned = _anticlockwise(corners)
    scene, time, instant = _instants(tracks)
    order = np.argsort(instant, kind="stable")
    starts = np.searchsorted(instant[order], np.arange(len(time) + 1))
    rings = [np.array(ring, np.float64) for polygon in ground for ring in polygon]
    shares = shares_of_cells(
        np.ascontiguousarray(tracks.position[tracks.valid, :2][order]),
        starts,
        np.concatenate(rings),
        np.cumsum([0, *map(len, rings)]),
        turned,
    )
    return Densities(scene, time, np.bincount(instant[order], shares, len(time)) / size)


def individual_speed(tracks: Tracks, frame_step: int) -> Float[np.ndarray, " row"]:
    """Speed of each person about each row, m/s: the way from `frame_step` rows before to as many after, over its time.

    NaN where either does not belong to the track, or was not seen.

    Raises:
        InputError: A step under 1.
    """
    if frame_step < 1:
        raise InputError("frame_step", "at least 1", f"{frame_step}")
    speed = np.full(tracks.num_rows, np.nan)
    before, after = slice(None, -2 * frame_step), slice(2 * frame_step, None)
    same = (tracks.scene[before] == tracks.scene[after]) & (tracks.track[before] == tracks.track[after])
    way = np.linalg.norm(tracks.position[after] - tracks.position[before], axis=1)
    middle = np.flatnonzero(same) + frame_step
    speed[middle] = way[same] / (tracks.time[after] - tracks.time[before])[same]
    return speed


def crossings_of(tracks: Tracks, start: tuple[float, float], end: tuple[float, float]) -> Crossings:
    """Every step between two rows of a track that leads across the line from `start` to `end` (metres).

    A position on the line counts to its right, so that who stops on it crosses it once.
    """
    (sx, sy), (ex, ey) = start, end
    along_x, along_y = ex - sx, ey - sy
    off = tracks.position[:, :2] - np.array(start)
    side = along_x * off[:, 1] - along_y * off[:, 0]
    along = (off[:, 0] * along_x + off[:, 1] * along_y) / (along_x**2 + along_y**2)
    same = (np.diff(tracks.scene) == 0) & (np.diff(tracks.track) == 0) & tracks.valid[1:] & tracks.valid[:-1]
    rows = np.flatnonzero(same & ((side[1:] > 0) != (side[:-1] > 0)))
    share = side[rows] / (side[rows] - side[rows + 1])
    where = along[rows] + share * (along[rows + 1] - along[rows])
    kept = (where >= 0) & (where <= 1)
    rows, share = rows[kept], share[kept]
    time = tracks.time[rows] + share * (tracks.time[rows + 1] - tracks.time[rows])
    order = np.argsort(time, kind="stable")
    return Crossings(tracks.scene[rows][order], tracks.track[rows][order], time[order], (side[rows + 1] > 0)[order])


def flow_of(time: Float[np.ndarray, " crossing"]) -> float:
    """People per second over the crossings: one less than they are, over the time from the first to the last.

    NaN of fewer than two, or all at once.
    """
    lasting = float(np.ptp(time)) if len(time) else 0.0
    return (len(time) - 1) / lasting if lasting > 0 else float("nan")


def _instants(
    tracks: Tracks,
) -> tuple[Int[np.ndarray, " instant"], Float[np.ndarray, " instant"], Int[np.ndarray, " seen"]]:
    """Scene and time of every instant, and the instant of each row that is valid."""
    scene, time = tracks.scene[tracks.valid], tracks.time[tracks.valid]
    order = np.lexsort((time, scene))
    is_new = np.append(True, (np.diff(scene[order]) != 0) | (np.diff(time[order]) != 0))[: len(order)]
    first = order[is_new]
    instant = np.empty(len(order), np.int64)
    instant[order] = np.cumsum(is_new) - 1
    return scene[first], time[first], instant


def _anticlockwise(corners: Corners) -> Float[np.ndarray, "corner 2"]:
    """The corners of a convex polygon, anticlockwise."""
    points = np.array(corners, np.float64)
    step = np.roll(points, -1, axis=0) - points
    turn = step[:, 0] * np.roll(step[:, 1], -1) - step[:, 1] * np.roll(step[:, 0], -1)
    if (turn > 0).any() and (turn < 0).any():
        raise InputError("area", "a convex polygon", f"{list(corners)}")
    return points if turn.sum() > 0 else np.ascontiguousarray(points[::-1])
