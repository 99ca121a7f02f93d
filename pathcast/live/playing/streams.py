"""Streams of a play: timed frames of what a sensor reported, and beside them whom it reported and where they were.

Scenes are laid into one stream by shifting their clocks and places; every track gets a number of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, UInt64
from numpy.typing import NDArray

from pathcast.simulator.sensor import Identities, Observed
from pathcast.venue import Venue

ROUNDING_DIGITS = 9
"""Of seconds: instants of scenes whose clocks were shifted are one instant again."""
NOBODY = -1
"""The true track of an observation of nothing."""


class PlayedFrame(NamedTuple):
    """What is seen at one instant: all that a forecaster may know."""

    time_s: float
    ids: UInt64[np.ndarray, " track"]
    positions: Float[np.ndarray, "track axis"]
    """Metres."""


@runtime_checkable
class Truth(Protocol):
    """What is known of a stream's true tracks, which are numbered from 0, by the stream's own clock and place."""

    @property
    def scene(self) -> Int[np.ndarray, " true"]:
        """Number of each true track's scene: those of one scene share what happened to them."""

    def at(
        self, true: Int[np.ndarray, " case"], times: Float[np.ndarray, "case time"]
    ) -> Float[np.ndarray, "case time axis"]:
        """Positions of true tracks at any times, metres; NaN where they are not there."""

    def goal(self, true: Int[np.ndarray, " case"], times: Float[np.ndarray, " case"]) -> Int[np.ndarray, " case"]:
        """Index of the place in `PlayedStream.goals` that each is heading for at a time; -1: none of them."""

    def outcome(self, true: Int[np.ndarray, " case"]) -> Int[np.ndarray, " case"]:
        """Number of `OUTCOMES` that each came to; 0 where there is none to come to."""

    def decided_at(self, true: Int[np.ndarray, " case"]) -> Float[np.ndarray, " case"]:
        """When that was decided, s; NaN where it never was."""

    def touched_at(self, true: Int[np.ndarray, " case"]) -> Float[np.ndarray, " case"]:
        """When each touched anything for the first time, s; infinite where it never did."""


@dataclass(frozen=True, eq=False)
class PlayedStream:
    """One stream: frames to be sent, what may be said at its opening, and the truth."""

    name: str
    venue: Venue | None
    """The place, where the stream has one; what stands in it is known to everybody."""
    goals: Mapping[str, NDArray[np.float64]]
    """Ends of places that tracks may be heading for, metres [2, axis]; empty: none to name."""
    frames: tuple[PlayedFrame, ...]
    """In the order of time."""
    who: tuple[NDArray[np.int64], ...]
    """True track of each observation of each frame, `NOBODY` for one of nothing: truth, never sent."""
    truth: Truth

    @property
    def num_observations(self) -> int:
        return sum(len(frame.ids) for frame in self.frames)

    @property
    def most_at_once(self) -> int:
        """Tracks in the fullest frame."""
        return max((len(frame.ids) for frame in self.frames), default=0)


@dataclass(frozen=True, eq=False)
class Laid:
    """Where scenes are laid in a stream; each array has a row for each scene."""

    scenes: Int[np.ndarray, " scene"]
    """Numbers, ascending."""
    starts_s: Float[np.ndarray, " scene"]
    """Added to their times."""
    shifts: Float[np.ndarray, "scene axis"]
    """Added to their positions, metres."""


def frames_of(
    observed: Observed, laid: Laid, true_index: Mapping[tuple[int, int], int], until_s: float
) -> tuple[tuple[PlayedFrame, ...], tuple[NDArray[np.int64], ...]]:
    """The frames of a stream, and the true track of each observation.

    Args:
        observed: Of the scenes; others are left out.
        laid: Which scenes, when and where.
        true_index: Of (scene, true track): the number of the true track in the stream.
        until_s: Frames after this are left out.
    """
    tracks = observed.tracks
    place = np.searchsorted(laid.scenes, tracks.scene)
    place = np.minimum(place, len(laid.scenes) - 1)
    starts = tracks.starts
    number = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    time = np.round(tracks.time + laid.starts_s[place], ROUNDING_DIGITS)
    is_used = tracks.valid & (laid.scenes[place] == tracks.scene) & (time <= until_s + 10.0**-ROUNDING_DIGITS)
    rows = np.flatnonzero(is_used)
    rows = rows[np.lexsort((number[rows], time[rows]))]
    if not len(rows):
        return (), ()
    true = _true_of(observed.identities, tracks.scene, tracks.track, tracks.time, true_index)
    ids = np.unique(number[rows], return_inverse=True)[1].astype(np.uint64)
    position = tracks.position[rows] + laid.shifts[place[rows]]
    cuts = np.flatnonzero(np.diff(time[rows])) + 1
    groups = np.split(np.arange(len(rows)), cuts)
    frames = tuple(PlayedFrame(float(time[rows[group[0]]]), ids[group], position[group]) for group in groups)
    return frames, tuple(true[rows[group]] for group in groups)


def _true_of(
    identities: Identities,
    scene: NDArray[np.int64],
    track: NDArray[np.uint64],
    time: NDArray[np.float64],
    true_index: Mapping[tuple[int, int], int],
) -> NDArray[np.int64]:
    """The true track of each row, in the stream's numbers: rows stand in the order of the stretches."""
    of_stretch = np.array(
        [
            NOBODY if is_false else true_index.get((int(its_scene), int(true)), NOBODY)
            for its_scene, true, is_false in zip(identities.scene, identities.true, identities.is_false, strict=True)
        ],
        np.int64,
    )
    keys = np.rec.fromarrays([identities.scene, identities.observed, identities.start])
    wanted = np.rec.fromarrays([scene, track, time])
    stretch = np.searchsorted(keys, wanted, side="right") - 1
    return of_stretch[stretch]
