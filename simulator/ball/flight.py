"""Flight of balls with located bounces on a horizontal floor: state at any time, from compiled kernels.

Pure: no randomness, nothing remembered. A throw is a state row (x y z vx vy vz wx wy wz: m, m/s, rad/s) and a
parameter row (`GRAVITY` ... `FRICTION`). Fixed Runge-Kutta steps of order four; a step that meets the floor ends at
the instant of contact (found to 1e-13 s on the step itself, which is a polynomial of its length), so every piece is
smooth and the quintic through its ends gives the state in between to the same order. A bounce is `contact.bounce`;
a ball that would leave the floor at under 0.05 m/s or for under 10 ms stays on it (`contact.roll`).

Coefficients are constant; `fly_many`, `fly_states` and `bounces` hand full rows with other entries on to `following`.

The floor is endless. A ball given inside it (lower than its radius above the surface) is lifted onto it; a ball
whose centre is given below the surface is beside it, as next to a table, and falls freely. A throw whose state or
parameters are not finite, or that diverges, is NaN from there on.
"""

from __future__ import annotations

import math
from typing import Final

import numba
import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.compiled import njit, parallel_njit
from pathcast.errors import InputError
from pathcast.simulator.ball.contact import bounce, roll
from pathcast.simulator.ball.lanes import MOST_BOUNCES_PER_SECOND, fly_in_lanes
from pathcast.simulator.ball.leg import accelerate, is_sound, land, leg, rolled, touch
from pathcast.simulator.ball.motion import acceleration
from pathcast.simulator.ball.parameters import (
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    INERTIA,
    LIFT,
    NUM_FULL_PARAMETERS,
    NUM_PARAMETERS,
    RADIUS,
    RESTITUTION,
    SPIN_DECAY,
    TANGENTIAL,
    WIND_X,
    WIND_Y,
)

__all__ = [
    "DRAG",
    "FLOOR",
    "FRICTION",
    "GRAVITY",
    "INERTIA",
    "LIFT",
    "MAX_STEP",
    "NUM_PARAMETERS",
    "RADIUS",
    "RESTITUTION",
    "SPIN_DECAY",
    "TANGENTIAL",
    "WIND_X",
    "WIND_Y",
    "acceleration",
    "advance",
    "bounce",
    "bounces",
    "fly",
    "fly_many",
    "fly_states",
    "roll",
]

MAX_STEP: Final = 1 / 30
"""s: over 2 s with bounces a basketball's error stays under 1e-7 m, the fastest table-tennis ball's near 1e-6 m."""
_ROWS_PER_TASK: Final = 64


@njit
def advance(
    state: NDArray[np.float64], parameters: NDArray[np.float64], duration: float, max_step: float = MAX_STEP
) -> int:
    """Moves one ball on by `duration` seconds, in place; the number of its bounces.

    Args:
        state: Shape [9].
        parameters: Shape [NUM_PARAMETERS].
        duration: s, from 0.
        max_step: Longest step, s.
    """
    if not (is_sound(state, parameters, max_step) and math.isfinite(duration)):
        state[:] = math.nan
        return 0
    x, y, vx, vy, vz = state[0], state[1], state[3], state[4], state[5]
    wx, wy, wz = state[6], state[7], state[8]
    z, contact = touch(state[2], parameters[FLOOR], parameters[RADIUS])
    num, rests, left = 0, False, duration
    most = 16.0 + MOST_BOUNCES_PER_SECOND * duration
    while left > 0.0 and num <= most:
        if z <= contact and vz <= 0.0:
            num += vz < 0.0
            vx, vy, vz, wx, wy, wz, rests = land(vx, vy, vz, wx, wy, wz, parameters)
            if rests:
                x, y, z, vx, vy, vz, wx, wy, wz = rolled(x, y, z, vx, vy, wx, wy, wz, left, parameters)
                left = 0.0
                break
        ax, ay, az = accelerate(vx, vy, vz, wx, wy, wz, parameters)
        passed, _, dx, dy, z, vx, vy, vz, kept = leg(
            z, vx, vy, vz, wx, wy, wz, ax, ay, az, min(left, max_step), contact, parameters
        )
        x, y, wx, wy, wz, left = x + dx, y + dy, kept * wx, kept * wy, kept * wz, left - passed
        if not math.isfinite(x + y + z + vx + vy + vz):
            break
    if left > 0.0:
        state[:] = math.nan
        return num
    state[0], state[1], state[2], state[3], state[4], state[5] = x, y, z, vx, vy, vz
    state[6], state[7], state[8] = wx, wy, wz
    return num


