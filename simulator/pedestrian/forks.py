"""Forks: from an instant of a scene, many futures with intents and sway drawn anew.

All futures of a scene start from the same state, hidden intents included, so together they are the distribution of
what the simulator may do next: the truth that a forecast of many modes is measured against.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.crowd import Drawn, check_scenes, draw_scenes, draw_sway
from pathcast.simulator.pedestrian.people import Events
from pathcast.simulator.pedestrian.record import Record
from pathcast.simulator.pedestrian.redraw import Fork, redraw, redraw_sway
from pathcast.simulator.pedestrian.scene import Scene
from pathcast.simulator.pedestrian.scenes import AnyKind, Kind, kinds_named
from pathcast.simulator.pedestrian.state import take_scenes
from pathcast.simulator.pedestrian.truth import CrowdTruth, join_walks, tracks_and_truth
from pathcast.simulator.pedestrian.walk import frames_of, walk
from pathcast.tracks import Tracks
from pathcast.venue import Venue

if TYPE_CHECKING:
    import pyarrow as pa

BRANCHES_AT_ONCE: Final = 256
"""Futures walked in one call of the kernel: bounds memory, and changes no number."""


@dataclass(frozen=True, eq=False)
class Forks:
    """Scenes up to an instant, and the futures that fork there."""

    seed: int
    first: int
    """Global index of the first scene."""
    num_scenes: int
    num_branches: int
    """Futures of each scene."""
    at_s: float
    """The instant, s; the last of the past and the first of every future."""
    horizon_s: float
    record_s: float
    past: Tracks
    """Up to the instant; scene is the global index, track the person. Bit for bit the scene's own."""
    past_truth: CrowdTruth
    futures: Tracks
    """From the instant on. Each branch is a scene of its own, numbered index * num_branches + branch: so the
    tracks are as good as any others. Times and track numbers go on from the past's."""
    truth: CrowdTruth
    """Of the futures, row by row; its events are those after the instant."""
    kinds: tuple[Kind, ...] = field(repr=False)

    @property
    def branch(self) -> Int[np.ndarray, " row"]:
        """Of each row of the futures."""
        return self.futures.scene % self.num_branches

    @property
    def scene(self) -> Int[np.ndarray, " row"]:
        """Global index of the scene that each row of the futures forks from."""
        return self.futures.scene // self.num_branches

    def place(self, scene: int) -> Scene:
        """The place of the scene with that global index, with its zones and gates."""
        return self.kinds[scene % len(self.kinds)].scene(self.seed, scene)

    def venue(self, scene: int) -> Venue:
        """The walls, obstacles and exits of the scene with that global index."""
        return self.place(scene).venue

    def to_arrow(self) -> pa.Table:
        """The futures as an Arrow table: the columns of tracks, and branch, goal, group and is_dwelling of each row."""
        import pyarrow as pa

        table = self.futures.to_arrow()
        columns = {
            "branch": self.branch,
            "goal": self.truth.goal,
            "group": self.truth.group,
            "is_dwelling": self.truth.is_dwelling,
        }
        for name, column in columns.items():
            table = table.append_column(name, pa.array(column))
        return table

    def of_person(self, scene: int, track: int) -> Float[np.ndarray, "branch time 2"]:
        """Where somebody is in every future at the instant and each `record_s` after it, m; NaN while not there."""
        num_frames, _ = frames_of(self.horizon_s, self.record_s)
        positions = np.full((self.num_branches, num_frames, 2), np.nan)
        first, end = np.searchsorted(self.futures.scene, np.array([scene, scene + 1]) * self.num_branches)
        rows = first + np.flatnonzero(self.futures.track[first:end] == track)
        frame = np.round((self.futures.time[rows] - self.at_s) / self.record_s).astype(np.int64)
        positions[self.branch[rows], frame] = self.futures.position[rows]
        return positions


