"""The heading front end: walkers seen in their own heading and speed.

Every input is a difference of positions, rotated into the track's heading and divided by its speed, so that inputs
depend neither on where the origin is nor on which way the axes point. Nothing looks ahead, so the filter is carried
from one observation to the next (docs/decisions/0004-streaming-encoder.md).

A step of the encoder joins two observations at least `MIN_STEP_S` apart: a fast camera's observations in between
replace one another as the newest, and only the newest is looked at when a forecast is asked for. The encoder's carried
state therefore always ends one step before the newest observation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.model.frontends import Base

COUNT, TIME, X, Y = 0, 1, 2, 3  # the newest observation
WAIT_TIME, WAIT_X, WAIT_Y = 4, 5, 6  # the observation that will be the encoder's next step
STEPS, STEP_TIME, STEP_X, STEP_Y = 7, 8, 9, 10  # the encoder's last step
BACK_TIME, BACK_X, BACK_Y = 11, 12, 13  # the step before it
V, V1, V2 = 14, 16, 18  # velocities over the last three steps, two columns each
HEADING = 20  # cosine and sine
SCALE, SPEED = 22, 23
TRACE, WEIGHT = 24, 30  # three exponential traces of the velocity, and what they hold of the past
FILTER_SIZE = 33
NUM_INPUTS, NUM_HEAD_INPUTS, NUM_KNOT_INPUTS = 19, 15, 2

MIN_STEP_S = 0.2
NOMINAL_STEP_S = 0.4
STANDING_MPS = 0.3
"""Speed that is added in quadrature, so that someone who stands has a scale too."""
TRACE_SECONDS = (0.58, 1.39, 3.80)
"""Time constants of the traces: decays of 0.5, 0.75 and 0.9 in 0.4 s."""


@njit
def step(row: Any, time: float, x: float, y: float, inputs: Any) -> None:
    """One step of the encoder: brings the row's step columns to (time, x, y) and writes the step's inputs.

    The first step has no velocity: its inputs are zero but for the last flag being unset.
    """
    inputs[:] = 0.0
    steps = row[STEPS]
    if steps == 0:
        row[HEADING], row[HEADING + 1] = 1.0, 0.0
        row[SCALE], row[SPEED] = STANDING_MPS, 0.0
    else:
        elapsed = time - row[STEP_TIME]
        vx, vy = (x - row[STEP_X]) / elapsed, (y - row[STEP_Y]) / elapsed
        if steps == 1:
            wx, wy = vx, vy
        else:
            both = time - row[BACK_TIME]
            wx, wy = (x - row[BACK_X]) / both, (y - row[BACK_Y]) / both
        speed = math.sqrt(wx * wx + wy * wy)
        scale = math.sqrt(speed * speed + STANDING_MPS * STANDING_MPS)
        old_cosine, old_sine, old_scale = row[HEADING], row[HEADING + 1], row[SCALE]
        cosine, sine = old_cosine, old_sine
        if speed > 1e-6:
            cosine, sine = wx / speed, wy / speed
        if steps == 1:
            old_cosine, old_sine, old_scale = cosine, sine, scale
        for part in range(2):
            row[V2 + part] = row[V1 + part]
            row[V1 + part] = row[V + part]
        row[V], row[V + 1] = vx, vy
        row[HEADING], row[HEADING + 1], row[SCALE], row[SPEED] = cosine, sine, scale, speed
        inputs[0] = (vx * cosine + vy * sine) / scale
        inputs[1] = (vy * cosine - vx * sine) / scale
        inputs[2] = (row[V1] * cosine + row[V1 + 1] * sine) / scale
        inputs[3] = (row[V1 + 1] * cosine - row[V1] * sine) / scale
        inputs[4] = cosine * old_cosine + sine * old_sine
        inputs[5] = sine * old_cosine - cosine * old_sine
        inputs[6] = math.log(scale)
        inputs[7] = math.log(scale / old_scale)
        inputs[8] = speed / scale
        inputs[9] = math.log(elapsed / NOMINAL_STEP_S)
        inputs[10] = 1.0 if steps == 1 else 0.0
        inputs[11] = 1.0 if steps == 2 else 0.0
        for index in range(3):
            decay = math.exp(-elapsed / TRACE_SECONDS[index])
            at = TRACE + 2 * index
            row[at] = decay * row[at] + (1 - decay) * vx
            row[at + 1] = decay * row[at + 1] + (1 - decay) * vy
            row[WEIGHT + index] = decay * row[WEIGHT + index] + (1 - decay)
            scaled = row[WEIGHT + index] * scale
            inputs[12 + 2 * index] = (row[at] * cosine + row[at + 1] * sine) / scaled
            inputs[13 + 2 * index] = (row[at + 1] * cosine - row[at] * sine) / scaled
        inputs[18] = 1.0
    row[BACK_TIME], row[BACK_X], row[BACK_Y] = row[STEP_TIME], row[STEP_X], row[STEP_Y]
    row[STEPS], row[STEP_TIME], row[STEP_X], row[STEP_Y] = steps + 1, time, x, y


@njit
def _absorb(filters: Any, times: Any, positions: Any, lengths: Any, steps: Any, counts: Any) -> None:
    for track in range(len(filters)):
        row = filters[track]
        due = 0
        for index in range(lengths[track]):
            time, x, y = times[track, index], float(positions[track, index, 0]), float(positions[track, index, 1])
            if row[COUNT] == 0:
                row[WAIT_TIME], row[WAIT_X], row[WAIT_Y] = time, x, y
            elif time - row[WAIT_TIME] >= MIN_STEP_S - 1e-6:
                step(row, row[WAIT_TIME], row[WAIT_X], row[WAIT_Y], steps[track, due])
                due += 1
                row[WAIT_TIME], row[WAIT_X], row[WAIT_Y] = time, x, y
            row[COUNT] += 1
            row[TIME], row[X], row[Y] = time, x, y
        counts[track] = due


@njit
def _pending(filters: Any, steps: Any, counts: Any) -> None:
    for track in range(len(filters)):
        row = filters[track]
        due = 0
        if row[STEPS] == 0:
            step(row, row[WAIT_TIME], row[WAIT_X], row[WAIT_Y], steps[track, 0])
            due = 1
        if row[TIME] > row[STEP_TIME]:
            step(row, row[TIME], row[X], row[Y], steps[track, due])
            due += 1
        counts[track] = due


@njit
def _head(filters: Any, head: Any) -> None:
    for track in range(len(filters)):
        row = filters[track]
        cosine, sine, scale = row[HEADING], row[HEADING + 1], row[SCALE]
        for index in range(3):
            vx, vy = row[V + 2 * index], row[V + 2 * index + 1]
            head[track, 2 * index] = (vx * cosine + vy * sine) / scale
            head[track, 2 * index + 1] = (vy * cosine - vx * sine) / scale
            tx, ty = row[TRACE + 2 * index], row[TRACE + 2 * index + 1]
            held = max(row[WEIGHT + index], 1e-9) * scale
            head[track, 6 + 2 * index] = (tx * cosine + ty * sine) / held
            head[track, 7 + 2 * index] = (ty * cosine - tx * sine) / held
        head[track, 12] = math.log(scale)
        head[track, 13] = row[SPEED] / scale
        head[track, 14] = min(row[STEPS], 8.0) / 8.0


@njit
def _trace(times: Any, positions: Any, ends: Any, steps: Any, filters: Any) -> None:
    row = np.zeros(FILTER_SIZE)
    for track in range(len(times)):
        row[:] = 0.0
        end = 0
        for index in range(times.shape[1]):
            time, x, y = times[track, index], float(positions[track, index, 0]), float(positions[track, index, 1])
            row[COUNT] += 1
            row[TIME], row[X], row[Y] = time, x, y
            step(row, time, x, y, steps[track, index])
            while end < ends.shape[1] and ends[track, end] == index:
                filters[track, end] = row
                end += 1


class HeadingFrontEnd:
    """Walkers in two axes; the base path stands still and the unit grows with the walker's own speed."""

    name = "heading"
    num_axes = 2
    filter_size = FILTER_SIZE
    num_inputs = NUM_INPUTS
    num_head_inputs = NUM_HEAD_INPUTS
    num_knot_inputs = NUM_KNOT_INPUTS
    max_pending = 2

    def absorb(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> tuple[Float[np.ndarray, "track time input"], Int[np.ndarray, " track"]]:
        steps = np.zeros((*times.shape, NUM_INPUTS), np.float32)
        counts = np.zeros(len(filters), np.int64)
        _absorb(filters, times, positions, lengths, steps, counts)
        return steps, counts

    def pending(
        self, filters: Float[np.ndarray, "track column"]
    ) -> tuple[Float[np.ndarray, "track column"], Float[np.ndarray, "track step input"], Int[np.ndarray, " track"]]:
        after = filters.copy()
        steps = np.zeros((len(filters), self.max_pending, NUM_INPUTS), np.float32)
        counts = np.zeros(len(filters), np.int64)
        _pending(after, steps, counts)
        return after, steps, counts

    def head(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track input"]:
        head = np.zeros((len(filters), NUM_HEAD_INPUTS), np.float32)
        _head(filters, head)
        return head

    def heading(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track two"]:
        return filters[:, HEADING : HEADING + 2]

    def base(self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"]) -> Base:
        path = np.repeat(filters[:, None, X : Y + 1], offsets.shape[1], axis=1)
        unit = filters[:, SCALE, None] * offsets
        knots = np.stack([offsets / 5.0, np.log(offsets)], axis=-1).astype(np.float32)
        return Base(path, unit, knots)

    def trace(
        self,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        ends: Int[np.ndarray, "track end"],
    ) -> tuple[Float[np.ndarray, "track time input"], Float[np.ndarray, "track end column"]]:
        steps = np.zeros((*times.shape, NUM_INPUTS), np.float32)
        filters = np.zeros((*ends.shape, FILTER_SIZE))
        _trace(times, positions, ends, steps, filters)
        return steps, filters
