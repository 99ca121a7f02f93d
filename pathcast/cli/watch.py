"""`pathcast watch`: streams tracks to a server and prints forecasts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from pathcast.cli.protection import credential_options, refuse_unused
from pathcast.cli.showing import (
    Asked,
    PageOptions,
    Showing,
    asked_server,
    page_options,
    refuse_unshown,
    show,
    showing_options,
)
from pathcast.errors import InputError

if TYPE_CHECKING:
    from pathcast.service.client.credentials import Credentials
    from pathcast.tracks import Tracks


@click.command("watch")
@click.argument("files", nargs=-1, metavar="[FILE|-]...")
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
@showing_options
@page_options
@credential_options
def command(
    files: tuple[str, ...],
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
    showing: Showing,
    page: PageOptions,
) -> None:
    """Stream a file's tracks, or with - the observations of standard input, and print forecasts.

    Standard input is one JSON object a line: {"time": seconds, "track": id, "x": m, "y": m}, with "z" at will; lines of
    equal time form one frame. Or a whole frame: {"time": seconds, "tracks": [{"track": id, "x": m, "y": m}, ...]}.
    Metres, seconds of any clock. A forecast line leaves as soon as its frame is complete.

    With --web a page in the browser shows files, those in folders and simulated scenes instead; with --gif and --html
    a file does.
    """
    import sys
    import time

    from pathcast.live.watch import FrameRow, lines_of, paced, read_frames, scenes_of, watch
    from pathcast.service.client import Client

    if server is None:
        refuse_unused(credentials)
    options: dict[str, Any] = {"num_modes": modes, "horizon_s": horizon, "step_s": step}
    options |= {"clock_s": clock_noise, "radius_m": radius, "mass_kg": mass, "level_m": level}
    if offsets is not None:
        options["offsets"] = _read_numbers(offsets, "--offsets", "seconds")
    areas = _read_regions(regions)
    if noise is not None:
        options["noise_m"] = _read_numbers(noise, "--noise", "metres")

    def read(path: str) -> Tracks:
        from pathcast.formats import read_tracks

        tracks = read_tracks(path, format=file_format, frames_per_second=frames_per_second, scale=scale)
        if not len(tracks.time):
            raise InputError(path, "at least one observation", "none")
        return tracks

    if showing.is_wanted:
        refuse_unshown(fast=fast, contacts=contacts, region=bool(regions), json=is_json, speed=speed != 1.0)
        show(Asked(server, credentials, model, options), files, showing, page, read)
        return
    if len(files) != 1 or showing.scenario is not None:
        raise click.UsageError("expected one FILE, or - for standard input, unless with --web, --gif or --html.")
    if files[0] == "-":
        is_json, fast = True, True
        scenes: Iterable[tuple[str | None, Iterable[FrameRow]]] = [
            (None, read_frames(sys.stdin.buffer, "standard input"))
        ]
    else:
        scenes = scenes_of(read(files[0]))
    with asked_server(server, model) as (address, model), Client(address, credentials=credentials) as client:
        for name, frames in scenes:
            if not fast:
                frames = paced(frames, speed, time.monotonic, time.sleep)
            if name is not None and not is_json:
                click.echo(f"scene {name}")
            for opened, forecasts in watch(client, frames, model, options | {"regions": areas}, contacts):
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
