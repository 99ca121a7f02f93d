"""Crowds in play: scenes of people side by side in time, each with its own place, until there are as many as asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from pathcast.live.playing.streams import NOBODY, Laid, PlayedStream, frames_of
from pathcast.simulator.pedestrian.crowd import Crowd, simulate_crowd
from pathcast.simulator.pedestrian.occluders import occluders_of, sensor_among_people
from pathcast.simulator.pedestrian.scenes import kinds_named
from pathcast.simulator.sensor import Sensor, observe_tracks
from pathcast.tracks import Tracks

USUAL_S = 20.0
"""Kinds of scenes say how many people come in so long; in longer scenes more do."""
SCENES_AT_ONCE = 8
ROUNDING_S = 1e-9
ROUNDING_TICKS = 1e-6
RECORD_S = 0.1
APART_M = 200.0
"""Between the middles of scenes that share a stream: nobody of one is near anybody of another."""


@dataclass(frozen=True, eq=False)
class CrowdTruth:
    """People: where they walk, and to which exit."""

    starts: Int[np.ndarray, " person_and_end"]
    """Row at which each person begins, and the number of rows."""
    scenes: Int[np.ndarray, " person"]
    """Of the crowd."""
    time: Float[np.ndarray, " row"]
    """Seconds."""
    position: Float[np.ndarray, "row 2"]
    """Metres, in the stream's place."""
    goals: Int[np.ndarray, " row"]
    """Exit of the row's scene."""
    numbers: Int[np.ndarray, " person"]
    """In the person's own scene."""
    shifts: Float[np.ndarray, "person 2"]
    """By which the person's scene was moved, metres."""

    @property
    def scene(self) -> Int[np.ndarray, " person"]:
        return self.scenes

    def at(
        self, true: Int[np.ndarray, " case"], times: Float[np.ndarray, "case time"]
    ) -> Float[np.ndarray, "case time 2"]:
        """Positions, by the cubic spline through the recorded ones that sensors see, too."""
        found = np.full((*times.shape, 2), np.nan)
        for person in np.unique(true[true != NOBODY]).tolist():
            path = self._paths.get(person)
            if path is None:
                rows = slice(int(self.starts[person]), int(self.starts[person + 1]))
                if rows.stop - rows.start < 2:
                    continue
                path = self._paths[person] = CubicSpline(self.time[rows], self.position[rows])
            cases = np.flatnonzero(true == person)
            asked, (begin, end) = times[cases], (float(path.x[0]), float(path.x[-1]))
            inside = (asked >= begin - ROUNDING_S) & (asked <= end + ROUNDING_S)
            found[cases] = np.where(inside[..., None], path(np.clip(asked, begin, end)), np.nan)
        return found

    def person(self, true: int) -> tuple[int, Float[np.ndarray, " 2"]]:
        """The number of somebody in their own scene, and by how much that was moved, metres."""
        return int(self.numbers[true]), self.shifts[true]

    @cached_property
    def _paths(self) -> dict[int, CubicSpline]:
        return {}

    def goal(self, true: Int[np.ndarray, " case"], times: Float[np.ndarray, " case"]) -> Int[np.ndarray, " case"]:
        """The exit walked to, as of the row at or before a time."""
        found = np.full(len(true), -1)
        for case, (person, time) in enumerate(zip(true.tolist(), times.tolist(), strict=True)):
            if person == NOBODY:
                continue
            begin, end = int(self.starts[person]), int(self.starts[person + 1])
            row = begin + int(np.searchsorted(self.time[begin:end], time + 1e-6)) - 1
            found[case] = self.goals[max(row, begin)]
        return found

    def outcome(self, true: Int[np.ndarray, " case"]) -> Int[np.ndarray, " case"]:
        """None: people have goals instead."""
        return np.zeros(len(true), np.int64)

    def decided_at(self, true: Int[np.ndarray, " case"]) -> Float[np.ndarray, " case"]:
        """Never."""
        return np.full(len(true), np.nan)

    def touched_at(self, true: Int[np.ndarray, " case"]) -> Float[np.ndarray, " case"]:
        """Never."""
        return np.full(len(true), np.inf)


@dataclass(frozen=True)
class Walked:
    """What scenes of a play are walked by: enough to walk them again, and to fork them."""

    kind: str
    seed: int
    duration_s: float
    num_people: tuple[int, int] | None


def walked(kind: str, seed: int, duration_s: float) -> Walked:
    """How scenes of a kind are walked; where they are longer than usual, more people come in."""
    people = [each.people for each in kinds_named(kind)]
    least, most = min(low for low, _ in people), max(high for _, high in people)
    longer = duration_s / USUAL_S
    return Walked(kind, seed, duration_s, (round(least * longer), round(most * longer)) if longer > 1 else None)


