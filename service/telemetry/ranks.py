"""Ranks: whether what happened lies inside the smallest areas that hold a share of a forecast's mixture.

The rank test of `pathcast.model.metrics.coverage`, small enough for a server: the density at the true position is
ranked among those at 19 samples of the mixture. If the forecast is right, all 20 ranks are equally probable, so that
levels in steps of 5 % are met without bias however few the samples are; a single answer is coarse, their mean is not.
It is numpy alone, because the server of a model without kernels shall not load a compiler.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.forecast import unpack_covariances

NUM_SAMPLES = 19


def count_denser(
    weights: Float[np.ndarray, "track mode"],
    means: Float[np.ndarray, "track mode axis"],
    covariances: Float[np.ndarray, "track mode triangle"],
    truth: Float[np.ndarray, "track axis"],
    random: np.random.Generator,
) -> Int[np.ndarray, " track"]:
    """How many of 19 samples lie where the mixture is denser than at the true position; uniform if it is right.

    Args:
        weights: Of sum 1.
        means: Metres.
        covariances: m², packed upper triangles.
        truth: Metres.
        random: For the samples.

    Raises:
        numpy.linalg.LinAlgError: A covariance is not positive definite.
    """
    num_tracks, num_modes, num_axes = means.shape
    factors = np.linalg.cholesky(unpack_covariances(covariances.astype(np.float64)))
    bounds = weights.astype(np.float64).cumsum(axis=1)
    uniforms = random.random((num_tracks, NUM_SAMPLES, 1)) * bounds[:, None, -1:]
    modes = np.minimum((uniforms >= bounds[:, None]).sum(axis=2), num_modes - 1)
    tracks = np.arange(num_tracks)[:, None]
    spread = np.einsum("nsij,nsj->nsi", factors[tracks, modes], random.standard_normal((*modes.shape, num_axes)))
    points = np.concatenate([means[tracks, modes] + spread, truth[:, None]], axis=1)

    squared = np.zeros((num_tracks, NUM_SAMPLES + 1, num_modes))
    scaled: list[Float[np.ndarray, "track point mode"]] = []
    for row in range(num_axes):  # forward substitution through all factors at once
        away = points[:, :, None, row] - means[:, None, :, row]
        for column, other in enumerate(scaled):
            away -= factors[:, None, :, row, column] * other
        away /= factors[:, None, :, row, row]
        squared += away**2
        scaled.append(away)
    with np.errstate(divide="ignore"):
        heights = np.log(weights) - np.log(np.diagonal(factors, axis1=2, axis2=3)).sum(axis=2)
    logs = heights[:, None] - squared / 2
    densities = np.exp(logs - logs.max(axis=(1, 2), keepdims=True)).sum(axis=2)
    result: Int[np.ndarray, " track"] = (densities[:, :-1] > densities[:, -1:]).sum(axis=1)
    return result
