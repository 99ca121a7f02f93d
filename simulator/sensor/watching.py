"""Watching: what a sensor reports of objects, each on its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.simulator.draws import normals, uniforms
from pathcast.simulator.sensor import gaps, noise
from pathcast.simulator.sensor.settings import Sensor


class Watched(NamedTuple):
    """Observations of objects at instants."""

    positions: Float[np.ndarray, "object time axis"]
    """Metres; NaN where not seen."""
    valid: Bool[np.ndarray, "object time"]


class Draws(NamedTuple):
    """The random numbers that observations are made of; a fault that is off needs none."""

    noise: NDArray[np.float64]
    """Standard normal; an object's are (time, axis). Shape: [object, draw]."""
    dropout: NDArray[np.float64]
    """Uniform, one a time. Shape: [object, draw]."""
    outliers: NDArray[np.float64]
    """Uniform; an object's are (time, whether and axes). Shape: [object, draw]."""
    birth: NDArray[np.float64]
    """Uniform, one or none. Shape: [object, draw]."""


def watch(
    sensor: Sensor,
    true_positions: Float[np.ndarray, "object time axis"],
    seed: int,
    first: int = 0,
    hidden: NDArray[np.bool_] | None = None,
) -> Watched:
    """What a sensor reports of the objects `first`, `first + 1`, ... at positions taken at its instants.

    Each object is alone: what objects of a scene do to each other, and tracks of nothing, are `observe_tracks`'.

    Args:
        sensor: Which.
        true_positions: Where they were at `Sensor.instants(...).sampled`, m; NaN is never seen.
        seed: From 0 to 2**64 - 1.
        first: Global index of the first object.
        hidden: Where something stands before them (`pathcast.simulator.sensor.is_hidden`). Shape: [object, time].

    Raises:
        InputError: A shape that does not fit, or a number outside its range.
    """
    if true_positions.ndim != 3 or true_positions.shape[2] not in (2, 3):
        raise InputError("true_positions", "shape [object, time, 2 or 3]", f"{true_positions.shape}")
    num, length, num_axes = true_positions.shape
    if hidden is not None and hidden.shape != (num, length):
        raise InputError("hidden", f"shape [{num}, {length}]", f"{hidden.shape}")
    sensor.check_axes(num_axes)
    none = np.zeros((num, 0))
    draws = Draws(none, none, none, none)
    if sensor.deviations(num_axes).any():
        draws = draws._replace(noise=normals(seed, "sensor.noise", first, num, length * num_axes))
    if sensor.dropout > 0:
        draws = draws._replace(dropout=uniforms(seed, "sensor.dropout", first, num, length))
    if sensor.outliers > 0:
        draws = draws._replace(outliers=uniforms(seed, "sensor.outliers", first, num, length * (1 + num_axes)))
    if sensor.birth_s > 0:
        draws = draws._replace(birth=uniforms(seed, "sensor.birth", first, num, 1))
    return disturb(sensor, true_positions, draws, hidden)


def disturb(
    sensor: Sensor,
    true_positions: Float[np.ndarray, "object time axis"],
    draws: Draws,
    hidden: Bool[np.ndarray, "object time"] | None = None,
) -> Watched:
    """The observations that those draws make."""
    num, length, num_axes = true_positions.shape
    positions = np.array(true_positions, np.float64)
    if draws.noise.size:
        positions += noise.errors(sensor, true_positions, draws.noise.reshape(positions.shape))
    if draws.outliers.size:
        positions += noise.outliers(sensor, draws.outliers.reshape(num, length, 1 + num_axes))
    valid: NDArray[np.bool_] = np.asarray(np.isfinite(positions).all(axis=2))
    if draws.dropout.size:
        valid &= ~gaps.is_dropped(sensor, draws.dropout)
    if draws.birth.size:
        valid &= ~gaps.is_unborn(sensor, draws.birth[:, 0], length)
    if hidden is not None:
        valid &= ~hidden
    positions[~valid] = np.nan
    return Watched(positions, valid)
