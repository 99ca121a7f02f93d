"""`pathcast demo`: the whole path in a few minutes."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder for models, picture and table.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PATHCAST_DATA",
    help="Folder of recorded tracks; default: PATHCAST_DATA, or data/ here.",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of everything random.")
@click.option("--quick", is_flag=True, help="Train for seconds: shows the path; too little to pass the accuracy check.")
def command(out: Path, data: Path | None, seed: int, quick: bool) -> None:
    """Simulate shots and walkers, train a small forecaster for each, serve them and stream unseen tracks.

    Ends with exit code 1 if a trained forecaster is no better than constant velocity on unseen simulated tracks.
    """
    import sys

    from pathcast.live.demo.cases import find_data
    from pathcast.live.demo.small import small_settings
    from pathcast.live.demo.tour import run_demo

    judged = run_demo(small_settings(seed, quick), out, find_data(data), seed)
    worse = [each.case.title for each in judged if each.case.is_simulated and not each.beats_constant_velocity]
    if worse:
        click.echo(f"pathcast: not better than constant velocity on {', '.join(worse)}", err=True)
        sys.exit(1)
