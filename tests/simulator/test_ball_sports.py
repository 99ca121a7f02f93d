"""The sports' constants against their rules, published curves and flights."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.ball.air import air_density
from pathcast.simulator.ball.flight import WIND_X, bounces, fly_states
from pathcast.simulator.ball.parameters import (
    DRAG,
    FLOOR,
    GRAVITY,
    GUSTS,
    LIFT,
    NUM_GUSTS,
    RESTITUTION,
    RESTITUTION_FALL,
    WIND_SHEAR,
    WIND_Y,
)
from pathcast.simulator.ball.scenarios import SCENARIOS, scenario_named, throw
from pathcast.simulator.ball.sports import (
    BALLS,
    BASEBALL,
    BASKETBALL,
    GOLF,
    INDOOR_VISCOSITY,
    SOCCER,
    TABLE_TENNIS,
    TENNIS,
    VOLLEYBALL,
    DragCurve,
    LiftCurve,
    nominal_parameters,
    random_parameters,
)
from pathcast.simulator.ball.surfaces import FLOOR_CONTACT, NET_CONTACT

RPM = 2 * np.pi / 60
EVERY_BALL = pytest.mark.parametrize("ball", BALLS.values(), ids=BALLS)
EVERY_SCENARIO = pytest.mark.parametrize("name", SCENARIOS)


def reynolds(ball, speed):
    return 2 * ball.radius_m * speed / INDOOR_VISCOSITY


@pytest.mark.parametrize(
    ("ball", "mass", "circumference"),
    [
        (BASKETBALL, (0.567, 0.650), (0.749, 0.780)),
        (TABLE_TENNIS, (0.00267, 0.00277), (0.1250, 0.1271)),
        (SOCCER, (0.410, 0.450), (0.68, 0.70)),
        (TENNIS, (0.0560, 0.0594), (0.2054, 0.2155)),
        (BASEBALL, (0.1417, 0.1488), (0.2286, 0.2350)),
        (VOLLEYBALL, (0.260, 0.280), (0.65, 0.67)),
        (GOLF, (0.0450, 0.04594), (0.1340, 0.1350)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_balls_are_what_the_rules_allow(ball, mass, circumference):
    assert mass[0] <= ball.mass_kg <= mass[1]
    assert circumference[0] <= 2 * np.pi * ball.radius_m <= circumference[1]


@EVERY_BALL
def test_nominal_coefficients_lie_on_the_curves(ball):
    usual = {"basketball": (9, 13), "table-tennis": (7, 150), "soccer": (25, 45), "tennis": (30, 180)}
    usual |= {"baseball": (40, 2200 * RPM), "volleyball": (20, 40), "golf": (70, 290), "generic": (10, 40)}
    speed, spin = usual[ball.name]
    share = ball.radius_m * spin / speed
    assert ball.drag_curve(reynolds(ball, speed), share) == pytest.approx(ball.drag_coefficient, rel=0.05)
    assert ball.lift_curve.per_spin(share) == pytest.approx(ball.lift_per_spin, rel=0.08)


@EVERY_BALL
@settings(deadline=None, max_examples=30)
@given(speed=st.floats(0.1, 90.0), spin=st.floats(0.0, 1.0))
def test_drag_stays_between_the_sides_of_its_crisis_and_lift_grows_with_spin(ball, speed, spin):
    drag, lift = ball.drag_curve, ball.lift_curve
    here = drag(reynolds(ball, speed), spin) - drag.per_spin * spin
    assert min(drag.low, drag.high) - 1e-12 <= here <= max(drag.low, drag.high) + 1e-12
    assert drag(reynolds(ball, speed + 1.0), spin) <= drag(reynolds(ball, speed), spin) + 1e-12
    assert lift(0.0) == 0.0
    assert lift(spin) <= lift(spin + 0.1) <= 1.2


@pytest.mark.parametrize("speed", [5.0, 10.0, 12.19, 14.0, 20.0, 30.0])
def test_a_soccer_balls_drag_is_the_logistic_of_goff_and_carre(speed):
    assert SOCCER.drag(reynolds(SOCCER, speed)) == pytest.approx(0.155 + 0.346 / (1 + np.exp((speed - 12.19) / 1.309)))


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.5)])
def test_a_soccer_balls_lift_spans_the_measured_values(low, high):
    assert 0.18 < SOCCER.lift(low) < 0.25
    assert SOCCER.lift(high) == pytest.approx(0.35, abs=0.01)


@pytest.mark.parametrize("rpm", [0.0, 1000.0, 2500.0])
def test_a_baseballs_coefficients_are_those_of_nathans_calculator(rpm):
    share = BASEBALL.radius_m * rpm * RPM / 40.0
    assert BASEBALL.drag(reynolds(BASEBALL, 40.0), share) == pytest.approx(0.3008 + 0.0292 * rpm / 1000, abs=1e-4)
    assert BASEBALL.lift(share) == pytest.approx(1.12 * share / (0.583 + 2.333 * share))


@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
def test_a_tennis_balls_lift_is_stepaneks(share):
    assert TENNIS.lift(share) == pytest.approx(1 / (2.022 + 0.981 / share))


@pytest.mark.parametrize("share", [0.08, 0.15, 0.3, 0.45])
def test_a_golf_balls_lift_is_the_fitted_power_law_within_a_twelfth(share):
    assert GOLF.lift(share) == pytest.approx(0.447 * share**0.369, rel=0.08)
    assert GOLF.drag(2e5, share) == pytest.approx(0.230 + 0.269 * share)


@pytest.mark.parametrize(
    ("ball", "height", "low", "high"), [(TENNIS, 2.54, 1.35, 1.47), (TABLE_TENNIS, 0.30, 0.22, 0.24)]
)
def test_a_dropped_ball_rebounds_as_its_rules_want(ball, height, low, high):
    # The ITF drops in vacuum; table-tennis balls fall too short a way for air to matter.
    row = nominal_parameters(ball, air_density=0.0)
    state = np.array([[0.0, 0, ball.radius_m + height, 0, 0, 0, 0, 0, 0]])
    times, _, after = bounces(state, row, 2.0, 1)
    assert low <= after[0, 0, 5] ** 2 / (2 * row[GRAVITY]) <= high
    assert times[0, 0] == pytest.approx(np.sqrt(2 * height / row[GRAVITY]))


def landings(name, num=3000):
    """Throws, and what each touches first: kind, time and place."""
    sample = throw(name, num, 1)
    course = sample.follow(np.array([14.0]), max_events=1, positions_only=True)
    return sample, course.event_kinds[:, 0], course.event_times[:, 0], course.before[:, 0]


@pytest.mark.parametrize(
    ("name", "half_width", "nearest", "farthest", "share", "netted"),
    [
        ("tennis-rally", 4.115, -11.885, 0.0, 0.90, 0.03),
        ("tennis-serve", 4.115, -6.40, 0.0, 0.85, 0.07),
        ("volleyball-serve", 4.5, -9.0, 0.0, 0.75, 0.17),
        ("volleyball-rally", 4.5, -9.0, 0.0, 0.75, 0.21),
    ],
)
def test_most_strokes_clear_the_net_and_land_in_the_other_half(name, half_width, nearest, farthest, share, netted):
    _, kind, _, where = landings(name)
    inside = (np.abs(where[:, 0]) < half_width) & (nearest < where[:, 1]) & (where[:, 1] < farthest)
    assert (inside & (kind == FLOOR_CONTACT)).mean() > share
    assert (kind == NET_CONTACT).mean() < netted
    assert np.isin(kind, (FLOOR_CONTACT, NET_CONTACT)).all()


def test_pitches_cross_the_plate_about_the_strike_zone():
    sample = throw("baseball-pitch", 2000, 1)
    rows = sample.parameters.copy()
    rows[:, FLOOR] = -np.inf
    states = fly_states(sample.states, rows, np.linspace(0, 0.7, 701))
    plate = states[np.arange(2000), (states[:, :, 1] < 0.43).argmax(axis=1)]
    zone = (np.abs(plate[:, 0]) < 0.254) & (plate[:, 2] > 0.45) & (plate[:, 2] < 1.10)
    assert 0.3 < zone.mean() < 0.6
    speed = np.linalg.norm(sample.states[:, 3:6], axis=1)
    assert np.median(speed) == pytest.approx(39.5, abs=1.0)
    assert np.median(np.linalg.norm(plate[:, 3:6], axis=1) / speed) == pytest.approx(0.91, abs=0.02)


def test_drives_carry_as_far_as_the_tours():
    sample, _, times, where = landings("golf-drive")
    carry = np.hypot(where[:, 0], where[:, 1])
    # The tour's mean is 275 to 282 yards.
    assert np.median(carry) == pytest.approx(0.9144 * 275, rel=0.06)
    assert 4.0 < np.median(times) < 9.0
    assert np.median(sample.states[:, 3:6] @ [0, 1.0, 0]) > 70


def test_shots_at_goal_come_between_the_posts_but_for_their_swerve():
    sample = throw("soccer-kick", 2000, 1)
    states = sample.follow(np.linspace(0, 3, 1201)).states
    crossed = states[:, :, 1] < 0
    line = states[np.arange(2000), crossed.argmax(axis=1)]
    inside = crossed.any(axis=1) & (np.abs(line[:, 0]) < 3.66) & (line[:, 2] < 2.44)
    assert crossed.any(axis=1).mean() > 0.98
    assert 0.6 < inside.mean() < 0.95


@EVERY_SCENARIO
def test_outdoor_air_and_wind_differ_from_throw_to_throw_and_indoor_do_not(name):
    kind, sample = scenario_named(name), throw(name, 500, 1)
    gravity = sample.parameters[:, GRAVITY]
    if kind.prior.temperature_c is None:
        assert np.ptp(gravity) == 0
        assert not sample.parameters[:, WIND_X].any()
        assert not sample.parameters[:, GUSTS:].any()
    else:
        cold, warm = kind.prior.temperature_c
        thick = air_density(kind.prior.altitude_m[0], cold, kind.prior.humidity[0])
        thin = air_density(kind.prior.altitude_m[1], warm, kind.prior.humidity[1])
        volume = 4 / 3 * np.pi * kind.ball.radius_m**3 / kind.ball.mass_kg
        assert gravity.min() >= 9.80665 * (1 - thick * volume)
        assert gravity.max() <= 9.80665 * (1 - thin * volume)
        assert sample.parameters[:, WIND_X].std() == pytest.approx(kind.prior.wind_spread, rel=0.15)
        steady = np.hypot(sample.parameters[:, WIND_X], sample.parameters[:, WIND_Y])
        gusts = sample.parameters[:, GUSTS:].reshape(500, NUM_GUSTS, 5)[:, :, 1:]
        low, high = kind.prior.gust_share
        # Sixteen amplitudes of variance spread^2 / 4 each.
        spread = np.sqrt((gusts**2).sum(axis=(1, 2)) / 4)
        assert low < np.median(spread / steady) < high
        assert (sample.parameters[:, WIND_SHEAR] > 0).all()


@EVERY_SCENARIO
def test_bounces_are_drawn_from_the_prior(name):
    kind, sample = scenario_named(name), throw(name, 500, 1)
    low, high = kind.prior.restitution
    drawn = sample.parameters[:, RESTITUTION] - kind.ball.restitution_speed_mps * sample.parameters[:, RESTITUTION_FALL]
    assert low <= drawn.min() < low + 0.05 * (high - low)
    assert high - 0.05 * (high - low) < drawn.max() <= high


def test_air_and_wind_may_be_each_balls_own():
    rows = random_parameters(GOLF, 2, air_density=[1.2, 0.6], wind=([1.0, -1.0], 0.0))
    assert rows[0, DRAG] == pytest.approx(2 * rows[1, DRAG])
    assert rows[0, LIFT] == pytest.approx(2 * rows[1, LIFT])
    assert rows[:, WIND_X].tolist() == [1.0, -1.0]


def test_impossible_curves_and_airs_are_refused_by_name():
    with pytest.raises(InputError, match=r"drag\.low: expected a finite number from 0 to 10"):
        DragCurve(low=-0.1, high=0.1)
    with pytest.raises(InputError, match=r"drag\.width_reynolds"):
        DragCurve(low=0.5, high=0.1, width_reynolds=0.0)
    with pytest.raises(InputError, match=r"lift\.start: expected a finite number over 0"):
        LiftCurve(start=0.0)
    with pytest.raises(InputError, match="air_density: expected finite numbers from 0 to 100"):
        random_parameters(GOLF, 2, air_density=[1.2, -0.1])
    with pytest.raises(InputError, match=r"wind\.y: expected finite numbers from -200 to 200"):
        random_parameters(GOLF, 1, wind=(0.0, float("nan")))


@EVERY_BALL
def test_a_ball_without_curves_keeps_its_constants(ball):
    plain = dataclasses.replace(ball, drag=None, lift=None)
    assert plain.drag_curve(1e5, 0.3) == pytest.approx(ball.drag_coefficient)
    assert plain.lift_curve(0.1) == pytest.approx(0.1 * ball.lift_per_spin)
