"""Answers on the wire: forecasts in parts, and what else a server says; written by the server, read by the client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathcast.model.engine import Card
from pathcast.service.codec.packing import PackedForecasts, PackedResponse, PackedUnaryResponse, pack
from pathcast.service.codec.places import read_venue, write_venue
from pathcast.service.limits import Limits
from pathcast.service.messages import (
    Forecasts,
    GoingAway,
    Model,
    Opened,
    Reason,
    Refused,
    Remark,
    Settings,
    Status,
)
from pathcast.v1 import forecast_pb2 as pb

_OUTPUTS = {
    "means": pb.OUTPUT_MEANS,
    "covariances": pb.OUTPUT_COVARIANCES,
    "goals": pb.OUTPUT_GOALS,
    "points": pb.OUTPUT_POINTS,
}
_ENVELOPE_BYTES = 512
"""Room for the numbers of a part and for its envelope."""
_REMARK_BYTES = 32
"""Most bytes of a remark beside its words."""


def write_model(card: Card) -> pb.Model:
    """The message that describes a model."""
    return pb.Model(
        name=card.name,
        version=card.version,
        summary=card.summary,
        axes=card.num_axes,
        horizon_s=card.horizon_s,
        offsets_s=card.offsets_s,
        num_modes=card.num_modes,
        coast_s=card.coast_s,
        warm_points=card.warm_points,
        venue=None if card.venue is None else write_venue(card.venue),
        uses_neighbours=card.uses_neighbours,
        takes_goals=card.takes_goals,
        has_point=card.has_point,
    )


def read_model(message: pb.Model) -> Model:
    """What a message says of a model."""
    return Model(
        name=message.name,
        version=message.version,
        summary=message.summary,
        axes=message.axes,
        horizon_s=message.horizon_s,
        offsets_s=tuple(message.offsets_s),
        num_modes=message.num_modes,
        coast_s=message.coast_s,
        warm_points=message.warm_points,
        venue=read_venue(message.venue) if message.HasField("venue") else None,
        uses_neighbours=message.uses_neighbours,
        takes_goals=message.takes_goals,
        has_point=message.has_point,
    )


def write_opened(settings: Settings, limits: Limits, is_recording: bool) -> pb.Opened:
    """The first message of an answer."""
    card = settings.card
    return pb.Opened(
        model=write_model(card),
        limits=pb.Limits(
            tracks_per_frame=limits.tracks_per_frame,
            tracks_per_stream=settings.tracks_per_stream,
            prefix_length=limits.prefix_length,
            offsets=limits.offsets,
            bytes_in=limits.bytes_in,
            bytes_out=limits.bytes_out,
            position_m=limits.position_m,
            horizon_s=card.horizon_s,
            streams=limits.streams,
        ),
        offsets_s=settings.offsets.tolist(),
        num_modes=settings.num_modes,
        outputs=[output for name, output in _OUTPUTS.items() if getattr(settings, f"has_{name}")],
        forecast_every=settings.forecast_every,
        coast_s=settings.coast_s,
        venue=None if card.venue is None else write_venue(card.venue),
        is_recording=is_recording,
        is_other_version=settings.is_other_version,
        origin=pb.Origin(x=settings.origin[0], y=settings.origin[1], z=settings.origin[2]),
    )


def read_opened(message: pb.Opened) -> Opened:
    """What a stream will be like."""
    return Opened(
        model=read_model(message.model),
        limits={field.name: value for field, value in message.limits.ListFields()},
        offsets_s=tuple(message.offsets_s),
        num_modes=message.num_modes,
        outputs=tuple(name for name, output in _OUTPUTS.items() if output in message.outputs),
        forecast_every=message.forecast_every,
        coast_s=message.coast_s,
        origin=(message.origin.x, message.origin.y, message.origin.z),
        venue=read_venue(message.venue) if message.HasField("venue") else None,
        is_recording=message.is_recording,
        is_other_version=message.is_other_version,
    )


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
    return [PackedResponse(forecasts=part).SerializeToString() for part in _write_parts(answer, bytes_out)]


def write_unary(opened: pb.Opened, answer: Forecasts, bytes_out: int) -> bytes:
    """A unary response."""
    response = PackedUnaryResponse(forecasts=_write_parts(answer, bytes_out))
    response.opened.MergeFromString(opened.SerializeToString())
    data: bytes = response.SerializeToString()
    return data


def _write_parts(answer: Forecasts, bytes_out: int) -> list[Any]:
    """The parts of an answer, split by track, then by remark."""
    room = bytes_out - _ENVELOPE_BYTES
    num_tracks = len(answer.track_ids)
    arrays = (answer.probabilities, answer.means, answer.covariances, answer.goals, answer.points)
    floats = [part for part in arrays if part is not None]
    bytes_per_track = 12 + 4 * sum(prod(part.shape[1:]) for part in floats)
    per_part = max(1, room // bytes_per_track)
    starts = range(0, num_tracks, per_part) if num_tracks else range(1)
    parts = [_write_part(answer, slice(start, min(start + per_part, num_tracks))) for start in starts]
    left = room - bytes_per_track * (num_tracks - starts[-1])
    for remark in answer.remarks:
        left -= _REMARK_BYTES + len(remark.detail.encode())
        if left < 0:
            parts.append(_write_part(answer, slice(0, 0)))
            left = room - _REMARK_BYTES - len(remark.detail.encode())
        parts[-1].remarks.add(
            track_id=remark.track_id, status=int(remark.status), reason=int(remark.reason), detail=remark.detail
        )
    for index, part in enumerate(parts):
        part.part, part.num_parts = index, len(parts)
    return parts


def _write_part(answer: Forecasts, rows: slice) -> Any:
    """One part with its tracks, without remarks."""
    part = PackedForecasts(
        frame_number=answer.frame_number,
        capture_time_s=answer.capture_time_s,
        track_ids=answer.track_ids[rows].tolist(),
        statuses=answer.statuses[rows].tolist(),
        probabilities=pack(answer.probabilities[rows]),
        queued_s=answer.queued_s,
        computing_s=answer.computing_s,
        frames_conflated=answer.frames_conflated,
    )
    if answer.means is not None:
        part.means = pack(answer.means[rows])
    if answer.covariances is not None:
        part.covariances = pack(answer.covariances[rows])
    if answer.goals is not None:
        part.goals = pack(answer.goals[rows])
    if answer.points is not None:
        part.points = pack(answer.points[rows])
    return part


def read_forecasts(message: pb.Forecasts, opened: Opened) -> Forecasts:
    """One part of an answer; the origin is added back to positions in double precision."""
    tracks, modes, times = len(message.track_ids), opened.num_modes, len(opened.offsets_s)
    axes = opened.model.axes
    origin = np.array(opened.origin[:axes])
    means = covariances = goals = points = None
    if "means" in opened.outputs:
        means = np.array(message.means, np.float64).reshape(tracks, modes, times, axes) + origin
    if "covariances" in opened.outputs:
        covariances = np.array(message.covariances, np.float32).reshape(tracks, modes, times, axes * (axes + 1) // 2)
    if message.goals:
        goals = np.array(message.goals, np.float32).reshape(tracks, -1)
    if "points" in opened.outputs:
        points = np.array(message.points, np.float64).reshape(tracks, times, axes) + origin
    return Forecasts(
        frame_number=message.frame_number,
        capture_time_s=message.capture_time_s,
        track_ids=np.array(message.track_ids, np.uint64),
        statuses=np.array(message.statuses, np.int64),
        probabilities=np.array(message.probabilities, np.float32).reshape(tracks, modes),
        means=means,
        covariances=covariances,
        goals=goals,
        points=points,
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
    return replace(
        first,
        track_ids=np.concatenate([part.track_ids for part in parts]),
        statuses=np.concatenate([part.statuses for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        means=_join([part.means for part in parts]),
        covariances=_join([part.covariances for part in parts]),
        goals=_join([part.goals for part in parts]),
        points=_join([part.points for part in parts]),
        remarks=[remark for part in parts for remark in part.remarks],
    )


def _join(arrays: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    """The rows of all that are there."""
    present = [array for array in arrays if array is not None]
    return np.concatenate(present) if present else None


def read_refused(message: pb.Refused) -> Refused:
    """What could not be used, and why."""
    number = message.frame_number if message.HasField("frame_number") else None
    return Refused(message.code, message.field, message.expected, message.found, number)
