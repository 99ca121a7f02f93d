"""Picture of the study of memories: accuracy by lag, gradients, clipping, truncation and cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pathcast.formats.atomic import replacing
from pathcast.live.memory_tables import Study, pieces

COLOURS = {
    "rnn": "C3",
    "trace": "C1",
    "trace-state": "C8",
    "trace-output": "C5",
    "gru": "C2",
    "gru-chrono": "C9",
    "lstm": "C0",
    "lstm-chrono": "C4",
}
CHANCE = {"copy": 4.0**-3, "recall": 0.5, "adding": 0.15}
"""Share that is right without remembering; of adding, where 1/2 is always said."""
MOST_LOSS = 1e6


def draw_study(study: Study, path: Path) -> None:
    """Writes the PNG.

    Raises:
        InputError: The file cannot be written.
    """
    figure = Figure(figsize=(16.0, 10.5), layout="constrained")
    top, middle, bottom = np.asarray(figure.subfigures(3, 1, height_ratios=[1, 1.05, 0.9]))
    problems = [name for name in ("copy", "adding", "recall") if name in study["sizes"]["lags"]]
    axes = np.atleast_1d(top.subplots(1, len(problems) + 1))
    for axis, problem in zip(axes, problems, strict=False):
        _draw_accuracy(axis, study, problem)
    _draw_reber(axes[-1], study)
    untrained, trained, truncation = middle.subplots(1, 3)
    _draw_gradients(untrained, study, "untrained")
    _draw_gradients(trained, study, "trained")
    _draw_truncation(truncation, study)
    ways = list(pieces(study, "clipping"))
    below = bottom.subplots(1, len(ways) + 1)
    for axis, piece in zip(below, ways, strict=False):
        _draw_losses(axis, piece)
    _draw_cost(below[-1], study)
    handles, labels = untrained.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=100)


def _draw_accuracy(axis: Axes, study: Study, problem: str) -> None:
    found: dict[str, list[tuple[int, list[float]]]] = {}
    for piece in pieces(study, "accuracy"):
        if piece["problem"] == problem:
            found.setdefault(piece["memory"], []).append((piece["lag"], piece["result"]["test"]))
    for memory, points in found.items():
        lags, tests = zip(*sorted(points), strict=True)
        means = [float(np.mean(each)) for each in tests]
        axis.plot(lags, means, "o-", color=COLOURS[memory], lw=1.6, ms=4)
        axis.fill_between(
            lags, [min(e) for e in tests], [max(e) for e in tests], color=COLOURS[memory], alpha=0.1, lw=0
        )
    axis.axhline(CHANCE[problem], color="#888888", ls=":", lw=1)
    axis.annotate(
        "without remembering",
        (0.02, CHANCE[problem]),
        xycoords=("axes fraction", "data"),
        ha="left",
        va="bottom",
        fontsize=8,
        color="#666666",
    )
    axis.set(
        xlabel="lag (steps)",
        ylabel="sequences answered rightly",
        ylim=(-0.03, 1.05),
        title=f"{problem}: mean, band over seeds",
    )
    axis.set_xscale("log")
    lags = study["sizes"]["lags"][problem]
    axis.set_xticks(lags, [str(lag) for lag in lags])
    axis.minorticks_off()
    finish(axis)


def _draw_reber(axis: Axes, study: Study) -> None:
    found = {p["memory"]: p["result"]["test"] for p in pieces(study, "accuracy") if p["problem"] == "reber"}
    for place, (memory, test) in enumerate(found.items()):
        axis.bar(place, float(np.mean(test)), color=COLOURS[memory], alpha=0.5)
        axis.plot(np.full(len(test), place), test, ".", color="black", ms=4)
    axis.set_xticks(range(len(found)), list(found), rotation=35, ha="right", fontsize=8)
    axis.set(ylabel="strings foretold throughout", ylim=(0, 1.05), title="embedded Reber: mean, a dot for each seed")
    finish(axis)


def _draw_gradients(axis: Axes, study: Study, when: str) -> None:
    for piece in pieces(study, "gradients"):
        norms = np.maximum(np.array(piece["result"][when]), 1e-40)
        relative = norms / norms[:, :1]
        memory = piece["memory"]
        axis.semilogy(np.exp(np.log(relative).mean(0)), color=COLOURS[memory], lw=1.6, label=memory)
        axis.fill_between(
            range(relative.shape[1]), relative.min(0), relative.max(0), color=COLOURS[memory], alpha=0.1, lw=0
        )
    axis.axhline(1.0, color="#888888", ls=":", lw=1)
    axis.set(
        xlabel="T - t (steps)",
        ylabel="norm of dL/ds(t) over that at T",
        title=f"gradient, {when} (recall): mean, band over seeds",
    )
    axis.set_ylim(1e-26, 1e6)
    finish(axis)


def _draw_truncation(axis: Axes, study: Study) -> None:
    found: dict[str, dict[int, list[float]]] = {}
    for piece in pieces(study, "truncation"):
        found.setdefault(piece["memory"], {})[piece["lag"]] = piece["result"]["test"]
    steps = list(study["sizes"]["truncations"])
    for memory, tests in found.items():
        axis.plot(range(len(steps)), [float(np.mean(tests[step])) for step in steps], "o-", color=COLOURS[memory])
    axis.set_xticks(range(len(steps)), [str(step) if step else "all" for step in steps])
    lag = study["sizes"]["truncation_lag"]
    axis.set(
        xlabel="steps that the gradient goes back",
        ylabel="sequences answered rightly",
        ylim=(0.4, 1.05),
        title=f"truncated BPTT (recall over {lag})",
    )
    finish(axis)


def _draw_losses(axis: Axes, piece: dict[str, object]) -> None:
    result = piece["result"]
    assert isinstance(result, dict)
    for loss, is_lost in zip(result["loss"], result["diverged"], strict=True):
        axis.semilogy(
            result["step"], np.clip(loss, 1e-4, MOST_LOSS), color="C3" if is_lost else "C0", lw=0.8, alpha=0.7
        )
    lost = sum(result["diverged"])
    name = "no clipping" if piece["memory"] == "none" else f"clipping by {piece['memory']}"
    axis.set(
        xlabel="step",
        ylabel="loss",
        ylim=(1e-3, 2 * MOST_LOSS),
        title=f"{name}: {lost} of {len(result['diverged'])} diverge",
    )
    finish(axis)


def _draw_cost(axis: Axes, study: Study) -> None:
    costs = next(pieces(study, "cost"))["result"]["cost"]
    places = range(len(costs))
    axis.bar(places, [each["step_us"] for each in costs.values()], color=[COLOURS[name] for name in costs], alpha=0.7)
    axis.set_xticks(places, list(costs), rotation=35, ha="right", fontsize=8)
    axis.set(ylabel="us per step of 64 tracks", title="cost, forward and back")
    finish(axis)


def finish(axis: Axes) -> None:
    """What all axes have."""
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    axis.title.set_fontsize(10)
