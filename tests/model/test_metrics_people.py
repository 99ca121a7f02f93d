"""Metrics of people who are there together: collisions, and the best of K futures of all at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.model.metrics import best_of, collides, joint_best_of


def crowd(seed: int, num: int = 8, num_modes: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    paths = random.normal(size=(num, num_modes, 6, 2)).cumsum(axis=2)
    return paths, random.normal(size=(num, 6, 2)).cumsum(axis=1), random.integers(0, 4, num)


def test_who_is_alone_collides_with_nobody():
    path = np.zeros((3, 4, 2))
    assert collides(path, path, np.array([0, 1, 2])).tolist() == [0.0] * 3
    assert collides(path, path, np.array([0, 7, 0])).tolist() == [1.0, 0.0, 1.0]


def test_paths_that_cross_half_way_between_two_steps_collide():
    paths = np.array([[[0.0, 0.0], [1.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])
    assert collides(paths, paths, np.zeros(2, int)).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("apart", "found"), [(0.1999, 1.0), (0.2001, 0.0)])
def test_paths_collide_up_to_two_radii(apart, found):
    paths = np.array([np.zeros((3, 2)), np.full((3, 2), [apart, 0.0])])
    assert collides(paths, paths, np.zeros(2, int)).tolist() == [found] * 2
    assert collides(paths, paths, np.zeros(2, int), radius=0.2).tolist() == [1.0] * 2


def test_what_others_do_is_what_is_collided_with():
    forecast = np.array([np.zeros((3, 2)), np.full((3, 2), 5.0)])
    truth = np.array([np.full((3, 2), 9.0), np.zeros((3, 2))])
    assert collides(forecast, truth, np.zeros(2, int)).tolist() == [1.0, 0.0]


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_collisions_do_not_depend_on_the_order_of_the_people(seed):
    paths, truth, group = crowd(seed)
    order = np.random.default_rng(seed).permutation(len(group))
    whole = collides(paths[:, 0], truth, group)
    np.testing.assert_array_equal(collides(paths[order, 0], truth[order], group[order]), whole[order])


def test_what_is_unknown_is_near_to_nothing():
    path = np.zeros((2, 3, 2))
    assert collides(path, np.full_like(path, np.nan), np.zeros(2, int)).tolist() == [0.0, 0.0]


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_one_choice_for_a_group_is_that_of_least_mean_error(seed):
    paths, truth, group = crowd(seed)
    errors = np.linalg.norm(paths - truth[:, None], axis=-1)
    for found, each in zip(joint_best_of(paths, truth, group), (errors.mean(axis=-1), errors[..., -1]), strict=True):
        for number in np.unique(group):
            rows = group == number
            assert found[rows].mean() == pytest.approx(each[rows].mean(axis=0).min())


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_one_choice_for_all_is_never_better_than_one_for_each(seed):
    paths, truth, group = crowd(seed)
    for joint, alone in zip(joint_best_of(paths, truth, group), best_of(paths, truth), strict=True):
        assert (joint >= alone - 1e-12).all()
    separate = joint_best_of(paths, truth, np.arange(len(group)))
    np.testing.assert_allclose(separate, best_of(paths, truth))


def test_who_has_no_true_position_does_not_take_part_in_the_choice():
    paths, truth, _ = crowd(5, 3)
    group = np.zeros(3, np.int64)
    truth[2] = np.nan
    with_unknown = joint_best_of(paths, truth, group)
    for found, without in zip(with_unknown, joint_best_of(paths[:2], truth[:2], group[:2]), strict=True):
        np.testing.assert_allclose(found[:2], without)
        assert np.isnan(found[2])
