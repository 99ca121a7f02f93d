"""A ball's flight from its filter row, with slopes: where it will be, and how that hangs on what is not known."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import IS_LEVEL, LEVEL, MEAN, NUM_STATE
from pathcast.model.frontends.ball.slopes import slopes_along
from pathcast.simulator.ball.course import NUM_EVENT_COLUMNS, NUM_OUTCOME_COLUMNS, follow_one
from pathcast.simulator.ball.parameters import FLOOR, RADIUS
from pathcast.simulator.ball.surfaces import FLOOR_CONTACT

MOST_EVENTS: Final = 8
ERROR_M: Final = 1e-5
"""Of a path through the air, m."""
MAX_STEP_S: Final = 1.0 / 12


@njit
def level_fixtures() -> Any:
    """The endless level floor of a ball's own parameter row, as a fixture."""
    fixtures = np.zeros((1, 12))
    fixtures[0, 0] = FLOOR_CONTACT
    fixtures[0, 3] = math.nan
    fixtures[0, 6] = 1.0
    fixtures[0, 7] = 1.0
    fixtures[0, 9:] = math.nan
    return fixtures


@njit
def place_of(row: Any, fixtures: Any, level: Any, p: Any) -> Any:
    """What is solid around a ball: its venue's fixtures, or the level floor that the caller named."""
    if row[IS_LEVEL] > 0.0:
        p[FLOOR] = row[LEVEL]
        return level
    return fixtures


@njit
def fly_row(
    row: Any, p: Any, times: Any, fixtures: Any, states: Any, events: Any, kinds: Any, outcome: Any, room: Any
) -> int:
    """Flies a filter's ball through its venue; the number of events, all of them.

    Args:
        row: The filter's.
        p: Its full parameter row.
        times: Seconds from now, increasing, from 0. Shape [time].
        fixtures: What is solid.
        states: Written. Shape [time, 9].
        events, kinds, outcome: Written as `follow_one` does.
        room: To work in. Shape [5, at least the number of times and 9].
    """
    outcome[:] = math.nan
    outcome[0] = 0.0
    outcome[1] = 0.0
    start = row[MEAN : MEAN + NUM_STATE].reshape(1, NUM_STATE)
    return int(
        follow_one(
            0,
            start,
            p.reshape(1, len(p)),
            times.reshape(1, len(times)),
            fixtures,
            ERROR_M,
            MAX_STEP_S,
            states.reshape(1, states.shape[0], NUM_STATE),
            events,
            kinds,
            outcome,
            room,
        )
    )


@njit
def fly_with_slopes(
    row: Any,
    p: Any,
    times: Any,
    fixtures: Any,
    states: Any,
    events: Any,
    kinds: Any,
    outcome: Any,
    room: Any,
    slopes: Any,
    shares: Any,
    outputs: Any,
) -> int:
    """`fly_row`, and the slopes at its times.

    Args:
        row, p, times, fixtures, states, events, kinds, outcome, room: As of `fly_row`.
        slopes: Those at the start, changed to those at the last time. Shape [9, 14].
        shares: Shape [5, 14].
        outputs: Written: of places or states. Shape [time, 3 or 9, 14].
    """
    num = fly_row(row, p, times, fixtures, states, events, kinds, outcome, room)
    slopes_along(row[MEAN : MEAN + NUM_STATE], p, times, states, events, kinds, num, fixtures, slopes, shares, outputs)
    return num


@njit
def make_events() -> tuple[Any, Any, Any]:
    """Room for a flight's events, their kinds, and a shot's outcome."""
    return np.empty((MOST_EVENTS, NUM_EVENT_COLUMNS)), np.empty(MOST_EVENTS, np.int8), np.empty(NUM_OUTCOME_COLUMNS)


@njit
def height_over(row: Any, fixtures: Any, p: Any) -> float:
    """Height of the ball's lowest point over the level that it may bounce on, such as a table's top, m."""
    if row[IS_LEVEL] > 0.0:
        return row[MEAN + 2] - row[LEVEL] - p[RADIUS] if row[LEVEL] > -math.inf else 2.0
    return row[MEAN + 2] - p[FLOOR] - p[RADIUS] if p[FLOOR] > -math.inf else 2.0
