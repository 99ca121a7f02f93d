"""Faults of a sensor, each alone: noise by direction and distance, correlation, late births, rounded times."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.sensor import Sensor, watch

BASE = {"rate_hz": 30.0, "noise_m": 0.03, "dropout": 0.1, "outliers": 0.02, "clock_jitter_s": 0.002}
CAMERA = (0.0, 0.0, 0.0)
ADDED = [
    {"latency_s": 0.1, "time_step_s": 0.01},
    {"noise_correlation": 0.6},
    {"camera": CAMERA, "depth_ratio": 4.0},
    {"camera": CAMERA, "noise_distance_m": 10.0},
    {"birth_s": 0.3},
]
EVERYTHING = {**BASE, **{name: value for change in ADDED for name, value in change.items()}}


def flights(num=300, length=40):
    return np.cumsum(np.full((num, length, 3), 0.1), axis=1) + np.arange(num)[:, None, None] % 7


def still(place, num=20000):
    return np.tile(np.array(place, np.float64), (num, 1, 1))


@pytest.mark.parametrize("change", ADDED, ids=lambda change: next(reversed(change)))
def test_switching_a_fault_on_leaves_the_others_as_they_were(change):
    plain, faulty = Sensor(**BASE), Sensor(**BASE, **change)
    before, after = watch(plain, flights(), 1), watch(faulty, flights(), 1)
    assert np.array_equal(plain.instants(9, 2.0, 1).sampled, faulty.instants(9, 2.0, 1).sampled)
    if "birth_s" not in change:
        assert np.array_equal(before.valid, after.valid)
    assert not (after.valid & ~before.valid).any()
    is_of_noise = change.keys() & {"noise_correlation", "depth_ratio", "noise_distance_m"}
    both = before.valid & after.valid
    assert np.array_equal(before.positions[both], after.positions[both]) != bool(is_of_noise)


@settings(deadline=None, max_examples=10)
@given(cut=st.integers(0, 300), first=st.integers(3900, 4300))
def test_observations_with_every_fault_do_not_depend_on_the_split(cut, first):
    sensor = Sensor(**EVERYTHING)
    whole = watch(sensor, flights(), 3, first)
    parts = [watch(sensor, flights()[:cut], 3, first), watch(sensor, flights()[cut:], 3, first + cut)]
    assert np.array_equal(whole.positions, np.concatenate([part.positions for part in parts]), equal_nan=True)


@settings(deadline=None, max_examples=60)
@given(rate=st.floats(1, 500), share=st.floats(0.01, 1), latency=st.floats(0, 1))
def test_rounded_times_increase_by_whole_steps_near_the_true_ones(rate, share, latency):
    step = share / rate
    reported = Sensor(rate_hz=rate, time_step_s=step, latency_s=latency).instants(1, 3.0, 1).reported
    exact = Sensor(rate_hz=rate, latency_s=latency).instants(1, 3.0, 1).reported
    assert (np.diff(reported) > 0).all()
    assert np.abs(reported / step - np.round(reported / step)).max() < 1e-6
    assert np.abs(reported - exact).max() <= 1.001 * step


def test_times_are_rounded_to_the_nearest_step():
    reported = Sensor(rate_hz=30.0, time_step_s=0.01).instants(1, 0.2, 1).reported
    assert reported == pytest.approx([0.0, 0.03, 0.07, 0.1, 0.13, 0.17, 0.2])


@pytest.mark.parametrize("correlation", [0.3, 0.9])
def test_noise_keeps_its_deviation_and_is_correlated_from_one_instant_to_the_next(correlation):
    sensor = Sensor(rate_hz=30.0, noise_m=0.05, noise_correlation=correlation)
    error = watch(sensor, flights(3000), 1).positions - flights(3000)
    assert error.std(axis=(0, 2)) == pytest.approx(0.05, rel=0.05)
    assert np.corrcoef(error[:, 20].ravel(), error[:, 21].ravel())[0, 1] == pytest.approx(correlation, abs=0.02)
    assert np.corrcoef(error[:, 20].ravel(), error[:, 22].ravel())[0, 1] == pytest.approx(correlation**2, abs=0.03)


def test_noise_along_the_line_of_sight_has_its_ratio_to_that_across():
    place = np.array([6.0, 0.0, 8.0])
    sensor = Sensor(rate_hz=30.0, noise_m=0.02, camera=(0.0, 0.0, 0.0), depth_ratio=4.0)
    error = (watch(sensor, still(place), 1).positions - place)[:, 0]
    sight = place / 10
    across = np.array([[0.0, 1.0, 0.0], [0.8, 0.0, -0.6]])
    assert (error @ sight).std() == pytest.approx(0.08, rel=0.03)
    assert (error @ across.T).std(axis=0) == pytest.approx(0.02, rel=0.03)
    assert np.abs(np.corrcoef(error @ sight, error @ across[1])[0, 1]) < 0.03


@pytest.mark.parametrize("distance", [5.0, 20.0])
def test_noise_grows_with_distance_across_and_with_its_square_along(distance):
    place = np.array([distance, 0.0, 0.0])
    sensor = Sensor(rate_hz=30.0, noise_m=0.01, camera=(0.0, 0.0, 0.0), depth_ratio=2.0, noise_distance_m=10.0)
    spread = (watch(sensor, still(place), 1).positions - place)[:, 0].std(axis=0)
    share = distance / 10.0
    assert spread == pytest.approx([0.02 * share**2, 0.01 * share, 0.01 * share], rel=0.03)


def test_a_camera_above_a_plane_counts_its_height_in_the_distance():
    place = np.array([3.0, 0.0])
    sensor = Sensor(rate_hz=30.0, noise_m=0.01, camera=(0.0, 0.0, 4.0), noise_distance_m=10.0)
    spread = (watch(sensor, still(place), 1).positions - place)[:, 0].std(axis=0)
    assert spread == pytest.approx([0.0025, 0.005], rel=0.03)


def test_an_object_at_the_camera_is_seen_where_it_is():
    sensor = Sensor(rate_hz=30.0, noise_m=0.01, camera=CAMERA, noise_distance_m=10.0, depth_ratio=3.0)
    assert watch(sensor, np.zeros((2, 3, 3)), 1).positions == pytest.approx(0.0)


def test_tracks_are_born_late_by_the_mean_delay_and_then_stay():
    seen = watch(Sensor(rate_hz=100.0, birth_s=0.4), np.zeros((4000, 400, 3)), 1).valid
    assert (np.diff(seen.astype(int), axis=1) >= 0).all()
    delay = (~seen).sum(axis=1)[seen.any(axis=1)] / 100
    assert delay.mean() == pytest.approx(0.4, abs=0.02)
    assert np.median(delay) == pytest.approx(0.4 * np.log(2), abs=0.02)


def test_what_is_hidden_is_not_seen():
    hidden = np.zeros((300, 40), np.bool_)
    hidden[:, 5:9] = True
    plain, seen = watch(Sensor(**BASE), flights(), 1), watch(Sensor(**BASE), flights(), 1, hidden=hidden)
    assert np.array_equal(seen.valid, plain.valid & ~hidden)
    assert np.array_equal(seen.positions[seen.valid], plain.positions[seen.valid])
    with pytest.raises(InputError, match=r"hidden: expected shape \[300, 40\]"):
        watch(Sensor(**BASE), flights(), 1, hidden=hidden[:5])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rate_hz": -1.0}, "sensor.rate_hz: expected a number from 0.001 to 1e+06, found -1"),
        ({"dropout": 1.5}, "sensor.dropout: expected a number from 0 to 0.99, found 1.5"),
        ({"noise_correlation": 1.0}, "sensor.noise_correlation: expected a number from 0 to 0.999"),
        ({"time_step_s": 0.1}, "sensor.time_step_s: expected at most a period, 0.03333 s"),
        ({"depth_ratio": -1.0, "camera": CAMERA}, "sensor.depth_ratio"),
        ({"depth_ratio": 2.0}, "sensor.camera: expected where it stands, for sensor.depth_ratio, found none"),
        ({"noise_distance_m": 9.0}, "sensor.camera"),
        ({"object_radius_m": 0.3}, "sensor.camera"),
        ({"camera": (1.0,)}, "sensor.camera: expected 2 or 3 numbers"),
        ({"camera": (1.0, 2.0, float("nan"))}, "sensor.camera.z"),
        ({"birth_s": -0.1}, "sensor.birth_s"),
        ({"swap_chance": 1.1}, "sensor.swap_chance: expected a number from 0 to 1"),
        ({"swap_m": -1.0}, "sensor.swap_m"),
        ({"false_per_s": -1.0}, "sensor.false_per_s"),
        ({"false_s": 0.0}, "sensor.false_s"),
    ],
)
def test_an_impossible_fault_is_refused_by_its_name_and_range(change, told):
    with pytest.raises(InputError) as raised:
        Sensor(**(BASE | change))
    assert str(raised.value).startswith(told)


def test_a_camera_on_a_plane_is_refused_for_positions_in_space():
    with pytest.raises(InputError, match=r"sensor\.camera: expected 3 numbers"):
        watch(Sensor(rate_hz=30.0, camera=(1.0, 2.0)), flights(), 1)
