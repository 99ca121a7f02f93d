"""Tracks: the timestamped positions of moving objects, the one in-memory form that everything reads and writes.

A *track* is the positions of one object, a *scene* is the tracks that share space and time, a *frame* is what is
seen at one instant. Times are seconds (float64, any epoch), positions metres in a right-handed frame, z up.
Files are read and written by `pathcast.formats`; this module knows only arrays, and Arrow tables when asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pathcast.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT_NUMBER = 1
"""Number of the Arrow and Parquet layout; a reader of n reads n - 1 too."""

AXIS_NAMES = ("x", "y", "z")


class Track(NamedTuple):
    """One object's rows, in the order of time (views, not copies)."""

    scene: int
    track: int
    time: NDArray[np.float64]
    """Seconds, strictly increasing. Shape: [time]."""
    position: NDArray[np.float64]
    """Metres. Shape: [time, axis]."""
    valid: NDArray[np.bool_]
    """False where the object was not seen; its position there is NaN. Shape: [time]."""


class Frame(NamedTuple):
    """What is seen of one scene at one instant."""

    scene: int
    time: float
    track: NDArray[np.uint64]
    """Shape: [track]."""
    position: NDArray[np.float64]
    """Metres. Shape: [track, axis]."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """Flat arrays of observations, grouped by scene and track, each track in the order of time.

    Build it with `from_rows`, which checks and orders; the constructor trusts its arguments.
    """

    scene: NDArray[np.int64]
    """Shape: [row]."""
    track: NDArray[np.uint64]
    """Unique inside its scene. Shape: [row]."""
    time: NDArray[np.float64]
    """Seconds. Shape: [row]."""
    position: NDArray[np.float64]
    """Metres, 2 or 3 axes. Shape: [row, axis]."""
    valid: NDArray[np.bool_]
    """Shape: [row]."""
    scene_names: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    """What a scene is called where it has a name, usually its file's."""

    @classmethod
    def from_rows(
        cls,
        scene: ArrayLike,
        track: ArrayLike,
        time: ArrayLike,
        position: ArrayLike,
        valid: ArrayLike | None = None,
        scene_names: Mapping[int, str] | None = None,
        where: str = "tracks",
        rows: Sequence[int] | None = None,
    ) -> Tracks:
        """Checks rows given in any interleaving of tracks and groups them by scene and track.

        Args:
            scene: Shape [row] or a scalar.
            track: Shape [row] or a scalar.
            time: Seconds, strictly increasing inside each track. Shape [row].
            position: Metres. Shape [row, axis].
            valid: Shape [row]; by default true where every axis is finite.
            scene_names: What scenes are called.
            where: Name used in messages: the file that the rows came from.
            rows: The number that each row has in that file, for messages; by default its index.

        Raises:
            InputError: A wrong shape, a time that is not finite or does not increase, a valid position that is
                not finite.
        """
        times = np.array(time, dtype=np.float64, ndmin=1)
        positions = np.array(position, dtype=np.float64)
        num_rows = len(times)
        if times.ndim != 1:
            raise InputError(f"{where}: time", "one axis [row]", f"shape {times.shape}")
        if positions.ndim != 2 or positions.shape[0] != num_rows or positions.shape[1] not in (2, 3):
            raise InputError(
                f"{where}: position", f"shape [{num_rows}, 2 or 3], one row per time", f"{positions.shape}"
            )
        scenes = column_of(scene, np.int64, num_rows, f"{where}: scene")
        ids = column_of(track, np.uint64, num_rows, f"{where}: track")
        finite: NDArray[np.bool_] = np.asarray(np.isfinite(positions).all(axis=1))
        is_valid: NDArray[np.bool_] = (
            finite if valid is None else column_of(valid, np.bool_, num_rows, f"{where}: valid")
        )

        def name(row: int) -> str:
            return f"{where}:{rows[row] if rows is not None else row}"

        if not np.isfinite(times).all():
            row = int(np.flatnonzero(~np.isfinite(times))[0])
            raise InputError(f"{name(row)}: time", "finite seconds", f"{times[row]}")
        if (is_valid & ~finite).any():
            row = int(np.flatnonzero(is_valid & ~finite)[0])
            raise InputError(f"{name(row)}: position", "finite metres where valid", f"{positions[row].tolist()}")
        order = np.lexsort((np.arange(num_rows), ids, scenes))
        scenes, ids, times, is_valid = scenes[order], ids[order], times[order], is_valid[order]
        positions = np.where(is_valid[:, None], positions[order], np.nan)
        same = (scenes[1:] == scenes[:-1]) & (ids[1:] == ids[:-1])
        backwards = np.flatnonzero(same & (np.diff(times) <= 0))
        if len(backwards):
            after = int(backwards[0]) + 1
            raise InputError(
                f"{name(int(order[after]))}: time",
                f"after {times[after - 1]:.6g} s, the time before it in track {ids[after]} of scene {scenes[after]}",
                f"{times[after]:.6g} s",
            )
        return cls(scenes, ids, times, positions, is_valid, MappingProxyType(dict(scene_names or {})))

    @classmethod
    def concatenate(cls, pieces: Sequence[Tracks]) -> Tracks:
        """Joins pieces that share no track, in the order of scene and track.

        Raises:
            InputError: No piece, differing axes, or a track that stands in two of them with overlapping times.
        """
        if not pieces:
            raise InputError("pieces", "at least one Tracks", "none")
        if len({piece.num_axes for piece in pieces}) > 1:
            raise InputError("pieces", "one number of axes", f"{[piece.num_axes for piece in pieces]}")
        names: dict[int, str] = {}
        for piece in pieces:
            names |= piece.scene_names
        return cls.from_rows(
            np.concatenate([piece.scene for piece in pieces]),
            np.concatenate([piece.track for piece in pieces]),
            np.concatenate([piece.time for piece in pieces]),
            np.concatenate([piece.position for piece in pieces]),
            np.concatenate([piece.valid for piece in pieces]),
            names,
        )

    @property
    def num_rows(self) -> int:
        return len(self.time)

    @property
    def num_axes(self) -> int:
        return int(self.position.shape[1])

    @property
    def num_tracks(self) -> int:
        return len(self.starts) - 1

    @property
    def starts(self) -> NDArray[np.int64]:
        """The row where each track starts, and the number of rows at the end. Shape: [track + 1]."""
        if not self.num_rows:
            return np.zeros(1, np.int64)
        is_new = (np.diff(self.scene) != 0) | (np.diff(self.track) != 0)
        return np.concatenate([[0], np.flatnonzero(is_new) + 1, [self.num_rows]]).astype(np.int64)

    def each(self) -> Iterator[Track]:
        """The tracks, one after the other."""
        starts = self.starts
        for start, stop in pairwise(starts):
            rows = slice(int(start), int(stop))
            yield Track(
                int(self.scene[start]), int(self.track[start]), self.time[rows], self.position[rows], self.valid[rows]
            )

    def frames(self) -> Iterator[Frame]:
        """The instants of each scene in turn, with what was validly seen at exactly that time."""
        rows = np.flatnonzero(self.valid)
        rows = rows[np.lexsort((self.track[rows], self.time[rows], self.scene[rows]))]
        if not len(rows):
            return
        is_new = (np.diff(self.scene[rows]) != 0) | (np.diff(self.time[rows]) != 0)
        for group in np.split(rows, np.flatnonzero(is_new) + 1):
            first = group[0]
            yield Frame(int(self.scene[first]), float(self.time[first]), self.track[group], self.position[group])

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Tracks:
        """The chosen rows, which must keep their order."""
        return Tracks(
            self.scene[rows],
            self.track[rows],
            self.time[rows],
            self.position[rows],
            self.valid[rows],
            self.scene_names,
        )

    def equals(self, other: Tracks) -> bool:
        """Whether both hold the same rows, bit for bit (an unseen position equals another)."""
        return (
            np.array_equal(self.scene, other.scene)
            and np.array_equal(self.track, other.track)
            and np.array_equal(self.time, other.time)
            and np.array_equal(self.position, other.position, equal_nan=True)
            and np.array_equal(self.valid, other.valid)
            and dict(self.scene_names) == dict(other.scene_names)
        )

    def to_arrow(self) -> pa.Table:
        """An Arrow table with the columns scene, track, time, x, y (and z), valid."""
        import pyarrow as pa

        columns: dict[str, Any] = {"scene": self.scene, "track": self.track, "time": self.time}
        for axis in range(self.num_axes):
            columns[AXIS_NAMES[axis]] = pa.array(self.position[:, axis], mask=~self.valid)
        columns["valid"] = self.valid
        metadata = {"pathcast.format": str(FORMAT_NUMBER), "pathcast.units": "time s, position m"}
        if self.scene_names:
            metadata["pathcast.scene_names"] = json.dumps({str(key): name for key, name in self.scene_names.items()})
        return pa.table(columns).replace_schema_metadata(metadata)

    @classmethod
    def from_arrow(cls, table: pa.Table, where: str = "table", first_row: int = 0) -> Tracks:
        """Reads a table with the columns of `to_arrow`; scene and valid may be left out, z makes it 3-D.

        Args:
            table: Of those columns.
            where: The table, for messages.
            first_row: The number of its first row, for messages.

        Raises:
            InputError: A column that is missing or of another type, a newer format number, or bad rows.
        """
        columns = arrow_columns(table, where, first_row)
        rows = range(first_row, first_row + table.num_rows) if first_row else None
        return cls.from_rows(**columns, where=where, rows=rows)


