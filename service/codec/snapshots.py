"""Snapshots on the wire: the tracks of a stream as bytes that the client keeps and gives back.

One part is a header, the model's name and version, then ids, filters, memories and courses as plain little-endian
arrays, then a checksum. Parts are whole in themselves, so each is checked alone. Whoever sends one may have made it
up: sizes are compared before anything is allocated, and what the numbers mean to an engine is judged where it is at
hand (`restoring`). The checksum finds damage, not malice.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.model import course
from pathcast.model.engine import Card
from pathcast.model.states import COUNT, TIME, States
from pathcast.service.messages import Snapshot
from pathcast.v1 import forecast_pb2 as pb

_FORMAT = 2
_MAGIC = b"PCsn"
_HEADER = struct.Struct("<4sHHHIIIIIIIQQ")
"""Magic, format, bytes of name and version, part, parts, tracks of all parts, tracks, columns of filters, units,
columns of courses, frame, frames."""
_CHECKSUM = struct.Struct("<I")
_ENVELOPE_BYTES = 1024
"""Room for the header, the model's name and version, and the message around them."""
_PART_BYTES = 256 << 10
"""Parts are no larger, so that a forecast never waits long for one to be sent."""
_MOST_COUNT = 2.0**53
_WHERE = "replay.snapshot"


