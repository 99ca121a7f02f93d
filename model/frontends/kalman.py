"""The Kalman front end: balls seen as what a filter of their nominal flight did not expect.

A causal extended Kalman filter follows position and velocity through gravity, nominal drag and bounces; the encoder
reads its innovations, from which the network learns spin, drag and restitution. The base path flies the filter's state
on; the unit is the filter's own predicted standard deviation. Reference: Bar-Shalom, Li and Kirubarajan 2001,
sections 5.2 and 6.2; the design was measured against others in docs/decisions/0004-streaming-encoder.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.model.frontends import Base
from pathcast.model.others import Others
from pathcast.simulator.ball.flight import FLOOR, NUM_PARAMETERS, RADIUS, advance

COUNT, TIME = 0, 1
STATE = 2  # position, velocity and spin, nine columns
COVARIANCE = 11  # per axis: of position, of position with velocity, of velocity
FIRST_TIME, HEADING, BOUNCES = 20, 21, 23
FILTER_SIZE = 24
NUM_INPUTS, NUM_HEAD_INPUTS, NUM_KNOT_INPUTS = 15, 12, 5

MAX_STEP_S = 1 / 30
"""Step of the flight: 4e-8 m of error (shared by filter and base path)."""
HORIZONTAL_LOSS, VERTICAL_LOSS = 0.15, 0.08
"""Share of the speed that a bounce leaves uncertain, from the spread of spin, friction and restitution."""

SURPRISING = 30.0
"""Squared length of a normalised innovation that fewer than two in a million free flights reach (chi-squared, three
axes)."""


@njit
def _predict(row: Any, parameters: Any, elapsed: float, density: float) -> int:
    """Flies the row's state on and widens its covariance; returns the number of bounces."""
    state = row[STATE : STATE + 9]
    bounces = int(advance(state, parameters, elapsed, MAX_STEP_S))
    for axis in range(3):
        at = COVARIANCE + 3 * axis
        pp, pv, vv = row[at], row[at + 1], row[at + 2]
        row[at] = pp + 2 * elapsed * pv + elapsed * elapsed * vv + density * elapsed**3 / 3
        row[at + 1] = pv + elapsed * vv + density * elapsed * elapsed / 2
        row[at + 2] = vv + density * elapsed
        if bounces > 0:
            if axis == 2:
                lost = VERTICAL_LOSS * math.fabs(state[5]) + 0.1
            else:
                lost = HORIZONTAL_LOSS * math.hypot(state[3], state[4]) + 0.1
            row[at + 2] += lost * lost
            row[at] += (lost * elapsed) ** 2 / 4
    return bounces


@njit
def _absorb_one(
    row: Any,
    parameters: Any,
    noise: float,
    density: float,
    max_speed: float,
    time: float,
    position: Any,
    inputs: Any,
) -> None:
    inputs[:] = 0.0
    if row[COUNT] == 0:
        row[STATE : STATE + 9] = 0.0
        for axis in range(3):
            row[STATE + axis] = position[axis]
            row[COVARIANCE + 3 * axis] = noise * noise
            row[COVARIANCE + 3 * axis + 1] = 0.0
            row[COVARIANCE + 3 * axis + 2] = max_speed * max_speed
        row[FIRST_TIME], row[HEADING], row[HEADING + 1], row[BOUNCES] = time, 1.0, 0.0, 0.0
        row[COUNT], row[TIME] = 1, time
        return
    elapsed = time - row[TIME]
    bounces = _predict(row, parameters, elapsed, density)
    _admit_hit(row, noise, elapsed, position)
    surprise = np.empty(3)
    for axis in range(3):
        at = COVARIANCE + 3 * axis
        expected = row[at] + noise * noise
        innovation = float(position[axis]) - row[STATE + axis]
        surprise[axis] = innovation / math.sqrt(expected)
        gain_p, gain_v = row[at] / expected, row[at + 1] / expected
        row[STATE + axis] += gain_p * innovation
        row[STATE + 3 + axis] += gain_v * innovation
        row[at + 2] -= gain_v * row[at + 1]
        row[at + 1] -= gain_p * row[at + 1]
        row[at] -= gain_p * row[at]
    speed = math.hypot(row[STATE + 3], row[STATE + 4])
    if speed > 1e-3:
        row[HEADING], row[HEADING + 1] = row[STATE + 3] / speed, row[STATE + 4] / speed
    row[BOUNCES] += bounces
    row[COUNT] += 1
    row[TIME] = time
    cosine, sine = row[HEADING], row[HEADING + 1]
    inputs[0] = math.asinh(surprise[0] * cosine + surprise[1] * sine)
    inputs[1] = math.asinh(surprise[1] * cosine - surprise[0] * sine)
    inputs[2] = math.asinh(surprise[2])
    inputs[3] = speed / 10.0
    inputs[4] = row[STATE + 5] / 10.0
    inputs[5] = (row[STATE + 2] - parameters[FLOOR] - parameters[RADIUS]) / 2.0
    inputs[6] = math.log(30.0 * elapsed)
    inputs[7] = 0.5 * math.log(row[COVARIANCE + 2])
    inputs[8] = 0.5 * math.log(row[COVARIANCE])
    inputs[9] = math.log(10.0 * (time - row[FIRST_TIME]))
    inputs[10] = min(row[BOUNCES], 2.0)
    inputs[11] = float(bounces)
    inputs[12] = 1.0 if row[COUNT] == 2 else 0.0
    inputs[13] = 1.0 if row[COUNT] == 3 else 0.0
    inputs[14] = 1.0


