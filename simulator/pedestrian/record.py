"""Record: what is kept of a walk."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from pathcast.simulator.pedestrian.state import Walkers


class Record(NamedTuple):
    """What is kept of a walk, at every `record_every`-th step from its start on."""

    position: Float[np.ndarray, "person frame 2"]
    """Metres, NaN while not in the scene. In a place that repeats they go on beyond its end, without a jump."""
    goal: Int[np.ndarray, "person frame"]
    """Index of the exit walked to, -1 while not in the scene (int8)."""
    is_dwelling: Int[np.ndarray, "person frame"]
    """1 while stopped on purpose (uint8)."""
    group: Int[np.ndarray, "person frame"]
    """Number of the group in its scene, -1 alone or while not in the scene (int16)."""
    zone_s: Float[np.ndarray, "person zone"]
    """When the zone was entered for the first time and a choice made there, s; NaN where none was made."""
    zone_goal: Int[np.ndarray, "person zone"]
    """The exit chosen there, -1 where none was (int8)."""
    event_value: Float[np.ndarray, " event"]
    """What took effect: new exit's index (GOAL, TURN), duration in s (DWELL), new desired speed in m/s (SPEED), new
    group (JOIN), the group left (LEAVE); NaN where the event had no effect."""
    walkers: Walkers
    """Everybody's state at the end, from which another walk can go on."""


class Kept(NamedTuple):
    """A `Record` as the kernel fills it: its arrays."""

    position: Float[np.ndarray, "person frame 2"]
    goal: Int[np.ndarray, "person frame"]
    is_dwelling: Int[np.ndarray, "person frame"]
    group: Int[np.ndarray, "person frame"]
    zone_s: Float[np.ndarray, "person zone"]
    zone_goal: Int[np.ndarray, "person zone"]
    event_value: Float[np.ndarray, " event"]


def keep_nothing_yet(num_people: int, num_zones: int, num_events: int, num_frames: int) -> Kept:
    """An empty record."""
    return Kept(
        np.full((num_people, num_frames, 2), np.nan),
        np.full((num_people, num_frames), -1, np.int8),
        np.zeros((num_people, num_frames), np.uint8),
        np.full((num_people, num_frames), -1, np.int16),
        np.full((num_people, num_zones), np.nan),
        np.full((num_people, num_zones), -1, np.int8),
        np.full(num_events, np.nan),
    )
