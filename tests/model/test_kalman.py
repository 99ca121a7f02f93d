"""The Kalman front end: a filter of balls in flight, what the network sees of it, and where it flies on to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.model.frontends.kalman import (
    COVARIANCE,
    FILTER_SIZE,
    HEADING,
    NUM_INPUTS,
    STATE,
    TIME,
    KalmanFrontEnd,
)
from pathcast.simulator.ball.flight import DRAG, FLOOR, GRAVITY, LIFT, fly_many, fly_states
from pathcast.simulator.ball.scenarios import throw
from pathcast.simulator.ball.sports import BASKETBALL, nominal_parameters

NOISE_M, DENSITY, MAX_SPEED_MPS = 0.03, 0.05, 9.0
NOMINAL = nominal_parameters(BASKETBALL)
OVER_FLOOR = KalmanFrontEnd(NOMINAL, NOISE_M, DENSITY, MAX_SPEED_MPS)
LENGTH = 14


def _throws(seed: int, tracks: int = 6, length: int = LENGTH, rate_hz: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    """Shots and bounce passes, seen with noise on an irregular clock."""
    random = np.random.default_rng(seed)
    throws = throw("basketball", tracks, seed)
    times = np.cumsum(random.uniform(0.6, 1.6, (tracks, length)) / rate_hz, axis=1)
    seen = fly_many(throws.states, throws.parameters, times)
    return times, (seen + NOISE_M * random.standard_normal(seen.shape)).astype(np.float32)


def _absorb(
    times: np.ndarray, positions: np.ndarray, front_end: KalmanFrontEnd = OVER_FLOOR
) -> tuple[np.ndarray, np.ndarray]:
    filters = np.zeros((len(times), FILTER_SIZE))
    steps, counts = front_end.absorb(filters, times, positions, np.full(len(times), times.shape[1]))
    np.testing.assert_array_equal(counts, times.shape[1])
    return filters, steps


def _free_flights(random: np.random.Generator, tracks: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Times, and true states then, of nominal flights without floor or spin, launched as the filter expects."""
    states = np.zeros((tracks, 9))
    states[:, :3] = random.normal(0, 2, (tracks, 3))
    states[:, 3:6] = random.normal(0, MAX_SPEED_MPS, (tracks, 3))
    times = np.cumsum(random.uniform(0.6, 1.6, (tracks, length)) / 30, axis=1)
    return times, fly_states(states, nominal_parameters(BASKETBALL, floor=-np.inf), times)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**16), cut=st.integers(1, LENGTH - 1))
def test_absorbing_in_pieces_equals_absorbing_the_whole(seed: int, cut: int) -> None:
    times, positions = _throws(seed)
    whole, steps = _absorb(times, positions)
    filters = np.zeros_like(whole)
    pieces = []
    for part in (slice(0, cut), slice(cut, None)):
        piece = np.ascontiguousarray(times[:, part]), np.ascontiguousarray(positions[:, part])
        pieces.append(OVER_FLOOR.absorb(filters, *piece, np.full(len(times), piece[0].shape[1]))[0])
    np.testing.assert_array_equal(filters, whole)
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), steps)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**16), end=st.integers(1, LENGTH - 2))
def test_the_future_changes_no_input(seed: int, end: int) -> None:
    times, positions = _throws(seed)
    changed = positions.copy()
    changed[:, end + 1 :] = np.nan
    lengths = np.full(len(times), end + 1)
    results = []
    for array in (positions, changed):
        filters = np.zeros((len(times), FILTER_SIZE))
        results.append((filters, OVER_FLOOR.absorb(filters, times, array, lengths)[0], OVER_FLOOR.head(filters)))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not results[0][1][:, end + 1 :].any()


