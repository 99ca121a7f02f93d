"""Score tables on a terminal."""

from __future__ import annotations

from rich.table import Table

from pathcast.model.evaluation.report import Report
from pathcast.model.evaluation.score_tables import PEOPLE, ScoreTable, main_tables


def terminal_tables(report: Report) -> list[Table]:
    """The tables of a report that fit a terminal."""
    return [
        _terminal_table(table, f"{table.title}, windows with {PEOPLE.get(least, f'{least} or more people')}")
        for least in report.min_people
        for table in main_tables(report, least)
    ]


def _terminal_table(table: ScoreTable, title: str) -> Table:
    shown = Table(title=title)
    for number, header in enumerate(table.header):
        shown.add_column(header, justify="right" if number else "left")
    for row in table.rows:
        shown.add_row(*row)
    return shown
