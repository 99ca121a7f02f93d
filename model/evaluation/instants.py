"""Instants: what is seen of everybody in the frames up to the newest observation of windows.

Each instant that windows share is a scene of its own: all that was seen in the protocol's frames until then, of people
without a whole window, too, and nothing before or after. Whoever streams these frames sees what is seen here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from pathcast.errors import InputError
from pathcast.model.evaluation.windows import Windows
from pathcast.model.people import Observations
from pathcast.tracks import Tracks


@dataclass(frozen=True, eq=False)
class Instants:
    """Rows of tracks by instant, in each by person and time."""

    rows: Int[np.ndarray, " row"]
    instant: Int[np.ndarray, " row"]
    """Ascending, counted from 0."""
    newest: Int[np.ndarray, " window"]
    """Place in `rows` of each window's newest observation."""

    def observations(self, seen: Tracks) -> Observations:
        """The same as observations of people who stand in one instant each."""
        starts = np.repeat(np.arange(len(seen.starts) - 1), np.diff(seen.starts))
        keys = np.column_stack([self.instant, starts[self.rows]])
        is_next = np.r_[False, (np.diff(keys, axis=0) != 0).any(axis=1)] if len(keys) else np.zeros(0, np.bool_)
        position = seen.position[self.rows].astype(np.float32)
        return Observations(self.instant, np.cumsum(is_next), seen.time[self.rows], position)


def instants_of(windows: Windows, seen: Tracks, num_frames: int) -> Instants:
    """The instants of windows.

    Args:
        windows: Of these tracks.
        seen: Valid rows only.
        num_frames: Frames up to each newest observation that are seen, that one's among them.

    Raises:
        InputError: The windows are not of these tracks.
    """
    groups, first, of_window = np.unique(windows.group, return_index=True, return_inverse=True)
    by_time = np.lexsort((seen.time, seen.scene))
    scenes = seen.scene[by_time]
    found = []
    for window in first.tolist():
        begin, end = (
            np.searchsorted(scenes, windows.scene[window], "left"),
            np.searchsorted(scenes, windows.scene[window], "right"),
        )
        until = windows.time[window] + windows.step / 2
        low, high = np.searchsorted(seen.time[by_time[begin:end]], [until - num_frames * windows.step, until])
        found.append(np.sort(by_time[begin + low : begin + high]))
    rows = np.concatenate([np.zeros(0, np.int64), *found])
    instant = np.repeat(np.arange(len(groups)), [len(each) for each in found])
    keys = instant * seen.num_rows + rows
    wanted = of_window.reshape(-1) * seen.num_rows + newest_rows(windows, seen)
    return Instants(rows, instant, np.searchsorted(keys, wanted))


def newest_rows(windows: Windows, seen: Tracks) -> Int[np.ndarray, " window"]:
    """The row of each window's newest observation.

    Raises:
        InputError: The windows are not of these tracks.
    """
    keys = np.rec.fromarrays([seen.scene, seen.track, np.round(seen.time, 6)])
    wanted = np.rec.fromarrays([windows.scene, windows.track, np.round(windows.time, 6)])
    rows = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    if (keys[rows] != wanted).any():
        raise InputError("windows", "windows of these tracks", "others")
    return rows
