"""Coverage: whether regions that should hold 90 % of what happens do, and how large they are.

The region is the smallest that holds that share of the whole predictive mixture at that time: the points whose density
is at least some threshold (Hyndman 1996, "Computing and graphing highest density regions", The American Statistician
50(2)). All modes count with their probabilities; no mode is picked by the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pathcast.model.forecast import Forecast
from pathcast.model.metrics.displacement import mean_over_steps
from pathcast.model.metrics.mixture import Mixture, pieces

NUM_SAMPLES = 199
"""With the truth they are 200, so that levels in steps of half a percent are met exactly."""


@dataclass(frozen=True, eq=False)
class Region:
    """Highest-density regions of all tracks and steps."""

    level: float
    """The share of the mixture that they hold."""
    mass_above: Float[np.ndarray, "track time"]
    """Share of the mixture that is denser than at the true position: uniform on [0, 1) if the forecast is right."""
    size: Float[np.ndarray, "track time"]
    """Area (m²) or volume (m³)."""

    @property
    def coverage(self) -> Float[np.ndarray, " track"]:
        """Share of a track's steps whose true position is inside."""
        inside = np.where(np.isnan(self.mass_above), np.nan, (self.mass_above < self.level - 1e-12).astype(np.float64))
        return mean_over_steps(inside)

    @property
    def mean_size(self) -> Float[np.ndarray, " track"]:
        """A track's region, mean over the steps, m² or m³."""
        return mean_over_steps(self.size)


def highest_density_regions(
    forecast: Forecast,
    truth: Float[np.ndarray, "track time axis"],
    random: np.random.Generator,
    level: float = 0.9,
    num_samples: int = NUM_SAMPLES,
) -> Region:
    """The regions' coverage and size, by Monte Carlo.

    The density at the truth is ranked among the densities at M samples of the mixture. If the truth is one more draw
    of the mixture, every rank is equally probable, so a level that is a multiple of 1/(M+1) is met without bias
    however small M is. The size is the integral of 1 over the region, estimated by importance sampling from the
    mixture itself: the mean of 1/density over the samples inside.

    Args:
        forecast: The mixtures.
        truth: Metres.
        random: For the samples.
        level: Share of the mixture that a region holds, between 0 and 1.
        num_samples: M.
    """
    above, size = np.empty(truth.shape[:2]), np.empty(truth.shape[:2])
    for rows, mixture, true in pieces(forecast, truth):
        samples = mixture.sample(num_samples, random)
        at_samples = mixture.log_densities(samples)
        inside = at_samples >= np.quantile(at_samples, 1.0 - level, axis=1, keepdims=True)
        area = np.where(inside, np.exp(-at_samples), 0.0).sum(axis=1) / num_samples
        above[rows] = mass_above(mixture, true, at_samples).reshape(-1, truth.shape[1])
        size[rows] = area.reshape(-1, truth.shape[1])
    return Region(level, above, size)


def mass_above(
    mixture: Mixture, true: Float[np.ndarray, "cell axis"], at_samples: Float[np.ndarray, "cell sample"]
) -> Float[np.ndarray, " cell"]:
    """Share of each cell's mixture that is denser than at its true position, by log densities at samples of it."""
    at_truth = mixture.log_densities(true[:, None])
    above: np.ndarray = (at_samples > at_truth).sum(axis=1) / (at_samples.shape[1] + 1.0)
    above[np.isnan(at_truth[:, 0])] = np.nan
    return above
