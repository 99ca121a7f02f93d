"""`pathcast evaluate`: scores beside baselines."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("evaluate")
def command() -> None:
    """Score forecasters beside baselines."""


@command.command("eth-ucy")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PATHCAST_DATA",
    required=True,
    help="Folder with pedestrian/eth_ucy; default: PATHCAST_DATA.",
)
@click.option("--model", default="pedestrian", show_default=True, help="Name of the model, or folder of a bundle.")
@click.option("--server", metavar="HOST:PORT", help="A running server; default: one of its own.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def eth_ucy(data: Path, model: str, server: str | None, as_json: bool) -> None:
    """Stream the ETH/UCY test windows through a server and score them beside constant velocity.

    Prints minADE/minFDE (best of all modes), the mean path's and the most probable mode's ADE/FDE, and constant
    velocity's, for windows with two or more people and with one or more.
    """
    import json
    from contextlib import ExitStack

    from rich.console import Console

    from pathcast.errors import InputError
    from pathcast.live.eth_ucy import PROTOCOL, data_hash, evaluate_eth_ucy, scene_table
    from pathcast.model.library import load_library
    from pathcast.service.client import Client, LocalServer

    if not data.is_dir():
        raise InputError("--data", "a folder with pedestrian/eth_ucy", str(data))
    name = model if server else load_library([model]).cards()[-1].name
    report: dict[str, object] = {"protocol": PROTOCOL, "sha256": data_hash(data), "model": model}
    with ExitStack() as stack:
        address = server or stack.enter_context(LocalServer([model])).address
        client = stack.enter_context(Client(address))
        for min_people in (2, 1):
            results = evaluate_eth_ucy(client, name, data, min_people)
            report[f"min_people_{min_people}"] = {each.scene: each.scores for each in results}
            (Console(stderr=True) if as_json else Console(width=110)).print(scene_table(results, min_people))
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo(PROTOCOL)
