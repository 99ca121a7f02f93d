"""Recorded tracks as streams: every scene is one, and what is seen later is the truth of what was forecast before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pathcast.live.playing.streams import PlayedFrame, PlayedStream
from pathcast.tracks import Tracks

MOST_PERIODS = 2.5
"""Between two observations farther apart than so many of the track's usual periods nothing is taken for true."""
ROUNDING_S = 1e-9


@dataclass(frozen=True, eq=False)
class RecordedTruth:
    """Tracks as they were observed: there is no other truth."""

    starts: Int[np.ndarray, " track_and_end"]
    """Row at which each track begins, and the number of rows."""
    scenes: Int[np.ndarray, " track"]
    time: Float[np.ndarray, " row"]
    """Seconds."""
    position: Float[np.ndarray, "row axis"]
    """Metres."""

    @property
    def scene(self) -> Int[np.ndarray, " track"]:
        return self.scenes

    def at(
        self, true: Int[np.ndarray, " case"], times: Float[np.ndarray, "case time"]
    ) -> Float[np.ndarray, "case time axis"]:
        """Positions on straight lines between observations; NaN beyond the track, and in gaps."""
        found = np.full((*times.shape, self.position.shape[1]), np.nan)
        for track in np.unique(true).tolist():
            rows = slice(int(self.starts[track]), int(self.starts[track + 1]))
            known, places = self.time[rows], self.position[rows]
            if len(known) < 2:
                continue
            cases = np.flatnonzero(true == track)
            asked = times[cases]
            after = np.clip(np.searchsorted(known, asked - ROUNDING_S), 1, len(known) - 1)
            step = known[after] - known[after - 1]
            share = (asked - known[after - 1]) / step
            usual = float(np.median(np.diff(known)))
            is_known = (share > -1e-6) & (share < 1 + 1e-6)
            is_at = (np.abs(share) < 1e-6) | (np.abs(share - 1) < 1e-6)
            is_known &= is_at | (step <= MOST_PERIODS * usual)
            between = places[after - 1] + share[..., None] * (places[after] - places[after - 1])
            found[cases] = np.where(is_known[..., None], between, np.nan)
        return found

    def goal(self, true: Int[np.ndarray, " case"], times: Float[np.ndarray, " case"]) -> Int[np.ndarray, " case"]:
        """Nobody knows."""
        return np.full(len(true), -1)

    def outcome(self, true: Int[np.ndarray, " case"]) -> Int[np.ndarray, " case"]:
        """Nobody knows."""
        return np.zeros(len(true), np.int64)

    def decided_at(self, true: Int[np.ndarray, " case"]) -> Float[np.ndarray, " case"]:
        """Nobody knows."""
        return np.full(len(true), np.nan)

    def touched_at(self, true: Int[np.ndarray, " case"]) -> Float[np.ndarray, " case"]:
        """Nobody knows."""
        return np.full(len(true), np.inf)


def recorded_streams(tracks: Tracks) -> tuple[PlayedStream, ...]:
    """A stream for each scene of recorded tracks; tracks are numbered from 0 in each.

    Args:
        tracks: In seconds and metres.
    """
    seen = tracks.select(tracks.valid)
    if not seen.num_rows:
        return ()
    streams = []
    for scene in np.unique(seen.scene).tolist():
        own = seen.select(seen.scene == scene)
        starts = own.starts
        number = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        order = np.lexsort((number, own.time))
        groups = np.split(order, np.flatnonzero(np.diff(own.time[order])) + 1)
        frames = tuple(
            PlayedFrame(float(own.time[rows[0]]), number[rows].astype(np.uint64), own.position[rows]) for rows in groups
        )
        truth = RecordedTruth(starts, np.full(len(starts) - 1, scene), own.time, own.position)
        name = tracks.scene_names.get(scene, f"scene {scene}")
        streams.append(PlayedStream(name, None, {}, frames, tuple(number[rows] for rows in groups), truth))
    return tuple(streams)
