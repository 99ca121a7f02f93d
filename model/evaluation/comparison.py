"""Comparison: intervals of means over dependent cases, and whether one forecaster is really better than another.

Cases that share a track or a scene are not independent, so whole clusters are drawn again (Efron and Tibshirani 1993,
"An Introduction to the Bootstrap", chapter 8), and of two forecasters the scores of the same cases together. Intervals
are bias-corrected and accelerated (chapter 14), by `scipy.stats.bootstrap`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.stats import bootstrap

from pathcast.simulator.draws import generator

NUM_RESAMPLES: Final = 4999
LEVEL: Final = 0.95
LEAST_CLUSTERS: Final = 8
"""With fewer no interval means anything."""
CELLS_AT_ONCE: Final = 4_000_000
NEGLIGIBLE: Final = 1e-12


@dataclass(frozen=True)
class Interval:
    """A number, and where it would lie for other cases of the same kind."""

    value: float
    low: float
    high: float
    """NaN where there are too few clusters."""
    num_clusters: int

    @property
    def is_known(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    def to_json(self) -> dict[str, Any]:
        """As a dictionary; None stands for NaN."""
        numbers = {name: getattr(self, name) for name in ("value", "low", "high")}
        return {name: value if math.isfinite(value) else None for name, value in numbers.items()} | {
            "clusters": self.num_clusters
        }


def mean_interval(
    values: Float[np.ndarray, " case"], cluster: Int[np.ndarray, " case"], seed: int = 1, level: float = LEVEL
) -> Interval:
    """The mean over cases, and its interval over clusters drawn again.

    Args:
        values: NaN is left out.
        cluster: Of each case.
        seed: Of the resamples.
        level: Of the interval.
    """
    is_known = np.isfinite(values)
    sums, counts = _totals(values[is_known], cluster[is_known])
    return _interval(sums, counts, seed, level)


@dataclass(frozen=True)
class Difference:
    """One forecaster's mean score less another's, on the same cases."""

    better: str
    """The one whose score is lower, if the difference is real; else empty."""
    interval: Interval
    level: float
    verdict: str
    """In words."""

    def to_json(self) -> dict[str, Any]:
        """As a dictionary."""
        return self.interval.to_json() | {"level": self.level, "better": self.better, "verdict": self.verdict}


def compare(
    names: tuple[str, str],
    first: Float[np.ndarray, " case"],
    second: Float[np.ndarray, " case"],
    cluster: Int[np.ndarray, " case"],
    seed: int = 1,
    num_comparisons: int = 1,
) -> Difference:
    """Whether one of two forecasters has really the lower score.

    Args:
        names: Of the two.
        first: Scores of which lower ones are better; a case that either lacks is left out.
        second: Of the same cases.
        cluster: Of each case.
        seed: Of the resamples.
        num_comparisons: That are made side by side: the interval is that much surer (Bonferroni), so that of all
            verdicts together no more than one in twenty families holds a false one.
    """
    level = 1 - (1 - LEVEL) / num_comparisons
    is_known = np.isfinite(first) & np.isfinite(second)
    sums, counts = _totals((first - second)[is_known], cluster[is_known])
    interval = _interval(sums, counts, seed, level)
    better = ""
    if interval.is_known and (interval.high < -NEGLIGIBLE or interval.low > NEGLIGIBLE):
        better = names[0] if interval.value < 0 else names[1]
    if better:
        verdict = f"{better} is better"
    elif interval.is_known:
        verdict = "no real difference is shown"
    else:
        verdict = f"too few independent tracks to tell: {interval.num_clusters}, and {LEAST_CLUSTERS} are needed"
    return Difference(better, interval, level, verdict)


def _totals(
    values: NDArray[np.float64], cluster: NDArray[np.int64]
) -> tuple[Float[np.ndarray, " cluster"], Float[np.ndarray, " cluster"]]:
    """Sum and number of the values of each cluster."""
    _, of_case = np.unique(cluster, return_inverse=True)
    return np.bincount(of_case, values), np.bincount(of_case).astype(np.float64)


def _interval(sums: NDArray[np.float64], counts: NDArray[np.float64], seed: int, level: float) -> Interval:
    num = len(sums)
    value = float(sums.sum() / counts.sum()) if num else math.nan
    if num < LEAST_CLUSTERS:
        return Interval(value, math.nan, math.nan, num)
    if np.ptp(sums / counts) <= NEGLIGIBLE:
        return Interval(value, value, value, num)

    def ratio(total: NDArray[Any], count: NDArray[Any], axis: int = -1) -> NDArray[Any]:
        return np.asarray(total.sum(axis=axis) / count.sum(axis=axis))

    found = bootstrap(
        (sums, counts),
        ratio,
        paired=True,
        vectorized=True,
        n_resamples=NUM_RESAMPLES,
        batch=max(1, CELLS_AT_ONCE // num),
        confidence_level=level,
        method="BCa" if num <= 2000 else "percentile",  # whose jackknife takes memory with the square
        random_state=generator(seed, "evaluation.comparison", 0),
    ).confidence_interval
    return Interval(value, float(found.low), float(found.high), num)
