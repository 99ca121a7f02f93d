"""Asking engines about throws: gaps, places and horizons."""

from __future__ import annotations

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.evaluation.ball_scores import (
    at_last_step,
    forecast_balls,
    only_seen,
    path_errors,
    score_balls,
    single_mode,
)
from pathcast.model.given import Given

CLOCK = np.arange(6) / 30
OFFSETS = np.array([0.1, 0.2, 0.3])
ENGINE = ConstantVelocityEngine(3)


def throws(num=4):
    random = np.random.default_rng(2)
    return random.normal(0, 1, (num, 1, 3)) + CLOCK[None, :, None] * random.normal(0, 5, (num, 1, 3))


def test_frames_that_are_missing_are_as_if_they_had_never_been():
    seen = throws()
    seen[:, [1, 3]] = np.nan
    kept = [0, 2, 4, 5]
    gaps = forecast_balls(ENGINE, CLOCK, seen, OFFSETS)
    whole = forecast_balls(ENGINE, CLOCK[kept], seen[:, kept], OFFSETS)
    assert np.array_equal(gaps.means, whole.means)


def test_each_throw_may_miss_other_frames():
    seen = throws(2)
    seen[0, 4:] = np.nan
    times, positions, lengths = only_seen(CLOCK, seen)
    assert lengths.tolist() == [4, 6]
    assert np.array_equal(positions[0, :4], seen[0, :4])
    assert (positions[0, 4:] == 0).all()
    assert times[1].tolist() == CLOCK.tolist()


def test_a_forecast_that_is_right_scores_as_what_it_is():
    random = np.random.default_rng(4)
    mean = np.zeros((300, 4, 3))
    truth = 0.1 * random.standard_normal(mean.shape)
    covariance = np.broadcast_to(0.01 * np.eye(3), (300, 4, 3, 3))
    found = score_balls(single_mode(mean, covariance, np.ones((300, 4))), truth).means()
    assert found["coverage50"] == pytest.approx(0.5, abs=0.05)
    assert found["coverage90"] == pytest.approx(0.9, abs=0.03)
    assert found["ade"] == pytest.approx(0.1 * np.sqrt(8 / np.pi), rel=0.05)
    assert found["energy"] < found["ade"]


def test_steps_without_truth_count_nowhere():
    truth = np.zeros((2, 3, 3))
    truth[0, 2] = np.nan
    path = np.ones((2, 3, 3)) * np.array([1.0, 2.0, 4.0])[None, :, None]
    ade, fde = path_errors(path, truth)
    assert ade == pytest.approx(np.sqrt(3) * np.array([1.5, 7 / 3]))
    assert fde == pytest.approx(np.sqrt(3) * np.array([2.0, 4.0]))
    assert np.isnan(at_last_step(np.full((1, 3), np.nan))[0])


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"engine": ConstantVelocityEngine(2)}, "model"),
        ({"offsets": np.array([ENGINE.card.horizon_s + 1.0])}, "offsets"),
        ({"seen": np.full((1, 6, 3), np.nan)}, r"seen\[0\]"),
        ({"given": Given(noise_m=(0.01,))}, "noise"),
    ],
)
def test_bad_input_is_named(change, where):
    given = {"engine": ENGINE, "times": CLOCK, "seen": throws(), "offsets": OFFSETS, "given": Given()}
    with pytest.raises(InputError, match=where):
        forecast_balls(**(given | change))