@settings(max_examples=20)
@given(seed=st.integers(0, 2**16))
def test_training_sees_the_steps_and_filters_that_serving_sees(seed: int) -> None:
    times, positions = _throws(seed)
    ends = np.sort(np.random.default_rng(seed).integers(1, LENGTH, (len(times), 3)), axis=1)
    steps, filters = OVER_FLOOR.trace(times, positions, ends)
    for place in range(3):
        serving = np.zeros((len(times), FILTER_SIZE))
        seen, counts = OVER_FLOOR.absorb(serving, times, positions, ends[:, place] + 1)
        after, pending, due = OVER_FLOOR.pending(serving)
        np.testing.assert_array_equal(after, filters[:, place])
        assert pending.shape == (len(times), 0, NUM_INPUTS) and not due.any()
        for track, count in enumerate(counts):
            np.testing.assert_array_equal(seen[track, :count], steps[track, :count])


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**16),
    angle=st.floats(-3.1, 3.1),
    shift=st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
    epoch=st.floats(-1e5, 1e5),
)
def test_inputs_depend_neither_on_place_nor_on_north_nor_on_the_clocks_epoch(
    seed: int, angle: float, shift: tuple[float, float], epoch: float
) -> None:
    """A ball that falls straight down has no heading, so its speed along the floor has a least value here."""
    times, positions = _throws(seed)
    positions[..., :2] += (4.0 * times[..., None]).astype(np.float32)
    turn = np.eye(3)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    away = np.array([*shift, 0.0])
    moved = (positions @ turn.T + away).astype(np.float32)
    here, steps = _absorb(times, positions)
    there, moved_steps = _absorb(times + epoch, moved)
    np.testing.assert_allclose(moved_steps, steps, atol=2e-3)
    np.testing.assert_allclose(OVER_FLOOR.head(there), OVER_FLOOR.head(here), atol=2e-3)
    np.testing.assert_allclose(OVER_FLOOR.heading(there), OVER_FLOOR.heading(here) @ turn[:2, :2].T, atol=2e-3)
    offsets = np.tile(np.arange(1, 11) / 10, (len(times), 1))
    base, moved_base = OVER_FLOOR.base(here, offsets), OVER_FLOOR.base(there, offsets)
    np.testing.assert_allclose(moved_base.path, base.path @ turn.T + away, atol=2e-3)
    np.testing.assert_allclose(moved_base.unit, base.unit, rtol=2e-3)


def test_innovations_of_nominal_flights_have_unit_variance_and_no_mean() -> None:
    """White and of unit variance is what makes a Kalman filter consistent (Bar-Shalom et al. 2001, section 5.4)."""
    tracks, length = 400, 12
    random = np.random.default_rng(1)
    times, states = _free_flights(random, tracks, length)
    seen = states[..., :3] + NOISE_M * random.standard_normal((tracks, length, 3))
    front_end = KalmanFrontEnd(nominal_parameters(BASKETBALL, floor=-np.inf), NOISE_M, 1e-6, MAX_SPEED_MPS)
    _, steps = _absorb(times, seen.astype(np.float32), front_end)
    innovations = np.sinh(steps[:, 3:, :3].astype(np.float64))
    assert innovations.var(axis=(0, 1)) == pytest.approx(1.0, abs=0.08)
    assert innovations.mean(axis=(0, 1)) == pytest.approx(0.0, abs=0.06)
    lagged = (innovations[:, 1:] * innovations[:, :-1]).mean(axis=(0, 1))
    assert lagged == pytest.approx(0.0, abs=0.06)


def test_through_bounces_of_unknown_spin_and_floor_the_filter_is_not_too_sure() -> None:
    """Its covariance makes room for what differs from ball to ball, but not so much that it learns nothing."""
    times, positions = _throws(4, tracks=600, length=50)
    _, steps = _absorb(times, positions)
    bounces = np.cumsum(steps[..., 11], axis=1)
    after = bounces - np.roll(bounces, 4, axis=1) > 0  # a bounce among the last four steps
    after[:, :4] = False
    innovations = np.sinh(steps[after][:, :3].astype(np.float64))
    assert len(innovations) > 1000
    assert ((innovations**2).mean(axis=0) < 1.1).all()
    assert ((innovations**2).mean(axis=0) > 0.5).all()


@pytest.mark.parametrize("axis", [0, 2])
def test_after_a_hit_that_nobody_told_it_of_the_filter_finds_the_new_course(axis: int) -> None:
    """Off a board or a rim: five observations later its velocity's error is at most twice a launch's."""
    random = np.random.default_rng(6)
    times, before = _free_flights(random, 200, 16)
    after = before[:, 9].copy()
    after[:, 3 + axis] *= -0.7
    parameters = nominal_parameters(BASKETBALL, floor=-np.inf)
    beyond = fly_states(after, parameters, times[:, 10:] - times[:, 9:10])
    states = np.concatenate([before[:, :10], beyond], axis=1)
    seen = (states[..., :3] + NOISE_M * random.standard_normal(states[..., :3].shape)).astype(np.float32)
    filters, _ = _absorb(times, seen, KalmanFrontEnd(parameters, NOISE_M, DENSITY, MAX_SPEED_MPS))
    launched, _ = _absorb(times[:, 9:], seen[:, 9:], KalmanFrontEnd(parameters, NOISE_M, DENSITY, MAX_SPEED_MPS))
    error, floor = (np.abs(row[:, STATE + 3 : STATE + 6] - states[:, -1, 3:6]) for row in (filters, launched))
    assert np.median(error[:, axis]) < 2 * np.median(floor[:, axis])


def test_noiseless_flight_is_followed_to_its_true_state() -> None:
    """The prior at rest fades; what is left is the float32 of the observations and the drag that covariances omit."""
    times, states = _free_flights(np.random.default_rng(2), 20, 60)
    quiet = KalmanFrontEnd(nominal_parameters(BASKETBALL, floor=-np.inf), 1e-4, 1e-6, MAX_SPEED_MPS)
    filters, _ = _absorb(times, states[..., :3].astype(np.float32), quiet)
    np.testing.assert_allclose(filters[:, STATE : STATE + 3], states[:, -1, :3], atol=1e-5)
    np.testing.assert_allclose(filters[:, STATE + 3 : STATE + 6], states[:, -1, 3:6], atol=1e-4)
    np.testing.assert_array_equal(filters[:, TIME], times[:, -1])


