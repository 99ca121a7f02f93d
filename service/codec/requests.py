"""Requests on the wire: frames, replays and ends of tracks, checked.

What can be judged without knowing the stream's tracks is judged here; the rest is the session's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from pathcast.errors import InputError, LimitError, NotServedError
from pathcast.model.engine import Card
from pathcast.model.states import States
from pathcast.service.codec.snapshots import read_snapshot
from pathcast.service.limits import Limits
from pathcast.service.messages import Frame, Prefix, Replay
from pathcast.v1 import forecast_pb2 as pb

_FEW = 8
"""Tracks up to which numpy takes coordinates faster from a list than from the message itself."""


def read_frame(message: pb.Frame, num_axes: int, limits: Limits) -> Frame:
    """The frame of a message.

    Raises:
        InputError: A field is wrong; it is named `frame.…`.
        LimitError: More tracks than a frame may hold.
        NotServedError: A field is set that is not served.
    """
    if message.deviations:
        raise NotServedError("frame.deviations")
    if not math.isfinite(message.capture_time_s):
        raise InputError("frame.capture_time_s", "finite seconds", f"{message.capture_time_s}")
    ids = message.track_ids[:]  # faster than list(), which asks for elements until there is none
    if len(ids) > limits.tracks_per_frame:
        raise LimitError("frame.track_ids", f"at most {limits.tracks_per_frame} tracks", str(len(ids)))
    _check_unique(ids, "frame.track_ids", "frame")
    positions = message.positions
    _check_length(positions, len(ids), num_axes, "frame.positions", "track")
    coordinates = np.array(positions[:] if len(ids) <= _FEW else positions, np.float32).reshape(len(ids), num_axes)
    return Frame(message.frame_number, message.capture_time_s, ids, coordinates)


def count_observations(message: pb.StreamForecastsRequest) -> int:
    """How many observations a message brings, right or wrong."""
    replay = message.replay
    told = len(message.frame.track_ids) + sum(len(frame.track_ids) for frame in replay.frames)
    return told + sum(len(prefix.times_s) for prefix in replay.prefixes)


def read_replay(message: pb.Replay, card: Card, fresh: States, limits: Limits, num_course_columns: int = 0) -> Replay:
    """What a replay holds.

    Args:
        message: What came in.
        card: Of the stream's model.
        fresh: The state of one track before its first observation.
        limits: What may be asked for.
        num_course_columns: Of the courses by which the stream's tracks are followed beside the model, 0 without.

    Raises:
        InputError, LimitError, NotServedError: As of `read_snapshot`, `read_prefixes` and `read_frame`.
    """
    has_snapshot = message.HasField("snapshot")
    snapshot = read_snapshot(message.snapshot, card, fresh, num_course_columns) if has_snapshot else None
    prefixes = read_prefixes(message.prefixes, card.num_axes, limits, "replay.prefixes")
    frames = _read_frames(message.frames, card.num_axes, limits)
    return Replay(snapshot=snapshot, prefixes=prefixes, frames=frames)


def _read_frames(messages: Sequence[pb.Frame], num_axes: int, limits: Limits) -> list[Frame]:
    """Frames of the past, their numbers rising."""
    where = "replay.frames"
    if len(messages) > limits.prefix_length:
        raise LimitError(where, f"at most {limits.prefix_length} frames", str(len(messages)))
    frames: list[Frame] = []
    for index, message in enumerate(messages):
        try:
            frame = read_frame(message, num_axes, limits)
        except InputError as error:
            field = error.where.replace("frame", f"{where}[{index}]", 1)
            raise type(error)(field, error.expected, error.found) from None
        except NotServedError as error:
            raise NotServedError(error.field.replace("frame", f"{where}[{index}]", 1)) from None
        if frames and frame.frame_number <= frames[-1].frame_number:
            before = frames[-1].frame_number
            raise InputError(
                f"{where}[{index}].frame_number", f"over {before}, that before it", f"{frame.frame_number}"
            )
        frames.append(frame)
    return frames


def read_prefixes(messages: Sequence[pb.Prefix], num_axes: int, limits: Limits, where: str) -> list[Prefix]:
    """Whole prefixes.

    Raises:
        InputError: A field is wrong; it is named after `where`.
        LimitError: More tracks or observations than there may be.
        NotServedError: A field is set that is not served.
    """
    if len(messages) > limits.tracks_per_frame:
        raise LimitError(where, f"at most {limits.tracks_per_frame} tracks", str(len(messages)))
    _check_unique((prefix.track_id for prefix in messages), f"{where}: track_id", "message")
    return [_read_prefix(prefix, num_axes, limits, f"{where}[{index}]") for index, prefix in enumerate(messages)]


def _read_prefix(message: pb.Prefix, num_axes: int, limits: Limits, where: str) -> Prefix:
    if message.deviations:
        raise NotServedError(f"{where}.deviations")
    length = len(message.times_s)
    if length > limits.prefix_length:
        raise LimitError(f"{where}.times_s", f"at most {limits.prefix_length} observations", str(length))
    if not length:
        raise InputError(f"{where}.times_s", f"1 to {limits.prefix_length} observations", "none")
    times = np.array(message.times_s, np.float64)
    if not np.isfinite(times).all():
        raise InputError(f"{where}.times_s", "finite seconds", f"{times[~np.isfinite(times)][0]}")
    backwards = np.flatnonzero(np.diff(times) <= 0)
    if len(backwards):
        after = int(backwards[0]) + 1
        raise InputError(
            f"{where}.times_s[{after}]", f"after {times[after - 1]:.9g} s, the time before it", f"{times[after]:.9g} s"
        )
    _check_length(message.positions, length, num_axes, f"{where}.positions", "time")
    return Prefix(message.track_id, times, np.array(message.positions, np.float32).reshape(length, num_axes))


def _check_unique(ids: Iterable[int], where: str, whole: str) -> None:
    """Refuses an id that stands twice."""
    ids = ids if isinstance(ids, list) else list(ids)
    if len(set(ids)) == len(ids):
        return
    seen: set[int] = set()
    for track_id in ids:
        if track_id in seen:
            raise InputError(where, f"ids that are unique in the {whole}", f"{track_id} twice")
        seen.add(track_id)


def _check_length(values: Sequence[float], count: int, num_axes: int, where: str, row: str) -> None:
    """Refuses an array that is not of shape [row, axis]."""
    if len(values) != count * num_axes:
        raise InputError(
            where, f"{count * num_axes} numbers, shape [{row}, axis] = [{count}, {num_axes}]", str(len(values))
        )
