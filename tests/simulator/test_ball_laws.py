"""Laws of flight and bounces over all throws."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.ball.flight import (
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    INERTIA,
    LIFT,
    NUM_PARAMETERS,
    RADIUS,
    RESTITUTION,
    SPIN_DECAY,
    TANGENTIAL,
    WIND_X,
    WIND_Y,
    acceleration,
    advance,
    bounces,
    fly,
    fly_many,
    fly_states,
)
from pathcast.simulator.ball.scenarios import throw

TIMES = np.linspace(0, 1.5, 61)


def between(low, high):
    return st.floats(low, high, allow_subnormal=False)


@st.composite
def throws(draw, windy=True):
    """A state and a parameter row of anything from a table-tennis ball to a basketball."""
    row = np.zeros(NUM_PARAMETERS)
    row[GRAVITY], row[FLOOR] = draw(between(1.0, 12.0)), draw(between(-1.0, 1.0))
    row[DRAG], row[LIFT] = draw(between(0.0, 0.2)), draw(between(0.0, 0.004))
    if windy:
        row[WIND_X], row[WIND_Y] = draw(between(-10, 10)), draw(between(-10, 10))
    row[SPIN_DECAY], row[RADIUS], row[INERTIA] = draw(between(0, 1)), draw(between(0.02, 0.15)), draw(between(0.3, 0.7))
    row[RESTITUTION], row[TANGENTIAL], row[FRICTION] = draw(between(0, 1)), draw(between(-1, 1)), draw(between(0, 1.5))
    state = np.array([draw(between(-5, 5)) for _ in range(3)] + [draw(between(-15, 15)) for _ in range(3)])
    state[2] = row[FLOOR] + row[RADIUS] + draw(between(0.0, 3.0))
    return np.concatenate([state, [draw(between(-150, 150)) for _ in range(3)]]), row


def energy(states, row, in_air):
    """Per unit mass, J/kg; relative to the air or to the floor."""
    velocity = states[..., 3:6] - ([row[WIND_X], row[WIND_Y], 0] if in_air else [0, 0, 0])
    turning = row[INERTIA] * row[RADIUS] ** 2 * (states[..., 6:9] ** 2).sum(-1)
    return 0.5 * ((velocity**2).sum(-1) + turning) + row[GRAVITY] * (states[..., 2] - row[FLOOR])


@settings(deadline=None, max_examples=100)
@given(throws())
def test_energy_relative_to_the_air_never_grows_in_flight(case):
    state, row = case
    row[FLOOR] = -np.inf
    states = fly_states(state[None], row, TIMES)[0]
    row[FLOOR] = 0.0
    energies = energy(states, row, in_air=True)
    assert np.diff(energies).max() <= 1e-6 * max(1.0, np.abs(energies).max())


@settings(deadline=None, max_examples=100)
@given(throws())
def test_energy_never_grows_at_a_bounce(case):
    state, row = case
    _, before, after = bounces(state[None], row, 1.5, 20)
    before, after = before[np.isfinite(before[..., 0])], after[np.isfinite(after[..., 0])]
    entering, leaving = energy(before, row, in_air=False), energy(after, row, in_air=False)
    assert (leaving <= entering * (1 + 1e-12) + 1e-12).all()


@settings(deadline=None, max_examples=60)
@given(throws(windy=False))
def test_energy_never_grows_from_release_to_rest(case):
    state, row = case
    energies = energy(fly_states(state[None], row, np.linspace(0, 6, 121))[0], row, in_air=False)
    assert np.diff(energies).max() <= 1e-6 * max(1.0, np.abs(energies).max())


@settings(deadline=None, max_examples=100)
@given(throws())
def test_no_ball_is_ever_inside_the_floor(case):
    state, row = case
    states = fly_states(state[None], row, np.linspace(0, 3, 301))[0]
    assert states[:, 2].min() >= row[FLOOR] + row[RADIUS] - 1e-7


@settings(deadline=None, max_examples=60)
@given(throws(), between(-np.pi, np.pi), between(-100, 100), between(-100, 100), between(-5, 5))
def test_turning_and_moving_the_world_turns_and_moves_the_path(case, angle, x, y, z):
    state, row = case
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    moved = np.concatenate([turn @ state[:3] + [x, y, z], turn @ state[3:6], turn @ state[6:]])
    moved_row = row.copy()
    moved_row[FLOOR] += z
    moved_row[[WIND_X, WIND_Y]] = (turn @ [row[WIND_X], row[WIND_Y], 0])[:2]
    # A bounce on the brink of coming to rest may fall either way, so the slow ones are left to other laws.
    _, _, after = bounces(state[None], row, TIMES[-1], 1)
    times = TIMES if not np.nanmin(after[0, :, 5], initial=9.0) < 0.2 else TIMES[:1]
    after_second = bounces(state[None], row, TIMES[-1], 2)[0][0, 1]
    times = times[times < (after_second if np.isfinite(after_second) else np.inf)]
    here = fly_many(state[None], row, times)[0] @ turn.T + [x, y, z]
    assert fly_many(moved[None], moved_row, times)[0] == pytest.approx(here, abs=1e-8)


@settings(deadline=None, max_examples=60)
@given(throws(), between(0.0, 1.5))
def test_advancing_in_two_goes_is_advancing_in_one(case, first):
    state, row = case
    _, _, after = bounces(state[None], row, 1.5, 20)
    whole, halves = state.copy(), state.copy()
    num = advance(whole, row, 1.5, 1 / 120)
    num_halves = advance(halves, row, first, 1 / 120) + advance(halves, row, 1.5 - first, 1 / 120)
    if not np.nanmin(after[0, :, 5], initial=9.0) < 0.2:
        assert halves[:3] == pytest.approx(whole[:3], abs=1e-5)
        assert abs(num - num_halves) <= 1


def test_a_ball_leaving_the_floor_leaves_it_however_short_the_step():
    row = np.zeros(NUM_PARAMETERS)
    row[[GRAVITY, RADIUS, INERTIA]] = 1.0, 0.125, 0.5
    state = np.array([0.0, 0, 0.125, 0, 0, 1, 0, 0, 0])
    assert advance(state, row, 1e-255) == 0
    assert state[5] == 1.0


def test_flying_and_advancing_agree():
    sample = throw("basketball", 64, seed=9)
    rows = sample.parameters[:, :NUM_PARAMETERS]
    ends = fly_states(sample.states, rows, np.array([1.7]))[:, 0]
    for state, row, end in zip(sample.states.copy(), rows, ends, strict=True):
        advance(state, row, 1.7)
        assert state[:3] == pytest.approx(end[:3], abs=1e-6)
        assert state[3:] == pytest.approx(end[3:], abs=1e-4)


def test_a_position_does_not_depend_on_the_other_times_asked_for():
    sample = throw("basketball", 32, seed=4)
    all_at_once = fly_many(sample.states, sample.parameters, TIMES)
    alone = fly_many(sample.states, sample.parameters, TIMES[[17, 40]])
    assert np.array_equal(all_at_once[:, [17, 40]], alone)


@pytest.mark.parametrize("num", [1, 7, 64, 65, 1000])
def test_results_are_the_same_bits_for_any_batch_and_any_number_of_threads(num):
    sample = throw("table-tennis", 1000, seed=2)
    whole = fly_states(sample.states, sample.parameters, TIMES)
    part = fly_states(sample.states[:num], sample.parameters[:num], TIMES)
    assert np.array_equal(whole[:num], part)
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        assert np.array_equal(fly_states(sample.states, sample.parameters, TIMES), whole)
    finally:
        numba.set_num_threads(threads)


def test_a_throw_that_diverges_is_nan_and_leaves_its_neighbours_alone():
    sample = throw("basketball", 4, seed=1)
    states, rows = sample.states.copy(), sample.parameters.copy()
    good = fly_many(states, rows, TIMES)
    states[0, 3] = 1e300
    states[1, 8] = np.nan
    rows[2, FLOOR] = np.inf
    positions = fly_many(states, rows, TIMES)
    assert np.isnan(positions[0, 1:]).all()
    assert np.isnan(positions[1:3]).all()
    assert np.array_equal(positions[3], good[3])
    assert advance(states[1], rows[1], 1.0) == 0
    assert np.isnan(states[1]).all()


def test_a_state_is_left_as_it_was_by_fly_and_moved_by_advance():
    sample = throw("free-throw", 1, seed=1)
    state, row, positions = sample.states[0].copy(), sample.parameters[0], np.empty((len(TIMES), 3))
    assert fly(state, row, TIMES, positions) == 1
    assert np.array_equal(state, sample.states[0])
    assert positions[0] == pytest.approx(state[:3])
    assert advance(state, row, 1.0) == 0
    assert not np.array_equal(state, sample.states[0])


def test_a_ball_given_inside_the_floor_is_lifted_and_one_below_the_surface_falls_beside_it():
    row = throw("table-tennis", 1, seed=1).parameters[0]
    state = np.zeros((2, 9))
    state[:, 2] = [0.5 * row[RADIUS], -0.3]
    heights = fly_many(state, row, np.array([0.0, 0.5]))[:, :, 2]
    assert heights[0] == pytest.approx(row[RADIUS], abs=1e-12)
    assert heights[1, 0] == -0.3
    assert heights[1, 1] < -1.0


def test_lift_that_beats_gravity_inside_one_step_still_meets_the_floor():
    row = np.zeros(NUM_PARAMETERS)
    row[[GRAVITY, LIFT, RADIUS, INERTIA, RESTITUTION, FLOOR]] = 9.8, 0.02, 0.1, 0.4, 0.5, -0.1
    state = np.array([[0.0, 0, 0.004, 20.0, 0, -1.2, 0, -400.0, 0]])
    assert acceleration(*state[0, 3:], *row[:5])[2] > 100
    free = np.where(np.arange(NUM_PARAMETERS) == FLOOR, -np.inf, row)
    times = np.linspace(0, 1 / 30, 100)
    heights = fly_many(state, free, times)[0, :, 2]
    assert heights.min() < 0 < heights[-1]
    found, before, after = bounces(state, row, 1 / 30, 3)
    assert found[0, 0] == pytest.approx(times[(heights < 0).argmax()], abs=1 / 30 / 99)
    assert before[0, 0, 5] < 0 < after[0, 0, 5]
    assert fly_many(state, row, times)[0, :, 2].min() >= -1e-9


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"states": np.zeros((2, 8))}, "states"),
        ({"parameters": np.zeros((3, 12))}, "parameters"),
        ({"times": np.array([0.0, 0.0])}, "times"),
        ({"times": np.array([-1.0, 0.0])}, "times"),
        ({"times": np.array([0.0, np.nan])}, "times"),
        ({"times": np.zeros((3, 1))}, "times"),
        ({"max_step": 0.0}, "max_step"),
    ],
)
def test_what_does_not_fit_is_named(change, where):
    arguments = {"states": np.zeros((2, 9)), "parameters": np.zeros(12), "times": np.array([0.0, 1.0])} | change
    with pytest.raises(InputError) as raised:
        fly_many(**arguments)
    assert raised.value.where == where
