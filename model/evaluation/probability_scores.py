"""Scores of told probabilities: whether they rank, and whether they mean what they say."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata

from pathcast.errors import InputError
from pathcast.simulator.draws import uniforms

LEAST_PROBABILITY = 1e-6
"""Of what came about, in a log loss: draws of an oracle can miss what happens seldom."""


def area_under_curve(told: Float[np.ndarray, " case"], came: Bool[np.ndarray, " case"]) -> float:
    """How likely a case that came about was given the higher probability than one that did not; ties count half.

    Mann and Whitney's statistic, which is the area under the ROC curve (Hanley and McNeil 1982, Radiology 143:29).

    Raises:
        InputError: All came about, or none.
    """
    num = int(came.sum())
    if not 0 < num < len(came):
        raise InputError("came", "cases that came about and cases that did not", f"{num} of {len(came)}")
    ranks = rankdata(told)
    return float((ranks[came].sum() - num * (num + 1) / 2) / (num * (len(came) - num)))


def brier_score(told: Float[np.ndarray, " case"], came: Bool[np.ndarray, " case"]) -> float:
    """Mean squared distance of probability and what came about (Brier 1950, Monthly Weather Review 78:1)."""
    return float(((told - came) ** 2).mean())


def calibration_error(told: Float[np.ndarray, " case"], came: Bool[np.ndarray, " case"], bins: int = 10) -> float:
    """Mean distance of told probability and share that came about, over bins of equal numbers."""
    parts = np.array_split(np.argsort(told, kind="stable"), bins)
    return float(sum(abs(told[part].mean() - came[part].mean()) * len(part) for part in parts if len(part)) / len(told))


def error_by_chance(told: Float[np.ndarray, " case"], seed: int, rounds: int = 200) -> float:
    """The calibration error to expect of probabilities that are exactly right, from as many cases."""
    chance = uniforms(seed, "outcome.chance", 0, len(told), rounds)
    return float(np.mean([calibration_error(told, chance[:, column] < told) for column in range(rounds)]))


def log_loss(told: Float[np.ndarray, "case outcome"], came: Int[np.ndarray, " case"]) -> float:
    """Mean of minus the natural log of the probability told of the outcome that came about.

    Args:
        told: Probabilities; rows need not sum to 1.
        came: Column of what came about.
    """
    share = told / np.maximum(told.sum(axis=1, keepdims=True), LEAST_PROBABILITY)
    return float(-np.log(np.maximum(share[np.arange(len(came)), came], LEAST_PROBABILITY)).mean())
