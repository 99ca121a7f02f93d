"""The oracle against closed forms, its own sampler and the throws it is asked about."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.simulator.ball.flight import fly_many
from pathcast.simulator.ball.parameters import (
    DRAG,
    FLOOR,
    GRAVITY,
    INERTIA,
    LIFT,
    NUM_FULL_PARAMETERS,
    NUM_PARAMETERS,
    RADIUS,
)
from pathcast.simulator.oracle.convergence import effective_size, split_rhat
from pathcast.simulator.oracle.drawn import draw_paths
from pathcast.simulator.oracle.forecast import (
    depth_within,
    fly_throws,
    forecast_by_draws,
    forecast_by_mode,
    probability,
)
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import Condition, Prefixes, observe
from pathcast.simulator.oracle.prior import Marginal, Prior, Shape, Spin
from pathcast.simulator.oracle.sampler import Chains, sample

PAST, FUTURE = np.arange(8) / 30, np.arange(8, 20) / 30
SHORT = Chains(num=4, warmup=400, draws=100, thinning=6, rounds=1)


def row(drag=0.0, lift=0.0, floor=-np.inf):
    values = np.zeros(NUM_FULL_PARAMETERS)
    values[GRAVITY], values[RADIUS], values[INERTIA], values[FLOOR] = 9.8, 0.02, 2 / 3, floor
    values[DRAG], values[LIFT] = drag, lift
    return values


def normal(mean, spread):
    return Marginal(Shape.NORMAL, mean, spread)


VACUUM = Prior(
    row=row(),
    is_polar=False,
    marginals=dict(
        zip(
            ("x", "y", "z", "heading", "elevation", "speed"),
            (normal(0, 1), normal(0, 1), normal(2, 0.3), normal(6, 2), normal(0, 1), normal(5, 1)),
            strict=True,
        )
    ),
)
BOUNCING = Prior(
    row=row(drag=0.12, lift=0.005, floor=0.0),
    marginals={
        "x": normal(0, 0.5),
        "y": normal(0, 0.5),
        "z": Marginal(Shape.UNIFORM, 0.2, 0.5),
        "heading": normal(0, 0.3),
        "elevation": normal(0, 0.1),
        "speed": Marginal(Shape.UNIFORM, 3.0, 8.0),
        "drag": Marginal(Shape.LOGNORMAL, 0.12, 0.1),
        "restitution": Marginal(Shape.UNIFORM, 0.8, 0.9),
        "friction": Marginal(Shape.UNIFORM, 0.1, 0.4),
    },
    spin=Spin.SHELL,
    shell=(50.0, 300.0),
)


def watched(prior, num, seed, condition=None, noise=0.01) -> tuple[Prefixes, np.ndarray]:
    """What is seen of throws drawn from a prior, and where they went."""
    source = np.random.default_rng(seed)
    latents = source.standard_normal((8 * num, prior.num_latents))
    paths, met = fly_throws(prior, latents, np.concatenate([PAST, FUTURE]), condition or Condition())
    paths = paths[met][:num]
    assert len(paths) == num
    seen = paths[:, : len(PAST)] + noise * source.standard_normal((num, len(PAST), 3))
    return observe(PAST, seen, noise), paths[:, len(PAST) :]


def closed_form(prefixes, noise):
    """Mean and covariance of the future in vacuum, by Gaussian conditioning."""
    prior_mean, prior_spread = np.array([0, 0, 2, 6, 0, 5.0]), np.array([1, 1, 0.3, 2, 1, 1])
    past = np.kron(np.stack([np.ones_like(PAST), PAST], 1), np.eye(3))
    future = np.kron(np.stack([np.ones_like(FUTURE), FUTURE], 1), np.eye(3))
    fall, further = np.zeros((len(PAST), 3)), np.zeros((len(FUTURE), 3))
    fall[:, 2], further[:, 2] = -4.9 * PAST**2, -4.9 * FUTURE**2
    precision = np.diag(prior_spread**-2.0) + past.T @ past / noise**2
    right = past.T @ (prefixes.positions - fall).reshape(len(prefixes.times), -1).T / noise**2
    mean = np.linalg.solve(precision, right + (prior_mean * prior_spread**-2.0)[:, None])
    covariance = (future @ np.linalg.inv(precision) @ future.T).reshape(len(FUTURE), 3, len(FUTURE), 3)
    return (future @ mean).T.reshape(-1, len(FUTURE), 3) + further, np.einsum("tatb->tab", covariance)


def test_in_vacuum_mode_and_laplace_are_the_closed_form():
    prefixes, _ = watched(VACUUM, 5, 1)
    mean, covariance = closed_form(prefixes, 0.01)
    found = forecast_by_mode(find_modes(VACUUM, prefixes), FUTURE)
    assert np.allclose(found.mean, mean, atol=1e-6)
    assert np.allclose(found.covariance, covariance, rtol=1e-4, atol=1e-9)


def test_where_the_posterior_is_gaussian_the_sampler_is_laplace():
    prefixes, _ = watched(VACUUM, 20, 2)
    modes = find_modes(VACUUM, prefixes)
    drawn = sample(VACUUM, prefixes, modes, 3, chains=SHORT)
    by_mode, by_draws = forecast_by_mode(modes, FUTURE), forecast_by_draws(drawn, FUTURE)
    spread = np.sqrt(np.einsum("ntaa->nta", by_mode.covariance))
    assert np.abs((by_draws.mean - by_mode.mean) / spread).max() < 0.35
    ratio = np.einsum("ntaa->nta", by_draws.covariance) / spread**2
    assert ratio.mean() == pytest.approx(1.0, abs=0.06)
    assert drawn.acceptance.min() > 0.99
    assert drawn.rhat.max() < 1.1


def test_through_a_bounce_the_samplers_regions_hold_what_they_say():
    condition = Condition(PAST[-1], FUTURE[-1])
    prefixes, truth = watched(BOUNCING, 150, 4, condition)
    modes = find_modes(BOUNCING, prefixes)
    drawn = sample(BOUNCING, prefixes, modes, 5, condition=condition, chains=SHORT)
    forecast = forecast_by_draws(drawn, FUTURE)
    assert drawn.holds.all()
    within = depth_within(drawn, forecast, FUTURE, 0.9)
    assert (forecast.depth(truth) < within).mean() == pytest.approx(0.9, abs=0.045)
    by_mode = np.linalg.norm(forecast_by_mode(modes, FUTURE).mean - truth, axis=2).mean()
    assert np.linalg.norm(forecast.mean - truth, axis=2).mean() < by_mode
    _, met = fly_throws(BOUNCING, drawn.latents.reshape(-1, BOUNCING.num_latents), FUTURE, condition)
    assert met.all()


def test_without_observations_the_posterior_is_the_prior():
    nothing = observe(PAST, np.full((6, len(PAST), 3), np.nan), 0.01)
    drawn = sample(BOUNCING, nothing, find_modes(BOUNCING, nothing), 6, chains=SHORT)
    latents = drawn.latents.reshape(-1, BOUNCING.num_latents)
    assert np.allclose(latents.mean(axis=0), 0.0, atol=0.15)
    assert np.allclose(latents.std(axis=0), 1.0, atol=0.1)


def test_a_throws_draws_belong_to_it_whatever_its_batch():
    prefixes, _ = watched(BOUNCING, 4, 7)
    modes = find_modes(BOUNCING, prefixes)
    whole = sample(BOUNCING, prefixes, modes, 8, chains=SHORT)
    last = Prefixes(prefixes.times[2:], prefixes.positions[2:], prefixes.precisions[2:])
    part = sample(BOUNCING, last, find_modes(BOUNCING, last), 8, chains=SHORT, first=2)
    assert np.array_equal(whole.latents[2:], part.latents)
    other = sample(BOUNCING, last, find_modes(BOUNCING, last), 9, chains=SHORT, first=2)
    assert not np.array_equal(other.latents, part.latents)


def test_paths_are_those_of_the_flight():
    latents = np.random.default_rng(10).standard_normal((50, BOUNCING.num_latents))
    paths, _ = fly_throws(BOUNCING, latents, FUTURE, Condition())
    states, rows = BOUNCING.throws(latents)
    flown = fly_many(states, np.ascontiguousarray(rows[:, :NUM_PARAMETERS]), FUTURE, 1 / 240)
    assert np.abs(paths - flown).max() < 1e-4


def test_spins_on_a_shell_have_all_directions_and_uniform_sizes():
    latents = np.random.default_rng(11).standard_normal((20000, BOUNCING.num_latents))
    spins = BOUNCING.throws(latents)[0][:, 6:]
    size = np.linalg.norm(spins, axis=1)
    assert np.allclose(np.quantile(size, [0, 0.25, 0.5, 0.75, 1]), [50, 112.5, 175, 237.5, 300], atol=4)
    assert np.allclose((spins / size[:, None]).mean(axis=0), 0.0, atol=0.02)
    assert np.allclose(np.cov(spins.T), np.cov(BOUNCING.smoothed.throws(latents)[0][:, 6:].T), atol=600)


def test_the_probability_is_the_share_of_draws():
    prefixes, _ = watched(VACUUM, 3, 12)
    drawn = sample(VACUUM, prefixes, find_modes(VACUUM, prefixes), 13, chains=SHORT)
    at = np.array([1.0])
    middle = float(np.median(draw_paths(drawn, at)[1, :, 0, 2]))
    share = probability(drawn, lambda states, rows: fly_many(states, rows[:, :NUM_PARAMETERS], at)[:, 0, 2] > middle)
    assert share[1] == pytest.approx(0.5, abs=0.01)
    assert probability(drawn, lambda states, rows: states[:, 2] < math.inf).tolist() == [1.0, 1.0, 1.0]


def test_r_hat_and_effective_size_tell_stuck_chains_from_free_ones():
    free = np.random.default_rng(14).standard_normal((1, 4, 500, 2))
    assert split_rhat(free)[0] < 1.02
    assert effective_size(free)[0] > 1500
    stuck = free + 3 * np.arange(4)[None, :, None, None]
    assert split_rhat(stuck)[0] > 2
    assert effective_size(stuck)[0] < 20


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: observe(PAST, np.zeros((2, 8, 2)), 0.01), "positions"),
        (lambda: observe(PAST[::-1], np.zeros((2, 8, 3)), 0.01), "times"),
        (lambda: observe(PAST, np.zeros((2, 8, 3)), 0.0), "noise"),
        (lambda: observe(PAST, np.zeros((2, 8, 3)), np.ones(5)), "noise"),
        (lambda: Condition(1.0, 0.5), "condition"),
        (lambda: Prior(row=row(), marginals={"colour": normal(0, 1)}), "colour"),
        (lambda: Prior(row=row(), marginals={"x": normal(0, -1)}), "'x'"),
        (lambda: Prior(row=row(), marginals={}, shell=(2.0, 1.0)), "shell"),
        (lambda: VACUUM.throws(np.zeros((1, 2))), "latents"),
        (lambda: Chains(num=1), "chains.num"),
    ],
)
def test_bad_input_is_named(make, where):
    with pytest.raises(InputError) as caught:
        make()
    assert where in caught.value.where
