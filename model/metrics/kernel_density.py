"""Kernel density: the likelihood of what happened under samples alone, for tables without densities.

A forecaster that only draws samples is given a density at each step by Gaussian kernels around them, with Scott's
bandwidth (Scott 1992, "Multivariate Density Estimation"), and its log is cut off below (Ivanovic and Pavone 2019, "The
Trajectron", ICCV; TrajNet++). It blurs: a forecast's own density is `negative_log_likelihood`.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.model.forecast import Forecast, pack_covariances
from pathcast.model.metrics import kernels
from pathcast.model.metrics.displacement import mean_over_steps
from pathcast.model.metrics.mixture import CELLS_AT_ONCE, Mixture, pieces

NUM_SAMPLES = 100
"""As TrajNet++ asks for."""
LEAST_LOG_DENSITY = -20.0


def kernel_density_nll(
    samples: Float[np.ndarray, "track sample time axis"],
    truth: Float[np.ndarray, "track time axis"],
    least: float = LEAST_LOG_DENSITY,
) -> Float[np.ndarray, " track"]:
    """Minus the log of the density that kernels around samples have at the true position, mean over the steps.

    Args:
        samples: Metres; more of them than axes, and not all on one line.
        truth: Metres; NaN where unknown.
        least: Log densities below count as this.

    Raises:
        InputError: Samples without spread.
    """
    num_tracks, num_samples, num_steps, num_axes = samples.shape
    cells = np.ascontiguousarray(samples.transpose(0, 2, 1, 3), np.float64).reshape(-1, num_samples, num_axes)
    points = truth.reshape(-1, 1, num_axes).astype(np.float64)
    result = np.empty(len(cells))
    for start in range(0, len(cells), CELLS_AT_ONCE):
        rows = slice(start, start + CELLS_AT_ONCE)
        result[rows] = _around(cells[rows]).log_densities(points[rows])[:, 0]
    return -mean_over_steps(np.maximum(result, least).reshape(num_tracks, num_steps))


def forecast_kernel_density_nll(
    forecast: Forecast,
    truth: Float[np.ndarray, "track time axis"],
    random: np.random.Generator,
    num_samples: int = NUM_SAMPLES,
) -> Float[np.ndarray, " track"]:
    """The same of samples drawn from a forecast, at each step by itself."""
    result = np.empty(len(truth))
    for rows, mixture, true in pieces(forecast, truth):
        num_steps, num_axes = truth.shape[1:]
        samples = mixture.sample(num_samples, random).reshape(-1, num_steps, num_samples, num_axes)
        result[rows] = kernel_density_nll(samples.transpose(0, 2, 1, 3), true.reshape(-1, num_steps, num_axes))
    return result


def _around(samples: Float[np.ndarray, "cell sample axis"]) -> Mixture:
    """Equal Gaussians around a cell's samples, of the samples' own covariance times Scott's factor squared."""
    num_cells, num_samples, num_axes = samples.shape
    scott = num_samples ** (-1.0 / (num_axes + 4))
    off = samples - samples.mean(axis=1, keepdims=True)
    covariances = pack_covariances(np.einsum("csi,csj->cij", off, off) * scott**2 / (num_samples - 1))
    factors = np.empty((num_cells, 1, covariances.shape[1]))
    is_definite = np.empty(num_cells, np.bool_)
    kernels.factorise(np.ascontiguousarray(covariances[:, None]), factors, is_definite)
    if not is_definite.all():
        raise InputError("samples", "samples that spread along every axis", "some that do not")
    weights = np.full((num_cells, num_samples), 1.0 / num_samples)
    return Mixture(weights, samples, np.repeat(factors, num_samples, axis=1))
