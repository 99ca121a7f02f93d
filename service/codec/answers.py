"""Answers on the wire: forecasts in parts, and what else a server says; written by the server, read by the client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathcast.model.contacts import Contacts, join_contacts
from pathcast.service.codec.contacts import CONTACT_BYTES, read_contacts, write_contacts
from pathcast.service.codec.packing import write_field
from pathcast.service.messages import Forecasts, GoingAway, Opened, Reason, Refused, Remark, Status
from pathcast.v1 import forecast_pb2 as pb

_ENVELOPE_BYTES = 512
"""Room for the numbers of a part and for its envelope."""
_TRACK_BYTES = 12
"""Most bytes of a track's id and status."""
_REMARK_BYTES = 32
"""Most bytes of a remark beside its words."""
_OPTIONAL = ("means", "covariances", "goals", "regions", "entry_offsets_s", "points", "outcomes", "surprises")
"""Packed arrays with a row for each track that an answer may leave out."""
_of_optional = attrgetter(*_OPTIONAL)
_PROBABILITIES = pb.Forecasts.PROBABILITIES_FIELD_NUMBER
_OPTIONAL_NUMBERS = [pb.Forecasts.DESCRIPTOR.fields_by_name[name].number for name in _OPTIONAL]
_OF_STREAM = pb.StreamForecastsResponse.FORECASTS_FIELD_NUMBER
_OF_UNARY = pb.ForecastResponse.FORECASTS_FIELD_NUMBER


@dataclass(eq=False)
class _Part:
    """One part of an answer: what is small, and arrays under the numbers of their fields."""

    small: pb.Forecasts
    arrays: list[tuple[int, NDArray[np.floating[Any]]]]

    def as_field(self, number: int) -> bytes:
        """Its bytes as that field of a response."""
        return write_field(number, self.small, self.arrays)


def write_response(message: Opened | Refused | GoingAway | pb.Opened) -> bytes:
    """A message of a stream that is not a forecast."""
    if isinstance(message, pb.Opened):
        return pb.StreamForecastsResponse(opened=message).SerializeToString()
    if isinstance(message, GoingAway):
        notice = pb.Notice(going_away=pb.GoingAway(within_s=message.within_s))
        return pb.StreamForecastsResponse(notice=notice).SerializeToString()
    assert isinstance(message, Refused)
    refused = pb.Refused(
        frame_number=message.frame_number,
        code=message.code,
        field=message.where,
        expected=message.expected,
        found=message.found,
    )
    return pb.StreamForecastsResponse(refused=refused).SerializeToString()


def write_forecasts(answer: Forecasts, bytes_out: int) -> list[bytes]:
    """A stream's messages of one answer, each of at most that many bytes."""
    return [part.as_field(_OF_STREAM) for part in _parts(answer, bytes_out)]


def write_unary(opened: pb.Opened, answer: Forecasts, bytes_out: int) -> bytes:
    """A unary response."""
    parts = [part.as_field(_OF_UNARY) for part in _parts(answer, bytes_out)]
    return b"".join([pb.ForecastResponse(opened=opened).SerializeToString(), *parts])


def _parts(answer: Forecasts, bytes_out: int) -> list[_Part]:
    """The parts of an answer, split by track, then by remark, each of at most that many bytes."""
    room = bytes_out - _ENVELOPE_BYTES
    starts, size = _split(answer, room)
    ends = [*starts[1:], len(answer.track_ids)]
    parts = [_part(answer, start, end) for start, end in zip(starts, ends, strict=True)]
    left = room - size
    for remark in answer.remarks:
        left -= _REMARK_BYTES + len(remark.detail.encode())
        if left < 0:
            parts.append(_part(answer, 0, 0))
            left = room - _REMARK_BYTES - len(remark.detail.encode())
        parts[-1].small.remarks.add(
            track_id=remark.track_id, status=int(remark.status), reason=int(remark.reason), detail=remark.detail
        )
    for index, part in enumerate(parts):
        part.small.num_parts = len(parts)
        if index:
            part.small.part = index
    return parts


def _split(answer: Forecasts, room: int) -> tuple[list[int], int]:
    """Where parts begin, each of as many tracks as there is room for, and the bytes of the last; one at least."""
    arrays = [each for each in [answer.probabilities, *_of_optional(answer)] if each is not None]
    num_tracks = len(answer.track_ids)
    num_contacts = 0 if answer.contacts is None else answer.contacts.num_contacts
    size = _TRACK_BYTES * num_tracks + 4 * sum([part.size for part in arrays]) + CONTACT_BYTES * num_contacts
    if size <= room:
        return [0], size
    per_track = _TRACK_BYTES + 4 * sum(prod(part.shape[1:]) for part in arrays)
    sizes = np.full(num_tracks, per_track)
    if answer.contacts is not None:
        sizes += CONTACT_BYTES * np.bincount(answer.contacts.row, minlength=num_tracks)
    reach = np.r_[0, np.cumsum(sizes)]
    starts = [0]
    while reach[-1] - reach[starts[-1]] > room and starts[-1] + 1 < num_tracks:
        fitting = int(np.searchsorted(reach, reach[starts[-1]] + room, side="right")) - 1
        starts.append(max(fitting, starts[-1] + 1))
    return starts, int(reach[-1] - reach[starts[-1]])


