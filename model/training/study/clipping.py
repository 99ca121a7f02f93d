"""A task on which gradients explode, trained with and without bounds on them.

A plain recurrent network whose recurrent weights begin `GAIN` times as large as those that keep a signal's size, on the
adding problem, by plain gradient descent. A run has diverged when its loss is not finite, or at the end is more than
`DIVERGED` times that of always saying the mean.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch

from pathcast.model.training.study.problems import AddingProblem
from pathcast.model.training.study.reader import Reader
from pathcast.model.training.study.several import Fitting, Several, fit

GAIN: Final = 1.5
LAG: Final = 50
NUM_UNITS: Final = 32
LEARNING_RATE: Final = 0.1
DIVERGED: Final = 10.0
SAYING_THE_MEAN: Final = 1 / 24
"""Loss of saying 1/2: the variance of the mean of two uniform numbers."""
WAYS: Final[dict[str, tuple[float, float]]] = {"none": (0.0, 0.0), "norm": (1.0, 0.0), "value": (0.0, 0.1)}
"""Greatest norm and greatest size of a component; 0: any."""


@torch.no_grad()
def widen(reader: Reader) -> None:
    """Draws the recurrent weights anew: normal, their spectral radius about `GAIN`."""
    weight = dict(reader.named_parameters())["memory.cells.weight_hh_l0"]
    weight.normal_(0.0, GAIN * len(weight) ** -0.5)


def try_clipping(way: str, num_seeds: int, steps: int, seed: int) -> dict[str, Any]:
    """Loss curves of runs with that bound on their gradients, and which of them diverged."""
    problem = AddingProblem(LAG)
    networks = Several.build("rnn", problem, NUM_UNITS, range(seed, seed + num_seeds), widen)
    how = Fitting(
        steps=steps,
        batch=32,
        learning_rate=LEARNING_RATE,
        clip_norm=WAYS[way][0],
        clip_value=WAYS[way][1],
        is_plain=True,
        check_every=5,
        stop_at=2.0,
    )
    losses = np.array([check["loss"] for check in fit(networks, problem, how, seed).checks])
    return {"step": list(range(5, steps + 1, 5)), "loss": bounded(losses).T.tolist(), "diverged": diverged(losses)}


def diverged(losses: np.ndarray) -> list[bool]:
    """Of each run, from its losses [check, run]; the last fifth of the checks is the end."""
    ending = losses[-max(len(losses) // 5, 1) :]
    is_lost = ~np.isfinite(losses).all(0) | (np.median(ending, axis=0) > DIVERGED * SAYING_THE_MEAN)
    return [bool(each) for each in is_lost]


def bounded(losses: np.ndarray) -> np.ndarray:
    """Losses that JSON can hold."""
    return np.asarray(np.nan_to_num(losses, nan=1e30, posinf=1e30).clip(max=1e30))
