"""Many balls flown side by side: in the lanes of the processor's vector instructions, each at its own time.

Kernels, pure. All lanes take a Runge-Kutta step at once; a ball whose step meets the floor then has it cut by `leg`,
and one that is done makes room for the next. Lanes do not mix and no sum is reordered, so that a ball's numbers are the
same bits in any lane, beside any others. `flight` says what is flown.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import inlined, njit, uncounted
from pathcast.simulator.ball.leg import accelerate, is_sound, land, leg, rolled, touch
from pathcast.simulator.ball.motion import Sextuple, acceleration, quintic, step
from pathcast.simulator.ball.parameters import (
    DRAG,
    FLOOR,
    GRAVITY,
    LIFT,
    RADIUS,
    SPIN_DECAY,
    WIND_X,
    WIND_Y,
)
from pathcast.simulator.ball.sampling import sample_places, sample_states, times_until

LANES: Final = 16
MOST_BOUNCES_PER_SECOND: Final = 1000.0
"""A throw that exceeds it has diverged: a ball with flights under 10 ms is at rest."""
# Where the rows start, each with an entry for every lane: a ball's state and acceleration at the start of a step, the
# same at its end, the coefficients of the step's quintics beyond the first, and what stays throughout the flight.
_X, _Y, _Z, _VX, _VY, _VZ, _WX, _WY, _WZ, _AX, _AY, _AZ = range(0, 12 * LANES, LANES)
_END: Final = 12 * LANES
_CX, _CY, _CZ = range(24 * LANES, 39 * LANES, 5 * LANES)
_GRAVITY, _DRAG, _LIFT, _WIND_X, _WIND_Y, _HALF, _STEP, _CONTACT, _CARE, _PASSED, _LAST, _DECAY = range(
    39 * LANES, 51 * LANES, LANES
)
_SIZE: Final = 51 * LANES


@njit
def _step_lanes(lanes: NDArray[np.float64]) -> None:
    """A whole step of every lane; `_CARE` where it may meet the floor or is not finite."""
    for i in range(LANES):
        x, y, z = lanes[_X + i], lanes[_Y + i], lanes[_Z + i]
        vx, vy, vz = lanes[_VX + i], lanes[_VY + i], lanes[_VZ + i]
        wx, wy, wz = lanes[_WX + i], lanes[_WY + i], lanes[_WZ + i]
        ax, ay, az = lanes[_AX + i], lanes[_AY + i], lanes[_AZ + i]
        gravity, drag, lift = lanes[_GRAVITY + i], lanes[_DRAG + i], lanes[_LIFT + i]
        wind_x, wind_y = lanes[_WIND_X + i], lanes[_WIND_Y + i]
        half, duration = lanes[_HALF + i], lanes[_STEP + i]
        dx, dy, dz, ux, uy, uz = step(
            vx, vy, vz, wx, wy, wz, ax, ay, az, duration, half, gravity, drag, lift, wind_x, wind_y
        )
        kept = half * half
        wx, wy, wz = kept * wx, kept * wy, kept * wz
        bx, by, bz = acceleration(ux, uy, uz, wx, wy, wz, gravity, drag, lift, wind_x, wind_y)
        end_x, end_y, end_z = x + dx, y + dy, z + dz
        _, x1, x2, x3, x4, x5 = quintic(x, vx, ax, end_x, ux, bx, duration)
        _, y1, y2, y3, y4, y5 = quintic(y, vy, ay, end_y, uy, by, duration)
        _, z1, z2, z3, z4, z5 = quintic(z, vz, az, end_z, uz, bz, duration)
        total = dx + dy + end_z + ux + uy + uz
        far = total - total == 0.0 and end_z > lanes[_CONTACT + i] and not (vz < 0.0 < uz)
        lanes[_CARE + i] = 0.0 if far else 1.0
        lanes[_END + _X + i], lanes[_END + _Y + i], lanes[_END + _Z + i] = end_x, end_y, end_z
        lanes[_END + _VX + i], lanes[_END + _VY + i], lanes[_END + _VZ + i] = ux, uy, uz
        lanes[_END + _WX + i], lanes[_END + _WY + i], lanes[_END + _WZ + i] = wx, wy, wz
        lanes[_END + _AX + i], lanes[_END + _AY + i], lanes[_END + _AZ + i] = bx, by, bz
        lanes[_CX + i], lanes[_CX + LANES + i], lanes[_CX + 2 * LANES + i] = x1, x2, x3
        lanes[_CX + 3 * LANES + i], lanes[_CX + 4 * LANES + i] = x4, x5
        lanes[_CY + i], lanes[_CY + LANES + i], lanes[_CY + 2 * LANES + i] = y1, y2, y3
        lanes[_CY + 3 * LANES + i], lanes[_CY + 4 * LANES + i] = y4, y5
        lanes[_CZ + i], lanes[_CZ + LANES + i], lanes[_CZ + 2 * LANES + i] = z1, z2, z3
        lanes[_CZ + 3 * LANES + i], lanes[_CZ + 4 * LANES + i] = z4, z5


@inlined
def _set(lanes: NDArray[np.float64], row: int, lane: int, x: float, y: float, z: float) -> None:
    """Writes a vector into a lane's rows from `row` on."""
    lanes[row + lane], lanes[row + LANES + lane], lanes[row + 2 * LANES + lane] = x, y, z


