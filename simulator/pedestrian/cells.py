"""Pairs of people who may come within sight of each other, found anew a few times a second.

Up to `CELLS_FROM` people all pairs are tried; above, only those in neighbouring cells of a grid. Either way a
person's partners stand in rising order, so that the sums over them are the same bits.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.forces import X, Y

CELLS_FROM = 400
"""People in a scene from which a grid is faster than all pairs."""


@njit
def find_pairs(
    bodies: Float[np.ndarray, "person 8"],
    distance: float,
    period: float,
    pair_starts: Int[np.ndarray, " person_and_end"],
    partner: Int[np.ndarray, " pair"],
) -> Int[np.ndarray, " pair"]:
    """Lists for everybody the people of higher number nearer than a distance.

    Args:
        bodies: Of those who are there.
        distance: Metres.
        period: Length after which the place repeats along x, m; infinite where it does not.
        pair_starts: Filled in place: where each one's partners stand.
        partner: Filled in place where it is long enough.

    Returns:
        `partner`, or a longer array in its place.
    """
    if bodies.shape[0] < CELLS_FROM:
        return _find_by_trying(bodies, distance, period, pair_starts, partner)
    return _find_by_cells(bodies, distance, period, pair_starts, partner)


@njit
def _find_by_trying(
    bodies: np.ndarray, distance: float, period: float, pair_starts: np.ndarray, partner: np.ndarray
) -> np.ndarray:
    num = bodies.shape[0]
    if partner.shape[0] < num * (num - 1) // 2:
        partner = np.empty(num * (num - 1) // 2, np.int32)
    least, half, found = distance * distance, 0.5 * period, 0
    for i in range(num):
        pair_starts[i] = found
        for j in range(i + 1, num):
            x, y = abs(bodies[i, X] - bodies[j, X]), bodies[i, Y] - bodies[j, Y]
            if x > half:
                x -= period
            partner[found] = j
            found += x * x + y * y < least
    pair_starts[num] = found
    return partner


@njit
def _cell_of(x: float, y: float, low_x: float, low_y: float, width: float, height: float) -> tuple[int, int]:
    return int((x - low_x) / width), int((y - low_y) / height)


@njit
def _find_by_cells(
    bodies: np.ndarray, distance: float, period: float, pair_starts: np.ndarray, partner: np.ndarray
) -> np.ndarray:
    """Goes over the people in rising order and enters each one in the lists of those before it in the cells around;
    the first pass counts, the second writes."""
    num = bodies.shape[0]
    low_x, low_y = bodies[:, X].min(), bodies[:, Y].min()
    span_x, span_y = bodies[:, X].max() - low_x, bodies[:, Y].max() - low_y
    is_ring = period < math.inf
    if is_ring:
        low_x, span_x = 0.0, period
    columns = min(max(int(span_x / distance), 1), num)
    rows = min(max(int(span_y / distance), 1), num)
    if is_ring and columns < 3:
        columns = 1
    width, height = span_x / columns * (1.0 + 1e-9) + 1e-9, span_y / rows * (1.0 + 1e-9) + 1e-9
    first = np.zeros(columns * rows + 1, np.int32)
    cell = np.empty(num, np.int32)
    for i in range(num):
        column, row = _cell_of(bodies[i, X], bodies[i, Y], low_x, low_y, width, height)
        cell[i] = row * columns + min(column, columns - 1)
        first[cell[i] + 1] += 1
    first = np.cumsum(first)
    member, filled = np.empty(num, np.int32), np.empty(columns * rows, np.int32)
    for is_counting in (True, False):
        filled[:] = first[:-1]
        if is_counting:
            pair_starts[: num + 1] = 0
        least, half = distance * distance, 0.5 * period
        for j in range(num):
            at_row, at_column = cell[j] // columns, cell[j] % columns
            for row in range(max(at_row - 1, 0), min(at_row + 2, rows)):
                for step in range(-1, 2):
                    column = at_column + step
                    if is_ring and columns > 1:
                        column %= columns
                    if column < 0 or column >= columns:
                        continue
                    near = row * columns + column
                    for number in range(first[near], filled[near]):
                        i = member[number]
                        x, y = abs(bodies[i, X] - bodies[j, X]), bodies[i, Y] - bodies[j, Y]
                        if x > half:
                            x -= period
                        if x * x + y * y < least:
                            if is_counting:
                                pair_starts[i + 1] += 1
                            else:
                                partner[pair_starts[i]] = j
                                pair_starts[i] += 1
            member[filled[cell[j]]] = j
            filled[cell[j]] += 1
        if is_counting:
            for i in range(num):
                pair_starts[i + 1] += pair_starts[i]
            if partner.shape[0] < pair_starts[num]:
                partner = np.empty(pair_starts[num] * 5 // 4, np.int32)
    for i in range(num - 1, 0, -1):
        pair_starts[i] = pair_starts[i - 1]
    pair_starts[0] = 0
    return partner
