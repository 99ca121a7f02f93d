"""`pathcast simulate forks`: what may happen next in a scene, many times over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathcast.simulator.pedestrian.forks import Forks

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("forks")
@click.option("--scene", required=True, metavar="KIND", help="Kind of place: pathcast simulate crowd --list.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of everything random.")
@click.option("--index", default=0, show_default=True, type=click.IntRange(0), help="Global index of the scene.")
@click.option("--at", "at_s", required=True, type=click.FLOAT, metavar="SECONDS", help="Where the futures part.")
@click.option("--num", default=64, show_default=True, type=click.IntRange(1), help="How many futures.")
@click.option("--horizon", default=4.8, show_default=True, type=click.FLOAT, metavar="SECONDS", help="Of each.")
@click.option("--duration", default=20.0, show_default=True, type=click.FLOAT, metavar="SECONDS", help="Of the scene.")
@click.option("--person", type=click.IntRange(0), help="The one whose intents and sway are redrawn; else everybody's.")
@click.option(
    "--reconsider",
    default=0.0,
    show_default=True,
    type=click.FLOAT,
    metavar="SHARE",
    help="Of people who draw another goal at the instant, for wider fans than the simulator's own.",
)
@click.option("--out", required=True, type=FILE, help="The futures: .parquet or .csv.")
@click.option("--past", type=FILE, help="The tracks up to the instant.")
@click.option("--picture", type=FILE, help="PNG of the past and all futures.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def forks(
    scene: str,
    seed: int,
    index: int,
    at_s: float,
    num: int,
    horizon: float,
    duration: float,
    person: int | None,
    reconsider: float,
    out: Path,
    past: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Fork a scene's futures at an instant: the true distribution of what comes next.

    The scene is number INDEX of `simulate crowd` with the same kind, seed and duration. Each future is a scene of its
    own in the file, numbered index * num + branch, with the branch, goal, group and dwelling of every row beside it.
    """
    from pathcast.cli.simulated_files import check_picture
    from pathcast.formats import write_tracks
    from pathcast.formats.pieces import writing_tables
    from pathcast.formats.writing import check_suffix
    from pathcast.simulator.pedestrian.forks import fork_crowd

    check_picture(picture)
    for path in (out, past):
        if path is not None:
            check_suffix(path)
    forked = fork_crowd(
        scene, 1, seed, at_s, num, horizon, first=index, duration_s=duration, person=person, reconsider=reconsider
    )
    with writing_tables(out) as append:
        append(forked.to_arrow())
    if past is not None:
        write_tracks(forked.past, past)
    if picture is not None:
        from pathcast.live.fork_picture import draw_forks

        draw_forks(forked, index, f"{scene} {index}: {num} futures from {at_s:g} s", picture)
    _tell(forked, out, as_json)


def _tell(forked: Forks, out: Path, as_json: bool) -> None:
    """Says what was written."""
    if as_json:
        summary = {
            "num_futures": forked.num_branches,
            "num_rows": forked.futures.num_rows,
            "num_tracks": forked.futures.num_tracks,
            "num_intents": len(forked.truth.events.time),
            "out": str(out),
        }
        click.echo(json.dumps(summary, indent=2))
        return
    rows = f"{forked.num_branches} futures, {forked.futures.num_tracks} tracks, {forked.futures.num_rows} rows"
    click.echo(f"wrote {out}: {rows}", err=True)
