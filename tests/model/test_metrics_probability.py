from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, multivariate_normal, norm

from pathcast.errors import InputError
from pathcast.model.forecast import Forecast, pack_covariances, unpack_covariances
from pathcast.model.metrics import energy_score, highest_density_regions, negative_log_likelihood
from pathcast.model.metrics.energy import NUM_SAMPLES
from pathcast.model.metrics.mixture import CELLS_AT_ONCE, Mixture


def make_forecast(seed: int, num_tracks=4, num_modes=3, num_steps=5, num_axes=2) -> Forecast:
    random = np.random.default_rng(seed)
    probabilities = -np.sort(-random.dirichlet(np.ones(num_modes), num_tracks), axis=1)
    roots = random.normal(size=(num_tracks, num_modes, num_steps, num_axes, num_axes))
    covariances = roots @ roots.swapaxes(-1, -2) + 0.1 * np.eye(num_axes)
    means = random.normal(size=(num_tracks, num_modes, num_steps, num_axes)) * 3
    return Forecast(
        np.tile(np.arange(1.0, num_steps + 1), (num_tracks, 1)),
        probabilities.astype(np.float32),
        means.astype(np.float32),
        pack_covariances(covariances).astype(np.float32),
    )


def one_gaussian(covariance, num_tracks=1, num_steps=1) -> Forecast:
    covariance = np.asarray(covariance, np.float64)
    packed = pack_covariances(covariance).astype(np.float32)
    return Forecast(
        np.ones((num_tracks, num_steps)),
        np.ones((num_tracks, 1), np.float32),
        np.zeros((num_tracks, 1, num_steps, len(covariance)), np.float32),
        np.broadcast_to(packed, (num_tracks, 1, num_steps, len(packed))).copy(),
    )


def draws_of(forecast: Forecast, random: np.random.Generator) -> np.ndarray:
    """One draw of each mixture, made without the code under test."""
    full = unpack_covariances(forecast.covariances.astype(np.float64))
    result = np.empty((forecast.num_tracks, forecast.means.shape[2], forecast.num_axes))
    for track, step in np.ndindex(result.shape[:2]):
        share = forecast.probabilities[track].astype(np.float64)
        mode = random.choice(forecast.num_modes, p=share / share.sum())
        result[track, step] = random.multivariate_normal(forecast.means[track, mode, step], full[track, mode, step])
    return result


def moved(forecast: Forecast, rotation: np.ndarray, shift: np.ndarray, stretch: float = 1.0) -> Forecast:
    full = unpack_covariances(forecast.covariances.astype(np.float64))
    return Forecast(
        forecast.offsets,
        forecast.probabilities,
        stretch * forecast.means.astype(np.float64) @ rotation.T + shift,
        pack_covariances(stretch**2 * rotation @ full @ rotation.T),
    )


@pytest.mark.parametrize("num_axes", [2, 3])
def test_likelihood_is_that_of_scipy(num_axes):
    forecast = make_forecast(1, num_axes=num_axes)
    truth = np.random.default_rng(2).normal(size=(4, 5, num_axes)) * 3
    full = unpack_covariances(forecast.covariances.astype(np.float64))
    expected = np.zeros((4, 5))
    for track, step, mode in itertools.product(range(4), range(5), range(3)):
        gaussian = multivariate_normal(forecast.means[track, mode, step], full[track, mode, step])
        expected[track, step] += forecast.probabilities[track, mode] * gaussian.pdf(truth[track, step])
    np.testing.assert_allclose(negative_log_likelihood(forecast, truth), -np.log(expected).mean(axis=1), rtol=1e-6)


def test_likelihood_stays_finite_far_from_every_mode():
    truth = np.full((1, 1, 2), 1e4)
    score = negative_log_likelihood(one_gaussian(np.eye(2) * 1e-4), truth)
    np.testing.assert_allclose(score, 1e12 + math.log(2 * math.pi * 1e-4), rtol=1e-6)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), turn=st.floats(-4, 4), stretch=st.floats(0.1, 10))
def test_likelihood_moves_only_with_the_unit_of_length(seed, turn, stretch):
    forecast = make_forecast(seed)
    truth = np.random.default_rng(seed).normal(size=(4, 5, 2)) * 3
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = np.array([100.0, -50.0])
    other = moved(forecast, rotation, shift, stretch)
    score = negative_log_likelihood(other, stretch * truth @ rotation.T + shift)
    np.testing.assert_allclose(score - 2 * math.log(stretch), negative_log_likelihood(forecast, truth), atol=1e-6)


