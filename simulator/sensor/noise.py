"""Noise: how far what is reported lies from where things are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pathcast.simulator.sensor.settings import Sensor


def errors(
    sensor: Sensor,
    true_positions: Float[np.ndarray, "object time axis"],
    draws: Float[np.ndarray, "object time axis"],
) -> Float[np.ndarray, "object time axis"]:
    """Standard normal draws as errors of positions, m.

    By direction and distance: with e of the deviations of the axes, u the unit vector from the camera, r the ratio and
    d the distance in `noise_distance_m` (1 if that is 0), the error is d e + (r d^2 - d) (e . u) u. For equal axes its
    deviation is thus d s across the line of sight and r d^2 s along it, as a pair of cameras has: a pixel is wider in
    proportion to the distance, and depth is the base over a disparity (Hartley and Zisserman 2004, chapter 12).
    """
    error: NDArray[np.float64] = sensor.deviations(true_positions.shape[2]) * correlated(
        draws, sensor.noise_correlation
    )
    if sensor.camera is None or (sensor.depth_ratio == 1.0 and sensor.noise_distance_m == 0.0):
        return error
    num_axes = true_positions.shape[2]
    towards = true_positions - np.asarray(sensor.camera)[:num_axes]
    level = np.linalg.norm(towards, axis=2, keepdims=True)
    height = sensor.camera[2] if len(sensor.camera) > num_axes else 0.0
    across = np.hypot(level, height) / sensor.noise_distance_m if sensor.noise_distance_m else np.ones_like(level)
    along = sensor.depth_ratio * across**2
    sight = towards / np.maximum(level, 1e-9)
    return np.asarray(across * error + (along - across) * (error * sight).sum(axis=2, keepdims=True) * sight)


def correlated(
    draws: Float[np.ndarray, "object time axis"], correlation: float
) -> Float[np.ndarray, "object time axis"]:
    """Standard normal draws with that correlation between neighbouring instants: an autoregression of order one."""
    if correlation == 0.0:
        return draws
    fresh = np.sqrt(1.0 - correlation**2)
    numbers = np.array(draws)
    for time in range(1, draws.shape[1]):
        numbers[:, time] = correlation * numbers[:, time - 1] + fresh * draws[:, time]
    return numbers


def outliers(sensor: Sensor, draws: Float[np.ndarray, "object time draw"]) -> NDArray[np.float64]:
    """Uniform draws, whether and then how far along each axis, as errors of positions, m."""
    is_outlier = draws[:, :, :1] < sensor.outliers
    return np.where(is_outlier, sensor.outlier_m * (2.0 * draws[:, :, 1:] - 1.0), 0.0)
