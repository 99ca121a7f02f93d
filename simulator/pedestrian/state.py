"""Walkers: everything that a walk must know to go on, of all people of all scenes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from pathcast.simulator.pedestrian.people import People

WAITING, WALKING, GONE = 0, 1, 2
"""Phases: not in the scene yet, in it, and never there again."""


LOST = -2
"""Waypoint of who has to look for the way."""


class Walkers(NamedTuple):
    """The state of people; those of scene s stand from starts[s] to starts[s + 1] as in their `People`."""

    position: Float[np.ndarray, "person 2"]
    """Metres. In a place that repeats, unwrapped."""
    velocity: Float[np.ndarray, "person 2"]
    heading: Float[np.ndarray, "person 2"]
    """Unit vector of the desired velocity."""
    acceleration: Float[np.ndarray, "person 2"]
    """Of the last step, m/s²."""
    speed: Float[np.ndarray, " person"]
    """Desired, m/s."""
    dwell_until: Float[np.ndarray, " person"]
    """Seconds."""
    goal: Int[np.ndarray, " person"]
    waypoint: Int[np.ndarray, " person"]
    """Walked to next, -1 for the exit, -2 where the way is to be looked for."""
    phase: Int[np.ndarray, " person"]
    """WAITING, WALKING or GONE."""
    entered: Int[np.ndarray, " person"]
    """Index of the exit that they came in by, -1 for who was put inside at the start."""
    entered_s: Float[np.ndarray, " person"]
    """When they came into the scene, s."""
    group: Int[np.ndarray, " person"]
    """Number of the group in its scene, -1 alone."""
    has_chosen: Int[np.ndarray, "person zone"]
    """1 where the zone has been entered already."""
    open_s: Float[np.ndarray, "scene exit"]
    """From when each exit lets the next one out, s."""


def start_walkers(people: People, num_exits: int) -> Walkers:
    """The state before the first instant: everybody waits.

    Args:
        people: Who will walk.
        num_exits: The most exits in a scene.
    """
    num, num_scenes = len(people.goal), len(people.starts) - 1
    return Walkers(
        np.zeros((num, 2)),
        np.zeros((num, 2)),
        np.zeros((num, 2)),
        np.zeros((num, 2)),
        people.speed.copy(),
        np.zeros(num),
        people.goal.copy(),
        np.full(num, LOST),
        np.full(num, WAITING),
        np.full(num, -1),
        np.zeros(num),
        people.group.copy(),
        np.zeros(people.zone_choice.shape, np.uint8),
        np.zeros((num_scenes, num_exits)),
    )


def take_scenes(
    walkers: Walkers, starts: Int[np.ndarray, " scene_and_end"], scenes: Int[np.ndarray, " taken"]
) -> Walkers:
    """The state of some scenes' people, each scene as often as it is named: where forks of an instant start.

    Args:
        walkers: Of all scenes.
        starts: Of each scene's people among them.
        scenes: Which, in the order wanted.
    """
    person = np.concatenate([np.arange(starts[scene], starts[scene + 1]) for scene in scenes])
    by_person, by_scene = walkers[:-1], walkers[-1:]
    parts = [part[person] for part in by_person] + [part[np.asarray(scenes)] for part in by_scene]
    return Walkers(*parts)


def copy_walkers(walkers: Walkers) -> Walkers:
    """The same state in arrays of its own."""
    return Walkers(*(part.copy() for part in walkers))
