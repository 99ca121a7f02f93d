"""Sampler: draws from the exact posterior of each throw by Markov chains that start from its Laplace approximation.

Metropolis-Hastings, by turns of the launch and of everything else (spin, coefficients), which lies across thin curved
sheets: a change of spin is only likely together with the change of launch that makes up for it. So the launch is
written as fit(rest) + L v, where the fit is a fixed number of Gauss-Newton steps from one start, a function of the rest
alone, and the chain walks over v and the rest. The rest is scaled by its Laplace covariance, later by that of the
chains' own warm-up (adaptive Metropolis, Haario, Saksman and Tamminen 2001, Bernoulli 7:223).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf, ndtri

from pathcast.compiled import njit, parallel_njit
from pathcast.errors import InputError
from pathcast.simulator.draws import uniforms
from pathcast.simulator.oracle.convergence import effective_size, split_rhat
from pathcast.simulator.oracle.mode import NUDGE, Modes, covariance_factor, factor, residuals_at, solve
from pathcast.simulator.oracle.path import trace
from pathcast.simulator.oracle.prefixes import Condition, Prefixes
from pathcast.simulator.oracle.prior import FLAT_BOUND, NUM_QUANTITIES, SCRATCH, Prior, throw
from pathcast.simulator.oracle.proposals import normal, propose, uniform

_LAUNCH_STEPS = 2
"""Of `_fit_launch`: what they leave, the chains make up for."""
_OUTSIDE = 1e5
"""Log density lost by a throw that breaks the condition, before how far it does."""


@dataclass(frozen=True)
class Chains:
    """How long the chains are.

    Args:
        num: Of each throw.
        warmup: Steps left out at the start; half of them adapt.
        draws: Kept of each chain.
        thinning: Steps between two draws.
        most_rhat: Throws with a larger R-hat run on, longer.
        rounds: How often a throw runs at most, each time with four times the steps of the one before.
    """

    num: int = 4
    warmup: int = 1500
    draws: int = 250
    thinning: int = 16
    most_rhat: float = 1.05
    rounds: int = 3

    def __post_init__(self) -> None:
        least = {"num": 2, "warmup": 8, "draws": 4, "thinning": 1, "rounds": 1}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise InputError(f"chains.{name}", f"a whole number from {value}", f"{getattr(self, name)}")


@dataclass(frozen=True)
class Posterior:
    """Draws from the posteriors of throws.

    Args:
        prior: What latents mean.
        latents: The draws.
        rhat: Largest split R-hat over the latents; 1 where chains agree.
        effective: Smallest effective sample size over the latents.
        acceptance: Share of proposals taken.
        holds: Whether every draw meets the condition.
    """

    prior: Prior
    latents: Float[np.ndarray, "throw chain draw latent"]
    rhat: Float[np.ndarray, " throw"]
    effective: Float[np.ndarray, " throw"]
    acceptance: Float[np.ndarray, " throw"]
    holds: NDArray[np.bool_]

    def only(self, throws: ArrayLike) -> Posterior:
        """That of some throws, by index or mask."""
        chosen = np.asarray(throws)
        parts = {name: getattr(self, name)[chosen] for name in ("latents", "rhat", "effective", "acceptance", "holds")}
        return replace(self, **parts)


def sample(
    prior: Prior,
    prefixes: Prefixes,
    modes: Modes,
    seed: int,
    *,
    condition: Condition | None = None,
    chains: Chains | None = None,
    first: int = 0,
) -> Posterior:
    """Draws from the posteriors of many throws, the same for any batch and number of threads.

    Args:
        prior: Exact.
        prefixes: What was seen.
        modes: Of the same prefixes, by `find_modes`.
        seed: From 0 to 2**64 - 1.
        condition: What else is known of the throws.
        chains: How long.
        first: Global index of the first throw: draws belong to it.
    """
    chains, condition = chains or Chains(), condition or Condition()
    num = len(prefixes.times)
    words = (uniforms(seed, "oracle.chains", first, num, chains.num * chains.rounds) * 2.0**53).astype(np.uint64)
    posterior = _run(prior, prefixes, modes, words[:, : chains.num], condition, chains)
    longer = chains
    for index in range(1, chains.rounds):
        late = np.flatnonzero((posterior.rhat > chains.most_rhat) | ~posterior.holds)
        if len(late) == 0:
            break
        longer = replace(longer, warmup=4 * longer.warmup, thinning=4 * longer.thinning)
        some = Prefixes(prefixes.times[late], prefixes.positions[late], prefixes.precisions[late])
        few = replace(modes, latents=modes.latents[late], factors=modes.factors[late], misfits=modes.misfits[late])
        own = words[late, index * chains.num : (index + 1) * chains.num]
        again = _run(prior, some, few, own, condition, longer)
        for name in ("latents", "rhat", "effective", "acceptance", "holds"):
            getattr(posterior, name)[late] = getattr(again, name)
    return posterior


def _run(
    prior: Prior,
    prefixes: Prefixes,
    modes: Modes,
    words: NDArray[np.uint64],
    condition: Condition,
    chains: Chains,
) -> Posterior:
    """One round of chains of all the throws."""
    num, dims = modes.latents.shape
    flattened = prior.flattened
    is_flat = flattened.is_flat & ~prior.is_flat
    starts = modes.latents.copy()
    starts[:, is_flat] = FLAT_BOUND * erf(starts[:, is_flat] / np.sqrt(2.0))
    latents = np.empty((num, chains.num, chains.draws, dims))
    accepted, held = np.zeros(num), np.ones(num, np.bool_)
    window = np.array([condition.after, condition.before])
    counts = np.array([chains.warmup, chains.thinning])
    _sample_all(
        flattened.table,
        prior.row,
        prefixes.times,
        prefixes.positions,
        prefixes.precisions,
        starts,
        modes.factors,
        window,
        np.ascontiguousarray(words),
        counts,
        latents,
        accepted,
        held,
    )
    share = 0.5 + 0.5 * latents[..., is_flat] / FLAT_BOUND
    latents[..., is_flat] = ndtri(np.clip(share, 1e-16, 1.0 - 1e-16))
    return Posterior(prior, latents, split_rhat(latents), effective_size(latents), accepted, held)


@njit
def _log_density(
    latents: NDArray[np.float64],
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    times: NDArray[np.float64],
    seen: NDArray[np.float64],
    precisions: NDArray[np.float64],
    window: NDArray[np.float64],
    scratch: NDArray[np.float64],
    path: NDArray[np.float64],
) -> float:
    """Log of prior times likelihood; much less where the condition or a bound is broken, the more the further."""
    total, used = 0.0, 0
    for index in range(NUM_QUANTITIES):
        if table[index, 0] == 4.0:
            beyond = abs(latents[used]) - FLAT_BOUND
            if beyond > 0.0:
                total += 2.0 * _OUTSIDE * (1.0 + min(beyond, 1.0))
        elif table[index, 0] != 0.0:
            total += latents[used] * latents[used]
        used += table[index, 0] != 0.0
    throw(latents, table, scratch, row)
    until = window[1] if window[1] < np.inf else 0.0
    bounced = trace(scratch[NUM_QUANTITIES:], row, times, until, path)
    for index in range(len(times)):
        for axis in range(3):
            off = (path[index, axis] - seen[index, axis]) * precisions[index, axis]
            total += off * off
    if window[1] < np.inf and not window[0] <= bounced <= window[1]:
        total += 2.0 * _OUTSIDE * (1.0 + min(max(window[0] - bounced, bounced - window[1]), 1.0))
    return -0.5 * total if np.isfinite(total) else -np.inf


@njit
def _add_product(lower: NDArray[np.float64], vector: NDArray[np.float64], total: NDArray[np.float64]) -> None:
    """total += L v."""
    for line in range(len(vector)):
        for index in range(line + 1):
            total[line] += lower[line, index] * vector[index]


@njit
def _fit_launch(
    latents: NDArray[np.float64],
    start: NDArray[np.float64],
    slopes: NDArray[np.float64],
    precision: NDArray[np.float64],
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    times: NDArray[np.float64],
    seen: NDArray[np.float64],
    precisions: NDArray[np.float64],
    scratch: NDArray[np.float64],
    path: NDArray[np.float64],
    step: NDArray[np.float64],
) -> None:
    """Fits the launch's latents, the first ones, to the others: Gauss-Newton from one start with one Jacobian.

    What comes out depends on the other latents alone, which keeps the chain reversible.
    """
    num = len(start)
    latents[:num] = start
    for _ in range(_LAUNCH_STEPS):
        residuals_at(latents, table, times, seen, precisions, scratch, row, path)
        for line in range(num):
            total = -latents[line]
            for index in range(len(times)):
                for axis in range(3):
                    total -= slopes[line, index, axis] * path[index, axis]
            step[line] = total
        solve(precision, step)
        latents[:num] += step


@njit
def _sample(
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    times: NDArray[np.float64],
    seen: NDArray[np.float64],
    precisions: NDArray[np.float64],
    mode: NDArray[np.float64],
    laplace: NDArray[np.float64],
    window: NDArray[np.float64],
    words: NDArray[np.uint64],
    warmup: int,
    thinning: int,
    draws: NDArray[np.float64],
) -> tuple[float, bool]:
    """The chains of one throw; the share of proposals taken, and whether all draws meet the condition."""
    num, kept, dims = draws.shape
    split = 0
    for index in range(6):
        split += table[index, 0] != 0.0
    rest = dims - split
    scratch, path, moved = np.empty(SCRATCH), np.empty((len(times), 3)), np.empty((len(times), 3))
    stream, step, fit = np.empty(1, np.uint64), np.empty(split), np.empty(dims)
    here, there = mode.copy(), mode.copy()
    # The launch given the rest: Jacobian, precision's factor and spread at the mode.
    slopes, precision = np.empty((split, len(times), 3)), np.empty((split, split))
    residuals_at(here, table, times, seen, precisions, scratch, row, path)
    for line in range(split):
        there[:] = here
        there[line] += NUDGE
        residuals_at(there, table, times, seen, precisions, scratch, row, moved)
        slopes[line] = (moved - path) / NUDGE
        for column in range(line + 1):
            precision[line, column] = np.sum(slopes[line] * slopes[column]) + (line == column)
            precision[column, line] = precision[line, column]
    narrow = np.empty((split, split))
    covariance_factor(precision.copy(), narrow)
    factor(precision)
    start = mode[:split].copy()
    # The rest: marginal covariance, about its middle.
    middle, prior_like = mode[split:].copy(), np.zeros((rest, rest))
    for line in range(rest):
        for column in range(rest):
            prior_like[line, column] = np.sum(laplace[split + line] * laplace[split + column])
    lower = prior_like.copy()
    factor(lower)
    fast, tried_fast = np.empty(split), np.empty(split)
    slow, tried_slow = np.empty(rest), np.empty(rest)
    places, whites, densities = np.empty((num, dims)), np.empty((num, split)), np.empty(num)
    streams = words.copy()
    for chain in range(num):
        stream[0] = streams[chain]
        for index in range(split):
            whites[chain, index] = normal(stream)
        for index in range(rest):
            slow[index] = normal(stream)
        here[split:] = middle
        _add_product(lower, slow, here[split:])
        _fit_launch(here, start, slopes, precision, table, row, times, seen, precisions, scratch, path, step)
        _add_product(narrow, whites[chain], here[:split])
        places[chain] = here
        densities[chain] = _log_density(here, table, row, times, seen, precisions, window, scratch, path)
        streams[chain] = stream[0]
    mean, square = np.empty(rest), np.empty((rest, rest))
    phases = np.array([warmup // 4, warmup // 4, warmup // 2, kept * thinning])
    taken, lowest = 0, 0.0
    for phase in range(4):
        mean[:], square[:], count = 0.0, 0.0, 0
        for chain in range(num):
            stream[0], density = streams[chain], densities[chain]
            here[:], fast[:] = places[chain], whites[chain]
            fit[:] = here
            for line in range(split):
                for index in range(line + 1):
                    fit[line] -= narrow[line, index] * fast[index]
            for line in range(rest):
                total = here[split + line] - middle[line]
                for index in range(line):
                    total -= lower[line, index] * slow[index]
                slow[line] = total / lower[line, line]
            for turn in range(phases[phase]):
                # Now the launch, now the rest with the launch fitted to it.
                tried_fast[:], tried_slow[:] = fast, slow
                back = 0.0
                moves_rest = rest > 0 and (turn % 4 != 0 or split == 0)
                if moves_rest:
                    back = propose(slow, stream, uniform(stream) < 0.6, tried_slow)
                    there[split:] = middle
                    _add_product(lower, tried_slow, there[split:])
                    _fit_launch(
                        there, start, slopes, precision, table, row, times, seen, precisions, scratch, path, step
                    )
                else:
                    there[:] = fit
                    back = propose(fast, stream, False, tried_fast)
                step[:] = there[:split]
                _add_product(narrow, tried_fast, there[:split])
                proposed = _log_density(there, table, row, times, seen, precisions, window, scratch, path)
                if np.log(uniform(stream)) < proposed - density + back:
                    fast[:], slow[:], here[:], density = tried_fast, tried_slow, there, proposed
                    fit[:split] = step
                    fit[split:] = there[split:]
                    taken += phase == 3
                if phase == 3:
                    if turn % thinning == thinning - 1:
                        draws[chain, turn // thinning] = here
                        lowest = min(lowest, density)
                elif 4 * turn >= phases[phase]:
                    count += 1
                    for line in range(rest):
                        mean[line] += here[split + line]
                        for column in range(line + 1):
                            square[line, column] += here[split + line] * here[split + column]
            places[chain], whites[chain], densities[chain], streams[chain] = here, fast, density, stream[0]
        if phase < 3 and rest > 0:
            mean /= max(count, 1)
            for line in range(rest):
                for column in range(line + 1):
                    own = square[line, column] / max(count, 1) - mean[line] * mean[column]
                    square[line, column] = 0.8 * own + 0.2 * prior_like[line, column]
                    square[column, line] = square[line, column]
            if factor(square):
                middle[:], lower[:] = mean, square
    return taken / (num * kept * thinning), lowest > -0.9 * _OUTSIDE


@parallel_njit
def _sample_all(
    table: NDArray[np.float64],
    row: NDArray[np.float64],
    times: NDArray[np.float64],
    seen: NDArray[np.float64],
    precisions: NDArray[np.float64],
    modes: NDArray[np.float64],
    factors: NDArray[np.float64],
    window: NDArray[np.float64],
    words: NDArray[np.uint64],
    counts: NDArray[np.int64],
    draws: NDArray[np.float64],
    accepted: NDArray[np.float64],
    held: NDArray[np.bool_],
) -> None:
    """`_sample`, throw by throw."""
    for index in numba.prange(len(times)):
        accepted[index], held[index] = _sample(
            table,
            row.copy(),
            times[index],
            seen[index],
            precisions[index],
            modes[index],
            factors[index],
            window,
            words[index],
            counts[0],
            counts[1],
            draws[index],
        )
