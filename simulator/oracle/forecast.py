"""Forecasts of the oracle: mean and covariance of where balls will be, draws of their paths, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numba
import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike, NDArray

from pathcast.compiled import parallel_njit
from pathcast.errors import InputError
from pathcast.simulator.oracle.mode import NUDGE, Modes
from pathcast.simulator.oracle.path import trace
from pathcast.simulator.oracle.prefixes import Condition
from pathcast.simulator.oracle.prior import Prior, throw
from pathcast.simulator.oracle.sampler import Posterior


@dataclass(frozen=True)
class Forecast:
    """Where balls will be.

    Args:
        mean: m.
        covariance: m2.
    """

    mean: Float[np.ndarray, "throw time 3"]
    covariance: Float[np.ndarray, "throw time 3 3"]

    def depth(self, positions: Float[np.ndarray, "throw time 3"]) -> Float[np.ndarray, "throw time"]:
        """Squared Mahalanobis distance of positions (m) from the mean: chi-squared with 3 degrees of freedom if the
        forecast is right and Gaussian."""
        off = positions - self.mean
        solved = np.linalg.solve(self.covariance, off[..., None])[..., 0]
        return np.asarray((off * solved).sum(axis=-1))


def forecast_by_mode(modes: Modes, times: ArrayLike) -> Forecast:
    """The paths of the modes, with the Laplace covariance carried along them: J C J'.

    Args:
        modes: By `find_modes`.
        times: s since release, increasing, from 0. Shape [time].

    Raises:
        InputError: Times that are negative or do not increase.
    """
    clock = _clock(times)
    num = len(modes.latents)
    mean, covariance = np.empty((num, len(clock), 3)), np.empty((num, len(clock), 3, 3))
    _carry_modes(modes.prior.table, modes.prior.row, modes.latents, modes.factors, clock, mean, covariance)
    return Forecast(mean, covariance)


def forecast_by_draws(posterior: Posterior, times: ArrayLike) -> Forecast:
    """Mean and covariance of the posterior's draws; the mean has the least expected squared error of any forecast.

    Args:
        posterior: By `sample`.
        times: s since release, increasing, from 0. Shape [time].

    Raises:
        InputError: Times that are negative or do not increase.
    """
    clock = _clock(times)
    latents = _flat(posterior)
    mean, covariance = np.empty((len(latents), len(clock), 3)), np.empty((len(latents), len(clock), 3, 3))
    _gather_draws(posterior.prior.table, posterior.prior.row, latents, clock, mean, covariance)
    return Forecast(mean, covariance)


def depth_within(
    posterior: Posterior, forecast: Forecast, times: ArrayLike, share: float
) -> Float[np.ndarray, "throw time"]:
    """The depth (see `Forecast.depth`) inside which a share of the draws lies: regions of any posterior's shape.

    Positions of less depth are the ellipsoid of the forecast's own covariance that holds that share of its draws; the
    chi-squared quantile only does where the posterior is Gaussian.

    Args:
        posterior: By `sample`.
        forecast: By `forecast_by_draws` for the same times.
        times: s since release, increasing, from 0. Shape [time].
        share: 0 to 1.

    Raises:
        InputError: A share outside its range; times as in `draw_paths`.
    """
    if not 0.0 < share < 1.0:
        raise InputError("share", "a number over 0 and under 1", f"{share}")
    within = np.empty(forecast.mean.shape[:2])
    for index in range(len(within)):
        own = replace(posterior, latents=posterior.latents[index : index + 1])
        off = draw_paths(own, times)[0] - forecast.mean[index]
        inverse = np.linalg.inv(forecast.covariance[index])
        depth = np.einsum("sta,tab,stb->st", off, inverse, off, optimize=True)
        within[index] = np.quantile(depth, share, axis=0)
    return within


def draw_paths(posterior: Posterior, times: ArrayLike) -> Float[np.ndarray, "throw sample time 3"]:
    """Positions (m) of every draw, its chains one after another.

    Args:
        posterior: By `sample`.
        times: s since release, increasing, from 0. Shape [time].

    Raises:
        InputError: Times that are negative or do not increase.
    """
    clock = _clock(times)
    latents = _flat(posterior)
    paths = np.empty((*latents.shape[:2], len(clock), 3))
    _fly_draws(posterior.prior.table, posterior.prior.row, latents, clock, paths)
    return paths


def fly_throws(
    prior: Prior, latents: Float[np.ndarray, "throw latent"], times: ArrayLike, condition: Condition
) -> tuple[Float[np.ndarray, "throw time 3"], Bool[np.ndarray, " throw"]]:
    """Positions (m) of throws by their latents, and whether each meets the condition.

    Args:
        prior: What latents mean.
        latents: As of `Prior.throws`.
        times: s since release, increasing, from 0. Shape [time].
        condition: On the first bounce.

    Raises:
        InputError: Times that are negative or do not increase, another number of latents than the prior's.
    """
    clock = _clock(times)
    states, rows = prior.throws(latents)
    paths, first = np.empty((len(states), len(clock), 3)), np.empty(len(states))
    _trace_all(states, rows, clock, condition.before if condition.before < np.inf else 0.0, paths, first)
    return paths, np.asarray(condition.is_any | ((first >= condition.after) & (first <= condition.before)))


def probability(
    posterior: Posterior,
    outcome: Callable[[Float[np.ndarray, "ball 9"], Float[np.ndarray, "ball parameter"]], Bool[np.ndarray, " ball"]],
) -> Float[np.ndarray, " throw"]:
    """How probable an outcome is for each throw: the share of its draws that come to it.

    Args:
        posterior: By `sample`.
        outcome: Says of balls, by state at release (m, m/s, rad/s) and full parameter row, whether it comes about.

    Raises:
        InputError: The outcome does not answer with one truth value for each ball.
    """
    latents = _flat(posterior)
    states, rows = posterior.prior.throws(latents.reshape(-1, latents.shape[2]))
    answer = np.asarray(outcome(states, rows))
    if answer.shape != (len(states),) or answer.dtype != np.bool_:
        raise InputError("outcome", f"{len(states)} truth values", f"{answer.dtype} of shape {answer.shape}")
    return np.asarray(answer.reshape(latents.shape[:2]).mean(axis=1))


def _clock(times: ArrayLike) -> NDArray[np.float64]:
    clock = np.array(times, np.float64)
    if clock.ndim != 1 or not (np.isfinite(clock).all() and (clock >= 0).all() and (np.diff(clock) > 0).all()):
        raise InputError("times", "finite seconds from 0, increasing, one row", f"shape {clock.shape}, or others")
    return clock


def _flat(posterior: Posterior) -> NDArray[np.float64]:
    """Draws with the chains one after another. Shape [throw, sample, latent]."""
    return np.ascontiguousarray(posterior.latents.reshape(len(posterior.latents), -1, posterior.latents.shape[3]))


@parallel_njit
def _trace_all(
    states: NDArray[np.float64],
    rows: NDArray[np.float64],
    times: NDArray[np.float64],
    until: float,
    paths: NDArray[np.float64],
    first: NDArray[np.float64],
) -> None:
    for index in numba.prange(len(states)):
        first[index] = trace(states[index], rows[index], times, until, paths[index])


@parallel_njit
def _fly_draws(
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    latents: NDArray[np.float64],
    times: NDArray[np.float64],
    paths: NDArray[np.float64],
) -> None:
    for index in numba.prange(len(latents)):
        own, scratch = row.copy(), np.empty(24)
        for draw in range(latents.shape[1]):
            throw(latents[index, draw], table, scratch[:15], scratch[15:24], own)
            trace(scratch[15:24], own, times, 0.0, paths[index, draw])


@parallel_njit
def _gather_draws(
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    latents: NDArray[np.float64],
    times: NDArray[np.float64],
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> None:
    """Mean and covariance about the first draw's path, so that no digits are lost far from the origin."""
    for index in numba.prange(len(latents)):
        own, scratch = row.copy(), np.empty(24)
        origin, path = np.empty((len(times), 3)), np.empty((len(times), 3))
        mean[index] = 0.0
        covariance[index] = 0.0
        num = latents.shape[1]
        for draw in range(num):
            throw(latents[index, draw], table, scratch[:15], scratch[15:24], own)
            trace(scratch[15:24], own, times, 0.0, path)
            if draw == 0:
                origin[:] = path
            for time in range(len(times)):
                for axis in range(3):
                    off = path[time, axis] - origin[time, axis]
                    mean[index, time, axis] += off / num
                    for other in range(3):
                        along = path[time, other] - origin[time, other]
                        covariance[index, time, axis, other] += off * along / (num - 1)
        for time in range(len(times)):
            for axis in range(3):
                for other in range(3):
                    both = mean[index, time, axis] * mean[index, time, other]
                    covariance[index, time, axis, other] -= both * num / (num - 1)
            for axis in range(3):
                mean[index, time, axis] += origin[time, axis]


@parallel_njit
def _carry_modes(
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    latents: NDArray[np.float64],
    factors: NDArray[np.float64],
    times: NDArray[np.float64],
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> None:
    """The path of each mode, and the sum of the squares of its change along the columns of the Laplace factor."""
    for index in numba.prange(len(latents)):
        own, scratch = row.copy(), np.empty(24)
        tried, path = np.empty(latents.shape[1]), np.empty((len(times), 3))
        throw(latents[index], table, scratch[:15], scratch[15:24], own)
        trace(scratch[15:24], own, times, 0.0, mean[index])
        covariance[index] = 0.0
        for column in range(latents.shape[1]):
            for line in range(latents.shape[1]):
                tried[line] = latents[index, line] + NUDGE * factors[index, line, column]
            throw(tried, table, scratch[:15], scratch[15:24], own)
            trace(scratch[15:24], own, times, 0.0, path)
            for time in range(len(times)):
                for axis in range(3):
                    off = (path[time, axis] - mean[index, time, axis]) / NUDGE
                    for other in range(3):
                        along = (path[time, other] - mean[index, time, other]) / NUDGE
                        covariance[index, time, axis, other] += off * along
