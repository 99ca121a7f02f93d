"""Forecasts of flights whose ways part: sample flights' ways as modes, and what the network says as one more.

The network's modes are residuals on a single flight, and cannot follow both ways past a rim; its mixture, with the
same mean and covariance, is one normal mode beside the ways.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from pathcast.model.forecast import Forecast, merge_modes
from pathcast.model.frontends import Branches

ROUND = 1e-6
"""Of the axes' variances together, added to each: modes far apart on a line leave less across it than single precision
can tell from nothing."""
DIAGONAL = [0, 3, 5]
"""Of a packed covariance of three axes."""


def follow_branches(
    forecast: Forecast, branches: Branches, rows: Int[np.ndarray, " branched"], share: float
) -> Forecast:
    """The forecast with other modes in the rows whose ways part.

    Args:
        forecast: In space; changed in place.
        branches: One way fewer than the forecast has modes, of the tracks in `rows`.
        rows: Of the forecast.
        share: Probability of all ways together.
    """
    parted = np.flatnonzero(branches.is_parted)
    if not len(parted):
        return forecast
    rows = rows[parted]
    said = merge_modes(forecast.take(rows), 1)
    variances = said.covariances[..., DIAGONAL]
    said.covariances[..., DIAGONAL] = variances + np.float32(ROUND) * variances.sum(axis=-1, keepdims=True)
    weights = np.concatenate([share * branches.probabilities[parted], np.full((len(rows), 1), 1.0 - share)], axis=1)
    order = np.argsort(-weights, axis=1, kind="stable")
    modes = np.arange(len(rows))[:, None], order
    forecast.probabilities[rows] = weights[modes]
    forecast.means[rows] = np.concatenate([branches.means[parted], said.means], axis=1)[modes]
    forecast.covariances[rows] = np.concatenate([branches.covariances[parted], said.covariances], axis=1)[modes]
    return forecast
