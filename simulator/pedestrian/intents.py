"""Intents: draws when people change their minds, as Poisson events; groups change theirs together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.people import Events, Intent, People
from pathcast.simulator.pedestrian.scenes.kind import Kind, draw

SHARED: Final = (Intent.GOAL, Intent.TURN, Intent.DWELL)
"""Intents that a group has together: one of it decides for all."""
OWN: Final = (Intent.SPEED, Intent.JOIN, Intent.LEAVE)
STOP_S: Final = (2.0, 20.0)
STOP_MEDIAN_S: Final = 4.5
STOP_SPREAD: Final = 0.6
"""Standard deviation of the logarithm of how long a stop lasts."""
PACE: Final = (0.6, 1.5)
"""Of the own desired speed, after hurrying or slowing."""


def draw_rates(kind: Kind, seed: int, index: int) -> Float[np.ndarray, " intent"]:
    """Events per person and second in one scene, in the order of `SHARED` and `OWN`."""
    shares = generator(seed, f"pedestrian.{kind.name}.rates", index).random(len(SHARED) + len(OWN))
    given = (kind.rates.get(intent, (0.0, 0.0)) for intent in (*SHARED, *OWN))
    return np.array([draw(rate, share) for rate, share in zip(given, shares, strict=True)])


def draw_events(
    kind: Kind,
    seed: int,
    index: int,
    people: People,
    span_s: tuple[float, float],
    purpose: str = "events",
    num_branches: int = 1,
    only: int | None = None,
) -> Events:
    """Everybody's events over a time; one that falls when its person is away has no effect.

    A stop lasts a log-normal time (median 4.5 s, from 2 to 20 s); a change of pace multiplies the own desired speed by
    0.6 to 1.5; a new goal is any other exit. Who is alone joins somebody who walks to the same exit.

    Args:
        kind: Of the scene.
        seed: Of the whole crowd.
        index: Global index of the scene.
        people: Of this scene alone.
        span_s: Begin and end of the time, s.
        purpose: Name of the random numbers.
        num_branches: How often the events are drawn: those of each branch's people, one branch after the other. A
            branch's do not depend on how many follow it.
        only: The one person who gets any; by default all do, and the first of each group decides for it.
    """
    num = len(people.goal)
    rates = draw_rates(kind, seed, index) * (span_s[1] - span_s[0])
    per_person = np.tile(rates, (num, 1))
    per_person[_follows(people.group), : len(SHARED)] = 0.0
    per_person[people.group >= 0, (*SHARED, *OWN).index(Intent.JOIN)] = 0.0
    if only is not None:
        per_person[:] = 0.0
        per_person[only] = rates
    counts = generator(seed, f"pedestrian.{kind.name}.{purpose}.counts", index).poisson(
        per_person, (num_branches, *per_person.shape)
    )
    u = generator(seed, f"pedestrian.{kind.name}.{purpose}", index).random((int(counts.sum()), 2))
    row, which = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), len(rates))
    time = span_s[0] + u[:, 0] * (span_s[1] - span_s[0])
    intent = np.array([*SHARED, *OWN], np.int64)[which]
    value = _values(intent, u[:, 1], row % num, people.goal)
    keep = ~np.isnan(value)
    return sort_events(num_branches * num, row[keep], time[keep], intent[keep], value[keep])


def sort_events(
    num_people: int,
    person: Int[np.ndarray, " event"],
    time_s: Float[np.ndarray, " event"],
    kind: Int[np.ndarray, " event"],
    value: Float[np.ndarray, " event"],
) -> Events:
    """Events in the order of person and time."""
    order = np.lexsort((time_s, person))
    starts = np.searchsorted(person[order], np.arange(num_people + 1))
    return Events(starts, time_s[order], kind[order], value[order])


def join_events(scenes: Sequence[Events]) -> Events:
    """The events of some scenes' people, one after the other."""
    offsets = np.cumsum([0, *(len(events.time_s) for events in scenes)])
    starts = [events.starts[:-1] + offset for events, offset in zip(scenes, offsets, strict=False)]
    parts = zip(*(events[1:] for events in scenes), strict=True)
    return Events(np.concatenate([*starts, offsets[-1:]]), *map(np.concatenate, parts))


def _follows(group: Int[np.ndarray, " person"]) -> Bool[np.ndarray, " person"]:
    """Whether somebody is in a group and not its first."""
    follows = group >= 0
    follows[np.unique(group, return_index=True)[1]] = False
    return follows


def _values(
    intent: Int[np.ndarray, " event"],
    u: Float[np.ndarray, " event"],
    person: Int[np.ndarray, " event"],
    goal: Int[np.ndarray, " person"],
) -> Float[np.ndarray, " event"]:
    """What events say; NaN for joining where nobody else walks to that exit."""
    stop_s = np.clip(STOP_MEDIAN_S * np.exp(STOP_SPREAD * ndtri(np.clip(u, 1e-9, 1.0 - 1e-9))), *STOP_S)
    value = np.select([intent == Intent.DWELL, intent == Intent.SPEED], [stop_s, PACE[0] + (PACE[1] - PACE[0]) * u], u)
    for event in np.flatnonzero(intent == Intent.JOIN):
        others = np.flatnonzero(goal == goal[person[event]])
        others = others[others != person[event]]
        value[event] = others[int(u[event] * len(others))] if len(others) else np.nan
    return np.asarray(value)
