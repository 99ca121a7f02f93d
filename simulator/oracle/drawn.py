"""Draws in flight: the paths of a posterior's draws, over its level floor or through a venue, and what becomes of them.

The likelihood of a prefix takes the floor alone, which is right as long as the prefix lies before any contact with
another fixture. What comes after is flown through the venue, and `in_venue` leaves out the draws that would already
have met something in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numba
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from pathcast.compiled import parallel_njit
from pathcast.errors import InputError
from pathcast.simulator.ball.following import MISSED, OUTCOMES, UNDECIDED, Courses, follow
from pathcast.simulator.ball.parameters import RADIUS
from pathcast.simulator.ball.surfaces import KIND, KINDS, RING_PASSED, Materials, fixtures_of, gap_to
from pathcast.simulator.draws import uniforms
from pathcast.simulator.oracle.path import trace
from pathcast.simulator.oracle.prefixes import Prefixes
from pathcast.simulator.oracle.prior import NUM_QUANTITIES, SCRATCH, Prior, throw
from pathcast.simulator.oracle.sampler import Posterior
from pathcast.simulator.oracle.stretch import bound, first_unexplained
from pathcast.venue import Venue

FLOWN_ERROR: Final = 1e-4
"""m, of draws through a venue."""
DECIDED_WITHIN: Final = 4.0
"""s: shots are followed so long after release."""
_LEAST_SHARE: Final = 0.01
"""Of the draws' weight: with less left, a prefix is no flight before the venue's fixtures."""


def draw_paths(
    posterior: Posterior, times: ArrayLike, venue: Venue | None = None, materials: Materials | None = None
) -> Float[np.ndarray, "throw sample time 3"]:
    """Positions (m) of every draw, its chains one after another.

    Args:
        posterior: By `sample`.
        times: s since release, increasing, from 0. Shape [time].
        venue: What the draws fly through: floor, table, net, hoop, board and obstacles. Without one there is the level
            floor of the prior's row.
        materials: Of its fixtures.

    Raises:
        InputError: Times that are negative or do not increase.
    """
    clock, latents = clock_of(times), flat_latents(posterior)
    if venue is None:
        return fly_latents(posterior.prior, latents, clock)[0]
    courses = _follow(posterior, clock, venue, materials)
    return courses.states.reshape(*latents.shape[:2], len(clock), 3)


def outcome_probabilities(
    posterior: Posterior, venue: Venue, materials: Materials | None = None, *, within_s: float = DECIDED_WITHIN
) -> Float[np.ndarray, "throw outcome"]:
    """How probable each of `following.OUTCOMES` is: undecided, swish, rim, board, missed.

    Args:
        posterior: By `sample`, or better `in_venue`.
        venue: With a hoop.
        materials: Of its fixtures.
        within_s: How long after release the draws are followed.

    Raises:
        InputError: A venue without a hoop, a time that is not positive.
    """
    if venue.hoop is None:
        raise InputError("venue", "one with a hoop", f"{venue.name}, which has none")
    if not 0.0 < within_s < 1e3:
        raise InputError("within_s", "0 to 1000 s", f"{within_s}")
    outcomes = _follow(posterior, np.array([within_s]), venue, materials).outcome
    outcomes = outcomes.reshape(len(posterior.latents), -1)
    return np.stack([(outcomes == number).mean(axis=1) for number in range(len(OUTCOMES))], axis=1)


def made_probability(probabilities: Float[np.ndarray, "*throw outcome"]) -> Float[np.ndarray, "*throw"]:
    """How probable it is that a shot goes in, by whatever way, from `outcome_probabilities`."""
    return np.asarray(probabilities[..., UNDECIDED + 1 : MISSED].sum(axis=-1))


def in_venue(
    posterior: Posterior,
    prefixes: Prefixes,
    venue: Venue,
    seed: int,
    *,
    materials: Materials | None = None,
    first: int = 0,
    is_strict: bool = True,
) -> Posterior:
    """The posterior given that the prefix was flown in a venue: its draws, weighted and drawn again.

    A draw's weight is the ratio of the prefix's likelihood through the venue to that over the level floor: 1 unless
    it meets a fixture within the prefix. The draws that come out are as many, some of them several times.

    Args:
        posterior: By `sample`.
        prefixes: What was seen, before any contact with other fixtures than the floor.
        venue: What stands in the way.
        seed: From 0 to 2**64 - 1.
        materials: Of the fixtures.
        first: Global index of the first throw.
        is_strict: Whether a prefix that no draw flies through the venue is refused; else its draws stay as they are.

    Raises:
        InputError: A prefix of which nearly no draw's course through the venue would be seen so; it names the first
            observation beyond a contact.
    """
    latents = flat_latents(posterior)
    num, draws = latents.shape[:2]
    offsets = uniforms(seed, "oracle.venue", first, num, 1)[:, 0]
    chosen = np.empty_like(latents)
    for index in range(num):
        one, clock = posterior.only([index]), prefixes.times[index]
        seen, precisions = prefixes.positions[index], prefixes.precisions[index]
        courses = _follow(one, clock, venue, materials)
        free, _ = fly_latents(posterior.prior, latents[index][None], clock)
        through = courses.states
        misfits = (((through - seen) * precisions) ** 2).sum(axis=(1, 2))
        gain = (((free[0] - seen) * precisions) ** 2).sum(axis=(1, 2)) - misfits
        weights = np.exp(0.5 * np.minimum(np.nan_to_num(gain, nan=-np.inf), 50.0))
        lowest = np.nanmin(np.append(misfits + (latents[index] ** 2).sum(axis=1), np.inf))
        is_flight = lowest < bound(int((precisions > 0.0).sum())) + 2.0 * latents.shape[2]
        if not (weights.mean() > _LEAST_SHARE and (is_flight or not is_strict)):
            if is_strict:
                own = Prefixes(clock[None], seen[None], precisions[None])
                raise _beyond(index, own, posterior.prior, venue, materials)
            chosen[index] = latents[index]
            continue
        ladder = (np.arange(draws) + offsets[index]) / draws
        picks = np.searchsorted(np.cumsum(weights) / weights.sum(), ladder, side="right")
        chosen[index] = latents[index][np.minimum(picks, draws - 1)]
    return replace(posterior, latents=chosen.reshape(posterior.latents.shape))


def _beyond(index: int, prefix: Prefixes, prior: Prior, venue: Venue, materials: Materials | None) -> InputError:
    """That a prefix goes on behind a contact, by its first observation that no one flight explains."""
    last = min(first_unexplained(prior, prefix), prefix.times.shape[1] - 1)
    (x, y, z), radius = prefix.positions[0, last], prior.row[RADIUS]
    fixtures = [fixture for fixture in fixtures_of(venue, materials) if fixture[KIND] < RING_PASSED]
    near = min(fixtures, key=lambda fixture: gap_to(fixture, x, y, z, radius, 0.0)[0], default=None)
    what = "a fixture" if near is None else f"the {KINDS[int(near[KIND])]}"
    return InputError(
        f"positions[{index}, {last}]",
        "observations before the ball meets anything but its floor",
        f"one at {prefix.times[0, last]:.3f} s that lies beyond a contact, next to {what}",
    )


def fly_latents(
    prior: Prior, latents: Float[np.ndarray, "throw draw latent"], clock: Float[np.ndarray, " time"], until: float = 0.0
) -> tuple[Float[np.ndarray, "throw draw time 3"], Float[np.ndarray, "throw draw"]]:
    """Positions (m) over the level floor, and times (s) of first bounces, sought up to `until` s at least."""
    paths = np.empty((*latents.shape[:2], len(clock), 3))
    first = np.empty(latents.shape[:2])
    latents = np.ascontiguousarray(latents, np.float64)
    _fly_latents(latents, prior.table, prior.row, clock, until, paths, first)
    return paths, first


def clock_of(times: ArrayLike) -> NDArray[np.float64]:
    """The times as one row.

    Raises:
        InputError: Times that are negative, not finite or do not increase.
    """
    clock = np.array(times, np.float64)
    if clock.ndim != 1 or not (np.isfinite(clock).all() and (clock >= 0).all() and (np.diff(clock) > 0).all()):
        raise InputError("times", "finite seconds from 0, increasing, one row", f"shape {clock.shape}, or others")
    return clock


def flat_latents(posterior: Posterior) -> Float[np.ndarray, "throw sample latent"]:
    """Draws with the chains one after another."""
    return np.ascontiguousarray(posterior.latents.reshape(len(posterior.latents), -1, posterior.latents.shape[3]))


def _follow(posterior: Posterior, clock: NDArray[np.float64], venue: Venue, materials: Materials | None) -> Courses:
    """The courses of all draws through a venue."""
    latents = flat_latents(posterior)
    states, rows = posterior.prior.throws(latents.reshape(-1, latents.shape[2]))
    return follow(
        states,
        rows,
        clock,
        venue,
        materials=materials,
        error_m=FLOWN_ERROR,
        max_events=0,
        positions_only=True,
    )


@parallel_njit
def _fly_latents(
    latents: NDArray[np.float64],
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    times: NDArray[np.float64],
    until: float,
    paths: NDArray[np.float64],
    first: NDArray[np.float64],
) -> None:
    num, draws = first.shape
    tasks = (num * draws + 63) // 64
    for task in numba.prange(tasks):
        own, scratch = row.copy(), np.empty(SCRATCH)
        for place in range(64 * task, min(64 * task + 64, num * draws)):
            index, draw = place // draws, place % draws
            throw(latents[index, draw], table, scratch, own)
            first[index, draw] = trace(scratch[NUM_QUANTITIES:], own, times, until, paths[index, draw])
