from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.formats import read_tracks
from pathcast.model.baselines import Floor, ballistic, ballistic_drag, constant_acceleration, constant_velocity
from pathcast.model.baselines.turns import find_turns
from pathcast.model.metrics import ade
from pathcast.simulator.ball.flight import FRICTION, SPIN_DECAY, TANGENTIAL, fly_many
from pathcast.simulator.ball.sports import BASKETBALL, TABLE_TENNIS, nominal_parameters

BASELINES = {
    "constant_velocity": constant_velocity,
    "constant_acceleration": constant_acceleration,
    "ballistic": ballistic,
    "ballistic_drag": lambda *prefix: ballistic_drag(*prefix, nominal_parameters(BASKETBALL, floor=-np.inf)),
}
OFFSETS = np.arange(1, 9) * 0.1


def clocks(random: np.random.Generator, num_tracks: int, num_past: int) -> np.ndarray:
    """Irregular times, each track with its own epoch."""
    return 1000 * random.random((num_tracks, 1)) + np.cumsum(random.uniform(0.02, 0.1, (num_tracks, num_past)), axis=1)


def polynomial(random: np.random.Generator, degree: int, num_axes: int, num_tracks: int = 5):
    """Prefixes of different lengths on polynomials of time, and where they go."""
    lengths = random.integers(max(2, degree + 1), 9, num_tracks)
    times = clocks(random, num_tracks, 8)
    coefficients = random.normal(size=(degree + 1, num_tracks, 1, num_axes))
    newest = times[np.arange(num_tracks), lengths - 1][:, None]

    def at(elapsed):
        return sum(coefficients[power] * elapsed[:, :, None] ** power for power in range(degree + 1))

    positions = at(times - newest)
    positions[np.arange(8) >= lengths[:, None]] = np.nan
    offsets = np.broadcast_to(OFFSETS, (num_tracks, len(OFFSETS)))
    return times, positions, lengths, offsets, at(offsets)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), num_axes=st.sampled_from([2, 3]))
def test_constant_velocity_is_exact_on_straight_lines(seed, num_axes):
    *prefix, future = polynomial(np.random.default_rng(seed), 1, num_axes)
    np.testing.assert_allclose(constant_velocity(*prefix), future, atol=1e-8)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), num_axes=st.sampled_from([2, 3]))
def test_constant_acceleration_is_exact_on_parabolas(seed, num_axes):
    *prefix, future = polynomial(np.random.default_rng(seed), 2, num_axes)
    np.testing.assert_allclose(constant_acceleration(*prefix), future, atol=1e-6)


def test_constant_acceleration_of_two_points_is_constant_velocity():
    times, positions, lengths, offsets, _ = polynomial(np.random.default_rng(1), 2, 2)
    two = np.where(np.arange(5) < 2, 2, lengths)
    paths = constant_acceleration(times, positions, two, offsets)
    np.testing.assert_allclose(paths[:2], constant_velocity(times, positions, two, offsets)[:2])


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), gravity=st.sampled_from([9.81, 1.62]))
def test_ballistic_is_exact_on_throws_without_air(seed, gravity):
    times, positions, lengths, offsets, future = polynomial(np.random.default_rng(seed), 1, 3)
    newest = times[np.arange(5), lengths - 1][:, None]
    positions[:, :, 2] -= gravity * (times - newest) ** 2 / 2
    future[:, :, 2] -= gravity * offsets**2 / 2
    np.testing.assert_allclose(ballistic(times, positions, lengths, offsets, gravity), future, atol=1e-7)


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32), name=st.sampled_from(sorted(BASELINES)), turn=st.floats(-4, 4), shift=st.floats(-50, 50)
)
def test_a_baseline_turns_and_moves_with_its_prefix_and_does_not_read_beyond_it(seed, name, turn, shift):
    random = np.random.default_rng(seed)
    times, positions, lengths, offsets, _ = polynomial(random, 2, 3)
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    paths = BASELINES[name](times, positions, lengths, offsets)
    moved = BASELINES[name](times, positions @ rotation.T + shift, lengths, offsets)
    np.testing.assert_allclose(moved, paths @ rotation.T + shift, atol=1e-5)
    junk = np.where(np.isnan(positions), random.normal(size=positions.shape), positions)
    np.testing.assert_array_equal(BASELINES[name](times, junk, lengths, offsets), paths)


@pytest.mark.parametrize("name", sorted(BASELINES))
@pytest.mark.parametrize("length", [1, 9])
def test_a_prefix_too_short_or_longer_than_its_row_is_refused(name, length):
    times, positions, lengths, offsets, _ = polynomial(np.random.default_rng(2), 1, 3)
    lengths[3] = length
    with pytest.raises(InputError, match=rf"lengths\[3\]: expected 2 to 8 observations, found {length}"):
        BASELINES[name](times, positions, lengths, offsets)


def thrown(num: int, parameters: np.ndarray, num_past: int, rate: float, seed: int, noise: float = 0.0):
    """Observed throws under the flight kernels and where they go."""
    random = np.random.default_rng(seed)
    states = np.zeros((num, 9))
    states[:, :3] = random.uniform([-1, -1, 1.0], [1, 1, 2.0], (num, 3))
    states[:, 3:6] = random.uniform([2, -1, -1], [5, 1, 4], (num, 3))
    times = np.arange(num_past + len(OFFSETS) * 3) / rate
    flown = fly_many(states, parameters, times)
    positions = flown[:, :num_past] + noise * random.normal(size=(num, num_past, 3))
    prefix_times = np.broadcast_to(times[:num_past], (num, num_past)) + 7.0
    offsets = np.broadcast_to(times[num_past:] - times[num_past - 1], (num, len(OFFSETS) * 3))
    return prefix_times, positions, np.full(num, num_past), offsets, flown[:, num_past:]


