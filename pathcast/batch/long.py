"""Long: forecasts unrolled to a row for each mode and time, for tables that hold no lists."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import pyarrow as pa

AXES: Final = "xyz"
TRIANGLES: Final = {3: ("xx", "xy", "yy"), 6: ("xx", "xy", "xz", "yy", "yz", "zz")}


def unroll(table: pa.Table) -> pa.Table:
    """A row for each forecast, mode and time, in that order.

    Columns: scene, scene_name where there is one, track, origin_time, mode (0 the likeliest), probability, offset_s,
    time, and of what the table has: x y (z) in metres, xx xy yy (or xx xy xz yy yz zz) in m², point_x point_y (point_z)
    of the one best path, outcome_NAME and goal_NAME (goal_none for none of them).

    Args:
        table: As of `pathcast.model.forecast_table`.
    """
    offsets = np.asarray(json.loads(table.schema.metadata[b"pathcast.forecasts"])["offsets_s"])
    probabilities = _array(table, "probabilities")
    num, modes = probabilities.shape
    times = len(offsets)
    rows = np.repeat(np.arange(num), modes * times)
    columns: dict[str, Any] = {}
    for name in ("scene", "scene_name", "track", "origin_time"):
        if name in table.column_names:
            columns[name] = table[name].combine_chunks().take(pa.array(rows))
    columns["mode"] = np.tile(np.repeat(np.arange(modes, dtype=np.int32), times), num)
    columns["probability"] = np.repeat(probabilities.ravel(), times)
    columns["offset_s"] = np.tile(offsets, num * modes)
    columns["time"] = np.asarray(columns["origin_time"]) + columns["offset_s"]
    if "means" in table.column_names:
        means = _array(table, "means")
        columns |= {AXES[axis]: means[..., axis].ravel() for axis in range(means.shape[-1])}
    if "covariances" in table.column_names:
        packed = _array(table, "covariances")
        columns |= {name: packed[..., place].ravel() for place, name in enumerate(TRIANGLES[packed.shape[-1]])}
    if "point" in table.column_names:
        point = np.repeat(_array(table, "point")[:, None], modes, axis=1)
        columns |= {f"point_{AXES[axis]}": point[..., axis].ravel() for axis in range(point.shape[-1])}
    for name, one in (("outcomes", "outcome"), ("goals", "goal")):
        if name in table.column_names:
            weighed = _array(table, name)
            for place, choice in enumerate(_about(table, name)["choices"]):
                columns[f"{one}_{choice or 'none'}"] = weighed[rows, place]
    return pa.table(columns)


def _about(table: pa.Table, name: str) -> dict[str, Any]:
    """What the field's metadata says of a column of lists."""
    return dict(json.loads(table.schema.field(name).metadata[b"pathcast"]))


def _array(table: pa.Table, name: str) -> np.ndarray:
    """A column of lists in the shape that its field tells."""
    flat = np.asarray(table[name].combine_chunks().flatten())
    return flat.reshape(-1, *_about(table, name)["shape"])
