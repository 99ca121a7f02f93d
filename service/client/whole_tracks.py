"""Whole tracks: what a server would know of them, from the messages that it was sent.

It judges observations and ends tracks by the rules of the service's session, so that a server that is told these tracks
stands where one stands that saw them all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from math import isfinite

from pathcast.model.admission import MAX_POSITION_M
from pathcast.v1 import forecast_pb2 as pb

_ROUNDING_S = 1e-9
Point = tuple[float, tuple[float, ...]]


def whole_tracks(
    messages: Iterable[pb.StreamForecastsRequest], axes: int, coast_s: float, most_points: int
) -> list[pb.Prefix]:
    """The tracks that live after the messages, each with its newest points.

    Args:
        messages: Frames, prefixes and ends of tracks, in the order in which they were sent.
        axes: Of positions.
        coast_s: Seconds that a track may go unseen.
        most_points: Of one track.
    """
    tracks: dict[int, deque[Point]] = {}
    for message in messages:
        match message.WhichOneof("message"):
            case "frame":
                _see(tracks, message.frame, axes, coast_s, most_points)
            case "replay":
                for prefix in message.replay.prefixes:
                    for time, place in zip(prefix.times_s, _rows(prefix.positions, axes), strict=False):
                        _add(tracks, prefix.track_id, time, place, most_points)
            case "end_tracks":
                for track_id in message.end_tracks.track_ids:
                    tracks.pop(track_id, None)
    return [
        pb.Prefix(
            track_id=track_id,
            times_s=[time for time, _ in points],
            positions=[coordinate for _, place in points for coordinate in place],
        )
        for track_id, points in tracks.items()
    ]


def _see(tracks: dict[int, deque[Point]], frame: pb.Frame, axes: int, coast_s: float, most_points: int) -> None:
    """Takes in a frame: tracks that it sees, then the end of those that were not seen for too long."""
    time, seen = frame.capture_time_s, set()
    places = list(zip(frame.track_ids, _rows(frame.positions, axes), strict=False))
    for track_id, place in places:
        if track_id in tracks and _is_usable(time, place) and time > tracks[track_id][-1][0]:
            seen.add(track_id)
    for track_id in [each for each, points in tracks.items() if each not in seen]:
        if time - tracks[track_id][-1][0] > coast_s + _ROUNDING_S:
            del tracks[track_id]
    for track_id, place in places:
        _add(tracks, track_id, time, place, most_points)


def _add(tracks: dict[int, deque[Point]], track_id: int, time: float, place: tuple[float, ...], most: int) -> None:
    """Takes in one observation, if it can be used and is newer than its track's newest."""
    if _is_usable(time, place):
        points = tracks.get(track_id)
        if points is None:
            tracks[track_id] = deque([(time, place)], maxlen=most)
        elif time > points[-1][0]:
            points.append((time, place))


def _is_usable(time: float, place: tuple[float, ...]) -> bool:
    return isfinite(time) and all(abs(each) <= MAX_POSITION_M for each in place)


def _rows(positions: Iterable[float], axes: int) -> Iterator[tuple[float, ...]]:
    return zip(*[iter(positions)] * axes, strict=False)
