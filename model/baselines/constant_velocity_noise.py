"""Constant velocity with noise: a fan of straight paths, each turned by a random angle.

Schöller et al. 2020, "What the constant velocity model can teach us about pedestrian motion prediction", RA-L 5(2),
section IV: the angles are normal with a deviation of 25 degrees; "OUR-S" in its tables. What a best-of-K score gives to
spreading alone.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.baselines.prefixes import newest

NUM_PATHS = 20
ANGLE_DEVIATION = math.radians(25.0)


def constant_velocity_noise(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past axis"],
    lengths: Int[np.ndarray, " track"],
    offsets: Float[np.ndarray, "track time"],
    random: np.random.Generator,
    num_paths: int = NUM_PATHS,
    deviation: float = ANGLE_DEVIATION,
) -> Float[np.ndarray, "track mode time axis"]:
    """Paths p + R(angle) v t, metres, the least turned first, turned about the vertical.

    Args:
        times: Seconds.
        positions: Metres.
        lengths: Observations per track.
        offsets: Seconds.
        random: For the angles, track after track.
        num_paths: K.
        deviation: Of the angles, radians.

    Raises:
        InputError: A track has fewer than 2 observations.
    """
    time, position = newest(times, positions, lengths, 2)
    velocity = (position[:, 1] - position[:, 0]) / (time[:, 1] - time[:, 0])[:, None]
    angle = random.normal(0.0, deviation, (len(times), num_paths))
    angle = np.take_along_axis(angle, np.abs(angle).argsort(axis=1, kind="stable"), 1)
    turned = np.repeat(velocity[:, None], num_paths, axis=1)
    turned[..., 0] = velocity[:, None, 0] * np.cos(angle) - velocity[:, None, 1] * np.sin(angle)
    turned[..., 1] = velocity[:, None, 0] * np.sin(angle) + velocity[:, None, 1] * np.cos(angle)
    return np.asarray(position[:, 1, None, None] + turned[:, :, None] * offsets[:, None, :, None])
