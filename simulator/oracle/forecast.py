"""Forecasts of the oracle: where balls will be, how surely, and how probable an outcome is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from pathcast.errors import InputError
from pathcast.simulator.ball.surfaces import Materials
from pathcast.simulator.oracle.drawn import clock_of, draw_paths, flat_latents, fly_latents
from pathcast.simulator.oracle.median import geometric_medians
from pathcast.simulator.oracle.mode import NUDGE, Modes
from pathcast.simulator.oracle.prefixes import Condition
from pathcast.simulator.oracle.prior import Prior
from pathcast.simulator.oracle.sampler import Posterior
from pathcast.venue import Venue


@dataclass(frozen=True)
class Forecast:
    """Where balls will be.

    Args:
        mean: m; of all forecasts the one with the least expected squared error.
        covariance: m2.
        median: m; the geometric median, with the least expected distance. A mode's is its mean.
    """

    mean: Float[np.ndarray, "throw time 3"]
    covariance: Float[np.ndarray, "throw time 3 3"]
    median: Float[np.ndarray, "throw time 3"]

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
    clock = clock_of(times)
    moved = modes.latents[:, None] + NUDGE * modes.factors.transpose(0, 2, 1)
    paths, _ = fly_latents(modes.prior, np.concatenate([modes.latents[:, None], moved], axis=1), clock)
    mean = paths[:, 0]
    slopes = (paths[:, 1:] - paths[:, :1]) / NUDGE
    return Forecast(mean, np.einsum("nlta,nltb->ntab", slopes, slopes), mean)


def forecast_by_draws(
    posterior: Posterior, times: ArrayLike, venue: Venue | None = None, materials: Materials | None = None
) -> Forecast:
    """Mean, covariance and geometric median of the posterior's draws.

    Args:
        posterior: By `sample`.
        times: s since release, increasing, from 0. Shape [time].
        venue: What the draws fly through, as in `draw_paths`.
        materials: Of its fixtures.

    Raises:
        InputError: Times that are negative or do not increase.
    """
    clock = clock_of(times)
    shape = (len(posterior.latents), len(clock), 3)
    mean, covariance, median = np.empty(shape), np.empty((*shape, 3)), np.empty(shape)
    for index in range(len(mean)):
        points = draw_paths(posterior.only([index]), clock, venue, materials)[0].transpose(1, 0, 2)
        mean[index], median[index] = points.mean(axis=1), geometric_medians(points)
        off = points - mean[index][:, None]
        covariance[index] = off.transpose(0, 2, 1) @ off / max(off.shape[1] - 1, 1)
    return Forecast(mean, covariance, median)


def depth_within(
    posterior: Posterior,
    forecast: Forecast,
    times: ArrayLike,
    share: float,
    venue: Venue | None = None,
    materials: Materials | None = None,
) -> Float[np.ndarray, "throw time"]:
    """The depth (see `Forecast.depth`) inside which a share of the draws lies: regions of any posterior's shape.

    Positions of less depth are the ellipsoid of the forecast's own covariance that holds that share of its draws; the
    chi-squared quantile only does where the posterior is Gaussian.

    Args:
        posterior: By `sample`.
        forecast: By `forecast_by_draws` for the same times and venue.
        times: s since release, increasing, from 0. Shape [time].
        share: 0 to 1.
        venue: What the draws fly through, as in `draw_paths`.
        materials: Of its fixtures.

    Raises:
        InputError: A share outside its range; times as in `draw_paths`.
    """
    if not 0.0 < share < 1.0:
        raise InputError("share", "a number over 0 and under 1", f"{share}")
    within = np.empty(forecast.mean.shape[:2])
    for index in range(len(within)):
        off = draw_paths(posterior.only([index]), times, venue, materials)[0] - forecast.mean[index]
        inverse = np.linalg.inv(forecast.covariance[index])
        depth = np.einsum("sta,tab,stb->st", off, inverse, off, optimize=True)
        within[index] = np.quantile(depth, share, axis=0)
    return within


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
    prior.check_latents(latents)
    until = condition.before if condition.before < np.inf else 0.0
    paths, first = fly_latents(prior, latents[:, None], clock_of(times), until)
    met = condition.is_any | ((first[:, 0] >= condition.after) & (first[:, 0] <= condition.before))
    return paths[:, 0], np.asarray(met)


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
    latents = flat_latents(posterior)
    states, rows = posterior.prior.throws(latents.reshape(-1, latents.shape[2]))
    answer = np.asarray(outcome(states, rows))
    if answer.shape != (len(states),) or answer.dtype != np.bool_:
        raise InputError("outcome", f"{len(states)} truth values", f"{answer.dtype} of shape {answer.shape}")
    return np.asarray(answer.reshape(latents.shape[:2]).mean(axis=1))
