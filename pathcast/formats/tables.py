"""Tables: any Arrow table with columns for track, time, x and y as tracks, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pathcast.errors import InputError
from pathcast.formats.columns import Layout, find_columns
from pathcast.tracks import Tracks


def tracks_of_table(
    table: pa.Table,
    where: str = "table",
    *,
    first_row: int = 0,
    scene_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    scale: float | None = None,
    time_scale: float | None = None,
    frames_per_second: float | None = None,
) -> Tracks:
    """Tracks of a table with columns for track, time, x and y, and at will scene, scene_name, z, valid.

    Args:
        table: Arrow's; columns that are not needed are passed over.
        where: The table, for messages.
        first_row: The number of its first row, for messages.
        scene_name: What the one scene of a table without a column for it is called.
        columns: As of `pathcast.formats.columns.find_columns`, like the others.
        scale: Metres per unit of the positions.
        time_scale: Seconds per unit of the times.
        frames_per_second: For a table whose frames are numbered instead of timed.

    Raises:
        InputError: A column is missing or of another type, or, with its row, a value is wrong.
    """
    layout = find_columns(
        table.column_names,
        where,
        columns=columns,
        scale=scale,
        time_scale=time_scale,
        frames_per_second=frames_per_second,
    )
    return laid_out_tracks(table, layout, where, first_row, scene_name)


def laid_out_tracks(
    table: pa.Table, layout: Layout, where: str, first_row: int = 0, scene_name: str | None = None
) -> Tracks:
    """Tracks of a table whose columns have been found; as `tracks_of_table`."""
    numbered, scene_names = numbered_scenes(renamed(table, layout, where), scene_name)
    tracks = Tracks.from_arrow(numbered, where, first_row)
    return replace(
        tracks,
        position=tracks.position if layout.metres == 1.0 else tracks.position * layout.metres,
        scene_names=scene_names if scene_names is not None else tracks.scene_names,
    )


def renamed(table: pa.Table, layout: Layout, where: str) -> pa.Table:
    """The columns under our own names, time in seconds.

    Raises:
        InputError: Times that are no numbers.
    """
    columns: dict[str, Any] = {role: table.column(name) for role, name in layout.names.items()}
    role = "time" if "time" in columns else "frame"
    if role == "frame" or layout.seconds != 1.0:
        try:
            columns["time"] = pc.multiply(columns.pop(role).cast(pa.float64()), layout.seconds)
        except pa.ArrowException as error:
            raise InputError(f"{where}: column {layout.names[role]!r}", "numbers", str(error)) from error
    return pa.table(columns).replace_schema_metadata(table.schema.metadata)


def _is_text(kind: pa.DataType) -> bool:
    """Whether a column of that type holds texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))


def numbered_scenes(table: pa.Table, scene_name: str | None) -> tuple[pa.Table, dict[int, str] | None]:
    """Scenes given as text numbered in the order in which they appear, with their names.

    The names are None where the table numbers its scenes itself.
    """
    names = table.column_names
    role = "scene" if "scene" in names else "scene_name"
    if role not in names:
        return table, None if scene_name is None else {0: scene_name}
    if not _is_text(table.schema.field(role).type):
        return table, None
    encoded: Any = table.column(role).cast(pa.string()).combine_chunks().dictionary_encode()
    columns: dict[str, Any] = dict(zip(names, table.columns, strict=True)) | {"scene": encoded.indices}
    numbered = pa.table(columns).replace_schema_metadata(table.schema.metadata)
    return numbered, dict(enumerate(encoded.dictionary.to_pylist()))
