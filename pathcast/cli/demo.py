"""`pathcast demo`: the tour, and the whole path in a few minutes."""

from __future__ import annotations

from pathlib import Path

import click

from pathcast.cli.showing import PageOptions, page_options


@click.command("demo")
@page_options
@click.option("--once", is_flag=True, help="Train, serve, stream and score instead, and end by itself.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder for models, picture and table, with --once.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PATHCAST_DATA",
    help="Folder of recorded tracks; default: PATHCAST_DATA, or data/ here.",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of everything random, with --once.")
@click.option("--quick", is_flag=True, help="With --once: train for seconds, too little to pass the accuracy check.")
def command(once: bool, out: Path, data: Path | None, seed: int, quick: bool, page: PageOptions) -> None:
    """Watch balls and people being forecast on a page in the browser: the tour, until Ctrl-C.

    A server with the models that ship is started, and beside it the page, whose address is printed. Scenarios are
    simulated into the server; recorded tracks can be replayed, those of --data among them.

    With --once shots and walkers are simulated, a small forecaster is trained for each, served and streamed unseen
    tracks, and its errors are printed and drawn. Ends with exit code 1 if one is no better than constant velocity on
    unseen simulated tracks.
    """
    from pathcast.live.demo.cases import find_data

    if once:
        _run_once(out, find_data(data), seed, quick)
        return
    if quick:
        raise click.UsageError("--quick goes with --once.")
    from pathcast.cli.showing import asked_server, check_installed, show_page
    from pathcast.formats import read_tracks
    from pathcast.live.demo.cases import recorded_walks
    from pathcast.live.page.library import file_entries, simulated_entries
    from pathcast.live.page.show import Source

    check_installed()
    walks = recorded_walks(find_data(data))
    with asked_server(None, None) as (address, _):
        click.echo(f"models served at {address}; Ctrl-C ends", err=True)
        show_page(Source(address), [*simulated_entries(), *file_entries(walks, read_tracks)], page)


def _run_once(out: Path, data: Path | None, seed: int, quick: bool) -> None:
    import sys

    from pathcast.live.demo.small import small_settings
    from pathcast.live.demo.tour import run_demo

    judged = run_demo(small_settings(seed, quick), out, data, seed)
    worse = [each.case.title for each in judged if each.case.is_simulated and not each.beats_constant_velocity]
    if worse:
        click.echo(f"pathcast: not better than constant velocity on {', '.join(worse)}", err=True)
        sys.exit(1)
