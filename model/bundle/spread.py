"""Spreads as covariances: the numpy twin of `pathcast.model.network.spread`."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

MIN_LOG, MAX_LOG, MAX_MIX = -7.0, 4.0, 6.0


def covariances_of(
    spreads: Float[np.ndarray, "track mode time spread"], heading: Float[np.ndarray, "track two"]
) -> Float[np.ndarray, "track mode time axis axis2"]:
    """Covariances in the world's axes, of spreads in the tracks' own frames.

    The lower factor L = diag(exp(a)) (I + B) is turned about the vertical and multiplied with itself.
    """
    num_axes = {3: 2, 6: 3}[spreads.shape[-1]]
    logs = np.exp(np.clip(spreads[..., :num_axes].astype(np.float64), MIN_LOG, MAX_LOG))
    mixes = np.clip(spreads[..., num_axes:].astype(np.float64), -MAX_MIX, MAX_MIX)
    factor = np.zeros((*spreads.shape[:-1], num_axes, num_axes))
    for axis in range(num_axes):
        factor[..., axis, axis] = logs[..., axis]
    for index, (row, column) in enumerate(((1, 0), (2, 0), (2, 1))[: num_axes * (num_axes - 1) // 2]):
        factor[..., row, column] = logs[..., row] * mixes[..., index]
    cosine, sine = heading[:, 0, None, None, None], heading[:, 1, None, None, None]
    ahead, aside = factor[..., 0, :].copy(), factor[..., 1, :].copy()
    factor[..., 0, :] = cosine * ahead - sine * aside
    factor[..., 1, :] = sine * ahead + cosine * aside
    return factor @ np.swapaxes(factor, -1, -2)
