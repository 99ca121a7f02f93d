"""Flight with coefficients by speed and spin, wind by height and time: an independent integrator, papers, laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from pathcast.simulator.ball.aerodynamics import carry, drag_rate, gust, lift_shape, motion_in_air
from pathcast.simulator.ball.aim import aim
from pathcast.simulator.ball.air import air_density
from pathcast.simulator.ball.coefficients import full_parameters, set_gusts, set_wind_profile
from pathcast.simulator.ball.flight import bounces, fly_many, fly_states
from pathcast.simulator.ball.following import follow
from pathcast.simulator.ball.parameters import (
    CRISIS_DRAG,
    CRISIS_SPEED,
    CRISIS_WIDTH,
    DRAG,
    FLOOR,
    GRAVITY,
    GUSTS,
    INERTIA,
    LIFT,
    LIFT_DIP,
    LIFT_DIP_AT,
    LIFT_DIP_WIDTH,
    LIFT_POWER,
    LIFT_SATURATION,
    NUM_FULL_PARAMETERS,
    NUM_PARAMETERS,
    RADIUS,
    RESTITUTION_FALL,
    SPIN_DECAY,
    SPIN_DECAY_BY_WAY,
    SPIN_DRAG,
    SPIN_RATE_DRAG,
    TORSION_LOSS,
    WIND_GROUND,
    WIND_ROUGHNESS,
    WIND_SHEAR,
    WIND_X,
    WIND_Y,
    full_rows,
)
from pathcast.simulator.ball.scenarios import throw
from pathcast.simulator.ball.sports import BALLS, INDOOR_VISCOSITY, ball_named

G = 9.80665
FOOT, MILE_PER_HOUR, RPM = 0.3048, 0.44704, 2 * math.pi / 60
SPEEDS_AND_SPINS = {
    "basketball": (4, 12, 20),
    "table-tennis": (2, 12, 400),
    "soccer": (8, 34, 80),
    "tennis": (12, 60, 350),
    "baseball": (25, 55, 280),
    "volleyball": (6, 28, 60),
    "golf": (40, 80, 350),
    "generic": (3, 40, 100),
}


def wind(time, height, p):
    share = 1.0
    if p[WIND_ROUGHNESS] > 0:
        share = p[WIND_SHEAR] * math.log(1 + max(height - p[WIND_GROUND], 0) / p[WIND_ROUGHNESS])
    gusts = p[GUSTS:].reshape(-1, 5)
    cosine, sine = np.cos(gusts[:, 0] * time), np.sin(gusts[:, 0] * time)
    x, y = gusts[:, 1] @ cosine + gusts[:, 2] @ sine, gusts[:, 3] @ cosine + gusts[:, 4] @ sine
    return np.array([share * p[WIND_X] + x, share * p[WIND_Y] + y, 0.0])


def rate(time, state, p):
    """Of change of a state, from the equations of docs/theory.md."""
    spin = state[6:9]
    u = state[3:6] - wind(time, state[2], p)
    speed, turn = np.linalg.norm(u), np.linalg.norm(spin)
    drag = p[DRAG] + p[SPIN_RATE_DRAG] * turn + p[SPIN_DRAG] * p[RADIUS] * turn / speed
    if p[CRISIS_DRAG]:
        drag += p[CRISIS_DRAG] / (1 + math.exp(min((speed - p[CRISIS_SPEED]) / p[CRISIS_WIDTH], 700)))
    across = np.cross(spin, u)
    s = p[RADIUS] * np.linalg.norm(across) / speed**2
    lift = p[LIFT] * s ** p[LIFT_POWER] / (1 + p[LIFT_SATURATION] * s) if s else 0.0
    if p[LIFT_DIP]:
        lift *= 1 - p[LIFT_DIP] * math.exp(-(((s - p[LIFT_DIP_AT]) / p[LIFT_DIP_WIDTH]) ** 2))
    pull = lift * across - drag * speed * u - [0, 0, p[GRAVITY]]
    return np.concatenate([state[3:6], pull, -(p[SPIN_DECAY] + p[SPIN_DECAY_BY_WAY] * speed) * spin])


def thrown(name, num, seed, windy):
    """Throws over a sport's speeds and spins; windy ones in a profile with gusts."""
    draws = np.random.default_rng(seed)
    slow, fast, turn = SPEEDS_AND_SPINS[name]
    rows = full_parameters(ball_named(name), num, floor=-np.inf, wind=(3.0, -2.0) if windy else (0.0, 0.0))
    rows[:, SPIN_DECAY_BY_WAY] = 0.002
    states = np.zeros((num, 9))
    states[:, 2] = 30.0
    if windy:
        set_wind_profile(rows, 0.03)
        set_gusts(rows, draws.standard_normal((num, 4, 4)), 1.0)
    elevation, speed = np.radians(draws.uniform(-5, 70, num)), draws.uniform(slow, fast, num)
    states[:, 3], states[:, 5] = speed * np.cos(elevation), speed * np.sin(elevation)
    states[:, 6:] = 0.5 * turn * draws.standard_normal((num, 3))
    return states, rows


