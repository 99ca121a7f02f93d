"""The throws and shots of benchmarks: watched alike, whoever asks."""

from __future__ import annotations

import numpy as np
import pytest

from pathcast.errors import InputError


def test_fewer_throws_are_the_first_of_more_and_gaps_leave_both_ends():
    from ball_cases import watch_throws, watching

    how = watching("table tennis", missing=0.3)
    few, many = watch_throws(how, 5, 3), watch_throws(how, 40, 3)
    assert np.array_equal(few.truth, many.truth[:5])
    assert np.array_equal(few.seen, many.seen[:5], equal_nan=True)
    lost = np.isnan(many.seen).all(axis=2)
    assert not lost[:, [0, -1]].any()
    assert 0.2 < lost[:, 1:-1].mean() < 0.4


def test_every_case_looks_half_a_second_ahead():
    from ball_cases import watching

    for rate in (20.0, 25.0, 30.0, 50.0, 60.0, 120.0, 240.0):
        case = watching("basketball", 0.4, rate_hz=rate).case
        assert case.past[-1] == pytest.approx(0.4, abs=1e-9)
        assert 0.5 - 1 / rate < case.future[-1] - case.past[-1] <= 0.5 + 1e-9


def test_feet_and_back_move_nothing_by_more_than_their_last_decimal():
    from ball_shots import from_court, to_court

    metres = np.random.default_rng(1).uniform(-10, 10, (100, 3))
    assert np.abs(from_court(to_court(metres)) - metres).max() < 2e-6


def test_shots_are_seen_until_the_ball_is_so_near_and_never_behind_a_contact():
    from ball_shots import CENTRE, DISTANCES_FEET, FOOT_M, take_shots

    shots = take_shots("free-throw", 60, 4)
    for column, distance in enumerate(DISTANCES_FEET):
        newest = shots.seen[np.arange(60), shots.lengths[:, column] - 1]
        away = np.linalg.norm(newest - CENTRE, axis=1) / FOOT_M
        assert (away > distance - 0.5).all()
    assert (np.diff(shots.lengths, axis=1) <= 0).all()
    assert (shots.lengths <= shots.first_contact[:, None]).all()
    assert shots.touched_rim.mean() > 0.3


def test_the_oracle_of_shots_knows_more_than_their_share():
    from ball_shot_oracle import told_by_oracle
    from ball_shots import take_shots

    shots = take_shots("three-pointer", 40, 4)
    told = np.array([told_by_oracle(shots, index, int(shots.lengths[index, 2]), 1) for index in range(40)])
    assert told.sum(axis=1) == pytest.approx(np.ones(40))
    made = told[:, 1:4].sum(axis=1)
    assert ((made - shots.is_made) ** 2).mean() < 0.5 * shots.is_made.var()


def test_a_logistic_curve_finds_what_it_was_made_from():
    from ball_shot_baseline import fit_logistic

    random = np.random.default_rng(5)
    features = random.normal(0, 2, (4000, 2))
    truth = 1 / (1 + np.exp(-(0.5 + features[:, 0] - 0.5 * features[:, 1])))
    curve = fit_logistic(features, (random.random(4000) < truth).astype(np.int64))
    assert np.abs(curve.told(features) - truth).mean() < 0.02


def test_models_and_ablations_are_named():
    from ball_models import load_ablations, load_models, sports_of

    assert sports_of(load_models(["constant-velocity-3d"])["constant-velocity-3d"]) == ("basketball", "table tennis")
    with pytest.raises(InputError, match="--model"):
        load_models(["constant-velocity-2d"])
    with pytest.raises(InputError, match="NAME=FOLDER"):
        load_ablations(["parabola"])
    with pytest.raises(InputError, match="once"):
        load_ablations(["cv=constant-velocity-3d", "cv=constant-velocity-3d"])
