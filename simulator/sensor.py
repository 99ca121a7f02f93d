"""Sensor: what a tracker reports of true motion. Its clock, noise, gaps and outliers, apart from the truth.

Clock, noise, dropouts and outliers draw from streams of their own, so that switching one on changes no other; the
same seed gives the same observations for any split into batches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from pathcast.errors import InputError
from pathcast.simulator.draws import generator, normals, uniforms
from pathcast.tracks import Track, Tracks

LARGEST_JITTER = 0.45
"""Of the clock's period: jitter is cut there, so that instants always increase."""


class Instants(NamedTuple):
    """When a sensor looks, and when it says it does."""

    sampled: Float[np.ndarray, "object time"]
    """Seconds of the truth, strictly increasing, from 0."""
    reported: Float[np.ndarray, " time"]
    """Seconds: the regular clock, late by the latency. The same for all objects."""


class Watched(NamedTuple):
    """Observations of objects at instants."""

    positions: Float[np.ndarray, "object time axis"]
    """Metres; NaN where not seen."""
    valid: Bool[np.ndarray, "object time"]


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

    def __post_init__(self) -> None:
        _check("rate_hz", self.rate_hz, 1e-3, 1e6)
        for deviation in np.atleast_1d(self.noise_m):
            _check("noise_m", float(deviation), 0.0, 1e3)
        if np.ndim(self.noise_m) and len(np.atleast_1d(self.noise_m)) not in (2, 3):
            raise InputError("sensor.noise_m", "one number, or one for each of 2 or 3 axes", f"{self.noise_m}")
        _check("clock_jitter_s", self.clock_jitter_s, 0.0, 1e3)
        _check("dropout", self.dropout, 0.0, 0.99)
        _check("burst_s", self.burst_s, 0.0, 1e3)
        _check("latency_s", self.latency_s, 0.0, 1e3)
        _check("outliers", self.outliers, 0.0, 1.0)
        _check("outlier_m", self.outlier_m, 0.0, 1e3)
        if self.dropout > 0 and self.burst_s > 0 and self._onset > 1:
            least = self.dropout / (1 - self.dropout) / self.rate_hz
            raise InputError("sensor.burst_s", f"0, or at least {least:.4g} s for this dropout", f"{self.burst_s}")

    def instants(self, num: int, duration_s: float, seed: int, first: int = 0) -> Instants:
        """When it looks at each of the objects `first` to `first + num - 1`, from 0 to `duration_s` of its clock.

        Raises:
            InputError: A number outside its range.
        """
        _check("duration_s", duration_s, 0.0, 1e6, "")
        ticks = np.arange(int(duration_s * self.rate_hz + 1e-9) + 1) / self.rate_hz
        sampled = np.tile(ticks, (num, 1))
        if self.clock_jitter_s > 0:
            sampled += self.jitter(normals(seed, "sensor.clock", first, num, len(ticks)))
        return Instants(np.maximum(sampled, 0.0), ticks + self.latency_s)

    def jitter(self, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard normal draws as deviations of the clock, s."""
        most = LARGEST_JITTER / self.rate_hz
        return np.clip(self.clock_jitter_s * draws, -most, most)

    def deviations(self, num_axes: int) -> Float[np.ndarray, " axis"]:
        """Standard deviation along each axis, m.

        Raises:
            InputError: The noise is given for another number of axes.
        """
        if np.ndim(self.noise_m) and len(np.atleast_1d(self.noise_m)) != num_axes:
            raise InputError("sensor.noise_m", f"one number, or {num_axes} for these positions", f"{self.noise_m}")
        return np.broadcast_to(np.asarray(self.noise_m, np.float64), (num_axes,))

    @property
    def _onset(self) -> float:
        """Probability that a gap begins at an instant after a seen one."""
        return self.dropout / (1 - self.dropout) / max(self.burst_s * self.rate_hz, 1.0)

    def is_dropped(self, draws: Float[np.ndarray, "object time"]) -> Bool[np.ndarray, "object time"]:
        """Where uniform draws make gaps: on their own, or a chain of two states with the mean gap `burst_s`."""
        if self.burst_s * self.rate_hz <= 1.0 or self.dropout == 0.0:
            return np.asarray(draws < self.dropout)
        dropped = np.zeros(draws.shape, np.bool_)
        is_gap = np.full(len(draws), False)
        stays = 1.0 - 1.0 / (self.burst_s * self.rate_hz)
        for time in range(draws.shape[1]):
            chance = np.where(is_gap, stays, self._onset) if time else self.dropout
            is_gap = draws[:, time] < chance
            dropped[:, time] = is_gap
        return dropped


class _Draws(NamedTuple):
    """The random numbers that observations are made of; a fault that is off needs none."""

    noise: NDArray[np.float64]
    """Standard normal; an object's are (time, axis). Shape: [object, draw]."""
    dropout: NDArray[np.float64]
    """Uniform, one a time. Shape: [object, draw]."""
    outliers: NDArray[np.float64]
    """Uniform; an object's are (time, whether and axes). Shape: [object, draw]."""


def watch(sensor: Sensor, true_positions: Float[np.ndarray, "object time axis"], seed: int, first: int = 0) -> Watched:
    """What a sensor reports of the objects `first`, `first + 1`, ... at positions taken at its instants.

    Args:
        sensor: Which.
        true_positions: Where they were at `Sensor.instants(...).sampled`, m; NaN is never seen.
        seed: From 0 to 2**64 - 1.
        first: Global index of the first object.

    Raises:
        InputError: A shape that does not fit, or a number outside its range.
    """
    if true_positions.ndim != 3 or true_positions.shape[2] not in (2, 3):
        raise InputError("true_positions", "shape [object, time, 2 or 3]", f"{true_positions.shape}")
    num, length, num_axes = true_positions.shape
    draws = _Draws(np.zeros((num, 0)), np.zeros((num, 0)), np.zeros((num, 0)))
    if sensor.deviations(num_axes).any():
        draws = draws._replace(noise=normals(seed, "sensor.noise", first, num, length * num_axes))
    if sensor.dropout > 0:
        draws = draws._replace(dropout=uniforms(seed, "sensor.dropout", first, num, length))
    if sensor.outliers > 0:
        draws = draws._replace(outliers=uniforms(seed, "sensor.outliers", first, num, length * (1 + num_axes)))
    return _disturb(sensor, true_positions, draws)


def _disturb(sensor: Sensor, true_positions: Float[np.ndarray, "object time axis"], draws: _Draws) -> Watched:
    """The observations that those draws make."""
    num, length, num_axes = true_positions.shape
    positions = np.array(true_positions, np.float64)
    if draws.noise.size:
        positions += sensor.deviations(num_axes) * draws.noise.reshape(positions.shape)
    if draws.outliers.size:
        outliers = draws.outliers.reshape(num, length, 1 + num_axes)
        is_outlier = outliers[:, :, :1] < sensor.outliers
        positions += np.where(is_outlier, sensor.outlier_m * (2.0 * outliers[:, :, 1:] - 1.0), 0.0)
    valid: NDArray[np.bool_] = np.asarray(np.isfinite(positions).all(axis=2))
    if draws.dropout.size:
        valid &= ~sensor.is_dropped(draws.dropout)
    positions[~valid] = np.nan
    return Watched(positions, valid)


def watch_tracks(sensor: Sensor, tracks: Tracks, seed: int) -> Tracks:
    """What a sensor reports of true tracks: scene by scene on one clock, which starts with the scene.

    The truth between its own rows is a cubic spline through the valid ones, meant for smooth motion such as walking
    (balls bounce: fly them at `Sensor.instants` instead). An object is looked at from its first to its last row,
    and not seen next to a row that is not valid. A scene is one block of draws: it does not depend on the others.

    Args:
        sensor: Which.
        tracks: The truth.
        seed: From 0 to 2**64 - 1.

    Returns:
        Observed tracks on the sensor's clock; rows where an object was not seen are not valid.

    Raises:
        InputError: The sensor's noise is for another number of axes.
    """
    sensor.deviations(tracks.num_axes)
    pieces = [
        piece
        for scene, group in groupby(tracks.each(), key=lambda track: track.scene)
        for piece in _watch_scene(sensor, scene, list(group), seed)
    ]
    if not pieces:
        return tracks.select(slice(0, 0))
    return Tracks(
        scene=np.concatenate([np.full(len(piece.time), piece.scene, np.int64) for piece in pieces]),
        track=np.concatenate([np.full(len(piece.time), piece.track, np.uint64) for piece in pieces]),
        time=np.concatenate([piece.time for piece in pieces]),
        position=np.concatenate([piece.position for piece in pieces]),
        valid=np.concatenate([piece.valid for piece in pieces]),
        scene_names=tracks.scene_names,
    )


def _watch_scene(sensor: Sensor, scene: int, truth: list[Track], seed: int) -> Iterator[Track]:
    """The observed tracks of one scene; every fault has a stream of its own."""
    block = scene & (2**63 - 1)
    start = min(float(track.time[0]) for track in truth)
    stop = max(float(track.time[-1]) for track in truth)
    ticks = start + np.arange(int((stop - start) * sensor.rate_hz + 1e-9) + 1) / sensor.rate_hz
    clock = generator(seed, "sensor.scene.clock", block)
    sampled = ticks + sensor.jitter(clock.standard_normal(len(ticks)))
    noise = generator(seed, "sensor.scene.noise", block)
    dropout = generator(seed, "sensor.scene.dropout", block)
    outliers = generator(seed, "sensor.scene.outliers", block)
    for track in truth:
        num_axes = track.position.shape[1]
        slack = 1e-9 * max(1.0, abs(stop))
        inside = (ticks >= track.time[0] - slack) & (ticks <= track.time[-1] + slack)
        at = np.clip(sampled[inside], track.time[0], track.time[-1])
        draws = _Draws(
            noise.standard_normal((1, len(at) * num_axes)),
            dropout.random((1, len(at))),
            outliers.random((1, len(at) * (1 + num_axes))),
        )
        seen = _disturb(sensor, _between(track, at)[None], draws)
        yield Track(scene, track.track, ticks[inside] + sensor.latency_s, seen.positions[0], seen.valid[0])


def _between(track: Track, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """The true positions at the times, all within the track's; NaN next to a row that is not valid."""
    positions = np.full((len(times), track.position.shape[1]), np.nan)
    known = track.time[track.valid]
    if not len(known):
        return positions
    after = np.clip(np.searchsorted(track.time, times, side="left"), 0, len(track.time) - 1)
    before = np.where(track.time[after] == times, after, np.maximum(after - 1, 0))
    clear = track.valid[before] & track.valid[after]
    if len(known) == 1:
        positions[clear] = track.position[track.valid]
    else:
        positions[clear] = CubicSpline(known, track.position[track.valid])(times[clear])
    return positions


def _check(name: str, value: float, low: float, high: float, owner: str = "sensor.") -> None:
    """Refuses a value outside its range."""
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{owner}{name}", f"a number from {low:g} to {high:g}", f"{value}")
