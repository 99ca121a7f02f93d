"""Energy score: distance between a forecast distribution and what happened, metres."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pathcast.model.forecast import Forecast
from pathcast.model.metrics import kernels
from pathcast.model.metrics.displacement import mean_over_steps
from pathcast.model.metrics.mixture import pieces

NUM_SAMPLES = 100


def energy_score(
    forecast: Forecast,
    truth: Float[np.ndarray, "track time axis"],
    random: np.random.Generator,
    num_samples: int = NUM_SAMPLES,
) -> Float[np.ndarray, " track"]:
    """`energy_by_step`, mean over the steps; metres, lower is better."""
    return mean_over_steps(energy_by_step(forecast, truth, random, num_samples))


def energy_by_step(
    forecast: Forecast,
    truth: Float[np.ndarray, "track time axis"],
    random: np.random.Generator,
    num_samples: int = NUM_SAMPLES,
) -> Float[np.ndarray, "track time"]:
    """E|X - y| - E|X - X'| / 2 at each step; metres, lower is better.

    Strictly proper for distributions of finite mean, and the absolute error for a point forecast (Gneiting and Raftery
    2007, "Strictly proper scoring rules, prediction, and estimation", JASA 102(477), equation 22 with beta = 1 and the
    sign turned). Both expectations are means over samples of the step's mixture, the second over all pairs of different
    ones, so the estimate is unbiased.
    """
    result = np.empty(truth.shape[:2])
    for rows, mixture, true in pieces(forecast, truth):
        samples = mixture.sample(num_samples, random)
        to_truth, between = np.empty(len(true)), np.empty(len(true))
        kernels.mean_distances(samples, true, to_truth, between)
        result[rows] = (to_truth - between / 2).reshape(-1, truth.shape[1])
    return result
