"""`pathcast simulate`: tracks of balls and people whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pathcast.cli.sensor_options import OF_PEOPLE, changed, sensor_options

if TYPE_CHECKING:
    from pathcast.simulator.dataset import Batch
    from pathcast.simulator.shards import Shard

SCENES: Final = ("corridor", "plaza")
FILE: Final = click.Path(dir_okay=False, path_type=Path)


def data_options(command: Callable[..., None]) -> Callable[..., None]:
    """What both kinds share before the sensor's options, in the order of `--help`."""
    for option in reversed(
        (
            click.option("--num", required=True, type=click.IntRange(1), help="How many throws or scenes."),
            click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of everything random."),
            click.option(
                "--first",
                default=0,
                show_default=True,
                type=click.IntRange(0),
                help="Global index of the first; runs that share a seed are parts of one data set.",
            ),
            click.option("--duration", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Of each."),
            click.option("--out", required=True, type=FILE, help="Observed tracks: .parquet or .csv."),
            click.option("--truth", type=FILE, help="True tracks, never in the same file."),
            click.option("--identities", type=FILE, help="Which true track each observed one is: truth, too."),
            click.option("--picture", type=FILE, help="PNG of a few tracks."),
            click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON."),
        )
    ):
        command = option(command)
    return command


def list_scenarios(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    """Prints the scenarios, one a line, and ends."""
    if not is_asked or context.resilient_parsing:
        return
    from pathcast.simulator.ball.scenarios import SCENARIOS

    for kind in SCENARIOS.values():
        click.echo(f"{kind.name:<20} {kind.ball.name:<14} {kind.summary}")
    context.exit()


@click.group("simulate")
def command() -> None:
    """Make tracks of balls and people whose truth is known.

    Observed tracks, with a sensor's faults, go to one file and true ones to another. The same seed and index give the
    same rows however the work is split: --first 0 --num 500 and --first 500 --num 500 are --num 1000 in two files.
    """


@command.command("ball")
@click.option("--sport", help="Of the balls; alone, its usual scenario.")
@click.option("--scenario", help="Kind of throws.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=list_scenarios, help="Print the scenarios."
)
@data_options
@click.option("--events", type=FILE, help="What balls touched, when, and how they moved before and after: truth, too.")
@click.option("--outcomes", type=FILE, help="What became of shots at a hoop, when and where: truth, too.")
@click.option("--shards", type=click.IntRange(1), metavar="N", help="Write N files that joined in order are the whole.")
@click.option("--shard", metavar="I/N", help="Write one of them, such as 3/16.")
@click.option("--resume", is_flag=True, help="Keep the shards that are there.")
@sensor_options()
@click.option(
    "--players", default=0, type=click.INT, help="People about the release who hide the ball from the camera."
)
def ball(sport: str | None, scenario: str | None, duration: float | None, players: int, **given: Any) -> None:
    """Throw balls: every throw is a scene with one track, from its release on.

    Unless said otherwise, basketballs are seen at 30 Hz with 3 cm of noise, table-tennis balls at 120 Hz with 3 mm, and
    others at 60 Hz with 2 cm. The truth stands at the same instants, row for row beside the observations unless there
    are false tracks. Floor, table, net, hoop and board are solid. A shard is whole blocks of 4096 throws by global
    index.
    """
    shards = _shards(given)
    from pathcast.cli.simulated_files import Run, write_run
    from pathcast.simulator.dataset import check_outcomes, scenario_of, throw_batches, usual_sensor

    kind = scenario_of(sport, scenario)
    if given["outcomes"] is not None:
        check_outcomes(kind.venue)
    sensor = changed(usual_sensor(kind), given)
    length = kind.duration_s if duration is None else duration

    def batches(first: int, num: int) -> Iterator[Batch]:
        return throw_batches(kind, num, given["seed"], first, sensor, length, players)

    def draw(batch: Batch, path: Path) -> None:
        from pathcast.live.picture import draw_throws

        draw_throws(batch, kind.name, path)

    settings = {"scenario": kind.name, "duration_s": length, "sensor": asdict(sensor), "players": players}
    write_run(
        Run(settings=settings, batches=batches, draw=draw, shards=shards, resume=given["resume"], **_places(given)),
        given["as_json"],
    )


@command.command("crowd")
@click.option("--scene", required=True, type=click.Choice(SCENES), help="Kind of place.")
@data_options
@sensor_options(*OF_PEOPLE)
def crowd(scene: str, duration: float | None, **given: Any) -> None:
    """Walk people through places: every scene is a place of its own with 6 to 24 people.

    Unless said otherwise, for 20 s, seen at 2.5 Hz with 2 cm of noise. The truth stands every 0.1 s; whoever was there
    only between two instants of the sensor is in the truth alone. From a camera, obstacles hide who is behind them.
    """
    from pathcast.cli.simulated_files import Run, write_run
    from pathcast.simulator.dataset import SENSOR_OF_PEOPLE, crowd_batches

    sensor = changed(SENSOR_OF_PEOPLE, given)
    length = 20.0 if duration is None else duration

    def batches(first: int, num: int) -> Iterator[Batch]:
        return crowd_batches(scene, num, given["seed"], first, sensor, length)

    def draw(batch: Batch, path: Path) -> None:
        from pathcast.live.picture import draw_people

        draw_people(batch, scene, path)

    settings = {"scene": scene, "duration_s": length, "sensor": asdict(sensor)}
    write_run(Run(settings=settings, batches=batches, draw=draw, **_places(given)), given["as_json"])


def _places(given: dict[str, Any]) -> dict[str, Any]:
    """What a run takes as it stands on the command line."""
    names = ("seed", "first", "num", "out", "truth", "identities", "events", "outcomes", "picture")
    return {name: given[name] for name in names if name in given}


def _shards(given: dict[str, Any]) -> tuple[Shard, ...]:
    """The shards that are to be made."""
    from pathcast.simulator.shards import Shard

    if given["shard"] is not None and given["shards"] is not None:
        raise click.UsageError("--shard I/N makes one of N shards, --shards N all of them: give one of the two")
    if given["shard"] is not None:
        return (Shard.named(given["shard"]),)
    if given["shards"] is not None:
        return tuple(Shard(index, given["shards"]) for index in range(1, given["shards"] + 1))
    if given["resume"]:
        raise click.UsageError("--resume keeps finished shards: give --shards N or --shard I/N")
    return ()
