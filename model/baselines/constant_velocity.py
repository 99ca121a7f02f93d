"""Constant velocity: the velocity between the last two observations goes on.

No learned single path beats it by much on walkers (Schöller et al. 2020, "What the constant velocity model can teach us
about pedestrian motion prediction", RA-L 5(2)); longer averages of the velocity are worse on four of the five scenes.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.baselines.prefixes import newest


def constant_velocity(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past axis"],
    lengths: Int[np.ndarray, " track"],
    offsets: Float[np.ndarray, "track time"],
) -> Float[np.ndarray, "track time axis"]:
    """p + v t, metres.

    Raises:
        InputError: A track has fewer than 2 observations.
    """
    time, position = newest(times, positions, lengths, 2)
    velocity = (position[:, 1] - position[:, 0]) / (time[:, 1] - time[:, 0])[:, None]
    return np.asarray(position[:, 1, None] + velocity[:, None] * offsets[:, :, None])
