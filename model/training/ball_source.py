"""Simulated balls, seen by a sensor."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from pathcast.model.training.observed import Observed
from pathcast.model.training.settings import TrainingSettings
from pathcast.simulator.ball.coefficients import constant_parameters
from pathcast.simulator.ball.scenarios import Throws, throw

PARTS = {"train": 0, "validation": 1, "test": 2}


class BallSource:
    """Throws of one scenario, with random prefixes, dropouts and clock errors."""

    def __init__(self, settings: TrainingSettings) -> None:
        self._settings = settings
        self._knots = np.asarray(settings.knots_s)

    def observed(self, part: str, epoch: int, num: int, num_ends: int) -> Observed:
        """As `Source.observed`; every epoch of training has other throws."""
        settings = self._settings
        key = zlib.crc32(f"{part} {epoch}".encode())
        random = np.random.Generator(np.random.Philox(key=[settings.seed, key]))
        throws = throw(settings.scenario, num, settings.seed + 1_000_003 * (1 + PARTS[part]), first=epoch * num)
        rate = random.choice(np.asarray(settings.rates_hz), (num, 1))
        missed = random.random((num, settings.prefix)) < settings.dropout
        true_times = np.cumsum((1 + missed) / rate, axis=1)
        true_times -= true_times[:, :1]
        true_times += random.uniform(0, 0.2, (num, 1))
        jitter = random.standard_normal(true_times.shape) * settings.clock_jitter_s
        times = true_times + np.clip(jitter, -0.4 / rate, 0.4 / rate)
        ends = np.sort(1 + (random.random((num, num_ends)) * (settings.prefix - 1)).astype(np.int64))
        ahead = np.take_along_axis(times, ends, 1)[:, :, None] + self._knots
        seen, truth = _positions(throws, true_times, ahead.reshape(num, -1))
        noise = settings.noise_m * random.standard_normal(seen.shape)
        return Observed(times, (seen + noise).astype(np.float32), ends, truth.reshape(*ahead.shape, 3))


def nominal_parameters(scenario: str) -> list[float]:
    """The mean parameters of a scenario's throws, as at launch, which the filter flies with over an endless floor."""
    throws = throw(scenario, 4096, 0)
    rows = constant_parameters(throws.parameters, throws.states, throws.ball.restitution_speed_mps)
    return [round(float(value), 9) for value in rows.mean(axis=0)]


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
