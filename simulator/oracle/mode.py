"""Modes: the likeliest throw behind each prefix, and the Gaussian about it.

Levenberg-Marquardt (Marquardt 1963, J. SIAM 11:431) over a prior's latents z: it minimises
|(h(z) - y) / sigma|^2 + |z|^2. Laplace's approximation is N(mode, (J' J + I)^-1), with J of the scaled residuals.

Through a bounce that has several minima. So the search starts from flights without a floor fitted to the whole prefix,
then, where that leaves more misfit than noise does, to its first half, and from the prior's middle; the best is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.compiled import njit, parallel_njit
from pathcast.simulator.ball.parameters import FLOOR
from pathcast.simulator.oracle.path import trace
from pathcast.simulator.oracle.prefixes import Prefixes
from pathcast.simulator.oracle.prior import NUM_QUANTITIES, SCRATCH, Prior, throw

NUDGE: Final = 1e-5
"""Of a latent, for differences: latents have size 1, positions change by millimetres."""
_MOST_ITERATIONS: Final = 60


@dataclass(frozen=True)
class Modes:
    """Where the posterior of each throw is highest, and how wide it is there.

    Args:
        prior: Smoothed.
        latents: The modes.
        factors: Lower Cholesky factors of the latents' covariances.
        misfits: |(h - y) / sigma|^2 at the mode.
    """

    prior: Prior
    latents: Float[np.ndarray, "throw latent"]
    factors: Float[np.ndarray, "throw latent latent"]
    misfits: Float[np.ndarray, " throw"]


def find_modes(prior: Prior, prefixes: Prefixes) -> Modes:
    """The modes of the posteriors of many throws, one thread each; spins on a shell are smoothed.

    Args:
        prior: Of all the throws.
        prefixes: What was seen of them.
    """
    smooth = prior.smoothed
    num, dims = len(prefixes.times), smooth.num_latents
    latents, factors = np.zeros((num, dims)), np.zeros((num, dims, dims))
    misfits = np.empty(num)
    _find_all(
        smooth.table, smooth.row, prefixes.times, prefixes.positions, prefixes.precisions, latents, factors, misfits
    )
    return Modes(smooth, latents, factors, misfits)


@njit
def factor(matrix: NDArray[np.float64]) -> bool:
    """Turns a symmetric matrix into its lower Cholesky factor, in place; whether it has one."""
    for column in range(len(matrix)):
        for line in range(column, len(matrix)):
            total = matrix[line, column]
            for index in range(column):
                total -= matrix[line, index] * matrix[column, index]
            if line == column:
                if not total > 0.0:
                    return False
                matrix[line, line] = np.sqrt(total)
            else:
                matrix[line, column] = total / matrix[column, column]
        matrix[column, column + 1 :] = 0.0
    return True


@njit
def solve(lower: NDArray[np.float64], vector: NDArray[np.float64]) -> None:
    """Solves L L' x = b, in place."""
    num = len(lower)
    for line in range(num):
        for index in range(line):
            vector[line] -= lower[line, index] * vector[index]
        vector[line] /= lower[line, line]
    for line in range(num - 1, -1, -1):
        for index in range(line + 1, num):
            vector[line] -= lower[index, line] * vector[index]
        vector[line] /= lower[line, line]


@njit
def covariance_factor(precision: NDArray[np.float64], lower: NDArray[np.float64]) -> bool:
    """Writes the lower Cholesky factor of a precision matrix's inverse; destroys the matrix."""
    num = len(precision)
    if not factor(precision):
        return False
    for line in range(num):
        lower[line, :] = 0.0
        lower[line, line] = 1.0
        solve(precision, lower[line])
    return factor(lower)


@njit
def residuals_at(
    latents: NDArray[np.float64],
    table: NDArray[np.float64],
    times: NDArray[np.float64],
    seen: NDArray[np.float64],
    precisions: NDArray[np.float64],
    scratch: NDArray[np.float64],
    row: NDArray[np.float64],
    residuals: NDArray[np.float64],
) -> float:
    """Writes (h - y) / sigma, shape [time, 3]; their square sum. Infinite where the throw diverges."""
    throw(latents, table, scratch, row)
    trace(scratch[NUM_QUANTITIES:], row, times, 0.0, residuals)
    total = 0.0
    for index in range(len(times)):
        for axis in range(3):
            off = (residuals[index, axis] - seen[index, axis]) * precisions[index, axis]
            residuals[index, axis] = off
            total += off * off
    return total if np.isfinite(total) else np.inf


