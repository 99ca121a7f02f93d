"""Balls followed through a venue: states at any times, the events on the way, and what became of shots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.simulator.ball.course import (
    LANDED_AT,
    MADE_AT,
    NUM_EVENT_COLUMNS,
    NUM_OUTCOME_COLUMNS,
    PAST_AT,
    TOUCHED_BOARD,
    TOUCHED_RIM,
    follow_rows,
    follow_tasks,
)
from pathcast.simulator.ball.parameters import full_rows
from pathcast.simulator.ball.surfaces import Materials, fixtures_of
from pathcast.venue import Venue

OUTCOMES: Final = ("undecided", "swish", "rim", "board", "missed")
"""What becomes of a shot, by number: not known within the time followed; in without touching anything, off rim or
bridge, off the board (and perhaps the rim); or not in."""
UNDECIDED, SWISH, RIM, BOARD, MISSED = range(5)
DEFAULT_ERROR: Final = 1e-6
"""m."""


@dataclass(frozen=True, eq=False)
class Courses:
    """What followed balls did."""

    states: Float[np.ndarray, "ball time column"]
    """Positions in m, or states in m, m/s, rad/s; NaN where a throw diverged."""
    event_times: Float[np.ndarray, "ball event"]
    """s, in order; NaN after the last."""
    event_kinds: Int[np.ndarray, "ball event"]
    """Numbers of `surfaces.KINDS`; -1 after the last."""
    before: Float[np.ndarray, "ball event 9"]
    after: Float[np.ndarray, "ball event 9"]
    """States right before and right after."""
    num_events: Int[np.ndarray, " ball"]
    """How many there were, kept or not."""
    outcome: Int[np.ndarray, " ball"]
    """Numbers of `OUTCOMES`; undecided without a hoop."""
    decided_at: Float[np.ndarray, " ball"]
    """s: when the whole ball was below the ring inside it; or when its centre last came down beside the ring or, if it
    never rose above it, landed. NaN while undecided."""
    decided_where: Float[np.ndarray, "ball 3"]
    """m: the centre's place then."""


def follow(
    states: Float[np.ndarray, "ball column"],
    parameters: Float[np.ndarray, "*rows parameter"],
    times: Float[np.ndarray, "*clocks time"],
    venue: Venue | None = None,
    *,
    materials: Materials | None = None,
    error_m: float = DEFAULT_ERROR,
    max_step: float = 1.0,
    max_events: int = 16,
    positions_only: bool = False,
) -> Courses:
    """Follows balls through a venue, bitwise the same for any number of balls and threads.

    Args:
        states: At the start: x y z in m, vx vy vz in m/s, wx wy wz in rad/s.
        parameters: Rows of twelve entries or full ones (`parameters.full_rows`), one for each ball or one for all.
        times: Seconds from the start, increasing, from 0; a row for each ball, or one for all.
        venue: Its floor, table, net, hoop, board and obstacles are solid, and the rows' `FLOOR` is not used. Without a
            venue there is that floor alone.
        materials: Of its fixtures.
        error_m: Of a path through the air of some seconds, m. Contacts add none of their own, but what lies beyond one
            answers to errors before it: after a rim they are some ten times as large, after several a hundred or more.
        max_step: Longest step, s.
        max_events: So many of each ball are kept.
        positions_only: Three columns instead of nine.

    Raises:
        InputError: Shapes that do not fit, times that are negative, not finite or do not increase, an error, step or
            number that is not positive. A state or parameter that is not finite makes a NaN result instead.
    """
    states = _contiguous(states)
    if states.ndim != 2 or states.shape[1] != 9:
        raise InputError("states", "shape [ball, 9]", f"{states.shape}")
    num = len(states)
    rows = full_rows(parameters)
    if rows.ndim > 2 or (rows.ndim == 2 and len(rows) != num):
        raise InputError("parameters", f"one row or {num}", f"shape {np.shape(parameters)}")
    times = np.asarray(times, np.float64)
    if times.ndim not in (1, 2) or (times.ndim == 2 and len(times) != num):
        raise InputError("times", f"shape [time] or [{num}, time]", f"{times.shape}")
    if not (np.isfinite(times).all() and (times >= 0).all() and (np.diff(times) > 0).all()):
        raise InputError("times", "finite seconds from 0, increasing", "others")
    for name, number in (("error_m", error_m), ("max_step", max_step)):
        if not 0 < number < math.inf:
            raise InputError(name, "a finite number over 0", f"{number}")
    if max_events < 0:
        raise InputError("max_events", "a number from 0", f"{max_events}")
    num_times = times.shape[-1]
    outputs: NDArray[np.float64] = np.empty((num, num_times, 3 if positions_only else 9))
    events: NDArray[np.float64] = np.full((num, max_events, NUM_EVENT_COLUMNS), np.nan)
    kinds: NDArray[np.int8] = np.full((num, max_events), -1, np.int8)
    found: NDArray[np.float64] = np.full((num, NUM_OUTCOME_COLUMNS), np.nan)
    found[:, [TOUCHED_RIM, TOUCHED_BOARD]] = 0.0
    counts: NDArray[np.int64] = np.zeros(num, np.int64)
    kernel = follow_rows if num <= 64 else follow_tasks
    kernel(
        states,
        _contiguous(np.broadcast_to(rows, (num, rows.shape[-1]))),
        _contiguous(np.atleast_2d(times)),
        fixtures_of(venue, materials),
        float(error_m),
        float(max_step),
        outputs,
        events,
        kinds,
        found,
        counts,
    )
    if venue is None or venue.hoop is None:
        found[:] = np.nan
    outcome, at, where = _outcomes(found)
    return Courses(
        states=outputs,
        event_times=events[:, :, 0],
        event_kinds=kinds,
        before=events[:, :, 1:10],
        after=events[:, :, 10:],
        num_events=counts,
        outcome=outcome,
        decided_at=at,
        decided_where=where,
    )


def _outcomes(
    found: NDArray[np.float64],
) -> tuple[NDArray[np.int8], NDArray[np.float64], NDArray[np.float64]]:
    """Outcomes, when and where they were decided, from the kernel's rows."""
    made, past, landed = (np.isfinite(found[:, at]) for at in (MADE_AT, PAST_AT, LANDED_AT))
    rim, board = found[:, TOUCHED_RIM] > 0, found[:, TOUCHED_BOARD] > 0
    outcome = np.select([made & board, made & rim, made, landed], [BOARD, RIM, SWISH, MISSED], UNDECIDED)
    decided = np.select([made, landed & past, landed], [MADE_AT, PAST_AT, LANDED_AT], -1)
    at = np.full(len(found), np.nan)
    where = np.full((len(found), 3), np.nan)
    for column in (MADE_AT, PAST_AT, LANDED_AT):
        rows = decided == column
        at[rows] = found[rows, column]
        where[rows] = found[rows, column + 1 : column + 4]
    return outcome.astype(np.int8), at, where


def _contiguous(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """The array in the one layout that the kernels are compiled for; a copy if it is in another."""
    return np.require(array, np.float64, ["C_CONTIGUOUS", "WRITEABLE"])
