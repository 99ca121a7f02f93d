from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pathcast.model.forecast import Forecast
from pathcast.model.metrics import ade, best_of, fde, mean_path, miss_rate, most_likely_path

metres = st.floats(-100, 100)


def paths_and_truth(num_axes=2):
    return st.tuples(
        arrays(np.float64, (3, 4, 5, num_axes), elements=metres), arrays(np.float64, (3, 5, num_axes), elements=metres)
    )


def test_errors_of_a_known_path():
    truth = np.zeros((1, 2, 2))
    path = np.array([[[3.0, 4.0], [0.0, 1.0]]])
    assert ade(path, truth).tolist() == [3.0]
    assert fde(path, truth).tolist() == [1.0]


@settings(max_examples=30)
@given(case=paths_and_truth(), turn=st.floats(-4, 4), shift=st.tuples(metres, metres))
def test_errors_do_not_depend_on_origin_or_axes(case, turn, shift):
    paths, truth = case
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = best_of(paths @ rotation.T + shift, truth @ rotation.T + shift)
    np.testing.assert_allclose(moved, best_of(paths, truth), atol=1e-9)


@settings(max_examples=30)
@given(case=paths_and_truth(3))
def test_the_best_of_k_is_the_least_of_each_and_never_above_one_path(case):
    paths, truth = case
    singles = np.array([(ade(paths[:, mode], truth), fde(paths[:, mode], truth)) for mode in range(4)])
    least_ade, least_fde = best_of(paths, truth)
    np.testing.assert_allclose(least_ade, singles[:, 0].min(axis=0))
    np.testing.assert_allclose(least_fde, singles[:, 1].min(axis=0))
    for chosen_by in ("ade", "fde"):
        same = best_of(paths, truth, chosen_by)
        assert (same[0] >= least_ade).all() and (same[1] >= least_fde).all()
        column = 0 if chosen_by == "ade" else 1
        best = singles[:, column].argmin(axis=0)
        np.testing.assert_allclose(same, singles[best, :, np.arange(3)].T)


def test_the_two_errors_may_come_from_different_paths():
    truth = np.zeros((1, 2, 2))
    paths = np.array([[[[0.0, 0.0], [1.0, 0.0]], [[3.0, 0.0], [0.0, 0.0]]]])
    assert [float(value[0]) for value in best_of(paths, truth)] == [0.5, 0.0]
    assert [float(value[0]) for value in best_of(paths, truth, "ade")] == [0.5, 1.0]
    assert [float(value[0]) for value in best_of(paths, truth, "fde")] == [1.5, 0.0]


def test_a_miss_is_a_best_end_farther_than_the_radius():
    truth = np.zeros((2, 3, 2))
    paths = np.zeros((2, 2, 3, 2))
    paths[:, :, -1, 0] = [[5.0, 2.0], [5.0, 2.1]]
    assert miss_rate(paths, truth).tolist() == [0.0, 1.0]
    assert miss_rate(paths, truth, radius=3.0).tolist() == [0.0, 0.0]


def test_steps_without_a_true_position_are_left_out():
    truth = np.zeros((3, 2, 2))
    truth[0, 0], truth[1, 1], truth[2] = np.nan, np.nan, np.nan
    path = np.ones((3, 2, 2)) * [[[3.0, 4.0], [6.0, 8.0]]]
    np.testing.assert_array_equal(ade(path, truth), [10.0, 5.0, np.nan])
    np.testing.assert_array_equal(fde(path, truth), [10.0, np.nan, np.nan])
    np.testing.assert_array_equal(miss_rate(path[:, None], truth), [1.0, np.nan, np.nan])


def test_point_forecasts_are_the_mean_and_the_most_probable_mode():
    means = np.zeros((1, 2, 3, 2), np.float32)
    means[0, 0, :, 0], means[0, 1, :, 1] = 4.0, 8.0
    forecast = Forecast(np.ones((1, 3)), np.array([[0.75, 0.25]], np.float32), means, np.ones((1, 2, 3, 3), np.float32))
    np.testing.assert_allclose(mean_path(forecast)[0, 0], [3.0, 2.0])
    np.testing.assert_allclose(most_likely_path(forecast)[0, 0], [4.0, 0.0])


@pytest.mark.parametrize("num_axes", [2, 3])
def test_the_truth_itself_has_no_error(num_axes):
    truth = np.random.default_rng(1).normal(size=(4, 6, num_axes))
    assert not ade(truth, truth).any() and not fde(truth, truth).any()
