"""Figures of a report as SVG texts: one colour, line and mark for each forecaster, so that grey is enough."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from pathcast.live.judging.judgement import Judged
from pathcast.live.judging.scored import Scored
from pathcast.live.playing.streams import PlayedStream

STYLES: Final = (
    ("#0072b2", "-", "o"),
    ("#d55e00", "--", "s"),
    ("#009e73", "-.", "^"),
    ("#cc79a7", ":", "D"),
    ("#6b4c9a", (0, (5, 1)), "v"),
    ("#8c6d1f", (0, (3, 1, 1, 1)), "P"),
    ("#56b4e9", (0, (1, 1)), "X"),
)
"""Colours told apart by those who see few (Okabe and Ito 2008), lines, and marks."""
INK: Final = "#222222"
WIDTH: Final = 4.6
"""Inches of a figure."""
HEIGHT: Final = 3.3
SETTINGS: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "pathcast",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "axes.labelcolor": INK,
    "text.color": INK,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
    "legend.frameon": False,
    "lines.markersize": 4.5,
    "lines.linewidth": 1.6,
}


@dataclass(frozen=True)
class Picture:
    """A figure and what it shows."""

    svg: str
    caption: str


def styles_of(tables: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """How each forecaster is drawn: models first, then baselines."""
    names = [table["model"] for table in tables]
    names += [name for name in tables[0]["baselines"] if name not in names]
    found = {}
    for index, name in enumerate(names):
        colour, line, mark = STYLES[index % len(STYLES)]
        found[name] = {"color": colour, "linestyle": line, "marker": mark, "label": name}
    return found


def error_by_horizon(tables: Sequence[dict[str, Any]], styles: dict[str, dict[str, Any]]) -> Picture:
    """Mean error against seconds ahead."""

    def draw(axes: Axes) -> None:
        most = 0.0
        for name, values in _each(tables, lambda table: table["by_horizon"]["error_m"]):
            axes.plot(tables[0]["by_horizon"]["offsets_s"], _numbers(values), **styles[name])
            if any(name == table["model"] for table in tables):
                most = max(most, float(np.nanmax(_numbers(values))))
        _not_too_high(axes, most)
        axes.set(xlabel="ahead, s", ylabel="mean error, m", xlim=(0, None))
        axes.legend()

    return Picture(_svg(draw), "Error of the point forecast against how far ahead it is.")


def error_by_observations(tables: Sequence[dict[str, Any]], styles: dict[str, dict[str, Any]]) -> Picture:
    """Mean error against observations so far."""

    def draw(axes: Axes) -> None:
        most = 0.0
        rows = tables[0]["by_observations"]
        seen = [row["mean_observations"] for row in rows]
        for table in tables:
            own = table["by_observations"]
            for name in own[0]["error_m"]:
                if name != table["model"] and table is not tables[0]:
                    continue
                values = _numbers([row["error_m"].get(name) for row in own])
                axes.plot([row["mean_observations"] for row in own], values, **styles[name])
                if name == table["model"]:
                    most = max(most, float(np.nanmax(values)))
        _not_too_high(axes, most)
        axes.set_xscale("log")
        axes.set_xticks(seen, [f"{value:.0f}" for value in seen])
        axes.minorticks_off()
        axes.set(xlabel="observations of the track so far", ylabel="mean error over the horizon, m")

    return Picture(_svg(draw), "Error against how much of the track had been seen.")


def region_reliability(tables: Sequence[dict[str, Any]], styles: dict[str, dict[str, Any]]) -> Picture:
    """Share of the truth inside regions against the share that they should hold."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
        for name, values in _each(tables, lambda table: table["reliability"]["inside"]):
            axes.plot(tables[0]["reliability"]["levels"], _numbers(values), **styles[name], markevery=2)
        axes.set(xlabel="share that the region should hold", ylabel="share of true positions inside")
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="lower right")

    caption = "Reliability of regions of highest density. Below the grey line a forecaster is too sure of itself."
    return Picture(_svg(draw), caption)


def coverage_by_horizon(tables: Sequence[dict[str, Any]], styles: dict[str, dict[str, Any]]) -> Picture:
    """Share of the truth inside the regions of 90 % against seconds ahead."""

    def draw(axes: Axes) -> None:
        axes.axhspan(0.87, 0.93, color="#eeeeee")
        axes.axhline(0.9, color="#999999", linewidth=1)
        for table in tables:
            horizon = table["by_horizon"]
            axes.plot(horizon["offsets_s"], _numbers(horizon["coverage90"]), **styles[table["model"]])
        axes.set(xlabel="ahead, s", ylabel="share inside the region of 90 %", xlim=(0, None))
        low = axes.get_ylim()[0]
        axes.set_ylim(min(low, 0.8), 1.0)

    return Picture(_svg(draw), "Coverage against how far ahead the forecast is; the band is 87 % to 93 %.")


