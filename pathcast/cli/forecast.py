"""`pathcast forecast`: files of tracks in, files of forecasts out."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathcast.batch.estimate import Estimate
    from pathcast.batch.forecasting import BatchForecaster
    from pathcast.batch.job import Job, Unit
    from pathcast.batch.processes import Done


class Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers between commas."""

    name = "X,X,..."

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(float(word) for word in str(value).split(","))
        except ValueError:
            self.fail(f"expected numbers between commas, found {value!r}", param, ctx)


class Goal(click.ParamType[tuple[str, tuple[Any, ...]]]):
    """A named place: a point, or the two ends of a segment."""

    name = "NAME=X,Y[,X,Y]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        name, _, text = str(value).partition("=")
        try:
            numbers = [float(word) for word in text.split(",")]
        except ValueError:
            numbers = []
        if not name or len(numbers) not in (2, 4):
            self.fail(f"expected such as door=4,0 or door=4,0,6,0, found {value!r}", param, ctx)
        return name, (tuple(numbers) if len(numbers) == 2 else ((*numbers[:2],), (*numbers[2:],)))


class ColumnChoice(click.ParamType[tuple[str, str]]):
    """What a column holds, and what it is called."""

    name = "ROLE=NAME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        role, _, name = str(value).partition("=")
        if not role or not name:
            self.fail(f"expected such as x=pos_x_m, found {value!r}", param, ctx)
        return role, name


