"""`heading` in three axes as compiled loops: the ground plane's columns as there, and behind them those of height.

The scale and the speed count height too, so that what climbs has a unit; the heading is the ground's alone.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.model.frontends.heading import (
    BACK_TIME,
    BACK_X,
    BACK_Y,
    COUNT,
    FILTER_SIZE,
    HEADING,
    MIN_STEP_S,
    NOMINAL_STEP_S,
    NUM_HEAD_INPUTS,
    NUM_INPUTS,
    SCALE,
    SPEED,
    STANDING_MPS,
    STEP_TIME,
    STEP_X,
    STEP_Y,
    STEPS,
    TIME,
    TRACE,
    TRACE_SECONDS,
    V1,
    WAIT_TIME,
    WAIT_X,
    WAIT_Y,
    WEIGHT,
    V,
    X,
    Y,
)

Z: Final = FILTER_SIZE
WAIT_Z: Final = Z + 1
STEP_Z: Final = Z + 2
BACK_Z: Final = Z + 3
VZ: Final = Z + 4
"""Upward velocities over the last three steps."""
TRACE_Z: Final = Z + 7
SPACE_FILTER_SIZE: Final = Z + 10
NUM_SPACE_INPUTS: Final = NUM_INPUTS + 5
"""Those of the ground plane, then the upward ones: of two steps and of the traces."""
NUM_SPACE_HEAD_INPUTS: Final = NUM_HEAD_INPUTS + 6
"""Likewise: of three steps and of the traces."""


@njit
def absorb(
    filters: Float[np.ndarray, "track column"],
    times: Float[np.ndarray, "track time"],
    positions: Float[np.ndarray, "track time 3"],
    lengths: Int[np.ndarray, " track"],
    steps: Float[np.ndarray, "track time input"],
) -> Int[np.ndarray, " track"]:
    """`FrontEnd.absorb`; writes the steps that became due, and returns their numbers."""
    counts = np.zeros(len(filters), np.int64)
    for track in range(len(filters)):
        row = filters[track]
        for index in range(lengths[track]):
            time = times[track, index]
            place = positions[track, index]
            is_due = row[COUNT] > 0.0 and time - row[WAIT_TIME] >= MIN_STEP_S - 1e-6
            if is_due:
                _step(row, row[WAIT_TIME], row[WAIT_X], row[WAIT_Y], row[WAIT_Z], steps[track, counts[track]])
                counts[track] += 1
            if is_due or row[COUNT] == 0.0:
                row[WAIT_TIME], row[WAIT_X], row[WAIT_Y], row[WAIT_Z] = time, place[0], place[1], place[2]
            row[COUNT] += 1.0
            row[TIME], row[X], row[Y], row[Z] = time, place[0], place[1], place[2]
    return counts


@njit
def pending(
    filters: Float[np.ndarray, "track column"], steps: Float[np.ndarray, "track step input"]
) -> Int[np.ndarray, " track"]:
    """`FrontEnd.pending`; brings filters up to date, writes the steps, and returns their numbers."""
    counts = np.zeros(len(filters), np.int64)
    for track in range(len(filters)):
        row = filters[track]
        if row[STEPS] == 0.0:
            _step(row, row[WAIT_TIME], row[WAIT_X], row[WAIT_Y], row[WAIT_Z], steps[track, 0])
            counts[track] = 1
        if row[TIME] > row[STEP_TIME]:
            _step(row, row[TIME], row[X], row[Y], row[Z], steps[track, counts[track]])
            counts[track] += 1
    return counts


@njit
def trace(
    times: Float[np.ndarray, "track time"],
    positions: Float[np.ndarray, "track time 3"],
    ends: Int[np.ndarray, "track end"],
    steps: Float[np.ndarray, "track time input"],
    filters: Float[np.ndarray, "track end column"],
) -> None:
    """`FrontEnd.trace`; writes steps and filters."""
    row = np.empty(SPACE_FILTER_SIZE)
    for track in range(len(times)):
        row[:] = 0.0
        for index in range(times.shape[1]):
            place = positions[track, index]
            row[COUNT] += 1.0
            row[TIME], row[X], row[Y], row[Z] = times[track, index], place[0], place[1], place[2]
            _step(row, row[TIME], row[X], row[Y], row[Z], steps[track, index])
            for end in range(ends.shape[1]):
                if ends[track, end] == index:
                    filters[track, end] = row


@njit
def head(filters: Float[np.ndarray, "track column"], inputs: Float[np.ndarray, "track input"]) -> None:
    """`FrontEnd.head`, written."""
    for track in range(len(filters)):
        row, out = filters[track], inputs[track]
        cosine, sine, scale = row[HEADING], row[HEADING + 1], row[SCALE]
        for back in range(3):
            x, y = row[V + 2 * back], row[V + 2 * back + 1]
            out[2 * back] = (x * cosine + y * sine) / scale
            out[2 * back + 1] = (y * cosine - x * sine) / scale
            out[NUM_HEAD_INPUTS + back] = row[VZ + back] / scale
            x, y, held = row[TRACE + 2 * back], row[TRACE + 2 * back + 1], max(row[WEIGHT + back], 1e-9) * scale
            out[6 + 2 * back] = (x * cosine + y * sine) / held
            out[7 + 2 * back] = (y * cosine - x * sine) / held
            out[NUM_HEAD_INPUTS + 3 + back] = row[TRACE_Z + back] / held
        out[12] = math.log(scale)
        out[13] = row[SPEED] / scale
        out[14] = min(row[STEPS], 8.0) / 8.0


@njit
def base(
    filters: Float[np.ndarray, "track column"],
    offsets: Float[np.ndarray, "track time"],
    path: Float[np.ndarray, "track time 3"],
    unit: Float[np.ndarray, "track time"],
    knots: Float[np.ndarray, "track time 2"],
) -> None:
    """`FrontEnd.base`, written."""
    for track in range(len(filters)):
        row = filters[track]
        for index in range(offsets.shape[1]):
            offset = offsets[track, index]
            place = path[track, index]
            place[0], place[1], place[2] = row[X], row[Y], row[Z]
            unit[track, index] = row[SCALE] * offset
            knots[track, index, 0] = offset / 5.0
            knots[track, index, 1] = math.log(offset)


@njit
def _step(row: np.ndarray, time: float, x: float, y: float, z: float, inputs: np.ndarray) -> None:
    """One step of the encoder: brings the row's step columns to the time and place, and writes the inputs."""
    if row[STEPS] > 0.0:
        _move(row, time, x, y, z, inputs)
    else:
        row[HEADING], row[SCALE] = 1.0, STANDING_MPS
        inputs[:] = 0.0
    row[BACK_TIME], row[BACK_X], row[BACK_Y], row[BACK_Z] = row[STEP_TIME], row[STEP_X], row[STEP_Y], row[STEP_Z]
    row[STEPS] += 1.0
    row[STEP_TIME], row[STEP_X], row[STEP_Y], row[STEP_Z] = time, x, y, z


