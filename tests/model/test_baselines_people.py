"""Baselines of walkers: the noisy fan, the Kalman filter, and social force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.model.baselines import (
    KalmanNoise,
    constant_velocity,
    constant_velocity_noise,
    fit_kalman_noise,
    kalman,
)
from pathcast.model.evaluation.baselines import NOTES, fit_baselines, fit_deviation, spread_paths
from pathcast.model.evaluation.eth_ucy import SCENES, eth_ucy_windows, protocol_windows
from pathcast.model.evaluation.forecasters import ForecastWindows
from pathcast.model.evaluation.social_force import social_force
from pathcast.model.evaluation.windows import Windows, cut_windows
from pathcast.model.forecast import unpack_covariances
from pathcast.model.metrics import best_of, collides, highest_density_regions, negative_log_likelihood
from pathcast.tracks import Tracks

NOISE = KalmanNoise(0.04, 0.2, 1.2)


def prefixes(random: np.random.Generator, num: int = 6):
    """Irregular prefixes of several lengths in two axes, and offsets."""
    times = 50 + np.cumsum(random.uniform(0.1, 0.6, (num, 8)), axis=1)
    positions = np.cumsum(random.normal(0.3, 0.2, (num, 8, 2)), axis=1)
    offsets = np.cumsum(random.uniform(0.1, 0.6, (num, 5)), axis=1)
    return times, positions, random.integers(2, 9, num), offsets


def crowd(seed: int, num: int = 8) -> Tracks:
    """Walkers who wander about a few square metres at 2.5 Hz, some of them late or gone early."""
    random = np.random.default_rng(seed)
    rows = []
    for track in range(num):
        first, last = random.integers(0, 3), random.integers(22, 25)
        walk = random.uniform(-3, 3, 2) + np.cumsum(random.normal(0, 0.1, (24, 2)) + random.normal(0, 0.4, 2), axis=0)
        rows += [(track, frame, *walk[frame]) for frame in range(first, min(last, 24))]
    track, frame, x, y = np.array(rows).T
    return Tracks.from_rows(0, track, frame * 0.4, np.column_stack([x, y]))


def straight(starts: list, velocities: list) -> tuple[Windows, Tracks]:
    """Walkers at constant velocities, and the one window of each."""
    num = len(starts)
    track, frame = np.repeat(np.arange(num), 20), np.tile(np.arange(20), num)
    position = np.array(starts, float)[track] + np.array(velocities, float)[track] * (0.4 * frame)[:, None]
    tracks = Tracks.from_rows(0, track, 0.4 * frame, position)
    return cut_windows(tracks, 8, 12, 0.4), tracks


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_every_path_of_the_fan_is_constant_velocity_turned(seed):
    prefix = prefixes(np.random.default_rng(seed))
    newest = prefix[1][np.arange(6), prefix[2] - 1]
    middle = constant_velocity(*prefix) - newest[:, None]
    fan = constant_velocity_noise(*prefix, np.random.default_rng(seed), 7) - newest[:, None, None]
    np.testing.assert_allclose(np.linalg.norm(fan, axis=3), np.linalg.norm(middle, axis=2)[:, None].repeat(7, 1))
    along = np.einsum("nkta,nta->nkt", fan, middle)[..., -1] / (np.linalg.norm(middle[:, -1], axis=1)[:, None] ** 2)
    assert (np.diff(along, axis=1) < 1e-12).all()


def test_the_angles_have_their_deviation_and_belong_to_the_generator():
    prefix = tuple(np.repeat(part, 500, axis=0) for part in prefixes(np.random.default_rng(0), 1))
    fan = constant_velocity_noise(*prefix, np.random.default_rng(1))
    away = fan[:, :, -1] - prefix[1][0, prefix[2][0] - 1]
    straight_on = constant_velocity(*prefix)[0, -1] - prefix[1][0, prefix[2][0] - 1]
    angle = np.arctan2(away[..., 1], away[..., 0]) - np.arctan2(straight_on[1], straight_on[0])
    assert np.degrees(((angle + np.pi) % (2 * np.pi) - np.pi).std()) == pytest.approx(25.0, rel=0.03)
    np.testing.assert_array_equal(constant_velocity_noise(*prefix, np.random.default_rng(1)), fan)
    assert (constant_velocity_noise(*prefix, np.random.default_rng(2)) != fan).any()
    still = constant_velocity_noise(*prefix, np.random.default_rng(1), 3, 0.0)
    np.testing.assert_allclose(still, constant_velocity(*prefix)[:, None].repeat(3, axis=1))


def test_the_fan_scores_as_published(data_dir):
    scores = []
    for scene in SCENES:
        windows = eth_ucy_windows(data_dir, scene)
        offsets = np.broadcast_to(windows.offsets, (windows.num_windows, 12))
        prefix = windows.times, windows.observed, windows.lengths, offsets
        fan = constant_velocity_noise(*prefix, np.random.default_rng(1))
        scores.append([each.mean() for each in best_of(fan, windows.future)])
    np.testing.assert_allclose(np.mean(scores, axis=0), (0.405, 0.854), atol=0.012)


def textbook_filter(times, positions, offsets, noise):
    """The filter in matrices, one track."""

    def motion(elapsed):
        step = np.array([[1, elapsed], [0, 1]])
        spread = noise.acceleration_density * np.array([[elapsed**3 / 3, elapsed**2 / 2], [elapsed**2 / 2, elapsed]])
        return step, spread

    state = np.array([positions[0], np.zeros(2)])
    covariance = np.diag([noise.position_m**2, noise.speed_mps**2])
    seen = np.array([[1.0, 0.0]])
    for index in range(1, len(times)):
        step, spread = motion(times[index] - times[index - 1])
        state, covariance = step @ state, step @ covariance @ step.T + spread
        gain = covariance @ seen.T / (seen @ covariance @ seen.T + noise.position_m**2)
        state, covariance = (
            state + gain @ (positions[index][None] - seen @ state),
            covariance - gain @ seen @ covariance,
        )
    means, variances = [], []
    for offset in offsets:
        step, spread = motion(offset)
        means.append((step @ state)[0])
        variances.append((step @ covariance @ step.T + spread)[0, 0] + noise.position_m**2)
    return np.array(means), np.array(variances)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_the_kalman_filter_is_the_textbooks(seed):
    times, positions, lengths, offsets = prefixes(np.random.default_rng(seed))
    found = kalman(times, positions, lengths, offsets, NOISE)
    for track, length in enumerate(lengths):
        mean, variance = textbook_filter(times[track, :length], positions[track, :length], offsets[track], NOISE)
        np.testing.assert_allclose(found.means[track, 0], mean, atol=1e-5)
        covariances = unpack_covariances(found.covariances[track, 0])
        np.testing.assert_allclose(covariances, variance[:, None, None] * np.eye(2), rtol=1e-5)


def motion_of_its_own_kind(random: np.random.Generator, num: int):
    """Windows drawn from the very model that the filter assumes."""
    step, state = 0.4, np.zeros((num, 2, 2))
    state[..., 1] = random.normal(0, NOISE.speed_mps, (num, 2))
    spread = NOISE.acceleration_density * np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]])
    places = []
    for _ in range(20):
        state = state @ np.array([[1, step], [0, 1]]).T + random.multivariate_normal(np.zeros(2), spread, (num, 2))
        places.append(state[..., 0] + random.normal(0, NOISE.position_m, (num, 2)))
    track = np.stack(places, axis=1)
    times, offsets = np.tile(step * np.arange(8), (num, 1)), np.tile(step * np.arange(1, 13), (num, 1))
    return (times, track[:, :8], np.full(num, 8), offsets), track[:, 8:]


def test_the_filter_finds_the_noise_of_motion_of_its_own_kind_and_covers_it():
    random = np.random.default_rng(4)
    prefix, future = motion_of_its_own_kind(random, 1500)
    found = fit_kalman_noise(*prefix, future)
    assert found.acceleration_density == pytest.approx(NOISE.acceleration_density, rel=0.1)
    assert found.position_m == pytest.approx(NOISE.position_m, rel=0.25)
    forecast = kalman(*prefix, found)
    assert highest_density_regions(forecast, future, random).coverage.mean() == pytest.approx(0.9, abs=0.015)
    other = kalman(*prefix, KalmanNoise(0.3, 0.02, 1.2))
    better, worse = (negative_log_likelihood(each, future).mean() for each in (forecast, other))
    assert better < worse


def test_one_observation_is_too_few():
    times, positions, _, offsets = prefixes(np.random.default_rng(0))
    for baseline in (lambda *p: constant_velocity_noise(*p, np.random.default_rng(0)), lambda *p: kalman(*p, NOISE)):
        with pytest.raises(InputError, match="2 to 8 observations"):
            baseline(times, positions, np.ones(6, int), offsets)


def test_who_walks_alone_goes_on_at_constant_velocity():
    windows, tracks = straight([[0, 0], [40, 0], [80, 5]], [[1.3, 0.2], [0, 0], [-0.4, 1.0]])
    np.testing.assert_allclose(social_force(windows, tracks), windows.future, atol=1e-6)


def test_who_would_collide_gives_way():
    windows, tracks = straight([[-8.4, 0.05], [8.4, 0.0]], [[1.4, 0], [-1.4, 0]])
    assert collides(windows.future, windows.future, windows.group).all()
    paths = social_force(windows, tracks)
    assert not collides(paths, paths, windows.group).any()
    np.testing.assert_allclose(paths[:, -1], windows.future[:, -1], atol=1.5)


def test_somebody_seen_too_briefly_for_a_window_is_given_way_to():
    alone, tracks = straight([[-6, 0.05]], [[1.4, 0]])
    meeting = Tracks.from_rows(0, 9, 0.4 * np.arange(5, 9), np.column_stack([6 - 0.56 * np.arange(5, 9), np.zeros(4)]))
    both = Tracks.concatenate([tracks, meeting])
    assert np.abs(social_force(alone, both) - social_force(alone, tracks)).max() > 0.05


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_forces_do_not_depend_on_which_windows_are_asked_for(seed):
    tracks = crowd(seed)
    windows = protocol_windows(tracks, 1)
    rows = np.random.default_rng(seed).permutation(windows.num_windows)[: windows.num_windows // 2]
    np.testing.assert_array_equal(social_force(windows.take(rows), tracks), social_force(windows, tracks)[rows])


@pytest.fixture(scope="module")
def fitted() -> dict[str, ForecastWindows]:
    tracks = Tracks.from_rows(
        np.repeat(np.arange(6), [crowd(seed).num_rows for seed in range(6)]),
        np.concatenate([crowd(seed).track for seed in range(6)]),
        np.concatenate([crowd(seed).time for seed in range(6)]),
        np.concatenate([crowd(seed).position for seed in range(6)]),
    )
    return fit_baselines(protocol_windows(tracks, 1), tracks)


@pytest.mark.parametrize("name", NOTES)
def test_no_baseline_looks_into_the_future(fitted, name):
    tracks = crowd(11)
    windows = protocol_windows(tracks, 1)
    now = windows.time[0]
    windows = windows.take(windows.time == now)
    later = tracks.position + np.where(tracks.time > now + 1e-9, 1.0, 0.0)[:, None] * [3.0, -2.0]
    changed = Tracks.from_rows(tracks.scene, tracks.track, tracks.time, later)
    unknown = Windows(**{**vars(windows), "future": np.full_like(windows.future, np.nan)})
    whole, blind = fitted[name](windows, tracks), fitted[name](unknown, changed)
    for part in ("means", "covariances", "probabilities", "point"):
        np.testing.assert_array_equal(getattr(whole, part), getattr(blind, part))


@pytest.mark.parametrize("name", NOTES)
def test_a_baseline_needs_two_observations_and_gives_each_window_its_forecast(fitted, name):
    tracks = crowd(12)
    windows = protocol_windows(tracks, 1)
    for count in (2, 5, 8):
        forecast = fitted[name](windows.last(count), tracks)
        assert forecast.means.shape == (windows.num_windows, forecast.num_modes, 12, 2)
        assert forecast.is_finite().all() and forecast.point is not None
        np.testing.assert_allclose(forecast.probabilities.sum(axis=1), 1.0, rtol=1e-5)
    assert forecast.num_modes == (20 if "noise" in name else 1)


def test_the_deviation_around_one_path_is_its_error_and_around_a_fan_the_likeliest():
    random = np.random.default_rng(2)
    truth = random.normal(0, [[0.2], [0.7]], (4000, 2, 2))
    np.testing.assert_allclose(fit_deviation(np.zeros((4000, 1, 2, 2)), truth), [0.2, 0.7], rtol=0.02)
    windows = protocol_windows(crowd(3), 1)
    fan = windows.observed[:, -1, None, None] + random.normal(0, 1, (windows.num_windows, 5, 12, 2))
    best = fit_deviation(fan, windows.future)
    likeliest = negative_log_likelihood(spread_paths(fan, windows, best), windows.future).mean()
    for factor in (0.97, 1.03):
        other = spread_paths(fan, windows, factor * best)
        assert negative_log_likelihood(other, windows.future).mean() > likeliest
