from __future__ import annotations

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.model.forecast import Forecast
from pathcast.model.metrics import fit_spread_scale, highest_density_regions, scale_spread


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


def test_a_step_without_any_truth_is_refused():
    truth = draw(5, 2, 11)
    truth[:, 1] = np.nan
    with pytest.raises(InputError, match=r"every step of some track, found \[5, 0\]"):
        fit_spread_scale(bimodal(5, 2, np.ones(2)), truth, np.random.default_rng(12))


def test_scaling_multiplies_deviations_and_leaves_the_rest():
    forecast = bimodal(2, 3, np.ones(3))
    scaled = scale_spread(forecast, np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(scaled.covariances[0, 0, :, 0], [1.0, 4.0, 9.0])
    np.testing.assert_array_equal(scaled.means, forecast.means)
    assert scaled.covariances.dtype == np.float32
