"""Ballistic with drag: the simulated flight that fits the prefix best goes on, by Gauss-Newton through the kernels.

What is fitted is the position and velocity at the first observation; air, ball and floor are known. On simulated data
with the true parameters and no spin this is the maximum of the likelihood of round Gaussian noise.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.model.baselines.parabola import fit_parabola
from pathcast.model.baselines.prefixes import check_lengths, is_observed
from pathcast.model.baselines.turns import find_turns
from pathcast.simulator.ball.flight import FLOOR, GRAVITY, RADIUS, fly_many

NUM_ITERATIONS = 12
NUDGE = 1e-5
"""Metres and m/s: the step of the forward differences."""
LEAST_DAMPING, FIRST_DAMPING, MOST_DAMPING = 1e-9, 1e-3, 1e9
PADDING = 1e-3
"""Seconds between the times that stand beyond a track's last observation, whose residuals do not count."""


def ballistic_drag(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past 3"],
    lengths: Int[np.ndarray, " track"],
    offsets: Float[np.ndarray, "track time"],
    parameters: Float[np.ndarray, "*track parameter"],
    spins: Float[np.ndarray, "track 3"] | None = None,
) -> Float[np.ndarray, "track time 3"]:
    """The path of the best-fitting flight, metres.

    Args:
        times: Seconds.
        positions: Metres, z up.
        lengths: Observations per track, at least 2.
        offsets: Seconds over 0, increasing.
        parameters: Rows of `pathcast.simulator.ball.parameters`, or one for all.
        spins: Angular velocity at the first observation, rad/s; by default none.

    Raises:
        InputError: A track has fewer than 2 observations, or offsets do not increase.
    """
    check_lengths(times, lengths, 2)
    num_tracks = len(times)
    rows = np.broadcast_to(np.asarray(parameters, np.float64), (num_tracks, np.shape(parameters)[-1]))
    is_used = is_observed(times, lengths)
    elapsed = _elapsed(times, is_used)
    states = np.zeros((num_tracks, 9))
    states[:, :6] = _first_guess(times, positions, lengths, rows)
    if spins is not None:
        states[:, 6:] = spins
    states = _fit(states, elapsed, positions.astype(np.float64), is_used, rows)
    newest = elapsed[np.arange(num_tracks), lengths - 1]
    return fly_many(states, rows, newest[:, None] + offsets)


def _elapsed(
    times: Float[np.ndarray, "track past"], is_used: Bool[np.ndarray, "track past"]
) -> Float[np.ndarray, "track past"]:
    """Seconds since the first observation, going on regularly beyond the last."""
    since = np.where(is_used, times - times[:, :1], -np.inf).astype(np.float64)
    beyond = np.cumsum(~is_used, axis=1) * PADDING
    return np.asarray(np.where(is_used, since, since.max(axis=1, keepdims=True) + beyond))


def _first_guess(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past 3"],
    lengths: Int[np.ndarray, " track"],
    parameters: Float[np.ndarray, "track parameter"],
) -> Float[np.ndarray, "track 6"]:
    """Position and velocity at the first observation, of the parabola that fits what came before the first bounce."""
    column = np.arange(times.shape[1])
    turns = find_turns(positions[:, :, 2], lengths, parameters[:, FLOOR] + parameters[:, RADIUS])
    until = np.where(turns, column, times.shape[1]).min(axis=1, initial=times.shape[1])
    is_used = is_observed(times, lengths) & (column < np.maximum(until, 2)[:, None])
    position, velocity = fit_parabola(times, positions, is_used, times[:, 0], parameters[:, GRAVITY])
    return np.concatenate([position, velocity], axis=1)


def _fit(
    states: Float[np.ndarray, "track 9"],
    elapsed: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past 3"],
    is_used: Bool[np.ndarray, "track past"],
    parameters: Float[np.ndarray, "track parameter"],
) -> Float[np.ndarray, "track 9"]:
    """Gauss-Newton with Levenberg's and Marquardt's damping, each track by itself (Nocedal and Wright 2006, 10.3)."""

    def residuals(trial: Float[np.ndarray, "track 9"]) -> Float[np.ndarray, "track residual"]:
        gaps = np.where(is_used[:, :, None], fly_many(trial, parameters, elapsed) - positions, 0.0)
        return np.asarray(gaps.reshape(len(trial), -1))

    best = residuals(states)
    cost = (best**2).sum(axis=1)
    damping = np.full(len(states), FIRST_DAMPING)
    for _ in range(NUM_ITERATIONS):
        slopes = np.stack([(residuals(_nudged(states, entry)) - best) / NUDGE for entry in range(6)], axis=2)
        normal = np.einsum("nri,nrj->nij", slopes, slopes)
        weight = np.maximum(np.einsum("nii->ni", normal), 1e-12) * damping[:, None]
        gradient = np.einsum("nri,nr->ni", slopes, best)
        trial = states.copy()
        trial[:, :6] -= np.linalg.solve(normal + weight[:, :, None] * np.eye(6), gradient[:, :, None])[:, :, 0]
        other = residuals(trial)
        other_cost = (other**2).sum(axis=1)
        is_better = other_cost < cost
        states = np.where(is_better[:, None], trial, states)
        best = np.where(is_better[:, None], other, best)
        cost = np.where(is_better, other_cost, cost)
        damping = np.clip(np.where(is_better, damping / 10, damping * 10), LEAST_DAMPING, MOST_DAMPING)
    return states


def _nudged(states: Float[np.ndarray, "track 9"], entry: int) -> Float[np.ndarray, "track 9"]:
    """The states with one entry a little larger."""
    result = states.copy()
    result[:, entry] += NUDGE
    return result