def play_crowds(
    how: Walked, num_tracks: int, sensor: Sensor, num_streams: int | None
) -> tuple[tuple[PlayedStream, ...], int]:
    """Streams of people, and the number of scenes; scenes are added until so many people are seen at once on average.

    Args:
        how: Scenes are walked.
        num_tracks: People at once, over all streams, from the middle of the play on average.
        sensor: Which.
        num_streams: Scenes are dealt to them in turn, side by side; None: a stream for each.
    """
    crowds: list[Crowd] = []
    people = 0.0
    while people < num_tracks:
        first = SCENES_AT_ONCE * len(crowds)
        crowds.append(
            simulate_crowd(how.kind, SCENES_AT_ONCE, how.seed, first, how.duration_s, num_people=how.num_people)
        )
        people += len(crowds[-1].tracks.time) * 0.1 / how.duration_s
    scenes = _enough(crowds, num_tracks, how.duration_s)
    tracks = Tracks.concatenate([crowd.tracks for crowd in crowds])
    goals = np.concatenate([crowd.truth.goal for crowd in crowds]).astype(np.int64)
    kept = tracks.scene < scenes
    tracks, goals = tracks.select(kept), goals[kept]
    num = scenes if num_streams is None else min(num_streams, scenes)
    return tuple(_stream(crowds[0], tracks, goals, how, sensor, scenes, num, index) for index in range(num)), scenes


def _enough(crowds: list[Crowd], num_tracks: int, duration_s: float) -> int:
    """The least number of scenes in which so many people are there at once on average."""
    scene = np.concatenate([crowd.tracks.scene for crowd in crowds])
    people = np.cumsum(np.bincount(scene)) * RECORD_S / duration_s
    return min(int(np.searchsorted(people, num_tracks)) + 1, len(people))


def _stream(
    crowd: Crowd,
    tracks: Tracks,
    goals: NDArray[np.int64],
    how: Walked,
    sensor: Sensor,
    num_scenes: int,
    num_streams: int,
    index: int,
) -> PlayedStream:
    chosen = np.arange(index, num_scenes, num_streams)
    of_stream = np.isin(tracks.scene, chosen)
    own, own_goals = tracks.select(of_stream), goals[of_stream]
    seen = own.select(_from_common_ticks(own, sensor.rate_hz))
    observed = observe_tracks(
        sensor_among_people(sensor), seen, how.seed, lambda scene: occluders_of(crowd.venue(scene))
    )
    side = int(np.ceil(np.sqrt(len(chosen))))
    place = np.arange(len(chosen))
    shifts = APART_M * np.column_stack([place % side, place // side])
    starts = own.starts[:-1]
    true_index = {
        (int(scene), int(track)): number
        for number, (scene, track) in enumerate(zip(own.scene[starts], own.track[starts], strict=True))
    }
    frames, who = frames_of(observed, Laid(chosen, np.zeros(len(chosen)), shifts), true_index, np.inf)
    moved = own.position + shifts[np.searchsorted(chosen, own.scene)]
    of_person = shifts[np.searchsorted(chosen, own.scene[starts])]
    numbers = own.track[starts].astype(np.int64)
    truth = CrowdTruth(own.starts, own.scene[starts], own.time, moved, own_goals, numbers, of_person)
    is_alone = len(chosen) == 1
    venue = crowd.venue(int(chosen[0])) if is_alone else None
    exits = {} if venue is None else {way.name: np.array([way.start[:2], way.end[:2]]) for way in venue.exits}
    name = f"{how.kind} {chosen[0]}" if is_alone else f"{how.kind} {index} of {num_streams}"
    return PlayedStream(name, venue, exits, frames, who, truth)


def _from_common_ticks(tracks: Tracks, rate_hz: float) -> NDArray[np.bool_]:
    """Rows from the first instant of each scene on that is a tick of the clock which begins at 0.

    A sensor's clock starts with its scene; so those of scenes that are empty at first run with the others'.
    """
    keep = np.ones(tracks.num_rows, np.bool_)
    for scene in np.unique(tracks.scene).tolist():
        rows = np.flatnonzero(tracks.scene == scene)
        times = np.unique(tracks.time[rows])
        ticks = times * rate_hz
        common = times[np.abs(ticks - np.round(ticks)) < ROUNDING_TICKS]
        if len(common):
            keep[rows] = tracks.time[rows] >= common[0] - ROUNDING_S
    return keep
