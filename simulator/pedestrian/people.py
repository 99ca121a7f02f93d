"""Who walks: where from, where to, how fast, and when they change their minds. Drawn per scene, by global index."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr, ndtri

from pathcast.errors import InputError
from pathcast.simulator.draws import generator

SPEED_MEAN: Final = 1.34
"""Desired speed, m/s (Weidmann 1993)."""
SPEED_DEVIATION: Final = 0.26
SPEED_LEAST: Final = 0.5
SPEED_MOST: Final = 2.2
PLACES_TRIED: Final = 8
"""Random places at which somebody who starts inside looks for room; who finds none comes in by an exit."""
INSIDE_AT_START: Final = 0.5
"""Share of the people who are there from the beginning."""
LAST_ENTRY: Final = 0.8
"""Share of the duration after which nobody comes in any more."""


class Intent(IntEnum):
    """What an event changes."""

    GOAL = 0
    """Another exit; in a corridor that is turning back."""
    DWELL = 1
    """Stops; the value is for how long, s."""
    SPEED = 2
    """Another desired speed; the value is the speed, m/s."""
    TURN = 3
    """Back to the exit that they came in by; who started inside turns to the exit farthest from the goal."""
    JOIN = 4
    """Joins the group of the person whose index in the scene is the value."""
    LEAVE = 5
    """Leaves the own group."""
    CHOICE = 6
    """Another way chosen in a zone; never drawn, only written down."""


RATES: Final = {
    "corridor": {Intent.GOAL: 0.004, Intent.DWELL: 0.008, Intent.SPEED: 0.012},
    "plaza": {Intent.GOAL: 0.02, Intent.DWELL: 0.012, Intent.SPEED: 0.012},
}
"""Events per person and second."""


class People(NamedTuple):
    """The people of many scenes; those of scene s stand from starts[s] to starts[s + 1]."""

    starts: Int[np.ndarray, " scene_and_end"]
    entry_s: Float[np.ndarray, " person"]
    """When they come in, s; who starts inside is there at 0."""
    entry: Int[np.ndarray, " person"]
    """Index in its scene of the exit that they come in by."""
    goal: Int[np.ndarray, " person"]
    """Index of the exit that they walk to."""
    speed: Float[np.ndarray, " person"]
    """Desired, m/s."""
    entry_fraction: Float[np.ndarray, " person"]
    """Of the exit's width, from its start, where they come in."""
    exit_fraction: Float[np.ndarray, " person"]
    """The same, where they leave."""
    inside: Float[np.ndarray, "person place 2"]
    """Places tried in turn at the start, m; all NaN for who comes in by an exit."""
    group: Int[np.ndarray, " person"]
    """Number of the group in its scene, from 0 and under the number of its people; -1 alone."""
    zone_choice: Float[np.ndarray, "person zone"]
    """Uniform number in [0, 1) by which the way on is chosen on first entering each zone; NaN keeps the goal."""


class Events(NamedTuple):
    """Changes of intent; those of person p stand from starts[p] to starts[p + 1], in the order of time."""

    starts: Int[np.ndarray, " person_and_end"]
    time_s: Float[np.ndarray, " event"]
    kind: Int[np.ndarray, " event"]
    value: Float[np.ndarray, " event"]
    """Uniform choice in [0, 1) of another exit (GOAL); duration, s (DWELL); factor on the own desired speed (SPEED);
    index in the scene of the person whose group is joined (JOIN); without meaning (TURN, LEAVE)."""


def desired_speeds(uniform: Float[np.ndarray, " person"]) -> Float[np.ndarray, " person"]:
    """Desired speeds, m/s: normal with mean 1.34 and deviation 0.26, cut off at 0.5 and 2.2 (Weidmann 1993).

    Args:
        uniform: Shares of the distribution, in [0, 1).
    """
    least, most = ndtr((np.array([SPEED_LEAST, SPEED_MOST]) - SPEED_MEAN) / SPEED_DEVIATION)
    speeds = SPEED_MEAN + SPEED_DEVIATION * ndtri(least + uniform * (most - least))
    return np.asarray(np.clip(speeds, SPEED_LEAST, SPEED_MOST), np.float64)


