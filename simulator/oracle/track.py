"""Forecasts of any recorded track of a ball, by the posterior under the physics and a broad prior of its sport."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from pathcast.errors import InputError
from pathcast.simulator.ball.following import BOARD, OUTCOMES, RIM, SWISH
from pathcast.simulator.ball.sports import ball_named
from pathcast.simulator.ball.sports.ball import Ball
from pathcast.simulator.ball.surfaces import Materials
from pathcast.simulator.oracle.drawn import DECIDED_WITHIN, draw_paths, in_venue, made_probability
from pathcast.simulator.oracle.drawn import outcome_probabilities as probabilities_of
from pathcast.simulator.oracle.median import geometric_medians
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import observe
from pathcast.simulator.oracle.prior import Prior
from pathcast.simulator.oracle.sampler import Chains, sample
from pathcast.simulator.oracle.stretch import last_stretch
from pathcast.simulator.oracle.track_prior import track_prior
from pathcast.venue import Box, Ring, Venue

TOUCH_ROOM = 0.25
"""m: a contact may lie so far from the observations around it, besides the ball's radius."""


@dataclass(frozen=True)
class TrackForecast:
    """Where a ball will be, and what will come of its shot.

    Args:
        times: s, by the track's own clock.
        mean: m; the least expected squared error.
        median: m, geometric; the least expected distance.
        covariance: m2.
        paths: m; draws of what may happen.
        outcome: Probability of each of `following.OUTCOMES`; empty without a hoop.
        made: Probability that the shot goes in; NaN without a hoop.
        first: The first observation that was used: after the last contact with anything but the floor.
        rhat: Split R-hat of the draws; 1 where the chains agree.
        effective: Their effective sample size.
    """

    times: Float[np.ndarray, " future"]
    mean: Float[np.ndarray, "future 3"]
    median: Float[np.ndarray, "future 3"]
    covariance: Float[np.ndarray, "future 3 3"]
    paths: Float[np.ndarray, "draw future 3"]
    outcome: Float[np.ndarray, " outcome"]
    made: float
    first: int
    rhat: float
    effective: float


def forecast_track(
    times: ArrayLike,
    positions: ArrayLike,
    noise: ArrayLike,
    ball: str | Ball,
    future_times: ArrayLike,
    *,
    venue: Venue | None = None,
    materials: Materials | None = None,
    radius_m: float | None = None,
    mass_kg: float | None = None,
    seed: int = 0,
    chains: Chains | None = None,
) -> TrackForecast:
    """Forecasts one recorded track from all its observations since its last contact with anything but the floor.

    The prior is `track_prior`'s. A stretch of the track that no one flight explains (`last_stretch`) is left out: it
    lies before a rim, a net or a racket.

    Args:
        times: s, of any start, increasing; irregular clocks and gaps are fine. Shape [past].
        positions: m, z up; NaN where nothing was seen. Shape [past, 3].
        noise: Standard deviation of the positions, m; a number, one for each axis, or of the positions' shape.
        ball: A sport's name (`sports.BALLS`), or any ball.
        future_times: s, by the same clock, increasing, from the last observation on.
        venue: What the ball flies through. Without one there is no floor.
        materials: Of its fixtures.
        radius_m, mass_kg: Of the ball, where they are not the sport's.
        seed: From 0 to 2**64 - 1.
        chains: How long.

    Raises:
        InputError: Shapes that do not fit, times that do not increase, fewer than two observations, noise that is not
            positive, futures that lie before the last observation, an unknown ball.
    """
    kind = ball_named(ball) if isinstance(ball, str) else ball
    kind = replace(
        kind,
        radius_m=kind.radius_m if radius_m is None else radius_m,
        mass_kg=kind.mass_kg if mass_kg is None else mass_kg,
    )
    clock, seen, spread = _observations(times, positions, noise)
    future = np.asarray(future_times, np.float64)
    if future.ndim != 1 or len(future) == 0 or not (np.isfinite(future).all() and (np.diff(future) > 0).all()):
        raise InputError("future_times", "one row of finite seconds, increasing", f"shape {future.shape}, or others")
    if future[0] < clock[-1]:
        raise InputError("future_times", f"from the last observation's {clock[-1]:g} s on", f"{future[0]:g} s")
    level, ground = _level(venue, seen)

    def prior_from(start: int) -> Prior:
        place = np.where(np.isfinite(seen[start]), seen[start], np.nanmean(seen, axis=0))
        return track_prior(kind, place, float(spread[start].max()), level, ground)

    first = last_stretch(clock, seen, spread, prior_from)
    prior, origin = prior_from(first), clock[first]
    prefix = observe(clock[first:] - origin, seen[None, first:], spread[first:])
    posterior = sample(prior, prefix, find_modes(prior, prefix), seed, chains=chains)
    if venue is not None:
        posterior = in_venue(posterior, prefix, venue, seed, materials=materials, is_strict=False)
    paths = draw_paths(posterior, future - origin, venue, materials)[0]
    by_time = paths.transpose(1, 0, 2)
    mean = by_time.mean(axis=1)
    off = by_time - mean[:, None]
    outcome, made = np.empty(0), math.nan
    if venue is not None and venue.hoop is not None:
        within = clock[-1] - origin + DECIDED_WITHIN
        outcome = probabilities_of(posterior, venue, materials, within_s=within)[0]
        outcome = _with_what_was_seen(outcome, seen, first, kind.radius_m, venue.hoop, venue.board)
        made = float(made_probability(outcome))
    return TrackForecast(
        times=future,
        mean=mean,
        median=geometric_medians(by_time),
        covariance=off.transpose(0, 2, 1) @ off / (len(paths) - 1),
        paths=paths,
        outcome=outcome,
        made=made,
        first=int(np.flatnonzero(np.isfinite(np.asarray(positions, np.float64)).any(axis=1))[first]),
        rhat=float(posterior.rhat[0]),
        effective=float(posterior.effective[0]),
    )


