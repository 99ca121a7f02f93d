"""The whole course of a throw in a venue: flight, contacts and rest, and what became of a shot, in one compiled kernel.

Runge-Kutta steps of order four, each chosen for a stated error (`aerodynamics.fitting_step`) or at most as long as
asked. A step that touches a fixture is cut at the instant of contact, which is sought on the step's own polynomial
(`surfaces.first_contact`) and corrected on the step itself; fixtures touched together are met one after the other. A
throw that is not finite, or meets more than `MOST_CONTACTS_PER_SECOND`, is NaN from there on.
"""

from __future__ import annotations

import math
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import njit, parallel_njit, uncounted
from pathcast.simulator.ball.aerodynamics import fitting_step, gust, motion_in_air
from pathcast.simulator.ball.full_leg import curves_of, cut, fly_on, write_times
from pathcast.simulator.ball.leg import is_sound, rolled, touch
from pathcast.simulator.ball.parameters import FLOOR, NUM_FULL_PARAMETERS, NUM_PARAMETERS, RADIUS
from pathcast.simulator.ball.resting import meet, push_out, rest_step, stays
from pathcast.simulator.ball.surfaces import (
    BOARD_CONTACT,
    BRIDGE_CONTACT,
    FLOOR_CONTACT,
    KIND,
    OBSTACLE_CONTACT,
    RIM_CONTACT,
    RING_PASSED,
    A,
    B,
    X,
    Y,
    Z,
    first_contact,
    gap_to,
    is_near,
)

MOST_CONTACTS_PER_SECOND: Final = 1000.0
HIT_SPEED: Final = 0.3
"""m/s: a ball at rest on a fixture whose velocity changes by more in a step has hit another."""
NET_KEEPS: Final = 0.45
"""Of the horizontal velocity and the spin, in a basket's net (.3 to .6)."""
NET_EXIT: Final = 2.3
"""m/s: a ball leaves the net no faster (1.5 to 3)."""
TOUCHED_RIM, TOUCHED_BOARD, MADE_AT, PAST_AT, LANDED_AT = 0, 1, 2, 6, 10
"""Columns of an outcome row: flags, then a time in s and a place in m each."""
NUM_OUTCOME_COLUMNS: Final = 14
NUM_EVENT_COLUMNS: Final = 19
"""Time in s, state before, state after."""
_ROWS_PER_TASK: Final = 64


@njit
def _mark(outcome: NDArray[np.float64], at: int, time: float, body: NDArray[np.float64]) -> None:
    """Writes when and where, unless that is known already."""
    if math.isnan(outcome[at]) or at == PAST_AT:
        outcome[at] = time
        outcome[at + 1 : at + 4] = body[:3]


@njit
def _note(outcome: NDArray[np.float64], kind: int, time: float, body: NDArray[np.float64]) -> None:
    """Keeps what a contact means for a shot that is still open."""
    if not (math.isnan(outcome[MADE_AT]) and math.isnan(outcome[LANDED_AT])):
        return
    if kind in (RIM_CONTACT, BRIDGE_CONTACT):
        outcome[TOUCHED_RIM] = 1.0
    elif kind == BOARD_CONTACT:
        outcome[TOUCHED_BOARD] = 1.0
    elif kind == FLOOR_CONTACT:
        _mark(outcome, LANDED_AT, time, body)


@njit
def _pass_gate(
    fixture: NDArray[np.float64], time: float, body: NDArray[np.float64], outcome: NDArray[np.float64]
) -> tuple[bool, int]:
    """What passing a gate does, in place: whether it was inside the ring, and the gates that are open then."""
    dx, dy = body[0] - fixture[X], body[1] - fixture[Y]
    inside = dx * dx + dy * dy < fixture[A] * fixture[A]
    is_open = math.isnan(outcome[MADE_AT]) and math.isnan(outcome[LANDED_AT])
    if fixture[KIND] == RING_PASSED:
        if not inside and is_open:
            _mark(outcome, PAST_AT, time, body)
        return inside, 2 if inside else 0
    if inside:
        if is_open:
            _mark(outcome, MADE_AT, time, body)
        body[3] *= NET_KEEPS
        body[4] *= NET_KEEPS
        body[5] = max(body[5], -NET_EXIT)
        body[6:] *= NET_KEEPS
    return inside, 0


@njit
def _gates_above(body: NDArray[np.float64], fixtures: NDArray[np.float64], gates: int) -> int:
    """The open gates after a step: a ball above the ring's plane may come down through it."""
    for index in range(len(fixtures)):
        if fixtures[index, KIND] == RING_PASSED and body[2] > fixtures[index, Z]:
            return 1
    return gates


