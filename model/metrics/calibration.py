"""Calibration: the factor on a forecast's spread that makes its regions hold what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.model.forecast import Forecast
from pathcast.model.metrics.coverage import highest_density_regions

SMALLEST, LARGEST = 0.05, 20.0
"""Scales that are looked at."""
PRECISION = 2e-3
"""Relative precision of the scale."""
NUM_SAMPLES = 99
"""Fewer than for a score: tracks are many, and a level in whole percents is met without bias."""


def fit_spread_scale(
    forecast: Forecast,
    truth: Float[np.ndarray, "track time axis"],
    random: np.random.Generator,
    level: float = 0.9,
    num_samples: int = NUM_SAMPLES,
) -> Float[np.ndarray, " time"]:
    """The factor by which standard deviations must be multiplied so that regions of this level hold that share.

    Found by bisection at each step by itself, on tracks that the model was not trained on, with the same random numbers
    at every trial. Split conformal prediction with the scale as its score: the share asked of n tracks is
    level (n + 1) / n, so that a further track is inside with probability `level` or more (Vovk, Gammerman and Shafer
    2005, "Algorithmic Learning in a Random World", section 4.2).

    Args:
        forecast: Of held-out tracks.
        truth: Metres.
        random: For the samples.
        level: Share of the mixture that a region holds.
        num_samples: Samples per mixture.

    Returns:
        Scales; the largest that is looked at where none is enough.

    Raises:
        InputError: No track, or a step at which no track has a true position.
    """
    count = np.isfinite(truth).all(axis=2).sum(axis=0)
    if not truth.size or not count.all():
        raise InputError("truth", "a true position at every step of some track", f"{count.tolist()} tracks by step")
    seed = int(random.integers(2**63))
    target = np.minimum(level * (count + 1) / count, 1.0)
    low = np.full(truth.shape[1], np.log(SMALLEST))
    high = np.full(truth.shape[1], np.log(LARGEST))
    while (high - low).max() > PRECISION:
        middle = (low + high) / 2
        region = highest_density_regions(
            scale_spread(forecast, np.exp(middle)), truth, np.random.default_rng(seed), level, num_samples
        )
        covered = (region.mass_above < level - 1e-12).sum(axis=0) / count
        is_enough = covered >= target
        high = np.where(is_enough, middle, high)
        low = np.where(is_enough, low, middle)
    return np.asarray(np.exp(high))


def scale_spread(forecast: Forecast, scale: Float[np.ndarray, " time"]) -> Forecast:
    """The forecast with its standard deviations multiplied, step by step."""
    factor = (scale**2)[None, None, :, None]
    return replace(forecast, covariances=(forecast.covariances * factor).astype(forecast.covariances.dtype))
