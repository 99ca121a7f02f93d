"""`pathcast evaluate table-tennis` and `baseball`: scores on recorded balls beside simple physics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pathcast.model.given import Given

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PATHCAST_DATA",
    required=True,
    help="Folder with ball/...; default: PATHCAST_DATA.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
seed_option = click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all samples.")


@click.command("table-tennis")
@data_option
@click.option(
    "--model", default="table-tennis", show_default=True, help="Name of the model, folder of a bundle, or none."
)
@click.option(
    "--part",
    type=click.Choice(["reported", "tuning"]),
    default="reported",
    show_default=True,
    help="Tracks whose number four does not divide, or those to choose noise and priors on.",
)
@click.option(
    "--noise",
    type=click.FloatRange(0, min_open=True),
    default=0.002,
    show_default=True,
    help="Tell the model: deviation of positions, m. Chosen on the tuning part.",
)
@click.option(
    "--clock",
    type=click.FloatRange(0),
    default=0.0005,
    show_default=True,
    help="Tell the model: deviation of capture times, s. Chosen likewise.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, min_open=True),
    default=1.2,
    show_default=True,
    help="Multiply the model's standard deviations: cameras err together, too. Chosen likewise.",
)
@seed_option
@json_option
def table_tennis(
    data: Path, model: str, part: str, noise: float | None, clock: float | None, margin: float, seed: int, as_json: bool
) -> None:
    """Score a model on recorded table tennis (spindoe, tt3d) beside simple physics.

    Errors up to the first bounce and through it, from 0.1 and 0.2 s of each track, beside constant velocity, gravity,
    gravity with drag, the same with the measured spin, and the likeliest flight under the simulator's prior.
    """
    import json
    from typing import cast

    from pathcast.model.evaluation.table_tennis import Part
    from pathcast.model.evaluation.table_tennis_report import PROTOCOL, evaluate_table_tennis

    _check(data, "ball/table_tennis_spindoe and ball/table_tennis_tt3d")
    chosen = None if model == "none" else model
    report = evaluate_table_tennis(data, chosen, cast("Part", part), _given(noise, clock), seed, margin)
    columns = ("flights", "ade_median", "ade_mean", "fde_median", "fde_mean", "coverage90", "energy")
    for table in report.tables:
        reach = {"to_bounce": "to the first bounce", "through": "through it"}[table["reach"]]
        _print(f"{table['set']}, {part}, from {table['prefix_s']:g} s {reach}", table["rows"], columns, as_json)
    for what, why in report.left_out.items():
        click.echo(f"left out: {what}: {why}", err=True)
    if as_json:
        headlines = report.headlines(model) if part == "reported" else {}
        click.echo(json.dumps({"model": model} | headlines | report.to_json(), indent=2))
    else:
        click.echo(PROTOCOL)


@click.command("baseball")
@data_option
@click.option("--model", help="Name of the model, folder of a bundle, or none; default: ball, if it is here.")
@click.option(
    "--noise",
    type=click.FloatRange(0, min_open=True),
    default=0.01,
    show_default=True,
    help="Deviation of the positions shown, m.",
)
@click.option("--tell/--no-tell", default=True, show_default=True, help="Tell the model the noise and the ball.")
@seed_option
@json_option
def baseball(data: Path, model: str | None, noise: float, tell: bool, seed: int, as_json: bool) -> None:
    """Score a model on where recorded pitches (Statcast) cross the plate, beside simple physics.

    Pitches are seen from release at 60 Hz with noise, for 0.1 and 0.2 s.
    """
    import json

    from pathcast.model.evaluation.baseball_report import DEFAULT_MODEL, evaluate_baseball, protocol_in_words
    from pathcast.model.library import shipped_bundles

    _check(data, "ball/baseball_statcast")
    if model is None and DEFAULT_MODEL in {folder.parent.name for folder in shipped_bundles()}:
        model = DEFAULT_MODEL
    report = evaluate_baseball(data, None if model == "none" else model, noise, seed, tell)
    columns = ("pitches", "crossing_median", "crossing_mean", "crossing_90", "time_ms", "ade_mean", "coverage90")
    for table in report.tables:
        _print(f"pitches, from {table['prefix_s']:g} s", table["rows"], columns, as_json)
    for what, why in report.left_out.items():
        click.echo(f"left out: {what}: {why}", err=True)
    click.echo(json.dumps(report.to_json(), indent=2) if as_json else protocol_in_words(noise, seed))


def _check(data: Path, what: str) -> None:
    """Refuses a folder that is not there."""
    from pathcast.errors import InputError

    if not data.is_dir():
        raise InputError("--data", f"a folder with {what}", str(data))


def _given(noise: float | None, clock: float | None) -> Given:
    from pathcast.model.given import Given

    return Given(noise_m=None if noise is None else (noise,), clock_s=clock)


def _print(title: str, rows: Mapping[str, Mapping[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """A table: on standard error where JSON goes to standard output."""
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=as_json)
    if not console.is_terminal:
        console = Console(stderr=as_json, width=150)
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for name, row in rows.items():
        cells = [row.get(column) for column in columns]
        table.add_row(
            name, *["" if cell is None else f"{cell:.4f}" if type(cell) is float else f"{cell}" for cell in cells]
        )
    console.print(table)
