"""A sensor that watches simulated scenes: one clock for each scene, observations missing person by person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.frontends.heading import MIN_STEP_S
from pathcast.model.training.crowd_scenes import DURATION_S, CrowdScenes

NOMINAL_S = 0.4
NOMINAL_SHARE, REGULAR_SHARE = 0.55, 0.85
"""Of the scenes: those at 2.5 Hz, and those at that or any other regular rate; the others are irregular."""
FASTEST_S = 0.04
LEAST_S = 0.02
"""Between two instants of an irregular clock."""
GAP_SHARE, GAP_S = 0.15, (0.4, 2.0)
"""Of the people who are out of sight once, and for how long."""
SPAN_S = 100.0
"""Between the people on one rising axis of time: longer than any scene."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the sensor saw of the people of some scenes, person by person in the order of time."""

    ticks: Float[np.ndarray, "scene tick"]
    """Instants of each scene's clock, seconds; infinite beyond its last."""
    which: Int[np.ndarray, " person"]
    """The scene of each person, ascending."""
    person: Int[np.ndarray, " row"]
    tick: Int[np.ndarray, " row"]
    time: Float[np.ndarray, " row"]
    position: Float[np.ndarray, "row 2"]
    """Metres, noise included. float32."""
    starts: Int[np.ndarray, " person_and_end"]
    """First row of each person, then the number of rows."""

    @property
    def rising(self) -> Float[np.ndarray, " row"]:
        """Times on one axis that rises over all rows."""
        return self.time + SPAN_S * self.person

    def next_step(self) -> Int[np.ndarray, " row"]:
        """For each row the one that the front end's next step waits for; in the next person where there is none."""
        return np.searchsorted(self.rising, self.rising + MIN_STEP_S - 1e-6)


def draw_ticks(num: int, random: np.random.Generator) -> Float[np.ndarray, "scene tick"]:
    """Instants of the clocks of scenes, most of them at 2.5 Hz, the others from 2.5 to 25 Hz."""
    kind = random.random((num, 1))
    pace = np.where(kind < NOMINAL_SHARE, NOMINAL_S, NOMINAL_S * (FASTEST_S / NOMINAL_S) ** random.random((num, 1)))
    phase = random.random((num, 1)) * pace
    most = int(DURATION_S / FASTEST_S) + 2
    uneven = np.where(kind < REGULAR_SHARE, 1.0, random.uniform(0.3, 1.7, (num, most)))
    ticks = phase + np.cumsum(np.maximum(pace * uneven, LEAST_S), axis=1)
    ticks[ticks > DURATION_S] = np.inf
    longest = int(np.isfinite(ticks).sum(axis=1).max())
    return np.asarray(ticks[:, :longest])


def watch(
    scenes: CrowdScenes,
    people: Int[np.ndarray, " person"],
    which: Int[np.ndarray, " person"],
    ticks: Float[np.ndarray, "scene tick"],
    noise_m: float,
    dropout: float,
    random: np.random.Generator,
) -> Seen:
    """What a sensor sees of people.

    Args:
        scenes: Where they are.
        people: Their numbers in it.
        which: Row of `ticks` for each, ascending.
        ticks: Clocks.
        noise_m: Greatest standard deviation of a position; each person's is drawn from nothing to that.
        dropout: Share of observations that are missing.
        random: All the randomness.
    """
    own = ticks[which]
    is_there = (own >= scenes.begin_s[people][:, None]) & (own <= scenes.end_s[people][:, None])
    is_seen = is_there & (random.random(own.shape) >= dropout)
    begin = random.uniform(0, DURATION_S, (len(people), 1))
    gap = np.where(random.random((len(people), 1)) < GAP_SHARE, random.uniform(*GAP_S, (len(people), 1)), 0.0)
    if dropout > 0:
        is_seen &= (own < begin) | (own >= begin + gap)
    person, tick = np.nonzero(is_seen)
    time = own[person, tick]
    spread = random.uniform(0, noise_m, len(people))[person]
    position = scenes.at(people[person], time[:, None])[:, 0] + spread[:, None] * random.standard_normal((len(time), 2))
    starts = np.searchsorted(person, np.arange(len(people) + 1))
    return Seen(ticks, which, person, tick, time, position.astype(np.float32), starts)
