"""Parquet: the columns of `Tracks.to_arrow`, the form for millions of tracks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.formats.columns import Layout, find_columns
from pathcast.tracks import Tracks

ROWS_PER_GROUP = 1 << 20
"""Rows that are written, and can be read, as one piece: about 30 MB in memory."""


def read_parquet(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    scale: float | None = None,
    time_scale: float | None = None,
    frames_per_second: float | None = None,
) -> Tracks:
    """Tracks of a Parquet file of ours, or of any with columns for track, time, x and y.

    Args:
        path: The file.
        columns: As of `pathcast.formats.columns.find_columns`, like the others.
        scale: Metres per unit of the positions.
        time_scale: Seconds per unit of the times.
        frames_per_second: For a table whose frames are numbered instead of timed.

    Raises:
        InputError: It cannot be read, a column is missing or of another type, or, with its row, a value is wrong.
    """
    try:
        with pq.ParquetFile(path) as file:
            layout = find_columns(
                file.schema_arrow.names,
                str(path),
                columns=columns,
                scale=scale,
                time_scale=time_scale,
                frames_per_second=frames_per_second,
            )
            table = file.read(columns=list(layout.names.values()))
    except (pa.ArrowException, OSError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number).lower() if number else str(error).split("\n")[0]
        raise InputError(str(path), "a readable Parquet file", reason) from error
    renamed, scene_names = _numbered_scenes(_renamed(table, layout, path), path)
    tracks = Tracks.from_arrow(renamed, str(path))
    return replace(
        tracks,
        position=tracks.position if layout.metres == 1.0 else tracks.position * layout.metres,
        scene_names=scene_names if scene_names is not None else tracks.scene_names,
    )


def write_parquet(tracks: Tracks, path: Path, rows_per_group: int = ROWS_PER_GROUP) -> None:
    """Writes the columns of `Tracks.to_arrow` in row groups, atomically.

    Raises:
        InputError: The file cannot be written.
    """
    with replacing(path) as part:
        pq.write_table(tracks.to_arrow(), part, row_group_size=rows_per_group, compression="zstd")


def _renamed(table: pa.Table, layout: Layout, path: Path) -> pa.Table:
    """The columns under our own names, time in seconds."""
    columns: dict[str, Any] = {role: table.column(name) for role, name in layout.names.items()}
    role = "time" if "time" in columns else "frame"
    if role == "frame" or layout.seconds != 1.0:
        try:
            columns["time"] = pc.multiply(columns.pop(role).cast(pa.float64()), layout.seconds)
        except pa.ArrowException as error:
            raise InputError(f"{path}: column {layout.names[role]!r}", "numbers", str(error)) from error
    return pa.table(columns).replace_schema_metadata(table.schema.metadata)


def _numbered_scenes(table: pa.Table, path: Path) -> tuple[pa.Table, dict[int, str] | None]:
    """Scenes given as text numbered in the order in which they appear, with their names.

    The names are None where the table numbers its scenes itself.
    """
    names = table.column_names
    role = "scene" if "scene" in names else "scene_name"
    if role not in names:
        return table, {0: path.stem}
    kind = table.schema.field(role).type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)):
        return table, None
    encoded: Any = table.column(role).cast(pa.string()).combine_chunks().dictionary_encode()
    columns: dict[str, Any] = dict(zip(names, table.columns, strict=True)) | {"scene": encoded.indices}
    numbered = pa.table(columns).replace_schema_metadata(table.schema.metadata)
    return numbered, dict(enumerate(encoded.dictionary.to_pylist()))
