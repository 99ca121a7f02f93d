"""Rows: a table of tracks as it lies in its file, batch by batch, before it is known which rows belong together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Bool, Float, Int, UInt64

from pathcast.errors import InputError
from pathcast.formats.columns import Layout, find_columns
from pathcast.formats.csv import csv_blocks
from pathcast.formats.tables import numbered_scenes, renamed
from pathcast.tracks import Tracks, arrow_columns, column_of

ROWS_AT_ONCE: Final = 1 << 16


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a file, one after the other."""

    scene: Int[np.ndarray, " row"]
    track: UInt64[np.ndarray, " row"]
    time: Float[np.ndarray, " row"]
    position: Float[np.ndarray, "row axis"]
    valid: Bool[np.ndarray, " row"]
    number: Int[np.ndarray, " row"]
    """What messages call each row."""
    scene_names: Mapping[int, str]

    @property
    def num(self) -> int:
        return len(self.time)

    def take(self, rows: slice) -> Rows:
        """The chosen rows."""
        return Rows(
            self.scene[rows],
            self.track[rows],
            self.time[rows],
            self.position[rows],
            self.valid[rows],
            self.number[rows],
            self.scene_names,
        )

    def tracks(self, where: str) -> Tracks:
        """The rows grouped and checked.

        Raises:
            InputError: With its number, a row that does not fit those before it.
        """
        present = set(np.unique(self.scene).tolist()) if self.scene_names else set()
        names = {scene: name for scene, name in self.scene_names.items() if scene in present}
        return Tracks.from_rows(
            self.scene, self.track, self.time, self.position, self.valid, names, where, self.number.tolist()
        )


def join_rows(pieces: Sequence[Rows]) -> Rows:
    """Rows that lie one after the other as one."""
    if len(pieces) == 1:
        return pieces[0]
    names: dict[int, str] = {}
    for piece in pieces:
        names |= piece.scene_names
    columns = ("scene", "track", "time", "position", "valid", "number")
    joined = {name: np.concatenate([getattr(each, name) for each in pieces]) for name in columns}
    return Rows(**joined, scene_names=names)


def parquet_rows(path: Path, options: Mapping[str, Any]) -> Iterator[tuple[Rows, float]]:
    """The rows of a Parquet file, and the share of it that has been read with each batch.

    Raises:
        InputError: It cannot be read, or a column is missing or of another type.
    """
    scenes = SceneNumbers()
    begin = 0
    # Buffered ahead, all that was read would stay in memory until the file is closed.
    with _readable(path), pq.ParquetFile(path, pre_buffer=False) as file:
        layout = find_columns(file.schema_arrow.names, str(path), **options)
        metadata = file.schema_arrow.metadata
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=list(layout.names.values())):
            table = pa.Table.from_batches([batch]).replace_schema_metadata(metadata)
            yield _rows_of(table, layout, path, begin, scenes), (begin + batch.num_rows) / file.metadata.num_rows
            begin += batch.num_rows


def csv_rows(path: Path, options: Mapping[str, Any]) -> Iterator[tuple[Rows, float]]:
    """The rows of a CSV file, and the share of it that has been read with each block.

    Raises:
        InputError: With the line, for anything that is not so.
    """
    for columns, lines, share in csv_blocks(path, **options):
        yield Rows(**columns, number=np.asarray(lines, np.int64)), share


class SceneNumbers:
    """Numbers of scenes that are called by texts, in the order in which they first appear in a file."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def renumber(
        self, scene: Int[np.ndarray, " row"], names: Mapping[int, str]
    ) -> tuple[Int[np.ndarray, " row"], dict[int, str]]:
        """The scenes of some rows, which are numbered from 0, by their numbers in the whole file."""
        known = {name: self._numbers.setdefault(name, len(self._numbers)) for name in names.values()}
        numbers = np.array([known[names[each]] for each in range(len(names))], np.int64)
        return numbers[scene], {number: name for name, number in known.items()}


def _rows_of(table: pa.Table, layout: Layout, path: Path, first_row: int, scenes: SceneNumbers) -> Rows:
    where = str(path)
    numbered, names = numbered_scenes(renamed(table, layout, where), path.stem)
    columns = arrow_columns(numbered, where, first_row)
    num = table.num_rows
    scene = column_of(columns["scene"], np.int64, num, f"{where}: scene")
    if names is not None:
        scene, names = scenes.renumber(scene, names)
    position = columns["position"] * layout.metres
    return Rows(
        scene,
        column_of(columns["track"], np.uint64, num, f"{where}: track"),
        columns["time"],
        position,
        np.isfinite(position).all(axis=1) if columns["valid"] is None else columns["valid"],
        np.arange(first_row, first_row + num),
        columns["scene_names"] if names is None else names,
    )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Tells of what cannot be read as of the file's fault."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number).lower() if number else str(error).split("\n")[0]
        raise InputError(str(path), "a readable Parquet file", reason) from error