def arrow_columns(table: pa.Table, where: str = "table", first_row: int = 0) -> dict[str, Any]:
    """What `Tracks.from_rows` takes of a table, its rows as they lie; arguments as of `Tracks.from_arrow`.

    Raises:
        InputError: A column that is missing or of another type, a null, or a newer format number.
    """
    metadata = {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
    found = metadata.get("pathcast.format", "1")
    if not found.isdigit() or int(found) > FORMAT_NUMBER:
        raise InputError(f"{where}: format number", f"at most {FORMAT_NUMBER}", found)
    names = table.column_names
    missing = [name for name in ("track", "time", "x", "y") if name not in names]
    if missing:
        raise InputError(
            f"{where}: columns", "track, time (s), x, y (m), and at will scene, z, valid", ", ".join(names)
        )
    axes = [name for name in AXIS_NAMES if name in names]

    def numbers(name: str, expected: str, kind: type[np.generic] | None) -> NDArray[Any]:
        column = table.column(name)
        fault = InputError(f"{where}: column {name}", expected, f"{column.type}, {column.null_count} nulls")
        if column.null_count and name not in AXIS_NAMES:
            row = first_row + int(np.flatnonzero(column.is_null().to_numpy())[0])
            raise InputError(f"{where}:{row}: {name}", expected, "null")
        if not _is_number(column.type) and len(column) > column.null_count:  # numpy would read texts, and count dates
            row = first_row + int(np.flatnonzero(column.is_valid().to_numpy())[0])
            raise InputError(
                f"{where}:{row}: column {name}", expected, f"{column.type} such as {column[row - first_row]}"
            )
        try:
            return np.asarray(column.to_numpy(), dtype=kind)
        except (ValueError, TypeError, OverflowError) as error:
            raise fault from error

    try:
        scene_names = json.loads(metadata.get("pathcast.scene_names", "{}"))
        names_by_scene = {int(scene): str(name) for scene, name in scene_names.items()}
    except (ValueError, AttributeError) as error:
        raise InputError(f"{where}: scene names", "a JSON object of scene to name", str(error)) from error
    return {
        "scene": numbers("scene", "whole numbers", None) if "scene" in names else 0,
        "track": numbers("track", "whole numbers", None),
        "time": numbers("time", "seconds", np.float64),
        "position": np.column_stack([numbers(name, "metres", np.float64) for name in axes]),
        "valid": numbers("valid", "truth values", np.bool_) if "valid" in names else None,
        "scene_names": names_by_scene,
    }


def _is_number(kind: pa.DataType) -> bool:
    """Whether a column of that Arrow type holds numbers or truth values."""
    import pyarrow as pa

    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    return any(test(kind) for test in tests)


def column_of(values: ArrayLike, kind: type[np.generic], num_rows: int, where: str) -> NDArray[Any]:
    """Values as an array of that kind, a scalar repeated to all rows."""
    array = np.asarray(values)
    if array.ndim == 0:
        array = np.full(num_rows, array)
    if array.shape != (num_rows,):
        raise InputError(where, f"shape [{num_rows}]", f"{array.shape}")
    if kind in (np.int64, np.uint64) and num_rows:
        if array.dtype.kind not in "iuf" or (array.dtype.kind == "f" and not (array == np.floor(array)).all()):
            raise InputError(where, "whole numbers", f"{array.dtype} such as {array[0]!r}")
        low, high = np.iinfo(kind).min, np.iinfo(kind).max
        least, most = array.min().item(), array.max().item()
        if not (low <= least and most <= high):
            raise InputError(where, f"numbers from {low} to {high}", f"{least} to {most}")
    return array.astype(kind)
