"""Who walks: where from, where to, how fast, and when they change their minds, as flat arrays of many scenes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr, ndtri

from pathcast.errors import InputError

SPEED_MEAN: Final = 1.34
"""Desired speed, m/s (Weidmann 1993)."""
SPEED_DEVIATION: Final = 0.26
SPEED_LEAST: Final = 0.5
SPEED_MOST: Final = 2.2


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


def no_events(num_people: int) -> Events:
    """Nobody changes their mind."""
    return Events(np.zeros(num_people + 1, np.int64), np.empty(0), np.empty(0, np.int64), np.empty(0))


def join_people(scenes: Sequence[People]) -> People:
    """The people of some scenes, one after the other; zones that others have and one has not leave its goals alone."""
    num_zones = max(people.zone_choice.shape[1] for people in scenes)
    choices = [
        np.pad(people.zone_choice, ((0, 0), (0, num_zones - people.zone_choice.shape[1])), constant_values=np.nan)
        for people in scenes
    ]
    return People(
        np.cumsum([0, *(len(people.goal) for people in scenes)]),
        np.concatenate([people.entry_s for people in scenes]),
        np.concatenate([people.entry for people in scenes]),
        np.concatenate([people.goal for people in scenes]),
        np.concatenate([people.speed for people in scenes]),
        np.concatenate([people.entry_fraction for people in scenes]),
        np.concatenate([people.exit_fraction for people in scenes]),
        np.concatenate([people.inside for people in scenes]),
        np.concatenate([people.group for people in scenes]),
        np.concatenate(choices),
    )


def take_people(people: People, scenes: Int[np.ndarray, " taken"]) -> People:
    """The people of some of the scenes, each scene as often as it is named."""
    person = np.concatenate([np.arange(people.starts[scene], people.starts[scene + 1]) for scene in scenes])
    counts = np.diff(people.starts)[scenes]
    return People(np.concatenate([[0], np.cumsum(counts)]), *(part[person] for part in people[1:]))
