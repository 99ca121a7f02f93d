"""Animation: a simulated scene of people in motion from above, with what they intend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from PIL import Image

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.live.picture import PLACE, above
from pathcast.simulator.dataset import Batch
from pathcast.tracks import Tracks

MOST_FRAMES = 150
FRAME_S = 0.2
"""Between two frames, unless that makes more than `MOST_FRAMES`."""
TRAIL_S = 2.0
DOTS_PER_INCH = 80
RADIUS_M = 0.2
COLOURS = colormaps["tab10"].colors  # type: ignore[attr-defined]


def animate_people(batch: Batch, title: str, path: Path) -> None:
    """Writes a GIF of the batch's first scene: discs to scale with their heading, trails, walls, exits and the time.

    Discs have the colour of the exit walked to; who stopped on purpose is hollow, and lines join groups. A long
    scene is shown at fewer instants, at most `MOST_FRAMES`, at the pace of the walk.

    Raises:
        InputError: Nobody is in the scene, or the file cannot be written.
    """
    rows = batch.truth.scene == batch.first
    tracks = batch.truth.select(rows)
    if not tracks.num_rows:
        raise InputError(str(path), "a scene with people", f"nobody in scene {batch.first}")
    goal, is_dwelling, group = (_labels(batch, name, rows) for name in ("goal", "is_dwelling", "group"))
    heading = _headings(tracks)
    begin, end = float(tracks.time.min()), float(tracks.time.max())
    every = max(FRAME_S, (end - begin) / (MOST_FRAMES - 1))
    times = np.arange(begin, end + 1e-9, every)
    figure, axis = above(batch.venue)
    figure.set_dpi(DOTS_PER_INCH)
    clock = axis.set_title("", loc="left", fontsize=10)
    people: Any = axis.add_collection(PatchCollection([], zorder=4, linewidths=1.4))
    noses: Any = axis.add_collection(LineCollection([], colors="black", linewidths=1.3, zorder=5))
    trails: Any = axis.add_collection(LineCollection([], linewidths=1.2, alpha=0.5, zorder=2))
    ties: Any = axis.add_collection(LineCollection([], colors="#555555", linewidths=1.0, zorder=3))
    _name_exits(axis, batch)

    def show(time: float) -> None:
        now = _rows_at(tracks, time)
        colours = [COLOURS[int(goal[row]) % len(COLOURS)] for row in now]
        at = tracks.position[now]
        people.set_paths([Circle(tuple(place), RADIUS_M) for place in at])
        people.set_edgecolor(colours)
        people.set_facecolor(["white" if is_dwelling[row] else c for row, c in zip(now, colours, strict=True)])
        noses.set_segments([(place, place + RADIUS_M * heading[row]) for row, place in zip(now, at, strict=True)])
        trails.set_segments([tracks.position[_trail(tracks, row)] for row in now.tolist()])
        trails.set_colors(colours)
        ties.set_segments(_ties(at, group[now]))
        clock.set_text(f"{title}, scene {batch.first}: {time:4.1f} s, {len(now)} people")

    canvas: Any = FigureCanvasAgg(figure)
    pictures: list[Image.Image] = []
    for time in times.tolist():
        show(time)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        pictures.append(picture.quantize(128, palette=pictures[0] if pictures else None, dither=Image.Dither.NONE))
    with replacing(path) as part:
        first, *more = pictures
        first.save(part, "GIF", save_all=True, append_images=more, duration=round(1000 * every), loop=0)


def _labels(batch: Batch, name: str, rows: np.ndarray) -> np.ndarray:
    """A label of each row; where there is none, that nobody has one."""
    given = getattr(batch.crowd, name, None)
    none = {"goal": 0, "is_dwelling": False, "group": -1}[name]
    return np.full(int(rows.sum()), none) if given is None else np.asarray(given)[rows]


def _headings(tracks: Tracks) -> Float[np.ndarray, "row 2"]:
    """Unit vectors along each person's way, over about half a second; at rest the one before."""
    headings = np.zeros((tracks.num_rows, 2))
    for start, stop in zip(tracks.starts[:-1].tolist(), tracks.starts[1:].tolist(), strict=True):
        place = tracks.position[start:stop]
        index = np.arange(stop - start)
        way = place[np.minimum(index + 2, len(index) - 1)] - place[np.maximum(index - 2, 0)]
        length = np.linalg.norm(way, axis=1)
        moved = np.flatnonzero(length > 0.05)
        if len(moved):
            last = moved[np.maximum(np.searchsorted(moved, index, side="right") - 1, 0)]
            headings[start:stop] = way[last] / length[last, None]
    return headings


def _rows_at(tracks: Tracks, time: float) -> np.ndarray:
    """The row of everybody who is there, nearest before the time."""
    last = np.flatnonzero(tracks.time <= time + 1e-6)
    _, newest = np.unique(tracks.track[last][::-1], return_index=True)
    rows = last[::-1][newest]
    step = float(np.median(np.diff(np.unique(tracks.time)))) if len(np.unique(tracks.time)) > 1 else 1.0
    return np.asarray(rows[tracks.time[rows] > time - 1.5 * step])


def _trail(tracks: Tracks, row: int) -> slice:
    """The rows of the same person over the last `TRAIL_S` seconds."""
    start = int(tracks.starts[np.searchsorted(tracks.starts, row, side="right") - 1])
    return slice(start + int(np.searchsorted(tracks.time[start : row + 1], tracks.time[row] - TRAIL_S)), row + 1)


def _ties(at: Float[np.ndarray, "person 2"], group: np.ndarray) -> list[Any]:
    """Lines from one to the next of each group."""
    chosen = [at[group == number] for number in np.unique(group[group >= 0])]
    return [places[np.argsort(places @ [1.0, 1.0])] for places in chosen if len(places) > 1]


def _name_exits(axis: Any, batch: Batch) -> None:
    """The exits' names in their colours."""
    marks = [
        Line2D([], [], marker="o", ls="", color=COLOURS[index % len(COLOURS)], label=f"to {way_out.name}")
        for index, way_out in enumerate(batch.venue.exits)
    ]
    if batch.crowd is not None and batch.crowd.is_dwelling.any():
        marks.append(Line2D([], [], marker="o", ls="", mfc="white", color=PLACE, label="stopped on purpose"))
    axis.figure.legend(handles=marks, loc="outside lower center", ncols=6, fontsize=8, frameon=False)