@inlined
def _get(lanes: NDArray[np.float64], row: int, lane: int) -> tuple[float, float, float]:
    """A vector from a lane's rows from `row` on."""
    return lanes[row + lane], lanes[row + LANES + lane], lanes[row + 2 * LANES + lane]


@inlined
def _set_curve(lanes: NDArray[np.float64], row: int, lane: int, c: Sextuple) -> None:
    """Writes a quintic's coefficients beyond the first."""
    _set(lanes, row, lane, c[1], c[2], c[3])
    lanes[row + 3 * LANES + lane], lanes[row + 4 * LANES + lane] = c[4], c[5]


@inlined
def _curve(lanes: NDArray[np.float64], start: int, row: int, lane: int) -> Sextuple:
    """A quintic from its start's row and its others'."""
    c1, c2, c3 = _get(lanes, row, lane)
    return lanes[start + lane], c1, c2, c3, lanes[row + 3 * LANES + lane], lanes[row + 4 * LANES + lane]


@njit
def _cut(lanes: NDArray[np.float64], lane: int, parameters: NDArray[np.float64], ball: int) -> float:
    """Takes a lane's step again with the floor in its way; how long it is then, s; -1 if it is not finite."""
    p = parameters[ball]
    x, y, z = _get(lanes, _X, lane)
    vx, vy, vz = _get(lanes, _VX, lane)
    wx, wy, wz = _get(lanes, _WX, lane)
    ax, ay, az = _get(lanes, _AX, lane)
    duration, _, dx, dy, end, ux, uy, uz, kept = leg(
        z, vx, vy, vz, wx, wy, wz, ax, ay, az, lanes[_STEP + lane], lanes[_CONTACT + lane], p
    )
    if not math.isfinite(dx + dy + end + ux + uy + uz):
        return -1.0
    wx, wy, wz = kept * wx, kept * wy, kept * wz
    bx, by, bz = accelerate(ux, uy, uz, wx, wy, wz, p)
    _set(lanes, _END + _X, lane, x + dx, y + dy, end)
    _set(lanes, _END + _VX, lane, ux, uy, uz)
    _set(lanes, _END + _WX, lane, wx, wy, wz)
    _set(lanes, _END + _AX, lane, bx, by, bz)
    _set_curve(lanes, _CX, lane, quintic(x, vx, ax, x + dx, ux, bx, duration))
    _set_curve(lanes, _CY, lane, quintic(y, vy, ay, y + dy, uy, by, duration))
    _set_curve(lanes, _CZ, lane, quintic(z, vz, az, end, uz, bz, duration))
    return duration


@inlined
def _sample(
    lanes: NDArray[np.float64],
    lane: int,
    duration: float,
    times: NDArray[np.float64],
    clock: int,
    first: int,
    stop: int,
    outputs: NDArray[np.float64],
    ball: int,
    room: NDArray[np.float64],
) -> None:
    """Writes a ball's places, or states, at the times `first` to `stop`, which are within its step."""
    passed, per_second = lanes[_PASSED + lane], 1.0 / duration
    cx, cy, cz = _curve(lanes, _X, _CX, lane), _curve(lanes, _Y, _CY, lane), _curve(lanes, _Z, _CZ, lane)
    if outputs.shape[2] == 3:
        sample_places(cx, cy, cz, passed, per_second, times, clock, first, stop, outputs, ball, room)
    else:
        sample_states(cx, cy, cz, passed, per_second, times, clock, first, stop, outputs, ball)
        _sample_spin(lanes, lane, times, clock, first, stop, outputs, ball)


