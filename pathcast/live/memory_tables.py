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
    return [_accuracies(study), _gradients(study), _clipping(study), _truncation(study), _costs(study)]


def _accuracies(study: Study) -> StudyTable:
    columns: list[tuple[str, int]] = []
    rows: dict[str, dict[tuple[str, int], str]] = {}
    for piece in pieces(study, "accuracy"):
        place, test = (piece["problem"], piece["lag"]), piece["result"]["test"]
        if place not in columns:
            columns.append(place)
        rows.setdefault(piece["memory"], {})[place] = f"{mean(test):.2f} ({min(test):.2f})"
    columns.sort()
    header = ["memory", *(f"{problem} {lag}" if lag else problem for problem, lag in columns)]
    body = [[memory, *(found.get(place, "") for place in columns)] for memory, found in rows.items()]
    return StudyTable("Sequences answered rightly: mean over seeds (worst seed), by problem and lag", header, body)


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
    header = ["memory", "parameters", "us per step of 64 tracks", "ns per step, track and parameter"]
    return StudyTable("Cost at 64 inputs and 64 units, forward and back", header, rows)
