"""Mixture: a forecast's distribution of positions, taken apart into cells (a track at a step) in double precision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.model.forecast import Forecast
from pathcast.model.metrics import kernels

CELLS_AT_ONCE = 6000
"""Cells that are held in memory at once: about 25 MB of samples."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussian mixtures, one per cell."""

    weights: Float[np.ndarray, "cell mode"]
    means: Float[np.ndarray, "cell mode axis"]
    factors: Float[np.ndarray, "cell mode triangle"]
    """Cholesky factors, packed lower triangles, metres."""

    @classmethod
    def of(cls, forecast: Forecast) -> Mixture:
        """The cells of a forecast, tracks first.

        Raises:
            InputError: A covariance is not positive definite.
        """
        num_tracks, num_modes, num_steps, num_axes = forecast.means.shape
        shape = (num_tracks * num_steps, num_modes)
        means = np.ascontiguousarray(forecast.means.transpose(0, 2, 1, 3), np.float64).reshape(*shape, num_axes)
        packed = np.ascontiguousarray(forecast.covariances.transpose(0, 2, 1, 3), np.float64).reshape(*shape, -1)
        weights = np.repeat(forecast.probabilities.astype(np.float64), num_steps, axis=0)
        factors = np.empty_like(packed)
        is_definite = np.empty(len(packed), np.bool_)
        kernels.factorise(packed, factors, is_definite)
        if not is_definite.all():
            track, step = divmod(int(np.flatnonzero(~is_definite)[0]), num_steps)
            raise InputError(f"covariances[{track}, :, {step}]", "positive definite matrices", "one that is not")
        return cls(weights / weights.sum(axis=1, keepdims=True), means, factors)

    def log_densities(self, points: Float[np.ndarray, "cell point axis"]) -> Float[np.ndarray, "cell point"]:
        """Natural log of the density (1/m² or 1/m³) at points."""
        result = np.empty(points.shape[:2])
        kernels.log_densities(self.weights, self.means, self.factors, np.ascontiguousarray(points, np.float64), result)
        return result

    def sample(self, num_samples: int, random: np.random.Generator) -> Float[np.ndarray, "cell sample axis"]:
        """Independent draws, metres."""
        return self.place(*self.draw(num_samples, random))

    def draw(
        self, num_samples: int, random: np.random.Generator
    ) -> tuple[Float[np.ndarray, "cell sample"], Float[np.ndarray, "cell sample axis"]]:
        """What chooses the modes of samples, in [0, 1), and standard normal numbers that place them."""
        uniforms = random.random((len(self.means), num_samples))
        return uniforms, random.standard_normal((len(self.means), num_samples, self.means.shape[2]))

    def place(
        self, uniforms: Float[np.ndarray, "cell sample"], normals: Float[np.ndarray, "cell sample axis"]
    ) -> Float[np.ndarray, "cell sample axis"]:
        """Samples by numbers that were drawn, in whose place they are put; metres."""
        kernels.place_samples(self.weights, self.means, self.factors, uniforms, normals)
        return normals

    def widened(self, factor: Float[np.ndarray, " cell"]) -> Mixture:
        """The same with each cell's standard deviations multiplied."""
        return replace(self, factors=self.factors * factor[:, None, None])


def pieces(
    forecast: Forecast, truth: Float[np.ndarray, "track time axis"]
) -> Iterator[tuple[slice, Mixture, Float[np.ndarray, "cell axis"]]]:
    """A forecast and the truth in runs of tracks that fit into memory: (tracks, mixtures, true positions)."""
    num_steps, num_axes = truth.shape[1:]
    size = max(1, CELLS_AT_ONCE // max(num_steps, 1))
    for start in range(0, len(truth), size):
        rows = slice(start, min(start + size, len(truth)))
        yield rows, Mixture.of(forecast.take(rows)), truth[rows].reshape(-1, num_axes).astype(np.float64)
