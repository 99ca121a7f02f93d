"""Reading: which format a file is in, and folders of files as scenes of one set of tracks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from pathcast.errors import InputError
from pathcast.formats.csv import read_csv
from pathcast.formats.eth_ucy import read_eth_ucy
from pathcast.formats.hive import is_hive, read_hive
from pathcast.formats.juelich import MARK, read_juelich
from pathcast.formats.jupedsim import MAGIC, read_jupedsim
from pathcast.formats.parquet import read_parquet
from pathcast.formats.table_tennis import HEADER, read_table_tennis
from pathcast.formats.trajnet import read_trajnet
from pathcast.tracks import Tracks

_TABLE_OPTIONS = frozenset({"columns", "scale", "time_scale", "frames_per_second"})


@dataclass(frozen=True)
class Format:
    """A file format that can be read."""

    summary: str
    suffixes: tuple[str, ...]
    read: Callable[..., Tracks]
    options: frozenset[str] = frozenset()
    """The options of `read_tracks` that it takes."""


FORMATS: Final[Mapping[str, Format]] = {
    "parquet": Format("Parquet with columns track, time, x, y", (".parquet", ".pq"), read_parquet, _TABLE_OPTIONS),
    "csv": Format("CSV with a header naming track, time, x, y", (".csv", ".tsv", ".txt"), read_csv, _TABLE_OPTIONS),
    "table-tennis": Format("t;x;y;z without a header, or Timestamp,X,Y,Z", (".csv", ".txt"), read_table_tennis),
    "eth-ucy": Format(
        "frame pedestrian x y, without a header", (".txt",), read_eth_ucy, frozenset({"frames_per_second"})
    ),
    "juelich": Format(
        "id frame x y z below `# framerate: 25 fps`",
        (".txt",),
        read_juelich,
        frozenset({"scale", "frames_per_second"}),
    ),
    "trajnet": Format("TrajNet++ lines of JSON", (".ndjson", ".json"), read_trajnet, frozenset({"frames_per_second"})),
    "jupedsim": Format("JuPedSim sqlite", (".sqlite", ".sqlite3", ".db"), read_jupedsim),
}
"""What can be read, by name."""


def read_tracks(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002 (the word of the field, and of every reader's argument)
    pattern: str = "*",
    columns: Mapping[str, str] | None = None,
    scale: float | None = None,
    time_scale: float | None = None,
    frames_per_second: float | None = None,
) -> Tracks:
    """Tracks of a file, or of all files of a folder, in seconds and metres.

    A folder's files are read in the order of their names; their scenes are numbered on, and one that has no name is
    called after its file. Of a data set that `pathcast simulate` made, or of partitions `KEY=VALUE/`, everything is
    read; `pathcast.formats.hive` reads such folders a piece at a time.

    Args:
        path: A file or a folder.
        format: A key of `FORMATS`; by default told from suffix and content.
        pattern: Which files of a folder to read, such as `[0-9]*.csv`; files whose names begin with a dot are not.
        columns: For tables: what a column holds (track, time, x, ...) to the name it has.
        scale: For tables: metres per unit of the positions, such as 0.3048 for feet. Jülich text needs it: 0.01
            where it is in centimetres, 1 where in metres.
        time_scale: For tables: seconds per unit of the times.
        frames_per_second: Frame numbers that pass in a second, for ETH/UCY (25 by default), tables that number frames
            instead of timing them, and Jülich text and TrajNet++ lines that do not say it.

    Raises:
        InputError: With the file and the line, for whatever is not as the format says.
    """
    source = Path(path)
    options = {
        name: value
        for name, value in (
            ("columns", columns),
            ("scale", scale),
            ("time_scale", time_scale),
            ("frames_per_second", frames_per_second),
        )
        if value is not None
    }
    if format is not None and format not in FORMATS:
        raise InputError("format", f"one of {', '.join(FORMATS)}", repr(format))
    if not source.is_dir():
        return _read_file(source, format, options)
    if not options and format is None and is_hive(source):
        partitions = read_hive(source)
        return partitions[0][1] if partitions[0][0] == "" else _as_scenes(partitions)
    files = sorted(file for file in source.glob(pattern) if file.is_file() and not file.name.startswith("."))
    if not files:
        raise InputError(str(source), f"at least one file matching {pattern!r}", "none")
    return _as_scenes([(file.stem, _read_file(file, format, options)) for file in files])


def detect_format(path: Path) -> str:
    """The format of a file, by its first bytes and its suffix.

    Raises:
        InputError: It cannot be read, is empty, or is in none of `FORMATS`.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise InputError(str(path), "a readable file", (error.strerror or str(error)).lower()) from error
    if not start.strip():
        raise InputError(str(path), "at least one row", "an empty file")
    suffix = path.suffix.lower()
    if start.startswith(b"PAR1") or suffix in FORMATS["parquet"].suffixes:
        return "parquet"
    if start.startswith(MAGIC) or suffix in FORMATS["jupedsim"].suffixes:
        return "jupedsim"
    text = start.decode("utf-8-sig", errors="replace").lstrip()
    line = text.splitlines()[0].strip()
    if suffix in FORMATS["trajnet"].suffixes or re.match(r'\{\s*"(track|scene)"\s*:\s*\{', line):
        return "trajnet"
    if text.startswith("#") and MARK.search(text):
        return "juelich"
    if any(suffix in known.suffixes for known in FORMATS.values()):
        if line.replace(" ", "").lower() == HEADER or _are_numbers(line.split(";"), 4):
            return "table-tennis"
        if _are_numbers(line.split(), 4) or (suffix == ".txt" and not re.search(r"[A-Za-z_]{2}|[,;]", line)):
            return "eth-ucy"
        return "csv"
    known_forms = "; ".join(f"{name}: {form.summary} ({', '.join(form.suffixes)})" for name, form in FORMATS.items())
    found = "binary content" if b"\0" in start else f"suffix {suffix!r}"
    raise InputError(str(path), f"a known format, or format= given ({known_forms})", found)


