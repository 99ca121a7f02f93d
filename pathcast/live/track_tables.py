"""Tables of the study of tracks, from its plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import mean
from typing import Final

from pathcast.live.memory_tables import Study, StudyTable

SPIN_TOLD: Final = {"never": "soccer", "first": "soccer, spin told first", "last": "soccer, spin told last"}
"""Worlds that differ only in when a kick's spin is told."""


KINDS: Final = {"last": "newest observations shown", "gap of": "observations missing before the newest two"}
"""What hinders a forecast, by how its names begin."""
LEAST_WORTH: Final = 0.1
"""Share of an error that a spin must be worth for what is kept of it to be told."""


def track_tables(study: Study) -> list[StudyTable]:
    """Two tables for each world of the study, and those of what is kept of a spin that was told once."""
    tables: dict[tuple[str, str], StudyTable] = {}
    for piece in study["pieces"]:
        for kind, words in KINDS.items():
            counts = counts_of(piece["errors_m"], kind)
            if (piece["world"], kind) not in tables:
                beside = [f"{piece['last_step_error_m'][name]:.3f}" for _, name in counts]
                tables[piece["world"], kind] = StudyTable(
                    f"{piece['world'].capitalize()}, {words}: mean error, m (worst seed)",
                    ["memory", "units", *(str(count) for count, _ in counts)],
                    [["as the last step", "", *beside]],
                )
            errors = [piece["errors_m"][name] for _, name in counts]
            cells = [f"{mean(each):.3f} ({max(each):.3f})" for each in errors]
            tables[piece["world"], kind].rows.append([piece["memory"], str(piece["units"]), *cells])
    kept = kept_spin(study)
    return [*tables.values(), *(_kept_table(kept, kind) for kind in KINDS if kept)]


def _kept_table(kept: dict[str, dict[str, float]], kind: str) -> StudyTable:
    counts = counts_of(next(iter(kept.values())), kind)
    rows = [[memory, *(_share(shares[name]) for _, name in counts)] for memory, shares in kept.items()]
    title = f"Spin told first, {KINDS[kind]}: share of its worth when told last"
    return StudyTable(title, ["memory", *(str(count) for count, _ in counts)], rows)


def counts_of(named: Mapping[str, object], kind: str) -> list[tuple[int, str]]:
    """Observations of each hindrance of a kind, in order, and its name."""
    return sorted((int(name.removeprefix(kind)), name) for name in named if name.startswith(kind))


def kept_spin(study: Study) -> dict[str, dict[str, float]]:
    """By memory and hindrance, (never - first) / (never - last) of errors; 1 is all, 0 none. Empty without kicks.

    Not a number where the spin is worth less than `LEAST_WORTH` of the error even when it is told last.
    """
    errors: dict[tuple[str, str], dict[str, float]] = {}
    for piece in study["pieces"]:
        found = {name: mean(each) for name, each in piece["errors_m"].items()}
        errors[piece["world"], piece["memory"]] = found
    memories = [memory for world, memory in errors if world == SPIN_TOLD["first"]]
    shares: dict[str, dict[str, float]] = {}
    for memory in memories:
        never, first, last = (errors[world, memory] for world in SPIN_TOLD.values())
        worth = {name: never[name] - last[name] for name in never}
        shares[memory] = {
            name: (never[name] - first[name]) / worth[name] if worth[name] > LEAST_WORTH * never[name] else math.nan
            for name in never
        }
    return shares


def _share(value: float) -> str:
    return "nothing to keep" if math.isnan(value) else f"{value:.2f}"
