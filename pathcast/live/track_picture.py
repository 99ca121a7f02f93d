"""Picture of the study of tracks: error by length of prefix and across gaps, and what is kept of a spin told once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pathcast.formats.atomic import replacing
from pathcast.live.memory_picture import COLOURS, finish
from pathcast.live.memory_tables import Study
from pathcast.live.track_tables import KINDS, SPIN_TOLD, counts_of, kept_spin

WORLDS = {"basketball": "shots, 30 Hz", "table-tennis": "strokes, 120 Hz", "pedestrian": "walkers, 2.5 Hz"}
WORLDS |= {SPIN_TOLD["never"]: "kicks, 20 Hz, spin never told", SPIN_TOLD["first"]: "kicks, spin told first"}


def draw_track_study(study: Study, path: Path) -> None:
    """Writes the PNG.

    Raises:
        InputError: The file cannot be written.
    """
    shown = [world for world in WORLDS if any(piece["world"] == world for piece in study["pieces"])]
    figure = Figure(figsize=(4.0 * (len(shown) + 1), 7.0), layout="constrained")
    axes = np.asarray(figure.subplots(2, len(shown) + 1, squeeze=False))
    kept = kept_spin(study)
    for row, kind in enumerate(KINDS):
        for axis, world in zip(axes[row], shown, strict=False):
            _draw_errors(axis, study, world, kind)
        for memory, shares in kept.items():
            counts, values = zip(*((count, shares[name]) for count, name in counts_of(shares, kind)), strict=True)
            axes[row, -1].plot(counts, values, "o-", color=COLOURS[memory], lw=1.6, ms=4)
        axes[row, -1].set_ylim(bottom=0.0)
        axes[row, -1].xaxis.set_major_locator(MaxNLocator(integer=True))
        axes[row, -1].axhline(1.0, color="#888888", ls=":", lw=1)
        axes[row, -1].set(xlabel=KINDS[kind], ylabel="share kept", title="what is kept of a spin told first")
        finish(axes[row, -1])
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=80)


def _draw_errors(axis: Axes, study: Study, world: str, kind: str) -> None:
    for piece in study["pieces"]:
        if piece["world"] != world:
            continue
        counts, names = zip(*counts_of(piece["errors_m"], kind), strict=True)
        errors = np.array([piece["errors_m"][name] for name in names])
        colour = COLOURS[piece["memory"]]
        axis.plot(counts, errors.mean(1), "o-", color=colour, lw=1.6, ms=4, label=piece["memory"])
        axis.fill_between(counts, errors.min(1), errors.max(1), color=colour, alpha=0.1, lw=0)
    axis.set(xlabel=KINDS[kind], ylabel="mean error (m)", title=WORLDS[world])
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    finish(axis)
