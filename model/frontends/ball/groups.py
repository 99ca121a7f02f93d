"""Groups of tracks whose spreads are calibrated together: seen for so long, their noise told or found so large."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.model.frontends.ball.columns import FIRST_TIME, IS_TOLD, NOISE_SUM, NOISE_WEIGHT, TIME
from pathcast.model.frontends.ball.prior import NOISE_PRIOR


def seen_seconds(filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, " track"]:
    """From each track's first to its newest observation."""
    return np.asarray(filters[:, TIME] - filters[:, FIRST_TIME])


def found_noise(filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, " track"]:
    """Standard deviation of each track's innovations over what the nominal noise lets expect."""
    return np.sqrt((NOISE_PRIOR + filters[:, NOISE_SUM]) / (NOISE_PRIOR + filters[:, NOISE_WEIGHT]))


def is_told(filters: Float[np.ndarray, "track column"]) -> Bool[np.ndarray, " track"]:
    """Whether the caller gave the noise."""
    return np.asarray(filters[:, IS_TOLD] > 0)


def group_of(
    filters: Float[np.ndarray, "track column"],
    seen_s: Float[np.ndarray, " edge"],
    noise: Float[np.ndarray, " level"],
) -> Int[np.ndarray, " track"]:
    """Each track's number: by seconds, within levels of the noise found where none was told, last of those told.

    Args:
        filters: Of tracks that were seen.
        seen_s: What parts the seconds, rising.
        noise: What parts the noise found, as of `found_noise`, rising.
    """
    seen = np.searchsorted(seen_s, seen_seconds(filters), side="right")
    level = np.searchsorted(noise, found_noise(filters), side="right")
    return np.asarray(seen + (len(seen_s) + 1) * np.where(is_told(filters), len(noise) + 1, level))
