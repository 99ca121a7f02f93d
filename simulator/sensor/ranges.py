"""Ranges: a setting outside its own is refused by name."""

from __future__ import annotations

import math

from pathcast.errors import InputError


def check_number(where: str, value: float, low: float, high: float) -> None:
    """Refuses a number outside its range.

    Raises:
        InputError: Naming the setting and the range.
    """
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(where, f"a number from {low:g} to {high:g}", f"{value}")
