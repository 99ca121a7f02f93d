"""States: what is remembered of tracks between two observations, one row per track.

The rows are plain arrays, so a table of them is sliced, gathered, scattered, sent and restored without knowing what
the columns mean to the engine that made them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

COUNT, TIME = 0, 1
"""The first two columns of every filter: number of observations used, and the newest one's time in seconds."""


@dataclass(frozen=True, eq=False)
class States:
    """State of tracks: what filters keep in double precision, and what the recurrent memory keeps in single."""

    filter: Float[np.ndarray, "track column"]
    """float64. Columns `COUNT` and `TIME` are common to all engines; the rest is the engine's own."""
    memory: Float[np.ndarray, "track unit"]
    """float32. The recurrent network's state, layers and parts side by side."""

    @property
    def num_tracks(self) -> int:
        return len(self.filter)

    @property
    def num_bytes(self) -> int:
        """What it holds."""
        return self.filter.nbytes + self.memory.nbytes

    @property
    def count(self) -> Float[np.ndarray, " track"]:
        """Observations used so far."""
        return self.filter[:, COUNT]

    @property
    def time(self) -> Float[np.ndarray, " track"]:
        """Seconds: the newest observation's capture time; minus infinity before the first."""
        return np.where(self.filter[:, COUNT] > 0, self.filter[:, TIME], -np.inf)

    def take(self, rows: Int[np.ndarray, " chosen"] | slice) -> States:
        """The chosen rows: copies, or of a slice a view."""
        return States(self.filter[rows], self.memory[rows])

    def put(self, rows: Int[np.ndarray, " chosen"] | slice, states: States) -> None:
        """Overwrites the chosen rows."""
        self.filter[rows] = states.filter
        self.memory[rows] = states.memory


def empty_states(num_tracks: int, filter_size: int, memory_size: int) -> States:
    """States of tracks that have not been seen."""
    filters: NDArray[np.float64] = np.zeros((num_tracks, filter_size), np.float64)
    memories: NDArray[np.float32] = np.zeros((num_tracks, memory_size), np.float32)
    return States(filters, memories)
