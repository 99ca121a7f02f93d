"""Columns of the table of scores beside baselines: titles with units, and how numbers are written."""

from __future__ import annotations

from typing import Any, Final

SUMMARY: Final = {
    "forecaster": ("forecaster", ""),
    "ade_m": ("mean error, m", ".3f"),
    "final_m": ("error at the end, m", ".3f"),
    "nearest_m": ("nearest mode, m", ".3f"),
    "energy_m": ("energy score, m", ".3f"),
    "nll": ("NLL, nats", ".2f"),
    "coverage50": ("inside 50 %", ".1%"),
    "coverage90": ("inside 90 %", ".1%"),
}
"""By the name of the score: title and format."""


def cell(value: Any, form: str) -> str:
    """A value as text; empty where there is none."""
    return "" if value is None else (format(value, form) if form else str(value))
