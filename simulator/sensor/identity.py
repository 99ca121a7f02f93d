"""Identity: which true track an observed one is, and tracks that swap their numbers when they meet.

The table of identities belongs to the truth: nothing of it stands in observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64
from numpy.typing import NDArray

from pathcast.simulator.sensor.settings import Sensor

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Identities:
    """Stretches of observed tracks, each of one true track or of nothing, by scene, observed track and time."""

    scene: Int[np.ndarray, " stretch"]
    observed: UInt64[np.ndarray, " stretch"]
    """Number of the track as observed."""
    true: UInt64[np.ndarray, " stretch"]
    """Number of the true track; 0 where it is false."""
    is_false: Bool[np.ndarray, " stretch"]
    """There is nothing."""
    start: Float[np.ndarray, " stretch"]
    """Reported time of its first row, s."""
    end: Float[np.ndarray, " stretch"]
    """Reported time of its last row, s."""

    @classmethod
    def of_rows(
        cls,
        scene: NDArray[np.int64],
        observed: NDArray[np.uint64],
        true: NDArray[np.uint64],
        is_false: NDArray[np.bool_],
        time: NDArray[np.float64],
    ) -> Identities:
        """The stretches of observed rows in the order of scene, observed track and time."""
        if not len(time):
            return cls(scene, observed, true, is_false, time, time)
        changes = np.zeros(len(time) - 1, np.bool_)
        for column in (scene, observed, true, is_false):
            changes |= column[1:] != column[:-1]
        starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
        ends = np.concatenate([starts[1:], [len(time)]]) - 1
        return cls(scene[starts], observed[starts], true[starts], is_false[starts], time[starts], time[ends])

    def to_arrow(self) -> pa.Table:
        """An Arrow table with the columns scene, observed, true (null where there is nothing), start, end."""
        import pyarrow as pa

        columns: dict[str, Any] = {"scene": self.scene, "observed": self.observed}
        columns |= {"true": pa.array(self.true, mask=self.is_false), "start": self.start, "end": self.end}
        return pa.table(columns)


def owners(
    sensor: Sensor,
    positions: Float[np.ndarray, "track time axis"],
    is_seen: Bool[np.ndarray, "track time"],
    source: np.random.Generator,
) -> Int[np.ndarray, "track time"]:
    """Which track's number each track has at each instant: its own until it meets another and they swap.

    A meeting begins when two are nearer to each other than `swap_m` and both seen, has one draw, and ends when they are
    so near no more.

    Args:
        sensor: How near, and how often.
        positions: True ones at one clock's instants, m; NaN where a track is not there.
        is_seen: Where they are observed.
        source: Of the draws, in the order of time and tracks.
    """
    num, length = is_seen.shape
    numbers = np.arange(num)
    found = np.empty((num, length), np.int64)
    met: set[tuple[int, int]] = set()
    for time in range(length):
        there = np.flatnonzero(np.isfinite(positions[:, time]).all(axis=1))
        apart = positions[there, None, time] - positions[None, there, time]
        is_near = (apart**2).sum(axis=2) < sensor.swap_m**2
        both = is_seen[there, time][:, None] & is_seen[there, time][None]
        near = {(int(there[i]), int(there[j])) for i, j in np.argwhere(np.triu(is_near, 1))}
        meeting = {(int(there[i]), int(there[j])) for i, j in np.argwhere(np.triu(is_near & both, 1))}
        for one, other in sorted(meeting - met):
            if source.random() < sensor.swap_chance:
                numbers[[one, other]] = numbers[[other, one]]
        met = meeting | (met & near)
        found[:, time] = numbers
    return found
