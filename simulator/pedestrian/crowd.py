"""Crowds: simulated walkers with the truth about what they intended.

`simulate_crowd` draws scenes by their global index, walks them and returns what a perfect tracker would have seen,
with the intents beside it as labels. Positions hold nothing of the labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.people import (
    Intent,
    check_num_people,
    draw_events,
    draw_people,
)
from pathcast.simulator.pedestrian.places import check_scene_name, scene_venue
from pathcast.simulator.pedestrian.walk import frames_of, walk
from pathcast.tracks import Tracks
from pathcast.venue import Venue

SCENES_AT_ONCE: Final = 64
"""Scenes walked in one call of the kernel: bounds the memory of noise and records, and changes no number."""


@dataclass(frozen=True, eq=False)
class IntentEvents:
    """The changes of intent that took effect, by scene, track and time."""

    scene: Int[np.ndarray, " event"]
    track: UInt64[np.ndarray, " event"]
    time: Float[np.ndarray, " event"]
    """Seconds."""
    kind: Int[np.ndarray, " event"]
    """An `Intent`."""
    value: Float[np.ndarray, " event"]
    """The new exit's index, how long the stop lasts (s), or the new desired speed (m/s)."""


@dataclass(frozen=True, eq=False)
class CrowdTruth:
    """What nobody can see: labels for training and evaluation, never a model's input."""

    goal: Int[np.ndarray, " row"]
    """Index of the exit in the scene's venue that the person is walking to at each row of the tracks (int8)."""
    is_dwelling: Bool[np.ndarray, " row"]
    """Whether the person has stopped on purpose."""
    events: IntentEvents


@dataclass(frozen=True, eq=False)
class Crowd:
    """Simulated scenes of one kind."""

    scene_name: str
    seed: int
    tracks: Tracks
    """Positions without noise while in the scene; scene is the global index, track the person."""
    truth: CrowdTruth

    def venue(self, scene: int) -> Venue:
        """The place of the scene with that global index."""
        return scene_venue(self.scene_name, self.seed, scene)


def simulate_crowd(
    scene: str,
    num_scenes: int,
    seed: int,
    first: int = 0,
    duration_s: float = 20.0,
    record_s: float = 0.1,
    num_people: tuple[int, int] = (6, 24),
) -> Crowd:
    """Walks the scenes `first` to `first + num_scenes - 1` of a seed.

    A scene's numbers depend on its kind, the seed, its index, the duration and the range of people only: not on the
    other scenes of the call, nor on the number of threads. People start inside or come in at exits, walk to an
    exit, and are in the tracks while they are in the scene.

    Args:
        scene: `corridor` (two exits, two-way) or `plaza` (four doors and a kiosk).
        num_scenes: How many.
        seed: From 0 to 2**64 - 1.
        first: Global index of the first scene.
        duration_s: Of each scene, s; from the instant 0.
        record_s: Between two frames, s; a multiple of 0.05.
        num_people: Least and most people in a scene, over its whole duration.

    Raises:
        InputError: An argument outside what is said above.
    """
    check_scene_name(scene)
    check_num_people(num_people)
    for name, number, least in (("num_scenes", num_scenes, 1), ("first", first, 0)):
        if number < least:
            raise InputError(name, f"a whole number from {least}", f"{number}")
    num_frames, record_every = frames_of(duration_s, record_s)
    pieces = [
        _walk_block(
            scene,
            seed,
            range(start, min(start + SCENES_AT_ONCE, first + num_scenes)),
            duration_s,
            num_frames,
            record_every,
            record_s,
            num_people,
        )
        for start in range(first, first + num_scenes, SCENES_AT_ONCE)
    ]
    scenes, tracks, time, position, goal, is_dwelling, *events = (
        np.concatenate([piece.pop(0) for piece in pieces]) for _ in range(len(pieces[0]))
    )
    return Crowd(
        scene,
        seed,
        Tracks(scenes, tracks, time, position, np.ones(len(time), np.bool_)),
        CrowdTruth(goal, is_dwelling, IntentEvents(*events)),
    )


def _walk_block(
    scene: str,
    seed: int,
    indices: range,
    duration_s: float,
    num_frames: int,
    record_every: int,
    record_s: float,
    num_people: tuple[int, int],
) -> list[NDArray[Any]]:
    """The columns of tracks, labels and events of some scenes."""
    venues = [scene_venue(scene, seed, index) for index in indices]
    extents = np.array([[low for low, _ in venue.extent()] + [high for _, high in venue.extent()] for venue in venues])
    people = draw_people(scene, seed, indices, duration_s, num_people, extents, len(venues[0].exits))
    events = draw_events(scene, seed, indices, duration_s, people.starts)
    counts = np.diff(people.starts)
    num_steps = (num_frames - 1) * record_every
    noise = np.concatenate(
        [
            generator(seed, f"pedestrian.{scene}.sway", index).standard_normal(num_steps * int(num) * 2)
            for index, num in zip(indices, counts, strict=True)
        ]
    )
    record = walk(venues, people, events, duration_s, record_s, noise)
    scene_of = np.repeat(np.array(indices, np.int64), counts)
    track_of = (np.arange(len(scene_of)) - np.repeat(people.starts[:-1], counts)).astype(np.uint64)
    person, frame = np.nonzero(record.goal >= 0)
    event = np.flatnonzero(~np.isnan(record.event_value))
    event_person = np.searchsorted(events.starts, event, side="right") - 1
    return [
        scene_of[person],
        track_of[person],
        np.round(frame * record_s, 9),
        record.position[person, frame],
        record.goal[person, frame],
        record.is_dwelling[person, frame].astype(np.bool_),
        scene_of[event_person],
        track_of[event_person],
        events.time_s[event],
        events.kind[event],
        record.event_value[event],
    ]


__all__ = ["Crowd", "CrowdTruth", "Intent", "IntentEvents", "simulate_crowd", "walk"]
