"""From what the decoder says at its knots, in the track's own frame and unit, to metres in the world.

Between knots everything is interpolated linearly, and is constant before the first: it is in units that already grow
with the offset (`Base.unit`), so a path starts at the newest observation whatever stands at the first knot.

A Gaussian's spread is written as in `pathcast.model.network.spread`: the lower factor of its covariance is
diag(exp(a)) (I + B), B strictly lower; a first, then B by rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.model.frontends import Base

MIN_LOG, MAX_LOG, MAX_MIX = -7.0, 4.0, 6.0


@njit
def _covariance(spread: Any, scale: float, cosine: float, sine: float, factor: Any, covariance: Any) -> None:
    """One packed covariance in the world's axes, of a spread in the track's own frame."""
    num_axes = len(factor)
    place = num_axes
    for row in range(num_axes):
        deviation = scale * math.exp(min(max(spread[row], MIN_LOG), MAX_LOG))
        for column in range(row):
            factor[row, column] = deviation * min(max(spread[place], -MAX_MIX), MAX_MIX)
            place += 1
        factor[row, row] = deviation
        for column in range(row + 1, num_axes):
            factor[row, column] = 0.0
    for column in range(num_axes):
        ahead, aside = factor[0, column], factor[1, column]
        factor[0, column] = cosine * ahead - sine * aside
        factor[1, column] = sine * ahead + cosine * aside
    place = 0
    for row in range(num_axes):
        for column in range(row, num_axes):
            total = 0.0
            for inner in range(num_axes):
                total += factor[row, inner] * factor[column, inner]
            covariance[place] = total
            place += 1


@njit
def _place(
    order: Any,
    paths: Any,
    spreads: Any,
    knots: Any,
    spread_scale: Any,
    offsets: Any,
    base: Any,
    unit: Any,
    heading: Any,
    means: Any,
    covariances: Any,
) -> None:
    num_axes, num_spreads = paths.shape[3], spreads.shape[3]
    factor, spread, away = np.empty((num_axes, num_axes)), np.empty(num_spreads), np.empty(num_axes)
    for track in range(len(order)):
        cosine, sine = heading[track, 0], heading[track, 1]
        low = 0
        for time in range(offsets.shape[1]):
            while low < len(knots) - 2 and offsets[track, time] > knots[low + 1]:
                low += 1
            share = (offsets[track, time] - knots[low]) / (knots[low + 1] - knots[low])
            share = min(max(share, 0.0), 1.0)
            length = unit[track, time]
            scale = length * (spread_scale[low] * (1 - share) + spread_scale[low + 1] * share)
            for place in range(order.shape[1]):
                mode = order[track, place]
                for axis in range(num_axes):
                    away[axis] = paths[track, mode, low, axis] * (1 - share) + paths[track, mode, low + 1, axis] * share
                for index in range(num_spreads):
                    spread[index] = (
                        spreads[track, mode, low, index] * (1 - share) + spreads[track, mode, low + 1, index] * share
                    )
                mean = means[track, place, time]
                mean[0] = base[track, time, 0] + length * (cosine * away[0] - sine * away[1])
                mean[1] = base[track, time, 1] + length * (sine * away[0] + cosine * away[1])
                if num_axes == 3:
                    mean[2] = base[track, time, 2] + length * away[2]
                _covariance(spread, scale, cosine, sine, factor, covariances[track, place, time])


def place(
    order: Int[np.ndarray, "track mode"],
    paths: Float[np.ndarray, "track mode knot axis"],
    spreads: Float[np.ndarray, "track mode knot spread"],
    knots: Float[np.ndarray, " knot"],
    spread_scale: Float[np.ndarray, " knot"],
    offsets: Float[np.ndarray, "track time"],
    base: Base,
    heading: Float[np.ndarray, "track two"],
) -> tuple[Float[np.ndarray, "track mode time axis"], Float[np.ndarray, "track mode time triangle"]]:
    """Means (m) and packed covariances (m²) in the world's axes, float32.

    Args:
        order: The modes in the order in which they are wanted.
        paths: In the track's frame and unit. float32.
        spreads: Likewise. float32.
        knots: Seconds, increasing.
        spread_scale: What standard deviations are multiplied by, at each knot.
        offsets: Seconds, increasing along each row, at most the last knot.
        base: At those offsets.
        heading: Cosine and sine.
    """
    shape = (*order.shape, offsets.shape[1])
    means = np.empty((*shape, paths.shape[3]), np.float32)
    covariances = np.empty((*shape, spreads.shape[3]), np.float32)
    _place(
        order,
        paths,
        spreads,
        knots,
        spread_scale,
        np.ascontiguousarray(offsets),
        np.ascontiguousarray(base.path),
        np.ascontiguousarray(base.unit),
        np.ascontiguousarray(heading),
        means,
        covariances,
    )
    return means, covariances
