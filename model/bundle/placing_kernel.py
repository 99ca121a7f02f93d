"""`placing.place` for three axes as compiled loops, for engines that are compiled anyway.

A track's numbers are first laid out one after the other, each for all modes and offsets, so that the arithmetic on them
becomes loops of vector instructions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.model.bundle.placing import MAX_LOG, MAX_MIX, MIN_LOG, Said
from pathcast.model.frontends import Base


def rank(
    logits: Float[np.ndarray, "track mode"], temperature: float
) -> tuple[Float[np.ndarray, "track mode"], Int[np.ndarray, "track mode"]]:
    """Probabilities, falling, and the modes in that order; those of the same logit keep theirs."""
    probabilities, order = np.empty(logits.shape, np.float32), np.empty(logits.shape, np.int64)
    _rank(logits, temperature, probabilities, order)
    return probabilities, order


def place_in_space(
    order: Int[np.ndarray, "track mode"],
    said: Said,
    offsets: Float[np.ndarray, "track time"],
    base: Base,
    heading: Float[np.ndarray, "track two"],
) -> tuple[Float[np.ndarray, "track mode time 3"], Float[np.ndarray, "track mode time 6"]]:
    """Means (m) and packed covariances (m²) in the world's axes, float32; arguments as of `placing.place`."""
    shape = (*order.shape, offsets.shape[1])
    means, covariances = np.empty((*shape, 3), np.float32), np.empty((*shape, 6), np.float32)
    scales = said.spread_scale if said.spread_scale.ndim == 2 else said.spread_scale[None]
    _place(
        order,
        np.ascontiguousarray(said.paths),
        np.ascontiguousarray(said.spreads),
        said.knots,
        np.ascontiguousarray(scales),
        np.ascontiguousarray(offsets),
        np.ascontiguousarray(base.path),
        np.ascontiguousarray(base.unit),
        np.ascontiguousarray(heading),
        means,
        covariances,
    )
    return means, covariances


@njit
def _rank(logits: Any, temperature: float, probabilities: Any, order: Any) -> None:
    num_modes = logits.shape[1]
    shares = np.empty(num_modes)
    for track in range(len(logits)):
        most = logits[track, 0]
        for mode in range(num_modes):
            most = max(most, logits[track, mode])
        total = 0.0
        for mode in range(num_modes):
            share = math.exp((np.float64(logits[track, mode]) - most) / temperature)
            total += share
            at = mode
            while at > 0 and shares[at - 1] < share:
                shares[at], order[track, at] = shares[at - 1], order[track, at - 1]
                at -= 1
            shares[at], order[track, at] = share, mode
        for place in range(num_modes):
            probabilities[track, place] = shares[place] / total


@njit
def _exponentials(logs: Any) -> None:
    """exp of each, from -7 to 4, to 1e-9 of itself, in place: the sixteenth power of a series that needs no branch."""
    for index in range(len(logs)):
        y = min(max(logs[index], MIN_LOG), MAX_LOG) * 0.0625
        e = 1.0 + y * (1.0 / 9.0)
        e = 1.0 + y * (1.0 / 8.0) * e
        e = 1.0 + y * (1.0 / 7.0) * e
        e = 1.0 + y * (1.0 / 6.0) * e
        e = 1.0 + y * (1.0 / 5.0) * e
        e = 1.0 + y * (1.0 / 4.0) * e
        e = 1.0 + y * (1.0 / 3.0) * e
        e = 1.0 + y * (1.0 / 2.0) * e
        e = 1.0 + y * e
        e *= e
        e *= e
        e *= e
        logs[index] = e * e


@njit
def _place(
    order: Any,
    paths: Any,
    spreads: Any,
    knots: Any,
    scales: Any,
    offsets: Any,
    path: Any,
    units: Any,
    heading: Any,
    means: Any,
    covariances: Any,
) -> None:
    num_tracks, num_modes = order.shape
    num_times = offsets.shape[1]
    num_cells = num_modes * num_times
    last = len(knots) - 1
    said, logs = np.empty((6, num_cells)), np.empty(3 * num_cells)
    unit, size = np.empty(num_times), np.empty(num_times)
    lows, shares = np.empty(num_times, np.int64), np.empty(num_times)
    for track in range(num_tracks):
        row = track if len(scales) > 1 else 0
        low = 0
        for index in range(num_times):
            asked = offsets[track, index]
            while low < last - 1 and knots[low + 1] <= asked:
                low += 1
            share = min(max((asked - knots[low]) / (knots[low + 1] - knots[low]), 0.0), 1.0)
            lows[index], shares[index] = low, share
            unit[index] = units[track, index]
            size[index] = unit[index] * (scales[row, low] + share * (scales[row, low + 1] - scales[row, low]))
        for place in range(num_modes):
            mode = order[track, place]
            for index in range(num_times):
                low, share, cell = lows[index], shares[index], place * num_times + index
                for axis in range(3):
                    a, b = paths[track, mode, low, axis], paths[track, mode, low + 1, axis]
                    said[axis, cell] = a + share * (b - a)
                    a, b = spreads[track, mode, low, axis], spreads[track, mode, low + 1, axis]
                    logs[3 * cell + axis] = a + share * (b - a)
                    a, b = spreads[track, mode, low, 3 + axis], spreads[track, mode, low + 1, 3 + axis]
                    said[3 + axis, cell] = min(max(a + share * (b - a), -MAX_MIX), MAX_MIX)
        _exponentials(logs)
        c, s = heading[track, 0], heading[track, 1]
        cc, cs, ss = c * c, c * s, s * s
        for place in range(num_modes):
            first = place * num_times
            for index in range(num_times):
                cell = first + index
                ahead, aside = said[0, cell] * unit[index], said[1, cell] * unit[index]
                means[track, place, index, 0] = path[track, index, 0] + c * ahead - s * aside
                means[track, place, index, 1] = path[track, index, 1] + s * ahead + c * aside
                means[track, place, index, 2] = path[track, index, 2] + said[2, cell] * unit[index]
                l0, l1, l2 = (
                    logs[3 * cell] * size[index],
                    logs[3 * cell + 1] * size[index],
                    logs[3 * cell + 2] * size[index],
                )
                m0, m1, m2 = said[3, cell], said[4, cell], said[5, cell]
                xx, xy, yy = l0 * l0, l0 * l1 * m0, l1 * l1 * (1.0 + m0 * m0)
                xz, yz = l0 * l2 * m1, l1 * l2 * (m0 * m1 + m2)
                covariances[track, place, index, 0] = cc * xx - 2.0 * cs * xy + ss * yy
                covariances[track, place, index, 1] = cs * (xx - yy) + (cc - ss) * xy
                covariances[track, place, index, 2] = c * xz - s * yz
                covariances[track, place, index, 3] = ss * xx + 2.0 * cs * xy + cc * yy
                covariances[track, place, index, 4] = s * xz + c * yz
                covariances[track, place, index, 5] = l2 * l2 * (1.0 + m1 * m1 + m2 * m2)