@pytest.mark.parametrize("windy", [False, True], ids=["calm", "windy"])
@pytest.mark.parametrize("name", SPEEDS_AND_SPINS)
def test_every_sports_flight_agrees_with_an_adaptive_integrator_to_a_micrometre(name, windy):
    states, rows = thrown(name, 6, 1, windy)
    times = np.linspace(0, 2, 21)
    ours = follow(states, rows, times).states
    for state, row, mine in zip(states, rows, ours, strict=True):
        truth = solve_ivp(rate, (0, 2), state, "DOP853", times, args=(row,), rtol=1e-12, atol=1e-12).y.T
        assert np.abs(mine[:, :3] - truth[:, :3]).max() < 1e-6
        assert np.abs(mine[:, 3:6] - truth[:, 3:6]).max() < 2e-5
        assert mine[:, 6:] == pytest.approx(truth[:, 6:], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("windy", [False, True], ids=["calm", "windy"])
@pytest.mark.parametrize("name", SPEEDS_AND_SPINS)
def test_steps_chosen_for_a_micrometre_keep_it_in_hundreds_of_throws(name, windy):
    # Spins that come to lie along the way, slow balls and crises among them.
    states, rows = thrown(name, 250, 11, windy)
    times = np.linspace(0, 2, 21)
    chosen, fine = (follow(states, rows, times, max_step=step, positions_only=True).states for step in (1.0, 1 / 400))
    assert np.abs(chosen - fine).max() < 1e-6


@pytest.mark.parametrize("name", ["soccer", "tennis", "table-tennis"])
def test_a_hundredfold_smaller_error_asked_for_is_a_much_smaller_error(name):
    states, rows = thrown(name, 20, 2, True)
    times = np.linspace(0, 2, 11)
    truth = follow(states, rows, times, max_step=1 / 1500).states[:, :, :3]
    rough, fine = (np.abs(follow(states, rows, times, error_m=e).states[:, :, :3] - truth).max() for e in (1e-4, 1e-6))
    assert rough < 1e-4
    assert fine < 1e-6
    assert rough > 5 * fine


def test_with_drag_crisis_lift_by_spin_wind_and_decay_the_integrator_converges_with_order_four():
    states, rows = thrown("soccer", 12, 3, True)
    times = np.array([0.31, 0.77, 1.13, 1.9])
    options = {"rtol": 1e-12, "atol": 1e-12}
    truth = np.array(
        [
            solve_ivp(rate, (0, 1.9), state, "DOP853", times, args=(row,), **options).y.T[:, :3]
            for state, row in zip(states, rows, strict=True)
        ]
    )
    steps = np.array([1 / 15, 1 / 30, 1 / 60, 1 / 120])
    errors = [
        np.sqrt(np.mean((follow(states, rows, times, error_m=1e3, max_step=step).states[:, :, :3] - truth) ** 2))
        for step in steps
    ]
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(4.0, abs=0.35)


@pytest.mark.parametrize("scenario", ["basketball", "table-tennis"])
def test_a_row_of_twelve_means_the_same_as_a_full_row_of_neutral_entries(scenario):
    sample = throw(scenario, 64, seed=5)
    times = np.linspace(0, 1.0, 31)
    twelve = sample.parameters[:, :NUM_PARAMETERS]
    short, full = (follow(sample.states, rows, times) for rows in (twelve, full_rows(twelve)))
    assert np.array_equal(short.states, full.states)
    flown = fly_states(sample.states, twelve, times, 1 / 240)
    assert short.states[:, :, :3] == pytest.approx(flown[:, :, :3], abs=1e-5)
    found, _, after = bounces(sample.states, twelve, 1.0, 3, 1 / 240)
    clear = ~(np.nan_to_num(after[:, :, 5], nan=9.0) < 0.3).any(axis=1)
    assert short.event_times[clear, :3] == pytest.approx(found[clear], abs=1e-6, nan_ok=True)


def test_flying_full_rows_is_following_them():
    states, rows = thrown("tennis", 5, 8, True)
    rows[:, FLOOR] = 20.0
    times = np.linspace(0, 2, 9)
    course = follow(states, rows, times)
    assert np.array_equal(fly_states(states, rows, times, 1.0), course.states)
    assert np.array_equal(fly_many(states, rows, times, 1.0), course.states[:, :, :3])
    found, _, after = bounces(states, rows, 2.0, 2, 1.0)
    assert np.array_equal(found, course.event_times[:, :2], equal_nan=True)
    assert np.array_equal(after, course.after[:, :2], equal_nan=True)
    neutral = rows.copy()
    neutral[:, NUM_PARAMETERS:] = 0.0
    assert np.array_equal(fly_many(states, neutral, times), fly_many(states, rows[:, :NUM_PARAMETERS], times))


def test_a_ball_aimed_through_a_drag_crisis_passes_the_point():
    states, rows = thrown("soccer", 6, 9, True)
    states[:, 3:6] = [math.cos(0.5), 0.0, math.sin(0.5)]
    speeds = aim(states, rows, np.full(6, 12.0), np.full(6, 32.0))
    states[:, 3:6] *= speeds[:, None]
    path = follow(states, rows, np.linspace(0, 2, 20001)).states
    for places in path:
        reach = np.hypot(places[:, 0], places[:, 1])
        assert places[np.abs(reach - 12.0).argmin(), 2] == pytest.approx(32.0, abs=2e-3)


def nathan(altitude=0.0):
    """A baseball's row by Nathan's trajectory calculator: 70 F, half saturated, Cd .3008 + .0292 per 1000 rpm."""
    density = float(air_density(altitude, (70 - 32) / 1.8, 0.5))
    radius, mass = 9.125 * 0.0254 / (2 * math.pi), 5.125 * 0.028349523125
    per_mass = 0.5 * density * math.pi * radius**2 / mass
    row = np.zeros(NUM_FULL_PARAMETERS)
    row[GRAVITY], row[RADIUS], row[INERTIA] = G, radius, 0.4
    row[DRAG], row[SPIN_RATE_DRAG] = per_mass * 0.3008, per_mass * 0.0292 / (1000 * RPM)
    row[LIFT], row[LIFT_SATURATION] = per_mass * radius * 1.12 / 0.583, 2.333 / 0.583
    row[SPIN_DECAY], row[FLOOR] = 1 / 30, -radius
    return row


def carried(row, mph, degrees, num_rpm, height=3 * FOOT):
    """How far from home plate a ball hit 2 ft before it, with backspin, lands; feet."""
    speed = mph * MILE_PER_HOUR
    state = np.zeros((1, 9))
    state[0, [2, 3, 5]] = height, speed * math.cos(math.radians(degrees)), speed * math.sin(math.radians(degrees))
    state[0, 7] = -num_rpm * RPM
    return 2.0 + follow(state, row, np.array([8.0])).before[0, 0, 0] / FOOT


def test_a_batted_ball_without_spin_carries_as_in_pybaseball():
    assert carried(nathan(), 100, 20, 1) == pytest.approx(308, abs=1.0)


def test_a_batted_ball_carries_further_at_altitude():
    low, high = carried(nathan(), 100, 30, 2000), carried(nathan(1585.0), 100, 30, 2000)
    assert low == pytest.approx(410.85, abs=0.3)
    assert high == pytest.approx(437.95, abs=0.3)


def test_with_drag_proportional_to_speed_the_path_is_the_exponential():
    row = np.zeros(NUM_FULL_PARAMETERS)
    # Drag that grows with the spin parameter alone is k_S S |u| u = k_S R |w| u: linear in u.
    row[GRAVITY], row[RADIUS], row[INERTIA], row[FLOOR] = G, 0.1, 0.4, -0.1
    row[SPIN_DRAG] = 0.3 / (0.1 * 50.0)
    state = np.zeros((1, 9))
    state[0, [3, 5]] = 12 * math.cos(math.radians(40)), 12 * math.sin(math.radians(40))
    state[0, 7] = 50.0
    course = follow(state, row, np.array([0.7061760, 1.0, 1.6]), error_m=1e-8)
    assert course.event_times[0, 0] == pytest.approx(1.4659942, abs=1e-6)
    assert course.before[0, 0, 0] == pytest.approx(10.9033750, abs=1e-6)
    assert course.states[0, 0, [2, 5]] == pytest.approx([2.6274345, 0.0], abs=1e-6)
    assert course.states[0, 1, [0, 2]] == pytest.approx([7.9417905, 2.2162867], abs=1e-6)


def test_drag_falls_through_the_crisis_as_the_curve_says():
    ball = ball_named("soccer")
    row = full_parameters(ball)[0]
    per_mass = row[DRAG] / ball.drag_curve.high
    for speed in (5.0, 10.0, 12.19, 15.0, 30.0):
        found = drag_rate(speed, 0.0, row) / speed / per_mass
        assert found == pytest.approx(0.155 + 0.346 / (1 + math.exp((speed - 12.19) / 1.309)), abs=1e-9)
        reynolds = 2 * ball.radius_m * speed / INDOOR_VISCOSITY
        assert found == pytest.approx(float(ball.drag_curve(reynolds)), abs=1e-12)


@pytest.mark.parametrize("name", sorted(BALLS))
def test_forces_follow_each_sports_own_curves(name):
    ball = ball_named(name)
    row = full_parameters(ball)[0]
    for speed, turn in ((3.0, 0.0), (12.0, 40.0), (30.0, 200.0)):
        ax, ay, az, _ = motion_in_air(0.0, speed, 0.0, 0.0, 0.0, -turn, 0.0, 0.0, 0.0, row)
        spin = ball.radius_m * turn / speed
        per_mass = 0.5 * 1.199 * math.pi * ball.radius_m**2 / ball.mass_kg * speed**2
        reynolds = 2 * ball.radius_m * speed / INDOOR_VISCOSITY
        assert -ax == pytest.approx(per_mass * float(ball.drag_curve(reynolds, spin)), rel=1e-9)
        assert az + row[GRAVITY] == pytest.approx(per_mass * float(ball.lift_curve(spin)), rel=1e-9, abs=1e-12)
        assert ay == 0.0


def test_lift_by_a_power_of_the_spin_is_the_golf_balls():
    row = np.zeros(NUM_FULL_PARAMETERS)
    row[RADIUS], row[LIFT], row[LIFT_POWER] = 0.02134, 0.02134, -0.631
    for turn in (100.0, 280.0, 500.0):
        spin = 0.02134 * turn / 60.0
        _, _, az, _ = motion_in_air(0.0, 60.0, 0.0, 0.0, 0.0, -turn, 0.0, 0.0, 0.0, row)
        assert az == pytest.approx(60.0**2 * spin**0.369, rel=1e-9)


def test_lift_vanishes_in_the_valley_of_a_table_tennis_ball():
    row = np.zeros(NUM_FULL_PARAMETERS)
    row[[LIFT_DIP, LIFT_DIP_AT, LIFT_DIP_WIDTH]] = 1.0, 0.49, 0.05
    assert lift_shape(0.49, row) == pytest.approx(0.0, abs=1e-12)
    assert lift_shape(0.2, row) == pytest.approx(1.0, abs=1e-9)


def test_spin_along_the_way_does_not_lift():
    row = full_parameters(ball_named("baseball"))[0]
    _, ay, az, _ = motion_in_air(0.0, 40.0, 0.0, 0.0, 200.0, 0.0, 0.0, 0.0, 0.0, row)
    assert ay == 0.0
    assert az == -row[GRAVITY]


def between(low, high):
    return st.floats(low, high, allow_subnormal=False)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), name=st.sampled_from(sorted(SPEEDS_AND_SPINS)))
