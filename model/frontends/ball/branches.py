"""Where a flight may part, at a rim, a net, or a table's edge: its ways, gathered from a few sample flights.

Paths of the samples fall into groups (Lloyd 1982, from the most central path and those farthest from it); each group
is a mode, with its share of the flights, its mean path and its spread.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import NOISE, NUM_QUANTITIES, NUM_STATE, factor_along, physics_of, unpack
from pathcast.model.frontends.ball.flying import fly_row, make_events, place_of
from pathcast.model.frontends.ball.samples import draw_row
from pathcast.simulator.ball.surfaces import FLOOR_CONTACT, RING_PASSED, TABLE_CONTACT

NUM_BRANCH_SAMPLES: Final = 16
HARD_SHARE: Final = 0.4
"""Least share of samples that touch something other than a level to bounce on."""
PARTED_SHARE: Final = 0.2
"""Or of those that do not bounce on the table as often as most do."""
ROUNDS: Final = 6
POOLED_WEIGHT: Final = 4.0
"""Flights that the spread of all groups counts for in the spread of each."""
WIDER: Final = 0.1
"""Of the mean variance of the axes, added to each: few flights never lie as far apart as many."""
NOISE_SHARE: Final = 0.3
"""Of the noise, which a spread does not fall under."""


@njit
def write_branches(
    rows: Any,
    nominal: Any,
    reference: Any,
    fixtures: Any,
    level: Any,
    draws: Any,
    offsets: Any,
    is_parted: Any,
    probabilities: Any,
    means: Any,
    covariances: Any,
) -> None:
    """Flies samples of each row's ball, and gathers them where their ways part.

    Args:
        rows: Filters, their means as estimated. Shape [track, column].
        nominal, reference, fixtures, level: As of `estimated_flight.write_base`.
        draws: `samples.whitened_draws`. Shape [sample, 14].
        offsets: Seconds, increasing. Shape [track, time].
        is_parted: Written: whether its ways part; the others' are left as they are. Shape [track].
        probabilities: Written. Shape [track, branch].
        means: Written, m. Shape [track, branch, time, 3].
        covariances: Written, m2, packed upper triangles by rows. Shape [track, branch, time, 6].
    """
    num_times, num = offsets.shape[1], len(draws)
    states, room = np.empty((num_times, NUM_STATE)), np.empty((5, max(num_times, 9)))
    events, kinds, outcome = make_events()
    full, directions = np.empty((NUM_QUANTITIES, NUM_QUANTITIES)), np.empty((NUM_QUANTITIES, NUM_QUANTITIES))
    p, row = nominal.copy(), rows[0].copy()
    paths = np.empty((num, num_times, 3))
    for track in range(len(rows)):
        unpack(rows[track], full)
        factor_along(rows[track], full, directions)
        hard, bounces = 0, np.zeros(4, np.int64)
        for sample in range(num):
            draw_row(rows[track], directions, draws[sample], row)
            physics_of(row, nominal, reference, p)
            solid = place_of(row, fixtures, level, p)
            happened = fly_row(row, p, offsets[track], solid, states, events, kinds, outcome, room)
            touched, bounced = False, 0
            for event in range(min(happened, len(kinds))):
                if events[event, 0] > offsets[track, num_times - 1] or kinds[event] >= RING_PASSED:
                    continue
                if kinds[event] == TABLE_CONTACT:
                    bounced += 1
                elif kinds[event] != FLOOR_CONTACT:
                    touched = True
            hard += touched
            bounces[min(bounced, 3)] += 1
            for index in range(num_times):
                for axis in range(3):
                    paths[sample, index, axis] = states[index, axis]
        is_parted[track] = hard >= HARD_SHARE * num or num - bounces.max() >= PARTED_SHARE * num
        if is_parted[track]:
            least = NOISE_SHARE * (rows[track, NOISE] + rows[track, NOISE + 1] + rows[track, NOISE + 2]) / 3.0
            group = _gather(paths, probabilities.shape[1])
            _sum_up(paths, group, least, probabilities[track], means[track], covariances[track])


@njit
def _square(paths: Any, sample: int, centre: Any) -> float:
    total = 0.0
    for index in range(paths.shape[1]):
        for axis in range(3):
            total += (paths[sample, index, axis] - centre[index, axis]) ** 2
    return total


@njit
def _gather(paths: Any, num_groups: int) -> Any:
    """The group of each path. Shape: [sample]."""
    num = len(paths)
    group, nearest = np.zeros(num, np.int64), np.empty(num)
    centres = np.zeros((num_groups, paths.shape[1], 3))
    for sample in range(num):
        centres[0] += paths[sample] / num
    best = 0
    for sample in range(num):
        nearest[sample] = _square(paths, sample, centres[0])
        if nearest[sample] < nearest[best]:
            best = sample
    centres[0] = paths[best]
    nearest[:] = math.inf
    for place in range(1, num_groups):
        farthest = 0
        for sample in range(num):
            nearest[sample] = min(nearest[sample], _square(paths, sample, centres[place - 1]))
            if nearest[sample] > nearest[farthest]:
                farthest = sample
        centres[place] = paths[farthest]
    for _ in range(ROUNDS):
        is_same = True
        for sample in range(num):
            chosen, least = 0, math.inf
            for place in range(num_groups):
                square = _square(paths, sample, centres[place])
                if square < least:
                    chosen, least = place, square
            is_same = is_same and group[sample] == chosen
            group[sample] = chosen
        if is_same:
            break
        for place in range(num_groups):
            count = 0
            for sample in range(num):
                count += group[sample] == place
            if count:
                centres[place] = 0.0
                for sample in range(num):
                    if group[sample] == place:
                        centres[place] += paths[sample] / count
    return group


@njit
def _sum_up(paths: Any, group: Any, least: float, probabilities: Any, means: Any, covariances: Any) -> None:
    """Writes each group's share, mean path and spread; an empty group stands where all flights do."""
    num, num_times, num_groups = len(paths), paths.shape[1], len(probabilities)
    counts = np.zeros(num_groups)
    for sample in range(num):
        counts[group[sample]] += 1.0
    means[:] = 0.0
    for sample in range(num):
        means[group[sample]] += paths[sample] / counts[group[sample]]
    middle = np.zeros((num_times, 3))
    for place in range(num_groups):
        probabilities[place] = (counts[place] + 0.25) / (num + 0.25 * num_groups)
        middle += counts[place] / num * means[place]
    for place in range(num_groups):
        if counts[place] == 0.0:
            means[place] = middle
    apart, pooled = np.empty((num_groups, 6)), np.empty(6)
    for index in range(num_times):
        apart[:] = 0.0
        for sample in range(num):
            place = group[sample]
            dx = paths[sample, index, 0] - means[place, index, 0]
            dy = paths[sample, index, 1] - means[place, index, 1]
            dz = paths[sample, index, 2] - means[place, index, 2]
            apart[place, 0] += dx * dx
            apart[place, 1] += dx * dy
            apart[place, 2] += dx * dz
            apart[place, 3] += dy * dy
            apart[place, 4] += dy * dz
            apart[place, 5] += dz * dz
        for entry in range(6):
            pooled[entry] = apart[:, entry].sum() / max(num - num_groups, 1)
        for place in range(num_groups):
            weight = max(counts[place] - 1.0, 0.0) + POOLED_WEIGHT
            to = covariances[place, index]
            for entry in range(6):
                to[entry] = (apart[place, entry] + POOLED_WEIGHT * pooled[entry]) / weight
            more = WIDER * (to[0] + to[3] + to[5]) / 3.0 + least * least
            to[0] += more
            to[3] += more
            to[5] += more
