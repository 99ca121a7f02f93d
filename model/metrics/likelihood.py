"""Likelihood: how probable a forecast held what happened to be."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pathcast.model.forecast import Forecast
from pathcast.model.metrics.displacement import mean_over_steps
from pathcast.model.metrics.mixture import pieces


def negative_log_likelihood(
    forecast: Forecast, truth: Float[np.ndarray, "track time axis"]
) -> Float[np.ndarray, " track"]:
    """Minus the natural log of the mixture's density at the true position, mean over the steps.

    The density is that of each step by itself (1/m² or 1/m³), so the score depends on the unit of length; lower is
    better, and it may be negative.
    """
    return -mean_over_steps(log_density(forecast, truth))


def log_density(forecast: Forecast, truth: Float[np.ndarray, "track time axis"]) -> Float[np.ndarray, "track time"]:
    """The log density at each true position; NaN where there is none."""
    result = np.empty(truth.shape[:2])
    for rows, mixture, true in pieces(forecast, truth):
        result[rows] = mixture.log_densities(true[:, None]).reshape(-1, truth.shape[1])
    return result
