"""People: everybody of scenes that are at hand as a whole, as they stood whenever anybody was observed.

A stream knows who is there from its own tracks. Whoever has whole tracks instead follows all of them first, by their
filters alone, and then looks back: at any observation, everybody else is as they had been seen by then, never later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.others import Others
from pathcast.model.states import States

ROUNDING_S = 1e-9


@dataclass(frozen=True, eq=False)
class Observations:
    """What was seen of everybody, by scene, person and time; each person stands in one scene."""

    scene: Int[np.ndarray, " row"]
    """Ascending."""
    person: Int[np.ndarray, " row"]
    """Numbers from 0, ascending, none left out."""
    time: Float[np.ndarray, " row"]
    """Seconds, increasing for each person."""
    position: Float[np.ndarray, "row axis"]
    """Metres. float32."""

    def blocks(self, most: int) -> Iterator[slice]:
        """Rows of whole scenes, at most so many at once unless one scene has more."""
        ends = np.r_[np.flatnonzero(np.diff(self.scene)) + 1, len(self.scene)]
        begin = 0
        while begin < len(self.scene):
            fitting = int(np.searchsorted(ends, begin + most, side="right")) - 1
            end = max(int(ends[max(fitting, 0)]), int(ends[np.searchsorted(ends, begin, side="right")]))
            yield slice(begin, end)
            begin = end

    def take(self, rows: slice) -> Observations:
        """The chosen rows, of whole scenes."""
        person = self.person[rows]
        return Observations(self.scene[rows], person - person[:1], self.time[rows], self.position[rows])


class Snapshots:
    """Everybody's filter after each of their observations."""

    def __init__(self, observations: Observations, filters: Float[np.ndarray, "row column"], seen_s: float) -> None:
        self.filters = filters
        self._seen_s = seen_s
        self._person = observations.person
        self._times, self._rank = np.unique(observations.time, return_inverse=True)
        starts = _starts(observations.person)
        self._scene = np.unique(observations.scene, return_inverse=True)[1][starts[:-1]]
        """Of each person, from 0."""
        self._first = self._rank[starts[:-1]]
        last = self._times[self._rank[starts[1:] - 1]]
        self._last = np.searchsorted(self._times, last + (seen_s + ROUNDING_S), side="right") - 1
        self._key = self._person * len(self._times) + self._rank
        """Ascending: whole numbers, so that times are compared exactly."""

    def around(self, rows: Int[np.ndarray, " track"]) -> Others:
        """Everybody who was there when the chosen observations were made, as they had been seen by then.

        Args:
            rows: Of the observations; tracks are forecast from there.
        """
        num_times = len(self._times)
        own_person = self._person[rows]
        instants, instant_of = np.unique(self._scene[own_person] * num_times + self._rank[rows], return_inverse=True)
        begin = np.searchsorted(instants, self._scene * num_times + self._first)
        count = np.searchsorted(instants, self._scene * num_times + self._last, side="right") - begin
        person = np.repeat(np.arange(len(count)), count)
        instant = np.arange(len(person)) + np.repeat(begin - (np.cumsum(count) - count), count)
        rank = instants[instant] % num_times
        row = np.searchsorted(self._key, person * num_times + rank, side="right") - 1
        is_there = self._times[rank] - self._times[self._rank[row]] <= self._seen_s + ROUNDING_S
        person, instant, row = person[is_there], instant[is_there], row[is_there]
        # By instant, then by person as they were; numpy sorts few small numbers in linear time.
        order = np.argsort(instant.astype(np.min_scalar_type(len(instants))), kind="stable")
        key = instant[order] * len(count) + person[order]
        own = np.searchsorted(key, instant_of * len(count) + own_person)
        is_used = np.zeros(len(self.filters), np.bool_)
        is_used[row] = True
        shared = np.cumsum(is_used)[row[order]] - 1
        return Others(self.filters[is_used], instant[order], own, row=shared)


@runtime_checkable
class Follower(Protocol):
    """What keeps filters: an engine, or in training a front end alone."""

    def start(self, num_tracks: int) -> States:
        """As `Engine.start`."""

    def watch(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, " track"],
        positions: Float[np.ndarray, "track axis"],
    ) -> Float[np.ndarray, "track column"]:
        """As `Engine.watch`."""


def snapshots(
    follower: Follower,
    observations: Observations,
    seen_s: float,
    fresh: Float[np.ndarray, "1 column"] | None = None,
) -> Snapshots:
    """Follows everybody through all of their observations.

    Args:
        follower: Whose filters they are.
        observations: Of everybody.
        seen_s: Seconds after which somebody who was not seen again is not there any more.
        fresh: The filter before a first observation, where the follower was given something; None: its own.
    """
    starts = _starts(observations.person)
    lengths = np.diff(starts)
    state = follower.start(len(lengths)).filter if fresh is None else np.repeat(fresh, len(lengths), axis=0)
    filters = np.empty((len(observations.time), state.shape[1]))
    for index in range(int(lengths.max(initial=0))):
        people = np.flatnonzero(lengths > index)
        rows = starts[people] + index
        state[people] = follower.watch(state[people], observations.time[rows], observations.position[rows])
        filters[rows] = state[people]
    return Snapshots(observations, filters, seen_s)


def _starts(person: Int[np.ndarray, " row"]) -> Int[np.ndarray, " start"]:
    """Row at which each person begins, and the number of rows."""
    return np.searchsorted(person, np.arange(int(person.max(initial=-1)) + 2))
