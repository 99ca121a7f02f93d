"""Curves: a picture of how a training run went."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing

DISTANCES = {
    "min_ade_m": "best mode, mean",
    "min_fde_m": "best mode, at the end",
    "mean_ade_m": "mean path",
    "point_ade_m": "best path",
}


def draw_curves(record: Path, title: str, path: Path) -> None:
    """Writes a PNG of losses, validation displacements and learning rate over epochs.

    Args:
        record: The run's metrics.jsonl.
        title: Of the picture.
        path: The PNG.

    Raises:
        InputError: There is no such record, or the file cannot be written.
    """
    epochs = _read(record)
    numbers = [each["epoch"] for each in epochs]
    best = min(epochs, key=lambda each: each["loss"])
    figure = Figure(figsize=(11.0, 3.8), layout="constrained")
    losses, distances, rates = figure.subplots(1, 3)
    mark = "o" if len(epochs) < 3 else ""
    losses.plot(numbers, [each["train_loss"] for each in epochs], color="C7", marker=mark, label="training")
    losses.plot(numbers, [each["loss"] for each in epochs], color="C0", marker=mark, label="validation")
    losses.set_ylabel("loss")
    for index, (name, label) in enumerate(DISTANCES.items()):
        if name in best:
            values = [each[name] for each in epochs]
            distances.plot(numbers, values, color=f"C{index}", marker=mark, label=f"{label} {best[name]:.3f}")
    distances.set_ylabel("displacement on validation (m)")
    distances.set_ylim(bottom=0.0)
    rates.plot(numbers, [each["learning_rate"] for each in epochs], color="C4", marker=mark)
    rates.set_ylabel("learning rate at the epoch's end")
    rates.set_ylim(bottom=0.0)
    for axis in (losses, distances, rates):
        _finish(axis, best["epoch"], axis is not rates)
    figure.suptitle(f"{title}: best at epoch {best['epoch']:.0f} of {len(epochs)}", x=0.01, ha="left")
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=110)


def _finish(axis: Axes, best: float, has_legend: bool) -> None:
    """The best epoch, the axis of epochs, and the legend."""
    axis.axvline(best, color="#888888", lw=1.0, ls=":", zorder=1)
    axis.set_xlabel("epoch")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    if has_legend:
        axis.legend(fontsize=8, frameon=False)


def _read(record: Path) -> list[dict[str, float]]:
    """The record of each epoch."""
    try:
        epochs = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(str(record), "a line of JSON for each epoch", str(error)) from error
    if not epochs:
        raise InputError(str(record), "a line of JSON for each epoch", "no line")
    return epochs