def test_air_never_gives_energy_to_a_ball_relative_to_itself(data, name):
    row = full_parameters(ball_named(name))[0]
    row[[LIFT_DIP, LIFT_DIP_AT, LIFT_DIP_WIDTH]] = data.draw(between(0, 1)), 0.5, 0.1
    row[WIND_X], row[WIND_Y] = data.draw(between(-10, 10)), data.draw(between(-10, 10))
    vx, vy, vz = (data.draw(between(-60, 60)) for _ in range(3))
    ax, ay, az, decay = motion_in_air(
        1.0, vx, vy, vz, *(data.draw(between(-400, 400)) for _ in range(3)), 1.0, -2.0, row
    )
    power = ax * (vx - row[WIND_X] - 1.0) + ay * (vy - row[WIND_Y] + 2.0) + (az + row[GRAVITY]) * vz
    assert power <= 1e-9
    assert decay < 0


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), name=st.sampled_from(sorted(SPEEDS_AND_SPINS)))
def test_energy_relative_to_a_steady_wind_never_grows(seed, name):
    states, rows = thrown(name, 3, seed, False)
    rows[:, WIND_X], rows[:, WIND_Y] = 4.0, -3.0
    found = follow(states, rows, np.linspace(0, 2, 81)).states
    relative = found[:, :, 3:6] - [4.0, -3.0, 0.0]
    turning = (rows[:, INERTIA] * rows[:, RADIUS] ** 2)[:, None] * (found[:, :, 6:] ** 2).sum(-1)
    energy = 0.5 * ((relative**2).sum(-1) + turning) + rows[:, GRAVITY, None] * found[:, :, 2]
    assert (np.diff(energy, axis=1) <= 1e-6 * np.abs(energy[:, 1:])).all()


