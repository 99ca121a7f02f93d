"""Tracks that are no ball in flight are told from those that are."""

from collections.abc import Callable

import numpy as np
import pytest

from pathcast.model.frontends.ball.columns import COUNT, COVARIANCE, MEAN, NOISE_SUM, TIME
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.given import NOTHING_GIVEN

FEET = 1 / 0.3048
RATE, LENGTH = 30.0, 24


@pytest.fixture(scope="module")
def front_end(filter_of: Callable[..., BallFrontEnd]) -> BallFrontEnd:
    return filter_of("basketball", "basketball-nba", 0.02, 0.0005)


def ever_suspect(front_end: BallFrontEnd, times: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Whether each track was suspect at any of its observations."""
    filters = front_end.begin(len(times), NOTHING_GIVEN)
    found = np.zeros(len(times), bool)
    for index in range(times.shape[1]):
        some = slice(index, index + 1)
        front_end.absorb(filters, times[:, some], positions[:, some].astype(np.float32), np.ones(len(times), int))
        found |= front_end.is_suspect(filters)
    return found


def test_balls_in_flight_and_off_floor_rim_and_board_are_not_suspect(
    front_end: BallFrontEnd, watch_throws: Callable
) -> None:
    seen = watch_throws(front_end, "basketball", 300, RATE, LENGTH, 0.02, is_told=False)
    assert ever_suspect(front_end, seen.times, seen.positions).mean() < 0.03


def test_a_track_that_goes_on_as_another_ball_is_suspect(front_end: BallFrontEnd, watch_throws: Callable) -> None:
    """Two passes in the air, a metre and more apart, change names."""
    seen = watch_throws(front_end, "three-pointer", 200, RATE, LENGTH, 0.02, is_told=False)
    switched = np.where(np.arange(LENGTH)[:, None] < 10, seen.positions, np.roll(seen.positions, 1, axis=0))
    away = np.linalg.norm(seen.positions[:, 10] - np.roll(seen.positions, 1, axis=0)[:, 10], axis=1)
    assert ever_suspect(front_end, seen.times, switched)[away > 1.0].mean() > 0.95


def test_a_held_ball_is_suspect(front_end: BallFrontEnd) -> None:
    random = np.random.default_rng(4)
    times = np.tile(np.arange(LENGTH) / RATE, (50, 1))
    positions = np.array([5.0, 1.0, 1.5]) + 0.02 * random.standard_normal((50, LENGTH, 3))
    assert ever_suspect(front_end, times, positions).mean() > 0.95


def test_feet_for_metres_are_suspect(front_end: BallFrontEnd, watch_throws: Callable) -> None:
    seen = watch_throws(front_end, "three-pointer", 100, RATE, LENGTH, 0.02, is_told=False)
    assert ever_suspect(front_end, seen.times, FEET * seen.positions).mean() > 0.95


def test_suspicion_passes_when_a_track_flies_on(front_end: BallFrontEnd) -> None:
    """One place that is wrong by a metre marks the track for a few observations."""
    times = np.arange(LENGTH) / RATE
    path = np.stack([8 - 6 * times, 0 * times, 2 + 5 * times - 4.8 * times**2], axis=1)[None].astype(np.float32)
    path[0, 10] += 1.0
    filters, flags = front_end.begin(1, NOTHING_GIVEN), []
    for index in range(LENGTH):
        some = slice(index, index + 1)
        front_end.absorb(filters, times[None, some], path[:, some], np.ones(1, int))
        flags.append(bool(front_end.is_suspect(filters)[0]))
    assert not any(flags[:10]) and flags[10] and not any(flags[-4:])


def test_a_filter_that_was_thrown_off_starts_anew_and_says_so(front_end: BallFrontEnd, watch_throws: Callable) -> None:
    """As after a hit on the rim at which the linear filter lost the ball: a mean at the speed of a comet."""
    seen = watch_throws(front_end, "basketball", 1, RATE, LENGTH, 0.02, is_told=False)
    filters, one = front_end.begin(1, NOTHING_GIVEN), np.ones(1, int)
    steps = []
    for index in range(LENGTH):
        if index == 8:
            filters[0, MEAN : MEAN + 6] = 3e3, -3e3, 2e3, 9e4, -3e5, 3e4
            filters[0, COVARIANCE : COVARIANCE + 105] *= 1e8
        if index == 9:
            filters[0, NOISE_SUM] = np.nan
        some = slice(index, index + 1)
        made, _ = front_end.absorb(filters, seen.times[:, some], seen.positions[:, some], one)
        steps.append(made)
        if index in (8, 9):
            assert front_end.is_suspect(filters).all()
    assert np.isfinite(np.concatenate(steps)).all() and np.isfinite(filters).all()
    assert not front_end.is_suspect(filters).any()
    newest = front_end.base(filters, np.full((1, 1), 1e-3)).path[0, 0]
    assert np.linalg.norm(newest - seen.positions[0, -1]) < 0.15


@pytest.mark.parametrize("gap_s", [31.0, 1e6, 1e12])
def test_a_gap_in_which_nobody_would_follow_a_ball_is_not_flown_through(front_end: BallFrontEnd, gap_s: float) -> None:
    times = np.append(np.arange(6) / RATE, gap_s)[None]
    path = np.stack([6 * times[0] % 9, 0 * times[0], np.full(7, 2.0)], axis=1)[None].astype(np.float32)
    filters = front_end.begin(1, NOTHING_GIVEN)
    front_end.absorb(filters, times, path, np.full(1, 7))
    assert filters[0, COUNT] == 1 and filters[0, TIME] == gap_s and front_end.is_suspect(filters).all()
    np.testing.assert_allclose(filters[0, MEAN : MEAN + 3], path[0, -1], atol=1e-6)
