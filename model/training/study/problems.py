"""Problems of the study: batches of the simulator's symbols, the loss of an answer, and whether it is right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pathcast.simulator.reber import ReberStrings, embedded_reber
from pathcast.simulator.symbols import NOTHING, NUM_DISTRACTORS, Symbols, adding, copy, recall, temporal_order

CLOSE = 0.04
"""Error under which a sum is right (Hochreiter and Schmidhuber 1997, experiment 4)."""
NUM_STRINGS = 256
"""Strings that a network is trained on, and that it is tried on (the same, experiment 1)."""
PARTS = {"train": 0, "validation": 1, "test": 2}


@dataclass(frozen=True, eq=False)
class Batch:
    """Sequences of several networks side by side, time first."""

    inputs: Tensor
    """Shape: [time, network, track, input]."""
    answers: Tensor
    """Shape: [time, network, track], from the first answer on; `NOTHING` where none is asked for."""
    possible: Tensor | None = None
    """Which symbols are right, where several are. Shape: [time, network, track, symbol]."""
    unit: float = 1.0
    """Metres that an answer of 1 stands for, where answers are places."""

    @property
    def first(self) -> int:
        """The first step that is answered."""
        return len(self.inputs) - len(self.answers)


@runtime_checkable
class Problem(Protocol):
    """What networks are trained on."""

    @property
    def num_inputs(self) -> int:
        """Inputs per step."""

    @property
    def num_answers(self) -> int:
        """Numbers of an answer."""

    @property
    def longest(self) -> int:
        """Steps from what must be remembered to the answer."""

    def batch(self, part: str, seed: int, number: int, networks: int, tracks: int) -> Batch:
        """A batch of that number, other sequences for each network."""

    def loss(self, answers: Tensor, batch: Batch) -> Tensor:
        """Of each network."""

    def right(self, answers: Tensor, batch: Batch) -> Tensor:
        """Share of each network's sequences that were answered rightly throughout; of tracks, the mean error (m)."""


@dataclass(frozen=True)
class SymbolProblem:
    """Recall, copy and temporal order, answered by a softmax."""

    name: str
    lag: int

    @property
    def num_inputs(self) -> int:
        return {"recall": NUM_DISTRACTORS + 3, "copy": 6, "order": NUM_DISTRACTORS + 7}[self.name]

    @property
    def num_answers(self) -> int:
        return self.num_inputs

    @property
    def longest(self) -> int:
        return self.lag + (3 if self.name == "copy" else 1) if self.name != "order" else 2 * self.lag

    def batch(self, part: str, seed: int, number: int, networks: int, tracks: int) -> Batch:
        make = {"recall": recall, "copy": copy, "order": temporal_order}[self.name]
        made = make(self.lag, seed_of(part, seed), number * networks * tracks, networks * tracks)
        return _symbol_batch(made, networks)

    def loss(self, answers: Tensor, batch: Batch) -> Tensor:
        return _cross_entropy(answers, batch)

    def right(self, answers: Tensor, batch: Batch) -> Tensor:
        is_right = (answers.argmax(-1) == batch.answers) | (batch.answers == NOTHING)
        return is_right.all(0).float().mean(-1)


@dataclass(frozen=True)
class AddingProblem:
    """The mean of two marked numbers, answered by one number."""

    lag: int
    num_inputs: int = 2
    num_answers: int = 1

    @property
    def longest(self) -> int:
        return self.lag

    def batch(self, part: str, seed: int, number: int, networks: int, tracks: int) -> Batch:
        made = adding(self.lag, seed_of(part, seed), number * networks * tracks, networks * tracks)
        inputs = torch.from_numpy(made.inputs.astype(np.float32)).view(networks, tracks, self.lag, 2)
        answers = torch.from_numpy(made.answers.astype(np.float32)).view(1, networks, tracks)
        return Batch(inputs.permute(2, 0, 1, 3).contiguous(), answers)

    def loss(self, answers: Tensor, batch: Batch) -> Tensor:
        return ((answers[..., 0] - batch.answers) ** 2).mean((0, 2))

    def right(self, answers: Tensor, batch: Batch) -> Tensor:
        return ((answers[..., 0] - batch.answers).abs() < CLOSE).all(0).float().mean(-1)


