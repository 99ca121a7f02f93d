"""Walkers of the simulated crowd, seen by a sensor of changing rate."""

from __future__ import annotations

import zlib

import numpy as np
from jaxtyping import Float

from pathcast.model.training.observed import Observed
from pathcast.model.training.settings import TrainingSettings
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.tracks import Tracks

RECORD_S = 0.1
PARTS = {"train": (0.0, 0.8), "validation": (0.8, 0.9), "test": (0.9, 1.0)}
"""Shares of the scenes."""
MIN_STEP_S, MAX_STEP_S, NOMINAL_STEP_S = 0.2, 0.8, 0.4


class CrowdSource:
    """Windows of simulated walks: random starts, random lengths, regular and irregular clocks."""

    def __init__(self, settings: TrainingSettings) -> None:
        self._settings = settings
        self._knots = np.asarray(settings.knots_s)
        self._tracks = {part: self._simulate(part) for part in PARTS}

    def _simulate(self, part: str) -> Tracks:
        low, high = (round(share * self._settings.num_scenes) for share in PARTS[part])
        middle = (low + high) // 2
        pieces = [
            simulate_crowd(scene, num, self._settings.seed, first=first, record_s=RECORD_S).tracks
            for scene, first, num in (("corridor", low, middle - low), ("plaza", middle, high - middle))
        ]
        return Tracks.concatenate(pieces)

    def observed(self, part: str, epoch: int, num: int, num_ends: int) -> Observed:
        """As `Source.observed`; times are near a regular 0.4 s in most tracks, and far from it in the others."""
        settings = self._settings
        random = np.random.Generator(np.random.Philox(key=[settings.seed, zlib.crc32(f"{part} {epoch}".encode())]))
        tracks = self._tracks[part]
        starts = tracks.starts
        durations = (np.diff(starts) - 1) * RECORD_S
        least = 2 * MIN_STEP_S + 4 * self._settings.knot_s
        chosen = random.choice(
            len(durations), num, p=np.maximum(durations - least, 0) / np.maximum(durations - least, 0).sum()
        )
        begins = random.uniform(0, durations[chosen] - least)
        times = begins[:, None] + np.cumsum(_steps(random, num, settings.prefix, settings.dropout), axis=1)
        last = np.maximum((times <= (durations[chosen] - self._settings.knot_s)[:, None]).sum(1) - 1, 1)
        ends = np.sort(
            1 + (random.random((num, num_ends)) * last[:, None]).astype(np.int64).clip(max=last[:, None] - 1)
        )
        positions = _interpolate(tracks, starts, chosen, times)
        noise = random.uniform(0, settings.noise_m, (num, 1, 1)) * random.standard_normal(positions.shape)
        ahead = np.take_along_axis(times, ends, 1)[:, :, None] + self._knots
        truth = _interpolate(tracks, starts, chosen, ahead.reshape(num, -1)).reshape(*ahead.shape, 2)
        return Observed(times, np.nan_to_num(positions + noise).astype(np.float32), ends, truth)


def _steps(random: np.random.Generator, num: int, prefix: int, dropout: float) -> Float[np.ndarray, "track time"]:
    """Seconds before each observation, 0 before the first.

    Of the clocks, 60 % are nominal, the others of any rate; 30 % of all are irregular; the first two observations are
    at times close together, as a fast camera's are.
    """
    pace = np.where(random.random((num, 1)) < 0.6, NOMINAL_STEP_S, random.uniform(MIN_STEP_S, MAX_STEP_S, (num, 1)))
    irregular = np.where(random.random((num, 1)) < 0.3, random.uniform(0.6, 1.6, (num, prefix)), 1.0)
    missed = 1 + (random.random((num, prefix)) < dropout) + (random.random((num, prefix)) < dropout / 2)
    steps = np.maximum(pace * irregular * missed, MIN_STEP_S)
    steps[:, 0] = 0.0
    is_fast = random.random(num) < 0.1
    steps[is_fast, 1] = random.uniform(0.04, MIN_STEP_S, is_fast.sum())
    return np.asarray(steps)


def _interpolate(
    tracks: Tracks, starts: np.ndarray, chosen: np.ndarray, times: Float[np.ndarray, "track time"]
) -> Float[np.ndarray, "track time axis"]:
    """Recorded positions at seconds after each chosen track's start; NaN after its end."""
    place = times / RECORD_S
    low = np.minimum(place.astype(np.int64), (np.diff(starts)[chosen] - 2)[:, None])
    share = (place - low)[..., None]
    rows = starts[:-1][chosen][:, None] + low
    between = tracks.position[rows] * (1 - share) + tracks.position[rows + 1] * share
    return np.where(share > 1 + 1e-9, np.nan, between)
