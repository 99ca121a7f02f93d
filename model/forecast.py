"""Forecast: weighted futures of tracks, the one form in which every engine and baseline answers.

A track's position at an offset is a mixture of Gaussians, one component per mode. Modes are marginal per track.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class Forecast:
    """Futures of tracks; positions in metres relative to the same origin as the observations."""

    offsets: Float[np.ndarray, "track time"]
    """Seconds after each track's newest observation. float64."""
    probabilities: Float[np.ndarray, "track mode"]
    """Falling along modes, of sum 1. float32."""
    means: Float[np.ndarray, "track mode time axis"]
    """Metres. float32."""
    covariances: Float[np.ndarray, "track mode time triangle"]
    """m², packed upper triangles: xx xy yy, or xx xy xz yy yz zz. float32."""
    point: Float[np.ndarray, "track time axis"] | None = None
    """The one path of least expected displacement, metres, where the engine gives one. float32."""

    @property
    def num_tracks(self) -> int:
        return len(self.probabilities)

    @property
    def num_modes(self) -> int:
        return int(self.probabilities.shape[1])

    @property
    def num_axes(self) -> int:
        return int(self.means.shape[3])

    def take(self, rows: Int[np.ndarray, " chosen"] | slice) -> Forecast:
        """The chosen tracks."""
        point = None if self.point is None else self.point[rows]
        return Forecast(self.offsets[rows], self.probabilities[rows], self.means[rows], self.covariances[rows], point)

    def is_finite(self) -> Bool[np.ndarray, " track"]:
        """Whether all of a track's numbers are finite."""
        result = np.ones(self.num_tracks, np.bool_)
        parts = (self.probabilities, self.means, self.covariances, self.point)
        for part in (part for part in parts if part is not None):
            result &= np.isfinite(part.reshape(self.num_tracks, -1)).all(axis=1)
        return result

    def is_all_finite(self) -> bool:
        """Whether all numbers of all tracks are surely finite: the sums of their squares are, which is seen at once."""
        parts = (self.probabilities, self.means, self.covariances, self.point)
        return all(math.isfinite(np.vdot(part, part)) for part in parts if part is not None)


def join(forecasts: Sequence[Forecast]) -> Forecast:
    """Forecasts of several groups of tracks as one."""
    if len(forecasts) == 1:
        return forecasts[0]
    points = [forecast.point for forecast in forecasts if forecast.point is not None]
    return Forecast(
        np.concatenate([forecast.offsets for forecast in forecasts]),
        np.concatenate([forecast.probabilities for forecast in forecasts]),
        np.concatenate([forecast.means for forecast in forecasts]),
        np.concatenate([forecast.covariances for forecast in forecasts]),
        np.concatenate(points) if len(points) == len(forecasts) else None,
    )


def triangle_indices(num_axes: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the packed upper triangle, in its order."""
    return np.triu_indices(num_axes)


def pack_covariances(full: Float[np.ndarray, "*batch axis axis2"]) -> Float[np.ndarray, "*batch triangle"]:
    """The upper triangles of symmetric matrices."""
    rows, columns = triangle_indices(full.shape[-1])
    return full[..., rows, columns]


def unpack_covariances(packed: Float[np.ndarray, "*batch triangle"]) -> Float[np.ndarray, "*batch axis axis2"]:
    """The symmetric matrices of packed upper triangles of 2 or 3 axes."""
    num_axes = {3: 2, 6: 3}[packed.shape[-1]]
    rows, columns = triangle_indices(num_axes)
    full = np.empty((*packed.shape[:-1], num_axes, num_axes), packed.dtype)
    full[..., rows, columns] = packed
    full[..., columns, rows] = packed
    return full


def merge_modes(forecast: Forecast, num_modes: int) -> Forecast:
    """The same mixture in fewer modes: the least probable merge into the nearest of those that stay.

    A merged mode has the mean and covariance of what it was merged from (moment matching: Runnalls 2007, "Kullback-
    Leibler approach to Gaussian mixture reduction", IEEE Trans. AES 43(3), section III), so the whole mixture's mean
    and covariance stay; one mode is its mean path. Nearest is the least mean distance between mean paths.
    """
    if num_modes >= forecast.num_modes:
        return forecast
    num_tracks = forecast.num_tracks
    means = forecast.means.astype(np.float64)
    full = unpack_covariances(forecast.covariances.astype(np.float64))
    kept, dropped = means[:, :num_modes], means[:, num_modes:]
    distance = np.linalg.norm(dropped[:, :, None] - kept[:, None], axis=-1).mean(axis=-1)
    target = distance.argmin(axis=-1)
    assignment = np.zeros((num_tracks, forecast.num_modes, num_modes))
    assignment[:, np.arange(num_modes), np.arange(num_modes)] = 1.0
    tracks = np.arange(num_tracks)[:, None]
    assignment[tracks, np.arange(num_modes, forecast.num_modes), target] = 1.0
    weights = assignment * forecast.probabilities[:, :, None].astype(np.float64)
    probabilities = weights.sum(axis=1)
    shares = weights / np.maximum(probabilities[:, None], np.finfo(np.float64).tiny)
    merged = np.einsum("nij,nitd->njtd", shares, means)
    spread = means[:, :, None] - merged[:, None]
    covariances = np.einsum("nij,nitde->njtde", shares, full) + np.einsum(
        "nij,nijtd,nijte->njtde", shares, spread, spread
    )
    order = np.argsort(-probabilities, axis=1, kind="stable")
    return Forecast(
        forecast.offsets,
        probabilities[tracks, order].astype(np.float32),
        merged[tracks, order].astype(np.float32),
        pack_covariances(covariances)[tracks, order].astype(np.float32),
        forecast.point,
    )
