"""Constant acceleration: the parabola through the last three observations goes on."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.baselines.constant_velocity import constant_velocity
from pathcast.model.baselines.prefixes import check_lengths, newest


def constant_acceleration(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past axis"],
    lengths: Int[np.ndarray, " track"],
    offsets: Float[np.ndarray, "track time"],
) -> Float[np.ndarray, "track time axis"]:
    """p + v t + a t²/2, metres, by Newton's divided differences; a track with two observations keeps its velocity.

    Raises:
        InputError: A track has fewer than 2 observations.
    """
    check_lengths(times, lengths, 2)
    paths = constant_velocity(times, positions, lengths, offsets)
    rows = np.flatnonzero(lengths >= 3)
    time, position = newest(times[rows], positions[rows], lengths[rows], 3)
    slopes = np.diff(position, axis=1) / np.diff(time, axis=1)[:, :, None]
    half_acceleration = (slopes[:, 1] - slopes[:, 0]) / (time[:, 2] - time[:, 0])[:, None]
    ahead = offsets[rows]
    since_second = ahead + (time[:, 2] - time[:, 1])[:, None]
    paths[rows] += half_acceleration[:, None] * (ahead * since_second)[:, :, None]
    return paths