@settings(max_examples=15)
@given(seed=st.integers(0, 2**16), noise_m=st.floats(1e-3, 0.1), density=st.floats(1e-3, 5), max_speed=st.floats(1, 30))
def test_without_forces_it_is_the_textbook_filter(seed: int, noise_m: float, density: float, max_speed: float) -> None:
    """Against matrices: constant velocity with white-noise acceleration (Bar-Shalom et al. 2001, section 6.2.2)."""
    parameters = np.array(NOMINAL)
    parameters[[GRAVITY, DRAG, LIFT]] = 0.0
    parameters[FLOOR] = -np.inf
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.6, 1.6, (2, LENGTH)) / 30, axis=1)
    straight = random.normal(0, max_speed, (2, 1, 3)) * times[..., None]
    positions = (straight + noise_m * random.standard_normal(straight.shape)).astype(np.float32)
    filters, _ = _absorb(times, positions, KalmanFrontEnd(parameters, noise_m, density, max_speed))
    pick = np.array([[1.0, 0.0]])
    for row, clock, track in zip(filters, times, positions.astype(np.float64), strict=True):
        for axis in range(3):
            mean, covariance = np.array([track[0, axis], 0.0]), np.diag([noise_m**2, max_speed**2])
            for step, seen in zip(np.diff(clock), track[1:, axis], strict=True):
                move = np.array([[1.0, step], [0.0, 1.0]])
                disturbed = density * np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]])
                mean, covariance = move @ mean, move @ covariance @ move.T + disturbed
                gain = covariance @ pick.T / (pick @ covariance @ pick.T + noise_m**2)
                mean = mean + (gain * (seen - mean[0])).ravel()
                covariance = (np.eye(2) - gain @ pick) @ covariance
            found = row[COVARIANCE + 3 * axis : COVARIANCE + 3 * axis + 3]
            np.testing.assert_allclose(row[[STATE + axis, STATE + 3 + axis]], mean, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(found, covariance[[0, 0, 1], [0, 1, 1]], rtol=1e-9, atol=1e-9)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**16))
def test_the_base_path_is_the_flight_of_the_filters_state(seed: int) -> None:
    """At whole steps of the flight the steps are the same; through bounces they are cut elsewhere."""
    filters, _ = _absorb(*_throws(seed))
    offsets = np.tile(np.arange(1, 31) / 30, (len(filters), 1))
    for parameters, tolerance in ((nominal_parameters(BASKETBALL, floor=-np.inf), 1e-9), (NOMINAL, 1e-6)):
        front_end = KalmanFrontEnd(parameters, NOISE_M, DENSITY, MAX_SPEED_MPS)
        flight = fly_many(filters[:, STATE : STATE + 9], np.asarray(parameters), offsets)
        np.testing.assert_allclose(front_end.base(filters, offsets).path, flight, atol=tolerance)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**16), length=st.integers(2, 4 * LENGTH))
def test_the_unit_grows_and_does_not_depend_on_which_other_offsets_are_asked(seed: int, length: int) -> None:
    filters, _ = _absorb(*_throws(seed, length=length))
    offsets = np.tile(np.arange(1, 41) * 0.025, (len(filters), 1))
    fine = OVER_FLOOR.base(filters, offsets)
    assert (np.diff(fine.unit, axis=1) > 0).all() and (fine.unit > 0).all()
    for chosen in ([39], [4, 17], [0, 2, 30]):
        few = OVER_FLOOR.base(filters, offsets[:, chosen])
        np.testing.assert_allclose(few.unit, fine.unit[:, chosen], rtol=1e-12)
        np.testing.assert_allclose(few.path, fine.path[:, chosen], atol=1e-6)
        np.testing.assert_allclose(few.knots, fine.knots[:, chosen], atol=1e-5)


def test_the_first_observation_is_where_the_ball_is_and_gives_no_input() -> None:
    filters, steps = _absorb(*(array[:, :1] for array in _throws(3)))
    assert not steps.any()
    np.testing.assert_array_equal(filters[:, HEADING], 1.0)
    np.testing.assert_array_equal(filters[:, STATE + 3 : STATE + 9], 0.0)
    np.testing.assert_array_equal(filters[:, COVARIANCE + 2], MAX_SPEED_MPS**2)


def test_a_row_of_parameters_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 12 numbers, found 3"):
        KalmanFrontEnd([9.8, 0.0, 0.0], NOISE_M, DENSITY, MAX_SPEED_MPS)
