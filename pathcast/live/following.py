"""Following: tracks streamed through a server, every forecast kept beside what was known when it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.model.forecast import Forecast, join
from pathcast.service.client import Client
from pathcast.tracks import Frame, Tracks


@dataclass(frozen=True, eq=False)
class Followed:
    """Forecasts that a server made while tracks went by."""

    row: Int[np.ndarray, " forecast"]
    """The observation after which each was made: its row in the observed tracks."""
    forecast: Forecast
    times: Float[np.ndarray, "forecast time"]
    """Seconds of the newest observations up to it, filled up with zeros behind them."""
    positions: Float[np.ndarray, "forecast time axis"]
    """Metres."""
    lengths: Int[np.ndarray, " forecast"]

    def take(self, chosen: Int[np.ndarray, " chosen"]) -> Followed:
        """The chosen forecasts."""
        return Followed(
            self.row[chosen],
            self.forecast.take(chosen),
            self.times[chosen],
            self.positions[chosen],
            self.lengths[chosen],
        )


def as_one_scene(tracks: Tracks) -> Tracks:
    """The same rows as tracks of one scene, numbered from 0 in their order; for scenes that share a clock."""
    starts = tracks.starts
    number = np.repeat(np.arange(len(starts) - 1), np.diff(starts)).astype(np.uint64)
    return Tracks(np.zeros(tracks.num_rows, np.int64), number, tracks.time, tracks.position, tracks.valid)


def follow(client: Client, model: str, observed: Tracks, offsets: Sequence[float], longest: int = 40) -> Followed:
    """Streams every scene frame by frame, a stream each, and keeps the forecasts of the tracks seen in each frame.

    Args:
        client: Of a server.
        model: Its name there.
        observed: What a sensor saw.
        offsets: Seconds.
        longest: Newest observations that are kept beside each forecast, for baselines.

    Raises:
        PathcastError: The server refused something.
    """
    rows: list[np.ndarray] = []
    forecasts: list[Forecast] = []
    by_scene: dict[int, list[Frame]] = {}
    for frame in observed.frames():
        by_scene.setdefault(frame.scene, []).append(frame)
    for scene, frames in by_scene.items():
        index = _index(observed, scene)
        with client.stream(model, offsets=offsets) as stream:
            replies = stream.forecasts((frame.time, frame.track, frame.position) for frame in frames)
            for frame, reply in zip(frames, replies, strict=True):
                seen = np.flatnonzero(np.isin(reply.track_ids, frame.track))
                if not len(seen):
                    continue
                assert reply.means is not None
                assert reply.covariances is not None
                rows.append(np.array([index[int(track), frame.time] for track in reply.track_ids[seen]]))
                asked = np.tile(np.asarray(offsets, np.float64), (len(seen), 1))
                forecasts.append(
                    Forecast(
                        asked,
                        reply.probabilities[seen],
                        reply.means[seen].astype(np.float32),
                        reply.covariances[seen],
                    )
                )
    if not rows:
        raise InputError("tracks", "a track of at least two observations", "none")
    row = np.concatenate(rows)
    return Followed(row, join(forecasts), *_prefixes(observed, row, longest))


def _index(tracks: Tracks, scene: int) -> dict[tuple[int, float], int]:
    """Rows of a scene by track and time."""
    rows = np.flatnonzero((tracks.scene == scene) & tracks.valid)
    keys = zip(tracks.track[rows].tolist(), tracks.time[rows].tolist(), strict=True)
    return dict(zip(keys, rows.tolist(), strict=True))


def _prefixes(
    tracks: Tracks, row: Int[np.ndarray, " forecast"], longest: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The newest valid observations of each row's track, up to that row: times, positions and their numbers."""
    starts = tracks.starts
    first = starts[np.searchsorted(starts, row, side="right") - 1]
    times = np.zeros((len(row), longest))
    positions = np.zeros((len(row), longest, tracks.num_axes))
    lengths = np.zeros(len(row), np.int64)
    for index, (begin, end) in enumerate(zip(first, row, strict=True)):
        kept = begin + np.flatnonzero(tracks.valid[begin : end + 1])[-longest:]
        lengths[index] = len(kept)
        times[index, : len(kept)] = tracks.time[kept]
        positions[index, : len(kept)] = tracks.position[kept]
    return times, positions, lengths


def truth_after(
    truth: Tracks,
    observed: Tracks,
    row: Int[np.ndarray, " forecast"],
    offsets: Sequence[float],
    longest_gap_s: float,
) -> Float[np.ndarray, "forecast time axis"]:
    """Where the objects truly were at the offsets after observations, metres, between true positions linearly.

    Args:
        truth: With the scenes and tracks of the observations.
        observed: What was seen.
        row: Rows of it.
        offsets: Seconds.
        longest_gap_s: Between two true positions; NaN where they are farther apart, and after the last.
    """
    result = np.full((len(row), len(offsets), truth.num_axes), np.nan)
    tracks = {(track.scene, track.track): track for track in truth.each()}
    for index, at in enumerate(row):
        track = tracks.get((int(observed.scene[at]), int(observed.track[at])))
        if track is None or track.valid.sum() < 2:
            continue
        time, position = track.time[track.valid], track.position[track.valid]
        asked = observed.time[at] + np.asarray(offsets)
        low = np.clip(np.searchsorted(time, asked, side="right") - 1, 0, len(time) - 2)
        gap = time[low + 1] - time[low]
        share = (asked - time[low]) / gap
        is_known = (share >= -1e-9) & (share <= 1 + 1e-6) & (gap <= longest_gap_s)
        between = position[low] + share[:, None] * (position[low + 1] - position[low])
        result[index] = np.where(is_known[:, None], between, np.nan)
    return result
