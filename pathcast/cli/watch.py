"""`pathcast watch`: streams tracks to a server and prints forecasts."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pathcast.cli.protection import credential_options, refuse_unused
from pathcast.errors import InputError

if TYPE_CHECKING:
    from pathcast.service.client.credentials import Credentials


@click.command("watch")
@click.argument("file", metavar="FILE|-")
@click.option(
    "--server", metavar="HOST:PORT", help="Server to ask; default: one of its own, for as long as it watches."
)
@click.option(
    "--model",
    metavar="NAME",
    help="Model, or without --server a bundle's folder; default: pedestrian for 2 axes, basketball for 3.",
)
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0, min_open=True), help="Times faster.")
@click.option("--fast", is_flag=True, help="As fast as it can instead of at the file's own pace.")
@click.option("--offsets", metavar="S,S,...", help="Seconds ahead to forecast; default: the model's own.")
@click.option("--horizon", type=float, metavar="SECONDS", help="Up to here, instead of --offsets.")
@click.option("--step", type=float, metavar="SECONDS", help="In steps of this, with --horizon.")
@click.option("--modes", default=0, type=click.IntRange(0), help="Modes in each forecast; default: the model's own.")
@click.option("--contacts", is_flag=True, help="Also what will be touched, when and where, of models that foretell it.")
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="NAME=X,Y,X,Y,...",
    help="Corners of an area on the ground, metres: also whether and when it is entered. As often as there are areas.",
)
@click.option("--noise", metavar="M[,M,M]", help="The sensor's standard deviation, if the model takes it.")
@click.option("--clock-noise", type=float, metavar="SECONDS", help="The error of its clock, likewise.")
@click.option("--radius", type=float, metavar="METRES", help="Of what moves, if the model takes it.")
@click.option("--mass", type=float, metavar="KILOGRAMS", help="Of what moves, likewise.")
@click.option("--level", type=float, metavar="METRES", help="Height of a level floor that stands for the venue.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object a frame; always so for standard input.")
@click.option("--format", "file_format", metavar="NAME", help="The file's format; default: told from its content.")
@click.option("--frames-per-second", type=float, help="Of files that number frames instead of timing them.")
@click.option("--scale", type=float, metavar="METRES", help="Metres per unit of the file's positions.")
@credential_options
def command(
    file: str,
    server: str | None,
    model: str | None,
    speed: float,
    fast: bool,
    offsets: str | None,
    horizon: float | None,
    step: float | None,
    modes: int,
    contacts: bool,
    regions: tuple[str, ...],
    noise: str | None,
    clock_noise: float | None,
    radius: float | None,
    mass: float | None,
    level: float | None,
    is_json: bool,
    file_format: str | None,
    frames_per_second: float | None,
    scale: float | None,
    credentials: Credentials,
) -> None:
    """Stream FILE's tracks, or with - the observations of standard input, and print forecasts.

    Standard input is one JSON object a line: {"time": seconds, "track": id, "x": m, "y": m}, with "z" at will; lines of
    equal time form one frame. Or a whole frame: {"time": seconds, "tracks": [{"track": id, "x": m, "y": m}, ...]}.
    Metres, seconds of any clock. A forecast line leaves as soon as its frame is complete.
    """
    import sys
    import time

    from pathcast.live.watch import FrameRow, lines_of, paced, read_frames, scenes_of, watch
    from pathcast.service.client import Client, LocalServer

    if server is None:
        refuse_unused(credentials)
    options: dict[str, Any] = {"num_modes": modes, "horizon_s": horizon, "step_s": step}
    options |= {"clock_s": clock_noise, "radius_m": radius, "mass_kg": mass, "level_m": level}
    if offsets is not None:
        options["offsets"] = _read_numbers(offsets, "--offsets", "seconds")
    options["regions"] = areas = _read_regions(regions)
    if noise is not None:
        options["noise_m"] = _read_numbers(noise, "--noise", "metres")
    if file == "-":
        is_json, fast = True, True
        scenes: Iterable[tuple[str | None, Iterable[FrameRow]]] = [
            (None, read_frames(sys.stdin.buffer, "standard input"))
        ]
    else:
        from pathcast.formats import read_tracks

        tracks = read_tracks(file, format=file_format, frames_per_second=frames_per_second, scale=scale)
        if not len(tracks.time):
            raise InputError(file, "at least one observation", "none")
        scenes = scenes_of(tracks)
    with ExitStack() as stack:
        address = server
        if address is None and model is not None and Path(model).is_dir():
            address, model = stack.enter_context(LocalServer([model])).address, None
        elif address is None:
            address = stack.enter_context(LocalServer()).address
        client = stack.enter_context(Client(address, credentials=credentials))
        for name, frames in scenes:
            if not fast:
                frames = paced(frames, speed, time.monotonic, time.sleep)
            if name is not None and not is_json:
                click.echo(f"scene {name}")
            for opened, forecasts in watch(client, frames, model, options, contacts):
                for line in lines_of(opened, forecasts, name, is_json, tuple(areas)):
                    click.echo(line)


def _read_regions(texts: tuple[str, ...]) -> dict[str, list[list[float]]]:
    """The corners of areas by name."""
    areas: dict[str, list[list[float]]] = {}
    for text in texts:
        name, _, corners = text.partition("=")
        numbers = _read_numbers(corners, "--region", "metres") if corners else []
        if not name or not numbers or len(numbers) % 2:
            raise click.BadParameter(f"expected NAME=X,Y,X,Y,... in metres, found {text!r}", param_hint="--region")
        if name in areas:
            raise click.BadParameter(f"expected names that are unique, found {name!r} twice", param_hint="--region")
        areas[name] = [numbers[index : index + 2] for index in range(0, len(numbers), 2)]
    return areas


def _read_numbers(text: str, option: str, unit: str) -> list[float]:
    """Numbers between commas."""
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"expected {unit} between commas, found {text!r}", param_hint=option) from None
