"""Outputs: the forms in which forecasts are written, each a file that grows table by table.

What a file holds, byte for byte, depends on the tables alone: row groups have a fixed number of rows, however the rows
come, and nothing tells of clocks or machines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from pathcast.batch.long import unroll
from pathcast.batch.trajnet import TrajnetOutput
from pathcast.errors import InputError
from pathcast.tracks import Tracks

BYTES_IN_GROUP: Final = 1 << 25
ROWS_IN_GROUP: Final = (1 << 10, 1 << 18)
"""Fewest and most rows of a row group."""
PARQUET_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {"compression": "none", "use_dictionary": ["scene", "scene_name"], "write_statistics": ["scene", "track"]}
)
"""Measured with 20 modes: the floats of forecasts hardly compress, and a dictionary or the least and most of lists cost
as much as writing them. Scenes, tracks and times stand in order, and are found by the statistics of row groups."""
LONG_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {"compression": "zstd", "compression_level": 1, "use_dictionary": True}
)


class Output(Protocol):
    """A file that grows."""

    def begin(self, tracks: Tracks) -> None:
        """Tells of the tracks whose forecasts come next."""

    def append(self, table: pa.Table) -> None:
        """Writes some forecasts."""

    def close(self) -> None:
        """Completes the file."""


class ParquetOutput:
    """A Parquet file in row groups of a fixed number of rows."""

    def __init__(self, path: Path, is_long: bool) -> None:
        self._path = path
        self._is_long = is_long
        self._waiting: list[pa.Table] = []
        self._num_waiting = 0
        self._writer: Any = None
        self._rows_in_group = 0

    def begin(self, tracks: Tracks) -> None:
        """Nothing: a row says by itself what it is of."""

    def append(self, table: pa.Table) -> None:
        if self._is_long:
            table = unroll(table)
        if self._writer is None:
            self._rows_in_group = _rows_in_group(table.schema)
            options = LONG_OPTIONS if self._is_long else _known(PARQUET_OPTIONS, table.schema)
            self._writer = pq.ParquetWriter(self._path, table.schema, **options)
        self._waiting.append(table)
        self._num_waiting += table.num_rows
        while self._num_waiting >= self._rows_in_group:
            self._write(self._rows_in_group)

    def close(self) -> None:
        if self._writer is not None:
            self._write(self._num_waiting)
            self._writer.close()

    def _write(self, num: int) -> None:
        """One row group of the oldest rows that wait."""
        if not num:
            return
        joined = pa.concat_tables(self._waiting)
        self._writer.write_table(joined.slice(0, num), row_group_size=num)
        self._waiting = [joined.slice(num)]
        self._num_waiting -= num


class CsvOutput:
    """A CSV file, always unrolled."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def begin(self, tracks: Tracks) -> None:
        """Nothing: a row says by itself what it is of."""

    def append(self, table: pa.Table) -> None:
        table = unroll(table)
        if self._writer is None:
            self._writer = arrow_csv.CSVWriter(self._path, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


SUFFIXES: Final[Mapping[str, Callable[[Path, bool], Output]]] = {
    ".parquet": ParquetOutput,
    ".pq": ParquetOutput,
    ".csv": lambda path, _: CsvOutput(path),
    ".ndjson": lambda path, _: TrajnetOutput(path),
}
"""What can be written, by suffix."""


def check_output(path: Path, is_long: bool) -> None:
    """Refuses a name whose suffix names no form of forecasts.

    Raises:
        InputError: As said, or lines of JSON that are to be long.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(str(path), f"a name that ends in {', '.join(SUFFIXES)}", repr(path.suffix))
    if is_long and path.suffix.lower() == ".ndjson":
        raise InputError("long", "Parquet or CSV", "TrajNet++ lines, which are what they are")


def _rows_in_group(schema: pa.Schema) -> int:
    """A power of two, so that row groups are about as large whatever stands in a row."""
    width = 0
    for field in schema:
        size = field.type.list_size if pa.types.is_fixed_size_list(field.type) else 1
        width += size * 4
    fewest, most = ROWS_IN_GROUP
    return min(max(1 << (max(BYTES_IN_GROUP // width, 1).bit_length() - 1), fewest), most)


def _known(options: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Options without columns that the schema does not have."""
    return {
        name: [each for each in value if each in schema.names] if isinstance(value, list) else value
        for name, value in options.items()
    }