@njit
def _sample_spin(
    lanes: NDArray[np.float64],
    lane: int,
    times: NDArray[np.float64],
    clock: int,
    first: int,
    stop: int,
    outputs: NDArray[np.float64],
    ball: int,
) -> None:
    """Writes the last three columns of states."""
    wx, wy, wz = _get(lanes, _WX, lane)
    for index in range(first, stop):
        faded = math.exp(-lanes[_DECAY + lane] * (times[clock, index] - lanes[_PASSED + lane]))
        row = outputs[ball, index]
        row[6], row[7], row[8] = faded * wx, faded * wy, faded * wz


@njit
def _write_state(lanes: NDArray[np.float64], lane: int, row: NDArray[np.float64]) -> None:
    """The state at the end of a lane's step."""
    row[0], row[1], row[2] = _get(lanes, _END + _X, lane)
    row[3], row[4], row[5] = _get(lanes, _END + _VX, lane)
    row[6], row[7], row[8] = _get(lanes, _END + _WX, lane)


@njit
def _meet_floor(
    lanes: NDArray[np.float64], lane: int, p: NDArray[np.float64], num: int, events: NDArray[np.float64]
) -> tuple[int, bool]:
    """Lets a ball that comes down on the floor bounce; the number of its bounces then, and whether it stays there."""
    vx, vy, vz = _get(lanes, _END + _VX, lane)
    wx, wy, wz = _get(lanes, _END + _WX, lane)
    if not (lanes[_END + _Z + lane] <= lanes[_CONTACT + lane] and vz <= 0.0):
        return num, False
    counts = vz < 0.0
    if counts and num < len(events):
        events[num, 0] = lanes[_PASSED + lane]
        _write_state(lanes, lane, events[num, 1:10])
    vx, vy, vz, wx, wy, wz, rests = land(vx, vy, vz, wx, wy, wz, p)
    ax, ay, az = accelerate(vx, vy, vz, wx, wy, wz, p)
    _set(lanes, _END + _VX, lane, vx, vy, vz)
    _set(lanes, _END + _WX, lane, wx, wy, wz)
    _set(lanes, _END + _AX, lane, ax, ay, az)
    if counts and num < len(events):
        _write_state(lanes, lane, events[num, 10:])
    return num + counts, rests


@njit
def _roll(
    lanes: NDArray[np.float64],
    lane: int,
    p: NDArray[np.float64],
    times: NDArray[np.float64],
    first: int,
    output: NDArray[np.float64],
) -> None:
    """Writes all further times of a ball that has come to rest on the floor."""
    x, y, z = _get(lanes, _END + _X, lane)
    vx, vy, _ = _get(lanes, _END + _VX, lane)
    wx, wy, wz = _get(lanes, _END + _WX, lane)
    for index in range(first, len(times)):
        elapsed = times[index] - lanes[_PASSED + lane]
        whole = rolled(x, y, z, vx, vy, wx, wy, wz, elapsed, p)
        for column in range(output.shape[1]):
            output[index, column] = whole[column]


