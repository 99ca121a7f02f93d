"""Balls in play: as many at once as asked for, each thrown anew when its turn is over, seen by one sensor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.live.playing.streams import NOBODY, Laid, PlayedStream, frames_of
from pathcast.simulator.ball.scenarios import Scenario as Kind
from pathcast.simulator.ball.scenarios import Throws, throw
from pathcast.simulator.dataset import Batch, throw_batches
from pathcast.simulator.sensor import Identities, Observed, Sensor
from pathcast.tracks import Tracks

ROUNDING_S = 1e-8


@dataclass(frozen=True, eq=False)
class BallTruth:
    """Thrown balls: exact flights, and what became of them."""

    throws: Throws
    starts_s: Float[np.ndarray, " throw"]
    """When each is released, by the stream's clock."""
    outcomes: Int[np.ndarray, " throw"]
    """Numbers of `following.OUTCOMES`; 0 without a hoop."""
    outcomes_at: Float[np.ndarray, " throw"]
    """Seconds from release; NaN while undecided."""
    touches_at: Float[np.ndarray, " throw"]
    """Seconds from release; infinite where nothing is touched while watched."""

    @property
    def scene(self) -> Int[np.ndarray, " throw"]:
        return np.arange(len(self.starts_s))

    def at(
        self, true: Int[np.ndarray, " case"], times: Float[np.ndarray, "case time"]
    ) -> Float[np.ndarray, "case time 3"]:
        """Where throws are; NaN before their release and for nobody."""
        found = np.full((*times.shape, 3), np.nan)
        since = times - self.starts_s[true][:, None]
        rows = np.flatnonzero((true != NOBODY) & (since[:, 0] > -ROUNDING_S))
        if len(rows):
            since = np.maximum(since, 0.0)
            flown = self.throws.only(true[rows]).follow(since[rows], max_events=0, positions_only=True)
            found[rows] = flown.states
        return found

    def goal(self, true: Int[np.ndarray, " case"], times: Float[np.ndarray, " case"]) -> Int[np.ndarray, " case"]:
        """None: balls have outcomes instead."""
        return np.full(len(true), -1)

    def outcome(self, true: Int[np.ndarray, " case"]) -> Int[np.ndarray, " case"]:
        """What became of shots."""
        return np.where(true == NOBODY, 0, self.outcomes[true])

    def decided_at(self, true: Int[np.ndarray, " case"]) -> Float[np.ndarray, " case"]:
        """When, by the stream's clock."""
        return np.where(true == NOBODY, np.nan, self.starts_s[true] + self.outcomes_at[true])

    def touched_at(self, true: Int[np.ndarray, " case"]) -> Float[np.ndarray, " case"]:
        """The first contact, by the stream's clock."""
        return np.where(true == NOBODY, np.inf, self.starts_s[true] + self.touches_at[true])


def play_balls(
    kind: Kind, num_tracks: int, duration_s: float, seed: int, sensor: Sensor, num_streams: int
) -> tuple[PlayedStream, ...]:
    """Streams of balls of a kind.

    Args:
        kind: Of the throws.
        num_tracks: Balls at once, over all streams, from the time on at which each has been thrown once.
        duration_s: Of the play.
        seed: Of throws and sensor.
        sensor: Its clock is that of all.
        num_streams: The balls are dealt to them in turn.
    """
    period = math.ceil(kind.duration_s * sensor.rate_hz) + 1
    """In ticks."""
    last = int(duration_s * sensor.rate_hz + 1e-9)
    slots = np.arange(num_tracks)
    begins = slots * period // num_tracks
    turns = np.maximum(0, (last - begins - 1) // period + 1)
    order = [(begins[slot] + turn * period, slot) for slot in slots.tolist() for turn in range(int(turns[slot]))]
    ticks, owners = (np.array(column, np.int64) for column in zip(*sorted(order), strict=True))
    num = len(ticks)
    batches = list(throw_batches(kind, num, seed, sensor=sensor))
    observed = _joined(batches)
    truth_of_all = _truth(kind, num, seed, batches, ticks / sensor.rate_hz)
    streams = []
    for stream in range(num_streams):
        chosen = np.flatnonzero(owners % num_streams == stream)
        starts = truth_of_all.starts_s[chosen]
        laid = Laid(chosen, starts, np.zeros((len(chosen), 3)))
        index = {(int(scene), 0): place for place, scene in enumerate(chosen)}
        frames, who = frames_of(observed, laid, index, duration_s)
        truth = BallTruth(
            truth_of_all.throws.only(chosen),
            starts,
            truth_of_all.outcomes[chosen],
            truth_of_all.outcomes_at[chosen],
            truth_of_all.touches_at[chosen],
        )
        name = kind.name if num_streams == 1 else f"{kind.name} {stream}"
        streams.append(PlayedStream(name, kind.venue, {}, frames, who, truth))
    return tuple(streams)


def _truth(kind: Kind, num: int, seed: int, batches: list[Batch], starts_s: NDArray[np.float64]) -> BallTruth:
    outcomes, at = np.zeros(num, np.int64), np.full(num, np.nan)
    touches = np.full(num, np.inf)
    for batch in batches:
        if batch.outcomes is not None:
            outcomes[batch.outcomes.scene] = batch.outcomes.outcome
            at[batch.outcomes.scene] = batch.outcomes.decided_at
        assert batch.events is not None
        np.minimum.at(touches, batch.events.scene, batch.events.time)
    return BallTruth(throw(kind, num, seed), starts_s, outcomes, at, touches)


def _joined(batches: list[Batch]) -> Observed:
    """What is observed of all batches, which follow one another."""
    identities = [batch.identities for batch in batches]
    columns = ("scene", "observed", "true", "is_false", "start", "end")
    joined = Identities(*(np.concatenate([getattr(each, name) for each in identities]) for name in columns))
    return Observed(Tracks.concatenate([batch.observed for batch in batches]), joined)