def test_a_mode_split_in_two_scores_the_same():
    forecast = make_forecast(3)
    twice = Forecast(
        forecast.offsets,
        np.repeat(forecast.probabilities / 2, 2, axis=1),
        np.repeat(forecast.means, 2, axis=1),
        np.repeat(forecast.covariances, 2, axis=1),
    )
    truth = np.zeros((4, 5, 2))
    np.testing.assert_allclose(negative_log_likelihood(twice, truth), negative_log_likelihood(forecast, truth))


@pytest.mark.parametrize("num_axes", [2, 3])
def test_cholesky_factors_give_the_covariances_back(num_axes):
    forecast = make_forecast(4, num_axes=num_axes)
    mixture = Mixture.of(forecast)
    lower = np.zeros((20, 3, num_axes, num_axes))
    rows, columns = np.tril_indices(num_axes)
    lower[..., rows, columns] = mixture.factors
    full = unpack_covariances(forecast.covariances.astype(np.float64)).transpose(0, 2, 1, 3, 4)
    np.testing.assert_allclose((lower @ lower.swapaxes(-1, -2)).reshape(full.shape), full, atol=1e-9)


@pytest.mark.parametrize(
    "bad", [np.zeros((2, 2)), np.diag([1.0, -1.0]), [[1.0, 2.0], [2.0, 1.0]], np.full((2, 2), np.nan)]
)
def test_a_covariance_that_is_none_is_refused(bad):
    with pytest.raises(InputError, match=r"covariances\[0, :, 0\]: expected positive definite"):
        negative_log_likelihood(one_gaussian(bad), np.zeros((1, 1, 2)))


def test_samples_have_the_mixtures_mean_and_covariance():
    forecast = make_forecast(5, num_tracks=1, num_steps=1, num_axes=3)
    samples = Mixture.of(forecast).sample(200_000, np.random.default_rng(6))[0]
    share = forecast.probabilities[0].astype(np.float64)
    means = forecast.means[0, :, 0].astype(np.float64)
    full = unpack_covariances(forecast.covariances[0, :, 0].astype(np.float64))
    mean = share @ means
    spread = means - mean
    covariance = np.einsum("k,kij->ij", share, full) + np.einsum("k,ki,kj->ij", share, spread, spread)
    np.testing.assert_allclose(samples.mean(axis=0), mean, atol=0.05)
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=0.15)


def test_energy_score_of_a_round_gaussian_at_its_centre():
    forecast = one_gaussian(np.eye(2) * 0.25, num_tracks=2000)
    score = energy_score(forecast, np.zeros((2000, 1, 2)), np.random.default_rng(7)).mean()
    exact = 0.5 * (math.sqrt(math.pi / 2) - math.sqrt(math.pi) / 2)
    assert math.isclose(score, exact, abs_tol=0.001)


@pytest.mark.parametrize("offset", [0.0, 0.5, 2.0])
def test_energy_score_on_a_line_is_the_known_crps_of_a_gaussian(offset):
    forecast = one_gaussian(np.diag([1.0, 1e-10]), num_tracks=2000)
    truth = np.broadcast_to([offset, 0.0], (2000, 1, 2))
    exact = offset * (2 * norm.cdf(offset) - 1) + 2 * norm.pdf(offset) - 1 / math.sqrt(math.pi)
    assert math.isclose(energy_score(forecast, truth, np.random.default_rng(8)).mean(), exact, abs_tol=0.006)


def test_energy_score_of_a_point_is_its_distance():
    forecast = one_gaussian(np.eye(3) * 1e-12)
    score = energy_score(forecast, np.array([[[0.0, 3.0, 4.0]]]), np.random.default_rng(9))
    np.testing.assert_allclose(score, [5.0], atol=1e-4)


def test_energy_score_agrees_with_an_independent_slow_one():
    forecast = make_forecast(10)
    truth = np.random.default_rng(11).normal(size=(4, 5, 2))
    random = np.random.default_rng(12)
    expected = np.zeros((4, 5))
    first = np.stack([draws_of(forecast, random) for _ in range(500)])
    second = np.stack([draws_of(forecast, random) for _ in range(500)])
    expected = np.linalg.norm(first - truth, axis=-1).mean(axis=0)
    expected -= np.linalg.norm(first - second, axis=-1).mean(axis=0) / 2
    score = energy_score(forecast, truth, np.random.default_rng(13), num_samples=3000)
    np.testing.assert_allclose(score, expected.mean(axis=1), atol=0.1)


def test_energy_score_is_least_for_the_true_distribution():
    truth = np.random.default_rng(14).normal(size=(3000, 1, 2))
    right, narrow, wide = (
        energy_score(one_gaussian(np.eye(2) * scale**2, 3000), truth, np.random.default_rng(15)).mean()
        for scale in (1.0, 0.5, 2.0)
    )
    assert right < narrow and right < wide