@njit
def _arrive(
    lanes: NDArray[np.float64],
    lane: int,
    ball: int,
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    written: int,
    outputs: NDArray[np.float64],
    events: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> bool:
    """What becomes of a ball at the end of a step that may meet the floor: whether it flies on."""
    last, num = lanes[_LAST + lane], counts[ball]
    if lanes[_PASSED + lane] > last or num > 16.0 + MOST_BOUNCES_PER_SECOND * last:
        outputs[ball, written:] = math.nan
        return False
    p = parameters[ball]
    counts[ball], rests = _meet_floor(lanes, lane, p, num, events[ball])
    if rests:
        _roll(lanes, lane, p, times[ball if len(times) > 1 else 0], written, outputs[ball])
    return not rests


@njit
def _enter(
    lanes: NDArray[np.float64],
    lane: int,
    ball: int,
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    outputs: NDArray[np.float64],
    max_step: float,
) -> bool:
    """Puts a ball into a lane, as at the end of a step; whether its numbers are sound."""
    state, p, clock = states[ball], parameters[ball], times[ball if len(times) > 1 else 0]
    last = clock[-1] if len(clock) else -1.0
    if not (is_sound(state, p, max_step) and math.isfinite(last)):
        outputs[ball] = math.nan
        return False
    z, contact = touch(state[2], p[FLOOR], p[RADIUS])
    _set(lanes, _END + _X, lane, state[0], state[1], z)
    _set(lanes, _END + _VX, lane, state[3], state[4], state[5])
    _set(lanes, _END + _WX, lane, state[6], state[7], state[8])
    ax, ay, az = accelerate(state[3], state[4], state[5], state[6], state[7], state[8], p)
    _set(lanes, _END + _AX, lane, ax, ay, az)
    _set(lanes, _GRAVITY, lane, p[GRAVITY], p[DRAG], p[LIFT])
    rate = -0.5 * p[SPIN_DECAY]
    half = math.exp(rate * max_step) if rate != 0.0 else 1.0
    _set(lanes, _WIND_X, lane, p[WIND_X], p[WIND_Y], half)
    _set(lanes, _STEP, lane, max_step, contact, 0.0)
    _set(lanes, _PASSED, lane, 0.0, last, p[SPIN_DECAY])
    return True


@njit
def fly_in_lanes(
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    outputs: NDArray[np.float64],
    max_step: float,
    events: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Flies balls past all their times: where they are at each, their first bounces, and how many bounces there were.

    Args:
        states: At the start; left as they are. Shape [ball, 9].
        parameters: Rows of constant coefficients. Shape [ball, parameter].
        times: Seconds from the start, increasing, from 0; one row is for all. Shape [ball or 1, time].
        outputs: Written: positions or states. Shape [ball, time, 3 or 9].
        max_step: Longest step, s.
        events: Written: time, state before, state after. Shape [ball, bounce, 19].
        counts: Written. Shape [ball].
    """
    lanes, room = np.zeros(_SIZE), np.empty((3, times.shape[1]))
    _fly(
        states,
        parameters,
        times,
        outputs,
        max_step,
        events,
        counts,
        lanes,
        room,
        np.full(LANES, -1),
        np.zeros(LANES, np.int64),
    )


@njit
def _fly(
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    outputs: NDArray[np.float64],
    max_step: float,
    events: NDArray[np.float64],
    counts: NDArray[np.int64],
    lanes: NDArray[np.float64],
    room: NDArray[np.float64],
    balls: NDArray[np.int64],
    written: NDArray[np.int64],
) -> None:
    """`fly_in_lanes` with room to work in: the lanes, a step's places, and each lane's ball and times written."""
    states, parameters, times = uncounted(states), uncounted(parameters), uncounted(times)
    outputs, events, counts = uncounted(outputs), uncounted(events), uncounted(counts)
    lanes, room, balls, written = uncounted(lanes), uncounted(room), uncounted(balls), uncounted(written)
    following, flying = 0, 1
    while flying > 0:
        flying = 0
        for lane in range(LANES):
            ball = balls[lane]
            if ball >= 0:
                duration, flies = lanes[_STEP + lane], True
                meets = lanes[_CARE + lane] != 0.0
                if meets:
                    duration = _cut(lanes, lane, parameters, ball)
                until = lanes[_PASSED + lane] + duration
                if duration >= 0.0:
                    clock, first = ball if len(times) > 1 else 0, written[lane]
                    stop = times_until(times, clock, first, until)
                    if stop > first:
                        _sample(lanes, lane, duration, times, clock, first, stop, outputs, ball, room)
                        written[lane] = stop
                else:
                    until = math.inf
                lanes[_PASSED + lane] = until
                if meets or until > lanes[_LAST + lane]:
                    flies = _arrive(lanes, lane, ball, parameters, times, written[lane], outputs, events, counts)
                if not flies:
                    balls[lane] = -1
            while balls[lane] < 0 and following < len(states):
                ball, following = following, following + 1
                counts[ball], written[lane] = 0, 0
                if _enter(lanes, lane, ball, states, parameters, times, outputs, max_step) and _arrive(
                    lanes, lane, ball, parameters, times, 0, outputs, events, counts
                ):
                    balls[lane] = ball
            flying += balls[lane] >= 0
        for index in range(_END):
            lanes[index] = lanes[_END + index]
        _step_lanes(lanes)