def check_num_people(num_people: tuple[int, int]) -> None:
    """Refuses a range without people.

    Raises:
        InputError: As said.
    """
    least, most = num_people
    if not 1 <= least <= most:
        raise InputError("num_people", "a range (least, most) with 1 <= least <= most", f"{num_people}")


def draw_people(
    scene: str,
    seed: int,
    indices: Sequence[int],
    duration_s: float,
    num_people: tuple[int, int],
    extents: Float[np.ndarray, "scene 4"],
    num_exits: int,
) -> People:
    """The people of the scenes with the given global indices.

    Args:
        scene: corridor or plaza.
        seed: Of the whole crowd.
        indices: Of the scenes.
        duration_s: Of the simulation, s.
        num_people: Least and most in a scene.
        extents: Least x, least y, most x, most y of each scene, m.
        num_exits: Of every scene.
    """
    counts, numbers = [], []
    for index in indices:
        source = generator(seed, f"pedestrian.{scene}.people", index)
        counts.append(int(source.integers(num_people[0], num_people[1] + 1)))
        numbers.append(source.random((counts[-1], 7 + 2 * PLACES_TRIED)))
    u = np.concatenate(numbers)
    box = np.repeat(extents, counts, axis=0)
    is_inside = u[:, 0] < INSIDE_AT_START
    places = u[:, 7:].reshape(-1, PLACES_TRIED, 2)
    inside = box[:, None, :2] + places * (box[:, None, 2:] - box[:, None, :2])
    inside[~is_inside] = np.nan
    entry = (u[:, 2] * num_exits).astype(np.int64)
    goal = (entry + 1 + (u[:, 3] * (num_exits - 1)).astype(np.int64)) % num_exits
    exit_fraction = u[:, 6] if scene == "plaza" else np.clip(u[:, 5] + 0.5 * (u[:, 6] - 0.5), 0.0, 1.0)
    return People(
        np.cumsum([0, *counts]),
        np.where(is_inside, 0.0, u[:, 1] * LAST_ENTRY * duration_s),
        entry,
        goal,
        desired_speeds(u[:, 4]),
        np.ascontiguousarray(u[:, 5]),
        np.ascontiguousarray(exit_fraction),
        inside,
        np.full(len(u), -1),
        np.empty((len(u), 0)),
    )


def draw_events(
    scene: str, seed: int, indices: Sequence[int], duration_s: float, people_starts: Int[np.ndarray, " scene_and_end"]
) -> Events:
    """Poisson events of everybody over the whole duration; one that falls when its person is away has no effect.

    A stop lasts a log-normal time (median 4 s, 1.5 to 20 s); a change of pace multiplies the own desired speed by
    0.6 to 1.5; a new goal is any other exit.
    """
    rates = RATES[scene]
    total = sum(rates.values())
    limits = np.cumsum(list(rates.values())) / total
    counts, times, choices, values = [], [], [], []
    for index, num in zip(indices, np.diff(people_starts), strict=True):
        source = generator(seed, f"pedestrian.{scene}.events", index)
        count = source.poisson(total * duration_s, num)
        numbers = source.random((int(count.sum()), 3))
        person = np.repeat(np.arange(num), count)
        order = np.lexsort((numbers[:, 0], person))
        counts.append(count)
        times.append(numbers[order, 0] * duration_s)
        choices.append(numbers[order, 1])
        values.append(numbers[order, 2])
    u = np.concatenate(values)
    kind = np.minimum(np.searchsorted(limits, np.concatenate(choices), side="right"), len(limits) - 1)
    stop_s = np.clip(4.0 * np.exp(0.6 * ndtri(np.clip(u, 1e-9, 1.0))), 1.5, 20.0)
    value = np.select([kind == Intent.DWELL, kind == Intent.SPEED], [stop_s, 0.6 + 0.9 * u], u)
    return Events(
        np.concatenate([[0], np.cumsum(np.concatenate(counts))]), np.concatenate(times), kind.astype(np.int64), value
    )


def no_events(num_people: int) -> Events:
    """Nobody changes their mind."""
    return Events(np.zeros(num_people + 1, np.int64), np.empty(0), np.empty(0, np.int64), np.empty(0))