def _part(answer: Forecasts, start: int, end: int) -> _Part:
    """One part with its tracks, without remarks."""
    rows, is_whole = slice(start, end), (start, end) == (0, len(answer.track_ids))
    small = pb.Forecasts(
        frame_number=answer.frame_number,
        capture_time_s=answer.capture_time_s,
        track_ids=answer.track_ids[rows].tolist(),
        statuses=answer.statuses[rows].tolist(),
        queued_s=answer.queued_s,
        computing_s=answer.computing_s,
        frames_conflated=answer.frames_conflated,
    )
    arrays = [(_PROBABILITIES, answer.probabilities if is_whole else answer.probabilities[rows])]
    for number, values in zip(_OPTIONAL_NUMBERS, _of_optional(answer), strict=True):
        if values is not None:
            arrays.append((number, values if is_whole else values[rows]))
    if answer.contacts is not None:
        write_contacts(answer.contacts.of_rows(start, end), answer.track_ids[rows], small.contacts)
    return _Part(small, arrays)


def read_forecasts(message: pb.Forecasts, opened: Opened) -> Forecasts:
    """One part of an answer; the origin is added back to positions in double precision."""
    tracks, modes, times = len(message.track_ids), opened.num_modes, len(opened.offsets_s)
    axes = opened.model.axes
    origin = np.array(opened.origin[:axes])
    means = covariances = goals = regions = entries = points = outcomes = contacts = surprises = None
    if "means" in opened.outputs:
        means = np.array(message.means, np.float64).reshape(tracks, modes, times, axes) + origin
    if "covariances" in opened.outputs:
        covariances = np.array(message.covariances, np.float32).reshape(tracks, modes, times, axes * (axes + 1) // 2)
    if message.goals:
        goals = np.array(message.goals, np.float32).reshape(tracks, -1)
    if message.regions:
        regions = np.array(message.regions, np.float32).reshape(tracks, -1, times)
        entries = np.array(message.entry_offsets_s, np.float32).reshape(regions.shape[:2])
    if "points" in opened.outputs:
        points = np.array(message.points, np.float64).reshape(tracks, times, axes) + origin
    if "outcomes" in opened.outputs and (message.outcomes or not tracks):  # a baseline knows none
        outcomes = np.array(message.outcomes, np.float32).reshape(tracks, len(opened.outcome_names))
    if "contacts" in opened.outputs:
        contacts = read_contacts(message.contacts, message.track_ids, origin)
    if "surprise" in opened.outputs:
        surprises = np.array(message.surprises, np.float32)
    return Forecasts(
        frame_number=message.frame_number,
        capture_time_s=message.capture_time_s,
        track_ids=np.array(message.track_ids, np.uint64),
        statuses=np.array(message.statuses, np.int64),
        probabilities=np.array(message.probabilities, np.float32).reshape(tracks, modes),
        means=means,
        covariances=covariances,
        goals=goals,
        regions=regions,
        entry_offsets_s=entries,
        points=points,
        outcomes=outcomes,
        contacts=contacts,
        surprises=surprises,
        remarks=list(_read_remarks(message)),
        queued_s=message.queued_s,
        computing_s=message.computing_s,
        frames_conflated=message.frames_conflated,
    )


def _read_remarks(message: pb.Forecasts) -> Iterator[Remark]:
    statuses: set[int] = set(Status)
    reasons: set[int] = set(Reason)
    for remark in message.remarks:
        yield Remark(
            remark.track_id,
            Status(remark.status) if remark.status in statuses else Status.UNSPECIFIED,
            Reason(remark.reason) if remark.reason in reasons else Reason.UNSPECIFIED,
            remark.detail,
        )


def join_parts(parts: Sequence[Forecasts]) -> Forecasts:
    """One answer out of its parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    optional: dict[str, Any] = {name: _join([getattr(part, name) for part in parts]) for name in _OPTIONAL}
    return replace(
        first,
        track_ids=np.concatenate([part.track_ids for part in parts]),
        statuses=np.concatenate([part.statuses for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        contacts=_join_contacts(parts),
        **optional,
        remarks=[remark for part in parts for remark in part.remarks],
    )


def _join(arrays: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    """The rows of all that are there."""
    present = [array for array in arrays if array is not None]
    return np.concatenate(present) if present else None


def _join_contacts(parts: Sequence[Forecasts]) -> Contacts | None:
    """Those of all parts, of the tracks of the whole answer."""
    starts = np.cumsum([0, *(len(part.track_ids) for part in parts)])
    present = [
        replace(part.contacts, row=part.contacts.row + start)
        for part, start in zip(parts, starts, strict=False)
        if part.contacts is not None
    ]
    return join_contacts(present) if present else None


def read_refused(message: pb.Refused) -> Refused:
    """What could not be used, and why."""
    number = message.frame_number if message.HasField("frame_number") else None
    return Refused(message.code, message.field, message.expected, message.found, number)
