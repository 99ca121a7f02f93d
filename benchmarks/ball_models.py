"""Which models a benchmark of balls measures: those named, or every bundle of a ball's sport that is here."""

from __future__ import annotations

from collections.abc import Sequence

from pathcast.errors import InputError
from pathcast.model.engine import Engine
from pathcast.model.library import load_engine, shipped_bundles

DEFAULTS = ("basketball", "table-tennis", "ball")
SPORTS = {"basketball": ("basketball",), "table tennis": ("table-tennis", "table_tennis", "table tennis")}
"""A sport's words in a bundle's name or its venue's; a bundle with none of them is of any ball."""


def load_models(names: Sequence[str] | None) -> dict[str, Engine]:
    """The engines by the names they were asked for, the newest version of each.

    Raises:
        InputError: One that is not of three axes.
        UnknownModelError: No such model is here.
    """
    here = {folder.parent.name for folder in shipped_bundles()}
    found = {}
    for name in [each for each in DEFAULTS if each in here] if names is None else names:
        engine = load_engine(name)
        if engine.card.num_axes != 3:
            raise InputError("--model", "a model of three axes", f"{name}, of {engine.card.num_axes}")
        found[name] = engine
    return found


def load_ablations(given: Sequence[str]) -> dict[str, Engine]:
    """The engines of `NAME=FOLDER` options; a name may come once for each sport.

    Raises:
        InputError: An option of another form, or a name that comes twice for one sport.
    """
    found: dict[str, Engine] = {}
    for text in given:
        name, is_there, folder = text.partition("=")
        if not (name and is_there and folder):
            raise InputError("--ablation", "NAME=FOLDER", repr(text))
        engine = load_engine(folder)
        key = f"{name} ({engine.card.name})"
        if key in found:
            raise InputError("--ablation", "each name once for a sport", repr(key))
        found[key] = engine
    return found


def sports_of(engine: Engine) -> tuple[str, ...]:
    """The sports whose throws a model is measured on."""
    card = engine.card
    words = f"{card.name} {'' if card.venue is None else card.venue.name}".lower()
    named = tuple(sport for sport, known in SPORTS.items() if any(word in words for word in known))
    return named or tuple(SPORTS)


def version_of(engine: Engine) -> str:
    """Name and version of what was measured."""
    return f"{engine.card.name} {engine.card.version}"
