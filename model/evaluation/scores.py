"""Scores: a forecaster's numbers on tracks whose future is known, with baselines beside them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from pathcast.model import metrics
from pathcast.model.forecast import Forecast

LEVEL = 0.9
MOST_FOR_REGIONS = 2000
"""Tracks whose regions and energy are sampled; displacement uses all."""


def score_forecasts(
    forecast: Forecast,
    truth: Float[np.ndarray, "track time axis"],
    baselines: Mapping[str, Float[np.ndarray, "track time axis"]],
    random: np.random.Generator,
) -> dict[str, float]:
    """Mean scores over tracks.

    Args:
        forecast: Of the model.
        truth: Metres; NaN where unknown, and there nothing is scored.
        baselines: Paths of others, by name.
        random: For samples of the mixtures.

    Returns:
        `ade_m`, `fde_m` (mean path), `likely_ade_m`, `likely_fde_m` (most probable mode), `min_ade_m`, `min_fde_m`
        (best of all modes), `point_ade_m`, `point_fde_m` (the best path, where there is one), `nll` (nats per step),
        `energy_m`, `coverage90`, `region90` (m² or m³), and `NAME_ade_m`, `NAME_fde_m` of each baseline.
    """
    mean, likely = metrics.mean_path(forecast), metrics.most_likely_path(forecast)
    best_ade, best_fde = metrics.best_of(forecast.means, truth)
    scores = {
        "ade_m": metrics.ade(mean, truth),
        "fde_m": metrics.fde(mean, truth),
        "likely_ade_m": metrics.ade(likely, truth),
        "likely_fde_m": metrics.fde(likely, truth),
        "min_ade_m": best_ade,
        "min_fde_m": best_fde,
        "nll": metrics.negative_log_likelihood(forecast, truth),
    }
    rows = random.permutation(len(truth))[:MOST_FOR_REGIONS]
    some, some_truth = forecast.take(rows), truth[rows]
    regions = metrics.highest_density_regions(some, some_truth, random, LEVEL)
    scores["energy_m"] = metrics.energy_score(some, some_truth, random)
    scores["coverage90"] = regions.coverage
    scores["region90"] = regions.mean_size
    if forecast.point is not None:
        scores["point_ade_m"] = metrics.ade(forecast.point, truth)
        scores["point_fde_m"] = metrics.fde(forecast.point, truth)
    for name, path in baselines.items():
        scores[f"{name}_ade_m"] = metrics.ade(path, truth)
        scores[f"{name}_fde_m"] = metrics.fde(path, truth)
    return {name: float(np.nanmean(values)) for name, values in scores.items()}
