from __future__ import annotations

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.model.forecast import Forecast
from pathcast.model.metrics import (
    fit_spread_scale,
    fit_temperature,
    highest_density_regions,
    needed_scale,
    scale_spread,
    temper,
)


def bimodal(num_tracks: int, num_steps: int, deviation: np.ndarray) -> Forecast:
    """Two modes 6 m apart, of that deviation at each step."""
    means = np.zeros((num_tracks, 2, num_steps, 2), np.float32)
    means[:, 1, :, 0] = 6.0
    covariances = np.zeros((num_tracks, 2, num_steps, 3), np.float32)
    covariances[..., 0] = covariances[..., 2] = deviation**2
    return Forecast(
        np.ones((num_tracks, num_steps)),
        np.tile(np.array([0.7, 0.3], np.float32), (num_tracks, 1)),
        means,
        covariances,
    )


def draw(num_tracks: int, num_steps: int, seed: int) -> np.ndarray:
    """Truths of `bimodal` with a deviation of 1 m."""
    random = np.random.default_rng(seed)
    truth = random.normal(size=(num_tracks, num_steps, 2))
    truth[..., 0] += 6.0 * (random.random((num_tracks, num_steps)) < 0.3)
    return truth


def test_a_known_wrong_spread_is_found_at_every_step():
    said = np.array([0.5, 1.0, 2.0])
    scale = fit_spread_scale(bimodal(3000, 3, said), draw(3000, 3, 1), np.random.default_rng(2))
    np.testing.assert_allclose(scale * said, 1.0, rtol=0.06)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_after_scaling_further_tracks_are_covered_as_said(level):
    said = np.array([0.4, 3.0])
    scale = fit_spread_scale(bimodal(2000, 2, said), draw(2000, 2, 3), np.random.default_rng(4), level)
    fresh = scale_spread(bimodal(3000, 2, said), scale)
    region = highest_density_regions(fresh, draw(3000, 2, 5), np.random.default_rng(6), level)
    np.testing.assert_allclose(region.coverage.mean(), level, atol=0.025)


def test_few_tracks_get_a_cautious_scale():
    wide = fit_spread_scale(bimodal(9, 1, np.ones(1)), draw(9, 1, 7), np.random.default_rng(8))
    truth = draw(9, 1, 7)
    region = highest_density_regions(scale_spread(bimodal(9, 1, np.ones(1)), wide), truth, np.random.default_rng(8))
    assert region.coverage.min() == 1.0


def test_steps_without_a_true_position_do_not_count():
    truth = draw(2000, 2, 9)
    truth[:1000, 1] = np.nan
    scale = fit_spread_scale(bimodal(2000, 2, np.full(2, 0.5)), truth, np.random.default_rng(10))
    np.testing.assert_allclose(scale, 2.0, rtol=0.1)


def test_a_step_with_too_few_truths_has_the_scale_of_the_nearest_that_has_enough():
    truth = draw(400, 4, 11)
    truth[8:, 2:] = np.nan
    said = np.array([0.5, 0.8, 0.8, 0.8])
    scale = fit_spread_scale(bimodal(400, 4, said), truth, np.random.default_rng(12))
    assert scale[0] != scale[1] == scale[2] == scale[3]


def test_too_few_truths_at_all_steps_are_refused():
    with pytest.raises(InputError, match="truth: expected 9 true positions at some step, found 8"):
        fit_spread_scale(bimodal(8, 2, np.ones(2)), draw(8, 2, 11), np.random.default_rng(12))


def test_the_scale_is_the_conformal_quantile_of_the_tracks_own_scales():
    """The ceil(0.9 (n + 1))-th smallest: with 50 tracks the 46th."""
    forecast, truth = bimodal(50, 1, np.full(1, 0.6)), draw(50, 1, 13)
    own = needed_scale(forecast, truth, np.random.default_rng(14))[:, 0]
    assert fit_spread_scale(forecast, truth, np.random.default_rng(14))[0] == np.sort(own)[45]


def test_of_few_tracks_too_a_further_one_is_inside_as_often_as_promised():
    """Over many draws of 19 tracks, whose 18th is taken, exactly 18 / 20 of further ones need no larger scale."""
    num_trials, num_tracks = 400, 19
    forecast = bimodal(num_trials * (num_tracks + 1), 1, np.full(1, 0.5))
    own = needed_scale(forecast, draw(len(forecast.means), 1, 15), np.random.default_rng(16), num_samples=49)
    own = own.reshape(num_trials, num_tracks + 1)
    held = np.sort(own[:, :-1], axis=1)[:, 17] >= own[:, -1]
    assert held.mean() == pytest.approx(0.9, abs=4 * (0.9 * 0.1 / num_trials) ** 0.5)


def test_one_modes_own_scale_is_its_distance_over_the_regions_radius():
    """A plane Gaussian's 90 % region ends at 2.146 deviations."""
    truth = draw(60, 1, 17)
    both = bimodal(60, 1, np.ones(1))
    alone = Forecast(both.offsets, np.ones((60, 1), np.float32), both.means[:, :1], both.covariances[:, :1])
    own = needed_scale(alone, truth, np.random.default_rng(18), num_samples=1999)[:, 0]
    expected = np.linalg.norm(truth[:, 0], axis=1) / np.sqrt(-2 * np.log(0.1))
    np.testing.assert_allclose(own, np.maximum(expected, 0.05), rtol=0.12)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_a_known_wrong_temperature_is_found(temperature):
    right = bimodal(4000, 2, np.ones(2))
    found = fit_temperature(temper(right, 1 / temperature), draw(4000, 2, 19))
    assert found == pytest.approx(temperature, rel=0.1)


def test_temperature_keeps_the_order_of_modes_and_sums_to_one():
    hot = temper(bimodal(3, 1, np.ones(1)), 1e6)
    np.testing.assert_allclose(hot.probabilities, 0.5, atol=1e-5)
    cold = temper(bimodal(3, 1, np.ones(1)), 0.5)
    np.testing.assert_allclose(cold.probabilities, np.tile([0.49 / 0.58, 0.09 / 0.58], (3, 1)), rtol=1e-6)
    assert cold.probabilities.dtype == np.float32


def test_a_single_mode_has_no_temperature():
    both = bimodal(3, 1, np.ones(1))
    alone = Forecast(both.offsets, np.ones((3, 1), np.float32), both.means[:, :1], both.covariances[:, :1])
    assert fit_temperature(alone, draw(3, 1, 20)) == 1.0


def test_scaling_multiplies_deviations_and_leaves_the_rest():
    forecast = bimodal(2, 3, np.ones(3))
    scaled = scale_spread(forecast, np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(scaled.covariances[0, 0, :, 0], [1.0, 4.0, 9.0])
    np.testing.assert_array_equal(scaled.means, forecast.means)
    assert scaled.covariances.dtype == np.float32
