"""Displacement: distances between forecast and true paths, metres."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float

from pathcast.model.forecast import Forecast

MISS_RADIUS = 2.0
"""Metres: farther than this at the end of the horizon is a miss (Argoverse, Chang et al. 2019)."""


def ade(
    path: Float[np.ndarray, "track time axis"], truth: Float[np.ndarray, "track time axis"]
) -> Float[np.ndarray, " track"]:
    """Average displacement error: the mean over the steps of the distance to the truth, metres."""
    return mean_over_steps(_distances(path[:, None], truth)[:, 0])


def fde(
    path: Float[np.ndarray, "track time axis"], truth: Float[np.ndarray, "track time axis"]
) -> Float[np.ndarray, " track"]:
    """Final displacement error: the distance to the truth at the last step, metres."""
    return _distances(path[:, None, -1:], truth[:, -1:])[:, 0, 0]


def best_of(
    paths: Float[np.ndarray, "track mode time axis"],
    truth: Float[np.ndarray, "track time axis"],
    chosen_by: Literal["each", "ade", "fde"] = "each",
) -> tuple[Float[np.ndarray, " track"], Float[np.ndarray, " track"]]:
    """minADE_K and minFDE_K: the errors of the best of K paths, metres.

    Args:
        paths: All K are looked at, whatever their probabilities.
        truth: What happened.
        chosen_by: "each" minimises the two errors separately, as nearly all published tables do (Gupta et al. 2018);
            "ade" and "fde" give both errors of the one path that is best by that error.

    Returns:
        (minADE_K, minFDE_K).
    """
    distances = _distances(paths, truth)
    num_tracks, num_modes, num_steps = distances.shape
    average = mean_over_steps(distances.reshape(-1, num_steps)).reshape(num_tracks, num_modes)
    final = distances[:, :, -1]
    if chosen_by == "each":
        return average.min(axis=1), final.min(axis=1)
    best = (average if chosen_by == "ade" else final).argmin(axis=1)[:, None]
    return np.take_along_axis(average, best, 1)[:, 0], np.take_along_axis(final, best, 1)[:, 0]


def miss_rate(
    paths: Float[np.ndarray, "track mode time axis"],
    truth: Float[np.ndarray, "track time axis"],
    radius: float = MISS_RADIUS,
) -> Float[np.ndarray, " track"]:
    """1 where none of the paths ends within `radius` metres of the truth, else 0."""
    final = _distances(paths[:, :, -1:], truth[:, -1:])[:, :, 0].min(axis=1)
    return np.where(np.isnan(final), np.nan, (final > radius).astype(np.float64))


def mean_path(forecast: Forecast) -> Float[np.ndarray, "track time axis"]:
    """The mean of the whole mixture at each step: the point forecast of least squared error."""
    return np.asarray(
        np.einsum("nk,nkta->nta", forecast.probabilities.astype(np.float64), forecast.means.astype(np.float64))
    )


def point_path(forecast: Forecast) -> Float[np.ndarray, "track time axis"]:
    """The one path that the engine gives as its best, or where it gives none the mean path."""
    return mean_path(forecast) if forecast.point is None else forecast.point.astype(np.float64)


def most_likely_path(forecast: Forecast) -> Float[np.ndarray, "track time axis"]:
    """The mean path of the most probable mode."""
    best = forecast.probabilities.argmax(axis=1)
    return np.asarray(forecast.means[np.arange(forecast.num_tracks), best], np.float64)


def mean_over_steps(values: Float[np.ndarray, "track time"]) -> Float[np.ndarray, " track"]:
    """The mean over the steps that are not NaN; NaN where all are."""
    seen = ~np.isnan(values)
    count = seen.sum(axis=1)
    total = np.where(seen, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _distances(
    paths: Float[np.ndarray, "track mode time axis"], truth: Float[np.ndarray, "track time axis"]
) -> Float[np.ndarray, "track mode time"]:
    """Metres between each path and the truth at each step."""
    return np.asarray(np.linalg.norm(paths.astype(np.float64) - truth[:, None].astype(np.float64), axis=-1))