@njit
def _admit_hit(row: Any, noise: float, elapsed: float, position: Any) -> None:
    """Forgets the velocity, as far as the surprise asks for it, where a ball is not where any free flight could be.

    It hit something that the filter does not know of, such as a rim; then its position is still near the expected one.
    """
    squared, off = 0.0, 0.0
    for axis in range(3):
        innovation = float(position[axis]) - row[STATE + axis]
        squared += innovation * innovation / (row[COVARIANCE + 3 * axis] + noise * noise)
        off += innovation * innovation
    if row[COUNT] < 3 or squared < SURPRISING:
        return
    for axis in range(3):
        at = COVARIANCE + 3 * axis
        row[at] += off
        row[at + 1] += off / elapsed
        row[at + 2] += 4.0 * off / (elapsed * elapsed)


@njit
def _absorb(
    filters: Any,
    parameters: Any,
    settings: tuple[float, float, float],
    times: Any,
    positions: Any,
    lengths: Any,
    steps: Any,
) -> None:
    noise, density, max_speed = settings
    for track in range(len(filters)):
        for index in range(lengths[track]):
            _absorb_one(
                filters[track],
                parameters,
                noise,
                density,
                max_speed,
                times[track, index],
                positions[track, index],
                steps[track, index],
            )


@njit
def _trace(
    parameters: Any,
    settings: tuple[float, float, float],
    times: Any,
    positions: Any,
    ends: Any,
    steps: Any,
    filters: Any,
) -> None:
    noise, density, max_speed = settings
    row = np.zeros(FILTER_SIZE)
    for track in range(len(times)):
        row[:] = 0.0
        end = 0
        for index in range(ends[track, -1] + 1):
            _absorb_one(
                row,
                parameters,
                noise,
                density,
                max_speed,
                times[track, index],
                positions[track, index],
                steps[track, index],
            )
            while end < ends.shape[1] and ends[track, end] == index:
                filters[track, end] = row
                end += 1


@njit
def _base(
    filters: Any, parameters: Any, noise: float, density: float, offsets: Any, path: Any, unit: Any, knots: Any
) -> None:
    state = np.empty(9)
    for track in range(len(filters)):
        row = filters[track]
        state[:] = row[STATE : STATE + 9]
        pp = (row[COVARIANCE] + row[COVARIANCE + 3] + row[COVARIANCE + 6]) / 3
        pv = (row[COVARIANCE + 1] + row[COVARIANCE + 4] + row[COVARIANCE + 7]) / 3
        vv = (row[COVARIANCE + 2] + row[COVARIANCE + 5] + row[COVARIANCE + 8]) / 3
        lost = HORIZONTAL_LOSS * math.sqrt(state[3] ** 2 + state[4] ** 2 + state[5] ** 2) / 2
        passed, bounces = 0.0, 0
        for index in range(offsets.shape[1]):
            bounces += int(advance(state, parameters, offsets[track, index] - passed, MAX_STEP_S))
            passed = offsets[track, index]
            variance = pp + 2 * passed * pv + passed**2 * vv + density * passed**3 / 3 + 0.04 * noise**2
            if bounces > 0:
                variance += (lost * passed) ** 2
            for axis in range(3):
                path[track, index, axis] = state[axis]
            unit[track, index] = math.sqrt(variance)
            knots[track, index, 0] = passed
            knots[track, index, 1] = 0.5 * math.log(variance)
            knots[track, index, 2] = (state[2] - parameters[FLOOR] - parameters[RADIUS]) / 2.0
            knots[track, index, 3] = state[5] / 10.0
            knots[track, index, 4] = min(bounces, 2)


