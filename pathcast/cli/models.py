"""`pathcast models`: what can be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathcast.model.engine import Card

_OFFERS = {
    "takes_goals": "weighs goals",
    "has_point": "one best path",
    "uses_neighbours": "looks at the people around",
    "has_contacts": "foretells contacts",
    "has_surprise": "tells suspect tracks",
    "takes_noise": "takes the sensor's noise",
    "takes_object": "takes size and mass",
    "is_whole_only": "whole tracks only, no streams",
}
"""Fields of a card, in words."""


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
        basic = ("name", "version", "summary", "num_axes", "horizon_s", "offsets_s", "num_modes", "metrics")
        keys = (*basic, "outcome_names", *_OFFERS)
        click.echo(json.dumps([{key: getattr(model, key) for key in keys} for model in cards], indent=2))
        return
    for model in cards:
        facts = [f"{model.num_axes} axes, {model.num_modes} modes, up to {model.horizon_s:g} s", *offers(model)]
        click.echo(f"{model.name} {model.version}: {model.summary} ({'; '.join(facts)})")
        if card:
            click.echo(f"\n{model.text}")


def offers(model: Card) -> list[str]:
    """What a model can do beside weighted paths, in words."""
    outcomes = [f"outcomes {', '.join(model.outcome_names)}"] if model.outcome_names else []
    return outcomes + [words for field, words in _OFFERS.items() if getattr(model, field)]
