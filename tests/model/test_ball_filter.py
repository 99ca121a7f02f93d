"""The filter of balls is consistent: it errs as much as it says, and learns how far its sensor errs."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import chi2

from pathcast.model.frontends.ball.columns import COVARIANCE, FILTER_SIZE, MEAN, NUM_QUANTITIES
from pathcast.model.frontends.ball.filter import log_tail
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.frontends.ball.prior import noise_scale
from pathcast.model.given import NOTHING_GIVEN, Given

SENSORS = {
    "shots at 30 Hz": ("three-pointer", "basketball-nba", 30.0, 30, 0.02, 0.0),
    "shots at 120 Hz, an unsteady clock": ("three-pointer", "basketball-nba", 120.0, 40, 0.01, 0.002),
    "strokes at 150 Hz": ("table-tennis", "table-tennis", 150.0, 40, 0.003, 0.0),
    "strokes over any level, an unsteady clock": ("table-tennis anywhere", "table-tennis", 120.0, 30, 0.003, 0.001),
}


def covariances(filters: np.ndarray) -> np.ndarray:
    """Full covariances of filter rows. Shape: [..., 14, 14]."""
    rows, columns = np.tril_indices(NUM_QUANTITIES)
    full = np.empty((*filters.shape[:-1], NUM_QUANTITIES, NUM_QUANTITIES))
    full[..., rows, columns] = filters[..., COVARIANCE : COVARIANCE + len(rows)]
    full[..., columns, rows] = full[..., rows, columns]
    return full


@pytest.mark.parametrize("name", SENSORS)
def test_innovations_are_white_and_of_unit_variance(
    filter_of: Callable[..., BallFrontEnd], watch_throws: Callable, name: str
) -> None:
    """Of throws with the noise told, as the encoder reads them: those of a fast camera are summed."""
    kind, venue, rate, length, noise, clock = SENSORS[name]
    front_end = filter_of(kind, venue, noise, clock)
    seen = watch_throws(front_end, kind, 300, rate, length, noise, clock)
    steps, filters = front_end.trace(seen.times, seen.positions, np.full((300, 1), length - 1), seen.starts)
    most = int(front_end.num_steps(filters).min())
    innovations = np.sinh(steps[:, 5:most, :3].astype(np.float64))
    # Contacts of which the filter knows no place, with a net's cord or a rim's edge, are few and surprise it.
    usual = (innovations**2).sum(axis=2) < 16.0
    assert usual.mean() > 0.97
    kept = innovations[usual]
    np.testing.assert_allclose(kept.mean(axis=0), 0.0, atol=0.06)
    np.testing.assert_allclose(kept.var(axis=0), 1.0, atol=0.12)
    both = usual[:, 1:] & usual[:, :-1]
    following = (innovations[:, 1:] * innovations[:, :-1])[both].mean(axis=0)
    np.testing.assert_allclose(following, 0.0, atol=0.08)


@pytest.mark.parametrize("name", SENSORS)
def test_nine_tenths_of_the_truth_are_within_the_filters_own_region(
    filter_of: Callable[..., BallFrontEnd], watch_throws: Callable, name: str
) -> None:
    """Of place and velocity together, after several numbers of observations."""
    kind, venue, rate, length, noise, clock = SENSORS[name]
    front_end = filter_of(kind, venue, noise, clock)
    seen = watch_throws(front_end, kind, 300, rate, length, noise, clock)
    ends = np.tile([4, 10, length - 1], (300, 1))
    _, filters = front_end.trace(seen.times, seen.positions, ends, seen.starts)
    newest = np.take_along_axis(seen.times, ends, axis=1)
    states = seen.drawn.throws.follow(newest, max_events=0).states[..., :6]
    states[..., :3] += seen.drawn.shift[:, None]
    off = filters[..., MEAN : MEAN + 6] - states
    square = np.einsum("nei,neij,nej->ne", off, np.linalg.inv(covariances(filters)[..., :6, :6]), off)
    share = (square < chi2.ppf(0.9, 6)).mean(axis=0)
    assert ((share > 0.84) & (share < 0.95)).all(), share


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_noise_that_nobody_told_is_found(
    filter_of: Callable[..., BallFrontEnd], watch_throws: Callable, factor: float
) -> None:
    """The nominal noise counts as three observations, so that after forty it hardly draws any more."""
    front_end = filter_of("three-pointer", "basketball-nba", 0.02, 0.0)
    seen = watch_throws(front_end, "three-pointer", 200, 60.0, 40, 0.02 * factor, is_told=False)
    _, filters = front_end.trace(seen.times, seen.positions, np.tile([4, 39], (200, 1)), seen.starts)
    early, late = (np.median([noise_scale(row) for row in filters[:, end]]) ** 0.5 for end in (0, 1))
    assert late == pytest.approx(factor, rel=0.15)
    assert abs(late - factor) <= abs(early - factor) + 0.02
    seen = watch_throws(front_end, "three-pointer", 20, 60.0, 40, 0.04)
    _, told = front_end.trace(seen.times, seen.positions, np.full((20, 1), 39), seen.starts)
    assert {noise_scale(row) for row in told[:, 0]} == {1.0}


def test_more_noise_told_leaves_more_unknown(filter_of: Callable[..., BallFrontEnd], watch_throws: Callable) -> None:
    front_end = filter_of("three-pointer", "basketball-nba", 0.02, 0.0)
    seen = watch_throws(front_end, "three-pointer", 1, 30.0, 10, 0.02)
    exact = seen.truth(seen.true_times).astype(np.float32)
    spreads = []
    for noise in (0.005, 0.02, 0.08):
        filters = front_end.begin(1, Given(noise_m=(noise,)))
        front_end.absorb(filters, seen.times, exact, np.array([10]))
        spreads.append(np.diag(covariances(filters)[0])[:6])
    assert (np.diff(spreads, axis=0) > 0).all()


def test_a_filter_is_as_large_after_many_observations_as_after_none(filter_of: Callable[..., BallFrontEnd]) -> None:
    front_end = filter_of("three-pointer", "basketball-nba", 0.02, 0.0)
    filters = front_end.begin(2, NOTHING_GIVEN)
    assert filters.shape == (2, FILTER_SIZE)
    times = np.tile(np.arange(400) / 100, (2, 1))
    positions = np.stack([5 - times, 0 * times, 0.12 + 0 * times], axis=2).astype(np.float32)
    front_end.absorb(filters, times, positions, np.array([400, 400]))
    assert filters.shape == (2, FILTER_SIZE) and np.isfinite(filters).all()


@pytest.mark.parametrize("square", [0.1, 2.4, 11.3, 30.0, 200.0, 1300.0])
def test_surprise_is_the_tail_of_a_chi_squared_number(square: float) -> None:
    assert log_tail(square) == pytest.approx(-chi2.logsf(square, 3) / np.log(10), rel=1e-6)


def test_surprise_goes_on_where_the_tail_is_no_number_any_more() -> None:
    values = [log_tail(square) for square in (1300.0, 1399.9, 1400.1, 2000.0, 1e6)]
    assert (np.diff(values) > 0).all() and np.isfinite(values).all()
    assert values[2] - values[1] == pytest.approx(0.1 / np.log(10), rel=0.05)