@njit
def _gate_passed(body: NDArray[np.float64], fixtures: NDArray[np.float64], gates: int, radius: float) -> int:
    """The open gate that a ball at rest on a fixture has slipped through, or -1."""
    for index in range(len(fixtures)):
        kind = fixtures[index, KIND]
        if kind < RING_PASSED or not gates & (1 if kind == RING_PASSED else 2):
            continue
        if gap_to(fixtures[index], body[0], body[1], body[2], radius, 0.0)[0] <= 0.0:
            return index
    return -1


@njit
def _is_sound(state: NDArray[np.float64], p: NDArray[np.float64], last: float, error: float, max_step: float) -> bool:
    """Whether everything is finite (but for an absent floor) and error and step positive."""
    total = abs(last)
    for index in range(NUM_PARAMETERS, NUM_FULL_PARAMETERS):
        total += abs(p[index])
    return is_sound(state, p, max_step) and math.isfinite(total) and error > 0.0


@njit
def _ends_rolling(fixtures: NDArray[np.float64], index: int) -> bool:
    """Whether a ball at rest on this fixture rolls on in closed form: a horizontal floor with nothing to roll into."""
    ends = fixtures[index, KIND] == FLOOR_CONTACT and (
        math.isnan(fixtures[index, Z]) or (fixtures[index, A] == 0.0 and fixtures[index, B] == 0.0)
    )
    for other in range(len(fixtures)):
        ends = ends and fixtures[other, KIND] != OBSTACLE_CONTACT
    return ends


