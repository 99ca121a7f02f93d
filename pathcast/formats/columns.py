"""Columns: which column of a named table holds what, and in which unit.

Shared by the generic CSV and Parquet readers. Units are never guessed: a name without a unit is taken as seconds or
metres, a name with another one (`x_ft`, `time [ms]`) is refused until the caller gives the scale that fits it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pathcast.errors import InputError

SYNONYMS = {
    "scene": ("scene", "scene_id", "clip", "recording", "sequence"),
    "scene_name": ("scene_name",),
    "track": ("track", "id", "track_id", "object", "object_id", "agent", "agent_id", "pedestrian", "pedestrian_id"),
    "time": ("time", "t", "timestamp", "seconds"),
    "frame": ("frame", "frame_id", "frame_number"),
    "x": ("x", "pos_x", "x_pos", "position_x"),
    "y": ("y", "pos_y", "y_pos", "position_y"),
    "z": ("z", "pos_z", "z_pos", "position_z"),
    "valid": ("valid", "is_valid", "visible"),
}
"""What columns are called, by what they hold; letter case and a unit at the end do not matter."""

LENGTHS = {"m": 1.0, "metres": 1.0, "meters": 1.0, "km": 1000.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048, "in": 0.0254}
"""Metres per unit of length that a column's name may end in."""
DURATIONS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Seconds per unit of time that a column's name may end in."""
PIXELS = ("px", "pixel", "pixels")

_UNITS = "|".join(sorted((*LENGTHS, *DURATIONS, *PIXELS), key=len, reverse=True))
_NAME = re.compile(rf"(?P<name>.+?)(?:\s*[\[(]\s*(?P<unit>[^\])]*)[\])]|_(?P<suffix>{_UNITS}))?")


@dataclass(frozen=True)
class Layout:
    """Where everything stands in a table."""

    names: Mapping[str, str]
    """The table's column, by what it holds; keys are those of `SYNONYMS`."""
    metres: float
    """Metres per unit of the position columns."""
    seconds: float
    """Seconds per unit of the time (or frame) column."""

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that are there, in order."""
        return tuple(axis for axis in ("x", "y", "z") if axis in self.names)


def find_columns(
    header: Sequence[str],
    where: str,
    *,
    columns: Mapping[str, str] | None = None,
    scale: float | None = None,
    time_scale: float | None = None,
    frames_per_second: float | None = None,
) -> Layout:
    """Finds the columns of a track table by their names.

    Args:
        header: The table's column names.
        where: The table, for messages.
        columns: Explicit choice: what a column holds (a key of `SYNONYMS`) to its name, which is then not searched
            for a unit.
        scale: Metres per unit of the positions; by default 1.
        time_scale: Seconds per unit of the times; by default 1.
        frames_per_second: Needed, and only of use, where frames are numbered instead of timed.

    Raises:
        InputError: A column is missing, ambiguous or named twice, or has a unit that the scale does not fit.
    """
    for option, value in (("scale", scale), ("time_scale", time_scale), ("frames_per_second", frames_per_second)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(option, "a finite number over 0", f"{value}")
    if len(set(header)) < len(header):
        twice = sorted({name for name in header if list(header).count(name) > 1})
        raise InputError(f"{where}: columns", "each name once", f"{', '.join(map(repr, twice))} more than once")
    names, units = _by_name(header, where, set(columns or {}))
    names |= _chosen(header, where, columns or {})
    needed = ("track", "x", "y", "time" if "time" in names or frames_per_second is None else "frame")
    for role in needed:
        if role not in names:
            hint = ", or frame with frames_per_second given" if role == "time" else ""
            expected = f"one for {role} ({', '.join(SYNONYMS[role])}{hint}; or choose with columns={{...}})"
            raise InputError(f"{where}: columns", expected, ", ".join(header)[:200])
    metres = _factor(
        [(names[axis], units.get(axis)) for axis in "xyz" if axis in names], LENGTHS, "scale", scale, where
    )
    if "time" in names:
        names.pop("frame", None)
        return Layout(
            names, metres, _factor([(names["time"], units.get("time"))], DURATIONS, "time_scale", time_scale, where)
        )
    assert frames_per_second is not None
    return Layout(names, metres, 1.0 / frames_per_second)


def _by_name(header: Sequence[str], where: str, skip: set[str]) -> tuple[dict[str, str], dict[str, str | None]]:
    """Columns found by their synonyms, and the unit that each one's name ends in."""
    names: dict[str, str] = {}
    units: dict[str, str | None] = {}
    roles = {synonym: role for role, synonyms in SYNONYMS.items() for synonym in synonyms}
    for column in header:
        match = _NAME.fullmatch(column.strip().lower())
        bare = match["name"].strip() if match else ""
        unit = (match["unit"] or match["suffix"]) if match else None
        role = roles.get(bare)
        if role is None or role in skip:
            continue
        if role in names:
            raise InputError(
                f"{where}: columns", f"one for {role}, or a choice by columns={{{role!r}: ...}}",
                f"{names[role]!r} and {column!r}",
            )  # fmt: skip
        names[role], units[role] = column, unit.strip() if unit else None
    return names, units


def _chosen(header: Sequence[str], where: str, columns: Mapping[str, str]) -> dict[str, str]:
    """The explicit choice, checked."""
    for role, column in columns.items():
        if role not in SYNONYMS:
            raise InputError(f"columns[{role!r}]", f"one of {', '.join(SYNONYMS)}", repr(role))
        if column not in header:
            raise InputError(f"{where}: columns", f"{column!r}, chosen for {role}", ", ".join(header)[:200])
    return dict(columns)


def _factor(
    columns: Sequence[tuple[str, str | None]], known: Mapping[str, float], option: str, given: float | None, where: str
) -> float:
    """SI units per unit of all these columns."""
    si = "metres" if known is LENGTHS else "seconds"
    for name, unit in columns:
        if unit is None or (unit in PIXELS and given is not None):
            continue
        factor = known.get(unit)
        if factor is None and given is None:
            raise InputError(
                f"{where}: column {name!r}", f"{si}, or {option}= given ({si} per {unit})", f"unit {unit!r}"
            )
        if factor is not None and abs((given or 1.0) / factor - 1) > 1e-6:
            found = f"unit {unit!r}" + (f" with {option}={given:g}" if given is not None else "")
            raise InputError(f"{where}: column {name!r}", f"{option}={factor:g}, or {si}", found)
    return 1.0 if given is None else given
