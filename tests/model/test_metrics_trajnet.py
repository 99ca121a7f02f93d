"""Our metrics against TrajNet++'s published definitions, written here from their words in plain Python.

ADE: mean distance; FDE: distance at the end; top-k: both errors of the one path of least ADE; NLL: Gaussian kernels
around the samples of a step, the log density at least -20, mean over the steps; collision: two paths of which some
position, at the steps or half-way between two of them, is at most twice 0.1 m apart.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gaussian_kde

from pathcast.errors import InputError
from pathcast.model.forecast import Forecast
from pathcast.model.metrics import (
    ade,
    best_of,
    collides,
    fde,
    forecast_kernel_density_nll,
    kernel_density_nll,
    negative_log_likelihood,
)


def plain_ade(path: list, truth: list) -> float:
    return sum(math.dist(a, b) for a, b in zip(path, truth, strict=True)) / len(path)


def plain_fde(path: list, truth: list) -> float:
    return math.dist(path[-1], truth[-1])


def plain_top_k(paths: list, truth: list) -> tuple[float, float]:
    errors = [(plain_ade(path, truth), plain_fde(path, truth)) for path in paths]
    return min(errors, key=lambda both: both[0])


def plain_nll(samples: list, truth: list) -> float:
    total = 0.0
    for step, place in enumerate(truth):
        density = gaussian_kde(np.array([sample[step] for sample in samples]).T)
        total += max(float(density.logpdf(place)[0]), -20.0)
    return -total / len(truth)


def plain_collision(path: list, other: list) -> bool:
    for step in range(len(path) - 1):
        for share in (0.0, 0.5, 1.0):
            first, second = (
                [a + share * (b - a) for a, b in zip(line[step], line[step + 1], strict=True)] for line in (path, other)
            )
            if math.dist(first, second) <= 0.2:
                return True
    return False


def plain_rate(paths: list, others: list, group: list) -> list[float]:
    found = []
    for i, path in enumerate(paths):
        near = [other for j, other in enumerate(others) if j != i and group[j] == group[i]]
        found.append(float(any(plain_collision(path, other) for other in near)))
    return found


def walks(seed: int, num: int, num_paths: int, num_steps: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Paths and truths of walkers who crowd a few square metres."""
    random = np.random.default_rng(seed)
    start = random.uniform(-2, 2, (num, 1, 1, 2))
    steps = random.normal(0.0, 0.3, (num, num_paths + 1, num_steps, 2)) + random.normal(0.0, 0.3, (num, 1, 1, 2))
    paths = start + np.cumsum(steps, axis=2)
    return paths[:, 1:], paths[:, 0]


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_displacement_is_as_published(seed):
    paths, truth = walks(seed, 5, 3)
    plain = [plain_ade(path.tolist(), true.tolist()) for path, true in zip(paths[:, 0], truth, strict=True)]
    np.testing.assert_allclose(ade(paths[:, 0], truth), plain, rtol=1e-12)
    plain = [plain_fde(path.tolist(), true.tolist()) for path, true in zip(paths[:, 0], truth, strict=True)]
    np.testing.assert_allclose(fde(paths[:, 0], truth), plain, rtol=1e-12)
    best = [plain_top_k(each.tolist(), true.tolist()) for each, true in zip(paths, truth, strict=True)]
    np.testing.assert_allclose(np.column_stack(best_of(paths, truth, "ade")), best, rtol=1e-12)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), num_groups=st.integers(1, 6))
def test_collisions_are_as_published(seed, num_groups):
    paths, truth = walks(seed, 12, 1)
    group = np.random.default_rng(seed).integers(0, num_groups, 12)
    path = paths[:, 0]
    for own, others in ((path, path), (path, truth), (truth, truth)):
        plain = plain_rate(own.tolist(), others.tolist(), group.tolist())
        assert collides(own, others, group).tolist() == plain


def test_the_collisions_tried_are_of_both_kinds():
    rates = [
        collides(paths[:, 0], paths[:, 0], np.zeros(12, int)).mean() for paths, _ in (walks(s, 12, 1) for s in range(9))
    ]
    assert 0.1 < np.mean(rates) < 0.9


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_the_likelihood_of_samples_is_as_published(seed):
    samples, truth = walks(seed, 3, 100, 4)
    truth[0, -1] += 1e3
    plain = [plain_nll(each.tolist(), true.tolist()) for each, true in zip(samples, truth, strict=True)]
    np.testing.assert_allclose(kernel_density_nll(samples, truth), plain, rtol=1e-9)


def test_kernels_around_many_samples_come_near_the_forecasts_own_density():
    random = np.random.default_rng(3)
    truth = random.normal(size=(200, 4, 2))
    forecast = Forecast(
        np.tile(np.arange(1.0, 5.0), (200, 1)),
        np.tile(np.float32([0.7, 0.3]), (200, 1)),
        np.tile(np.float32([[[[0.0, 0.0]]], [[[1.0, 0.0]]]])[None, :, 0], (200, 1, 4, 1)),
        np.tile(np.float32([1.0, 0.0, 1.0]), (200, 2, 4, 1)),
    )
    blurred = forecast_kernel_density_nll(forecast, truth, random, 2000).mean()
    assert blurred == pytest.approx(negative_log_likelihood(forecast, truth).mean(), abs=0.03)


def test_an_unknown_step_is_left_out_and_samples_without_spread_are_refused():
    samples, truth = walks(1, 2, 50, 3)
    whole = kernel_density_nll(samples[:, :, :2], truth[:, :2])
    truth[:, 2] = np.nan
    np.testing.assert_allclose(kernel_density_nll(samples, truth), whole)
    with pytest.raises(InputError, match="samples that spread"):
        kernel_density_nll(np.zeros((1, 5, 2, 2)), np.zeros((1, 2, 2)))
