"""Sample flights: what may become of a ball, from where it may be within what is known of it.

Each track is flown on from the same fixed whitened numbers, moved by its own mean and covariance, through everything
solid in its venue. Shares of the flights are probabilities: of touching something, of going in.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import MEAN, NUM_QUANTITIES, NUM_STATE, factor_along, physics_of, unpack
from pathcast.model.frontends.ball.flying import MOST_EVENTS, fly_row, make_events, place_of
from pathcast.simulator.ball.course import LANDED_AT, MADE_AT, TOUCHED_BOARD, TOUCHED_RIM
from pathcast.simulator.ball.surfaces import RING_PASSED

NUM_SAMPLES: Final = 32
SWISH, RIM, BOARD, MISSED, OPEN = range(5)
"""What became of a shot: in without touching anything, off the rim, off the board; not in; not known yet."""
NUM_EVENT_NUMBERS: Final = 4
"""Of each event: seconds from now, and the place of the ball's centre."""
NUM_CROSSING: Final = 8
"""Of the flight's way down through the ring's plane, or its nearest event of that kind: whether there was one, seconds,
place x, y and velocity; then whether it was inside the ring."""


def whitened_draws(num: int) -> Float[np.ndarray, "sample quantity"]:
    """The same standard normal numbers for every track, in pairs of opposite sign; their variances are 1."""
    random = np.random.Generator(np.random.Philox(key=[14, num]))
    half = random.standard_normal((num // 2, NUM_QUANTITIES))
    half /= np.sqrt((half**2).mean(axis=0))
    return np.concatenate([half, -half])


@njit
def draw_row(of: Any, directions: Any, draw: Any, row: Any) -> None:
    """Writes a filter's row whose mean is moved by whitened numbers along the directions of `factor_along`."""
    row[:] = of
    for i in range(NUM_QUANTITIES):
        total = 0.0
        for j in range(NUM_QUANTITIES):
            total += directions[i, j] * draw[j]
        row[MEAN + i] += total


@njit
def fly_samples(
    rows: Any,
    nominal: Any,
    reference: Any,
    fixtures: Any,
    level: Any,
    draws: Any,
    horizons: Any,
    ring: float,
    outcomes: Any,
    crossings: Any,
    kinds_of: Any,
    events_of: Any,
) -> None:
    """Flies the samples of each row's ball.

    Args:
        rows: Filters, their means as estimated. Shape [track, column].
        nominal, reference, fixtures, level: As of `estimated_flight.write_base`.
        draws: `whitened_draws`. Shape [sample, 14].
        horizons: Seconds. Shape [track].
        ring: Radius within which a way down through the ring's plane is inside it, m; 0 where there is no ring.
        outcomes: Written: `SWISH` to `OPEN`. Shape [track, sample].
        crossings: Written. Shape [track, sample, NUM_CROSSING].
        kinds_of: Written: numbers of `surfaces.KINDS`, -1 after the last. Shape [track, sample, event].
        events_of: Written. Shape [track, sample, event, NUM_EVENT_NUMBERS].
    """
    states, room, times = np.empty((1, NUM_STATE)), np.empty((5, 9)), np.empty(1)
    events, kinds, outcome = make_events()
    full, directions = np.empty((NUM_QUANTITIES, NUM_QUANTITIES)), np.empty((NUM_QUANTITIES, NUM_QUANTITIES))
    p, row = nominal.copy(), rows[0].copy()
    for track in range(len(rows)):
        unpack(rows[track], full)
        factor_along(rows[track], full, directions)
        times[0] = horizons[track]
        for sample in range(len(draws)):
            draw_row(rows[track], directions, draws[sample], row)
            physics_of(row, nominal, reference, p)
            solid = place_of(row, fixtures, level, p)
            num = min(fly_row(row, p, times, solid, states, events, kinds, outcome, room), MOST_EVENTS)
            found = OPEN
            if not math.isnan(outcome[MADE_AT]):
                found = BOARD if outcome[TOUCHED_BOARD] > 0.0 else (RIM if outcome[TOUCHED_RIM] > 0.0 else SWISH)
            elif not math.isnan(outcome[LANDED_AT]):
                found = MISSED
            outcomes[track, sample] = found
            crossing = crossings[track, sample]
            crossing[:] = 0.0
            for event in range(MOST_EVENTS):
                kinds_of[track, sample, event] = -1
            for event in range(num):
                kinds_of[track, sample, event] = kinds[event]
                events_of[track, sample, event, 0] = events[event, 0]
                for axis in range(3):
                    events_of[track, sample, event, 1 + axis] = events[event, 1 + axis]
                if kinds[event] == RING_PASSED and crossing[0] == 0.0:
                    crossing[0] = 1.0
                    crossing[1] = events[event, 0]
                    crossing[2], crossing[3] = events[event, 1], events[event, 2]
                    for axis in range(3):
                        crossing[4 + axis] = events[event, 4 + axis]
                    dx = events[event, 1] - fixtures_ring(fixtures, 1)
                    dy = events[event, 2] - fixtures_ring(fixtures, 2)
                    crossing[7] = 1.0 if dx * dx + dy * dy < ring * ring else 0.0


@njit
def fixtures_ring(fixtures: Any, column: int) -> float:
    """A number of the ring's row; 0 where there is none."""
    for index in range(len(fixtures)):
        if fixtures[index, 0] == RING_PASSED:
            return float(fixtures[index, column])
    return 0.0
