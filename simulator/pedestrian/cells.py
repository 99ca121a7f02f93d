"""Pairs of people who may come within sight of each other, found anew a few times a second.

Up to `CELLS_FROM` people all pairs are tried; above, only those in the cells of a grid about each. Either way a
person's partners stand in rising order, so that the sums over them are the same bits.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.forces import X, Y

CELLS_FROM = 1000
"""People in a scene from which a grid is faster than all pairs (measured at one per m²)."""


@njit
def find_pairs(
    bodies: Float[np.ndarray, "body 8"],
    reach: Float[np.ndarray, " body"],
    period: float,
    pair_starts: Int[np.ndarray, " body_and_end"],
    partner: Int[np.ndarray, " pair"],
) -> Int[np.ndarray, " pair"]:
    """Lists for everybody the people of higher number within the sum of both reaches.

    Args:
        bodies: Of those who are there.
        reach: Of each, m.
        period: Length after which the place repeats along x, m; infinite where it does not.
        pair_starts: Filled in place: where each one's partners stand.
        partner: Filled in place where it is long enough.

    Returns:
        `partner`, or a longer array in its place.
    """
    if bodies.shape[0] < CELLS_FROM:
        return find_by_trying(bodies, reach, period, pair_starts, partner)
    return find_by_cells(bodies, reach, period, pair_starts, partner)


@njit
def find_by_trying(
    bodies: Float[np.ndarray, "body 8"],
    reach: Float[np.ndarray, " body"],
    period: float,
    pair_starts: Int[np.ndarray, " body_and_end"],
    partner: Int[np.ndarray, " pair"],
) -> Int[np.ndarray, " pair"]:
    """Tries all pairs; arguments as in `find_pairs`."""
    num = bodies.shape[0]
    if partner.shape[0] < num * (num - 1) // 2 + 1:
        partner = np.empty(num * (num - 1) // 2 + 1, np.int32)
    half, found = 0.5 * period, 0
    for i in range(num):
        pair_starts[i] = found
        x_i, y_i, reach_i = bodies[i, X], bodies[i, Y], reach[i]
        for j in range(i + 1, num):
            x, y = abs(x_i - bodies[j, X]), y_i - bodies[j, Y]
            if x > half:
                x -= period
            distance = reach_i + reach[j]
            partner[found] = j
            found += x * x + y * y < distance * distance
    pair_starts[num] = found
    return partner


@njit
def find_by_cells(
    bodies: Float[np.ndarray, "body 8"],
    reach: Float[np.ndarray, " body"],
    period: float,
    pair_starts: Int[np.ndarray, " body_and_end"],
    partner: Int[np.ndarray, " pair"],
) -> Int[np.ndarray, " pair"]:
    """Goes over the people in rising order, pairs each with those before in the cells about, whose width is at least
    the greatest reach, and sorts the pairs by the lower number; arguments as in `find_pairs`."""
    num = bodies.shape[0]
    least, half = 2.0 * reach[:num].max(), 0.5 * period
    low_x, low_y = bodies[:, X].min(), bodies[:, Y].min()
    span_x, span_y = bodies[:, X].max() - low_x, bodies[:, Y].max() - low_y
    if period < math.inf:
        span_x = period
    columns, rows = _cells_along(span_x, 0.5 * least, num), _cells_along(span_y, 0.5 * least, num)
    is_ring = period < math.inf and columns >= 5
    if period < math.inf and not is_ring:
        columns = 1
    width, height = span_x / columns * (1.0 + 1e-9) + 1e-9, span_y / rows * (1.0 + 1e-9) + 1e-9
    cell, filled = np.empty(num, np.int64), np.zeros(columns * rows + 1, np.int64)
    for i in range(num):
        column, row = int((bodies[i, X] - low_x) / width), int((bodies[i, Y] - low_y) / height)
        cell[i] = min(row, rows - 1) * columns + min(column, columns - 1)
        filled[cell[i] + 1] += 1
    first = np.cumsum(filled)
    filled[:] = first
    member, one, two, found = np.empty(num, np.int64), np.empty(64 * num, np.int32), np.empty(64 * num, np.int32), 0
    for j in range(num):
        if one.shape[0] < found + j:
            one, two = _longer(one, found + j), _longer(two, found + j)
        at_row, at_column = cell[j] // columns, cell[j] % columns
        x_j, y_j, reach_j = bodies[j, X], bodies[j, Y], reach[j]
        for row in range(max(at_row - 2, 0), min(at_row + 3, rows)):
            for step in range(-2, 3):
                column = (at_column + step) % columns if is_ring else at_column + step
                if column < 0 or column >= columns:
                    continue
                near = row * columns + column
                for number in range(first[near], filled[near]):
                    i = member[number]
                    x, y = abs(bodies[i, X] - x_j), bodies[i, Y] - y_j
                    if x > half:
                        x -= period
                    distance = reach[i] + reach_j
                    one[found], two[found] = i, j
                    found += x * x + y * y < distance * distance
        member[filled[cell[j]]] = j
        filled[cell[j]] += 1
    return _sort_pairs(num, one, two, found, pair_starts, partner)


@njit
def _cells_along(span: float, width: float, most: int) -> int:
    """How many cells of a width at least fit into a span."""
    return min(max(int(span / width), 1), most)


@njit
def _longer(numbers: np.ndarray, least: int) -> np.ndarray:
    """The same numbers with room for twice as many, or the least asked for."""
    longer = np.empty(max(2 * numbers.shape[0], least), np.int32)
    longer[: numbers.shape[0]] = numbers
    return longer


@njit
def _sort_pairs(
    num: int, one: np.ndarray, two: np.ndarray, found: int, pair_starts: np.ndarray, partner: np.ndarray
) -> np.ndarray:
    """Sorts pairs by the lower number, keeping their order otherwise."""
    if partner.shape[0] < found:
        partner = np.empty(found * 5 // 4, np.int32)
    pair_starts[: num + 1] = 0
    for number in range(found):
        pair_starts[one[number] + 1] += 1
    for i in range(num):
        pair_starts[i + 1] += pair_starts[i]
    for number in range(found):
        i = one[number]
        partner[pair_starts[i]] = two[number]
        pair_starts[i] += 1
    for i in range(num, 0, -1):
        pair_starts[i] = pair_starts[i - 1]
    pair_starts[0] = 0
    return partner
