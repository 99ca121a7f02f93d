"""Flight against an independent integrator: scipy's DOP853 with its own events, and the order of convergence."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from pathcast.simulator.ball.flight import (
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    INERTIA,
    LIFT,
    RADIUS,
    RESTITUTION,
    SPIN_DECAY,
    TANGENTIAL,
    WIND_X,
    WIND_Y,
    bounces,
    fly_many,
    fly_states,
)
from pathcast.simulator.ball.parameters import NUM_PARAMETERS
from pathcast.simulator.ball.scenarios import throw


def rate(_, state, row):
    """Of change of a state, from the equations of docs/theory.md."""
    velocity, spin = state[3:6], state[6:9]
    relative = velocity - [row[WIND_X], row[WIND_Y], 0]
    drag = -row[DRAG] * np.linalg.norm(relative) * relative
    lift = row[LIFT] * np.cross(spin, relative)
    return np.concatenate([velocity, drag + lift - [0, 0, row[GRAVITY]], -row[SPIN_DECAY] * spin])


def bounced(state, row):
    """A state after contact with the floor, in vector form."""
    normal = np.array([0, 0, 1.0])
    inertia, radius = row[INERTIA], row[RADIUS]
    impulse = -(1 + row[RESTITUTION]) * state[5]
    slip = state[3:6] - state[5] * normal + np.cross(state[6:9], -radius * normal)
    grip = -(1 + row[TANGENTIAL]) * inertia / (1 + inertia) * slip
    if np.linalg.norm(grip) > row[FRICTION] * impulse:
        grip *= row[FRICTION] * impulse / np.linalg.norm(grip)
    after = state.copy()
    after[3:6] += impulse * normal + grip
    after[6:9] -= np.cross(normal, grip) / (inertia * radius)
    return after


def reference(state, row, times, max_bounces=6):
    """States at the times and the times of bounces, by DOP853."""

    def height(_, state, row):
        return state[2] - row[FLOOR] - row[RADIUS]

    height.terminal, height.direction = True, -1
    now, found, pieces = 0.0, [], []
    for _ in range(max_bounces + 1):
        left = times[times >= now] if not found else times[times > now]
        if not len(left):
            break
        solution = solve_ivp(
            rate, (now, times[-1]), state, "DOP853", left, events=height, args=(row,), rtol=1e-12, atol=1e-12
        )
        pieces.append(np.reshape(np.transpose(solution.y), (-1, 9)))
        if solution.status != 1:
            break
        now = solution.t_events[0][0]
        found.append(now)
        state = bounced(solution.y_events[0][0], row)
        state[2] = row[FLOOR] + row[RADIUS] + 1e-15
    return np.concatenate(pieces), np.array(found)


def clear_throws(scenario, num, duration):
    """Throws with constant coefficients, windy ones among them, whose bounces are no grazes and do not end in rest."""
    throws = throw(scenario, num, seed=3)
    rows = throws.parameters[:, :NUM_PARAMETERS].copy()
    rows[: num // 2, WIND_X], rows[: num // 2, WIND_Y] = 3.0, -2.0
    _, before, after = bounces(throws.states, rows, duration, 8)
    with np.errstate(invalid="ignore"):
        clear = ~((np.abs(before[:, :, 5]) < 1.0) | (after[:, :, 5] < 0.6)).any(axis=1)
    assert clear.mean() > 0.5
    return throws.states[clear], rows[clear]


@pytest.mark.parametrize(("scenario", "duration"), [("basketball", 2.0), ("three-pointer", 2.0), ("table-tennis", 0.8)])
def test_positions_agree_with_an_adaptive_integrator_to_a_micrometre(scenario, duration):
    states, rows = clear_throws(scenario, 60, duration)
    times = np.linspace(0, duration, 97)
    ours = fly_many(states, rows, times)
    for state, row, positions in zip(states[:25], rows[:25], ours, strict=False):
        truth, _ = reference(state, row, times)
        assert np.abs(positions - truth[:, :3]).max() < 1e-6


def test_bounces_are_located_to_a_nanosecond():
    states, rows = clear_throws("basketball", 60, 2.0)
    found, _, _ = bounces(states, rows, 2.0, 8, max_step=1 / 240)
    compared = 0
    for state, row, times in zip(states[:25], rows[:25], found, strict=False):
        _, truth = reference(state, row, np.array([0.0, 2.0]))
        assert np.abs(times[: len(truth)] - truth).max(initial=0.0) < 1e-9
        assert np.isnan(times[len(truth) :]).all()
        compared += len(truth)
    assert compared > 25


@pytest.mark.parametrize("columns", [slice(0, 3), slice(3, 6)])
def test_the_integrator_converges_with_order_four(columns):
    states, rows = clear_throws("basketball", 60, 2.0)
    rows[:, DRAG] *= 3
    rows[:, LIFT] *= 3
    times = np.array([0.31, 0.77, 1.13, 1.9])
    truth = fly_states(states, rows, times, max_step=1 / 1000)[:, :, columns]
    steps = np.array([1 / 10, 1 / 20, 1 / 40, 1 / 80])
    errors = [np.sqrt(np.mean((fly_states(states, rows, times, step)[:, :, columns] - truth) ** 2)) for step in steps]
    order = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert order == pytest.approx(4.0, abs=0.35)
