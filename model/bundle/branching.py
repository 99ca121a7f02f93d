"""Forecasts of flights whose ways part: sample flights' ways as modes, and what the network says as one more.

The network's modes are residuals on a single flight, and cannot follow both ways past a rim; its mixture, with the
same mean and covariance, is one normal mode beside the ways.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int

from pathcast.compiled import njit
from pathcast.model.forecast import Forecast
from pathcast.model.frontends import Branches

ROUND = 1e-6
"""Of the axes' variances together, added to each."""


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
    _merge(
        np.ascontiguousarray(rows),
        branches.is_parted,
        branches.probabilities,
        branches.means,
        branches.covariances,
        share,
        forecast.probabilities,
        forecast.means,
        forecast.covariances,
    )
    return forecast


@njit
def _merge(
    rows: Any,
    is_parted: Any,
    shares: Any,
    paths: Any,
    spreads: Any,
    share: float,
    probabilities: Any,
    means: Any,
    covariances: Any,
) -> None:
    num_modes, num_times = probabilities.shape[1], means.shape[2]
    mean, spread = np.empty((num_times, 3)), np.empty((num_times, 6))
    weights = np.empty(num_modes)
    for index in range(len(rows)):
        if not is_parted[index]:
            continue
        track = rows[index]
        _sum_up(probabilities[track], means[track], covariances[track], mean, spread)
        weights[: num_modes - 1] = share * shares[index]
        weights[num_modes - 1] = 1.0 - share
        order = np.argsort(-weights)
        for place in range(num_modes):
            way = order[place]
            probabilities[track, place] = weights[way]
            if way == num_modes - 1:
                means[track, place], covariances[track, place] = mean, spread
            else:
                means[track, place], covariances[track, place] = paths[index, way], spreads[index, way]


@njit
def _sum_up(probabilities: Any, means: Any, covariances: Any, mean: Any, spread: Any) -> None:
    """Writes a mixture's mean and covariance at each time."""
    mean[:] = 0.0
    spread[:] = 0.0
    for mode in range(len(probabilities)):
        mean += probabilities[mode] * means[mode]
    for mode in range(len(probabilities)):
        for index in range(len(mean)):
            entry = 0
            for i in range(3):
                for j in range(i, 3):
                    apart = (means[mode, index, i] - mean[index, i]) * (means[mode, index, j] - mean[index, j])
                    spread[index, entry] += probabilities[mode] * (covariances[mode, index, entry] + apart)
                    entry += 1
    for index in range(len(mean)):
        # Modes far apart on a line leave less across it than single precision can tell from nothing.
        more = ROUND * (spread[index, 0] + spread[index, 3] + spread[index, 5])
        spread[index, 0] += more
        spread[index, 3] += more
        spread[index, 5] += more
