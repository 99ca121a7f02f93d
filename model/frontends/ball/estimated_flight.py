"""What the decoder's output is relative to: the flight of the estimated ball, and how far it is known."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import (
    COVARIANCE,
    HEADING,
    MEAN,
    NOISE,
    NUM_QUANTITIES,
    NUM_STATE,
    factor,
    factor_along,
    physics_of,
    unpack,
)
from pathcast.model.frontends.ball.flying import fly_row, fly_with_slopes, make_events, place_of
from pathcast.model.frontends.ball.slopes import start_slopes
from pathcast.simulator.ball.parameters import FLOOR, RADIUS
from pathcast.simulator.ball.surfaces import (
    COSINE,
    FLOOR_CONTACT,
    KIND,
    RING_PASSED,
    SINE,
    TABLE_CONTACT,
    A,
    B,
    C,
    X,
    Y,
    Z,
    gap_to,
)

NUM_KNOT_INPUTS: Final = 14
SPREAD_INPUTS: Final = 2
"""Where, among the knot inputs, the flight's own spread stands: six numbers, as `bundle.placing` reads them."""
NOISE_SHARE: Final = 0.05
"""Of the noise, which the unit of length does not fall under."""


@njit
def estimate_row(row: Any, shift: Any) -> None:
    """Moves the filter's mean by whitened numbers, within its own covariance, in place. Shape of them: [14]."""
    full, directions = np.empty((NUM_QUANTITIES, NUM_QUANTITIES)), np.empty((NUM_QUANTITIES, NUM_QUANTITIES))
    unpack(row, full)
    factor_along(row, full, directions)
    for i in range(NUM_QUANTITIES):
        total = 0.0
        for j in range(NUM_QUANTITIES):
            total += directions[i, j] * shift[j]
        row[MEAN + i] += total


@njit
def estimate(rows: Any, shifts: Any) -> None:
    """`estimate_row`, row by row."""
    for track in range(len(rows)):
        estimate_row(rows[track], shifts[track])


@njit
def _write_spread(slopes: Any, unit: float, cosine: float, sine: float, knot: Any) -> None:
    """The flight's own spread in the heading's axes and the unit: logarithms of the diagonal, then what is mixed in."""
    covariance, lower = np.zeros((3, 3)), np.empty((3, 3))
    for column in range(NUM_QUANTITIES):
        ahead = cosine * slopes[0, column] + sine * slopes[1, column]
        left = cosine * slopes[1, column] - sine * slopes[0, column]
        up = slopes[2, column]
        covariance[0, 0] += ahead * ahead
        covariance[1, 0] += ahead * left
        covariance[1, 1] += left * left
        covariance[2, 0] += ahead * up
        covariance[2, 1] += left * up
        covariance[2, 2] += up * up
    per = 1.0 / (unit * unit)
    for i in range(3):
        for j in range(i + 1):
            covariance[i, j] *= per
        covariance[i, i] += 1e-3
    factor(covariance, lower)
    for i in range(3):
        knot[i] = math.log(lower[i, i])
    knot[3] = lower[1, 0] / lower[1, 1]
    knot[4] = lower[2, 0] / lower[2, 2]
    knot[5] = lower[2, 1] / lower[2, 2]


@njit
def _nearness(state: Any, fixtures: Any, p: Any, unit: float) -> float:
    """How near a ball is to something other than a level to bounce on, in units of what is not known: 1 is touching."""
    nearest = math.inf
    for index in range(len(fixtures)):
        kind = fixtures[index, KIND]
        if kind >= RING_PASSED or kind in (FLOOR_CONTACT, TABLE_CONTACT):
            continue
        gap = gap_to(fixtures[index], state[0], state[1], state[2], p[RADIUS], p[FLOOR])[0]
        nearest = min(nearest, gap)
    return math.exp(-max(nearest, 0.0) / (2.0 * unit + 0.05)) if nearest < math.inf else 0.0


@njit
def _edge_nearness(table: Any, x: float, y: float, unit: float) -> float:
    """How near a place on a table's level is to the table's border, from either side; as of `_nearness`."""
    dx, dy = x - table[X], y - table[Y]
    along = table[A] - abs(table[COSINE] * dx + table[SINE] * dy)
    across = table[B] - abs(table[COSINE] * dy - table[SINE] * dx)
    if along >= 0.0 and across >= 0.0:
        border = min(along, across)
    else:
        border = math.hypot(max(-along, 0.0), max(-across, 0.0))
    return math.exp(-border / (2.0 * unit + 0.05))


@njit
def _table_of(fixtures: Any) -> int:
    """The table's row; -1 where there is none."""
    for index in range(len(fixtures)):
        if fixtures[index, KIND] == TABLE_CONTACT:
            return index
    return -1


