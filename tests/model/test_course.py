"""The light filter beside models: what fits a track, what does not, and where it goes on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathcast.model.course import COUNT, STAYS_SUSPECT, Law, empty_courses, follow, go_on, is_suspect
from pathcast.model.hops import GRAVITY, Floor
from pathcast.service.courses import FLYING, WALKING


def see(places: np.ndarray, law: Law, period_s: float = 0.1) -> tuple[np.ndarray, list[bool]]:
    """The row after one track's places, and whether it was suspect after each."""
    rows, told = empty_courses(1, places.shape[1]), []
    for index, place in enumerate(places):
        rows = follow(rows, np.array([period_s * index]), place[None].astype(np.float64), law)
        told.append(bool(is_suspect(rows, law)[0]))
    return rows, told


def walk(num_points: int, speed: float = 1.4, noise_m: float = 0.0, seed: int = 0) -> np.ndarray:
    places = np.zeros((num_points, 2))
    places[:, 0] = 0.1 * speed * np.arange(num_points)
    return places + np.random.default_rng(seed).normal(0, noise_m, places.shape)


@pytest.mark.parametrize("noise_m", [0.0, 0.03, 0.1])
@pytest.mark.parametrize("speed", [0.0, 1.4, 4.0])
def test_a_steady_walker_is_never_suspect(speed, noise_m):
    for seed in range(5):
        assert not any(see(walk(100, speed, noise_m, seed), WALKING)[1])


def test_a_switched_identity_is_suspect_for_a_while_and_then_a_track_again():
    places = walk(40, noise_m=0.03)
    places[20:] += [0.0, 1.0]
    assert np.flatnonzero(see(places, WALKING)[1]).tolist() == [20 + step for step in range(int(STAYS_SUSPECT))]


def test_a_jump_and_back_is_suspect_both_times():
    places = walk(40, noise_m=0.03)
    places[20] += [3.0, 0.0]
    told = see(places, WALKING)[1]
    assert told[20] and told[21] and not any(told[:20]) and not any(told[30:])


def test_a_wrong_unit_stays_suspect():
    """Centimetres taken for metres: nobody walks at 140 m/s."""
    assert all(see(100 * walk(40), WALKING)[1][1:])


def test_variances_are_those_of_the_kalman_baseline():
    from pathcast.model.baselines import KalmanNoise, kalman

    law = Law(noise_m=0.05, density=0.3, speed_mps=1.5)
    noise = KalmanNoise(position_m=0.05, acceleration_density=0.3, speed_mps=1.5)
    places, offsets = walk(12, noise_m=0.02), np.array([[0.4, 1.0, 3.0]])
    means, variances = go_on(see(places, law)[0], offsets, law)
    times = 0.1 * np.arange(12)[None]
    expected = kalman(times, places[None].astype(np.float32), np.array([12]), offsets, noise)
    np.testing.assert_allclose(means[0], expected.means[0, 0], atol=1e-6)
    np.testing.assert_allclose(variances[0], expected.covariances[0, 0, :, 0], rtol=1e-5)


def test_what_falls_follows_its_parabola_and_bounces():
    time = 0.02 * np.arange(20)
    height = 2.0 + 3.0 * time - GRAVITY * time**2 / 2
    places = np.stack([2.0 * time, 0 * time, height], axis=1)
    ahead = np.array([[0.2, 0.3]])
    means, _ = go_on(see(places, FLYING, 0.02)[0], ahead, FLYING)
    later = time[-1] + ahead[0]
    np.testing.assert_allclose(means[0, :, 2], 2.0 + 3.0 * later - GRAVITY * later**2 / 2, atol=0.02)
    floored = Law(noise_m=0.03, density=4.0, speed_mps=12.0, falls=True, floor=Floor(height=0.0))
    far = np.linspace(0.1, 3.0, 30)[None]
    assert (go_on(see(places, floored, 0.02)[0], far, floored)[0][0, :, 2] >= -1e-9).all()
    assert go_on(see(places, FLYING, 0.02)[0], far, FLYING)[0][0, -1, 2] < 0


def test_what_was_seen_once_stays_in_a_wide_spread():
    rows = see(walk(1), WALKING)[0]
    means, variances = go_on(rows, np.array([[1.0, 2.0]]), WALKING)
    np.testing.assert_array_equal(means, 0.0)
    assert (variances > WALKING.speed_mps**2).all()


@given(
    places=st.lists(st.tuples(*3 * [st.floats(-8000, 8000)]), min_size=1, max_size=12),
    periods=st.lists(st.floats(1e-6, 1e6), min_size=12, max_size=12),
    law=st.sampled_from([WALKING, FLYING, Law(noise_m=1e-3, density=0.0, speed_mps=1.0, falls=True, floor=Floor())]),
)
def test_rows_stay_finite_whatever_is_seen(places, periods, law):
    rows, time = empty_courses(1, 3), 0.0
    for place, period in zip(places, periods, strict=False):
        time += period
        rows = follow(rows, np.array([time]), np.array([place]), law)
    assert np.isfinite(rows).all() and rows[0, COUNT] == len(places)
    means, variances = go_on(rows, np.array([[0.1, 5.0]]), law)
    assert np.isfinite(means).all() and (variances > 0).all()
