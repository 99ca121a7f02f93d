"""Terminal: an evaluation as tables for whoever watches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from pathcast.live.judging.summary_columns import SUMMARY, cell


def tables(found: dict[str, Any]) -> Iterator[Table]:
    """Scores beside baselines, error by horizon, verdicts, regret and what became of frames.

    Args:
        found: As of `Evaluation.to_json`.
    """
    first = found["models"][0]
    scored = f"{first['cases']:,} of {first['forecasts']:,} forecasts scored"
    summary = Table(title=f"{found['title']}: {scored}", title_justify="left")
    for index, (title, _) in enumerate(SUMMARY.values()):
        summary.add_column(title, justify="right" if index else "left")
    for row in [table["summary"][0] for table in found["models"]] + first["summary"][1:]:
        summary.add_row(*(cell(row.get(key), form) for key, (_, form) in SUMMARY.items()))
    yield summary
    yield _by_horizon(found)
    if found["comparisons"]:
        yield _comparisons(found["comparisons"])
    if "scores" in found["regret"]:
        yield _regret(found["regret"])
    if found["traffic"] is not None and found["traffic"]["sent"]:
        yield _traffic(found["traffic"])


def _by_horizon(found: dict[str, Any]) -> Table:
    horizon = found["models"][0]["by_horizon"]
    chosen = range(0, len(horizon["offsets_s"]), max(1, len(horizon["offsets_s"]) // 6))
    table = Table(title="mean error, m, by seconds ahead", title_justify="left")
    table.add_column("forecaster")
    for index in chosen:
        table.add_column(f"{horizon['offsets_s'][index]:g} s", justify="right")
    rows = [(each["model"], each["by_horizon"]["error_m"][each["model"]]) for each in found["models"]]
    rows += [(name, values) for name, values in horizon["error_m"].items() if name != found["models"][0]["model"]]
    for name, values in rows:
        table.add_row(name, *(cell(values[index], ".3f") for index in chosen))
    return table


def _comparisons(comparisons: list[dict[str, Any]]) -> Table:
    table = Table("models", "score", "difference", "interval", "verdict", title="Is the difference real?")
    table.title_justify = "left"
    for each in comparisons:
        between = "" if each["low"] is None else f"{each['low']:+.4f} to {each['high']:+.4f}"
        table.add_row(
            " less ".join(each["models"]), each["score"], cell(each["value"], "+.4f"), between, each["verdict"]
        )
    return table


def _regret(regret: dict[str, Any]) -> Table:
    table = Table("score", "regret", "interval", title=f"Beside {regret['reference']}, {regret['cases']} cases")
    table.title_justify = "left"
    for name, each in regret["scores"].items():
        table.add_row(name, f"{each['regret']:.3f}", f"{each['low']:.3f} to {each['high']:.3f}")
    return table


def _traffic(traffic: dict[str, Any]) -> Table:
    names = ("sent", "answered", "lost", "late", "dropped", "conflated", "cut", "resumed", "swapped")
    age = traffic["age_ms"]
    table = Table(*names, "age p50, ms", "p99, ms", title="Frames", title_justify="left")
    table.add_row(*(f"{traffic[name]:,}" for name in names), f"{age['p50']:.1f}", f"{age['p99']:.1f}")
    return table
