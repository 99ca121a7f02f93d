"""The demo's table of errors."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from pathcast.live.demo.judging import Judged

COLUMNS = (
    ("path", "ade_m", "fde_m"),
    ("best of K", "min_ade_m", "min_fde_m"),
    ("constant velocity", "constant_velocity_ade_m", "constant_velocity_fde_m"),
    ("ballistic", "ballistic_ade_m", "ballistic_fde_m"),
)
"""Title, mean and last displacement."""


def rows_of(judged: Sequence[Judged]) -> list[list[str]]:
    """A row for each case: what, how many forecasts, how far ahead, ADE/FDE by column, coverage."""
    rows = []
    for each in judged:
        row = [each.case.title, f"{each.scores['forecasts']:.0f}", f"{each.case.offsets[-1]:g} s"]
        for _, ade, fde in COLUMNS:
            row.append(f"{each.scores[ade]:.3f} / {each.scores[fde]:.3f}" if ade in each.scores else "")
        rows.append([*row, f"{100 * each.scores['coverage90']:.0f} %"])
    return rows


HEADERS = ["tracks", "forecasts", "ahead", *(title for title, _, _ in COLUMNS), "in 90 % region"]
CAPTION = (
    "Mean / last displacement in metres. path: mean of the forecast; best of K: of all its modes the nearest. "
    "Recorded tracks are scored against the recording; the models were trained on simulated tracks alone."
)


def rich_table(judged: Sequence[Judged]) -> Table:
    """The table for a terminal."""
    table = Table(caption=CAPTION, caption_justify="left")
    for header in HEADERS:
        table.add_column(header, justify="left" if header == HEADERS[0] else "right")
    for each, row in zip(judged, rows_of(judged), strict=True):
        table.add_row(*row, style="bold" if each.case.is_simulated else "")
    return table


def markdown_table(judged: Sequence[Judged]) -> str:
    """The table for a file."""
    lines = [HEADERS, ["---"] * len(HEADERS), *rows_of(judged)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{CAPTION}\n"
