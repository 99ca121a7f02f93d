"""Simulated walks of all kinds of scenes, kept compactly: where everybody is at any time, and the exit they walk to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.simulator.pedestrian.crowd import Crowd, simulate_crowd
from pathcast.simulator.pedestrian.scenes import ALL

RECORD_S = 0.1
DURATION_S = 20.0
SCENES_AT_ONCE = 256
"""Scenes whose whole record is held at once."""


@dataclass(frozen=True, eq=False)
class CrowdScenes:
    """Walks without noise; people are ordered by scene."""

    starts: Int[np.ndarray, " person_and_end"]
    """First row of each person, then the number of rows."""
    scene: Int[np.ndarray, " person"]
    """Ascending, from 0."""
    begin_s: Float[np.ndarray, " person"]
    """When each is first there, seconds; they stay until they leave for good."""
    position: Float[np.ndarray, "row 2"]
    """Metres, every `RECORD_S`. float32."""
    goal: Int[np.ndarray, " row"]
    """Index of the exit walked to. int8."""
    exits: Float[np.ndarray, "scene exit 4"]
    """Ends of each scene's exits, metres; 0 where there are fewer."""
    is_exit: Bool[np.ndarray, "scene exit"]

    @property
    def num_scenes(self) -> int:
        return len(self.exits)

    @property
    def end_s(self) -> Float[np.ndarray, " person"]:
        """When each is last there, seconds."""
        return np.asarray(self.begin_s + (np.diff(self.starts) - 1) * RECORD_S)

    def people_of(self, scenes: Int[np.ndarray, " chosen"]) -> tuple[np.ndarray, np.ndarray]:
        """The people of the chosen scenes, scene after scene, and which of the chosen each is in."""
        first = np.searchsorted(self.scene, scenes)
        counts = np.searchsorted(self.scene, scenes, side="right") - first
        which = np.repeat(np.arange(len(scenes)), counts)
        return np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts) + first[which], which

    def at(
        self, person: Int[np.ndarray, " chosen"], times: Float[np.ndarray, "chosen time"]
    ) -> Float[np.ndarray, "chosen time 2"]:
        """Positions at times, on straight lines between the recorded ones; NaN before and after each was there."""
        place = (times - self.begin_s[person][:, None]) / RECORD_S
        length = np.diff(self.starts)[person][:, None]
        low = np.clip(place.astype(np.int64), 0, np.maximum(length - 2, 0))
        share = (place - low)[..., None]
        rows = self.starts[:-1][person][:, None] + low
        after = np.minimum(rows + 1, self.starts[1:][person][:, None] - 1)
        between = self.position[rows] * (1 - share) + self.position[after] * share
        return np.asarray(np.where((share > 1 + 1e-6) | (share < -1e-6), np.nan, between))

    def goal_at(
        self, person: Int[np.ndarray, " chosen"], times: Float[np.ndarray, " chosen"]
    ) -> Int[np.ndarray, " chosen"]:
        """Index of the exit that each walks to at a time."""
        place = np.round((times - self.begin_s[person]) / RECORD_S - 0.499).astype(np.int64)
        row = np.clip(self.starts[:-1][person] + place, self.starts[:-1][person], self.starts[1:][person] - 1)
        return np.asarray(self.goal[row], np.int64)


def simulate_scenes(seed: int, first: int, num: int) -> CrowdScenes:
    """Walks the scenes `first` to `first + num - 1` of all kinds in turn."""
    pieces = []
    for start in range(first, first + num, SCENES_AT_ONCE):
        count = min(SCENES_AT_ONCE, first + num - start)
        pieces.append(_compact(simulate_crowd(ALL, count, seed, start, DURATION_S, RECORD_S), start, count))
    widest = max(piece.exits.shape[1] for piece in pieces)
    rows = np.cumsum([0, *(len(piece.position) for piece in pieces)])
    scenes = np.cumsum([0, *(piece.num_scenes for piece in pieces)])
    wide = [((0, 0), (0, widest - piece.exits.shape[1])) for piece in pieces]
    return CrowdScenes(
        np.concatenate([*(piece.starts[:-1] + row for piece, row in zip(pieces, rows, strict=False)), rows[-1:]]),
        np.concatenate([piece.scene + scene for piece, scene in zip(pieces, scenes, strict=False)]),
        np.concatenate([piece.begin_s for piece in pieces]),
        np.concatenate([piece.position for piece in pieces]),
        np.concatenate([piece.goal for piece in pieces]),
        np.concatenate([np.pad(piece.exits, (*pad, (0, 0))) for piece, pad in zip(pieces, wide, strict=True)]),
        np.concatenate([np.pad(piece.is_exit, pad) for piece, pad in zip(pieces, wide, strict=True)]),
    )


def _compact(crowd: Crowd, first: int, num: int) -> CrowdScenes:
    """One piece; its scenes are numbered from 0."""
    tracks = crowd.tracks
    starts = tracks.starts
    begins = starts[:-1]
    venues = [crowd.venue(first + scene) for scene in range(num)]
    widest = max(len(venue.exits) for venue in venues)
    exits, is_exit = np.zeros((num, widest, 4)), np.zeros((num, widest), np.bool_)
    for scene, venue in enumerate(venues):
        for number, way_out in enumerate(venue.exits):
            exits[scene, number] = (*way_out.start[:2], *way_out.end[:2])
            is_exit[scene, number] = True
    return CrowdScenes(
        np.asarray(starts, np.int64),
        tracks.scene[begins] - first,
        tracks.time[begins],
        tracks.position.astype(np.float32),
        crowd.truth.goal.astype(np.int8),
        exits,
        is_exit,
    )
