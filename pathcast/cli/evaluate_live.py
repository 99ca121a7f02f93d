"""`pathcast evaluate service` and `tracks`: simulated scenes put to a server, recorded tracks put to models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pathcast.cli.protection import credential_options
from pathcast.cli.sensor_options import OF_PEOPLE, changed, sensor_options

if TYPE_CHECKING:
    from pathcast.live.judging.evaluating import Evaluation, Wish
    from pathcast.service.client.credentials import Credentials

FILE = click.Path(dir_okay=False, path_type=Path)


def list_scenarios(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    """Prints what can be played, one a line, and ends."""
    if not is_asked or context.resilient_parsing:
        return
    from pathcast.live.playing import SCENARIOS

    for scenario in SCENARIOS.values():
        click.echo(f"{scenario.name:<20} {scenario.model:<14} {scenario.summary}")
    context.exit()


def scoring_options(command: Callable[..., None]) -> Callable[..., None]:
    """What both verbs score, and where the report goes."""
    for option in reversed(
        (
            click.option("--offsets", metavar="S,S,...", help="Seconds ahead to score; default: the model's own."),
            click.option("--modes", type=click.IntRange(0), default=0, help="Most futures; default: the model's own."),
            click.option(
                "--every",
                type=click.IntRange(1),
                default=1,
                show_default=True,
                help="Frames from one forecast to the next; all frames are shown.",
            ),
            click.option(
                "--cases",
                type=click.IntRange(1),
                default=10_000,
                show_default=True,
                help="Forecasts that are scored, about, drawn at random; of fewer all.",
            ),
            click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of everything random."),
            click.option(
                "--report", type=FILE, metavar="FILE.html", help="One page with everything, without a network."
            ),
            click.option("--json", "as_json", is_flag=True, help="Print JSON."),
            click.option("--out", type=FILE, metavar="FILE.json", help="The same JSON to a file."),
        )
    ):
        command = option(command)
    return command


@click.command("service")
@click.argument("address", metavar="HOST:PORT")
@click.option("--scenario", required=True, metavar="NAME", help="What is played; --list prints all.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=list_scenarios, help="Print the scenarios."
)
@click.option("--model", metavar="NAME", help="Of the server; default: the shipped one that fits the scenario.")
@click.option("--tracks", "num_tracks", type=click.IntRange(1, 4096), default=20, show_default=True, help="At once.")
@click.option("--duration", type=click.FloatRange(0.1), metavar="SECONDS", help="Default: 10 of balls, 20 of people.")
@click.option(
    "--streams", type=click.IntRange(1), help="Default: one of balls; one for each place, whose exits are its goals."
)
@click.option("--realtime", is_flag=True, help="Every frame at its instant; else each after the answer to the last.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=AMOUNT]",
    help="drop (share of frames), delay (most seconds), cut or swap (times a minute), as often as there are faults.",
)
@click.option("--no-tell", is_flag=True, help="Do not tell the model the sensor's noise and the ball.")
@click.option("--no-outcomes", is_flag=True, help="Do not ask what will become of shots, which costs servers most.")
@click.option("--no-goals", is_flag=True, help="Do not ask which exit people head for.")
@click.option(
    "--regret",
    type=click.IntRange(0),
    default=200,
    show_default=True,
    help="Forecasts beside the best achievable; 0: none.",
)
@click.option(
    "--regret-time", type=click.FloatRange(0), default=60.0, show_default=True, help="Most seconds that this may take."
)
@scoring_options
@sensor_options(*OF_PEOPLE)
@credential_options
def service(
    address: str,
    scenario: str,
    model: str | None,
    num_tracks: int,
    duration: float | None,
    streams: int | None,
    realtime: bool,
    faults: tuple[str, ...],
    no_tell: bool,
    no_outcomes: bool,
    no_goals: bool,
    regret: int,
    regret_time: float,
    credentials: Credentials,
    **given: Any,
) -> None:
    """Play simulated scenes into a running service and score its forecasts as they come.

    The truth never leaves this process. Scored are error by horizon and by how much was seen, likelihood, energy,
    coverage, outcomes and goals, age and loss of answers, beside baselines and the best achievable. Ends with exit code
    1 if a score raises an alarm, or a frame was lost though no fault was asked for.
    """
    from pathcast.live.judging.evaluating import evaluate_service
    from pathcast.live.judging.faults import Faults
    from pathcast.live.playing import scenario_named

    _check_report(given["report"])
    chosen, spoiling = scenario_named(scenario), Faults.named(faults)
    if spoiling.delay > 0 and not realtime:
        raise click.UsageError("--fault delay holds up frames that have an instant: give --realtime.")
    wish = _wish(
        given,
        is_told=not no_tell,
        has_outcomes=not no_outcomes,
        has_goals=not no_goals,
        num_reference=regret,
        reference_s=regret_time,
    )
    play = chosen.play(num_tracks, duration, given["seed"], changed(chosen.sensor, given), streams)
    with _watching(f"{scenario} on {address}") as watch:
        found = evaluate_service(
            address,
            credentials,
            model or chosen.model,
            play,
            wish,
            is_realtime=realtime,
            faults=spoiling,
            watch=watch,
        )
    _show(found, given)
    is_lossy = found.traffic is not None and found.traffic.num_lost > 0 and not spoiling.any
    if is_lossy:
        assert found.traffic is not None
        click.echo(f"pathcast: {found.traffic.num_lost} frames were never answered", err=True)
    if found.alarms or is_lossy:
        raise click.exceptions.Exit(1)


@click.command("tracks")
@click.argument("data", metavar="DATA", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Name of a model or folder of a bundle; several are compared. Default: pedestrian, or basketball for 3 axes.",
)
@click.option("--noise", metavar="M[,M,M]", help="Tell models that take it the sensor's standard deviation.")
@click.option("--radius", type=float, metavar="METRES", help="Tell them the size of what moves.")
@click.option("--mass", type=float, metavar="KILOGRAMS", help="Tell them its mass.")
@click.option("--format", "file_format", metavar="NAME", help="The file's format; default: told from its content.")
@click.option("--frames-per-second", type=float, help="Of files that number frames instead of timing them.")
@click.option("--scale", type=float, metavar="METRES", help="Metres per unit of the file's positions.")
@scoring_options
def tracks(
    data: Path,
    models: tuple[str, ...],
    noise: str | None,
    radius: float | None,
    mass: float | None,
    file_format: str | None,
    frames_per_second: float | None,
    scale: float | None,
    **given: Any,
) -> None:
    """Backtest models on recorded tracks: each frame is shown, each forecast scored by what was seen later.

    DATA is any file of tracks that pathcast reads. With several models every two are compared by a paired bootstrap
    over scenes, or over tracks where there are few scenes, with a verdict whether the difference is real. Ends with
    exit code 1 if a score raises an alarm.
    """
    import hashlib

    from pathcast.errors import InputError
    from pathcast.formats import read_tracks
    from pathcast.live.judging.asking import Known
    from pathcast.live.judging.evaluating import evaluate_tracks
    from pathcast.model.library import load_engine

    _check_report(given["report"])
    wish = _wish(given)
    read = read_tracks(data, format=file_format, frames_per_second=frames_per_second, scale=scale)
    if not read.valid.any():
        raise InputError(str(data), "at least one observation", "none")
    names = models or ("pedestrian" if read.num_axes == 2 else "basketball",)
    engines = {}
    for name in names:
        engine = load_engine(name)
        title = f"{engine.card.name} {engine.card.version}"
        engines[f"{title} ({name})" if title in engines else title] = engine
    known = Known(noise_m=_numbers(noise, "--noise", "metres") or None, radius_m=radius, mass_kg=mass)
    settings = {"data": data.name, "rows": read.num_rows, "tracks": read.num_tracks, "models": list(names)}
    if data.is_file():
        settings["sha256"] = hashlib.sha256(data.read_bytes()).hexdigest()
    with _watching(data.name) as watch:
        found = evaluate_tracks(engines, read, wish, known, settings, watch)
    _show(found, given)
    if found.alarms:
        raise click.exceptions.Exit(1)


def _wish(given: dict[str, Any], **more: Any) -> Wish:
    from pathcast.live.judging.evaluating import Wish

    return Wish(
        offsets_s=_numbers(given["offsets"], "--offsets", "seconds"),
        num_modes=given["modes"],
        forecast_every=given["every"],
        num_cases=given["cases"],
        seed=given["seed"],
        **more,
    )


def _numbers(text: str | None, option: str, unit: str) -> tuple[float, ...]:
    """Numbers between commas."""
    try:
        return tuple(float(each) for each in text.split(",")) if text else ()
    except ValueError:
        raise click.BadParameter(f"expected {unit} between commas, found {text!r}", param_hint=option) from None


def _check_report(report: Path | None) -> None:
    """Refuses, before anything runs, a report that could not be drawn."""
    from pathcast.cli.simulated_files import check_picture

    check_picture(report, ".html")


@contextmanager
def _watching(title: str) -> Iterator[Callable[[str], None]]:
    """Says on standard error how far it is, where a person watches."""
    from rich.console import Console

    with Console(stderr=True).status(title) as status:
        yield lambda text: status.update(f"{title}: {text}")


def _show(found: Evaluation, given: dict[str, Any]) -> None:
    """Tables for people, JSON for programs, and the files."""
    import json

    from rich.console import Console

    from pathcast.live.judging.terminal import tables

    if given["report"] is not None or given["out"] is not None:
        from pathcast.live.judging.page import write_report

        write_report(found, given["report"], given["out"])
    whole = found.to_json()
    console = Console(stderr=given["as_json"])
    if not console.is_terminal:
        console = Console(stderr=given["as_json"], width=150)
    for table in tables(whole):
        console.print(table)
    for path in (given["report"], given["out"]):
        if path is not None:
            click.echo(f"wrote {path}", err=True)
    for alarm in found.alarms:
        click.echo(f"ALARM: {alarm}", err=True)
    if given["as_json"]:
        click.echo(json.dumps(whole, indent=1))
