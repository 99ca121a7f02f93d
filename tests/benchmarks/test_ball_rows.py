"""Rows of the forecast benchmark: throws of the published figures, models told what they take, alarms raised."""

from __future__ import annotations

import numpy as np
import pytest

from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.evaluation.ball_scores import forecast_balls
from pathcast.model.given import NOTHING_GIVEN


def test_simple_physics_errs_on_the_throws_as_published():
    from ball_cases import watch_throws, watching
    from ball_rows import baselines, best_by_mode

    how = watching("basketball", 0.4)
    watched = watch_throws(how, 400, 5)
    found = baselines(how, watched)
    assert found["constant velocity"]["ade"] == pytest.approx(0.700, rel=0.04)
    assert found["parabola"]["ade"] == pytest.approx(0.123, rel=0.06)
    best = best_by_mode(how, watched)
    assert best.scores["ade"] == pytest.approx(0.051, rel=0.1)
    assert best.scores["ade"] < found["ballistic with drag"]["ade"]


def test_moving_throws_away_from_the_hoop_changes_no_error():
    from ball_cases import watch_throws, watching
    from ball_rows import ask_model

    how, engine = watching("basketball", 0.2), ConstantVelocityEngine(3)
    watched = watch_throws(how, 20, 5)
    offsets = how.case.future - how.case.past[-1]
    plain = forecast_balls(engine, how.case.past, watched.seen, offsets)
    off = np.linalg.norm(plain.means[:, 0] - watched.truth, axis=2).mean(axis=1)
    assert ask_model(engine, how, watched).ade == pytest.approx(off, abs=1e-4)


def test_rows_have_names_of_their_own_and_cover_what_is_asked():
    from ball_forecast import main_rows, other_rows, side_rows

    keys = [row.key for rows in (main_rows(1), side_rows(1), other_rows(1)) for row in rows]
    assert len(set(keys)) == len(keys)
    headlines = {"regret_basketball", "regret_basketball_02", "regret_basketball_01", "regret_table_tennis"}
    assert headlines <= set(keys)
    assert next(row.oracle for row in main_rows(1) if row.key == "regret_table_tennis") == "sampler"


def test_a_model_is_told_what_it_takes_and_no_more():
    from ball_cases import with_ball
    from ball_forecast import Measuring, other_rows
    from ball_rows import told_of
    from oracle_cache import FOLDER

    engine = ConstantVelocityEngine(3)
    assert told_of(engine, with_ball("softball")) == NOTHING_GIVEN
    told, not_told = (row for row in other_rows(10) if row.key.startswith("ball_handball_aimed"))
    measuring = Measuring(FOLDER, 5)
    assert "left_out" in measuring.row(told, engine)
    found = measuring.row(not_told, engine)
    assert found["regret"]["regret"] > 1.0
    assert found["reference"] == "mode"


def test_who_is_not_told_the_ball_stands_beside_an_oracle_that_was_not_either():
    from ball_cases import watch_throws
    from ball_rows import best_by_mode
    from ball_tosses import tossed
    from oracle_cache import settings_of

    from pathcast.simulator.oracle.sampler import Chains

    known, unknown = tossed("floorball", True), tossed("floorball", False)
    watched = watch_throws(known, 60, 5)
    assert np.array_equal(watched.truth, watch_throws(unknown, 60, 5).truth)
    assert unknown.prior.marginals["drag"].b > 0.9  # of the logarithm
    assert best_by_mode(known, watched).ade.mean() < best_by_mode(unknown, watched).ade.mean()
    ours, theirs = (settings_of(how, 5, Chains()) for how in (known, unknown))
    assert theirs["thrown"]["prior"] == ours["prior"] != theirs["prior"]


def test_a_model_that_is_too_good_raises_an_alarm():
    from ball_forecast import _headlines

    regret = {"regret": 0.9, "low": 0.88, "high": 0.92, "alarm": True}
    found = _headlines({"mine": {"rows": {"regret_basketball": {"regret": regret}}}})
    assert found == {"regret_basketball": 0.9, "alarms": ["mine: regret_basketball"]}