def test_spin_falls_with_time_and_with_the_way():
    row = np.zeros(NUM_FULL_PARAMETERS)
    row[[RADIUS, INERTIA, FLOOR, SPIN_DECAY, SPIN_DECAY_BY_WAY]] = 0.1, 0.4, -np.inf, 0.1, 0.02
    state = np.array([[0.0, 0, 0, 10, 0, 0, 1, 2, 3]])
    spins = follow(state, row, np.array([1.0, 3.0])).states[0, :, 6:]
    assert spins == pytest.approx(np.exp(-0.3 * np.array([[1.0], [3.0]])) * [1, 2, 3], abs=1e-6)


def test_the_winds_profile_is_logarithmic_and_still_at_the_ground():
    rows = full_parameters(ball_named("soccer"), 1, wind=(5.0, 0.0))
    set_wind_profile(rows, 0.03, 10.0, ground=1.0)
    still = rows[0].copy()
    still[[WIND_X, WIND_Y]] = 0.0
    for height, share in ((1.0, 0.0), (11.0, 1.0), (3.0, math.log1p(2 / 0.03) / math.log1p(10 / 0.03))):
        blown = motion_in_air(height, 5.0 * share, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, rows[0])
        assert blown == pytest.approx(motion_in_air(height, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, still), abs=1e-12)


