"""How much of the study is done: quick, or all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Sizes of the study; results of one are never taken for those of another."""

    memories: tuple[str, ...] = ("rnn", "trace", "gru", "lstm", "lstm-chrono")
    lags: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Of each problem."""
    num_seeds: int
    steps: int
    """Most of training."""
    reber_steps: int
    learning_rate: float = 1e-2
    num_units: int
    gradient_lag: int
    truncation_lag: int
    truncations: tuple[int, ...]
    """Steps through which the gradient goes back; 0: all."""
    clipping_steps: int
    clipping_seeds: int = 20
    cost_rounds: int


QUICK: Final = Scale(
    lags={"copy": (5, 20), "adding": (10, 30)},
    num_seeds=3,
    steps=400,
    reber_steps=500,
    num_units=16,
    gradient_lag=100,
    truncation_lag=20,
    truncations=(5, 20, 0),
    clipping_steps=100,
    cost_rounds=20,
)
FULL: Final = Scale(
    memories=("rnn", "trace", "trace-state", "trace-output", "gru", "lstm", "gru-chrono", "lstm-chrono"),
    lags={"copy": (10, 30, 100), "adding": (10, 30, 100), "recall": (10, 30, 100)},
    num_seeds=5,
    steps=2000,
    reber_steps=2000,
    learning_rate=5e-3,
    num_units=24,
    gradient_lag=100,
    truncation_lag=30,
    truncations=(5, 10, 20, 30, 0),
    clipping_steps=400,
    cost_rounds=100,
)
SCALES: Final = {"quick": QUICK, "full": FULL}
