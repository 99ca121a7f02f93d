"""Pieces: a file of tracks written bit by bit, for more of them than memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.formats.writing import check_suffix
from pathcast.tracks import Tracks


@contextmanager
def writing_pieces(path: Path) -> Iterator[Callable[[Tracks], None]]:
    """Gives a function that appends tracks to a CSV or Parquet file, there as a whole when the block ends.

    The file is the one that `write_tracks` makes of all pieces together; in Parquet each piece is a row group of its
    own. Pieces come in the order of their scenes, hold whole tracks without scene names, and have the same axes.

    Raises:
        InputError: Another suffix, a place where no file can be written, a piece with scene names, or none at all.
    """
    with writing_tables(path) as append_table:

        def append(tracks: Tracks) -> None:
            if tracks.scene_names:
                raise InputError(f"{path}: pieces", "no scene names", f"{len(tracks.scene_names)}")
            append_table(tracks.to_arrow())

        yield append


@contextmanager
def writing_tables(path: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Gives a function that appends Arrow tables of one schema to a CSV or Parquet file, as `writing_pieces` does.

    Raises:
        InputError: Another suffix, a place where no file can be written, or no table at all.
    """
    check_suffix(path)
    writer: Any = None
    with replacing(path) as part:
        part.touch()

        def append(table: pa.Table) -> None:
            nonlocal writer
            if writer is None:
                writer = _open(part, path.suffix.lower(), table.schema)
            writer.write_table(table)

        try:
            yield append
        finally:
            if writer is not None:
                writer.close()
        if writer is None:
            raise InputError(f"{path}: pieces", "at least one", "none")


def _open(part: Path, suffix: str, schema: Any) -> Any:
    """A writer of tables in the form that the suffix names."""
    if suffix == ".csv":
        return arrow_csv.CSVWriter(part, schema)
    return pq.ParquetWriter(part, schema, compression="zstd")