@click.command("forecast")
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="OUTPUT",
    help=(
        "File (.parquet, .csv, .ndjson of TrajNet++ predictions), or folder, where files keep their places and names."
    ),
)
@click.option("--model", required=True, metavar="NAME[@VERSION]", help="Name, or folder of a bundle.")
@click.option(
    "--every",
    type=click.IntRange(1),
    metavar="N",
    help="From a track's second observation and every Nth after it; by default 1: every instant.",
)
@click.option("--last", is_flag=True, help="From a track's last observation alone.")
@click.option(
    "--offsets", type=Numbers(), help="Seconds after the observation, between commas; by default the model's own."
)
@click.option(
    "--horizon",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Those of the model's own offsets that are no later.",
)
@click.option(
    "--modes", type=click.IntRange(1), help="Modes; by default the model's own number. Fewer are merged, none dropped."
)
@click.option(
    "--outputs",
    metavar="NAME,...",
    help="Of means, covariances, point, outcomes, goals; by default all that the model has.",
)
@click.option(
    "--goal",
    "goals",
    type=Goal(),
    multiple=True,
    help="A place that tracks may be heading for, metres; may be repeated.",
)
@click.option(
    "--noise", type=click.FloatRange(0, min_open=True), metavar="METRES", help="Of the sensor, for models that take it."
)
@click.option(
    "--origin",
    type=Numbers(),
    metavar="X,Y[,Z]",
    help="Metres near the tracks, where these are more than 8 km from zero.",
)
@click.option(
    "--long", "is_long", is_flag=True, help="A row for each mode and time instead of lists; CSV always is so."
)
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["parquet", "csv", "ndjson"]),
    default="parquet",
    show_default=True,
    help="Of the files in an output folder.",
)
@click.option("--input-format", metavar="NAME", help="Such as eth-ucy; by default told from suffix and content.")
@click.option("--pattern", default="*", show_default=True, help="Which files of an input folder.")
@click.option(
    "--column",
    "columns",
    type=ColumnChoice(),
    multiple=True,
    help="A table's column that is called otherwise; may be repeated.",
)
@click.option("--scale", type=float, help="Metres per unit of a table's positions.")
@click.option("--time-scale", type=float, help="Seconds per unit of a table's times.")
@click.option("--fps", "frames_per_second", type=float, help="Frame numbers in a second, where frames are numbered.")
@click.option("--shard", metavar="I/N", help="Make one of N shares of the files, such as 3/16.")
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    help="By default one for each core, but no more than files; bytes are the same for any number.",
)
@click.option(
    "--engine",
    type=click.Choice(["processes", "ray"]),
    default="processes",
    show_default=True,
    help="What shares the files out; ray: the cluster that RAY_ADDRESS names, or one on this machine.",
)
@click.option("--resume", is_flag=True, help="Keep the files that are there as a whole, made of the same tracks.")
@click.option("--overwrite", is_flag=True, help="Replace forecasts that are there.")
@click.option("--dry-run", is_flag=True, help="Count rows and estimate time and size; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def command(source: Path, out: Path, **given: Any) -> None:
    """Forecast the tracks of a file, a folder of files or a data set in partitions.

    INPUT is Parquet, CSV, TrajNet++ ndjson, ETH/UCY or Jülich text, or JuPedSim sqlite. Every file of it becomes a file
    of OUTPUT, which is there as a whole or not at all. Tracks that get no forecast are listed with the reason beside
    it: in OUTPUT.rejected.csv, or for folders in OUTPUT/_rejected/.
    """
    job = _job_of(source, out, given)
    from pathcast.batch.forecasting import BatchForecaster
    from pathcast.batch.job import is_finished, read_record, share_of, units_of
    from pathcast.batch.running import Written
    from pathcast.errors import InputError
    from pathcast.model.library import load_engine

    forecaster = BatchForecaster(load_engine(job.model, job.version), job.wanted)
    units, passed = units_of(job)
    for path in passed:
        click.echo(f"passed over {path}: its suffix names no format of tracks", err=True)
    if given["shard"] is not None:
        from pathcast.simulator.shards import Shard

        shard = Shard.named(given["shard"])
        units = share_of(units, shard.index, shard.count)
    settings = job.settings(forecaster.engine)
    if given["overwrite"]:
        kept = []
    else:
        kept = [unit for unit in units if is_finished(unit, settings)] if given["resume"] else []
        there = [unit.output for unit in units if unit.output.exists()]
        if there and not given["resume"] and not given["dry_run"]:
            raise InputError(str(there[0]), "nothing yet, or --resume or --overwrite", "forecasts")
    missing = [unit for unit in units if unit not in set(kept)]
    num = min(given["processes"] or os.cpu_count() or 1, max(len(missing), 1))
    if given["dry_run"]:
        _tell_estimate(job, missing, len(kept), forecaster, num, given["as_json"])
        return
    begin = time.monotonic()
    if given["engine"] == "ray":
        done = _run_on_ray(job, missing, given["processes"])
    else:
        done = _run(job, missing, forecaster, num)
    seconds = time.monotonic() - begin
    whole = Written()
    for unit in kept:
        record = read_record(unit)
        if record is not None:
            whole.add(Written.of_json(record["written"]))
    whole.add(done.written)
    _tell(job, whole.to_json(), done, len(kept), seconds, given["as_json"])


def _job_of(source: Path, out: Path, given: dict[str, Any]) -> Job:
    """The job that the command line says."""
    from pathcast.batch.job import Job
    from pathcast.batch.pieces import Reading
    from pathcast.batch.wanted import Wanted
    from pathcast.model.given import NOTHING_GIVEN, Given

    if given["last"] and given["every"] is not None:
        raise click.UsageError("--last is from one observation of a track, --every N from several: give one of the two")
    if given["horizon"] is not None and given["offsets"] is not None:
        raise click.UsageError("--offsets say how far: leave out --horizon")
    if given["resume"] and given["overwrite"]:
        raise click.UsageError("--resume keeps what is there, --overwrite replaces it: give one of the two")
    names = [name for name, _ in given["goals"]]
    if len(set(names)) < len(names):
        raise click.UsageError("--goal: each name once")
    model, version = given["model"], ""
    if "@" in model and not Path(model).exists():
        model, _, version = model.rpartition("@")
    options: dict[str, Any] = {name: given[name] for name in ("scale", "time_scale", "frames_per_second")}
    options["columns"] = dict(given["columns"]) or None
    offsets = given["offsets"]
    if given["horizon"] is not None:
        offsets = _offsets_within(model, version or None, given["horizon"])
    outputs = given["outputs"]
    return Job(
        source=source,
        output=out,
        model=model,
        version=version or None,
        wanted=Wanted(
            every=None if given["last"] else given["every"] or 1,
            offsets_s=offsets,
            num_modes=given["modes"] or 0,
            outputs=None if outputs is None else tuple(word.strip() for word in outputs.split(",")),
            goals=dict(given["goals"]),
            origin=given["origin"],
            given=NOTHING_GIVEN if given["noise"] is None else Given(noise_m=(given["noise"],)),
        ),
        reading=Reading(given["input_format"], {name: value for name, value in options.items() if value is not None}),
        suffix=f".{given['suffix']}",
        is_long=given["is_long"],
        pattern=given["pattern"],
    )


def _offsets_within(model: str, version: str | None, horizon_s: float) -> tuple[float, ...]:
    """The model's own offsets up to a horizon, and that itself."""
    from pathcast.errors import InputError
    from pathcast.model.library import load_engine

    card = load_engine(model, version).card
    if horizon_s > card.horizon_s + 1e-9:
        raise InputError("--horizon", f"seconds up to {card.horizon_s:g}, the horizon of {card.name}", f"{horizon_s:g}")
    return (*(offset for offset in card.offsets_s if offset < horizon_s - 1e-9), horizon_s)


def _run(job: Job, units: list[Unit], forecaster: BatchForecaster, num_processes: int) -> Done:
    from pathcast.batch.processes import num_threads_of, run_here, run_in_processes
    from pathcast.live.progress import byte_progress

    threads = num_threads_of(num_processes, os.cpu_count() or 1)
    with byte_progress("forecasting", sum(unit.num_bytes for unit in units)) as advance:
        if num_processes == 1:
            return run_here(job, units, forecaster, threads, advance)
        return run_in_processes(job, units, num_processes, threads, advance)


def _run_on_ray(job: Job, units: list[Unit], num_actors: int | None) -> Done:
    from pathcast.batch.on_ray import run_on_ray
    from pathcast.live.progress import byte_progress

    with byte_progress("forecasting", sum(unit.num_bytes for unit in units)) as advance:
        return run_on_ray(job, units, num_actors, advance)


def _tell_estimate(
    job: Job, units: list[Unit], num_kept: int, forecaster: BatchForecaster, num_processes: int, as_json: bool
) -> None:
    """What would be done."""
    from pathcast.batch.estimate import Estimate, estimate

    made: Estimate = estimate(job, units, forecaster) if units else Estimate((), 0, 0, 0.0)
    seconds = made.seconds / max(min(os.cpu_count() or 1, max(num_processes, 1)), 1)
    if as_json:
        files = {str(unit.source): rows for unit, rows in zip(units, made.rows, strict=True)}
        summary = {"files": files, "kept_files": num_kept, "rows": sum(made.rows), "forecasts": made.num_forecasts}
        click.echo(json.dumps({**summary, "bytes": made.num_bytes, "seconds": round(seconds, 1)}, indent=2))
        return
    for unit, rows in zip(units, made.rows, strict=True):
        click.echo(f"{unit.source} -> {unit.output}: {rows} rows")
    if num_kept:
        click.echo(f"{num_kept} files are there already")
    size = made.num_bytes / 1e6
    click.echo(f"about {made.num_forecasts} forecasts, {size:.1f} MB as Parquet, {seconds:.1f} s")


def _tell(job: Job, written: dict[str, Any], done: Done, num_kept: int, seconds: float, as_json: bool) -> None:
    """What was done, and what could not be."""
    num_files = done.num_files + num_kept
    rate = done.written.num_forecasts / seconds if seconds else 0.0
    if as_json:
        faults = [{"file": str(unit.source), "error": str(error)} for unit, error in done.faults]
        summary = {"output": str(job.output), "files": num_files, "kept_files": num_kept, **written}
        click.echo(json.dumps({**summary, "forecasts_per_second": round(rate, 1), "faults": faults}, indent=2))
    else:
        if num_kept:
            click.echo(f"kept {num_kept} of {num_files + len(done.faults)} files", err=True)
        counts = f"{written['forecasts']} forecasts of {written['tracks']} tracks in {num_files} files"
        speed = f", {rate:.0f} a second" if done.num_files else ""
        click.echo(f"{job.output}: {counts}{speed}", err=True)
        for reason, num in written["rejected"].items():
            click.echo(f"rejected {num}: {reason}", err=True)
    if done.faults:
        for _, error in done.faults[:20]:
            click.echo(f"pathcast: {error}", err=True)
        if len(done.faults) > 20:
            click.echo(f"pathcast: and {len(done.faults) - 20} files more", err=True)
        raise SystemExit(2)
