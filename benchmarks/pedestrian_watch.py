"""Simulated walks seen by a sensor and followed by an engine, frame by frame, as a stream would follow them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.engine import Engine
from pathcast.model.others import Others
from pathcast.model.states import COUNT, TIME, States
from pathcast.tracks import Tracks

LOOK_S = 1.2
"""Who was not seen for longer is not shown to the others."""


@dataclass(frozen=True, eq=False)
class Walks:
    """Where simulated people are at any time they are there."""

    tracks: Tracks
    record_s: float

    @property
    def starts(self) -> Int[np.ndarray, " person_and_end"]:
        return np.asarray(self.tracks.starts)

    @property
    def scene(self) -> Int[np.ndarray, " person"]:
        """Ascending."""
        return np.asarray(self.tracks.scene[self.starts[:-1]])

    @property
    def begin_s(self) -> Float[np.ndarray, " person"]:
        return np.asarray(self.tracks.time[self.starts[:-1]])

    @property
    def end_s(self) -> Float[np.ndarray, " person"]:
        return np.asarray(self.tracks.time[self.starts[1:] - 1])

    def row_at(self, person: Int[np.ndarray, " chosen"], time_s: float) -> Int[np.ndarray, " chosen"]:
        """The row recorded at a time or last before it."""
        place = np.floor((time_s - self.begin_s[person]) / self.record_s + 1e-6).astype(np.int64)
        return np.clip(self.starts[:-1][person] + place, self.starts[:-1][person], self.starts[1:][person] - 1)

    def at(
        self, person: Int[np.ndarray, " chosen"], times: Float[np.ndarray, " time"]
    ) -> Float[np.ndarray, "chosen time 2"]:
        """Positions, on straight lines between recorded ones; NaN where somebody is not there."""
        place = (times - self.begin_s[person][:, None]) / self.record_s
        length = np.diff(self.starts)[person][:, None]
        low = np.clip(np.floor(place + 1e-6).astype(np.int64), 0, np.maximum(length - 2, 0))
        share = (place - low)[..., None]
        rows = self.starts[:-1][person][:, None] + low
        after = np.minimum(rows + 1, self.starts[1:][person][:, None] - 1)
        between = self.tracks.position[rows] * (1 - share) + self.tracks.position[after] * share
        return np.where((share < -1e-6) | (share > 1 + 1e-6), np.nan, between)


@dataclass(frozen=True, eq=False)
class Instant:
    """Everybody who is known at one tick of the clock."""

    time_s: float
    person: Int[np.ndarray, " seen"]
    """Who was seen right now, ascending."""
    states: States
    """Theirs."""
    others: Others


def follow(
    engine: Engine, walks: Walks, ticks: Float[np.ndarray, " tick"], noise_m: float, seed: int
) -> Iterator[Instant]:
    """Follows everybody of all scenes by one clock.

    Args:
        engine: Keeps the states.
        walks: Of people.
        ticks: Seconds, increasing.
        noise_m: Standard deviation of an observed position.
        seed: Of the noise.
    """
    states = engine.start(len(walks.scene))
    random = np.random.default_rng(seed)
    for tick in ticks:
        seen = np.flatnonzero((walks.begin_s <= tick + 1e-9) & (tick <= walks.end_s + 1e-9))
        noise = noise_m * random.standard_normal((len(walks.scene), 2))
        if not len(seen):
            continue
        positions = walks.at(seen, np.array([tick]))[:, 0] + noise[seen]
        after = engine.observe(states.take(seen), np.full(len(seen), tick), positions.astype(np.float32))
        states.put(seen, after)
        known = np.flatnonzero((states.filter[:, COUNT] > 0) & (tick - states.filter[:, TIME] <= LOOK_S))
        own = np.searchsorted(known, seen)
        yield Instant(float(tick), seen, after, Others(states.filter[known], walks.scene[known], own))
