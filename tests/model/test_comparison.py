"""Intervals of means over dependent cases, and verdicts on differences."""

from __future__ import annotations

import numpy as np
import pytest

from pathcast.model.evaluation.comparison import LEAST_CLUSTERS, compare, mean_interval

NAMES = ("one", "other")


def test_an_interval_of_independent_cases_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(1).standard_normal(400)
    found = mean_interval(values, np.arange(400))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.08)


def test_cases_of_one_cluster_count_once() -> None:
    values = np.random.default_rng(2).standard_normal(50)
    alone = mean_interval(values, np.arange(50))
    repeated = mean_interval(np.repeat(values, 20), np.repeat(np.arange(50), 20))
    assert (repeated.low, repeated.high) == pytest.approx((alone.low, alone.high), abs=1e-12)


def test_intervals_hold_the_true_mean_as_often_as_they_say() -> None:
    random = np.random.default_rng(3)
    held = 0
    for trial in range(60):
        effects = random.gamma(2.0, 1.0, 40)
        values = np.repeat(effects, 5) + 0.1 * random.standard_normal(200)
        found = mean_interval(values, np.repeat(np.arange(40), 5), seed=trial)
        held += found.low <= 2.0 <= found.high
    assert held >= 51


def test_a_real_difference_is_called_so_and_who_is_better() -> None:
    random = np.random.default_rng(4)
    hard = np.repeat(random.gamma(2.0, 1.0, 60), 4)
    one = hard + 0.05 * random.standard_normal(240)
    other = hard + 0.1 + 0.05 * random.standard_normal(240)
    found = compare(NAMES, one, other, np.repeat(np.arange(60), 4))
    assert found.better == "one"
    assert found.interval.value == pytest.approx(-0.1, abs=0.02)
    assert found.interval.low < found.interval.value < found.interval.high < 0
    assert compare(NAMES, other, one, np.repeat(np.arange(60), 4)).better == "other"


def test_no_difference_is_called_real_more_often_than_allowed() -> None:
    random = np.random.default_rng(5)
    called = 0
    for trial in range(60):
        hard = np.repeat(random.gamma(2.0, 1.0, 40), 3)
        one, other = (hard + np.repeat(random.standard_normal(40), 3) for _ in range(2))
        called += bool(compare(NAMES, one, other, np.repeat(np.arange(40), 3), seed=trial).better)
    assert called <= 8


def test_many_comparisons_are_judged_more_strictly() -> None:
    random = np.random.default_rng(6)
    one, other = random.standard_normal((2, 100))
    alone, among = (compare(NAMES, one, other, np.arange(100), num_comparisons=number) for number in (1, 10))
    assert among.interval.low < alone.interval.low
    assert among.interval.high > alone.interval.high
    assert among.level == pytest.approx(0.995)


def test_equal_scores_and_too_few_tracks_are_no_difference() -> None:
    same = np.arange(20.0)
    assert compare(NAMES, same, same, np.arange(20)).verdict == "no real difference is shown"
    few = compare(NAMES, same, same + 1, np.repeat(np.arange(LEAST_CLUSTERS - 1), 3)[:20])
    assert not few.better
    assert "too few" in few.verdict


def test_the_same_seed_gives_the_same_interval_and_what_is_unknown_is_left_out() -> None:
    values = np.random.default_rng(7).standard_normal(60)
    with_gaps = np.append(values, [np.nan, np.nan])
    one = mean_interval(values, np.arange(60), seed=3)
    assert one == mean_interval(with_gaps, np.arange(62), seed=3)