def fork_crowd(
    scene: AnyKind,
    num_scenes: int,
    seed: int,
    at_s: float,
    num_branches: int,
    horizon_s: float = 4.8,
    first: int = 0,
    duration_s: float = 20.0,
    record_s: float = 0.1,
    num_people: tuple[int, int] | None = None,
    person: int | None = None,
    intents: bool = True,
    sway: bool = True,
    reconsider: float = 0.0,
) -> Forks:
    """Walks scenes of `simulate_crowd` up to an instant, and from there many futures of each.

    With neither intents nor sway drawn anew every future is the scene's own, bit for bit. Who comes in later, and
    when, stays as it is. The futures of a scene do not depend on the other scenes of the call; branch b of a scene
    does not depend on how many branches follow it.

    Args:
        scene: As of `simulate_crowd`, with `num_scenes`, `seed`, `first`, `duration_s`, `record_s`, `num_people`.
        at_s: The instant, s: a multiple of `record_s`, with the horizon after it at most `duration_s`.
        num_branches: Futures of each scene.
        horizon_s: Length of each, s.
        person: Number of the one whose intents and sway are drawn anew; by default everybody's are.
        intents: Whether changes of intent after the instant, and choices in zones, are drawn anew.
        sway: Whether the random part of the motion is.
        reconsider: Share of the people (one for a group) who draw another goal right at the instant, beyond what
            their rates say: for wider fans than the simulator's own.

    Raises:
        InputError: An argument outside what is said, or a person who is not in every scene.
    """
    kinds = kinds_named(scene)
    check_scenes(num_scenes, first, num_people)
    fork = Fork(seed, at_s, horizon_s, duration_s, record_s, num_branches, person, intents, sway, reconsider)
    size = max(1, BRANCHES_AT_ONCE // num_branches)
    pasts, futures = [], []
    for start in range(first, first + num_scenes, size):
        indices = range(start, min(start + size, first + num_scenes))
        drawn = draw_scenes(kinds, seed, indices, duration_s, num_people)
        past, future = _walk_forks(fork, drawn)
        pasts.append(past)
        futures.append(future)
    own, own_truth = join_walks(pasts)
    branches, truth = join_walks(futures)
    return Forks(
        seed, first, num_scenes, num_branches, at_s, horizon_s, record_s, own, own_truth, branches, truth, kinds
    )


def _walk_forks(fork: Fork, drawn: Drawn) -> tuple[tuple[Tracks, CrowdTruth], tuple[Tracks, CrowdTruth]]:
    """The past and all futures of some scenes."""
    counts = np.diff(drawn.people.starts)
    if fork.person is not None and not 0 <= fork.person < counts.min():
        where = f"person of scene {drawn.indices[int(counts.argmin())]}"
        raise InputError(where, f"a number from 0 to {counts.min() - 1}", f"{fork.person}")
    sway = draw_sway(drawn, fork.seed, fork.first_step + fork.num_steps)
    ends = fork.first_step * counts * 2
    before = np.concatenate([numbers[:end] for numbers, end in zip(sway, ends, strict=True)])
    past = walk(drawn.places, drawn.people, drawn.events, fork.at_s, fork.record_s, before)
    scenes = np.repeat(np.arange(len(counts)), fork.num_branches)
    people, events = redraw(fork, drawn)
    after = [
        redraw_sway(fork, kind, index, numbers[end:], int(num))
        for kind, index, numbers, end, num in zip(drawn.kinds, drawn.indices, sway, ends, counts, strict=True)
    ]
    future = walk(
        [drawn.places[int(scene)] for scene in scenes],
        people,
        events,
        fork.horizon_s,
        fork.record_s,
        np.concatenate(after),
        start=take_scenes(past.walkers, drawn.people.starts, scenes),
        start_s=fork.at_s,
    )
    indices = np.array(drawn.indices, np.int64)
    branches = (indices[:, None] * fork.num_branches + np.arange(fork.num_branches)).ravel()
    return (
        _labelled(past, drawn.events, indices, drawn.people.starts, 0.0, fork.record_s),
        _labelled(future, events, branches, people.starts, fork.at_s, fork.record_s),
    )


def _labelled(
    record: Record, events: Events, scenes: np.ndarray, starts: np.ndarray, start_s: float, record_s: float
) -> tuple[Tracks, CrowdTruth]:
    counts = np.diff(starts)
    track = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
    return tracks_and_truth(record, events, np.repeat(scenes, counts), track, start_s, record_s)
