"""Tables of the study of memories, from its plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

Study = dict[str, Any]


@dataclass(frozen=True)
class StudyTable:
    """A table, everything in words."""

    title: str
    header: list[str]
    rows: list[list[str]]


def pieces(study: Study, what: str) -> Iterator[dict[str, Any]]:
    """The pieces of one kind."""
    return (piece for piece in study["pieces"] if piece["what"] == what)


def fall_over(norms: list[list[float]], steps: int) -> list[float]:
    """By what factor each network's gradient falls over that many steps back from the last but one (the cue's)."""
    return [each[1] / max(each[1 + steps], 1e-300) for each in norms]


def study_tables(study: Study) -> list[StudyTable]:
    """All of them."""
    return [*_accuracies(study), _gradients(study), _clipping(study), _truncation(study), _costs(study)]


def _accuracies(study: Study) -> Iterator[StudyTable]:
    """A table for each problem, a column for each of its lags."""
    for problem in dict.fromkeys(piece["problem"] for piece in pieces(study, "accuracy")):
        lags = sorted({piece["lag"] for piece in pieces(study, "accuracy") if piece["problem"] == problem})
        rows: dict[str, dict[int, str]] = {}
        for piece in pieces(study, "accuracy"):
            if piece["problem"] == problem:
                test = piece["result"]["test"]
                rows.setdefault(piece["memory"], {})[piece["lag"]] = f"{mean(test):.2f} ({min(test):.2f})"
        header = ["memory", *(f"lag {lag}" if lag else "right" for lag in lags)]
        body = [[memory, *(found.get(lag, "") for lag in lags)] for memory, found in rows.items()]
        yield StudyTable(f"{problem.capitalize()}: share answered rightly, mean over seeds (worst seed)", header, body)


def _gradients(study: Study) -> StudyTable:
    lag = study["sizes"]["gradient_lag"]
    rows = []
    for piece in pieces(study, "gradients"):
        result = piece["result"]
        falls = [f"{median(fall_over(result[when], lag)):.1e}" for when in ("untrained", "trained")]
        rows.append([piece["memory"], *falls, f"{mean(result['test']):.2f}", str(result["steps"])])
    header = ["memory", "fall untrained", "fall trained", "right after training", "steps"]
    return StudyTable(f"Fall of the gradient's norm over {lag} steps, median over seeds (recall)", header, rows)


def _clipping(study: Study) -> StudyTable:
    rows = []
    for piece in pieces(study, "clipping"):
        lost = piece["result"]["diverged"]
        ends = median(curve[-1] for curve in piece["result"]["loss"])
        rows.append([piece["memory"], f"{sum(lost)} of {len(lost)}", f"{ends:.3g}"])
    return StudyTable(
        "Runs that diverge where gradients explode", ["clipping by", "diverged", "last loss, median"], rows
    )


def _truncation(study: Study) -> StudyTable:
    lag = study["sizes"]["truncation_lag"]
    rows = [
        [piece["memory"], str(piece["lag"] or "all"), f"{mean(piece['result']['test']):.2f}"]
        for piece in pieces(study, "truncation")
    ]
    header = ["memory", "steps back", "right"]
    return StudyTable(f"Truncated backpropagation through time (recall over {lag} steps)", header, rows)


def _costs(study: Study) -> StudyTable:
    rows = [
        [memory, f"{cost['parameters']:.0f}", f"{cost['step_us']:.1f}", f"{cost['step_track_parameter_ns']:.4f}"]
        for piece in pieces(study, "cost")
        for memory, cost in piece["result"]["cost"].items()
    ]
    header = ["memory", "parameters", "us a step", "ns a step, track and parameter"]
    return StudyTable("Cost at 64 inputs, 64 units and 64 tracks, forward and back", header, rows)
