"""Anything: tracks in whatever form a caller's program holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pathcast.errors import InputError
from pathcast.tracks import Tracks

ARRAY_COLUMNS = ("track", "time", "x", "y", "z")
"""What the columns of a plain array are."""
FORMS = (
    "Tracks, an Arrow table, a pandas DataFrame, a dict of columns, a structured array, or rows of track, time, x, y"
)


def as_tracks(tracks: Any, where: str = "tracks") -> Tracks:
    """The tracks, converted where they are something else.

    Columns are found by their names as in files (`pathcast.formats.columns`): track, time in seconds, x and y in
    metres, and at will scene, z, valid. A row whose position is missing is one that was not seen.

    Args:
        tracks: `Tracks`; an Arrow table or record batch; a pandas DataFrame, for which pandas has to be there; a dict
            of columns; a structured array; or an array [row, 4 or 5] of track, time, x, y and perhaps z.
        where: Their name in messages.

    Raises:
        InputError: Something else, a column that is missing or of another type, or, with its row, a wrong value.
    """
    if isinstance(tracks, Tracks):
        return tracks
    import pyarrow as pa

    from pathcast.formats.tables import tracks_of_table

    if isinstance(tracks, pa.RecordBatch):
        return tracks_of_table(pa.Table.from_batches([tracks]), where)
    if isinstance(tracks, pa.Table):
        return tracks_of_table(tracks, where)
    if type(tracks).__module__.split(".")[0] == "pandas" and hasattr(tracks, "columns"):
        return tracks_of_table(_of_frame(tracks, where), where)
    if isinstance(tracks, np.ndarray):
        return tracks_of_table(_of_columns(_columns_of_array(tracks, where), where), where)
    if isinstance(tracks, Mapping):
        return tracks_of_table(_of_columns(tracks, where), where)
    raise InputError(where, FORMS, type(tracks).__name__)


def _columns_of_array(array: np.ndarray, where: str) -> Mapping[str, Any]:
    """The columns of a structured array by their names, of a plain one by their places."""
    if array.dtype.names:
        flat = array.ravel()
        return {name: flat[name] for name in array.dtype.names}
    if array.ndim != 2 or array.shape[1] not in (4, 5):
        raise InputError(where, "an array [row, 4 or 5] of track, time, x, y and perhaps z", f"shape {array.shape}")
    return {name: array[:, place] for place, name in enumerate(ARRAY_COLUMNS[: array.shape[1]])}


def _of_columns(columns: Mapping[str, Any], where: str) -> Any:
    import pyarrow as pa

    arrays = {}
    for name, values in columns.items():
        try:
            arrays[str(name)] = pa.array(np.ascontiguousarray(values) if isinstance(values, np.ndarray) else values)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise InputError(f"{where}: column {name}", "numbers in one axis", str(error).split("\n")[0]) from error
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise InputError(where, "columns of one length", ", ".join(f"{name} {num}" for name, num in lengths.items()))
    return pa.table(arrays)


def _of_frame(frame: Any, where: str) -> Any:
    """A DataFrame's columns, its index left out; NaN stays what it is, a position that was not seen."""
    import pyarrow as pa

    try:
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(where, "columns of one type each", str(error).split("\n")[0]) from error