@njit
def _head(filters: Any, parameters: Any, head: Any) -> None:
    for track in range(len(filters)):
        row = filters[track]
        speed = math.hypot(row[STATE + 3], row[STATE + 4])
        head[track, 0] = speed / 10.0
        head[track, 1] = row[STATE + 5] / 10.0
        head[track, 2] = (row[STATE + 2] - parameters[FLOOR] - parameters[RADIUS]) / 2.0
        for axis in range(3):
            head[track, 3 + axis] = 0.5 * math.log(row[COVARIANCE + 3 * axis])
            head[track, 6 + axis] = 0.5 * math.log(row[COVARIANCE + 3 * axis + 2])
        head[track, 9] = math.log(10.0 * (row[TIME] - row[FIRST_TIME]) + 0.1)
        head[track, 10] = min(row[BOUNCES], 2.0)
        head[track, 11] = min(row[COUNT], 30.0) / 30.0


class KalmanFrontEnd:
    """Balls in three axes above a horizontal floor."""

    name = "kalman"
    num_axes = 3
    filter_size = FILTER_SIZE
    num_inputs = NUM_INPUTS
    num_head_inputs = NUM_HEAD_INPUTS
    num_knot_inputs = NUM_KNOT_INPUTS
    num_neighbour_inputs = 0
    num_goal_inputs = 0
    max_pending = 0

    def __init__(
        self, parameters: Sequence[float], noise_m: float, acceleration_density: float, max_speed_mps: float
    ) -> None:
        """Args:
        parameters: Nominal row of `pathcast.simulator.ball.flight`.
        noise_m: Standard deviation of an observed position, metres.
        acceleration_density: Of the unmodelled acceleration, m²/s³.
        max_speed_mps: Standard deviation of the velocity before a second observation, m/s.
        """
        if len(parameters) != NUM_PARAMETERS:
            raise ValueError(f"parameters: expected {NUM_PARAMETERS} numbers, found {len(parameters)}")
        self._parameters = np.asarray(parameters, np.float64)
        self._noise, self._density = float(noise_m), float(acceleration_density)
        self._settings = (self._noise, self._density, float(max_speed_mps))

    def absorb(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> tuple[Float[np.ndarray, "track time input"], Int[np.ndarray, " track"]]:
        steps = np.zeros((*times.shape, NUM_INPUTS), np.float32)
        _absorb(filters, self._parameters, self._settings, times, positions, lengths, steps)
        return steps, lengths

    def pending(
        self, filters: Float[np.ndarray, "track column"]
    ) -> tuple[Float[np.ndarray, "track column"], Float[np.ndarray, "track step input"], Int[np.ndarray, " track"]]:
        return filters, np.zeros((len(filters), 0, NUM_INPUTS), np.float32), np.zeros(len(filters), np.int64)

    def head(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track input"]:
        head = np.zeros((len(filters), NUM_HEAD_INPUTS), np.float32)
        _head(np.ascontiguousarray(filters), self._parameters, head)
        return head

    def look_around(
        self, filters: Float[np.ndarray, "track column"], others: Others, most: int
    ) -> tuple[Float[np.ndarray, "track neighbour feature"], Float[np.ndarray, "track neighbour"]]:
        return np.zeros((len(filters), most, 0), np.float32), np.zeros((len(filters), most), np.float32)

    def find_nearest(
        self, filters: Float[np.ndarray, "track column"], others: Others, most: int
    ) -> Int[np.ndarray, "track neighbour"]:
        return np.full((len(filters), most), -1)

    def look_at_goals(
        self, filters: Float[np.ndarray, "track column"], goals: Float[np.ndarray, "track goal 4"]
    ) -> Float[np.ndarray, "track goal feature"]:
        return np.zeros((*goals.shape[:2], 0), np.float32)

    def heading(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track two"]:
        return filters[:, HEADING : HEADING + 2]

    def base(self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"]) -> Base:
        shape = offsets.shape
        path, unit = np.empty((*shape, 3)), np.empty(shape)
        knots = np.empty((*shape, NUM_KNOT_INPUTS), np.float32)
        arguments = (np.ascontiguousarray(filters), self._parameters, self._noise, self._density)
        _base(*arguments, np.ascontiguousarray(offsets, np.float64), path, unit, knots)
        return Base(path, unit, knots)

    def trace(
        self,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        ends: Int[np.ndarray, "track end"],
    ) -> tuple[Float[np.ndarray, "track time input"], Float[np.ndarray, "track end column"]]:
        steps = np.zeros((*times.shape, NUM_INPUTS), np.float32)
        filters = np.zeros((*ends.shape, FILTER_SIZE))
        _trace(self._parameters, self._settings, times, positions, ends, steps, filters)
        return steps, filters
