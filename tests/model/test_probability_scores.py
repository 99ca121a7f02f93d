"""Scores of probabilities: ranking, meaning, and both at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.model.evaluation.probability_scores import (
    area_under_curve,
    brier_score,
    calibration_error,
    error_by_chance,
    log_loss,
)

CAME = np.array([True, False, True, False, False, True])
told = st.lists(st.integers(0, 100), min_size=6, max_size=6).map(lambda each: np.array(each) / 100)


@given(told)
def test_the_area_knows_ranks_alone(probabilities):
    area = area_under_curve(probabilities, CAME)
    assert area == pytest.approx(area_under_curve(np.sqrt(probabilities), CAME))
    assert area == pytest.approx(1.0 - area_under_curve(1.0 - probabilities, CAME))
    pairs = probabilities[CAME][:, None] - probabilities[~CAME][None]
    assert area == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


@given(told)
def test_whoever_knows_has_no_loss(probabilities):
    assert area_under_curve(CAME.astype(float), CAME) == 1.0
    assert brier_score(CAME.astype(float), CAME) == 0.0
    assert calibration_error(CAME.astype(float), CAME) == 0.0
    assert brier_score(probabilities, CAME) >= 0.0


def test_right_probabilities_err_as_chance_makes_them():
    random = np.random.default_rng(3)
    right = random.random(4000)
    came = random.random(4000) < right
    assert calibration_error(right, came) < 2.0 * error_by_chance(right, 1)
    assert calibration_error(np.clip(right + 0.1, 0, 1), came) > 4.0 * error_by_chance(right, 1)


def test_the_true_shares_have_the_least_log_loss():
    came = np.array([0] * 6 + [1] * 3 + [2])
    share = np.array([0.6, 0.3, 0.1])
    least = log_loss(np.tile(share, (10, 1)), came)
    assert least == pytest.approx(-(share * np.log(share)).sum())
    assert log_loss(np.tile([0.4, 0.4, 0.2], (10, 1)), came) > least
    assert log_loss(np.tile(5.0 * share, (10, 1)), came) == pytest.approx(least)


@pytest.mark.parametrize("came", [np.zeros(4, np.bool_), np.ones(4, np.bool_)])
def test_an_area_needs_both_kinds(came):
    with pytest.raises(InputError, match="came"):
        area_under_curve(np.linspace(0, 1, 4), came)
