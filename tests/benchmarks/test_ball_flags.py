"""Tracks that go wrong do so at one observation, and the simplest test sees the coarsest faults."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def tracks():
    from ball_flags import SETTINGS, make_tracks

    return make_tracks(SETTINGS["basketball"], 20, 1)


def test_a_fault_changes_nothing_before_it(tracks):
    ordinary = tracks["ordinary"].seen
    for name in ("held", "edge of the picture", "switched identity"):
        each = tracks[name]
        assert np.array_equal(each.seen[:, : each.fault], ordinary[:, : each.fault])
        assert not np.array_equal(each.seen[:, each.fault :], ordinary[:, each.fault :])


def test_faults_are_what_they_are_called(tracks):
    ordinary, fault = tracks["ordinary"].seen, tracks["held"].fault
    noise = ordinary[:, fault - 1 :] - tracks["held"].seen[:, fault - 1 :]
    assert np.abs(np.diff(tracks["held"].seen[:, fault:], axis=1)).max() < 0.4
    assert np.abs(noise[:, 0]).max() == 0.0
    assert tracks["feet"].seen == pytest.approx(ordinary / 0.3048)
    edge = tracks["edge of the picture"].seen[:, fault:]
    assert edge[:, :, 2] == pytest.approx(ordinary[:, fault:, 2])
    assert (np.linalg.norm(edge[:, -1, :2] - edge[:, 0, :2], axis=1) < 0.3).all()


def test_the_simplest_test_sees_a_switch_and_leaves_ordinary_flights_alone(tracks):
    from ball_flags import SETTINGS, measure, simplest_test

    rows = measure(simplest_test(SETTINGS["basketball"].noise_m), tracks)
    assert rows["ordinary"]["observations"] < 0.01
    assert rows["switched identity"]["within_1"] > 0.9
    assert rows["centimetres"]["ever_after"] == 1.0


def test_an_engine_without_surprise_flags_nothing(tracks):
    from ball_flags import flags_of_engine

    from pathcast.model.constant_velocity import ConstantVelocityEngine

    assert not flags_of_engine(ConstantVelocityEngine(3), 0.03)(tracks["centimetres"]).any()
