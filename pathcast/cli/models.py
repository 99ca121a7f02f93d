"""`pathcast models`: what can be served."""

from __future__ import annotations

import click


@click.command("models")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--card", is_flag=True, help="Print the models' cards too.")
def command(names: tuple[str, ...], as_json: bool, card: bool) -> None:
    """List the models that are here; NAMES are models or folders of bundles, by default all that ship."""
    import json

    from pathcast.model.library import load_library

    cards = load_library(names or None).cards()
    if as_json:
        keys = ("name", "version", "summary", "num_axes", "horizon_s", "offsets_s", "num_modes", "metrics")
        click.echo(json.dumps([{key: getattr(model, key) for key in keys} for model in cards], indent=2))
        return
    for model in cards:
        click.echo(
            f"{model.name} {model.version}: {model.summary} ({model.num_axes} axes, {model.num_modes} modes, "
            f"up to {model.horizon_s:g} s)"
        )
        if card:
            click.echo(f"\n{model.text}")
