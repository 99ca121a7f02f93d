"""Admission: which observations a track's state may take in, decided once for service, batch and Python.

An observation that is refused leaves its track as it was.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from jaxtyping import Float, Int

MAX_POSITION_M = 8000.0
"""Farthest from the origin on any axis: float32 resolves 0.5 mm there."""


class Admission(IntEnum):
    """What becomes of an observation. The numbers above 0 are those of `pathcast.v1.Reason`."""

    ADMITTED = 0
    NOT_FINITE = 1
    OUT_OF_RANGE = 2
    NOT_NEWER = 3


def admit(
    newest: Float[np.ndarray, " track"],
    times: Float[np.ndarray, " track"],
    positions: Float[np.ndarray, "track axis"],
) -> Int[np.ndarray, " track"]:
    """Judges one observation of each track.

    Args:
        newest: Seconds, each track's newest observation; minus infinity for a new track.
        times: Seconds.
        positions: Metres from the origin.

    Returns:
        `Admission` values.
    """
    verdicts = np.zeros(len(times), np.int64)  # what is set last counts most
    verdicts[~(times > newest)] = Admission.NOT_NEWER
    verdicts[(np.abs(positions) > MAX_POSITION_M).any(axis=1)] = Admission.OUT_OF_RANGE
    verdicts[~(np.isfinite(positions).all(axis=1) & np.isfinite(times))] = Admission.NOT_FINITE
    return verdicts


def is_usual(positions: Float[np.ndarray, "track axis"]) -> bool:
    """Whether all coordinates are finite and within reach: whether `admit` finds nothing in them."""
    farthest = np.maximum.reduce(np.abs(positions), axis=None, initial=0.0)
    return bool(farthest <= MAX_POSITION_M)  # what is not a number is not within either
