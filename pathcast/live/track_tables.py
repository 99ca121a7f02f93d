"""Tables of the study of tracks, from its plain values."""

from __future__ import annotations

from statistics import mean
from typing import Final

from pathcast.live.memory_tables import Study, StudyTable

SPIN_TOLD: Final = {"never": "soccer", "first": "soccer, spin told first", "last": "soccer, spin told last"}
"""Worlds that differ only in when a kick's spin is told."""


def track_tables(study: Study) -> list[StudyTable]:
    """A table for each world of the study, and one of what is kept of a spin that was told once."""
    tables: dict[str, StudyTable] = {}
    for piece in study["pieces"]:
        header = ["memory", "units", "parameters", *piece["errors_m"]]
        title = f"{piece['world']}: mean error on unseen tracks, m (worst seed)"
        if piece["world"] not in tables:
            beside = [f"{error:.3f}" for error in piece["last_step_error_m"].values()]
            tables[piece["world"]] = StudyTable(title, header, [["as the last step", "", "", *beside]])
        table = tables[piece["world"]]
        errors = [f"{mean(each):.3f} ({max(each):.3f})" for each in piece["errors_m"].values()]
        table.rows.append([piece["memory"], str(piece["units"]), str(piece["parameters"]), *errors])
    kept = kept_spin(study)
    if not kept:
        return list(tables.values())
    rows = [[memory, *(f"{share:.2f}" for share in shares.values())] for memory, shares in kept.items()]
    title = "Spin told with the first observation: share of what it is worth when told with the newest"
    return [*tables.values(), StudyTable(title, ["memory", *next(iter(kept.values()))], rows)]


def kept_spin(study: Study) -> dict[str, dict[str, float]]:
    """By memory and hindrance, (never - first) / (never - last) of errors; 1 is all, 0 none. Empty without kicks."""
    errors: dict[tuple[str, str], dict[str, float]] = {}
    for piece in study["pieces"]:
        found = {name: mean(each) for name, each in piece["errors_m"].items()}
        errors[piece["world"], piece["memory"]] = found
    memories = [memory for world, memory in errors if world == SPIN_TOLD["first"]]
    shares: dict[str, dict[str, float]] = {}
    for memory in memories:
        never, first, last = (errors[world, memory] for world in SPIN_TOLD.values())
        shares[memory] = {name: (never[name] - first[name]) / (never[name] - last[name]) for name in never}
    return shares