@njit
def now_unit(rows: Any) -> Any:
    """The unit of length at the newest observation, m. Shape: [track]."""
    units = np.empty(len(rows))
    for track in range(len(rows)):
        row = rows[track]
        variance = _least_variance(row)
        for axis in range(3):
            variance += row[COVARIANCE + axis * (axis + 3) // 2] / 3.0
        units[track] = math.sqrt(variance)
    return units


@njit
def _least_variance(row: Any) -> float:
    """What the unit's square does not fall under, m2."""
    mean: float = (row[NOISE] + row[NOISE + 1] + row[NOISE + 2]) / 3.0
    return (NOISE_SHARE * mean) ** 2


@njit
def write_path(rows: Any, nominal: Any, reference: Any, fixtures: Any, level: Any, offsets: Any, path: Any) -> None:
    """Flies each row's ball to the offsets, without slopes; arguments as of `write_base`."""
    num_times = offsets.shape[1]
    states, room = np.empty((num_times, NUM_STATE)), np.empty((5, max(num_times, 9)))
    events, kinds, outcome = make_events()
    p = nominal.copy()
    for track in range(len(rows)):
        physics_of(rows[track], nominal, reference, p)
        solid = place_of(rows[track], fixtures, level, p)
        fly_row(rows[track], p, offsets[track], solid, states, events, kinds, outcome, room)
        for index in range(num_times):
            for axis in range(3):
                path[track, index, axis] = states[index, axis]


@njit
def write_base(
    rows: Any,
    nominal: Any,
    reference: Any,
    fixtures: Any,
    level: Any,
    offsets: Any,
    path: Any,
    unit: Any,
    knots: Any,
    changes: Any,
    partings: Any,
) -> None:
    """Flies each row's ball to the offsets.

    Args:
        rows: Filters, their means as estimated. Shape [track, column].
        nominal, reference: As of `physics_of`.
        fixtures: What is solid in the venue.
        level: `level_fixtures`.
        offsets: Seconds, increasing. Shape [track, time].
        path: Written, m. Shape [track, time, 3].
        unit: Written, m: the root of the mean variance of the axes. Shape [track, time].
        knots: Written. Shape [track, time, NUM_KNOT_INPUTS].
        changes: Written: how the path, in the heading's axes and in units, changes with the whitened numbers that move
            the mean. Shape [track, time, 3, 14], or [0, ...] where nobody asks.
        partings: Written: how near the flight comes to where its way would part, 1 where it is there: something hard,
            or the border of a table that it bounces on or just misses. Shape [track].
    """
    num_times = offsets.shape[1]
    states, room = np.empty((num_times, NUM_STATE)), np.empty((5, max(num_times, 9)))
    events, kinds, outcome = make_events()
    full, directions = np.empty((NUM_QUANTITIES, NUM_QUANTITIES)), np.empty((NUM_QUANTITIES, NUM_QUANTITIES))
    slopes, shares = np.empty((NUM_STATE, NUM_QUANTITIES)), np.empty((NUM_QUANTITIES - NUM_STATE, NUM_QUANTITIES))
    outputs = np.empty((num_times, 3, NUM_QUANTITIES))
    p = nominal.copy()
    for track in range(len(rows)):
        row = rows[track]
        physics_of(row, nominal, reference, p)
        solid = place_of(row, fixtures, level, p)
        unpack(row, full)
        factor_along(row, full, directions)
        start_slopes(directions, slopes, shares)
        num = fly_with_slopes(
            row, p, offsets[track], solid, states, events, kinds, outcome, room, slopes, shares, outputs
        )
        cosine, sine = row[HEADING], row[HEADING + 1]
        least = _least_variance(row)
        event, soft, hard, nearest, edge = 0, 0, 0, 0.0, 0.0
        table = _table_of(solid)
        x, y, z = row[MEAN], row[MEAN + 1], row[MEAN + 2]
        for index in range(num_times):
            bounced = False
            while event < min(num, len(kinds)) and events[event, 0] <= offsets[track, index]:
                if kinds[event] == TABLE_CONTACT:
                    bounced, x, y = True, events[event, 1], events[event, 2]
                if kinds[event] in (FLOOR_CONTACT, TABLE_CONTACT):
                    soft += 1
                elif kinds[event] < RING_PASSED:
                    hard += 1
                event += 1
            variance = least
            for axis in range(3):
                path[track, index, axis] = states[index, axis]
                for column in range(NUM_QUANTITIES):
                    variance += outputs[index, axis, column] ** 2 / 3.0
            size = min(math.sqrt(variance), 100.0)
            unit[track, index] = size
            knot = knots[track, index]
            knot[0] = offsets[track, index]
            knot[1] = math.log(size)
            _write_spread(outputs[index], size, cosine, sine, knot[SPREAD_INPUTS : SPREAD_INPUTS + 6])
            nearest = max(nearest, _nearness(states[index], solid, p, size))
            if table >= 0:
                above = z - solid[table, Z] - solid[table, C] - p[RADIUS]
                below = states[index, 2] - solid[table, Z] - solid[table, C] - p[RADIUS]
                if above > 0.0 and below <= 0.0 and not bounced:
                    share = above / (above - below)
                    bounced, x, y = True, x + share * (states[index, 0] - x), y + share * (states[index, 1] - y)
                if bounced:
                    edge = max(edge, _edge_nearness(solid[table], x, y, size))
                x, y, z = states[index, 0], states[index, 1], states[index, 2]
            knot[8] = (
                min(max(states[index, 2] - p[RADIUS] - (p[FLOOR] if p[FLOOR] > -math.inf else 0.0), -2.0), 6.0) / 2.0
            )
            knot[9] = states[index, 5] / 10.0
            knot[10] = math.hypot(states[index, 3], states[index, 4]) / 10.0
            knot[11] = min(soft, 2)
            knot[12] = min(hard, 2)
            knot[13] = nearest
            if len(changes):
                for column in range(NUM_QUANTITIES):
                    ahead, aside = outputs[index, 0, column], outputs[index, 1, column]
                    changes[track, index, 0, column] = (cosine * ahead + sine * aside) / size
                    changes[track, index, 1, column] = (cosine * aside - sine * ahead) / size
                    changes[track, index, 2, column] = outputs[index, 2, column] / size
        partings[track] = 1.0 if hard else max(nearest, edge)
