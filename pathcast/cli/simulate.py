"""`pathcast simulate`: tracks of balls and people whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from pathcast.cli.forks import forks
from pathcast.cli.sensor_options import OF_PEOPLE, changed, sensor_options
from pathcast.cli.validation import validate

if TYPE_CHECKING:
    from pathcast.simulator.dataset import Batch
    from pathcast.simulator.shards import Shard

FILE: Final = click.Path(dir_okay=False, path_type=Path)


class SceneKind(click.ParamType[str]):
    """A kind of scene, by name; which there are is looked up when it is used."""

    name = "kind"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.names():
            self.fail(f"expected one of {', '.join(self.names())}, found {value!r}", param, ctx)
        return str(value)

    @staticmethod
    def names() -> tuple[str, ...]:
        """Every kind there is."""
        from pathcast.simulator.pedestrian.scenes import ALL, KINDS

        return (*KINDS, ALL)


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
            click.option(
                "--out",
                required=True,
                type=click.Path(path_type=Path),
                help="Observed tracks: .parquet or .csv; or a folder, which gets all truth beside them, in parts.",
            ),
            click.option("--truth", type=FILE, help="True tracks, never in the same file."),
            click.option("--identities", type=FILE, help="Which true track each observed one is: truth, too."),
            click.option("--picture", type=FILE, help="PNG of a few tracks."),
            click.option(
                "--shards",
                type=click.IntRange(1),
                metavar="N",
                help="Write N files that joined in order are the whole.",
            ),
            click.option("--shard", metavar="I/N", help="Make one of N shares, such as 3/16."),
            click.option("--resume", is_flag=True, help="Keep the files that are there as a whole."),
            click.option(
                "--processes",
                default=1,
                show_default=True,
                type=click.IntRange(1, 256),
                help="That make the parts of a folder; the numbers are the same for any number.",
            ),
            click.option(
                "--engine",
                type=click.Choice(["processes", "ray"]),
                default="processes",
                show_default=True,
                help="What makes the parts of a folder; ray: the cluster that RAY_ADDRESS names, or one here.",
            ),
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


def list_scenes(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    """Prints the kinds of scenes, one a line, and ends."""
    if not is_asked or context.resilient_parsing:
        return
    for name in SceneKind.names():
        click.echo(name)
    context.exit()


@click.group("simulate")
def command() -> None:
    """Make tracks of balls and people whose truth is known.

    Observed tracks, with a sensor's faults, go to one file and true ones to another. The same seed and index give the
    same rows however the work is split: --first 0 --num 500 and --first 500 --num 500 are --num 1000 in two files.
    """


command.add_command(forks)
command.add_command(validate)


@command.command("ball")
@click.option("--sport", help="Of the balls; alone, its usual scenario.")
@click.option("--scenario", help="Kind of throws.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=list_scenarios, help="Print the scenarios."
)
@data_options
@click.option("--events", type=FILE, help="What balls touched, when, and how they moved before and after: truth, too.")
@click.option("--outcomes", type=FILE, help="What became of shots at a hoop, when and where: truth, too.")
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
    from pathcast.cli.data_set import is_folder
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

    if is_folder(given["out"]):
        whole = {"kind": kind.name, "sensor": sensor, "duration_s": length, "num_players": players}
        _write_folder(
            "balls", whole, given, lambda path: draw(next(batches(given["first"], min(given["num"], 8))), path)
        )
        return
    settings = {"scenario": kind.name, "duration_s": length, "sensor": asdict(sensor), "players": players}
    write_run(
        Run(settings=settings, batches=batches, draw=draw, shards=shards, resume=given["resume"], **_places(given)),
        given["as_json"],
    )


@command.command("crowd")
@click.option("--scene", required=True, type=SceneKind(), help="Kind of place; --list prints them.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=list_scenes, help="Print the kinds of scenes."
)
@data_options
@click.option("--gif", type=FILE, help="The first scene in motion, with the truth.")
@sensor_options(*OF_PEOPLE)
def crowd(scene: str, duration: float | None, gif: Path | None, **given: Any) -> None:
    """Walk people through places: every scene is a place of its own with people who meet there.

    Unless said otherwise, for 20 s, seen at 2.5 Hz with 2 cm of noise. The truth stands every 0.1 s; whoever was there
    only between two instants of the sensor is in the truth alone. From a camera, walls, obstacles and people hide who
    is behind them.
    """
    shards = _shards(given)
    from pathcast.cli.data_set import is_folder
    from pathcast.cli.simulated_files import Run, check_picture, write_run
    from pathcast.simulator.dataset import SENSOR_OF_PEOPLE, crowd_batches

    sensor = changed(SENSOR_OF_PEOPLE, given)
    length = 20.0 if duration is None else duration

    def batches(first: int, num: int) -> Iterator[Batch]:
        return crowd_batches(scene, num, given["seed"], first, sensor, length)

    def draw(batch: Batch, path: Path) -> None:
        from pathcast.live.picture import draw_people

        draw_people(batch, scene, path)

    check_picture(gif, ".gif")
    if is_folder(given["out"]):
        whole = {"kind": scene, "sensor": sensor, "duration_s": length}
        _write_folder("people", whole, given, lambda path: draw(next(batches(given["first"], 1)), path))
    else:
        settings = {"scene": scene, "duration_s": length, "sensor": asdict(sensor)}
        run = Run(
            settings=settings, batches=batches, draw=draw, shards=shards, resume=given["resume"], **_places(given)
        )
        write_run(run, given["as_json"])
    if gif is not None:
        from pathcast.live.animation import animate_people

        animate_people(next(batches(given["first"], 1)), scene, gif)
        if not given["as_json"]:
            click.echo(f"wrote {gif}", err=True)


def _write_folder(
    things: Literal["people", "balls"], whole: dict[str, Any], given: dict[str, Any], draw: Callable[[Path], None]
) -> None:
    """A data set in a folder, and a picture of its first scenes."""
    from pathcast.cli.data_set import check_folder_options, write_folder
    from pathcast.cli.simulated_files import check_picture
    from pathcast.simulator.hive import DataSet

    check_folder_options(given)
    check_picture(given["picture"])
    numbers = {name: given[name] for name in ("num", "seed", "first")}
    write_folder(DataSet(things=things, **whole, **numbers), given)
    if given["picture"] is not None:
        draw(given["picture"])


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
    from pathcast.cli.data_set import is_folder

    if not is_folder(given["out"]):
        if given["resume"]:
            raise click.UsageError("--resume keeps finished files: give --shards N, --shard I/N, or a folder as --out")
        if given["engine"] == "ray":
            raise click.UsageError("--engine ray makes the parts of a folder: give one as --out")
        if given["processes"] > 1:
            raise click.UsageError("--processes make the parts of a folder: give one as --out")
    return ()
