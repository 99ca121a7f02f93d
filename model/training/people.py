"""People of recorded scenes, as the front end's filters stood when each row was observed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.frontends.heading import FILTER_SIZE, HeadingFrontEnd
from pathcast.model.frontends.neighbours import LOOK_S
from pathcast.model.others import Others
from pathcast.model.states import COUNT, TIME
from pathcast.tracks import Tracks


@dataclass(frozen=True, eq=False)
class Scenes:
    """Who was there at every instant at which anything was observed."""

    filters: Float[np.ndarray, "person column"]
    instant: Int[np.ndarray, " person"]
    """Ascending: a scene at one time."""
    own: Int[np.ndarray, " row"]
    """For each observed row, its own person at its instant."""

    def at(self, rows: Int[np.ndarray, " chosen"], stretch: Float[np.ndarray, "chosen 2"] | None = None) -> Others:
        """Everybody who was there when the chosen rows were observed."""
        return Others(self.filters, self.instant, self.own[rows], stretch)


def watch_scenes(tracks: Tracks) -> Scenes:
    """Follows all people of all scenes, frame by frame, as a stream would.

    Args:
        tracks: Observations in two axes, all valid.
    """
    front_end = HeadingFrontEnd()
    order = np.lexsort((np.arange(tracks.num_rows), tracks.time, tracks.scene))
    track_of = np.cumsum(np.r_[False, (np.diff(tracks.scene) != 0) | (np.diff(tracks.track.astype(np.int64)) != 0)])
    is_new = np.r_[True, (np.diff(tracks.scene[order]) != 0) | (np.diff(tracks.time[order]) > 1e-6)]
    begins = [*np.flatnonzero(is_new).tolist(), len(order)]
    filters = np.zeros((int(track_of[-1]) + 1 if len(track_of) else 0, FILTER_SIZE))
    kept, instants, own = [], [], np.empty(tracks.num_rows, np.int64)
    count, present, scene = 0, np.zeros(0, np.int64), -1
    for instant, (begin, end) in enumerate(pairwise(begins)):
        rows = order[begin:end]
        if tracks.scene[rows[0]] != scene:
            scene, present = int(tracks.scene[rows[0]]), np.zeros(0, np.int64)
        people = track_of[rows]
        seen = filters[people]
        front_end.absorb(
            seen,
            tracks.time[rows][:, None],
            tracks.position[rows].astype(np.float32)[:, None],
            np.ones(len(rows), np.int64),
        )
        filters[people] = seen
        present = np.union1d(present, people)
        present = present[tracks.time[rows[0]] - filters[present, TIME] <= LOOK_S]
        kept.append(filters[present])
        instants.append(np.full(len(present), instant))
        own[rows] = count + np.searchsorted(present, people)
        count += len(present)
    assert all(np.all(part[:, COUNT] > 0) for part in kept)
    return Scenes(np.concatenate(kept), np.concatenate(instants), own)
