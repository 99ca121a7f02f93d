"""Gaps: instants at which an object is there, but not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

if TYPE_CHECKING:
    from pathcast.simulator.sensor.settings import Sensor


def onset(sensor: Sensor) -> float:
    """Probability that a gap begins at an instant after a seen one."""
    return sensor.dropout / (1 - sensor.dropout) / max(sensor.burst_s * sensor.rate_hz, 1.0)


def is_dropped(sensor: Sensor, draws: Float[np.ndarray, "object time"]) -> Bool[np.ndarray, "object time"]:
    """Where uniform draws make gaps: on their own, or a chain of two states with the mean gap `burst_s`.

    The chain is Gilbert's (1960, Bell System Technical Journal 39:1253).
    """
    if sensor.burst_s * sensor.rate_hz <= 1.0 or sensor.dropout == 0.0:
        return np.asarray(draws < sensor.dropout)
    dropped = np.zeros(draws.shape, np.bool_)
    is_gap = np.full(len(draws), False)
    stays = 1.0 - 1.0 / (sensor.burst_s * sensor.rate_hz)
    begins = onset(sensor)
    for time in range(draws.shape[1]):
        chance = np.where(is_gap, stays, begins) if time else sensor.dropout
        is_gap = draws[:, time] < chance
        dropped[:, time] = is_gap
    return dropped


def is_unborn(sensor: Sensor, draws: Float[np.ndarray, " object"], length: int) -> Bool[np.ndarray, "object time"]:
    """Where uniform draws say that a track has not begun yet; delays are exponential, with the mean `birth_s`."""
    delay = -sensor.birth_s * np.log1p(-draws)
    return np.asarray(np.arange(length) / sensor.rate_hz < delay[:, None])
