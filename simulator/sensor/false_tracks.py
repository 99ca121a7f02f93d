"""False tracks: what a tracker reports where there is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.simulator.sensor import noise
from pathcast.simulator.sensor.settings import Sensor

MARGIN_M: Final = 0.5
"""They begin within the box around the scene's true positions, and so much beyond. A choice, as the next."""
SPEED_MPS: Final = 1.0
"""Deviation of their speed along each axis, which they keep."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Observed rows of a scene."""

    observed: NDArray[np.uint64]
    true: NDArray[np.uint64]
    is_false: NDArray[np.bool_]
    time: NDArray[np.float64]
    position: NDArray[np.float64]
    valid: NDArray[np.bool_]

    @classmethod
    def stack(cls, pieces: Sequence[Rows], num_axes: int) -> Rows:
        """All the rows, one piece after the other."""
        none = np.zeros(0)
        whole, truth = none.astype(np.uint64), none.astype(np.bool_)
        empty = cls(whole, whole, truth, none, np.zeros((0, num_axes)), truth)
        return cls(
            *(np.concatenate([getattr(piece, name) for piece in (empty, *pieces)]) for name in cls.__dataclass_fields__)
        )

    @classmethod
    def join(cls, pieces: Sequence[Rows]) -> Rows:
        """All the rows of a scene, by observed track and time."""
        rows = cls.stack(pieces, pieces[0].position.shape[1])
        order = np.lexsort((rows.time, rows.observed))
        return cls(*(getattr(rows, name)[order] for name in cls.__dataclass_fields__))


class FalseTrack(NamedTuple):
    """One of them."""

    ticks: Int[np.ndarray, " time"]
    """Which of the clock's instants."""
    positions: Float[np.ndarray, "time axis"]
    """m."""


def false_tracks(
    sensor: Sensor,
    ticks: Float[np.ndarray, " time"],
    true_positions: Float[np.ndarray, "row axis"],
    source: np.random.Generator,
) -> Iterator[FalseTrack]:
    """Tracks of nothing in a scene: beginnings at random in time and space, exponential lengths, the sensor's noise.

    Args:
        sensor: How many and how long.
        ticks: The clock's instants in the scene, s.
        true_positions: Of whatever is in the scene; NaN where it is not.
        source: Of the draws.
    """
    is_there = np.isfinite(true_positions).all(axis=1)
    if not is_there.any():
        return
    num_axes = true_positions.shape[1]
    low = true_positions[is_there].min(axis=0) - MARGIN_M
    high = true_positions[is_there].max(axis=0) + MARGIN_M
    length = float(ticks[-1] - ticks[0]) + 1.0 / sensor.rate_hz
    for _ in range(int(source.poisson(sensor.false_per_s * length))):
        start = ticks[0] + length * source.random()
        end = start + source.exponential(sensor.false_s)
        place = low + (high - low) * source.random(num_axes)
        velocity = SPEED_MPS * source.standard_normal(num_axes)
        draws = source.standard_normal((1, len(ticks), num_axes))
        inside = np.flatnonzero((ticks >= start) & (ticks <= end))
        if len(inside):
            path: NDArray[np.float64] = place + velocity * (ticks[inside, None] - start)
            yield FalseTrack(inside, path + noise.errors(sensor, path[None], draws[:, : len(inside)])[0])


def add_false(
    sensor: Sensor,
    pieces: list[Rows],
    ticks: NDArray[np.float64],
    times: NDArray[np.float64],
    true_positions: NDArray[np.float64],
    source: np.random.Generator,
) -> list[Rows]:
    """A scene's rows with those of false tracks, their numbers dealt anew among all tracks.

    Args:
        sensor: Which.
        pieces: The scene's rows.
        ticks: The clock's instants, s.
        times: What is reported for each of them, s.
        true_positions: Of all that is in the scene. Shape [row, axis].
        source: Of the draws.
    """
    found = list(false_tracks(sensor, ticks, true_positions, source))
    if not found:
        return pieces
    known = np.unique(np.concatenate([piece.observed for piece in pieces]))
    fresh = _unused(known, len(found))
    false = [
        Rows(
            observed=np.full(len(track.ticks), number, np.uint64),
            true=np.zeros(len(track.ticks), np.uint64),
            is_false=np.ones(len(track.ticks), np.bool_),
            time=times[track.ticks],
            position=track.positions,
            valid=np.ones(len(track.ticks), np.bool_),
        )
        for track, number in zip(found, fresh, strict=True)
    ]
    joined = Rows.join([*pieces, *false])
    every = np.sort(np.concatenate([known, fresh]))
    dealt = source.permutation(every)[np.searchsorted(every, joined.observed)]
    return [Rows(dealt, joined.true, joined.is_false, joined.time, joined.position, joined.valid)]


def _unused(known: NDArray[np.uint64], num: int) -> NDArray[np.uint64]:
    """The least numbers that no track has."""
    candidates = np.arange(len(known) + num, dtype=np.uint64)
    return np.setdiff1d(candidates, known)[:num]