@njit
def follow_one(
    ball: int,
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    clocks: NDArray[np.float64],
    fixtures: NDArray[np.float64],
    error: float,
    max_step: float,
    outputs: NDArray[np.float64],
    events: NDArray[np.float64],
    kinds: NDArray[np.int8],
    outcome: NDArray[np.float64],
    room: NDArray[np.float64],
) -> int:
    """Follows one ball past all the times; the number of its events, also of those beyond the arrays' ends.

    Args:
        ball: Its row.
        states: At the start; left as they are. Shape [ball, 9].
        parameters: Full rows.
        clocks: Seconds from the start, increasing, from 0; one row is for all. Shape [ball or 1, time].
        fixtures: Rows of `surfaces.fixtures_of`.
        error: m, as in `aerodynamics.fitting_step`.
        max_step: s.
        outputs: Written: positions or states. Shape [ball, time, 3 or 9].
        events: Written, first come. Shape [event, NUM_EVENT_COLUMNS].
        kinds: Written, numbers of `surfaces.KINDS`. Shape [event].
        outcome: Written where things happen. Shape [NUM_OUTCOME_COLUMNS].
        room: To work in. Shape [5, at least the number of times and 9].
    """
    fixtures, events, kinds, outcome = uncounted(fixtures), uncounted(events), uncounted(kinds), uncounted(outcome)
    clocks, outputs, room = uncounted(clocks), uncounted(outputs), uncounted(room)
    clock = ball if len(clocks) > 1 else 0
    state, p, times, output = uncounted(states)[ball], uncounted(parameters)[ball], clocks[clock], outputs[ball]
    body, before = room[3, :9], room[4, :9]
    last = times[-1] if len(times) else 0.0
    if not _is_sound(state, p, last, error, max_step):
        output[:] = math.nan
        return 0
    body[:] = state
    body[2], contact = touch(state[2], p[FLOOR], p[RADIUS])
    floor, radius = p[FLOOR] if contact > -math.inf else -math.inf, p[RADIUS]
    push_out(body, fixtures, floor, p, False, 0.0)
    written, num, tries, time, rests = 0, 0, 0, 0.0, False
    gates = _gates_above(body, fixtures, 0)
    most = 16.0 + MOST_CONTACTS_PER_SECOND * last
    before[:] = body
    gx, gy = gust(0.0, p)
    start = motion_in_air(body[2], body[3], body[4], body[5], body[6], body[7], body[8], gx, gy, p)
    while time <= last and tries <= most:
        index, flew = -1, not rests
        if rests:
            before[:] = body
            duration, rests = rest_step(body, time, fixtures, floor, p)
            if not math.isfinite(body.sum()):
                break
            # A hit within the step has no state between before and after: what is before it is written.
            is_hit = (body[3] - before[3]) ** 2 + (body[4] - before[4]) ** 2 + (body[5] - before[5]) ** 2 > HIT_SPEED**2
            while written < len(times) and times[written] <= time + duration:
                share = 0.0 if is_hit else (times[written] - time) / duration
                width = output.shape[1]
                output[written] = before[:width] + share * (body[:width] - before[:width])
                written += 1
            time += duration
            index = _gate_passed(body, fixtures, gates, radius)
        else:
            longest = fitting_step(body[2], body[3], body[4], body[5], body[6], body[7], body[8], start, time, error, p)
            duration = min(longest, max_step)
            moved, end = fly_on(body, start, time, duration, p)
            if not math.isfinite(moved[0] + moved[1] + moved[2] + moved[3] + moved[4] + moved[5]):
                break
            curves = curves_of(body, start, moved, end, duration)
            cx, cy, cz = curves
            if is_near(cx, cy, cz, fixtures, radius, floor, gates):
                found, index = first_contact(cx, cy, cz, duration, fixtures, radius, floor, gates)
                if index >= 0 and found > 0.0:
                    duration, moved, end = cut(body, start, time, found, duration, fixtures[index], floor, p)
                    curves = curves_of(body, start, moved, end, duration)
                elif index >= 0:
                    duration = 0.0
            if duration > 0.0:
                written = write_times(
                    outputs, ball, clocks, clock, written, time, duration, body, start, moved[6], end, curves, room
                )
                body[0] += moved[0]
                body[1] += moved[1]
                body[2] += moved[2]
                body[3], body[4], body[5] = moved[3], moved[4], moved[5]
                body[6:] *= moved[6]
                start = end
                time += duration
        gates = _gates_above(body, fixtures, gates)
        if time > last or (index < 0 and flew):
            continue
        tries += index >= 0
        if index >= 0:
            before[:] = body
            kind = int(fixtures[index, KIND])
            happened = True
            if kind >= RING_PASSED:
                happened, gates = _pass_gate(fixtures[index], time, body, outcome)
            else:
                _, nx, ny, nz, _room = gap_to(fixtures[index], body[0], body[1], body[2], radius, floor)
                happened = body[3] * nx + body[4] * ny + body[5] * nz < 0.0
                meet(body, fixtures[index], nx, ny, nz, p)
                _note(outcome, kind, time, body)
                rests = stays(body, fixtures[index], nx, ny, nz, time, floor, p)
            if happened:
                if num < len(events):
                    events[num, 0] = time
                    events[num, 1:10] = before
                    events[num, 10:] = body
                    kinds[num] = kind
                num += 1
        if rests and index >= 0 and _ends_rolling(fixtures, index):
            while written < len(times):
                elapsed = times[written] - time
                whole = rolled(body[0], body[1], body[2], body[3], body[4], body[6], body[7], body[8], elapsed, p)
                for column in range(output.shape[1]):
                    output[written, column] = whole[column]
                written += 1
            break
        gx, gy = gust(time, p)
        start = motion_in_air(body[2], body[3], body[4], body[5], body[6], body[7], body[8], gx, gy, p)
    output[written:] = math.nan
    return num


@njit
def follow_rows(
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    fixtures: NDArray[np.float64],
    error: float,
    max_step: float,
    outputs: NDArray[np.float64],
    events: NDArray[np.float64],
    kinds: NDArray[np.int8],
    outcomes: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """`follow_one`, ball by ball."""
    room = np.empty((5, max(times.shape[1], 9)))
    for ball in range(len(states)):
        counts[ball] = follow_one(
            ball,
            states,
            parameters,
            times,
            fixtures,
            error,
            max_step,
            outputs,
            events[ball],
            kinds[ball],
            outcomes[ball],
            room,
        )


@parallel_njit
def follow_tasks(
    states: NDArray[np.float64],
    parameters: NDArray[np.float64],
    times: NDArray[np.float64],
    fixtures: NDArray[np.float64],
    error: float,
    max_step: float,
    outputs: NDArray[np.float64],
    events: NDArray[np.float64],
    kinds: NDArray[np.int8],
    outcomes: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """`follow_rows`, spread over threads."""
    for task in numba.prange((len(states) + _ROWS_PER_TASK - 1) // _ROWS_PER_TASK):
        rows = slice(task * _ROWS_PER_TASK, (task + 1) * _ROWS_PER_TASK)
        follow_rows(
            states[rows],
            parameters[rows],
            times[rows] if len(times) > 1 else times,
            fixtures,
            error,
            max_step,
            outputs[rows],
            events[rows],
            kinds[rows],
            outcomes[rows],
            counts[rows],
        )
