"""Regret: paired, scale-free, and loud where it is too good."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.model.evaluation.regret import paired_regret

errors = st.lists(st.floats(1e-3, 10.0), min_size=2, max_size=30).map(np.array)


@settings(max_examples=8)
@given(errors, st.floats(0.1, 10.0))
def test_errors_in_proportion_leave_no_interval(best, factor):
    found = paired_regret(factor * best, best)
    assert found.value == pytest.approx(factor)
    assert (found.low, found.high) == (pytest.approx(factor), pytest.approx(factor))


@settings(max_examples=8)
@given(errors, st.floats(0.1, 10.0))
def test_the_unit_of_length_changes_nothing(best, unit):
    worse = best + np.linspace(0.0, 1.0, len(best))
    one, two = paired_regret(worse, best), paired_regret(unit * worse, unit * best)
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))


def test_pairing_makes_the_interval_narrow():
    random = np.random.default_rng(1)
    best = random.exponential(1.0, 500)
    worse = 1.05 * best + 0.02 * random.standard_normal(500)
    paired, apart = paired_regret(worse, best), paired_regret(random.permutation(worse), best)
    assert paired.low < 1.05 < paired.high
    assert apart.high - apart.low > 5 * (paired.high - paired.low)


def test_only_an_interval_wholly_below_the_bound_is_an_alarm():
    best = np.ones(100)
    assert paired_regret(0.9 * best, best).is_alarming
    assert not paired_regret(0.98 * best, best).is_alarming
    spread = np.where(np.arange(100) % 2 == 0, 0.1, 1.8)
    assert not paired_regret(spread, best).is_alarming


@pytest.mark.parametrize("pair", [((), ()), ((1.0,), (1.0, 2.0)), ((np.nan,), (1.0,)), ((1.0,), (0.0,))])
def test_bad_input_is_refused(pair):
    with pytest.raises(InputError, match="errors"):
        paired_regret(np.array(pair[0], np.float64), np.array(pair[1], np.float64))
