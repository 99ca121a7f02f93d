"""Overlap: how often bodies are nearer to each other than solid ones could be."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

NEAR: Final = 0.75
"""Distance between centres, over two radii, below which two people count as overlapping."""


def share_of_overlaps(
    position: Float[np.ndarray, "person frame 2"], num_people: int, radius: float, period_m: float = 0.0
) -> float:
    """Share of people and frames at which somebody else is nearer than 0.75 times two radii.

    Args:
        position: Of all scenes, one after the other, metres.
        num_people: In each scene.
        radius: Of a body, m.
        period_m: After which the place repeats along x, m; 0 where it does not.
    """
    scenes = position.reshape(-1, num_people, *position.shape[1:])
    num_near = 0
    for scene in scenes:
        for frame in np.swapaxes(scene, 0, 1):
            away = frame[:, None] - frame
            if period_m:
                away[..., 0] -= period_m * np.round(away[..., 0] / period_m)
            squared = (away**2).sum(axis=2)
            np.fill_diagonal(squared, np.inf)
            num_near += int((squared.min(axis=1) < (NEAR * 2.0 * radius) ** 2).sum())
    return float(num_near / (len(position) * position.shape[1]))
