"""Regret: by how much a forecaster's error exceeds the best achievable, on the same throws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.simulator.draws import generator

ALARM_BELOW: Final = 0.97
"""A forecaster so much better than the best achievable has seen what it should not, or the oracle is wrong."""
NUM_RESAMPLES: Final = 4000
LEVEL: Final = 0.95


@dataclass(frozen=True)
class Regret:
    """A ratio of mean errors, and the interval that resampled throws give it."""

    value: float
    low: float
    high: float

    @property
    def is_alarming(self) -> bool:
        """Whether it lies below `ALARM_BELOW` with its whole interval."""
        return self.high < ALARM_BELOW

    def to_json(self) -> dict[str, float | bool]:
        """As a dictionary."""
        return {"regret": self.value, "low": self.low, "high": self.high, "alarm": self.is_alarming}


def paired_regret(
    errors: Float[np.ndarray, " throw"], best: Float[np.ndarray, " best"], seed: int = 1, level: float = LEVEL
) -> Regret:
    """Mean error over mean best error, with a percentile bootstrap over throws, both of a throw drawn together.

    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3. Throws differ much more from each other
    than the two errors of one throw do, so drawing them together gives a far narrower interval.

    Args:
        errors: Of the forecaster, metres.
        best: Of the oracle on the same throws, metres.
        seed: Of the resamples.
        level: Share of resamples inside the interval.

    Raises:
        InputError: No throws, other numbers of them, or an error that is not finite.
    """
    if errors.shape != best.shape or errors.size == 0:
        raise InputError("errors", f"as many as the best ones, {best.size}, at least one", f"{errors.size}")
    if not (np.isfinite(errors).all() and np.isfinite(best).all() and best.mean() > 0.0):
        raise InputError("errors", "finite metres, best ones not all 0", "others")
    random = generator(seed, "evaluation.bootstrap", 0)
    num = len(errors)
    ratios = np.empty(NUM_RESAMPLES)
    for index in range(NUM_RESAMPLES):
        counts = np.bincount(random.integers(0, num, num), minlength=num)
        ratios[index] = (counts @ errors) / max(float(counts @ best), 1e-12)
    low, high = np.quantile(ratios, [0.5 - level / 2, 0.5 + level / 2])
    return Regret(float(errors.mean() / best.mean()), float(low), float(high))