def probability_reliability(found: dict[str, dict[str, Any]], what: str) -> Picture:
    """Share that came about against the probability that was told, of one or several questions."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
        for index, (name, scores) in enumerate(found.items()):
            colour, line, mark = STYLES[index % len(STYLES)]
            axes.plot(scores["told"], scores["came_of_told"], color=colour, linestyle=line, marker=mark, label=name)
        axes.set(xlabel="probability told", ylabel="share that came about", xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="upper left")

    return Picture(_svg(draw), f"Reliability of {what}, in tenths of probability.")


def ages(seconds: Sequence[float]) -> Picture:
    """How old forecasts were when they came."""

    def draw(axes: Axes) -> None:
        age = np.sort(1e3 * np.asarray(seconds))
        axes.plot(age, np.arange(1, len(age) + 1) / len(age), color=STYLES[0][0])
        for share, line in ((0.5, "--"), (0.99, ":")):
            value = float(np.quantile(age, share))
            axes.axvline(
                value, color="#666666", linestyle=line, linewidth=1, label=f"p{100 * share:.0f} {value:.1f} ms"
            )
        axes.set(xlabel="age of the forecast when it came, ms", ylabel="share of answers", ylim=(0, 1.02))
        axes.set_xscale("log")
        for axis in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
            axis(FuncFormatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "1235" else ""))
        axes.legend(loc="upper left")

    return Picture(_svg(draw), "How old forecasts were when they came.")


def cases(judged: Judged, streams: Sequence[PlayedStream], num: int = 3) -> list[Picture]:
    """The cases of least and of greatest error, of different tracks, whose whole future is known.

    Of the half that got farther: to know that somebody stands is no art.
    """
    scored = judged.scored
    moved = np.linalg.norm(scored.truth[:, -1] - scored.truth[:, 0], axis=1)
    fits = np.isfinite(scored.error).all(axis=1) & (scored.num_seen >= 3)
    known = np.flatnonzero(fits & (moved >= np.median(moved[fits]))) if fits.any() else np.flatnonzero(fits)
    order = known[np.argsort(scored.ade[known], kind="stable")]
    chosen = [("best", _distinct(scored, order, num)), ("worst", _distinct(scored, order[::-1], num))]
    return [_case(scored, case, streams, word) for word, rows in chosen for case in rows]


def _distinct(scored: Scored, order: np.ndarray, num: int) -> list[int]:
    found: list[int] = []
    tracks: set[tuple[int, int]] = set()
    for case in order.tolist():
        track = int(scored.stream[case]), int(scored.true[case])
        if track not in tracks:
            tracks.add(track)
            found.append(case)
        if len(found) == num:
            break
    return found


def _case(scored: Scored, case: int, streams: Sequence[PlayedStream], word: str) -> Picture:
    """A case from above or, in three axes, from the side along the ball's way."""
    length = int(scored.lengths[case])
    past, truth = scored.positions[case, :length], scored.truth[case]
    is_level = truth.shape[1] == 2
    origin, along = past[-1], truth[-1, :2] - past[0, :2]
    along = along / max(float(np.linalg.norm(along)), 1e-9)

    def flat(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if is_level:
            return points[..., 0] - origin[0], points[..., 1] - origin[1]
        return (points[..., :2] - past[0, :2]) @ along, points[..., 2]

    def draw(axes: Axes) -> None:
        modes, shares = scored.forecast.means[case], scored.forecast.probabilities[case]
        start = past[-1:]
        for mode, share in zip(modes, shares, strict=True):
            x, y = flat(np.concatenate([start, mode]))
            axes.plot(x, y, color=STYLES[0][0], alpha=0.15 + 0.85 * float(share), linewidth=0.8 + 2.5 * float(share))
        axes.plot(*flat(past), color="#888888", linestyle="none", marker="x", label="seen")
        axes.plot(
            *flat(truth), color=INK, marker="o", markersize=3.5, linestyle="--", linewidth=1, label="what happened"
        )
        axes.plot([], [], color=STYLES[0][0], label="futures, wide where probable")
        limits = _roomy(axes)
        venue = streams[int(scored.stream[case])].venue
        if venue is not None and is_level:
            for wall in venue.walls:
                ends = np.array([wall.start[:2], wall.end[:2]]) - origin
                axes.plot(ends[:, 0], ends[:, 1], color="#555555", linewidth=2.2)
        axes.set(xlim=limits[0], ylim=limits[1])
        axes.set_aspect("equal", adjustable="box")
        axes.set(xlabel="x from the newest observation, m" if is_level else "along its way, m")
        axes.set(ylabel="y from there, m" if is_level else "height, m")
        axes.legend(fontsize=8)

    name = streams[int(scored.stream[case])].name
    caption = (
        f"{word}: mean error {scored.ade[case]:.2f} m; {name}, at {scored.time_s[case]:.2f} s, "
        f"after {scored.num_seen[case]} observations"
    )
    return Picture(_svg(draw), caption)


def _roomy(axes: Axes) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits around what is drawn, in the proportions of a figure, so that metres are as long both ways."""
    ends = np.array([axes.get_xlim(), axes.get_ylim()])
    middle, half = ends.mean(axis=1), np.ptp(ends, axis=1) / 2
    high = max(half[1], half[0] * HEIGHT / WIDTH, 0.25)
    wide = high * WIDTH / HEIGHT
    return (middle[0] - wide, middle[0] + wide), (middle[1] - high, middle[1] + high)


def _each(tables: Sequence[dict[str, Any]], values_of: Any) -> list[tuple[str, Any]]:
    """Every model's values, and the baselines' of the first."""
    found = [(table["model"], values_of(table)[table["model"]]) for table in tables]
    return found + [(name, values) for name, values in values_of(tables[0]).items() if name != tables[0]["model"]]


def _not_too_high(axes: Axes, most_of_models: float) -> None:
    """Baselines that err many times more leave the picture at its top, so that models can be told apart."""
    high = axes.get_ylim()[1]
    axes.set_ylim(0, min(high, 3.0 * most_of_models) if most_of_models > 0 else high)


def _numbers(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _svg(draw: Any) -> str:
    """A figure as the text of an SVG element, the same for the same numbers."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        draw(figure.subplots())
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    whole = text.getvalue()
    return whole[whole.index("<svg") :]
