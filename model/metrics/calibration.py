"""Calibration: what must be done to forecasts so that their probabilities and regions hold what they promise.

Both are fitted on tracks that the model was not trained on: the temperature of the modes' probabilities by likelihood,
then the factor on spreads by split conformal prediction.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar

from pathcast.errors import InputError
from pathcast.model.forecast import Forecast
from pathcast.model.metrics.coverage import mass_above
from pathcast.model.metrics.likelihood import log_density
from pathcast.model.metrics.mixture import pieces

SMALLEST, LARGEST = 0.05, 20.0
"""Scales that are looked at."""
PRECISION = 2e-3
"""Relative precision of the scale."""
NUM_SAMPLES = 99
"""Fewer than for a score: tracks are many, and a level in whole percents is met without bias."""
COLDEST, HOTTEST = 0.2, 10.0
"""Temperatures that are looked at."""


def fit_spread_scale(
    forecast: Forecast,
    truth: Float[np.ndarray, "track time axis"],
    random: np.random.Generator,
    level: float = 0.9,
    num_samples: int = NUM_SAMPLES,
) -> Float[np.ndarray, " time"]:
    """The factor by which standard deviations must be multiplied so that regions of this level hold that share.

    Split conformal prediction at each step by itself: a track's score is the factor from which on its own region holds
    its true position (`needed_scale`), and the answer is the ceil(level (n + 1))-th smallest of the n scores. A further
    track like these then scores no more with probability `level` or up to 1 / (n + 1) above (Vovk, Gammerman and Shafer
    2005, "Algorithmic Learning in a Random World"; Lei et al. 2018, "Distribution-free predictive inference for
    regression", theorem 2.2). Fewer tracks than level / (1 - level) promise nothing: such a step has the factor of the
    nearest one that has enough, the earlier of two.

    Args:
        forecast: Of held-out tracks.
        truth: Metres; NaN where unknown.
        random: For the samples.
        level: Share of the mixture that a region holds.
        num_samples: Samples per mixture.

    Raises:
        InputError: No step at which enough tracks have a true position.
    """
    count = np.isfinite(truth).all(axis=2).sum(axis=0)
    rank = np.ceil(level * (count + 1) - 1e-9).astype(np.int64)
    enough = np.flatnonzero(rank <= count)
    if not len(enough):
        least = math.ceil(level / (1 - level) - 1e-9)
        raise InputError("truth", f"{least} true positions at some step", f"{count.max(initial=0)}")
    scores = np.sort(needed_scale(forecast, truth, random, level, num_samples), axis=0)
    nearest = enough[np.abs(np.arange(len(count))[:, None] - enough).argmin(axis=1)]
    return np.asarray(scores[rank[nearest] - 1, nearest])


def needed_scale(
    forecast: Forecast,
    truth: Float[np.ndarray, "track time axis"],
    random: np.random.Generator,
    level: float = 0.9,
    num_samples: int = NUM_SAMPLES,
) -> Float[np.ndarray, "track time"]:
    """The factor on standard deviations from which on each region of this level holds the true position.

    Found by bisection, with the same random numbers at every trial. With one mode the region grows with the factor;
    with several it may shift, and the factor is then one at which the position enters.

    Args:
        forecast: Any.
        truth: Metres.
        random: For the samples.
        level: Share of the mixture that a region holds.
        num_samples: Samples per mixture.

    Returns:
        Factors; the largest that is looked at where none is enough, NaN where the truth is unknown.
    """
    needed, own = np.empty(truth.shape[:2]), np.random.default_rng(int(random.integers(2**63)))
    for rows, mixture, true in pieces(forecast, truth):
        drawn = mixture.draw(num_samples, own)
        low, high = np.full(len(true), np.log(SMALLEST)), np.full(len(true), np.log(LARGEST))
        while (high - low).max(initial=0.0) > PRECISION:
            middle = (low + high) / 2
            trial = mixture.widened(np.exp(middle))
            samples = trial.place(drawn[0], drawn[1].copy())
            is_inside = mass_above(trial, true, trial.log_densities(samples)) < level - 1e-12
            high = np.where(is_inside, middle, high)
            low = np.where(is_inside, low, middle)
        needed[rows] = np.exp(high).reshape(-1, truth.shape[1])
    return np.where(np.isfinite(truth).all(axis=2), needed, np.nan)


def scale_spread(forecast: Forecast, scale: Float[np.ndarray, "*track time"]) -> Forecast:
    """The forecast with its standard deviations multiplied, step by step, for all tracks alike or each by itself."""
    factor = np.atleast_2d(scale**2)[:, None, :, None]
    return replace(forecast, covariances=(forecast.covariances * factor).astype(forecast.covariances.dtype))


def fit_temperature(forecast: Forecast, truth: Float[np.ndarray, "track time axis"]) -> float:
    """The temperature of the modes' probabilities under which the true positions are most probable.

    Probabilities p become p^(1/T), normalised: over 1 evens them out (Guo et al. 2017, "On calibration of modern neural
    networks"). Spreads stay as they are.

    Args:
        forecast: Of held-out tracks.
        truth: Metres; NaN where unknown.

    Returns:
        The temperature; 1 for a single mode.

    Raises:
        InputError: No true position.
    """
    if not np.isfinite(truth).all(axis=2).any():
        raise InputError("truth", "a true position at some step", "none")
    if forecast.probabilities.shape[1] == 1:
        return 1.0

    def loss(log_temperature: float) -> float:
        return -float(np.nanmean(log_density(temper(forecast, math.exp(log_temperature)), truth)))

    bounds = math.log(COLDEST), math.log(HOTTEST)
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": PRECISION})
    return math.exp(float(found.x))


def temper(forecast: Forecast, temperature: float) -> Forecast:
    """The forecast with its modes' probabilities at another temperature."""
    powers = forecast.probabilities.astype(np.float64) ** (1 / temperature)
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return replace(forecast, probabilities=probabilities.astype(forecast.probabilities.dtype))
