"""Tables of scores: what a report says, as rows of text for documents and terminals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pathcast.model.evaluation.eth_ucy import SCENES, TRUE_RATE
from pathcast.model.evaluation.report import Report
from pathcast.model.evaluation.window_scores import SceneScores

PEOPLE: Final = {1: "one or more people", 2: "two or more people"}
AVERAGE: Final = "average"


@dataclass(frozen=True)
class Measure:
    """What one table shows in each cell: some scores beside each other."""

    title: str
    names: tuple[str, ...]
    """Of the scores."""
    digits: int = 3
    unit: float = 1.0
    """What a score is divided by: 0.01 for percent."""

    def cell(self, each: SceneScores) -> str:
        """The scores as text."""
        return " / ".join(_number(each.scores[name] / self.unit, self.digits) for name in self.names)


MEASURES: Final = (
    Measure("Best of K, ADE / FDE (m), minimised separately", ("min_ade", "min_fde")),
    Measure("Best of K, ADE / FDE (m) of the path of least ADE", ("min_ade", "fde_of_min_ade")),
    Measure("Best of K, ADE / FDE (m) of the path of least FDE", ("ade_of_min_fde", "min_fde")),
    Measure("Joint best of K, ADE / FDE (m)", ("joint_ade", "joint_fde")),
    Measure("K = 1, ADE / FDE (m)", ("point_ade", "point_fde")),
    Measure("Mean path, ADE / FDE (m)", ("mean_ade", "mean_fde")),
    Measure("Most probable mode, ADE / FDE (m)", ("likely_ade", "likely_fde")),
    Measure("Missed by over 2 m, best of K / K = 1 (%)", ("miss_rate", "point_miss_rate"), 1, 0.01),
    Measure("Negative log-likelihood, own density / kernels around samples (nats per step)", ("nll", "nll_kernel"), 2),
    Measure("In the 50 % region (%)", ("coverage50",), 1, 0.01),
    Measure("In the 90 % region (%)", ("coverage90",), 1, 0.01),
    Measure("Mean area of the 50 % / 90 % region (m²)", ("region50", "region90"), 2),
    Measure("Energy score (m)", ("energy",)),
    Measure(
        "Collisions of K = 1, Col-I / Col-II / of the truth (%)",
        ("collision_point", "collision_point_with_truth", "collision_truth"),
        1,
        0.01,
    ),
    Measure(
        "Collisions of the most probable mode, Col-I / Col-II / of the truth (%)",
        ("collision_likely", "collision_likely_with_truth", "collision_truth"),
        1,
        0.01,
    ),
)
"""All that a report holds."""
MAIN: Final = (MEASURES[0], MEASURES[4])
"""What a terminal shows scene by scene."""
SUMMARY: Final = {
    "joint": MEASURES[3],
    "likeliest": MEASURES[6],
    "missed %": MEASURES[7],
    "NLL": Measure("", ("nll",), 2),
    "in 50 / 90 %": Measure("", ("coverage50", "coverage90"), 1, 0.01),
    "energy": MEASURES[12],
    "Col-I / II / truth %": MEASURES[13],
}
"""What it shows of the averages besides."""


@dataclass(frozen=True)
class ScoreTable:
    """A title, column headers, and a row of cells for each forecaster."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def all_tables(report: Report, min_people: int) -> Iterator[ScoreTable]:
    """Every measure scene by scene, then the lengths of prefixes."""
    for measure in MEASURES:
        yield scene_table(report, measure, min_people)
    yield prefix_table(report, "Best of K, ADE / FDE (m)", ("min_ade", "min_fde"), min_people)
    yield prefix_table(report, "K = 1, ADE / FDE (m)", ("point_ade", "point_fde"), min_people)


def main_tables(report: Report, min_people: int) -> Iterator[ScoreTable]:
    """The few that fit a terminal."""
    for measure in MAIN:
        yield scene_table(report, measure, min_people)
    rows = [
        (name, *(measure.cell(report.average(name, min_people)) for measure in SUMMARY.values()))
        for name in report.results
    ]
    yield ScoreTable("Averages over the five scenes", ("", *SUMMARY), tuple(rows))
    yield prefix_table(report, "Best of K, ADE / FDE (m)", ("min_ade", "min_fde"), min_people)


def scene_table(report: Report, measure: Measure, min_people: int) -> ScoreTable:
    """One measure: forecasters by scenes, their average, and scene ETH at its true rate where there is one."""
    rows = []
    columns: Sequence[str] = ()
    for name in report.results:
        by_scene = report.of(name, min_people) | {AVERAGE: report.average(name, min_people)}
        columns = [scene for scene in (*SCENES, AVERAGE, TRUE_RATE) if scene in by_scene]
        rows.append((name, *(measure.cell(by_scene[scene]) for scene in columns)))
    return ScoreTable(measure.title, ("", *columns), tuple(rows))


def prefix_table(report: Report, title: str, names: tuple[str, ...], min_people: int) -> ScoreTable:
    """Averages over the five scenes: forecasters by number of observations."""
    averages = {name: report.average(name, min_people).prefixes for name in report.results}
    counts = sorted({count for each in averages.values() for count in each})
    rows = [
        (name, *(" / ".join(_number(each[count][key], 3) for key in names) for count in counts))
        for name, each in averages.items()
    ]
    header = ("", *(f"{count} observed" for count in counts))
    return ScoreTable(f"{title}, average by number of observations", header, tuple(rows))


def markdown(report: Report) -> str:
    """The whole report as Markdown: protocol, forecasters, files, and every table."""
    lines = ["# ETH/UCY", "", report.protocol, ""]
    lines += [f"- **{name}**: {report.notes.get(name, 'no note.')}" for name in report.results]
    lines += ["", *(f"- SHA-256 of {part}: `{digest}`" for part, digest in report.sha256.items())]
    for least in report.min_people:
        lines += ["", f"## Windows with {PEOPLE.get(least, f'{least} or more people')}", "", _counts(report, least)]
        for table in all_tables(report, least):
            lines += ["", f"### {table.title}", "", *_markdown_rows(table)]
    return "\n".join(lines) + "\n"


def _markdown_rows(table: ScoreTable) -> Iterator[str]:
    yield f"| {' | '.join(table.header)} |"
    yield f"|---{'|---:' * (len(table.header) - 1)}|"
    for row in table.rows:
        yield f"| {' | '.join(row)} |"


def _counts(report: Report, min_people: int) -> str:
    """How many windows each scene has."""
    first = next(iter(report.results))
    counts = [f"{scene} {each.num_windows}" for scene, each in report.of(first, min_people).items()]
    return f"Windows: {', '.join(counts)}."


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"
