"""Pieces: the tracks of a file some whole scenes, or some whole tracks, at a time.

Parquet and CSV are streamed as long as scenes come in rising order and the rows of each stand together (or those of
each track, where the model does not look at the other people); they may lie in any number of row groups. A table in
another order is read as a whole, as the other formats are, whose files hold one recording each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from jaxtyping import Bool

from pathcast.batch.rows import ROWS_AT_ONCE, Rows, csv_rows, join_rows, parquet_rows
from pathcast.formats.reading import detect_format, read_tracks
from pathcast.tracks import Tracks

STREAMED: Final[Mapping[str, Callable[[Path, Mapping[str, Any]], Iterator[tuple[Rows, float]]]]] = {
    "parquet": parquet_rows,
    "csv": csv_rows,
}
"""Formats that are read bit by bit."""


class Grouping(Enum):
    """Which rows of a file are taken to stand together."""

    TRACKS = "tracks"
    SCENES = "scenes"
    FILE = "file"


class OutOfOrderError(Exception):
    """The rows of a group do not stand together, or groups do not rise: all pieces so far are void."""


@dataclass(frozen=True)
class Reading:
    """How files are read: the arguments of `pathcast.formats.read_tracks`."""

    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, eq=False)
class Piece:
    """Some of a file's tracks, and the share of the file that has been read with them."""

    tracks: Tracks
    share: float


def groupings(path: Path, reading: Reading, needs_scenes: bool) -> list[Grouping]:
    """The groupings to try in turn, each where the one before is found to be out of order.

    Args:
        path: The file.
        reading: How it is read.
        needs_scenes: Whether the tracks of a scene have to come together.

    Raises:
        InputError: As of `pathcast.formats.reading.detect_format`.
    """
    if (reading.format or detect_format(path)) not in STREAMED:
        return [Grouping.FILE]
    return list(Grouping)[1 if needs_scenes else 0 :]


def pieces(path: Path, reading: Reading, grouping: Grouping, needs_scenes: bool) -> Iterator[Piece]:
    """The pieces of a file.

    Args:
        path: The file.
        reading: How it is read.
        grouping: Which rows are taken to stand together.
        needs_scenes: Whether the tracks of a scene have to come together.

    Raises:
        InputError: As of `pathcast.formats.read_tracks`.
        OutOfOrderError: The rows do not stand together.
    """
    if grouping is Grouping.FILE:
        yield from _split(read_tracks(path, format=reading.format, **reading.options), needs_scenes)
        return
    stream = STREAMED[reading.format or detect_format(path)](path, reading.options)
    newest: tuple[int, ...] | None = None
    for rows, share in _whole_groups(stream, grouping):
        tracks = rows.tracks(str(path))
        first, last = ((int(tracks.scene[row]), int(tracks.track[row])) for row in (0, -1))
        depth = 2 if grouping is Grouping.TRACKS else 1
        if newest is not None and first[:depth] <= newest:
            raise OutOfOrderError
        newest = last[:depth]
        yield Piece(tracks, share)


def _whole_groups(stream: Iterator[tuple[Rows, float]], grouping: Grouping) -> Iterator[tuple[Rows, float]]:
    """The same rows cut where a group ends; one that the next batch may go on with is held back."""
    held: list[Rows] = []
    share = 0.0
    for rows, share in stream:
        if not rows.num:
            continue
        held.append(rows)
        first = rows.take(slice(0, 1)) if len(held) == 1 else held[-2].take(slice(-1, None))
        if not _is_new(join_rows([first, rows]), grouping).any():
            continue
        whole = join_rows(held)
        cut = int(np.flatnonzero(_is_new(whole, grouping))[-1]) + 1
        held = [whole.take(slice(cut, None))]
        yield whole.take(slice(0, cut)), share
    if held:
        yield join_rows(held), share


def _is_new(rows: Rows, grouping: Grouping) -> Bool[np.ndarray, " step"]:
    """Whether each row but the first begins another group than the row before it."""
    is_new: np.ndarray = np.diff(rows.scene) != 0
    return is_new | (np.diff(rows.track) != 0) if grouping is Grouping.TRACKS else is_new


def _split(tracks: Tracks, needs_scenes: bool) -> Iterator[Piece]:
    """Whole scenes or tracks, about `ROWS_AT_ONCE` rows each."""
    starts = tracks.starts
    edges = starts
    if needs_scenes:
        is_first = np.append(True, np.diff(tracks.scene[starts[:-1]]) != 0)
        edges = np.append(starts[:-1][is_first], tracks.num_rows)
    cuts = [0]
    while cuts[-1] < tracks.num_rows:
        fitting = int(edges[np.searchsorted(edges, cuts[-1] + ROWS_AT_ONCE, side="right") - 1])
        cuts.append(fitting if fitting > cuts[-1] else int(edges[np.searchsorted(edges, cuts[-1], side="right")]))
    for begin, end in pairwise(cuts):
        yield Piece(tracks.select(slice(begin, end)), end / tracks.num_rows)