def _read_file(path: Path, name: str | None, options: Mapping[str, Any]) -> Tracks:
    chosen = name if name is not None else detect_format(path)
    form = FORMATS[chosen]
    for option in options:
        if option not in form.options:
            taken = ", ".join(sorted(form.options)) or "none"
            raise InputError(option, f"an option of {chosen}, the format of {path.name} ({taken})", option)
    return form.read(path, **options)


def _are_numbers(cells: list[str], count: int) -> bool:
    """Whether there are that many cells, most of them numbers (one may be a typing error to be told of)."""

    def is_number(cell: str) -> bool:
        try:
            float(cell)
        except ValueError:
            return False
        return True

    return len(cells) == count and sum(map(is_number, cells)) >= count - 1


def _as_scenes(pieces: list[tuple[str, Tracks]]) -> Tracks:
    """Pieces joined, their scenes numbered on from 0."""
    axes = {piece.num_axes for _, piece in pieces}
    if len(axes) > 1:
        first, other = pieces[0], next(piece for piece in pieces if piece[1].num_axes != pieces[0][1].num_axes)
        raise InputError(other[0], f"{first[1].num_axes} axes, as in {first[0]}", f"{other[1].num_axes}")
    numbered = []
    count = 0
    for file_name, piece in pieces:
        scenes, new = np.unique(piece.scene, return_inverse=True)
        names = {
            count + index: piece.scene_names.get(old, file_name if len(scenes) == 1 else f"{file_name}/{old}")
            for index, old in enumerate(scenes.tolist())
        }
        numbered.append(replace(piece, scene=new.astype(np.int64) + count, scene_names=names))
        count += len(scenes)
    return Tracks.concatenate(numbered)