@njit
def _descend(
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    times: NDArray[np.float64],
    seen: NDArray[np.float64],
    precisions: NDArray[np.float64],
    latents: NDArray[np.float64],
    lower: NDArray[np.float64],
) -> float:
    """The minimum below the start in `latents`, in place, and the Laplace factor; the misfit."""
    dims, num = len(latents), len(times)
    scratch, tried = np.empty(SCRATCH), np.empty(dims)
    residuals, moved = np.empty((num, 3)), np.empty((num, 3))
    jacobian = np.empty((dims, num, 3))
    normal, gradient, damped = np.empty((dims, dims)), np.empty(dims), np.empty((dims, dims))
    damping = 1e-3
    misfit = residuals_at(latents, table, times, seen, precisions, scratch, row, residuals)
    for _ in range(_MOST_ITERATIONS):
        for column in range(dims):
            tried[:] = latents
            tried[column] += NUDGE
            residuals_at(tried, table, times, seen, precisions, scratch, row, moved)
            for index in range(num):
                for axis in range(3):
                    jacobian[column, index, axis] = (moved[index, axis] - residuals[index, axis]) / NUDGE
        for line in range(dims):
            gradient[line] = -latents[line]
            for index in range(num):
                for axis in range(3):
                    gradient[line] -= jacobian[line, index, axis] * residuals[index, axis]
            for column in range(line + 1):
                total = 1.0 if line == column else 0.0
                for index in range(num):
                    for axis in range(3):
                        total += jacobian[line, index, axis] * jacobian[column, index, axis]
                normal[line, column] = normal[column, line] = total
        cost = misfit + np.sum(latents * latents)
        gained, step = 0.0, 0.0
        while damping < 1e12:
            damped[:] = normal
            for line in range(dims):
                damped[line, line] *= 1.0 + damping
            tried[:] = gradient
            if factor(damped):
                solve(damped, tried)
                # No further than one prior deviation at a time: beyond, a uniform quantity hardly changes any more.
                tried /= max(np.max(np.abs(tried)), 1.0)
                step = np.sqrt(np.sum(tried * tried))
                tried += latents
                there = residuals_at(tried, table, times, seen, precisions, scratch, row, moved)
                gained = cost - there - np.sum(tried * tried)
                if gained > 0.0:
                    break
            damping *= 10.0
        if gained > 0.0:
            latents[:] = tried
            misfit = there
            residuals[:] = moved
            damping = max(0.1 * damping, 1e-9)
        if not gained > 1e-9 * (1.0 + cost) and (step < 1e-4 or not gained > 0.0):
            break
    covariance_factor(normal, lower)
    return misfit


@njit
def _find(
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    times: NDArray[np.float64],
    seen: NDArray[np.float64],
    precisions: NDArray[np.float64],
    latents: NDArray[np.float64],
    lower: NDArray[np.float64],
) -> float:
    """Writes the mode of one throw and the Laplace factor; the misfit."""
    num = np.sum(precisions > 0.0)
    expected = num + 4.0 * np.sqrt(2.0 * num)
    tried, spread = np.zeros_like(latents), np.empty_like(lower)
    floor, lowest, kept = row[FLOOR], np.inf, np.inf
    for start in range(3):
        tried[:] = 0.0
        if start < 2:
            part = len(times) if start == 0 else (len(times) + 1) // 2
            row[FLOOR] = -np.inf
            _descend(table, row, times[:part], seen[:part], precisions[:part], tried, spread)
            row[FLOOR] = floor
        misfit = _descend(table, row, times, seen, precisions, tried, spread)
        if not kept < np.inf or misfit + np.sum(tried * tried) < lowest:
            lowest, kept = misfit + np.sum(tried * tried), misfit
            latents[:] = tried
            lower[:] = spread
        if kept <= expected:
            break
    return kept


@parallel_njit
def _find_all(
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    times: NDArray[np.float64],
    seen: NDArray[np.float64],
    precisions: NDArray[np.float64],
    latents: NDArray[np.float64],
    factors: NDArray[np.float64],
    misfits: NDArray[np.float64],
) -> None:
    """`_find`, throw by throw."""
    for index in numba.prange(len(times)):
        misfits[index] = _find(
            table, row.copy(), times[index], seen[index], precisions[index], latents[index], factors[index]
        )
