"""Geometric medians: the points with the least mean distance to draws.

The mean of a posterior's draws has the least expected squared error; the least expected distance, which is what an
average displacement error is, has their geometric median.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.compiled import parallel_njit

_MOST_ITERATIONS = 60
_SETTLED = 1e-6
"""m."""


def geometric_medians(points: Float[np.ndarray, "time draw 3"]) -> Float[np.ndarray, "time 3"]:
    """The geometric median (m) of the draws at each time, to a micrometre's step.

    Weiszfeld 1937, Tohoku Math. J. 43:355: from the mean on, each step is to the mean weighted by one over the
    distance, here no less than a micrometre, so that a median on a draw is found too. A NaN among the draws gives NaN.
    """
    medians = np.empty((len(points), 3))
    _find_medians(np.ascontiguousarray(points, np.float64), medians)
    return medians


@parallel_njit
def _find_medians(points: NDArray[np.float64], medians: NDArray[np.float64]) -> None:
    for time in numba.prange(len(points)):
        cloud, num = points[time], points.shape[1]
        x, y, z = 0.0, 0.0, 0.0
        for draw in range(num):
            x, y, z = x + cloud[draw, 0] / num, y + cloud[draw, 1] / num, z + cloud[draw, 2] / num
        for _ in range(_MOST_ITERATIONS):
            total, nx, ny, nz = 0.0, 0.0, 0.0, 0.0
            for draw in range(num):
                dx, dy, dz = cloud[draw, 0] - x, cloud[draw, 1] - y, cloud[draw, 2] - z
                weight = 1.0 / max(math.sqrt(dx * dx + dy * dy + dz * dz), _SETTLED)
                total += weight
                nx, ny, nz = nx + weight * dx, ny + weight * dy, nz + weight * dz
            nx, ny, nz = nx / total, ny / total, nz / total
            x, y, z = x + nx, y + ny, z + nz
            if not nx * nx + ny * ny + nz * nz > _SETTLED * _SETTLED:
                break
        medians[time, 0], medians[time, 1], medians[time, 2] = x, y, z
