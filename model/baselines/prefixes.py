"""Prefixes: the newest observations of padded tracks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.errors import InputError


def newest(
    times: Float[np.ndarray, "track time"],
    positions: Float[np.ndarray, "track time axis"],
    lengths: Int[np.ndarray, " track"],
    count: int,
) -> tuple[Float[np.ndarray, "track newest"], Float[np.ndarray, "track newest axis"]]:
    """The last `count` observations of each track, oldest first, in double precision.

    Raises:
        InputError: A track has fewer.
    """
    check_lengths(times, lengths, count)
    rows = np.arange(len(times))[:, None]
    columns = lengths[:, None] + np.arange(-count, 0)
    return times[rows, columns].astype(np.float64), positions[rows, columns].astype(np.float64)


def check_lengths(times: Float[np.ndarray, "track time"], lengths: Int[np.ndarray, " track"], least: int) -> None:
    """Refuses prefixes shorter than `least`, or longer than their row.

    Raises:
        InputError: Naming the first track.
    """
    wrong = np.flatnonzero((lengths < least) | (lengths > times.shape[1]))
    if len(wrong):
        expected = f"{least} to {times.shape[1]} observations"
        raise InputError(f"lengths[{wrong[0]}]", expected, f"{lengths[wrong[0]]}")


def is_observed(
    times: Float[np.ndarray, "track time"], lengths: Int[np.ndarray, " track"]
) -> Bool[np.ndarray, "track time"]:
    """Whether an entry is inside its track's prefix."""
    return np.asarray(np.arange(times.shape[1]) < lengths[:, None])