@pytest.mark.parametrize("num_axes", [2, 3])
def test_the_region_of_one_gaussian_is_its_chi_square_ellipse(num_axes):
    random = np.random.default_rng(16)
    root = random.normal(size=(num_axes, num_axes))
    covariance = (root @ root.T + 0.1 * np.eye(num_axes)).astype(np.float32).astype(np.float64)
    forecast = one_gaussian(covariance, num_tracks=1500)
    truth = random.multivariate_normal(np.zeros(num_axes), covariance, size=(1500, 1))
    region = highest_density_regions(forecast, truth, random)
    squared = np.einsum("nti,ij,ntj->n", truth, np.linalg.inv(covariance), truth)
    inside = squared < chi2(num_axes).ppf(0.9)
    assert (region.coverage.astype(bool) == inside).mean() > 0.97
    np.testing.assert_allclose(region.mass_above[:, 0], chi2(num_axes).cdf(squared), atol=0.15)
    radius = math.sqrt(chi2(num_axes).ppf(0.9))
    ball = math.pi * radius**2 if num_axes == 2 else 4 / 3 * math.pi * radius**3
    exact = ball * math.sqrt(np.linalg.det(covariance))
    np.testing.assert_allclose(region.mean_size.mean(), exact, rtol=0.03)


def test_a_right_forecast_covers_what_it_says_at_every_level():
    forecast = make_forecast(17, num_tracks=300, num_modes=4, num_steps=10)
    truth = draws_of(forecast, np.random.default_rng(18))
    for level, num_samples in ((0.5, 99), (0.9, 19), (0.9, 199)):
        region = highest_density_regions(forecast, truth, np.random.default_rng(19), level, num_samples)
        assert abs(region.coverage.mean() - level) < 0.02


def test_two_modes_share_one_region_and_no_mode_is_picked_by_the_truth():
    forecast = Forecast(
        np.ones((1, 1)),
        np.array([[0.97, 0.03]], np.float32),
        np.array([[[[0.0, 0.0]], [[50.0, 0.0]]]], np.float32),
        np.tile(np.array([1.0, 0.0, 1.0], np.float32), (1, 2, 1, 1)),
    )
    in_the_rare_mode = highest_density_regions(forecast, np.array([[[50.0, 0.0]]]), np.random.default_rng(20))
    assert in_the_rare_mode.coverage.tolist() == [0.0]


def test_the_area_of_two_distant_modes_is_on_a_grid_what_monte_carlo_says():
    forecast = Forecast(
        np.ones((1, 1)),
        np.array([[0.6, 0.4]], np.float32),
        np.array([[[[0.0, 0.0]], [[4.0, 1.0]]]], np.float32),
        np.array([[[[1.0, 0.5, 1.0]], [[0.25, 0.0, 2.0]]]], np.float32),
    )
    axis = np.linspace(-8, 12, 801)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(1, -1, 2)
    density = np.exp(Mixture.of(forecast).log_densities(grid))[0]
    cell = (axis[1] - axis[0]) ** 2
    falling = -np.sort(-density)
    count = int(np.searchsorted(np.cumsum(falling) * cell, 0.9))
    region = highest_density_regions(forecast, np.zeros((1, 1, 2)), np.random.default_rng(21), num_samples=100_000)
    np.testing.assert_allclose(region.mean_size, [count * cell], rtol=0.01)


def test_steps_without_a_true_position_are_left_out_of_every_score():
    forecast = make_forecast(22)
    truth = np.zeros((4, 5, 2))
    truth[0, 1:], truth[1] = np.nan, np.nan
    for score in (
        negative_log_likelihood(forecast, truth),
        energy_score(forecast, truth, np.random.default_rng(23)),
        highest_density_regions(forecast, truth, np.random.default_rng(24)).coverage,
    ):
        assert np.isnan(score).tolist() == [False, True, False, False]


def test_more_tracks_than_fit_at_once_score_as_one_by_one():
    num_tracks = CELLS_AT_ONCE // 5 + 7
    forecast = make_forecast(25, num_tracks=num_tracks)
    truth = np.random.default_rng(26).normal(size=(num_tracks, 5, 2))
    whole = negative_log_likelihood(forecast, truth)
    last = slice(num_tracks - 3, num_tracks)
    np.testing.assert_array_equal(whole[last], negative_log_likelihood(forecast.take(last), truth[last]))


def test_the_same_seed_gives_the_same_scores():
    forecast = make_forecast(27)
    truth = np.zeros((4, 5, 2))
    first, second = (energy_score(forecast, truth, np.random.default_rng(28), NUM_SAMPLES) for _ in range(2))
    np.testing.assert_array_equal(first, second)