def airless(**changes: float) -> np.ndarray:
    return nominal_parameters(BASKETBALL, air_density=0.0, **changes)


def test_ballistic_bounces_as_the_simulator_does_without_air_and_spin():
    parameters = airless(gravity=9.81)
    parameters[[TANGENTIAL, SPIN_DECAY]], parameters[FRICTION] = 0.0, 10.0
    *prefix, future = thrown(40, parameters, 4, 15.0, seed=3)
    floor = Floor(radius=BASKETBALL.radius_m, restitution=BASKETBALL.restitution)
    paths = ballistic(*prefix, 9.81, floor)
    assert (np.diff(np.sign(np.diff(future[:, :, 2], axis=1)), axis=1) > 0).sum() > 40
    np.testing.assert_allclose(paths, future, atol=1e-6)


def test_ballistic_fits_only_what_came_after_the_last_bounce():
    parameters = airless(gravity=9.81)
    times, positions, lengths, offsets, future = thrown(60, parameters, 24, 20.0, seed=4)
    bounced = find_turns(positions[:, :, 2], lengths, np.full(60, BASKETBALL.radius_m)).any(axis=1)
    assert bounced.sum() > 20
    aware = ade(ballistic(times, positions, lengths, offsets, 9.81, Floor(radius=BASKETBALL.radius_m)), future)
    blind = ade(ballistic(times, positions, lengths, offsets), future)
    assert np.median(aware[bounced]) < np.median(blind[bounced]) / 5


def test_a_ball_that_hops_ever_less_comes_to_lie_on_the_floor():
    times = np.array([[0.0, 0.1]])
    positions = np.array([[[0.0, 0.0, 0.5], [0.1, 0.0, 0.5]]])
    paths = ballistic(times, positions, np.array([2]), np.array([[0.1, 30.0, 60.0]]), 9.81, Floor(radius=0.1))
    np.testing.assert_allclose(paths[0, 1:, 2], 0.1, atol=1e-9)
    assert np.isfinite(paths).all()


@pytest.mark.parametrize("ball", [BASKETBALL, TABLE_TENNIS])
def test_ballistic_with_drag_finds_a_flight_without_noise_again(ball):
    parameters = nominal_parameters(ball)
    *prefix, future = thrown(50, parameters, 8, 25.0, seed=5)
    paths = ballistic_drag(*prefix, parameters)
    assert np.quantile(ade(paths, future), 0.9) < 1e-5


def test_ballistic_with_drag_fits_through_bounces_in_the_prefix():
    parameters = nominal_parameters(BASKETBALL)
    *prefix, future = thrown(60, parameters, 24, 20.0, seed=6, noise=0.005)
    paths = ballistic_drag(*prefix, parameters)
    assert np.median(ade(paths, future)) < 0.05


def test_ballistic_with_drag_beats_the_parabola_where_there_is_drag():
    parameters = nominal_parameters(TABLE_TENNIS, floor=-np.inf)
    *prefix, future = thrown(200, parameters, 12, 50.0, seed=7, noise=0.002)
    assert ade(ballistic_drag(*prefix, parameters), future).mean() < 0.6 * ade(ballistic(*prefix), future).mean()


def test_known_spin_is_used():
    parameters = nominal_parameters(TABLE_TENNIS, floor=-np.inf)
    times = np.arange(30) / 50
    state = np.array([[0.0, 0.0, 1.0, 6.0, 0.0, 1.0, 0.0, -200.0, 0.0]])
    flown = fly_many(state, parameters, times)
    prefix = (times[None, :10], flown[:, :10], np.array([10]), times[None, 10:] - times[9])
    with_spin = ballistic_drag(*prefix, parameters, state[:, 6:])
    assert ade(with_spin, flown[:, 10:])[0] < 1e-6
    assert ade(ballistic_drag(*prefix, parameters), flown[:, 10:])[0] > 0.01


def test_on_real_flights_with_bounces_drag_beats_the_parabola_and_constant_velocity(data_dir):
    """20 observations of up to 200 rad/s of unknown spin, then 20 more (0.14 s); medians near 0.036, 0.071, 0.070 m.

    z is 0 where a ball touches the table, so the surface is a radius below.
    """
    tracks = read_tracks(data_dir / "ball" / "table_tennis_spindoe", pattern="[0-9]*.csv")
    flights = [track for track in tracks.each() if len(track.time) >= 40]
    times = np.stack([track.time[:40] for track in flights])
    positions = np.stack([track.position[:40] for track in flights])
    prefix = (times[:, :20], positions[:, :20], np.full(len(flights), 20), times[:, 20:] - times[:, 19:20])
    radius = TABLE_TENNIS.radius_m
    floor = Floor(height=-radius, radius=radius, restitution=TABLE_TENNIS.restitution)
    drag, parabola, velocity = (
        np.median(ade(paths, positions[:, 20:]))
        for paths in (
            ballistic_drag(*prefix, nominal_parameters(TABLE_TENNIS, floor=-radius)),
            ballistic(*prefix, 9.81, floor),
            constant_velocity(*prefix),
        )
    )
    assert drag < 0.6 * parabola
    assert drag < 0.6 * velocity
