"""Picture: a few simulated tracks, the truth as lines and what the sensor saw as dots, in their place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from numpy.typing import NDArray

from pathcast.formats.atomic import replacing
from pathcast.simulator.ball.surfaces import KINDS, RING_PASSED
from pathcast.simulator.dataset import Batch
from pathcast.simulator.truth import Events
from pathcast.tracks import Track, Tracks
from pathcast.venue import Venue, box_corners

MOST_THROWS = 8
PLACE = "#888888"
MARKS = "osD^vP*"


def draw_throws(batch: Batch, title: str, path: Path) -> None:
    """Writes a PNG of the batch's first throws from the side, to scale, their contacts marked by what was touched.

    With a hoop the horizontal axis is the way to it, along the line from each throw's release; otherwise it is the
    venue's longer one.

    Raises:
        InputError: The file cannot be written.
    """
    figure = Figure(figsize=(9.0, 5.5), layout="constrained")
    axis = figure.subplots()
    chosen = np.unique(batch.truth.scene)[:MOST_THROWS]
    along = _long_axis(batch)
    ways: dict[int, tuple[NDArray[np.float64], str]] = {}
    for index, track in enumerate(_in_scenes(batch.truth, chosen).each()):
        way = _way_to_hoop(track) if batch.venue.hoop is not None else along
        ways[track.scene] = way, f"C{index}"
        axis.plot(track.position[:, :2] @ way, track.position[:, 2], color=f"C{index}", lw=1.1)
    for track in _in_scenes(batch.observed, chosen).each():
        way, colour = ways[track.scene]
        axis.plot(track.position[:, :2] @ way, track.position[:, 2], ".", color=colour, ms=4)
    if batch.events is not None:
        _mark_contacts(axis, batch.events, ways)
    draw_side(axis, batch.venue, along)
    for way, _ in ways.values() if batch.venue.board is not None else ():
        draw_board(axis, batch.venue, way)
    axis.set_xlabel(
        "distance past the hoop, on the line from the release to it (m)"
        if batch.venue.hoop is not None
        else f"{'xy'[int(along[1])]} (m)"
    )
    axis.set_ylabel("z (m)")
    _finish(figure, axis, f"{title}: {len(chosen)} throws from the side", path)


def draw_people(batch: Batch, title: str, path: Path) -> None:
    """Writes a PNG of the batch's first scene from above, to scale, with its walls and exits.

    Raises:
        InputError: The file cannot be written.
    """
    figure, axis = above(batch.venue)
    first = np.array([batch.first])
    for track in _in_scenes(batch.truth, first).each():
        axis.plot(*track.position.T, color=f"C{track.track % 10}", lw=1.1)
        axis.plot(*track.position[:1].T, "o", color=f"C{track.track % 10}", ms=5, mfc="white", zorder=4)
    for track in _in_scenes(batch.observed, first).each():
        axis.plot(*track.position.T, ".", color=f"C{track.track % 10}", ms=4)
    axis.plot([], [], "o", color="black", ms=5, mfc="white", label="first seen")
    _finish(figure, axis, f"{title}: scene {batch.first} from above", path)


def above(venue: Venue) -> tuple[Figure, Axes]:
    """A venue from above, to scale, on a figure of its own proportions, with nothing in it yet."""
    (west, east), (south, north) = venue.extent()
    margin = 0.03 * max(east - west, north - south)
    width, height = east - west + 2 * margin, north - south + 2 * margin
    figure = Figure(figsize=(9.0, float(np.clip(8.0 * height / width, 1.6, 8.5)) + 1.4), layout="constrained")
    axis = figure.subplots()
    _draw_above(axis, venue)
    axis.set(xlim=(west - margin, east + margin), ylim=(south - margin, north + margin), xlabel="x (m)", ylabel="y (m)")
    axis.set_aspect("equal", adjustable="box")
    return figure, axis


def _in_scenes(tracks: Tracks, scenes: NDArray[np.int64]) -> Tracks:
    return tracks.select(np.isin(tracks.scene, scenes))


def _way_to_hoop(track: Track) -> NDArray[np.float64]:
    """The horizontal unit vector from the release to the hoop, which stands at the origin."""
    release = track.position[0, :2]
    return np.asarray(-release / max(float(np.linalg.norm(release)), 1e-9))


def _long_axis(batch: Batch) -> NDArray[np.float64]:
    """The unit vector of x or y, along which the venue's fixtures, or else the throws, reach farther."""
    if batch.venue.table is not None:
        reach = np.array(batch.venue.table.size[:2])
    else:
        reach = (
            np.ptp(batch.truth.position[batch.truth.valid][:, :2], axis=0) if batch.truth.valid.any() else np.ones(2)
        )
    return np.array([1.0, 0.0]) if reach[0] > reach[1] else np.array([0.0, 1.0])


