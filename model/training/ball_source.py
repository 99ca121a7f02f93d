"""Simulated balls, seen by a sensor whose noise differs from track to track."""

from __future__ import annotations

import math
import zlib

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from pathcast.model.frontends.ball.columns import CLOCK, IS_LEVEL, IS_TOLD, LEVEL, MASS_KG, NOISE, RADIUS_M
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.frontends.ball.samples import BOARD, MISSED, RIM, SWISH
from pathcast.model.given import NOTHING_GIVEN
from pathcast.model.training.ball_throws import Drawn, draw
from pathcast.model.training.observed import Observed
from pathcast.model.training.settings import TrainingSettings
from pathcast.simulator.ball.scenarios import Throws
from pathcast.simulator.truth import DECIDED_S

PARTS = {"train": 0, "validation": 1, "test": 2}
_CLASS_OF = np.array([MISSED, SWISH, RIM, BOARD, MISSED])
"""Of the simulator's outcomes, of which the first is undecided."""
FAST_HZ = 60.0
MOST_OBSERVATIONS = 96
LOOSE_NOISE = 0.3
"""Standard deviation of the logarithm of each axis' noise about a track's own, in half of the tracks."""


class BallSource:
    """Throws of several kinds, with random prefixes, rates, dropouts, noise and clock errors."""

    def __init__(self, settings: TrainingSettings, front_end: BallFrontEnd) -> None:
        self._settings = settings
        self.front_end = front_end
        self._knots = np.asarray(settings.knots_s)

    def observed(self, part: str, epoch: int, num: int, num_ends: int) -> Observed:
        """As `Source.observed`; every epoch of training has other throws."""
        settings = self._settings
        key = zlib.crc32(f"{part} {epoch}".encode())
        random = np.random.Generator(np.random.Philox(key=[settings.seed, key]))
        rate = random.choice(np.asarray(settings.rates_hz), (num, 1))
        # A faster camera is watched for as long as one of 60 Hz.
        most = np.minimum(settings.prefix * np.maximum(rate / FAST_HZ, 1.0), MOST_OBSERVATIONS).astype(np.int64)
        missed = random.geometric(1.0 - settings.dropout, (num, int(most.max()))) - 1
        gaps = np.where(np.arange(missed.shape[1]) < most, (1 + missed) / rate, 1e-6)
        true_times = np.cumsum(gaps, axis=1)
        true_times -= true_times[:, :1]
        true_times += random.uniform(0, 0.2, (num, 1)) * (random.random((num, 1)) < 0.7)
        clock = settings.clock_jitter_s * np.exp(random.uniform(-1.5, 1.5, num)) * (random.random(num) < 0.8)
        jitter = clock[:, None] * random.standard_normal(true_times.shape)
        room = 0.4 * np.minimum(gaps, np.append(gaps[:, 1:], gaps[:, :1], axis=1))
        times = true_times + np.clip(jitter, -room, room)
        ends = self._ends(random, most, num_ends)
        ahead = np.take_along_axis(times, ends, 1)[:, :, None] + self._knots
        noise = self._noise(random, num)
        starts = self.front_end.begin(num, NOTHING_GIVEN)
        is_told = random.random(num) < settings.told_noise
        starts[is_told, NOISE : NOISE + 3], starts[is_told, CLOCK] = noise[is_told], clock[is_told]
        starts[is_told, IS_TOLD] = 1.0
        tells_object = random.random(num) < settings.told_object
        seen, truth = np.empty((*times.shape, 3)), np.empty((num, ahead[0].size, 3))
        for rows, drawn in self._throws(part, epoch, num):
            moved = drawn.shift[:, None]
            flown = _positions(drawn.throws, true_times[rows], ahead[rows].reshape(len(rows), -1))
            seen[rows], truth[rows] = flown[0] + moved, flown[1] + moved
            starts[rows, IS_LEVEL], starts[rows, LEVEL] = float(drawn.is_level), drawn.shift[:, 2]
            told = tells_object[rows]
            starts[rows[told], RADIUS_M], starts[rows[told], MASS_KG] = drawn.radius_m[told], drawn.mass_kg[told]
        observed = (seen + noise[:, None] * random.standard_normal(seen.shape)).astype(np.float32)
        return Observed(times, observed, ends, truth.reshape(*ahead.shape, 3), starts=starts)

    def shots(
        self, part: str, epoch: int, num: int, num_ends: int
    ) -> tuple[Observed, Int[np.ndarray, " track"], Bool[np.ndarray, "track end"]]:
        """Observations of shots at a hoop; what becomes of each, numbered as of `frontends.ball.samples`; and whether
        that was still open at each end."""
        observed = self.observed(part, epoch, num, num_ends)
        outcome, decided = np.full(num, MISSED), np.full(num, np.inf)
        for rows, drawn in self._throws(part, epoch, num):
            courses = drawn.throws.follow(np.array([DECIDED_S]), max_events=0, positions_only=True)
            outcome[rows] = _CLASS_OF[courses.outcome]
            decided[rows] = np.where(np.isfinite(courses.decided_at), courses.decided_at, np.inf)
        newest = np.take_along_axis(observed.times, observed.ends, axis=1)
        return observed, outcome, newest < decided[:, None]

    def _throws(self, part: str, epoch: int, num: int) -> list[tuple[NDArray[np.int64], Drawn]]:
        """Rows of each kind of throws, and its throws."""
        settings = self._settings
        kind = deal(np.array(list(settings.throws.values())), num)
        seed = settings.seed + 1_000_003 * (1 + PARTS[part])
        found = []
        for index, name in enumerate(settings.throws):
            rows = np.flatnonzero(kind == index)
            if len(rows):
                found.append((rows, draw(name, len(rows), seed, epoch * num, settings.lift_factor)))
        return found

    def _ends(
        self, random: np.random.Generator, most: Int[np.ndarray, "track 1"], num_ends: int
    ) -> Int[np.ndarray, "track end"]:
        """Newest observations of forecasts: half evenly, half evenly by the logarithm of their number."""
        shape = (len(most), num_ends)
        even = 1 + random.random(shape) * (most - 1)
        short = np.exp(random.random(shape) * np.log(most))
        chosen = np.where(random.random(shape) < 0.5, even, short)
        return np.sort(np.clip(chosen.astype(np.int64), 1, most - 1))

    def _noise(self, random: np.random.Generator, num: int) -> Float[np.ndarray, "track 3"]:
        """Standard deviation of each track's positions along each axis, m."""
        settings = self._settings
        most = math.log(settings.noise_factor)
        noise = settings.noise_m * np.exp(random.uniform(-most, most, (num, 1)))
        apart = np.exp(LOOSE_NOISE * random.standard_normal((num, 3))) if most > 0 else np.ones((num, 3))
        return np.asarray(noise * np.where(random.random((num, 1)) < 0.5, apart, 1.0))


def _positions(
    throws: Throws, first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions at two clocks' times, from one flight. Shapes: [throw, time] to [throw, time, 3]."""
    joined = np.concatenate([first, second], axis=1)
    order = np.argsort(joined, axis=1, kind="stable")
    times = np.take_along_axis(joined, order, axis=1)
    for column in range(1, times.shape[1]):
        # Where both clocks have an instant, the second is the next number.
        times[:, column] = np.maximum(times[:, column], np.nextafter(times[:, column - 1], np.inf))
    flown = throws.follow(times, max_events=0, positions_only=True).states
    positions = np.empty_like(flown)
    np.put_along_axis(positions, order[:, :, None], flown, axis=1)
    return positions[:, : first.shape[1]], positions[:, first.shape[1] :]


def deal(shares: Float[np.ndarray, " kind"], num: int) -> Int[np.ndarray, " row"]:
    """The kind of each row, evenly mixed: the additive recurrence of the golden ratio over the summed shares."""
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    place = ((np.arange(num) + 0.5) * golden) % 1.0
    return np.asarray(np.searchsorted(np.cumsum(shares / shares.sum())[:-1], place, side="right"))
