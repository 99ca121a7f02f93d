"""What a memory costs: processor time of a step, forward and back, and what of that falls on each parameter."""

from __future__ import annotations

import time
from typing import Final

import torch

from pathcast.model.training.study.reader import Reader

NUM_UNITS: Final = 64
NUM_INPUTS: Final = 64
NUM_TRACKS: Final = 64
NUM_STEPS: Final = 50


def measure_cost(names: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Each memory's parameters and time at the sizes of a forecaster's encoder, by its fused network where it has one.

    `step_us` is the least of all rounds, microseconds a step of one batch; rounds go through all memories in turn.
    """
    readers = {name: Reader(name, NUM_INPUTS, NUM_UNITS, 1, NUM_STEPS) for name in names}
    inputs = torch.randn(NUM_TRACKS, NUM_STEPS, NUM_INPUTS, generator=torch.Generator().manual_seed(1))
    least = dict.fromkeys(names, float("inf"))
    for _ in range(rounds):
        for name, reader in readers.items():
            begun = time.process_time()
            reader.memory(inputs)[0][:, -1].sum().backward()
            least[name] = min(least[name], time.process_time() - begun)
    costs = {}
    for name, reader in readers.items():
        num_parameters = sum(value.numel() for value in reader.memory.parameters())
        seconds = least[name] / NUM_STEPS
        costs[name] = {
            "parameters": num_parameters,
            "step_us": 1e6 * seconds,
            "step_track_parameter_ns": 1e9 * seconds / NUM_TRACKS / num_parameters,
        }
    return costs
