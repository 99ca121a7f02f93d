"""Settings of a sensor: its clock and its faults, each of which is off unless it is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.simulator.sensor import clock, gaps
from pathcast.simulator.sensor.clock import Instants
from pathcast.simulator.sensor.ranges import check_number

RANGES = {
    "rate_hz": (1e-3, 1e6),
    "clock_jitter_s": (0.0, 1e3),
    "dropout": (0.0, 0.99),
    "burst_s": (0.0, 1e3),
    "latency_s": (0.0, 1e3),
    "outliers": (0.0, 1.0),
    "outlier_m": (0.0, 1e3),
    "time_step_s": (0.0, 1e3),
    "noise_correlation": (0.0, 0.999),
    "depth_ratio": (0.0, 1e3),
    "noise_distance_m": (0.0, 1e6),
    "birth_s": (0.0, 1e3),
    "object_radius_m": (0.0, 1e3),
    "object_height_m": (1e-3, 1e3),
    "swap_m": (0.0, 1e3),
    "swap_chance": (0.0, 1.0),
    "false_per_s": (0.0, 1e3),
    "false_s": (1e-3, 1e3),
}
"""Least and most of every number; the noise is from 0 to 1e3 m."""


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """A tracker's clock and faults."""

    rate_hz: float
    """Instants in a second."""
    noise_m: float | tuple[float, ...] = 0.0
    """Standard deviation of each position, one for all axes or one for each, metres."""
    clock_jitter_s: float = 0.0
    """Standard deviation of the time at which it looks about the time that it reports; cut at 0.45 periods."""
    dropout: float = 0.0
    """Share of instants at which an object is not seen, under 1."""
    burst_s: float = 0.0
    """Mean length of a gap, seconds; 0 drops every instant on its own."""
    latency_s: float = 0.0
    """Reported less true time."""
    outliers: float = 0.0
    """Share of seen instants whose position is off by up to `outlier_m` along every axis."""
    outlier_m: float = 1.0
    time_step_s: float = 0.0
    """Reported times are whole multiples of it, at most a period; 0 leaves them as they are."""
    noise_correlation: float = 0.0
    """Of the noise at an instant with that at the one before."""
    camera: tuple[float, ...] | None = None
    """Where it stands, m: 3 numbers, or 2 for positions on a plane."""
    depth_ratio: float = 1.0
    """Noise along the line of sight from the camera, in that across it."""
    noise_distance_m: float = 0.0
    """Distance from the camera at which the noise is as stated; it grows in proportion across the line of sight, with
    the square along it. 0: the same everywhere."""
    birth_s: float = 0.0
    """Mean time from an object's first instant to the first at which its track is reported."""
    object_radius_m: float = 0.0
    """Objects of a scene hide each other from the camera: balls, or upright cylinders where positions have two axes."""
    object_height_m: float = 1.8
    """Of these cylinders, which are looked at half-way up."""
    swap_m: float = 0.0
    """Two tracks that come nearer to each other than this, both seen, may swap their numbers: once a meeting."""
    swap_chance: float = 0.0
    """That they do."""
    false_per_s: float = 0.0
    """Tracks of nothing that begin in a scene each second."""
    false_s: float = 0.5
    """Their mean length."""

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            check_number(f"sensor.{name}", getattr(self, name), low, high)
        self._check_noise()
        self._check_camera()
        if self.dropout > 0 and self.burst_s > 0 and gaps.onset(self) > 1:
            least = self.dropout / (1 - self.dropout) / self.rate_hz
            raise InputError("sensor.burst_s", f"0, or at least {least:.4g} s for this dropout", f"{self.burst_s}")
        if self.time_step_s * self.rate_hz > 1 + 1e-9:
            raise InputError("sensor.time_step_s", f"at most a period, {1 / self.rate_hz:.4g} s", f"{self.time_step_s}")

    def instants(self, num: int, duration_s: float, seed: int, first: int = 0) -> Instants:
        """When it looks at each of the objects `first` to `first + num - 1`, from 0 to `duration_s` of its clock.

        Raises:
            InputError: A number outside its range.
        """
        return clock.instants(self, num, duration_s, seed, first)

    def jitter(self, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard normal draws as deviations of the clock, s."""
        return clock.jitter(self, draws)

    def deviations(self, num_axes: int) -> Float[np.ndarray, " axis"]:
        """Standard deviation along each axis, m.

        Raises:
            InputError: The noise is given for another number of axes.
        """
        if np.ndim(self.noise_m) and len(np.atleast_1d(self.noise_m)) != num_axes:
            raise InputError("sensor.noise_m", f"one number, or {num_axes} for these positions", f"{self.noise_m}")
        return np.broadcast_to(np.asarray(self.noise_m, np.float64), (num_axes,))

    def is_dropped(self, draws: Float[np.ndarray, "object time"]) -> Bool[np.ndarray, "object time"]:
        """Where uniform draws make gaps: on their own, or a chain of two states with the mean gap `burst_s`."""
        return gaps.is_dropped(self, draws)

    def check_axes(self, num_axes: int) -> None:
        """Refuses positions that noise or camera do not fit.

        Raises:
            InputError: Naming which.
        """
        self.deviations(num_axes)
        if self.camera is not None and num_axes == 3 and len(self.camera) != 3:
            raise InputError("sensor.camera", "3 numbers for these positions", f"{self.camera}")

    def _check_noise(self) -> None:
        for deviation in np.atleast_1d(self.noise_m):
            check_number("sensor.noise_m", float(deviation), 0.0, 1e3)
        if np.ndim(self.noise_m) and len(np.atleast_1d(self.noise_m)) not in (2, 3):
            raise InputError("sensor.noise_m", "one number, or one for each of 2 or 3 axes", f"{self.noise_m}")

    def _check_camera(self) -> None:
        if self.camera is not None:
            if len(self.camera) not in (2, 3):
                raise InputError("sensor.camera", "2 or 3 numbers, m", f"{self.camera}")
            for axis, value in zip("xyz", self.camera, strict=False):
                check_number(f"sensor.camera.{axis}", value, -1e6, 1e6)
            return
        for name, off in (("depth_ratio", 1.0), ("noise_distance_m", 0.0), ("object_radius_m", 0.0)):
            if getattr(self, name) != off:
                raise InputError("sensor.camera", f"where it stands, for sensor.{name}", "none")
