"""Clock: when a sensor looks, and when it says that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.simulator.draws import normals
from pathcast.simulator.sensor.ranges import check_number

if TYPE_CHECKING:
    from pathcast.simulator.sensor.settings import Sensor

LARGEST_JITTER: Final = 0.45
"""Of the clock's period: jitter is cut there, so that instants always increase."""


class Instants(NamedTuple):
    """When a sensor looks, and when it says it does."""

    sampled: Float[np.ndarray, "object time"]
    """Seconds of the truth, strictly increasing, from 0."""
    reported: Float[np.ndarray, " time"]
    """Seconds: the regular clock, late by the latency, rounded. Strictly increasing; the same for all objects."""


def instants(sensor: Sensor, num: int, duration_s: float, seed: int, first: int) -> Instants:
    """When it looks at each of the objects `first` to `first + num - 1`, from 0 to `duration_s` of its clock.

    Raises:
        InputError: A number outside its range.
    """
    check_number("duration_s", duration_s, 0.0, 1e6)
    ticks = np.arange(int(duration_s * sensor.rate_hz + 1e-9) + 1) / sensor.rate_hz
    sampled = np.tile(ticks, (num, 1))
    if sensor.clock_jitter_s > 0:
        sampled += jitter(sensor, normals(seed, "sensor.clock", first, num, len(ticks)))
    return Instants(np.maximum(sampled, 0.0), reported(sensor, ticks))


def jitter(sensor: Sensor, draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard normal draws as deviations of the clock, s."""
    most = LARGEST_JITTER / sensor.rate_hz
    return np.clip(sensor.clock_jitter_s * draws, -most, most)


def reported(sensor: Sensor, ticks: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """The times that stand on what is seen at the clock's ticks: late, and rounded to the clock's step."""
    times = ticks + sensor.latency_s
    if sensor.time_step_s == 0:
        return times
    numbers = np.floor(times / sensor.time_step_s + 0.5)
    # A step as long as a period could round two neighbours to one number by the last bit.
    order = np.arange(len(numbers))
    return np.asarray((np.maximum.accumulate(numbers - order) + order) * sensor.time_step_s)
