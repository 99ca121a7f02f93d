"""`pathcast simulate validate`: what real crowds ask of the walking model, and whether it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathcast.simulator.pedestrian.validation.checks import Check
    from pathcast.simulator.pedestrian.validation.trial import Trial


@click.command("validate")
@click.option("--quick", is_flag=True, help="Leave out the checks that take long.")
@click.option(
    "--seeds",
    default="second",
    show_default=True,
    type=click.Choice(["first", "second"]),
    help="Half of the seeds: the parameters were fitted on the first.",
)
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the checks as JSON."
)
def validate(quick: bool, seeds: str, file: Path | None) -> None:
    """Check how people walk against measured crowds and the test cases of RiMEA.

    Prints each check with what is expected and what was found; ends with exit code 1 if one fails.
    """
    from pathcast.simulator.pedestrian.validation.trial import Trial

    trial = Trial("first" if seeds == "first" else "second")
    found = list(_run(trial, quick))
    _print_table(found)
    if file is not None:
        file.write_text(json.dumps(_report(trial, quick, found), indent=2) + "\n")
    failed = sum(not check.passed for check in found)
    click.echo(f"{len(found) - failed} of {len(found)} checks passed", err=True)
    if failed:
        raise click.exceptions.Exit(1)


def _run(trial: Trial, quick: bool) -> Iterator[Check]:
    """The checks, with a bar for whoever watches."""
    from pathcast.live.progress import scene_progress
    from pathcast.simulator.pedestrian.validation import report

    with scene_progress("validating", len(report.cases(quick))) as advance:
        for checks in report.validate(trial, quick):
            yield from checks
            advance(1)


def _print_table(found: list[Check]) -> None:
    """A row for each check, as wide as the terminal, or wide enough where nobody watches."""
    from rich.console import Console
    from rich.table import Table

    table = Table("check", "expected", "found", "", title="How people walk")
    for check in found:
        table.add_row(check.name, check.expected, check.found, "passed" if check.passed else "FAILED")
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)


def _report(trial: Trial, quick: bool, found: list[Check]) -> dict[str, Any]:
    """What a program wants to know of the run."""
    return {
        "passed": all(check.passed for check in found),
        "quick": quick,
        "seeds": trial.half,
        "step_s": trial.step_s,
        "parameters": trial.parameters._asdict(),
        "checks": [asdict(check) for check in found],
    }