@dataclass(frozen=True)
class ReberProblem:
    """The next letter of embedded Reber strings, of a fixed set for each network; right where the likeliest letters are
    those that may be next, at every step of the string (as the 1997 paper counts).

    Validation is on all strings of training and test, by which the paper ends its trials.
    """

    num_inputs: int = 7
    num_answers: int = 7
    longest: int = 12

    def batch(self, part: str, seed: int, number: int, networks: int, tracks: int) -> Batch:
        chosen = np.random.Generator(np.random.Philox(key=[seed, number])).integers(0, NUM_STRINGS, (networks, tracks))
        if part != "train":
            chosen = np.tile(np.arange(NUM_STRINGS), (networks, 1))
        if part == "validation":
            chosen = np.concatenate([chosen, networks * NUM_STRINGS + chosen], axis=1)
        strings = _strings(part, seed, networks)
        rows = (np.arange(networks)[:, None] * NUM_STRINGS + chosen).ravel()
        longest = int((strings.answers[rows] != NOTHING).sum(1).max())
        taken = Symbols(strings.names, strings.inputs[rows, :longest], strings.answers[rows, :longest])
        plain = _symbol_batch(taken, networks)
        possible = torch.from_numpy(strings.possible[rows, :longest]).view(networks, -1, longest, len(strings.names))
        return Batch(plain.inputs, plain.answers, possible.permute(2, 0, 1, 3))

    def loss(self, answers: Tensor, batch: Batch) -> Tensor:
        return _cross_entropy(answers, batch)

    def right(self, answers: Tensor, batch: Batch) -> Tensor:
        assert batch.possible is not None
        lowest = answers.masked_fill(~batch.possible, torch.inf).amin(-1)
        highest = answers.masked_fill(batch.possible, -torch.inf).amax(-1)
        return ((lowest > highest) | (batch.answers == NOTHING)).all(0).float().mean(-1)


def problem_named(name: str, lag: int) -> Problem:
    """The problem of that name, of a lag where it has one."""
    if name == "reber":
        return ReberProblem()
    return AddingProblem(lag) if name == "adding" else SymbolProblem(name, lag)


@cache
def _strings(part: str, seed: int, networks: int) -> ReberStrings:
    """Those of each network in turn; for validation those of training, then those of test."""
    if part != "validation":
        return embedded_reber(seed_of(part, seed), 0, networks * NUM_STRINGS)
    seen, unseen = _strings("train", seed, networks), _strings("test", seed, networks)
    longest = max(seen.inputs.shape[1], unseen.inputs.shape[1])

    def joined(one: np.ndarray, other: np.ndarray, filler: int | bool) -> np.ndarray:
        rest = [(0, 0)] * (one.ndim - 2)
        pads = [[(0, 0), (0, longest - each.shape[1]), *rest] for each in (one, other)]
        return np.concatenate(
            [np.pad(each, pad, constant_values=filler) for each, pad in zip((one, other), pads, strict=True)]
        )

    return ReberStrings(
        seen.names,
        joined(seen.inputs, unseen.inputs, 0),
        joined(seen.answers, unseen.answers, NOTHING),
        joined(seen.possible, unseen.possible, False),
    )


def seed_of(part: str, seed: int) -> int:
    """Training, validation and test never share a sequence's draws."""
    return 3 * seed + PARTS[part]


def _symbol_batch(made: Symbols, networks: int) -> Batch:
    first = int(np.flatnonzero((made.answers != NOTHING).any(0))[0])
    inputs = functional.one_hot(torch.from_numpy(made.inputs.T.copy()), len(made.names)).float()
    answers = torch.from_numpy(made.answers.T[first:].copy())
    return Batch(inputs.view(len(inputs), networks, -1, inputs.shape[2]), answers.view(len(answers), networks, -1))


def _cross_entropy(answers: Tensor, batch: Batch) -> Tensor:
    """Mean over the steps that are asked for, of each network."""
    networks = answers.shape[1]
    each = functional.cross_entropy(
        answers.flatten(0, 2), batch.answers.flatten(), ignore_index=NOTHING, reduction="none"
    )
    is_asked = (batch.answers != NOTHING).float()
    return each.view(-1, networks, answers.shape[2]).sum((0, 2)) / is_asked.sum((0, 2))
