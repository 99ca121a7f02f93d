"""`placing.place` for three axes as one compiled loop, for engines that are compiled anyway."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.model.bundle.placing import MAX_LOG, MAX_MIX, MIN_LOG, Said
from pathcast.model.frontends import Base


def place_in_space(
    order: Int[np.ndarray, "track mode"],
    said: Said,
    offsets: Float[np.ndarray, "track time"],
    base: Base,
    heading: Float[np.ndarray, "track two"],
) -> tuple[Float[np.ndarray, "track mode time 3"], Float[np.ndarray, "track mode time 6"]]:
    """Means (m) and packed covariances (m²) in the world's axes, float32; arguments as of `placing.place`."""
    num_tracks, num_modes = order.shape
    shape = (num_tracks, num_modes, offsets.shape[1])
    means, covariances = np.empty((*shape, 3), np.float32), np.empty((*shape, 6), np.float32)
    _place(
        np.ascontiguousarray(order, np.int64),
        np.ascontiguousarray(said.paths),
        np.ascontiguousarray(said.spreads),
        np.ascontiguousarray(said.knots, np.float64),
        np.ascontiguousarray(np.broadcast_to(said.spread_scale, (num_tracks, len(said.knots))), np.float64),
        np.ascontiguousarray(offsets, np.float64),
        np.ascontiguousarray(base.path),
        np.ascontiguousarray(base.unit),
        np.ascontiguousarray(heading),
        means,
        covariances,
    )
    return means, covariances


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
    last = len(knots) - 1
    for track in range(len(order)):
        c, s = heading[track, 0], heading[track, 1]
        low = 0
        for index in range(offsets.shape[1]):
            asked = offsets[track, index]
            while low < last - 1 and knots[low + 1] <= asked:
                low += 1
            share = min(max((asked - knots[low]) / (knots[low + 1] - knots[low]), 0.0), 1.0)
            scale = scales[track, low] + share * (scales[track, low + 1] - scales[track, low])
            unit = units[track, index]
            for place in range(order.shape[1]):
                mode = order[track, place]
                a, b = paths[track, mode, low], paths[track, mode, low + 1]
                ahead = (a[0] + share * (b[0] - a[0])) * unit
                aside = (a[1] + share * (b[1] - a[1])) * unit
                up = (a[2] + share * (b[2] - a[2])) * unit
                mean = means[track, place, index]
                mean[0] = path[track, index, 0] + c * ahead - s * aside
                mean[1] = path[track, index, 1] + s * ahead + c * aside
                mean[2] = path[track, index, 2] + up
                a, b = spreads[track, mode, low], spreads[track, mode, low + 1]
                size = unit * scale
                l0 = math.exp(min(max(a[0] + share * (b[0] - a[0]), MIN_LOG), MAX_LOG)) * size
                l1 = math.exp(min(max(a[1] + share * (b[1] - a[1]), MIN_LOG), MAX_LOG)) * size
                l2 = math.exp(min(max(a[2] + share * (b[2] - a[2]), MIN_LOG), MAX_LOG)) * size
                m0 = min(max(a[3] + share * (b[3] - a[3]), -MAX_MIX), MAX_MIX)
                m1 = min(max(a[4] + share * (b[4] - a[4]), -MAX_MIX), MAX_MIX)
                m2 = min(max(a[5] + share * (b[5] - a[5]), -MAX_MIX), MAX_MIX)
                xx, xy, yy = l0 * l0, l0 * l1 * m0, l1 * l1 * (1.0 + m0 * m0)
                xz, yz = l0 * l2 * m1, l1 * l2 * (m0 * m1 + m2)
                packed = covariances[track, place, index]
                packed[0] = c * c * xx - 2.0 * c * s * xy + s * s * yy
                packed[1] = c * s * (xx - yy) + (c * c - s * s) * xy
                packed[2] = c * xz - s * yz
                packed[3] = s * s * xx + 2.0 * c * s * xy + c * c * yy
                packed[4] = s * xz + c * yz
                packed[5] = l2 * l2 * (1.0 + m1 * m1 + m2 * m2)
