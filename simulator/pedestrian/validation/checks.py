"""Check: one thing asked of the model, what was found, and whether that passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Check:
    """The outcome of one check."""

    name: str
    expected: str
    found: str
    passed: bool
    source: str
    """Where what is expected comes from."""
    seeds: tuple[int, ...]
    """By which the people and their sway were drawn; none where nothing is random."""
    values: tuple[float, ...]
    """The numbers found, in the order of `found`."""


def between(
    name: str,
    value: float,
    least: float,
    most: float,
    unit: str,
    source: str,
    seeds: Sequence[int] = (),
    digits: int = 2,
) -> Check:
    """A check that one number lies in a range, its ends included."""
    return Check(
        name=name,
        expected=f"{least:g} to {most:g} {unit}".rstrip(),
        found=f"{value:.{digits}f} {unit}".rstrip(),
        passed=bool(least <= value <= most),
        source=source,
        seeds=tuple(seeds),
        values=(float(value),),
    )


def at_most(
    name: str, value: float, most: float, unit: str, source: str, seeds: Sequence[int] = (), digits: int = 3
) -> Check:
    """A check that one number does not exceed a bound."""
    return Check(
        name=name,
        expected=f"at most {most:g} {unit}".rstrip(),
        found=f"{value:.{digits}f} {unit}".rstrip(),
        passed=bool(value <= most),
        source=source,
        seeds=tuple(seeds),
        values=(float(value),),
    )


def at_least(
    name: str, value: float, least: float, unit: str, source: str, seeds: Sequence[int] = (), digits: int = 2
) -> Check:
    """A check that one number reaches a bound."""
    return Check(
        name=name,
        expected=f"at least {least:g} {unit}".rstrip(),
        found=f"{value:.{digits}f} {unit}".rstrip(),
        passed=bool(value >= least),
        source=source,
        seeds=tuple(seeds),
        values=(float(value),),
    )
