"""Row groups: pieces of Parquet files that hold whole scenes, found by what the files say of themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pathcast.errors import InputError
from pathcast.formats.columns import Layout, find_columns
from pathcast.formats.hive import read_info
from pathcast.formats.parquet import read_parquet
from pathcast.tracks import Tracks

MOST_ROWS: Final = 1 << 21
"""Of a piece that has more than one row group: a longer scene is cut where a row group ends."""


@dataclass(frozen=True)
class RowGroups:
    """Consecutive row groups of a file."""

    path: Path
    first: int
    end: int
    num_rows: int

    def read(self, options: Mapping[str, Any]) -> Tracks:
        """Its tracks; `options` are those of `read_parquet`."""
        return read_parquet(self.path, **options, row_groups=range(self.first, self.end))


def parquet_files(paths: Sequence[Path]) -> list[Path]:
    """Parquet files among paths and in folders, in order; of a data set of ours what the sensor saw.

    Raises:
        InputError: A path that is neither, or a folder without any.
    """
    files: list[Path] = []
    for path in paths:
        folder = path
        if (path / "meta" / "info.json").is_file():
            read_info(path)
            folder = path / "tracks"
        inside = [each for each in folder.rglob("*.parquet") if not each.name.startswith(".")]
        found = [path] if path.is_file() else sorted(inside)
        if not found:
            raise InputError(str(path), "a Parquet file, or a folder with at least one", "none")
        files += found
    return files


def find_row_groups(
    path: Path, options: Mapping[str, Any], most_rows: int = MOST_ROWS
) -> tuple[list[RowGroups], Layout]:
    """Pieces of a file, each of whole scenes unless a scene has more than `most_rows` rows; and where what stands.

    Only the file's footer is read. A scene is taken to go on in the next row group where the least there is the
    greatest here.

    Raises:
        InputError: It cannot be read, or a column is missing.
    """
    try:
        with pq.ParquetFile(path) as file:
            layout = find_columns(file.schema_arrow.names, str(path), **options)
            metadata = file.metadata
            names = [metadata.schema.column(index).path for index in range(metadata.num_columns)]
            scene = layout.names.get("scene", layout.names.get("scene_name"))
            column = names.index(scene) if scene is not None else None
            pieces = list(_pieces(path, metadata, column, most_rows))
    except (pa.ArrowException, OSError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number).lower() if number else str(error).split("\n")[0]
        raise InputError(str(path), "a readable Parquet file", reason) from error
    return pieces, layout


def _pieces(path: Path, metadata: Any, column: int | None, most_rows: int) -> Iterator[RowGroups]:
    first, num_rows = 0, 0
    last: Any = None
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        bounds: Any = None if column is None else group.column(column).statistics
        is_known = bounds is not None and bounds.has_min_max
        # Without a word about scenes the file is one of them.
        goes_on = index > 0 and (bounds.min == last if is_known else True)
        if index > 0 and (not goes_on or num_rows + group.num_rows > most_rows):
            yield RowGroups(path, first, index, num_rows)
            first, num_rows = index, 0
        num_rows += group.num_rows
        last = bounds.max if is_known else None
    if num_rows:
        yield RowGroups(path, first, metadata.num_row_groups, num_rows)
