"""Parquet: the columns of `Tracks.to_arrow`, the form for millions of tracks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.formats.columns import find_columns
from pathcast.formats.tables import laid_out_tracks
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
    row_groups: Sequence[int] | None = None,
) -> Tracks:
    """Tracks of a Parquet file of ours, or of any with columns for track, time, x and y.

    Args:
        path: The file.
        columns: As of `pathcast.formats.columns.find_columns`, like the others.
        scale: Metres per unit of the positions.
        time_scale: Seconds per unit of the times.
        frames_per_second: For a table whose frames are numbered instead of timed.
        row_groups: The numbers of those to read; by default all.

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
            names = list(layout.names.values())
            table = file.read(names) if row_groups is None else file.read_row_groups(list(row_groups), names)
    except (pa.ArrowException, OSError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number).lower() if number else str(error).split("\n")[0]
        raise InputError(str(path), "a readable Parquet file", reason) from error
    return laid_out_tracks(table, layout, str(path), scene_name=path.stem)


def write_parquet(tracks: Tracks, path: Path, rows_per_group: int = ROWS_PER_GROUP) -> None:
    """Writes the columns of `Tracks.to_arrow` in row groups, atomically.

    Raises:
        InputError: The file cannot be written.
    """
    with replacing(path) as part:
        pq.write_table(tracks.to_arrow(), part, row_group_size=rows_per_group, compression="zstd")
