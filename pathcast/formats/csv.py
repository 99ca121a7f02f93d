"""CSV: any table of positions with a header, one row per observation; commas, semicolons or tabs.

An empty cell in a position means that the object was not seen; `nan` in place of a number is refused unless the row's
`valid` says so. Columns that are not needed are passed over.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.formats.columns import Layout, find_columns
from pathcast.formats.text import decode, read_bytes
from pathcast.tracks import Tracks

DELIMITERS = (",", ";", "\t")
BYTES_IN_BLOCK = 1 << 21
"""Text that is turned into numbers at once where a file is read in blocks."""


def read_csv(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    scale: float | None = None,
    time_scale: float | None = None,
    frames_per_second: float | None = None,
) -> Tracks:
    """Tracks of a table with columns for track, time, x, y, and at will scene, scene_name, z, valid.

    Args:
        path: The file.
        columns: As of `pathcast.formats.columns.find_columns`, like the others.
        scale: Metres per unit of the positions.
        time_scale: Seconds per unit of the times.
        frames_per_second: For a table whose frames are numbered instead of timed.

    Raises:
        InputError: With the line, for anything that is not so.
    """
    columns_of_rows, lines = _read_columns(
        read_bytes(path),
        path,
        0,
        {},
        {
            "columns": columns,
            "scale": scale,
            "time_scale": time_scale,
            "frames_per_second": frames_per_second,
        },
    )
    return Tracks.from_rows(**columns_of_rows, where=str(path), rows=lines)


def csv_blocks(path: Path, **options: Any) -> Iterator[tuple[dict[str, Any], Sequence[int], float]]:
    """A table some lines at a time: what `Tracks.from_rows` takes of them, their lines, and the share read by then.

    Args:
        path: The file.
        options: Those of `read_csv`.

    Raises:
        InputError: With the line, for anything that is not so.
    """
    try:
        size = max(path.stat().st_size, 1)
        with path.open("rb") as file:
            header = next((line for line in file if line.strip()), b"")
            skipped = 0
            known: dict[str, int] = {}
            while block := file.readlines(BYTES_IN_BLOCK):
                while sum(line.count(b'"') for line in block) % 2 and (more := file.readline()):
                    block.append(more)  # a line that ends inside quotation marks goes on
                if any(line.strip() for line in block):
                    columns, lines = _read_columns(header + b"".join(block), path, skipped, known, options)
                    yield columns, lines[: len(columns["time"])], file.tell() / size
                skipped += len(block)
    except OSError as error:
        raise InputError(str(path), "a readable file", os.strerror(error.errno or 0).lower()) from error


def write_csv(tracks: Tracks, path: Path) -> None:
    """Writes scene, track, time, x, y (z), valid, and scene_name where scenes have names; atomically.

    Numbers are written with as many digits as bring them back bit for bit. A name whose scene has no rows has no
    place in the table.

    Raises:
        InputError: The file cannot be written.
    """
    columns: dict[str, Any] = {"scene": tracks.scene}
    if tracks.scene_names:
        columns["scene_name"] = pa.array([tracks.scene_names.get(int(scene), "") for scene in tracks.scene])
    table = tracks.to_arrow().drop_columns(["scene"])
    for name in table.column_names:
        columns[name] = table.column(name)
    with replacing(path) as part:
        arrow_csv.write_csv(pa.table(columns), part)


def _read_columns(
    content: bytes, path: Path, skipped: int, known: dict[str, int], options: Mapping[str, Any]
) -> tuple[dict[str, Any], Sequence[int]]:
    """What `Tracks.from_rows` takes of a header and the lines after some that are skipped, and their numbers."""
    table, lines = _read_text_table(content, path, skipped)
    layout = find_columns(table.column_names, f"{path}:1", **options)
    reader = _Columns(table, layout, lines, path, known)
    position = np.column_stack([reader.numbers(axis) for axis in layout.axes]) * layout.metres
    is_empty = np.logical_or.reduce([reader.is_empty(axis) for axis in layout.axes])
    scene, names = reader.scenes(path.stem)
    columns = {
        "scene": scene,
        "track": reader.whole("track", np.uint64),
        "time": reader.numbers("time" if "time" in layout.names else "frame") * layout.seconds,
        "position": position,
        "valid": reader.truths("valid") if "valid" in layout.names else ~is_empty,
        "scene_names": names,
    }
    return columns, lines


def _read_text_table(content: bytes, path: Path, skipped: int) -> tuple[pa.Table, Sequence[int]]:
    """All cells as text, and the line of each row."""
    text = decode(content, path, skipped).lstrip("\r\n")
    header = text.split("\n", 1)[0].rstrip("\r")
    delimiter = max(DELIMITERS, key=header.count)
    faults: list[InputError] = []

    def refuse(row: Any) -> Literal["error"]:
        expected = f"{row.expected_columns} columns, as in the header"
        faults.append(InputError(f"{path}:{lines[row.number - 2]}", expected, f"{row.actual_columns}"))
        return "error"

    lines = _row_lines(content, skipped)
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=arrow_csv.ReadOptions(use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values='"' in text, invalid_row_handler=refuse
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in _names(header, delimiter)},
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise (faults[0] if faults else InputError(str(path), "a CSV table", str(error))) from error
    text_columns = [column.cast(pa.string()) for column in table.columns]
    return pa.table(text_columns, names=[name.strip() for name in table.column_names]), lines


def _names(header: str, delimiter: str) -> list[str]:
    """The cells of the header."""
    return next(csv.reader([header], delimiter=delimiter), [])


def _row_lines(content: bytes, skipped: int) -> Sequence[int]:
    """The line of each row below the header, after which some are skipped; blank lines are no rows."""
    unix = content.replace(b"\r\n", b"\n")
    if not unix.startswith(b"\n") and b"\n\n" not in unix:
        return range(2 + skipped, unix.count(b"\n") + 2 + skipped)
    rows = unix.split(b"\n")
    return [number + skipped for number, row in enumerate(rows, 1) if row][1:]


class _Columns:
    """A table of text, read column by column into numbers, with the line in every message."""

    def __init__(self, table: Any, layout: Layout, lines: Sequence[int], path: Path, known: dict[str, int]) -> None:
        self._table = table
        self._layout = layout
        self._lines = lines
        self._path = path
        self._known = known
        """The numbers of texts, of blocks before this one too."""

    def _text(self, role: str) -> Any:
        return pc.utf8_trim_whitespace(self._table.column(self._layout.names[role]))

    def _fault(self, role: str, row: int, expected: str) -> InputError:
        cell = self._text(role)[row].as_py()
        name = self._layout.names[role]
        return InputError(f"{self._path}:{self._lines[row]}: {name}", expected, repr(cell[:40]))

    def is_empty(self, role: str) -> NDArray[np.bool_]:
        return np.asarray(pc.equal(self._text(role), pa.scalar("")).to_numpy(), np.bool_)

    def numbers(self, role: str) -> NDArray[np.float64]:
        """Numbers of any kind; an empty cell is NaN."""
        text = self._text(role)
        filled = pc.if_else(pc.equal(text, pa.scalar("")), "nan", text)
        try:
            return np.asarray(filled.cast(pa.float64()).to_numpy(), np.float64)
        except pa.ArrowInvalid as error:
            raise self._fault(role, _first_that_fails(filled, pa.float64()), "a number") from error

    def whole(self, role: str, kind: type[np.generic]) -> NDArray[Any]:
        """Whole numbers, written as such or with a point and nothing but zeros after it."""
        text = self._text(role)
        try:
            return np.asarray(text.cast(pa.from_numpy_dtype(np.dtype(kind))).to_numpy(), kind)
        except pa.ArrowInvalid:
            values = self.numbers(role)
        low = 0 if kind is np.uint64 else -(2**53)
        with np.errstate(invalid="ignore"):
            wrong = np.flatnonzero(~((values == np.floor(values)) & (values >= low) & (values <= 2**53)))
        if len(wrong):
            raise self._fault(role, int(wrong[0]), f"a whole number from {low}")
        return values.astype(kind)

    def truths(self, role: str) -> NDArray[np.bool_]:
        text = pc.utf8_lower(self._text(role))
        try:
            return np.asarray(text.cast(pa.bool_()).to_numpy(), np.bool_)
        except pa.ArrowInvalid as error:
            raise self._fault(role, _first_that_fails(text, pa.bool_()), "0, 1, true or false") from error

    def scenes(self, file_name: str) -> tuple[NDArray[np.int64], dict[int, str]]:
        """Scene numbers and names: the numbers of the file, or its texts numbered as they appear."""
        num_rows = self._table.num_rows
        has_names = "scene_name" in self._layout.names
        if "scene" not in self._layout.names:
            return self._numbered("scene_name") if has_names else (np.zeros(num_rows, np.int64), {0: file_name})
        try:
            scene = np.asarray(self._text("scene").cast(pa.int64()).to_numpy(), np.int64)
        except pa.ArrowInvalid:
            return self._numbered("scene")
        return scene, self._scene_names(scene) if has_names else {}

    def _numbered(self, role: str) -> tuple[NDArray[np.int64], dict[int, str]]:
        """Texts numbered in the order in which they appear."""
        encoded = self._text(role).combine_chunks().dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        numbers = [self._known.setdefault(text, len(self._known)) for text in texts]
        return np.array(numbers, np.int64)[np.asarray(encoded.indices)], dict(zip(numbers, texts, strict=True))

    def _scene_names(self, scene: NDArray[np.int64]) -> dict[int, str]:
        """The name that stands beside each scene's number."""
        text = self._table.column(self._layout.names["scene_name"])
        first, inverse = np.unique(scene, return_index=True, return_inverse=True)[1:]
        names = text.take(first)
        other = np.asarray(pc.not_equal(text, names.take(inverse)).to_numpy(), np.bool_)
        if other.any():
            row = int(np.flatnonzero(other)[0])
            raise self._fault("scene_name", row, f"{names[int(inverse[row])].as_py()!r}, as before in its scene")
        return {int(scene[row]): name for row, name in zip(first, names.to_pylist(), strict=True) if name}


def _first_that_fails(text: Any, kind: Any) -> int:
    """The first row whose cast fails, by halving."""
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            text[low:middle].cast(kind)
        except pa.ArrowInvalid:
            high = middle
        else:
            low = middle
    return low
