"""Crowds: simulated walkers with the truth about what they intended.

`simulate_crowd` draws scenes by their global index, walks them and returns what a perfect tracker would have seen,
with the intents beside it as labels. Positions hold nothing of the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.intents import draw_events, join_events
from pathcast.simulator.pedestrian.people import Events, Intent, People, check_num_people, join_people
from pathcast.simulator.pedestrian.population import draw_people
from pathcast.simulator.pedestrian.scene import Scene
from pathcast.simulator.pedestrian.scenes import KINDS, AnyKind, Kind, kinds_named
from pathcast.simulator.pedestrian.scenes.reach import check_reach
from pathcast.simulator.pedestrian.truth import CrowdTruth, IntentEvents, join_walks, tracks_and_truth
from pathcast.simulator.pedestrian.walk import frames_of, walk
from pathcast.tracks import Tracks
from pathcast.venue import Venue

SCENES_AT_ONCE: Final = 64
"""Scenes walked in one call of the kernel: bounds the memory of noise and records, and changes no number."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """Simulated scenes."""

    scene_name: str
    """What was asked for: the name of a kind, or `all`."""
    seed: int
    tracks: Tracks
    """Positions without noise while in the scene; scene is the global index, track the person."""
    truth: CrowdTruth
    kinds: tuple[Kind, ...] = field(repr=False)
    """Scene i is of the one at i modulo their number."""

    def kind(self, scene: int) -> Kind:
        """The kind of the scene with that global index."""
        return self.kinds[scene % len(self.kinds)]

    def place(self, scene: int) -> Scene:
        """The place of the scene with that global index, with its zones and gates."""
        return self.kind(scene).scene(self.seed, scene)

    def venue(self, scene: int) -> Venue:
        """The walls, obstacles and exits of the scene with that global index."""
        return self.place(scene).venue


class Drawn(NamedTuple):
    """Everything random of some scenes but the sway."""

    indices: Sequence[int]
    kinds: Sequence[Kind]
    places: Sequence[Scene]
    people: People
    events: Events


def simulate_crowd(
    scene: AnyKind,
    num_scenes: int,
    seed: int,
    first: int = 0,
    duration_s: float = 20.0,
    record_s: float = 0.1,
    num_people: tuple[int, int] | None = None,
) -> Crowd:
    """Walks the scenes `first` to `first + num_scenes - 1` of a seed.

    A scene's numbers depend on its kind, the seed, its index, the duration and the range of people only: not on the
    other scenes of the call, nor on the number of threads. People start inside or come in at exits, walk to an
    exit, and are in the tracks while they are in the scene.

    Args:
        scene: The name of a kind among `KINDS`, `all` for each of them in turn, a `Kind`, or a venue.
        num_scenes: How many.
        seed: From 0 to 2**64 - 1.
        first: Global index of the first scene.
        duration_s: Of each scene, s; from the instant 0.
        record_s: Between two frames, s; a multiple of 0.05.
        num_people: Least and most people in a scene, over its whole duration; by default the kind's own.

    Raises:
        InputError: An argument outside what is said above, or a place that people cannot walk in.
    """
    kinds = kinds_named(scene)
    check_scenes(num_scenes, first, num_people)
    num_frames, record_every = frames_of(duration_s, record_s)
    pieces = []
    for start in range(first, first + num_scenes, SCENES_AT_ONCE):
        drawn = draw_scenes(
            kinds, seed, range(start, min(start + SCENES_AT_ONCE, first + num_scenes)), duration_s, num_people
        )
        noise = np.concatenate(draw_sway(drawn, seed, (num_frames - 1) * record_every))
        record = walk(drawn.places, drawn.people, drawn.events, duration_s, record_s, noise)
        counts = np.diff(drawn.people.starts)
        number = np.repeat(np.array(drawn.indices, np.int64), counts)
        person = np.arange(len(number)) - np.repeat(drawn.people.starts[:-1], counts)
        pieces.append(tracks_and_truth(record, drawn.events, number, person, 0.0, record_s))
    tracks, truth = join_walks(pieces)
    name = scene if isinstance(scene, str) else kinds[0].name
    return Crowd(name, seed, tracks, truth, kinds)


def check_scenes(num_scenes: int, first: int, num_people: tuple[int, int] | None) -> None:
    """Refuses numbers of scenes and people that there cannot be.

    Raises:
        InputError: As said.
    """
    if num_people is not None:
        check_num_people(num_people)
    for name, number, least in (("num_scenes", num_scenes, 1), ("first", first, 0)):
        if number < least:
            raise InputError(name, f"a whole number from {least}", f"{number}")


def draw_scenes(
    kinds: Sequence[Kind], seed: int, indices: Sequence[int], duration_s: float, num_people: tuple[int, int] | None
) -> Drawn:
    """The places, people and events of the scenes with the given global indices.

    Raises:
        InputError: A place that people cannot walk in.
    """
    chosen = [kinds[index % len(kinds)] for index in indices]
    places = [kind.scene(seed, index) for kind, index in zip(chosen, indices, strict=True)]
    own = [number for number, kind in enumerate(chosen) if KINDS.get(kind.name) is not kind]
    check_reach([chosen[number] for number in own], [places[number] for number in own])
    people = [
        draw_people(kind, place, seed, index, duration_s, num_people or kind.people)
        for kind, place, index in zip(chosen, places, indices, strict=True)
    ]
    events = [
        draw_events(kind, seed, index, group, (0.0, duration_s))
        for kind, index, group in zip(chosen, indices, people, strict=True)
    ]
    return Drawn(indices, chosen, places, join_people(people), join_events(events))


def draw_sway(drawn: Drawn, seed: int, num_steps: int) -> list[Float[np.ndarray, " number"]]:
    """Standard normal numbers of each scene, [step, person, axis] in flat form; more steps only add to its end."""
    return [
        generator(seed, f"pedestrian.{kind.name}.sway", index).standard_normal(num_steps * int(num) * 2)
        for kind, index, num in zip(drawn.kinds, drawn.indices, np.diff(drawn.people.starts), strict=True)
    ]


__all__ = ["Crowd", "CrowdTruth", "Intent", "IntentEvents", "simulate_crowd", "walk"]
