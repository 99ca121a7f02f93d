"""Parabola: position and velocity of a ball by least squares, gravity known."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def fit_parabola(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past 3"],
    is_used: Bool[np.ndarray, "track past"],
    at: Float[np.ndarray, " track"],
    gravity: float | Float[np.ndarray, " track"],
) -> tuple[Float[np.ndarray, "track 3"], Float[np.ndarray, "track 3"]]:
    """Position (m) and velocity (m/s) at the times `at`, from the observations that are used: at least two a track.

    Adding g t²/2 to the heights leaves a straight line, so the fit is linear and has a closed form.
    """
    pull = np.broadcast_to(gravity, at.shape)[:, None]
    time = np.where(is_used, times - at[:, None], 0.0)
    point = np.where(is_used[:, :, None], positions.astype(np.float64), 0.0)
    point[:, :, 2] += np.where(is_used, pull * time**2 / 2, 0.0)
    count = is_used.sum(axis=1)
    mean_time = time.sum(axis=1) / count
    centred = np.where(is_used, time - mean_time[:, None], 0.0)
    velocity = np.einsum("nt,nta->na", centred, point) / (centred**2).sum(axis=1)[:, None]
    return point.sum(axis=1) / count[:, None] - velocity * mean_time[:, None], velocity
