"""Flight, bounces and rolling against closed forms."""

import math

import numpy as np
import pytest

from pathcast.simulator.ball.aim import aim
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
    advance,
    bounce,
    bounces,
    fly_states,
    roll,
)
from pathcast.simulator.ball.sports import BASKETBALL, nominal_parameters

G = 9.80665


def vacuum(entries=()):
    """A parameter row with gravity alone and no floor, but for the entries given."""
    row = np.zeros(NUM_PARAMETERS)
    row[GRAVITY], row[RADIUS], row[INERTIA], row[FLOOR] = G, 0.1, 2 / 3, -np.inf
    for index, value in dict(entries).items():
        row[index] = value
    return row


def launched(speed, degrees, height=0.0):
    state = np.zeros((1, 9))
    state[0, 2:6] = [height, speed * math.cos(math.radians(degrees)), 0, speed * math.sin(math.radians(degrees))]
    return state


def test_in_vacuum_the_path_is_the_parabola():
    state = launched(9.5, 50, 2.1)
    times, before, _ = bounces(state, vacuum({FLOOR: -0.1}), 3.0, 1)
    assert times[0, 0] == pytest.approx(1.7315243, abs=1e-7)
    assert before[0, 0, 0] == pytest.approx(10.5735225, abs=1e-7)
    exact = (state[0, 5] + math.sqrt(state[0, 5] ** 2 + 2 * G * 2.1)) / G
    assert times[0, 0] == pytest.approx(exact, abs=1e-12)
    apex = fly_states(state, vacuum(), np.array([state[0, 5] / G]))
    assert apex[0, 0, 2] == pytest.approx(4.8002531, abs=1e-7)


def test_straight_up_with_drag_gives_the_logarithms_height_and_return_speed():
    mass, radius = 0.145, 0.0366
    drag = 0.5 * 1.2 * 0.38 * math.pi * radius**2 / mass
    times, before, _ = bounces(launched(40, 90), vacuum({DRAG: drag, FLOOR: -0.1}), 10.0, 1, max_step=1 / 120)
    assert -before[0, 0, 5] == pytest.approx(27.7374231, abs=1e-6)
    apex = fly_states(launched(40, 90), vacuum({DRAG: drag}), np.array([3.1582989]), max_step=1 / 120)
    assert apex[0, 0, 2] == pytest.approx(55.3244634, abs=1e-6)
    assert apex[0, 0, 5] == pytest.approx(0.0, abs=1e-6)
    assert times[0, 0] > 2 * 3.1582989


def test_drag_alone_slows_hyperbolically():
    drag = 0.5 * 1.2 * 0.507 * math.pi * 0.033**2 / 0.0577
    state = fly_states(launched(50, 0), vacuum({GRAVITY: 0.0, DRAG: drag}), np.array([0.5]), max_step=1 / 120)
    assert state[0, 0, 3] == pytest.approx(34.4608529, abs=1e-6)
    assert state[0, 0, 0] == pytest.approx(20.6354566, abs=1e-6)


def test_lift_alone_bends_the_path_into_a_circle():
    lift = 0.5 * 1.2 * (4 / 3 * math.pi * 0.12**3) / 0.62
    state = launched(10, 0)
    state[0, 8] = 4 * math.pi
    turn = lift * 4 * math.pi
    times = np.array([0.5, 1.0, 2 * math.pi / turn])
    positions = fly_states(state, vacuum({GRAVITY: 0.0, LIFT: lift}), times)[0]
    radius = 10 / turn
    assert turn == pytest.approx(0.08802414, abs=1e-8)
    assert radius == pytest.approx(113.6052045, abs=1e-6)
    assert positions[1, 1] == pytest.approx(0.4398366, abs=1e-6)
    assert np.hypot(positions[:, 0], positions[:, 1] - radius) == pytest.approx(radius, abs=1e-6)
    assert positions[2, :3] == pytest.approx(np.zeros(3), abs=1e-5)


def test_a_superball_swaps_velocity_and_spin_without_loss():
    vx, _, vz, _, wy, _ = bounce(5.0, 0.0, -5.0, 0.0, 0.0, 0.0, 0.025, 0.4, 1.0, 1.0, 1e9)
    assert (vx, vz, wy) == pytest.approx((15 / 7, 5.0, 2000 / 7), abs=1e-12)
    assert 0.5 * (vx**2 + vz**2 + 0.4 * (0.025 * wy) ** 2) == pytest.approx(25.0, abs=1e-12)


