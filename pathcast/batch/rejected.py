"""Rejected: tracks, or single instants of them, that got no forecast, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from pathcast.model.admission import MAX_POSITION_M
from pathcast.tracks import Tracks

SCHEMA: Final = pa.schema(
    [
        pa.field("scene", pa.int64(), nullable=False),
        pa.field("scene_name", pa.string()),
        pa.field("track", pa.uint64(), nullable=False),
        pa.field("observations", pa.int64(), nullable=False),
        pa.field("origin_time", pa.float64()),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
"""`observations` were seen of the track; `origin_time` is null where the whole track is meant."""
UNSEEN: Final = "no valid observation"
ONCE: Final = "one valid observation: a forecast needs two"
FAR: Final = f"a position more than {MAX_POSITION_M:.0f} m from the origin: give an origin near the tracks"
NOT_FINITE: Final = "a forecast that is not finite"


def rejected_tracks(tracks: Tracks, narrow: Float[np.ndarray, "row axis"]) -> tuple[pa.Table, Bool[np.ndarray, " row"]]:
    """Tracks that cannot be forecast, and which rows are left to forecast from and to look at.

    Whoever was seen once is rejected, but stays there for the others to be seen.

    Args:
        tracks: Of whole scenes.
        narrow: Positions from the origin, metres. float32.
    """
    starts = tracks.starts
    first = starts[:-1]
    if not len(first):
        return SCHEMA.empty_table(), np.zeros(0, np.bool_)
    with np.errstate(invalid="ignore"):
        is_far = (np.abs(narrow) > MAX_POSITION_M).any(axis=1) & tracks.valid
    seen = np.add.reduceat(tracks.valid.astype(np.int64), first)
    has_far = np.logical_or.reduceat(is_far, first)
    reasons = np.select([has_far, seen == 0, seen == 1], [FAR, UNSEEN, ONCE], "")
    bad = np.flatnonzero(reasons != "")
    table = _table(tracks, first[bad], seen[bad], None, reasons[bad].tolist())
    return table, tracks.valid & ~np.repeat(has_far, np.diff(starts))


def rejected_instants(seen: Tracks, rows: Int[np.ndarray, " instant"]) -> pa.Table:
    """Instants whose forecasts were not finite."""
    starts = seen.starts
    place = rows - starts[np.searchsorted(starts, rows, side="right") - 1]
    return _table(seen, rows, place + 1, seen.time[rows], [NOT_FINITE] * len(rows))


def count_reasons(table: pa.Table) -> Mapping[str, int]:
    """How many of each reason there are."""
    counts = table["reason"].value_counts().to_pylist()
    return {each["values"]: int(each["counts"]) for each in counts}


def _table(
    tracks: Tracks,
    rows: Int[np.ndarray, " rejected"],
    observations: Int[np.ndarray, " rejected"],
    origin_time: Float[np.ndarray, " rejected"] | None,
    reasons: list[str],
) -> pa.Table:
    scene = tracks.scene[rows]
    columns = [
        scene,
        [tracks.scene_names.get(each) for each in scene.tolist()],
        tracks.track[rows],
        observations,
        [None] * len(rows) if origin_time is None else origin_time,
        reasons,
    ]
    arrays = [pa.array(column, each.type) for column, each in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)