def write_snapshot(snapshot: Snapshot, bytes_out: int) -> Iterator[bytes]:
    """A stream's messages of a snapshot, made one by one, each of at most that many bytes."""
    states = snapshot.states
    per_track = 8 + states.filter.itemsize * states.filter.shape[1] + states.memory.itemsize * states.memory.shape[1]
    per_track += 0 if snapshot.courses is None else snapshot.courses.itemsize * snapshot.courses.shape[1]
    num_rows = max(1, (min(bytes_out, _PART_BYTES) - _ENVELOPE_BYTES) // per_track)
    num_parts = max(1, -(-len(snapshot.track_ids) // num_rows))
    for part in range(num_parts):
        state = _write_part(snapshot, slice(part * num_rows, (part + 1) * num_rows), part, num_parts)
        message = pb.Snapshot(state=state, frame_number=snapshot.frame_number, part=part, num_parts=num_parts)
        yield pb.StreamForecastsResponse(snapshot=message).SerializeToString()


def _write_part(snapshot: Snapshot, rows: slice, part: int, num_parts: int) -> bytes:
    name, version = snapshot.model.encode(), snapshot.version.encode()
    ids = snapshot.track_ids[rows]
    filters, memories = snapshot.states.filter[rows], snapshot.states.memory[rows]
    courses = np.empty((len(ids), 0)) if snapshot.courses is None else snapshot.courses[rows]
    header = _HEADER.pack(
        _MAGIC,
        _FORMAT,
        len(name),
        len(version),
        part,
        num_parts,
        snapshot.num_tracks,
        len(ids),
        filters.shape[1],
        memories.shape[1],
        courses.shape[1],
        snapshot.frame_number,
        snapshot.num_frames,
    )
    kinds = ((ids, "<u8"), (filters, "<f8"), (memories, "<f4"), (courses, "<f8"))
    content = b"".join((header, name, version, *(array.astype(kind).tobytes() for array, kind in kinds)))
    return content + _CHECKSUM.pack(zlib.crc32(content))


def read_snapshot(data: bytes, card: Card, fresh: States, num_course_columns: int = 0) -> Snapshot:
    """One part of a snapshot.

    Args:
        data: What came in.
        card: Of the model that is to go on.
        fresh: The state of one track before its first observation: its shape, and what may be infinite in it.
        num_course_columns: Of the courses by which the stream's tracks are followed beside the model, 0 without.

    Raises:
        InputError: It is no snapshot of this format and model, or damaged, or not of finite numbers.
    """
    if len(data) < _HEADER.size + _CHECKSUM.size or data[:4] != _MAGIC:
        raise InputError(_WHERE, "a snapshot as a server sent it", f"{len(data)} other bytes")
    _, version, *sizes = _HEADER.unpack_from(data)
    if version != _FORMAT:
        raise InputError(f"{_WHERE}: format", f"{_FORMAT}", f"{version}")
    name_bytes, version_bytes, part, num_parts, num_all, num_tracks, columns, units, followed, *numbers = sizes
    frame_number, num_frames = numbers
    names_end = _HEADER.size + name_bytes + version_bytes
    whole = names_end + num_tracks * (8 + 8 * columns + 4 * units + 8 * followed) + _CHECKSUM.size
    if whole != len(data):
        raise InputError(f"{_WHERE}: size", f"{whole} bytes, as its header says", f"{len(data)}")
    if _CHECKSUM.unpack_from(data, whole - _CHECKSUM.size)[0] != zlib.crc32(memoryview(data)[: -_CHECKSUM.size]):
        raise InputError(f"{_WHERE}: checksum", "that of its bytes", "another one")
    found = data[_HEADER.size : names_end]
    if found != card.name.encode() + card.version.encode() or name_bytes != len(card.name.encode()):
        raise InputError(f"{_WHERE}: model", f"{card.name} {card.version}", "another model or version")
    if (columns, units) != (fresh.filter.shape[1], fresh.memory.shape[1]):
        wanted = f"[track, {fresh.filter.shape[1]}] and [track, {fresh.memory.shape[1]}]"
        raise InputError(f"{_WHERE}: shape", f"states of shapes {wanted}", f"[track, {columns}] and [track, {units}]")
    if followed != num_course_columns:
        raise InputError(f"{_WHERE}: shape", f"courses of {num_course_columns} columns", f"of {followed}")
    if not (part < num_parts <= max(num_all, 1) and num_tracks <= num_all and num_frames >= 1):
        raise InputError(f"{_WHERE}: counts", "parts of a whole, with tracks of it, after a frame", "others")
    ids_end = names_end + 8 * num_tracks
    filters_end = ids_end + 8 * columns * num_tracks
    memories_end = filters_end + 4 * units * num_tracks
    ids = np.frombuffer(data, "<u8", num_tracks, names_end).astype(np.uint64)
    filters = np.frombuffer(data, "<f8", num_tracks * columns, ids_end).astype(np.float64)
    memories = np.frombuffer(data, "<f4", num_tracks * units, filters_end).astype(np.float32)
    courses = np.frombuffer(data, "<f8", num_tracks * followed, memories_end).astype(np.float64)
    filters, memories = filters.reshape(num_tracks, columns), memories.reshape(num_tracks, units)
    courses = courses.reshape(num_tracks, followed)
    if len(np.unique(ids)) != num_tracks:
        raise InputError(f"{_WHERE}: track ids", "unique ones", "some twice")
    _check_numbers(filters, memories, fresh)
    if followed and not (course.is_possible(courses) & (courses[:, course.TIME] == filters[:, TIME])).all():
        raise InputError(f"{_WHERE}: courses", "some that observations lead to", "others")
    return Snapshot(
        model=card.name,
        version=card.version,
        frame_number=frame_number,
        num_frames=num_frames,
        num_tracks=num_all,
        track_ids=ids,
        states=States(filters, memories),
        courses=courses if followed else None,
        part=part,
        num_parts=num_parts,
    )


def _check_numbers(
    filters: Float[np.ndarray, "track column"], memories: Float[np.ndarray, "track unit"], fresh: States
) -> None:
    """Refuses numbers that no observations lead to, as far as that can be said of every engine."""
    if not (np.isfinite(filters) | (filters == fresh.filter)).all() or not np.isfinite(memories).all():
        raise InputError(f"{_WHERE}: states", "finite numbers", "some that are not")
    counts = filters[:, COUNT]
    if not ((counts >= 1) & (counts <= _MOST_COUNT) & (counts == np.floor(counts))).all():
        raise InputError(f"{_WHERE}: observations", "whole numbers from 1", "others")
    if not np.isfinite(filters[:, TIME]).all():
        raise InputError(f"{_WHERE}: times", "finite seconds", "others")
