"""Recorded table tennis: how tracks are split and cut, and that the protocol gives what others measured."""

from __future__ import annotations

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.model.evaluation.table_tennis import (
    LEAST_AHEAD,
    RADIUS_M,
    Flight,
    find_contacts,
    part_of,
    read_flights,
    show,
)
from pathcast.model.evaluation.table_tennis_forecasters import BASELINES, dragged, falling, likeliest
from pathcast.model.evaluation.table_tennis_report import evaluate_table_tennis

RATE_HZ = 150.0


def hopping(length=90, number=6, bounce_s=0.25):
    """A flight that bounces once without loss, at a known time."""
    times = np.arange(length) / RATE_HZ
    since = times - bounce_s
    height = RADIUS_M + np.abs(since) * 2.0 - 4.905 * since**2
    positions = np.stack([0.1 * times, 1.0 - 5.0 * times, height], axis=1)
    return Flight(number, times, positions, find_contacts(times, positions[:, 2]), None)


def test_the_split_is_by_number():
    assert [part_of(number) for number in (0, 1, 2, 3, 4, 100)] == [
        "tuning",
        "reported",
        "reported",
        "reported",
        "tuning",
        "tuning",
    ]


def test_a_bounce_is_found_where_it_is():
    flight = hopping()
    assert len(flight.contacts) == 1
    assert flight.times[flight.contacts[0]] == pytest.approx(0.25, abs=1 / RATE_HZ)
    assert flight.is_bounce(flight.contacts[0])


def test_noise_at_the_top_is_no_contact():
    times = np.arange(60) / RATE_HZ
    height = 0.4 + 1.0 * times - 4.905 * times**2
    noisy = height + 0.002 * np.random.default_rng(1).standard_normal(60)
    assert find_contacts(times, noisy) == ()


def test_what_is_shown_and_what_is_forecast_do_not_overlap():
    flight = hopping()
    for reach in ("to_bounce", "through"):
        cut = show(flight, 0.1, reach)
        assert cut is not None
        assert cut.times[-1] <= 0.1 + 1e-9
        assert cut.offsets[0] > 0
        assert np.array_equal(cut.truth, flight.positions[len(cut.times) : len(cut.times) + len(cut.truth)])
        is_before = cut.times[-1] + cut.offsets < flight.times[flight.contacts[0]]
        assert is_before.all() == (reach == "to_bounce")


def test_a_flight_with_too_little_before_its_contact_does_not_count():
    flight = hopping()
    shown = flight.contacts[0] - LEAST_AHEAD
    assert show(flight, flight.times[shown - 1], "to_bounce") is not None
    assert show(flight, flight.times[shown], "to_bounce") is None


def test_a_struck_ball_is_forecast_no_further():
    flight = hopping()
    back = flight.positions.copy()
    turned = len(back) - 20
    back[turned:, 1] = back[turned, 1] + 5.0 * (flight.times[turned:] - flight.times[turned])
    cut = show(Flight(6, flight.times, back, flight.contacts, None), 0.1, "through")
    assert cut is not None
    assert cut.times[-1] + cut.offsets[-1] <= flight.times[turned] + 1e-9


def test_physics_forecasts_a_parabola_exactly_and_the_oracle_is_near():
    cut = show(hopping(), 0.1, "to_bounce")
    assert cut is not None
    for forecaster, within in ((falling, 0.01), (likeliest, 0.08)):
        forecast = forecaster(cut, "to_bounce")
        assert np.linalg.norm(forecast.means[0, 0] - cut.truth, axis=1).max() < within


def test_repeated_times_are_dropped_and_heights_raised(tmp_path):
    folder = tmp_path / "ball" / "table_tennis_spindoe"
    folder.mkdir(parents=True)
    (folder / "002.csv").write_text("0.000;0;1;0.3\n0.007;0;0.9;0.31\n0.007;9;9;9\n0.014;0;0.8;0.3\n")
    (folder / "index.csv").write_text("traj_file,x_spin,y_spin,z_spin\n2,1.0,2.0,3.0\n")
    (flight,) = read_flights(tmp_path, "spindoe")
    assert flight.number == 2
    assert flight.positions[:, 2] == pytest.approx([0.32, 0.33, 0.32])
    assert flight.spin == pytest.approx([1.0, 2.0, 3.0])


@pytest.mark.parametrize(("text", "where"), [("traj,x_spin\n2,1\n", "index.csv:2"), ("", "NNN.csv")])
def test_bad_files_are_named(tmp_path, text, where):
    folder = tmp_path / "ball" / "table_tennis_spindoe"
    folder.mkdir(parents=True)
    if text:
        (folder / "002.csv").write_text("0.000;0;1;0.3\n0.007;0;0.9;0.31\n")
        (folder / "index.csv").write_text(text)
    with pytest.raises(InputError, match=where):
        read_flights(tmp_path, "spindoe")


def test_unknown_sets_and_parts_are_refused(tmp_path):
    with pytest.raises(InputError, match="set"):
        read_flights(tmp_path, "pingpong")
    with pytest.raises(InputError, match="part"):
        evaluate_table_tennis(tmp_path, None, "all")


@pytest.mark.parametrize(("name", "median"), [("spindoe", 0.040), ("tt3d", 0.054)])
def test_gravity_with_drag_errs_on_recorded_flights_as_published(data_dir, name, median):
    if not (data_dir / "ball").is_dir():
        pytest.skip("recorded table tennis: no ball/ in the data folder")
    errors = []
    for flight in read_flights(data_dir, name):
        cut = show(flight, 0.1, "to_bounce") if flight.part == "reported" else None
        if cut is not None:
            forecast = dragged(cut, "to_bounce")
            errors.append(np.linalg.norm(forecast.means[0, 0] - cut.truth, axis=1).mean())
    assert np.median(errors) == pytest.approx(median, abs=0.002)
    assert "gravity + drag" in BASELINES
