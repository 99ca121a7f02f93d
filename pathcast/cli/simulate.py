"""`pathcast simulate`: tracks of balls and people whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pathcast.errors import InputError

if TYPE_CHECKING:
    from pathcast.simulator.dataset import Batch
    from pathcast.simulator.sensor import Sensor

SCENARIOS: Final = (
    "three-pointer",
    "free-throw",
    "basketball",
    "table-tennis",
    "table-tennis-rally",
    "table-tennis-serve",
    "tennis-rally",
    "tennis-serve",
    "volleyball-rally",
    "volleyball-serve",
    "baseball-pitch",
    "baseball-hit",
    "soccer-kick",
    "golf-drive",
    "generic",
)
SCENES: Final = ("corridor", "plaza")
FILE: Final = click.Path(dir_okay=False, path_type=Path)


def sensor_options(command: Callable[..., None]) -> Callable[..., None]:
    """What both kinds share, in the order of `--help`."""
    for option in reversed(
        (
            click.option("--num", required=True, type=click.IntRange(1), help="How many throws or scenes."),
            click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of everything random."),
            click.option(
                "--first",
                default=0,
                show_default=True,
                type=click.IntRange(0),
                help="Global index of the first; runs that share a seed are shards of one data set.",
            ),
            click.option("--duration", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Of each."),
            click.option(
                "--rate-hz", type=click.FloatRange(0, min_open=True), help="Instants that the sensor sees in a second."
            ),
            click.option(
                "--noise", type=click.FloatRange(0), metavar="METRES", help="Standard deviation along each axis."
            ),
            click.option(
                "--dropout", type=click.FloatRange(0, 0.99), help="Share of instants at which it sees nothing."
            ),
            click.option("--out", required=True, type=FILE, help="Observed tracks: .parquet or .csv."),
            click.option("--truth", type=FILE, help="True tracks, never in the same file."),
            click.option("--picture", type=FILE, help="PNG of a few tracks."),
            click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON."),
        )
    ):
        command = option(command)
    return command


@click.group("simulate")
def command() -> None:
    """Make tracks of balls and people whose truth is known.

    Observed tracks, with a sensor's faults, go to one file and true ones to another. The same seed and index give the
    same rows however the work is split: --first 0 --num 500 and --first 500 --num 500 are --num 1000 in two files.
    """


@command.command("ball")
@click.option("--scenario", required=True, type=click.Choice(SCENARIOS), help="Kind of throws.")
@sensor_options
@click.option("--clock-jitter", type=click.FloatRange(0), metavar="SECONDS", help="Of when the sensor looks.")
@click.option("--burst", type=click.FloatRange(0), metavar="SECONDS", help="Mean length of a gap; 0: single instants.")
def ball(scenario: str, duration: float | None, clock_jitter: float | None, burst: float | None, **given: Any) -> None:
    """Throw balls: every throw is a scene with one track, from its release on.

    Unless said otherwise, basketballs are seen at 30 Hz with 3 cm of noise, table-tennis balls at 120 Hz with 3 mm. The
    truth stands at the same instants, row for row beside the observations.
    """
    _check_picture(given["picture"])
    from pathcast.simulator.ball.scenarios import scenario_named
    from pathcast.simulator.dataset import throw_batches, usual_sensor

    kind = scenario_named(scenario)
    sensor = _changed(usual_sensor(kind), clock_jitter_s=clock_jitter, burst_s=burst, given=given)
    length = kind.duration_s if duration is None else duration
    batches = throw_batches(kind, given["num"], given["seed"], given["first"], sensor, length)

    def draw(batch: Batch, path: Path) -> None:
        from pathcast.live.picture import draw_throws

        draw_throws(batch, scenario, path)

    _write(batches, {"scenario": scenario, "duration_s": length, "sensor": asdict(sensor)}, draw, given)


@command.command("crowd")
@click.option("--scene", required=True, type=click.Choice(SCENES), help="Kind of place.")
@sensor_options
def crowd(scene: str, duration: float | None, **given: Any) -> None:
    """Walk people through places: every scene is a place of its own with 6 to 24 people.

    Unless said otherwise, for 20 s, seen at 2.5 Hz with 2 cm of noise. The truth stands every 0.1 s; whoever was there
    only between two instants of the sensor is in the truth alone.
    """
    _check_picture(given["picture"])
    from pathcast.simulator.dataset import SENSOR_OF_PEOPLE, crowd_batches

    sensor = _changed(SENSOR_OF_PEOPLE, given=given)
    length = 20.0 if duration is None else duration
    batches = crowd_batches(scene, given["num"], given["seed"], given["first"], sensor, length)

    def draw(batch: Batch, path: Path) -> None:
        from pathcast.live.picture import draw_people

        draw_people(batch, scene, path)

    _write(batches, {"scene": scene, "duration_s": length, "sensor": asdict(sensor)}, draw, given)


def _changed(sensor: Sensor, *, given: dict[str, Any], **others: float | None) -> Sensor:
    """The sensor with what the command line says in place of its own."""
    chosen = {"rate_hz": given["rate_hz"], "noise_m": given["noise"], "dropout": given["dropout"], **others}
    return replace(sensor, **{name: value for name, value in chosen.items() if value is not None})


def _check_picture(picture: Path | None) -> None:
    """Refuses, before anything is simulated, a picture that could not be drawn."""
    if picture is None:
        return
    if picture.suffix.lower() != ".png":
        raise InputError(str(picture), "a name that ends in .png", repr(picture.suffix))
    if find_spec("matplotlib") is None:
        raise click.ClickException("--picture needs matplotlib: pip install 'pathcast[train]'")


def _write(
    batches: Iterator[Batch], settings: dict[str, Any], draw: Callable[[Batch, Path], None], given: dict[str, Any]
) -> None:
    """Simulates into the files, with a bar for whoever watches, and says what was written."""
    import json

    from pathcast.live.progress import scene_progress
    from pathcast.simulator.dataset import write_dataset

    out, truth, picture = given["out"], given["truth"], given["picture"]
    with scene_progress("simulating", given["num"]) as advance:

        def told() -> Iterator[Batch]:
            for index, batch in enumerate(batches):
                if picture is not None and not index:
                    draw(batch, picture)
                yield batch
                advance(batch.num_scenes)

        written = write_dataset(told(), out, truth)
    if given["as_json"]:
        files = {"observed": out, "truth": truth, "picture": picture}
        summary = {
            **asdict(written),
            "files": {name: str(path) for name, path in files.items() if path is not None},
            "seed": given["seed"],
            "first": given["first"],
            "settings": settings,
        }
        click.echo(json.dumps(summary, indent=2))
        return
    rows = f"{written.num_tracks} tracks, {written.num_rows} rows, {written.num_seen} of them seen"
    click.echo(f"wrote {out}: {rows}", err=True)
    if truth is not None:
        click.echo(f"wrote {truth}: {written.num_true_rows} rows of truth", err=True)
    if picture is not None:
        click.echo(f"wrote {picture}", err=True)