@njit
def _move(row: np.ndarray, time: float, x: float, y: float, z: float, inputs: np.ndarray) -> None:
    """Velocities, heading, scale and traces after a step that is not the first, and its inputs."""
    is_second = row[STEPS] == 1.0
    elapsed = time - row[STEP_TIME]
    vx, vy, vz = (x - row[STEP_X]) / elapsed, (y - row[STEP_Y]) / elapsed, (z - row[STEP_Z]) / elapsed
    wide_x, wide_y, wide_z = vx, vy, vz
    if not is_second:
        both = time - row[BACK_TIME]
        wide_x, wide_y, wide_z = (x - row[BACK_X]) / both, (y - row[BACK_Y]) / both, (z - row[BACK_Z]) / both
    along = math.sqrt(wide_x * wide_x + wide_y * wide_y)
    speed = math.sqrt(along * along + wide_z * wide_z)
    scale = math.sqrt(speed * speed + STANDING_MPS * STANDING_MPS)
    old_cosine, old_sine, old_scale = row[HEADING], row[HEADING + 1], row[SCALE]
    cosine, sine = old_cosine, old_sine
    if along > 1e-6:
        cosine, sine = wide_x / along, wide_y / along
    if is_second:
        old_cosine, old_sine, old_scale = cosine, sine, scale
    for column in range(V1 + 1, V - 1, -1):
        row[column + 2] = row[column]
    row[VZ + 2], row[VZ + 1] = row[VZ + 1], row[VZ]
    row[V], row[V + 1], row[VZ] = vx, vy, vz
    row[HEADING], row[HEADING + 1], row[SCALE], row[SPEED] = cosine, sine, scale, speed
    for back in range(2):
        x, y = row[V + 2 * back], row[V + 2 * back + 1]
        inputs[2 * back] = (x * cosine + y * sine) / scale
        inputs[2 * back + 1] = (y * cosine - x * sine) / scale
        inputs[NUM_INPUTS + back] = row[VZ + back] / scale
    inputs[4] = cosine * old_cosine + sine * old_sine
    inputs[5] = sine * old_cosine - cosine * old_sine
    inputs[6] = math.log(scale)
    inputs[7] = math.log(scale / old_scale)
    inputs[8] = speed / scale
    inputs[9] = math.log(elapsed / NOMINAL_STEP_S)
    inputs[10] = 1.0 if is_second else 0.0
    inputs[11] = 1.0 if row[STEPS] == 2.0 else 0.0
    for index in range(3):
        decay = math.exp(-elapsed / TRACE_SECONDS[index])
        at = TRACE + 2 * index
        row[at] = decay * row[at] + (1.0 - decay) * vx
        row[at + 1] = decay * row[at + 1] + (1.0 - decay) * vy
        row[TRACE_Z + index] = decay * row[TRACE_Z + index] + (1.0 - decay) * vz
        row[WEIGHT + index] = decay * row[WEIGHT + index] + (1.0 - decay)
        held = row[WEIGHT + index] * scale
        inputs[12 + 2 * index] = (row[at] * cosine + row[at + 1] * sine) / held
        inputs[13 + 2 * index] = (row[at + 1] * cosine - row[at] * sine) / held
        inputs[NUM_INPUTS + 2 + index] = row[TRACE_Z + index] / held
    inputs[18] = 1.0
