"""Forecast table: forecasts as an Arrow table, a row for each track and instant, numbers in fixed-size lists.

A list holds its array in C order; the field's metadata says its shape, names its axes and gives the unit. The arrays
are not copied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt64

from pathcast.model.engine import Card
from pathcast.model.forecast import Forecast

FORMAT_NUMBER = 1
"""Number of the columns' layout."""
OUTPUTS = ("means", "covariances", "point", "outcomes", "goals")
"""Columns that may be wished for beside the probabilities."""
TRIANGLES = {2: "xx xy yy", 3: "xx xy xz yy yz zz"}


def forecast_table(
    scene: Int[np.ndarray, " row"],
    track: UInt64[np.ndarray, " row"],
    origin_time: Float[np.ndarray, " row"],
    forecast: Forecast,
    *,
    scene_names: Mapping[int, str] | None = None,
    more: Mapping[str, tuple[Float[np.ndarray, "row choice"], Sequence[str]]] | None = None,
    outputs: Sequence[str] = OUTPUTS,
    card: Card | None = None,
    offsets_s: Float[np.ndarray, " time"] | None = None,
) -> Any:
    """An Arrow table with the columns scene, scene_name where scenes have names, track, origin_time, and lists.

    Args:
        scene: Numbers.
        track: Numbers, unique inside a scene.
        origin_time: Seconds: the newest observation, from which offsets count.
        forecast: Whose offsets are the same for every row.
        scene_names: What scenes are called.
        more: Further probabilities by the column's name, with the names of the choices.
        outputs: Those of the columns of paths that are wanted.
        card: Of the model, which the table's metadata then names.
        offsets_s: Seconds; by default those of the first row.
    """
    import pyarrow as pa

    axes, modes = forecast.num_axes, forecast.num_modes
    fields: list[pa.Field] = [pa.field("scene", pa.int64(), nullable=False)]
    columns: list[Any] = [pa.array(scene, pa.int64())]
    if scene_names:
        fields.append(pa.field("scene_name", pa.string()))
        columns.append(_names_of(scene, scene_names))
    fields += [pa.field("track", pa.uint64(), nullable=False), pa.field("origin_time", pa.float64(), nullable=False)]
    columns += [pa.array(track, pa.uint64()), pa.array(origin_time, pa.float64())]

    def add(name: str, array: np.ndarray, about: Mapping[str, Any]) -> None:
        flat = pa.array(np.ascontiguousarray(array).reshape(-1))
        size = int(np.prod(array.shape[1:]))
        kind = pa.list_(pa.field("element", flat.type, nullable=False), size)
        shape = {"shape": list(array.shape[1:]), **about}
        fields.append(pa.field(name, kind, nullable=False, metadata={"pathcast": json.dumps(shape)}))
        columns.append(pa.FixedSizeListArray.from_arrays(flat, type=kind))

    add("probabilities", forecast.probabilities, {"axes": ["mode"]})
    if "means" in outputs:
        add("means", forecast.means, {"axes": ["mode", "time", "axis"], "unit": "m"})
    if "covariances" in outputs:
        about = {"axes": ["mode", "time", "triangle"], "unit": "m2", "triangle": TRIANGLES[axes]}
        add("covariances", forecast.covariances, about)
    if "point" in outputs and forecast.point is not None:
        add("point", forecast.point, {"axes": ["time", "axis"], "unit": "m"})
    for name, (probabilities, choices) in (more or {}).items():
        add(name, probabilities, {"axes": ["choice"], "choices": list(choices)})
    if offsets_s is None:
        offsets_s = forecast.offsets[0] if len(forecast.offsets) else np.zeros(0)
    facts: dict[str, Any] = {"format": FORMAT_NUMBER, "num_modes": modes, "offsets_s": offsets_s.tolist()}
    if card is not None:
        facts |= {"model": card.name, "version": card.version}
    schema = pa.schema(fields, {"pathcast.forecasts": json.dumps(facts)})
    return pa.Table.from_arrays(columns, schema=schema)


def _names_of(scene: Int[np.ndarray, " row"], names: Mapping[int, str]) -> Any:
    """The name that each row's scene has."""
    import pyarrow as pa

    unique, place = np.unique(scene, return_inverse=True)
    return pa.array([names.get(each) for each in unique.tolist()], pa.string()).take(pa.array(place))
