"""Crossings: when people pass a line, and the flow and its dependence on width that follow."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def crossing_times(
    position: Float[np.ndarray, "person frame 2"], x: float, record_s: float
) -> Float[np.ndarray, " crossing"]:
    """When each person is first beyond x, s, in order; who never is has none."""
    with np.errstate(invalid="ignore"):
        is_beyond = position[:, :, 0] > x
    frame = np.argmax(is_beyond, axis=1)
    return np.asarray(np.sort(frame[is_beyond.any(axis=1)]) * record_s, np.float64)


def leaving_times(position: Float[np.ndarray, "person frame 2"], record_s: float) -> Float[np.ndarray, " person"]:
    """When each person was last in the place, s, in order; infinity for who is there at the end."""
    is_there = ~np.isnan(position[:, :, 0])
    last = is_there.shape[1] - 1 - np.argmax(is_there[:, ::-1], axis=1)
    return np.sort(np.where(last == is_there.shape[1] - 1, np.inf, last * record_s))


def flow(times: Float[np.ndarray, " crossing"], first: int, last: int, duration_s: float) -> float:
    """People per second between the first-th and the last-th crossing; until the end where fewer ever crossed."""
    finite = times[np.isfinite(times)]
    if len(finite) > last:
        return float((last - first) / (finite[last] - finite[first]))
    return float((len(finite) - first) / (duration_s - finite[first])) if len(finite) > first else 0.0
