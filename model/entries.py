"""Entries: how probable it is that tracks step into regions, and when, from the mixtures of their forecasts.

A mixture says where a track is at each time, not how one time hangs together with the next. Here a mode's deviations
last: one whitened draw z is shared by a whole path, x(t) = m(t) + C(t)^1/2 z with the symmetric root, so that a path
which is ahead stays ahead and one which is wide stays wide (docs/decisions/0009-entries.md says what that is worth). A
path starts where the track was last seen and goes straight from each time to the next, so a thin region is not jumped
over.

The draws are fixed and equal for all modes: the spiral of Vogel (1979, "A better way to construct the sunflower head",
Mathematical Biosciences 44:179) with the radii of a standard normal, turned towards where the mode ends. So the same
forecast gives the same answer, whichever way the world's axes point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pathcast.model.forecast import Forecast
from pathcast.model.regions import Regions

_ROUNDING_S = 1e-6
LEAST_SAMPLES, MOST_SAMPLES = 64, 1024
"""Sample paths of each mode: so many at least, and of all modes together about as many as the other."""


@dataclass(frozen=True, eq=False)
class Entries:
    """First entries of tracks into regions."""

    probabilities: Float[np.ndarray, "track region time"]
    """Of having been inside at some time up to each offset. float32."""
    offset_s: Float[np.ndarray, "track region"]
    """Expected seconds until the first entry, if there is one up to the last offset; that offset where none is
    possible. float32."""


def find_entries(
    forecast: Forecast,
    positions: Float[np.ndarray, "track axis"],
    regions: Regions,
    offsets: Float[np.ndarray, "track time"],
    begins: Float[np.ndarray, " track"],
    num_samples: int | None = None,
) -> Entries:
    """First entries into regions, by the two axes on the ground.

    Args:
        forecast: Between whose times tracks go straight.
        positions: Where each track was at its newest observation, metres.
        regions: From the same origin.
        offsets: Seconds after each track's newest observation, rising; up to the forecast's last.
        begins: Seconds after it from which on entries count, at most the forecast's first: what is inside then has
            entered then.
        num_samples: Sample paths of each mode; by default `LEAST_SAMPLES` or more.
    """
    num_samples = num_samples or max(LEAST_SAMPLES, MOST_SAMPLES // forecast.num_modes)
    shape = (forecast.num_tracks, len(regions), offsets.shape[1])
    entered, entry_s = np.zeros(shape), np.zeros(shape[:2])
    if forecast.num_tracks and len(regions):
        from pathcast.model.entry_kernel import write_entries  # numba, which clients do without

        write_entries(
            np.ascontiguousarray(positions[:, :2], np.float64),
            np.ascontiguousarray(forecast.probabilities, np.float32),
            np.ascontiguousarray(forecast.means, np.float32),
            np.ascontiguousarray(forecast.covariances, np.float32),
            np.ascontiguousarray(forecast.offsets, np.float64),
            np.ascontiguousarray(begins, np.float64),
            np.ascontiguousarray(offsets, np.float64),
            spiral(num_samples),
            regions.corners,
            regions.starts,
            np.array([[*corners.min(axis=0), *corners.max(axis=0)] for corners in regions.each()]),
            entered,
            entry_s,
        )
    return Entries(entered.astype(np.float32), entry_s.astype(np.float32))


def entry_knots(offsets: Float[np.ndarray, " time"], own: Float[np.ndarray, " own_time"]) -> Float[np.ndarray, " knot"]:
    """Offsets between which tracks may be taken to go straight.

    Args:
        offsets: Those asked for, seconds. They are enough where they are no farther apart than the model's own.
        own: The model's own, which are added up to the last where they are not.
    """
    if np.diff(offsets, prepend=0.0).max() <= np.diff(own, prepend=0.0).max() + _ROUNDING_S:
        return offsets
    further = own[own < offsets[-1]]
    is_new = np.abs(further[:, None] - offsets).min(axis=1, initial=np.inf) > _ROUNDING_S
    return np.sort(np.concatenate([offsets, further[is_new]]))


def spiral(num: int) -> Float[np.ndarray, "sample 2"]:
    """Points that stand for a standard normal in two axes."""
    index = np.arange(num)
    radius = np.sqrt(-2 * np.log1p(-(index + 0.5) / num))
    angle = index * math.pi * (3 - math.sqrt(5))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
