"""The question of the study on tracks: what of a prefix does a memory hold, and does it hold it across a gap?

Small networks see the raw displacements of a track, no filter before them (the filter of a forecaster is a memory of
its own), and say where it will be, beyond constant velocity. A prefix may be short, or have a gap in its middle after
which the last observations alone come; the spin of a ball may be told at its release and never again.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal

import numpy as np
import torch
from torch import Tensor

from pathcast.errors import InputError
from pathcast.model.training.ball_throws import draw
from pathcast.model.training.study.flights import GRAVITY
from pathcast.model.training.study.problems import Batch, seed_of
from pathcast.model.training.study.reader import Reader
from pathcast.simulator.pedestrian.crowd import simulate_crowd

NUM_AFTER: Final = 2
"""Observations after a gap."""
MOST_UNITS: Final = 2000


@dataclass(frozen=True)
class World:
    """Where tracks come from, and how they are watched."""

    throws: str
    """Scenario of balls; empty: crowds."""
    period_s: float
    prefix: int
    ahead: int
    """Periods from the newest observation to the place asked for."""
    noise_m: float
    num: int
    """Tracks of training."""
    spin_with: Literal["none", "first", "newest"] = "none"
    """The observation with which the spin is told, and no other."""


WORLDS: Final = {
    "basketball": World("three-pointer", 1 / 30, 24, 18, 0.03, 4096),
    "table-tennis": World("table-tennis", 1 / 120, 32, 36, 0.003, 4096),
    "soccer": World("soccer-kick", 0.05, 24, 20, 0.1, 4096),
    "soccer, spin told first": World("soccer-kick", 0.05, 24, 20, 0.1, 4096, "first"),
    "soccer, spin told last": World("soccer-kick", 0.05, 24, 20, 0.1, 4096, "newest"),
    "pedestrian": World("", 0.4, 12, 12, 0.03, 4096),
}


@dataclass(frozen=True)
class TrackProblem:
    """The place that a track will be at, from its prefix."""

    world: str
    shown: int = 0
    """Newest observations that are shown; 0: all."""
    gap: int = 0
    """Observations that are missing before the last `NUM_AFTER`."""
    is_varied: bool = True
    """Whether training shortens prefixes and makes gaps at random."""
    num_inputs: int = 8

    @property
    def num_answers(self) -> int:
        return 3

    @property
    def longest(self) -> int:
        return WORLDS[self.world].prefix

    def batch(self, part: str, seed: int, number: int, networks: int, tracks: int) -> Batch:
        world = WORLDS[self.world]
        observed, future, spin = _tracks(self.world, part, seed)
        random = np.random.Generator(np.random.Philox(key=[seed_of(part, seed), number]))
        shown, gap = self.shown or world.prefix, self.gap
        if part == "train" and self.is_varied:
            shown = int(random.integers(4, world.prefix + 1))
            gap = int(random.integers(0, shown - NUM_AFTER)) * int(random.random() < 0.5)
        rows = random.integers(0, len(observed), (networks, tracks))
        kept = [
            *range(world.prefix - shown, world.prefix - NUM_AFTER - gap),
            *range(world.prefix - NUM_AFTER, world.prefix),
        ]
        moved, answers = _beyond(observed[rows][:, :, kept], np.array(kept), future[rows], world)
        speed, reach = _sizes(self.world, seed)
        inputs = np.zeros((len(kept) - 1, networks, tracks, self.num_inputs))
        inputs[..., :3] = moved.transpose(2, 0, 1, 3) / speed
        inputs[..., 3] = (np.diff(kept) / 10.0)[:, None, None]
        inputs[0, ..., 4] = 1.0
        if world.spin_with != "none":
            inputs[0 if world.spin_with == "first" else -1, ..., 5:] = spin[rows]
        return Batch(_tensor(inputs), _tensor(answers[None]), unit=reach)

    def loss(self, answers: Tensor, batch: Batch) -> Tensor:
        distance: Tensor = torch.linalg.vector_norm(answers * batch.unit - batch.answers, dim=-1)
        return distance.mean((0, 2))

    def right(self, answers: Tensor, batch: Batch) -> Tensor:
        """Mean distance from the true place, metres."""
        return self.loss(answers, batch)

    def hindered(self, shown: int = 0, gap: int = 0) -> TrackProblem:
        """The same with prefixes of that length and that gap."""
        return replace(self, shown=shown, gap=gap)


def units_for(memory: str, num_parameters: int, num_inputs: int) -> int:
    """Units with which a network has as nearly so many parameters as whole units allow."""

    def count(units: int) -> int:
        with torch.device("meta"):
            return sum(value.numel() for value in Reader(memory, num_inputs, units, 3, 10).parameters())

    over = bisect_left(range(1, MOST_UNITS), num_parameters, key=count) + 1
    return min(max(over - 1, 1), over, key=lambda units: abs(count(units) - num_parameters))


def _beyond(observed: np.ndarray, kept: np.ndarray, future: np.ndarray, world: World) -> tuple[np.ndarray, np.ndarray]:
    """Displacements a period [network, track, time, 3], and places ahead beyond the last of them, balls falling too.

    A walker's are in the heading of its prefix. Shape of the places: [network, track, 3].
    """
    moved = np.diff(observed, axis=2) / np.diff(kept)[:, None]
    ahead = future - observed[:, :, -1]
    if not world.throws:
        along = observed[:, :, -1, :2] - observed[:, :, 0, :2]
        cosine, sine = (along / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-6)).transpose(2, 0, 1)
        turn = np.stack([np.stack([cosine, sine], -1), np.stack([-sine, cosine], -1)], -2)
        moved[..., :2] = np.einsum("ntij,ntkj->ntki", turn, moved[..., :2])
        ahead[..., :2] = np.einsum("ntij,ntj->nti", turn, ahead[..., :2])
    fall = np.array([0.0, 0.0, -0.5 * GRAVITY if world.throws else 0.0]) * (world.ahead * world.period_s) ** 2
    return moved, ahead - moved[:, :, -1] * world.ahead - fall


@cache
def _sizes(name: str, seed: int) -> tuple[float, float]:
    """Root mean square of displacements a period, and of what is to be said; of whole prefixes of training."""
    observed, future, _ = _tracks(name, "train", seed)
    moved, answers = _beyond(observed[None], np.arange(observed.shape[1]), future[None], WORLDS[name])
    return float(np.sqrt(np.square(moved).mean())), float(np.sqrt(np.square(answers).mean()))


@cache
def _tracks(name: str, part: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observed prefixes [track, time, 3], true places ahead [track, 3] and spins, about 1 in size [track, 3]."""
    world = WORLDS[name]
    num = world.num if part == "train" else world.num // 4
    random = np.random.Generator(np.random.Philox(key=[seed_of(part, seed), 2**32]))
    if world.throws:
        drawn = draw(world.throws, num, seed_of(part, seed), 0)
        counts = np.append(np.arange(world.prefix), world.prefix - 1 + world.ahead)
        true = drawn.throws.follow(world.period_s * counts, max_events=0, positions_only=True).states
        spin = drawn.throws.states[:, 6:9]
        spin = spin / np.sqrt(np.square(spin).mean())
    else:
        true, spin = _walks(world, num, seed_of(part, seed)), np.zeros((num, 3))
    noise = world.noise_m * random.standard_normal((num, world.prefix, 3))
    if not world.throws:
        noise[..., 2] = 0.0
    return true[:, :-1] + noise, true[:, -1], spin


def _walks(world: World, num: int, seed: int) -> np.ndarray:
    """Pieces of simulated walkers' ways: a prefix at even times, and the place ahead. Shape: [track, time, 3]."""
    length, pieces = world.prefix + world.ahead, []
    tracks = simulate_crowd("all", max(num // 20, 10), seed, record_s=world.period_s).tracks
    for track in tracks.each():
        for start in range(0, len(track.position) - length + 1, 6):
            pieces.append(track.position[start : start + length])
    if len(pieces) < num:
        raise InputError("tracks", f"{num} pieces of walks", f"{len(pieces)}")
    chosen = np.random.Generator(np.random.Philox(key=[seed, 1])).permutation(len(pieces))[:num]
    walks = np.array([pieces[index] for index in chosen])[:, [*range(world.prefix), -1]]
    return np.concatenate([walks, np.zeros((*walks.shape[:2], 1))], axis=-1)


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