def test_gusts_have_the_spread_and_the_memory_asked_for():
    draws = np.random.default_rng(4)
    rows = np.zeros((4000, NUM_FULL_PARAMETERS))
    set_gusts(rows, draws.standard_normal((4000, 4, 4)), 1.5, memory_s=2.0)
    now, later = (np.array([gust(t, row) for row in rows]) for t in (0.7, 1.7))
    assert now.std(axis=0) == pytest.approx([1.5, 1.5], rel=0.05)
    parts = np.cos(rows[0, GUSTS::5] * 1.0).mean()
    assert parts == pytest.approx(math.exp(-1.0 / 2.0), abs=0.15)
    assert np.mean(now * later, axis=0) / 1.5**2 == pytest.approx([parts] * 2, abs=0.06)


def test_restitution_falls_with_speed_and_torsion_takes_spin():
    row = np.zeros(NUM_FULL_PARAMETERS)
    row[[GRAVITY, RADIUS, INERTIA, FLOOR, 9, RESTITUTION_FALL, TORSION_LOSS]] = G, 0.02, 2 / 3, -0.02, 0.9, 0.02, 0.25
    state = np.zeros((1, 9))
    state[0, [2, 5, 8]] = 0.5, -3.0, 40.0
    course = follow(state, row, np.array([0.3]))
    into = -course.before[0, 0, 5]
    assert course.after[0, 0, 5] == pytest.approx((0.9 - 0.02 * into) * into, rel=1e-9)
    assert course.after[0, 0, 8] == pytest.approx(30.0)


def test_carrying_a_ball_on_is_following_it():
    states, rows = thrown("soccer", 5, 6, True)
    ends = follow(states, rows, np.array([1.3]), error_m=1e-9).states[:, 0]
    for state, row, end in zip(states, rows, ends, strict=True):
        carry(state, row, 1.3)
        assert state == pytest.approx(end, abs=1e-6)
    state[3] = np.nan
    carry(state, rows[0], 1.0)
    assert np.isnan(state).all()


def test_a_throw_that_diverges_is_nan_and_leaves_its_neighbours_alone():
    states, rows = thrown("tennis", 4, 7, False)
    times = np.linspace(0, 1, 5)
    good = follow(states, rows, times).states
    states[0, 3], states[1, 8], rows[2, LIFT_SATURATION] = 1e300, np.nan, np.inf
    found = follow(states, rows, times).states
    assert np.isnan(found[0, 1:]).all()
    assert np.isnan(found[1:3]).all()
    assert np.array_equal(found[3], good[3])