@pytest.mark.parametrize(
    ("friction", "vx", "vz", "wy", "expected"),
    [
        (0.6, 20.0, -8.0, 0.0, (12.9032258, 6.0, 391.0068423)),
        (0.4, 30.0, -5.0, 0.0, (26.5, 3.75, 192.8374656)),
        (0.6, 20.0, -8.0, 200.0, (15.2451613, 6.0, 461.9745846)),
    ],
    ids=["grips", "slides", "topspin"],
)
def test_a_tennis_ball_grips_or_slides(friction, vx, vz, wy, expected):
    after = bounce(vx, 0.0, vz, 0.0, wy, 0.0, 0.033, 0.55, 0.75, 0.0, friction)
    assert (after[0], after[2], after[4]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("inertia", "speed", "duration", "distance"),
    [(0.4, 2.142857, 0.437021, 1.123769), (2 / 3, 1.8, 0.611830, 1.468391)],
)
def test_a_ball_set_down_slides_until_it_rolls(inertia, speed, duration, distance):
    x, _, vx, _, _, wy = roll(3.0, 0.0, 0.0, 0.0, duration, G, 0.1, inertia, 0.2)
    assert x == pytest.approx(distance, abs=1e-5)
    assert vx == pytest.approx(speed, abs=1e-5)
    assert vx - 0.1 * wy == pytest.approx(0.0, abs=1e-4)


def test_a_dropped_ball_comes_to_rest_when_the_geometric_series_ends():
    state = np.zeros((1, 9))
    state[0, 2] = 1.0
    row = vacuum({RESTITUTION: 0.8, FLOOR: -0.1})
    times, _, after = bounces(state, row, 6.0, 60)
    num = int(np.isfinite(times).sum())
    assert times[0, num - 1] < 4.06441
    assert times[0, num - 1] == pytest.approx(4.06441, abs=2 * 0.05 / G / 0.2)
    assert np.isfinite(times[0, :num]).all()
    assert after[0, num - 1, 5] == 0.0
    assert fly_states(state, row, np.array([4.2, 6.0]))[0, :, 2] == pytest.approx([0.0, 0.0], abs=0)


def test_a_rolling_ball_comes_to_a_stop_and_stays():
    state = np.zeros(9)
    state[3] = 3.0
    row = vacuum({FLOOR: -0.1, FRICTION: 0.2})
    assert advance(state, row, 60.0) == 0
    assert not state[3:].any()
    stopped = state.copy()
    advance(state, row, 5.0)
    assert np.array_equal(state, stopped)


def test_a_basketball_bounces_as_high_as_the_rules_ask():
    state = np.zeros((1, 9))
    row = nominal_parameters(BASKETBALL)
    state[0, 2] = 1.8 + row[RADIUS]
    first, _, after = bounces(state, row, 3.0, 1)
    later = fly_states(after[:, 0], row, np.linspace(0, 1.0, 1001))[0, :, 2].max() - row[RADIUS]
    assert 1.035 < later < 1.085
    assert first[0, 0] > math.sqrt(2 * 1.8 / G)


@pytest.mark.parametrize(
    ("distance", "rise", "speed", "degrees"), [(6.75, 0.75, 8.5998391, 48.1701), (4.21, 0.92, 7.1611737, 51.1635)]
)
def test_aiming_in_vacuum_finds_the_slowest_shot(distance, rise, speed, degrees):
    rows = vacuum()[None]

    def needed(angle):
        return aim(launched(1.0, angle), rows, np.array([distance]), np.array([rise]))[0]

    assert needed(degrees) == pytest.approx(speed, abs=1e-6)
    assert needed(degrees - 0.5) > needed(degrees)
    assert needed(degrees + 0.5) > needed(degrees)


def test_aiming_with_drag_needs_a_quarter_more_speed_from_the_three_point_line_than_from_the_free_throw_line():
    row = nominal_parameters(BASKETBALL, floor=-np.inf)[None]
    speeds = [
        aim(launched(1.0, 52, height), row, np.array([distance]), np.array([3.04]))[0]
        for distance, height in ((4.191, 2.134), (6.75, 2.3))
    ]
    assert speeds[1] / speeds[0] == pytest.approx(1.24, abs=0.03)


def test_an_aimed_ball_passes_through_the_point():
    state = launched(1.0, 52, 2.1)
    state[0, 7] = -12.0
    row = nominal_parameters(BASKETBALL, floor=-np.inf)[None]
    state[0, 3:6] *= aim(state, row, np.array([4.19]), np.array([3.04]))[0]
    path = fly_states(state, row, np.linspace(0, 1.5, 15001))[0]
    passing = path[(np.abs(path[:, 0] - 4.19) < 1e-3) & (path[:, 5] < 0)]
    assert np.abs(passing[:, 2] - 3.04).min() < 2e-4
    assert np.isnan(aim(launched(1.0, 5, 0.0), row, np.array([4.0]), np.array([3.0])))[0]
