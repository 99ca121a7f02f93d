"""JuPedSim: pedestrians and the ground they walk on in one sqlite file, as JuPedSim writes and PedPy reads it.

Tables: trajectory_data (frame, id, pos_x, pos_y; metres), metadata (version, fps, xmin, xmax, ymin, ymax), geometry
(hash, well-known text of the walkable area) and frame_data (frame, geometry_hash). Version 2 has the way each
pedestrian faces beside the position (ori_x, ori_y), version 3 has not. PedPy up to 1.5 reads the geometry of versions 1
and 2 alone, and JuPedSim turns 2 into 3 by itself, so 2 is what is written unless 3 is asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.formats.eth_ucy import check_frame_rate
from pathcast.formats.frames import check_one_scene, check_planar, check_track_numbers, numbered_frames
from pathcast.formats.text import read_bytes
from pathcast.tracks import Tracks
from pathcast.venue import Venue

MAGIC: Final = b"SQLite format 3\0"
VERSIONS: Final = (2, 3)
ROWS_AT_ONCE: Final = 1 << 16
_ROWS: Final = "SELECT rowid, frame, id, pos_x, pos_y FROM trajectory_data ORDER BY frame, rowid"
_TYPES: Final = (
    "SELECT rowid, frame, id, pos_x, pos_y FROM trajectory_data WHERE typeof(frame) != 'integer' OR id < 0"
    " OR typeof(id) != 'integer' OR typeof(pos_x) NOT IN ('real', 'integer')"
    " OR typeof(pos_y) NOT IN ('real', 'integer')"
)


def read_jupedsim(path: Path) -> Tracks:
    """One scene of pedestrians, named after its file.

    Raises:
        InputError: It is no such file, of another version than 2 or 3, without rows, or, with the row's number in the
            table, a row that is not as said or a pedestrian that stands twice in a frame.
    """
    with _opened(path) as database:
        rate = _frame_rate(database, path)
        if (wrong := database.execute(_TYPES).fetchone()) is not None:
            raise InputError(
                f"{path}: trajectory_data row {wrong[0]}", "whole frame and id, numbers pos_x and pos_y", f"{wrong[1:]}"
            )
        rows = _numbers(database.execute(_ROWS))
    if not len(rows):
        raise InputError(f"{path}: trajectory_data", "at least one row", "none")
    return Tracks.from_rows(
        0,
        rows[:, 2].astype(np.uint64),
        rows[:, 1] / rate,
        rows[:, 3:],
        scene_names={0: path.stem},
        where=f"{path}: trajectory_data row",
        rows=rows[:, 0].astype(np.int64).tolist(),
    )


def read_jupedsim_venue(path: Path) -> Venue:
    """The place of such a file; walls are the edges of its walkable area, which is that of the first frame.

    Raises:
        InputError: It is no such file, or its geometry is no polygon.
    """
    from pathcast.formats.walkable_area import venue_of_wkt

    with _opened(path) as database:
        found = database.execute(
            "SELECT wkt FROM geometry LEFT JOIN frame_data ON hash = geometry_hash"
            " ORDER BY frame IS NULL, frame LIMIT 1"
        ).fetchone()
    if found is None:
        raise InputError(f"{path}: geometry", "at least one row", "none")
    return venue_of_wkt(str(found[0]), path.stem)


def write_jupedsim(
    tracks: Tracks,
    path: Path,
    *,
    venue: Venue | None = None,
    frames_per_second: float | None = None,
    version: int = 2,
) -> None:
    """Writes what was seen of one scene, and the ground it is on; atomically.

    Args:
        tracks: One scene in 2 axes, its times at whole frames; track numbers under 2**53.
        path: The file.
        venue: Its walls and exits enclose the walkable area; without it, that is the rectangle 1 m around everybody.
        frames_per_second: By default the one that the times show.
        version: 2 or 3.

    Raises:
        InputError: What the file cannot hold, another version, or a place where no file can be written.
    """
    from pathcast.formats.walkable_area import walkable_wkt

    if version not in VERSIONS:
        raise InputError("version", " or ".join(map(str, VERSIONS)), f"{version}")
    check_planar(tracks, str(path))
    check_one_scene(tracks, str(path))
    check_track_numbers(tracks, str(path))
    if not tracks.valid.any():
        raise InputError(f"{path}: tracks", "at least one position", "none")
    frames, rate = numbered_frames(tracks, str(path), frames_per_second)
    seen = np.flatnonzero(tracks.valid)[np.argsort(frames[tracks.valid], kind="stable")]
    columns: list[Any] = [frames[seen], tracks.track[seen].astype(np.int64), *tracks.position[seen].T]
    if version == 2:
        columns += list(_facing(tracks)[seen].T)
    wkt = walkable_wkt(venue, tracks.position[tracks.valid])
    with replacing(path) as part:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part, isolation_level=None)) as database:
            _fill(database, columns, rate, wkt, version)


def _fill(database: sqlite3.Connection, columns: list[Any], rate: float, wkt: str, version: int) -> None:
    """Writes all tables in one transaction."""
    from pathcast.formats.walkable_area import venue_of_wkt

    facing = ", ori_x REAL NOT NULL, ori_y REAL NOT NULL" if version == 2 else ""
    number = int.from_bytes(blake2b(wkt.encode(), digest_size=8).digest(), "big", signed=True)
    frames = columns[0]
    (x_least, x_most), (y_least, y_most) = venue_of_wkt(wkt, "ground").extent()
    values = {"version": version, "fps": rate, "xmin": x_least, "xmax": x_most, "ymin": y_least, "ymax": y_most}
    database.execute("PRAGMA journal_mode=OFF")
    database.execute("BEGIN")
    database.execute(
        "CREATE TABLE trajectory_data (frame INTEGER NOT NULL, id INTEGER NOT NULL, pos_x REAL NOT NULL,"
        f" pos_y REAL NOT NULL{facing})"
    )
    places = ", ".join("?" * len(columns))
    rows = zip(*(column.tolist() for column in columns), strict=True)
    database.executemany(f"INSERT INTO trajectory_data VALUES({places})", rows)
    database.execute("CREATE INDEX frame_id_idx ON trajectory_data(frame, id)")
    database.execute("CREATE TABLE metadata (key TEXT NOT NULL UNIQUE PRIMARY KEY, value TEXT NOT NULL)")
    texts = [(name, repr(value)) for name, value in values.items()]
    database.executemany("INSERT INTO metadata VALUES(?, ?)", texts)
    database.execute("CREATE TABLE geometry (hash INTEGER NOT NULL, wkt TEXT NOT NULL)")
    database.execute("CREATE UNIQUE INDEX geometry_hash ON geometry(hash)")
    database.execute("INSERT INTO geometry VALUES(?, ?)", (number, wkt))
    database.execute("CREATE TABLE frame_data (frame INTEGER NOT NULL, geometry_hash INTEGER NOT NULL)")
    spans = ((frame, number) for frame in range(int(frames.min()), int(frames.max()) + 1))
    database.executemany("INSERT INTO frame_data VALUES(?, ?)", spans)
    database.execute("COMMIT")


def _facing(tracks: Tracks) -> Float[np.ndarray, "row 2"]:
    """The unit vector from each position to the next one seen of its track; at its end, and at rest, as before.

    Whoever never moves faces along x.
    """
    facing = np.tile([1.0, 0.0], (tracks.num_rows, 1))
    for start, stop in zip(tracks.starts[:-1].tolist(), tracks.starts[1:].tolist(), strict=True):
        seen = start + np.flatnonzero(tracks.valid[start:stop])
        steps = np.diff(tracks.position[seen], axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        moved = np.flatnonzero(lengths > 0)
        if len(moved):
            last = moved[np.maximum(np.searchsorted(moved, np.arange(len(seen)), side="right") - 1, 0)]
            facing[seen] = steps[last] / lengths[last, None]
    return facing


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, of a known version; what sqlite says against it is an InputError."""
    if not path.is_file() or not path.stat().st_size:
        read_bytes(path)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            _check_version(database, path)
            yield database
    except sqlite3.Error as error:
        raise InputError(str(path), "a readable sqlite file of JuPedSim", str(error)) from error


def _check_version(database: sqlite3.Connection, path: Path) -> None:
    """Refuses a database that is not of a known version."""
    found = database.execute("SELECT value FROM metadata WHERE key = 'version'").fetchone()
    if found is None or str(found[0]) not in map(str, VERSIONS):
        expected = " or ".join(map(str, VERSIONS))
        raise InputError(f"{path}: metadata version", expected, "none" if found is None else repr(found[0]))


def _frame_rate(database: sqlite3.Connection, path: Path) -> float:
    """Frames in a second."""
    found = database.execute("SELECT value FROM metadata WHERE key = 'fps'").fetchone()
    try:
        rate = float(found[0])
        check_frame_rate(rate)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{path}: metadata fps", "a finite number over 0", "none" if found is None else repr(found[0])
        ) from error
    return rate


def _numbers(rows: sqlite3.Cursor) -> Float[np.ndarray, "row 5"]:
    """All rows as numbers, some at a time so that they are never all tuples."""
    pieces: list[Any] = [np.empty((0, 5))]
    while chunk := rows.fetchmany(ROWS_AT_ONCE):
        pieces.append(np.array(chunk, np.float64))
    return np.concatenate(pieces)