def _observations(
    times: ArrayLike, positions: ArrayLike, noise: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Times, positions and noise of the instants at which anything was seen."""
    clock, seen, spread = (np.asarray(given, np.float64) for given in (times, positions, noise))
    if seen.ndim != 2 or seen.shape[1] != 3:
        raise InputError("positions", "shape [past, 3]", f"{seen.shape}")
    if clock.shape != seen.shape[:1]:
        raise InputError("times", f"shape ({len(seen)},), one for each position", f"{clock.shape}")
    if not (np.isfinite(clock).all() and (np.diff(clock) > 0).all()):
        raise InputError("times", "finite seconds, increasing", "others")
    if np.isinf(seen).any():
        raise InputError("positions", "metres, or NaN where nothing was seen", "infinity")
    try:
        spread = np.broadcast_to(spread, seen.shape)
    except ValueError:
        raise InputError("noise", f"a shape that broadcasts to {seen.shape}", f"{spread.shape}") from None
    if not (np.isfinite(spread).all() and (spread > 0).all()):
        raise InputError("noise", "finite metres over 0", "others")
    is_seen = np.isfinite(seen).any(axis=1)
    if is_seen.sum() < 2 or not np.isfinite(seen).any(axis=0).all():
        raise InputError("positions", "at least two observations, and every axis seen", f"{int(is_seen.sum())}")
    return clock[is_seen], seen[is_seen], spread[is_seen]


def _level(venue: Venue | None, seen: NDArray[np.float64]) -> tuple[float, float]:
    """z of the level the ball may bounce on, and of the ground: a table's top unless the ball was seen beneath it."""
    if venue is None:
        return -math.inf, 0.0
    floor = -math.inf if venue.floor is None else venue.floor.point[2]
    ground = floor if math.isfinite(floor) else 0.0
    if venue.table is not None:
        top = venue.table.centre[2] + 0.5 * venue.table.size[2]
        if np.nanmin(seen[:, 2]) >= top - 0.05:
            return top, ground
    return floor, ground


def _with_what_was_seen(
    outcome: NDArray[np.float64], seen: NDArray[np.float64], first: int, radius: float, hoop: Ring, board: Box | None
) -> NDArray[np.float64]:
    """The outcome's probabilities, given what the observations before the stretch show: a contact, or a made shot."""
    way = _touched(seen[first - 1 : first + 1], radius, hoop, board) if first > 0 else SWISH
    told = np.zeros(len(OUTCOMES))
    if _went_in(seen, radius, hoop):
        told[way] = 1.0
        return told
    told[:] = outcome
    if way in (RIM, BOARD):
        told[way] += told[SWISH]
        told[SWISH] = 0.0
    if way == BOARD:
        told[BOARD] += told[RIM]
        told[RIM] = 0.0
    return told


def _went_in(seen: NDArray[np.float64], radius: float, hoop: Ring) -> bool:
    """Whether the ball was seen to come down through the ring and lie wholly below it, by straight lines between."""
    x, y, z = hoop.centre
    above, below = seen[:-1], seen[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (above[:, 2] - z) / (above[:, 2] - below[:, 2])
        across = above[:, :2] + share[:, None] * (below[:, :2] - above[:, :2]) - (x, y)
        passed = (above[:, 2] > z) & (below[:, 2] <= z) & (np.hypot(*across.T) < hoop.radius)
    if not passed.any():
        return False
    later = seen[int(np.argmax(passed)) + 1 :]
    is_near = np.hypot(later[:, 0] - x, later[:, 1] - y) < hoop.radius
    return bool((is_near & (later[:, 2] <= z - radius)).any())


def _touched(around: NDArray[np.float64], radius: float, hoop: Ring, board: Box | None) -> int:
    """Which outcome a contact among the observations around it belongs to: that of rim, of board, or of none."""
    off = around - hoop.centre
    to_rim = np.nanmin(np.hypot(np.hypot(off[:, 0], off[:, 1]) - hoop.radius, off[:, 2]))
    to_board = math.inf
    if board is not None:
        turn, half = np.array([math.cos(board.yaw), math.sin(board.yaw)]), 0.5 * np.array(board.size)
        way = around - board.centre
        along, over = way[:, 0] * turn[0] + way[:, 1] * turn[1], way[:, 1] * turn[0] - way[:, 0] * turn[1]
        beyond = np.abs(np.stack([along, over, way[:, 2]], axis=1)) - half
        to_board = float(np.nanmin(np.linalg.norm(np.maximum(beyond, 0.0), axis=1)))
    if min(to_rim, to_board) > radius + TOUCH_ROOM:
        return SWISH
    return BOARD if to_board < to_rim else RIM
