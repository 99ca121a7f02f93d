"""The demo's picture: one typical forecast of each case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, Polygon

from pathcast.live.demo.judging import Judged
from pathcast.model.forecast import unpack_covariances
from pathcast.model.metrics import ade, mean_path
from pathcast.venue import Venue, box_corners

SEEN, TRUE, FORECAST, PLACE = "#222222", "#1b7837", "#d95f02", "#999999"
MOST_MODES = 20
PANEL_RATIO = 1.3
"""Width of a panel to its height."""
RADIUS90 = 2.146
"""In standard deviations: holds 90 % of a Gaussian in the plane."""


def draw(judged: Sequence[Judged], path: Path) -> None:
    """Writes the picture: observed, true, and the futures with their probabilities, to scale."""
    columns = min(3, len(judged))
    rows = -(-len(judged) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(6.2 * columns, 5.2 * rows), squeeze=False)
    for axis, each in zip(axes.flat, judged, strict=False):
        _draw_case(axis, each)
    for axis in list(axes.flat)[len(judged) :]:
        axis.axis("off")
    figure.suptitle("Where is it going? Forecasts streamed by the server; each a typical case (median error)")
    figure.tight_layout(rect=(0, 0.05 / rows, 1, 1 - 0.04 / rows))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_case(axis: Axes, judged: Judged) -> None:
    index = _typical(judged)
    followed, case = judged.followed, judged.case
    length = int(followed.lengths[index])
    seen = followed.positions[index, :length]
    flat = _side if case.ball is not None else _above
    project = flat(seen, judged.truth[index])
    means, full = project(followed.forecast.means[index].astype(np.float64)), _project_covariances(judged, index)
    last = project(seen[-1])
    probabilities = followed.forecast.probabilities[index]
    for mode in range(min(MOST_MODES, len(probabilities))):
        share = float(probabilities[mode] / probabilities[0])
        line = np.concatenate([last[None], means[mode]])
        axis.plot(*line.T, color=FORECAST, alpha=0.15 + 0.75 * share, lw=0.8 + 1.6 * share, zorder=3)
        if mode == 0:
            for at in np.unique(np.linspace(0, means.shape[1] - 1, 5).astype(int)):
                axis.add_patch(_ellipse(means[mode, at], full[mode, at]))
    axis.plot(*np.concatenate([last[None], project(judged.truth[index])]).T, color=TRUE, lw=1.8, zorder=4, label="true")
    axis.plot(*project(seen).T, "o", color=SEEN, ms=3.2, zorder=5, label="observed")
    axis.plot([], [], color=FORECAST, label="futures, by probability; 90 % of the first")
    if case.ball is not None:
        axis.axhline(0.0, color=PLACE, lw=1.2, zorder=1)
    elif case.venue_of is not None:
        _draw_place(axis, case.venue_of(int(case.observed.scene[followed.row[index]])))
    shown = np.concatenate([project(seen), project(judged.truth[index]), means[:5].reshape(-1, 2)])
    low, high = shown.min(0), shown.max(0)
    half = 0.5 * max(float(high[0] - low[0]) / PANEL_RATIO, float(high[1] - low[1])) * 1.2 + 0.05
    centre = (low + high) / 2
    _label(axis, means[:, -1], probabilities, 0.3 * half)
    axis.set_xlim(centre[0] - half * PANEL_RATIO, centre[0] + half * PANEL_RATIO)
    axis.set_ylim(centre[1] - half, centre[1] + half)
    axis.set_aspect("equal", adjustable="box")
    axis.set_title(f"{case.title}\n{length} observations, {case.offsets[-1]:g} s ahead", fontsize=10)
    axis.set_xlabel("along the flight (m)" if case.ball is not None else "x (m)")
    axis.set_ylabel("height (m)" if case.ball is not None else "y (m)")
    axis.legend(fontsize=7, loc="best")


def _typical(judged: Judged) -> int:
    """The forecast of median error; of walkers, among those who do not stand."""
    error = ade(mean_path(judged.followed.forecast), judged.truth)
    moved = np.linalg.norm(judged.truth[:, -1] - judged.truth[:, 0], axis=1)
    rows = np.flatnonzero(moved > 0.5 * np.median(moved))
    return int(rows[np.argsort(error[rows])[len(rows) // 2]])


class _above:  # noqa: N801 (a projection, used as a function)
    """Seen from above."""

    def __init__(self, seen: np.ndarray, truth: np.ndarray) -> None:
        self.matrix = np.eye(2)

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        return positions @ self.matrix.T


class _side(_above):  # noqa: N801
    """Seen from the side: along the horizontal line from the first observation to the last true position."""

    def __init__(self, seen: np.ndarray, truth: np.ndarray) -> None:
        away = truth[-1, :2] - seen[0, :2]
        ahead = away / max(float(np.linalg.norm(away)), 1e-9)
        self.matrix = np.array([[ahead[0], ahead[1], 0.0], [0.0, 0.0, 1.0]])


def _project_covariances(judged: Judged, index: int) -> np.ndarray:
    full = unpack_covariances(judged.followed.forecast.covariances[index].astype(np.float64))
    if judged.case.ball is None:
        return full
    length = int(judged.followed.lengths[index])
    matrix = _side(judged.followed.positions[index, :length], judged.truth[index]).matrix
    return np.asarray(matrix @ full @ matrix.T)


def _ellipse(centre: np.ndarray, covariance: np.ndarray) -> Ellipse:
    values, vectors = np.linalg.eigh(covariance)
    width, height = 2 * RADIUS90 * np.sqrt(np.maximum(values, 0))
    angle = float(np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0])))
    return Ellipse(
        (float(centre[0]), float(centre[1])), width, height, angle=angle, fill=False, ec=FORECAST, lw=0.7, alpha=0.7
    )


def _draw_place(axis: Axes, venue: Venue) -> None:
    for wall in venue.walls:
        axis.plot(*np.array([wall.start[:2], wall.end[:2]]).T, color=PLACE, lw=1.5, zorder=1)
    for obstacle in venue.obstacles:
        axis.add_patch(Polygon(np.array(box_corners(obstacle))[:, :2], color=PLACE, alpha=0.5, zorder=1))


def _label(axis: Axes, ends: np.ndarray, probabilities: np.ndarray, width: float) -> None:
    """Writes the leading probabilities at their futures' ends, one below the other where ends are within a width."""
    groups: list[tuple[np.ndarray, list[str]]] = []
    for end, probability in list(zip(ends, probabilities, strict=True))[:6]:
        text = f"{100 * probability:.0f} %"
        near = [texts for place, texts in groups if np.linalg.norm(place - end) < width]
        if near:
            near[0].append(text)
        else:
            groups.append((end, [text]))
    for place, texts in groups:
        axis.annotate(
            "\n".join(texts),
            (float(place[0]), float(place[1])),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color="#8c3d00",
            zorder=6,
        )