def _mark_contacts(axis: Axes, events: Events, ways: Mapping[int, tuple[NDArray[np.float64], str]]) -> None:
    """Where balls touched something: a mark of its own for each kind of thing, at the ball's centre."""
    drawn = np.isin(events.scene, list(ways)) & (events.kind < RING_PASSED)
    for kind in np.unique(events.kind[drawn]):
        chosen = np.flatnonzero(drawn & (events.kind == kind))
        places, scenes = events.before[chosen, :3], events.scene[chosen].tolist()
        across = [float(place[:2] @ ways[scene][0]) for place, scene in zip(places, scenes, strict=True)]
        colours = [ways[scene][1] for scene in scenes]
        mark = MARKS[kind]
        axis.scatter(
            across, places[:, 2], s=70, marker=mark, facecolors="none", edgecolors=colours, linewidths=1.6, zorder=6
        )
        axis.scatter([], [], s=50, marker=mark, facecolors="none", edgecolors="black", label=f"touches {KINDS[kind]}")


def draw_side(axis: Axes, venue: Venue, along: NDArray[np.float64]) -> None:
    """Floor, hoop, table, net and exits from the side, where a horizontal unit vector points right."""
    side = int(abs(along[1]) > abs(along[0]))
    if venue.floor is not None:
        axis.axhline(venue.floor.point[2], color=PLACE, lw=1.5, zorder=1)
        axis.annotate(
            "floor", (0.01, venue.floor.point[2]), xycoords=("axes fraction", "data"), va="bottom", color=PLACE
        )
    if venue.hoop is not None:
        height, radius = venue.hoop.centre[2], venue.hoop.radius
        axis.plot([-radius, radius], [height, height], color="black", lw=3, zorder=5, solid_capstyle="round")
        axis.annotate("hoop", (radius, height), xytext=(6, 0), textcoords="offset points", va="center")
    for box in (venue.table, venue.net):
        if box is not None:
            corner = (box.centre[side] - box.size[side] / 2, box.centre[2] - box.size[2] / 2)
            axis.add_patch(Rectangle(corner, box.size[side], box.size[2], color=PLACE, zorder=1))
    for way_out in venue.exits:
        middle = 0.5 * (np.array(way_out.start) + np.array(way_out.end))[side]
        axis.axvline(middle, ls="--", color="#1b7837", lw=1.0, zorder=1, label=way_out.name)


def draw_board(axis: Axes, venue: Venue, way: NDArray[np.float64]) -> None:
    """The board as it stands across one throw's way."""
    assert venue.board is not None
    across = np.array(box_corners(venue.board))[:, :2] @ way
    low = venue.board.centre[2] - venue.board.size[2] / 2
    axis.add_patch(Rectangle((across.min(), low), np.ptp(across), venue.board.size[2], color=PLACE, alpha=0.1, lw=0))


def _draw_above(axis: Axes, venue: Venue) -> None:
    """Walls, obstacles and exits."""
    for wall in venue.walls:
        axis.plot(*np.array([wall.start[:2], wall.end[:2]]).T, color=PLACE, lw=2.5, zorder=1)
    for index, way_out in enumerate(venue.exits):
        ends = np.array([way_out.start[:2], way_out.end[:2]]).T
        axis.plot(*ends, "--", color="#1b7837", lw=1.5, zorder=1, label="" if index else "exit")
    for obstacle in venue.obstacles:
        axis.add_patch(Polygon(np.array(box_corners(obstacle))[:, :2], color=PLACE, alpha=0.5, zorder=1))


def _finish(figure: Figure, axis: Axes, title: str, path: Path) -> None:
    """Legend, equal scales, and the file."""
    axis.plot([], [], color="black", lw=1.1, label="true")
    axis.plot([], [], ".", color="black", ms=4, label="observed")
    axis.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=8, ncols=8, frameon=False, borderaxespad=0.1)
    axis.set_aspect("equal", adjustable="box")
    axis.set_title(title, loc="left", pad=22)
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=110, bbox_inches="tight")