@njit
def fly(
    state: NDArray[np.float64],
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    positions: NDArray[np.float64],
    max_step: float = MAX_STEP,
) -> int:
    """Writes where one ball is at the times; the number of its bounces up to the last of them.

    What is written for a time does not depend on the other times.

    Args:
        state: Now. Shape [9]; left as it is.
        parameters: Shape [NUM_PARAMETERS].
        times: Seconds from now, increasing, from 0. Shape [time].
        positions: Written, m; with nine columns whole states are. Shape [time, 3 or 9].
        max_step: Longest step, s.
    """
    count = np.zeros(1, np.int64)
    nothing = np.empty((1, 0, 19))
    fly_in_lanes(
        state.reshape(1, 9),
        parameters.reshape(1, len(parameters)),
        times.reshape(1, len(times)),
        positions.reshape(1, len(times), positions.shape[1]),
        max_step,
        nothing,
        count,
    )
    return int(count[0])


@parallel_njit
def _fly_tasks(
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    outputs: NDArray[np.float64],
    max_step: float,
    events: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """`fly_in_lanes`, spread over threads."""
    for task in numba.prange((len(states) + _ROWS_PER_TASK - 1) // _ROWS_PER_TASK):
        rows = slice(task * _ROWS_PER_TASK, (task + 1) * _ROWS_PER_TASK)
        clocks = times[rows] if len(times) > 1 else times
        fly_in_lanes(states[rows], parameters[rows], clocks, outputs[rows], max_step, events[rows], counts[rows])


def fly_many(
    states: Float[np.ndarray, "ball 9"],
    parameters: Float[np.ndarray, "*ball parameter"],
    times: Float[np.ndarray, "*ball time"],
    max_step: float = MAX_STEP,
) -> Float[np.ndarray, "ball time 3"]:
    """Positions (m) of many balls, bitwise the same for any number of balls and threads.

    Args:
        states: Now: x y z in m, vx vy vz in m/s, wx wy wz in rad/s.
        parameters: A row for each ball, or one for all: of twelve entries or full.
        times: Seconds from now, increasing, from 0; a row for each ball, or one for all.
        max_step: Longest step, s.

    Raises:
        InputError: Shapes that do not fit, times that are negative, not finite or do not increase, a step that is
            not positive. A state or parameter that is not finite makes a NaN result instead.
    """
    return _fly(states, parameters, times, max_step, 3)


def fly_states(
    states: Float[np.ndarray, "ball 9"],
    parameters: Float[np.ndarray, "*ball parameter"],
    times: Float[np.ndarray, "*ball time"],
    max_step: float = MAX_STEP,
) -> Float[np.ndarray, "ball time 9"]:
    """The whole states of many balls at the times; arguments and errors as of `fly_many`."""
    return _fly(states, parameters, times, max_step, 9)


def _fly(
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    max_step: float,
    num_columns: int,
) -> NDArray[np.float64]:
    if _is_full(parameters):
        from pathcast.simulator.ball.following import follow

        return follow(
            states, parameters, times, max_step=max_step, max_events=0, positions_only=num_columns == 3
        ).states
    states, parameters = _rows(states, parameters, max_step)
    times = np.asarray(times, np.float64)
    if times.ndim not in (1, 2) or (times.ndim == 2 and len(times) != len(states)):
        raise InputError("times", f"shape [time] or [{len(states)}, time]", f"{times.shape}")
    if not (np.isfinite(times).all() and (times >= 0).all() and (np.diff(times) > 0).all()):
        raise InputError("times", "finite seconds from 0, increasing", "others")
    times = _writeable(np.atleast_2d(times))
    outputs: NDArray[np.float64] = np.empty((len(states), times.shape[1], num_columns))
    _run(states, parameters, times, outputs, max_step, np.empty((len(states), 0, 19)))
    return outputs


def _run(
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    outputs: NDArray[np.float64],
    max_step: float,
    events: NDArray[np.float64],
) -> None:
    """Flies all balls, in this thread if they are few."""
    kernel = fly_in_lanes if len(states) <= _ROWS_PER_TASK else _fly_tasks
    kernel(states, parameters, times, outputs, float(max_step), events, np.zeros(len(states), np.int64))


def bounces(
    states: Float[np.ndarray, "ball 9"],
    parameters: Float[np.ndarray, "*ball parameter"],
    duration: float,
    max_bounces: int,
    max_step: float = MAX_STEP,
) -> tuple[Float[np.ndarray, "ball bounce"], Float[np.ndarray, "ball bounce 9"], Float[np.ndarray, "ball bounce 9"]]:
    """The first bounces of many balls.

    Args:
        states: Now.
        parameters: A row for each ball, or one for all.
        duration: s.
        max_bounces: At most so many of each ball.
        max_step: Longest step, s.

    Returns:
        Times in seconds from now, the states right before and right after; NaN where there was no further bounce.

    Raises:
        InputError: As in `fly_many`, or a negative duration or number.
    """
    if _is_full(parameters):
        from pathcast.simulator.ball.following import follow

        found = follow(states, parameters, np.array([duration]), max_step=max_step, max_events=max_bounces)
        return found.event_times, found.before, found.after
    states, parameters = _rows(states, parameters, max_step)
    if not 0 <= duration < math.inf:
        raise InputError("duration", "finite seconds from 0", f"{duration}")
    if max_bounces < 0:
        raise InputError("max_bounces", "a number from 0", f"{max_bounces}")
    events: NDArray[np.float64] = np.full((len(states), max_bounces, 19), np.nan)
    _run(states, parameters, np.array([[float(duration)]]), np.empty((len(states), 1, 3)), max_step, events)
    return events[:, :, 0], events[:, :, 1:10], events[:, :, 10:]


def _is_full(parameters: NDArray[np.float64]) -> bool:
    """Whether rows are full and say more than their first twelve entries."""
    found = np.asarray(parameters)
    return found.shape[-1:] == (NUM_FULL_PARAMETERS,) and bool(found[..., NUM_PARAMETERS:].any())


def _rows(
    states: NDArray[np.float64], parameters: NDArray[np.float64], max_step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """States and as many parameter rows, contiguous."""
    states = _writeable(states)
    if states.ndim != 2 or states.shape[1] != 9:
        raise InputError("states", "shape [ball, 9]", f"{states.shape}")
    parameters = np.asarray(parameters, np.float64)
    if parameters.shape[-1:] == (NUM_FULL_PARAMETERS,):
        parameters = parameters[..., :NUM_PARAMETERS]
    if parameters.shape not in ((NUM_PARAMETERS,), (len(states), NUM_PARAMETERS)):
        raise InputError(
            "parameters", f"shape [{NUM_PARAMETERS}] or [{len(states)}, {NUM_PARAMETERS}]", f"{parameters.shape}"
        )
    if not 0 < max_step < math.inf:
        raise InputError("max_step", "finite seconds over 0", f"{max_step}")
    return states, _writeable(np.broadcast_to(parameters, (len(states), NUM_PARAMETERS)))


def _writeable(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """The array in the one layout that the kernels are compiled for; a copy if it is in another."""
    return np.require(array, np.float64, ["C_CONTIGUOUS", "WRITEABLE"])
