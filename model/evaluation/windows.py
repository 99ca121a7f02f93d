"""Windows: pieces of equal length cut from tracks, the past that is observed and the future that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from pathcast.errors import InputError
from pathcast.tracks import Tracks


@dataclass(frozen=True, eq=False)
class Windows:
    """Tracks at regular times, all of one length; those of one group share scene and time."""

    observed: Float[np.ndarray, "window past axis"]
    """Metres. float64."""
    future: Float[np.ndarray, "window time axis"]
    """Metres. float64."""
    time: Float[np.ndarray, " window"]
    """Seconds: the newest observation."""
    scene: Int[np.ndarray, " window"]
    track: UInt64[np.ndarray, " window"]
    group: Int[np.ndarray, " window"]
    """Counted from 0, in the order of scene and time."""
    step: float
    """Seconds from one position to the next."""

    @property
    def num_windows(self) -> int:
        return len(self.observed)

    @property
    def times(self) -> Float[np.ndarray, "window past"]:
        """Seconds of the observations."""
        back = np.arange(1 - self.observed.shape[1], 1) * self.step
        return self.time[:, None] + back

    @property
    def offsets(self) -> Float[np.ndarray, " time"]:
        """Seconds from the newest observation to each future position."""
        return np.arange(1, self.future.shape[1] + 1) * self.step

    @property
    def lengths(self) -> Int[np.ndarray, " window"]:
        """Observations per window, all the same."""
        return np.full(self.num_windows, self.observed.shape[1], np.int64)

    def take(self, rows: Int[np.ndarray, " chosen"] | Bool[np.ndarray, " window"] | slice) -> Windows:
        """The chosen windows; groups keep their numbers."""
        return Windows(
            self.observed[rows],
            self.future[rows],
            self.time[rows],
            self.scene[rows],
            self.track[rows],
            self.group[rows],
            self.step,
        )

    def last(self, count: int) -> Windows:
        """The same windows with their newest `count` observations only."""
        return replace(self, observed=self.observed[:, self.observed.shape[1] - count :])


def cut_windows(tracks: Tracks, num_observed: int, num_future: int, step: float, min_people: int = 1) -> Windows:
    """Every run of `num_observed + num_future` frames through which a track is seen without a gap.

    A run starts at every frame, so windows overlap. Frames are the times at which anything is seen in a scene; a run
    that leaps over a time at which nothing was seen is left out.

    Args:
        tracks: Positions at multiples of `step`.
        num_observed: Positions in the past, at least 1.
        num_future: Positions in the future, at least 1.
        step: Seconds between frames.
        min_people: Runs through which fewer tracks are seen are left out with all their tracks.

    Raises:
        InputError: A count below 1, or frames closer than `step`: another rate.
    """
    for name, count in (("num_observed", num_observed), ("num_future", num_future), ("min_people", min_people)):
        if count < 1:
            raise InputError(name, "at least 1", f"{count}")
    seen = tracks.select(tracks.valid)
    length = num_observed + num_future
    frame = _frame_numbers(seen, step)
    starts = np.arange(max(seen.num_rows - length + 1, 0))
    ends = starts + length - 1
    is_whole = (
        (seen.scene[starts] == seen.scene[ends])
        & (seen.track[starts] == seen.track[ends])
        & (frame[ends] - frame[starts] == length - 1)
    )
    starts = starts[is_whole]
    keys = np.column_stack([seen.scene[starts], frame[starts]])
    _, group, people = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    kept = np.flatnonzero(people[group] >= min_people)
    kept = kept[np.lexsort((seen.track[starts[kept]], group[kept]))]
    starts = starts[kept]
    positions = seen.position[starts[:, None] + np.arange(length)]
    newest = starts + num_observed - 1
    return Windows(
        observed=positions[:, :num_observed],
        future=positions[:, num_observed:],
        time=seen.time[newest],
        scene=seen.scene[newest],
        track=seen.track[newest],
        group=np.unique(group[kept], return_inverse=True)[1].astype(np.int64),
        step=step,
    )


def _frame_numbers(tracks: Tracks, step: float) -> Int[np.ndarray, " row"]:
    """Steps since each scene's first frame."""
    number = np.zeros(tracks.num_rows, np.int64)
    for scene in np.unique(tracks.scene).tolist():
        rows = np.flatnonzero(tracks.scene == scene)
        since = (tracks.time[rows] - tracks.time[rows].min()) / step
        number[rows] = np.rint(since)
        off = np.abs(since - number[rows])
        if off.max() > 0.01:
            name = tracks.scene_names.get(scene, str(scene))
            found = f"{tracks.time[rows[off.argmax()]]:.3f} s"
            raise InputError(f"scene {name}: time", f"whole steps of {step:g} s from the scene's first time", found)
    return number
