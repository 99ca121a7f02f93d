"""One to many: a whole flight from its launch state.

The memory sees position, velocity and spin at its first step and nothing after; at every step it says where the ball
is, beyond where it would be in a vacuum. What it holds is all that it has to go by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pathcast.errors import InputError
from pathcast.model.training.ball_throws import draw
from pathcast.model.training.study.problems import Batch, seed_of
from pathcast.simulator.ball.scenarios import SCENARIOS

GRAVITY: Final = 9.81
NUM_STEPS: Final = 24
NUM_THROWS: Final = {"train": 4096, "validation": 512, "test": 1024}


@dataclass(frozen=True)
class FlightProblem:
    """Flights of a scenario's throws over some seconds, watched at even times."""

    scenario: str
    seconds: float = 0.6
    num_inputs: int = 10
    num_answers: int = 3
    longest: int = NUM_STEPS

    def batch(self, part: str, seed: int, number: int, networks: int, tracks: int) -> Batch:
        starts, beyond = _flights(self.scenario, self.seconds, part, seed)
        random = np.random.Generator(np.random.Philox(key=[seed_of(part, seed), number]))
        rows = torch.from_numpy(random.integers(0, len(starts), (networks, tracks)))
        inputs = torch.zeros(NUM_STEPS, networks, tracks, self.num_inputs)
        inputs[0, ..., :9], inputs[0, ..., 9] = starts[rows], 1.0
        return Batch(inputs, beyond[rows].permute(2, 0, 1, 3))

    def loss(self, answers: Tensor, batch: Batch) -> Tensor:
        return (answers - batch.answers).abs().mean((0, 2, 3))

    def right(self, answers: Tensor, batch: Batch) -> Tensor:
        """Mean distance from the true flight, metres."""
        distance: Tensor = torch.linalg.vector_norm(answers - batch.answers, dim=-1)
        return distance.mean((0, 2))


def vacuum_error(problem: FlightProblem, seed: int) -> float:
    """Mean distance of the flights in a vacuum from the true ones of the test, metres."""
    return float(_flights(problem.scenario, problem.seconds, "test", seed)[1].norm(dim=-1).mean())


@cache
def _flights(scenario: str, seconds: float, part: str, seed: int) -> tuple[Tensor, Tensor]:
    """Launch states, about 1 in size, and places beyond those in a vacuum. Shapes: [throw, 9], [throw, time, 3]."""
    if scenario not in SCENARIOS:
        raise InputError("scenario", f"one of {', '.join(SCENARIOS)}", repr(scenario))
    drawn = draw(scenario, NUM_THROWS[part], seed_of(part, seed), 0)
    times = np.arange(1, NUM_STEPS + 1) * (seconds / NUM_STEPS)
    true = drawn.throws.follow(times, max_events=0, positions_only=True).states
    states = drawn.throws.states
    scale = np.maximum(np.abs(_flight_scale(scenario)), 1e-3)
    return _tensor(states / scale), _tensor(true - in_vacuum(states, times))


@cache
def _flight_scale(scenario: str) -> np.ndarray:
    """Root mean square of each number of a launch state."""
    return np.asarray(np.sqrt(np.square(draw(scenario, 256, 0, 0).throws.states).mean(0)))


def in_vacuum(
    states: Float[np.ndarray, "throw 9"], times: Float[np.ndarray, " time"]
) -> Float[np.ndarray, "throw time 3"]:
    """Where balls would be without air or anything solid, metres."""
    fall = np.array([0.0, 0.0, -0.5 * GRAVITY])
    path: np.ndarray = states[:, None, :3] + states[:, None, 3:6] * times[:, None] + fall * times[:, None] ** 2
    return path


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
