"""Forecast animation: a moving picture of scenes and of what was forecast in them, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from PIL import Image

from pathcast.formats.atomic import replacing
from pathcast.live.page.records import Record
from pathcast.live.page.scenes import ShownScene
from pathcast.live.picture import above, draw_board, draw_side
from pathcast.venue import Venue

MOST_FRAMES = 200
LEAST_FRAME_S = 0.05
"""Between two pictures: viewers of GIFs slow down what is faster."""
REST_FRAMES = 8
"""That the last picture of a scene stays."""
DOTS_PER_INCH = 72
FUTURE, TRUE, SEEN = "#1f5fbf", "#e0560b", "#20262e"
MOST_MODES = 5
TRAIL_S = 4.0


def animate_forecasts(scenes: Sequence[ShownScene], records: Sequence[Sequence[Record]], path: Path) -> None:
    """Writes a GIF: what was seen, where things truly are, and the futures, wider and darker where likelier.

    Balls are seen from the side, along the way from where they were first seen to the hoop or to where they end;
    people from above.

    Args:
        scenes: What was sent.
        records: Of each scene, as `pathcast.live.page.show.recorded` gives them.
        path: The GIF.

    Raises:
        InputError: It cannot be written.
    """
    pictures: list[Image.Image] = []
    durations: list[int] = []
    palette: Image.Image | None = None
    for scene, told in zip(scenes, records, strict=True):
        drawn = _Drawn(scene, told[0])
        answers = [record for record in told if record["kind"] == "answer"]
        every = max(LEAST_FRAME_S, (answers[-1]["time"] - answers[0]["time"]) * len(scenes) / MOST_FRAMES)
        due = answers[0]["time"]
        palette = palette or drawn.at(answers[: len(answers) // 2 + 1]).quantize(96)
        for number, answer in enumerate(answers):
            if answer["time"] < due - 1e-6 and answer is not answers[-1]:
                continue
            picture = drawn.at(answers[: number + 1])
            pictures.append(picture.quantize(palette=palette, dither=Image.Dither.NONE))
            durations.append(round(1000 * every))
            due = answer["time"] + every
        durations[-1] *= REST_FRAMES
    with replacing(path) as part:
        first, *more = pictures
        first.save(part, "GIF", save_all=True, append_images=more, duration=durations, loop=0)


class _Drawn:
    """One scene's figure, drawn anew for each answer."""

    def __init__(self, scene: ShownScene, told: Record) -> None:
        self._scene = scene
        self._told = told
        self._way = _way(scene) if scene.num_axes == 3 else np.eye(2)
        venue = scene.venue
        if scene.num_axes == 2 and venue is not None:
            self._figure, self._axis = above(venue)
        else:
            self._figure = Figure(figsize=(8.0, 5.0), layout="constrained")
            self._axis = self._figure.subplots()
            _frame(self._axis, scene, self._way, venue)
        self._figure.set_dpi(DOTS_PER_INCH)
        self._canvas: Any = FigureCanvasAgg(self._figure)
        self._title = self._axis.set_title("", loc="left", fontsize=11)
        self._fan: Any = self._axis.add_collection(LineCollection([], zorder=3, capstyle="round"))
        (self._seen,) = self._axis.plot([], [], ".", color=SEEN, ms=4, zorder=4, label="seen")
        (self._true,) = self._axis.plot([], [], "o", color=TRUE, ms=8, zorder=5, label="true")
        self._axis.plot([], [], color=FUTURE, label="futures, wider where likelier")
        if scene.truth is None:
            self._true.set_label("")
        self._figure.legend(loc="outside lower center", ncols=4, fontsize=8, frameon=False)

    def at(self, answers: Sequence[Record]) -> Image.Image:
        """The picture after some answers."""
        tracks = answers[-1]["tracks"]
        ids = {track["id"] for track in tracks}
        recent = [answer for answer in answers if answer["time"] > answers[-1]["time"] - TRAIL_S]
        seen = [t["seen"] for answer in recent for t in answer["tracks"] if t["id"] in ids and "seen" in t]
        self._seen.set_data(*self._flat(seen).T)
        self._true.set_data(*self._flat([track["true"] for track in tracks if "true" in track]).T)
        lines, widths, colours = [], [], []
        for track in tracks:
            start = [track["seen"]] if "seen" in track else []
            modes = list(zip(track.get("modes", ()), track.get("paths", ()), strict=False))[:MOST_MODES]
            for probability, path in reversed(modes):
                lines.append(self._flat([*start, *path]))
                widths.append(0.8 + 5 * probability)
                colours.append(to_rgba(FUTURE, min(1.0, 0.2 + probability)))
        self._fan.set(segments=lines, linewidths=widths or [1.0], colors=colours or [to_rgba(FUTURE)])
        self._title.set_text(self._words(answers[-1]))
        self._canvas.draw()
        return Image.fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3])

    def _words(self, answer: Record) -> str:
        """Title, time, and how likely the first outcome is."""
        words = f"{self._told['title']}: {answer['time'] - self._told['begin']:5.2f} s"
        names = self._told["outcomes"]
        told = [track["outcomes"] for track in answer["tracks"] if "outcomes" in track]
        return f"{words}   {names[0]} {100 * told[0][0]:.0f} %" if names and told else words

    def _flat(self, positions: Sequence[Sequence[float]]) -> Float[np.ndarray, "point 2"]:
        return np.asarray(positions, np.float64).reshape(-1, self._scene.num_axes) @ self._way.T


def _way(scene: ShownScene) -> Float[np.ndarray, "2 3"]:
    """What points right and up in a picture from the side."""
    first = next(positions[0] for _, ids, positions in scene.frames if ids)
    last = next(positions[0] for _, ids, positions in reversed(scene.frames) if ids)
    hoop = None if scene.venue is None else scene.venue.hoop
    ahead = (last[:2] if hoop is None else np.array(hoop.centre[:2])) - first[:2]
    ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-9)
    return np.array([[ahead[0], ahead[1], 0.0], [0.0, 0.0, 1.0]])


def _frame(axis: Axes, scene: ShownScene, way: Float[np.ndarray, "2 axis"], venue: Venue | None) -> None:
    """The place, and axes that hold all that is seen."""
    low, high = (np.array(each) for each in scene.bounds)
    corners = np.array([[low[0], low[1]], [low[0], high[1]], [high[0], low[1]], [high[0], high[1]]])
    if scene.num_axes == 3:
        corners = np.concatenate([np.column_stack([corners, np.full(4, each)]) for each in (low[2], high[2])])
    flat = corners @ way.T
    least, most = flat.min(axis=0) - 0.5, flat.max(axis=0) + 0.5
    if scene.num_axes == 3 and venue is not None:
        draw_side(axis, venue, way[0, :2])
        if venue.board is not None:
            draw_board(axis, venue, way[0, :2])
        if venue.floor is not None:
            least[1] = min(least[1], venue.floor.point[2] - 0.1)
    axis.set(xlim=(least[0], most[0]), ylim=(least[1], most[1]))
    axis.set_aspect("equal", adjustable="box")
    labels = ("along the way (m)", "height (m)") if scene.num_axes == 3 else ("x (m)", "y (m)")
    axis.set(xlabel=labels[0], ylabel=labels[1])
