import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.ball.aerodynamics import gust, motion_in_air
from pathcast.simulator.ball.coefficients import constant_parameters
from pathcast.simulator.ball.flight import (
    DRAG,
    FLOOR,
    GRAVITY,
    LIFT,
    RADIUS,
    RESTITUTION,
    WIND_X,
    WIND_Y,
    acceleration,
    fly_states,
)
from pathcast.simulator.ball.following import BOARD, MISSED, OUTCOMES, RIM, SWISH, follow
from pathcast.simulator.ball.parameters import RESTITUTION_FALL
from pathcast.simulator.ball.scenarios import SCENARIOS, Throws, scenario_named, simulate_balls, throw
from pathcast.simulator.ball.sports import (
    BALLS,
    BASKETBALL,
    ball_named,
    full_parameters,
    nominal_parameters,
    random_parameters,
)
from pathcast.simulator.ball.surfaces import FLOOR_CONTACT, NET_CONTACT, TABLE_CONTACT
from pathcast.tracks import Tracks
from pathcast.venue import BASKETBALL_NBA, TABLE_TENNIS

NAMES = sorted(SCENARIOS)


@settings(deadline=None, max_examples=15)
@given(name=st.sampled_from(NAMES), first=st.integers(3900, 4300), cut=st.integers(0, 150))
def test_throws_do_not_depend_on_the_split_into_batches(name, first, cut):
    whole = throw(name, 150, 11, first)
    parts = [throw(name, cut, 11, first), throw(name, 150 - cut, 11, first + cut)]
    assert np.array_equal(whole.states, np.concatenate([part.states for part in parts]))
    assert np.array_equal(whole.parameters, np.concatenate([part.parameters for part in parts]))


@pytest.mark.parametrize("name", NAMES)
def test_true_tracks_do_not_depend_on_the_split_into_batches(name):
    whole = simulate_balls(name, 100, 5, first=7)
    parts = Tracks.concatenate([simulate_balls(name, 30, 5, first=7), simulate_balls(name, 70, 5, first=37)])
    assert whole.equals(parts)
    assert whole.num_tracks == 100
    assert whole.scene[0] == 7
    assert whole.valid.all()
    assert np.isfinite(whole.position).all()


FASTEST = {"tennis": 70.0, "volleyball": 36.0, "baseball": 55.0, "soccer": 40.0, "golf": 91.0}
"""m/s, little over what is recorded of people; a hand throws any other ball at under 17 m/s."""


@pytest.mark.parametrize("name", NAMES)
def test_throws_are_what_a_person_could_throw(name):
    sample = throw(name, 4000, 1)
    speed = np.linalg.norm(sample.states[:, 3:6], axis=1)
    assert np.isfinite(sample.states).all()
    assert sample.states[:, 2].min() >= sample.parameters[:, RADIUS].max()
    assert sample.states[:, 2].max() < (3.5 if "volleyball" in name or "serve" in name else 3.0)
    assert speed.min() > 1.0
    assert speed.max() < FASTEST.get(sample.ball.name, 17.0)
    assert (sample.parameters[:, [GRAVITY, DRAG, LIFT]] > 0).all()
    assert len(np.unique(sample.parameters[:, DRAG])) > 3990


@pytest.mark.parametrize(("name", "closest"), [("three-pointer", 0.16), ("free-throw", 0.12)])
def test_shots_come_down_around_the_hoop(name, closest):
    sample = throw(name, 400, 1)
    rows = sample.parameters.copy()
    rows[:, FLOOR] = -np.inf
    states = fly_states(sample.states, rows, np.linspace(0, 2, 801))
    hoop = scenario_named(name).venue.hoop
    falling = (states[:, :, 5] < 0) & (states[:, :, 2] < hoop.centre[2])
    passing = states[np.arange(400), falling.argmax(axis=1)]
    miss = np.hypot(passing[:, 0] - hoop.centre[0], passing[:, 1] - hoop.centre[1])
    assert np.median(miss) == pytest.approx(closest, abs=0.03)
    spin_axis_on_the_path = (passing[:, 6:8] * passing[:, 3:5]).sum(1) / np.linalg.norm(passing[:, 3:5], axis=1)
    assert np.abs(spin_axis_on_the_path).max() < 1.0


def test_basketballs_often_bounce_within_a_second():
    course = throw("basketball", 2000, 1).follow(np.array([1.0]), positions_only=True)
    assert 0.4 < (course.event_kinds == FLOOR_CONTACT).any(axis=1).mean() < 0.7


@pytest.mark.parametrize(("name", "rate"), [("three-pointer", 0.35), ("free-throw", 0.78)])
def test_shots_go_in_as_often_as_a_leagues(name, rate):
    """Fitted on another seed by tools/calibrate_shots.py; the standard error here is .003."""
    outcome = throw(name, 20_480, 12).follow(np.array([6.0]), max_events=0, positions_only=True).outcome
    share = {kind: (outcome == index).mean() for index, kind in enumerate(OUTCOMES)}
    made = share["swish"] + share["rim"] + share["board"]
    assert made == pytest.approx(rate, abs=0.015)
    assert share["undecided"] < 0.003
    assert 0.25 < share["swish"] / made < 0.6
    assert share["board"] < 0.1 < share["rim"]


def test_made_shots_end_below_the_hoop_and_missed_ones_beside_it():
    shots = throw("free-throw", 2000, 3)
    course = shots.follow(np.array([6.0]))
    hoop = shots.venue.hoop
    away = np.hypot(course.decided_where[:, 0] - hoop.centre[0], course.decided_where[:, 1] - hoop.centre[1])
    made = np.isin(course.outcome, (SWISH, RIM, BOARD))
    assert (away[made] < hoop.radius).all()
    assert (away[course.outcome == MISSED] > hoop.radius).mean() > 0.99
    assert (course.decided_at[made] < 2.5).mean() > 0.99


def landings(states, rows, venue=TABLE_TENNIS):
    """Whether table-tennis balls first bounce on the far side, and whether on the near and then on the far side."""
    course = follow(states, rows, np.array([1.5]), venue, max_events=2, positions_only=True)
    side = np.sign(states[:, None, 4]) * course.before[:, :, 1]
    on = course.event_kinds == TABLE_CONTACT
    return on[:, 0] & (side[:, 0] > 0), on.all(axis=1) & (side[:, 0] < 0) & (side[:, 1] > 0)


def test_table_tennis_strokes_and_serves_land_where_the_rules_want_them():
    sample = throw("table-tennis", 4000, 1)
    stroke, serve = landings(sample.states, sample.parameters)
    assert (stroke | serve).mean() > 0.86
    over = dataclasses.replace(TABLE_TENNIS, net=None)
    stroke, serve = landings(sample.states, sample.parameters, over)
    assert (stroke | serve).mean() > 0.9
    assert serve.mean() == pytest.approx(2704 / 15792, abs=0.03)


def test_table_tennis_balls_hit_the_net_leave_the_table_and_fall_to_the_floor():
    course = throw("table-tennis", 4000, 1).follow(np.linspace(0, 1.5, 16))
    kinds = course.event_kinds
    assert 0.02 < (kinds == NET_CONTACT).any(axis=1).mean() < 0.1
    off = (kinds[:, 0] == TABLE_CONTACT) & (kinds == FLOOR_CONTACT).any(axis=1)
    assert off.mean() > 0.5
    assert course.states[off, -1, 2].min() > -0.76
    assert course.states[off, :, 2].min() < -0.5


@pytest.mark.parametrize("name", NAMES)
def test_constant_parameters_are_the_full_ones_at_launch(name):
    sample = throw(name, 20, 5)
    rows = constant_parameters(sample.parameters, sample.states, 3.0)
    for state, short, full in zip(sample.states, rows, sample.parameters, strict=True):
        here = motion_in_air(*state[2:], *gust(0.0, full), full)
        assert acceleration(*state[3:], *short[:3], short[WIND_X], short[WIND_Y]) == pytest.approx(here[:3], rel=1e-9)
    falling = 3.0 * sample.parameters[:, RESTITUTION_FALL]
    assert rows[:, RESTITUTION] == pytest.approx(sample.parameters[:, RESTITUTION] - falling)


@pytest.mark.parametrize(("name", "kind"), [("rallies.json", 0), ("serves.json", 1)])
def test_recorded_launches_land_where_the_rules_want_them(name, kind):
    folder = os.environ.get("PATHCAST_DATA")
    if folder is None or not (file := Path(folder) / "ball" / "table_tennis_launches" / name).exists():
        pytest.skip("no recorded launches: set PATHCAST_DATA to the data folder")
    fields = ("pos_x", "pos_y", "pos_z", "vel_x", "vel_y", "vel_z", "w_vel_x", "w_vel_y", "w_vel_z")
    states = np.array([[row[field] for field in fields] for row in json.loads(file.read_text())])
    rows = full_parameters(ball_named("table-tennis"), len(states))
    # Nominal balls come a little low over the net after a serve's first bounce: with it .95 and .81 do.
    assert landings(states, rows, dataclasses.replace(TABLE_TENNIS, net=None))[kind].mean() > 0.94
    assert landings(states, rows)[kind].mean() > (0.94, 0.78)[kind]


@pytest.mark.parametrize("ball", BALLS.values(), ids=BALLS)
def test_nominal_parameters_follow_from_size_mass_and_air(ball):
    row, thin = nominal_parameters(ball), nominal_parameters(ball, air_density=0.0, floor=-2.0)
    assert thin[GRAVITY] == 9.80665
    assert thin[DRAG] == thin[LIFT] == 0
    assert thin[FLOOR] == -2.0
    displaced = 1.199 * 4 / 3 * np.pi * ball.radius_m**3 / ball.mass_kg
    assert row[GRAVITY] / 9.80665 == pytest.approx(1 - displaced)
    if ball.name in ("basketball", "table-tennis"):
        assert 0.984 < row[GRAVITY] / 9.80665 < 0.987
        terminal = np.sqrt(row[GRAVITY] / row[DRAG])
        assert terminal == pytest.approx({"basketball": 21.2, "table-tennis": 8.3}[ball.name], rel=0.02)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mass_kg", -1.0),
        ("mass_kg", 0.0),
        ("radius_m", float("nan")),
        ("restitution", 1.1),
        ("tangential", -1.5),
        ("friction", float("inf")),
    ],
)
def test_an_impossible_ball_is_refused_by_the_name_of_its_field(field, value):
    with pytest.raises(InputError, match=f"ball basketball: {field}: expected a finite number"):
        dataclasses.replace(BASKETBALL, **{field: value})


def test_what_cannot_be_thrown_is_refused_by_name():
    with pytest.raises(InputError, match=r"ball: expected one of basketball, table-tennis, .*, found 'cricket'"):
        ball_named("cricket")
    with pytest.raises(InputError, match="scenario: expected one of three-pointer"):
        throw("javelin", 1, 0)
    with pytest.raises(InputError, match="rate_hz"):
        simulate_balls("basketball", 1, 0, rate_hz=0.0)
    with pytest.raises(InputError, match="duration_s"):
        simulate_balls("basketball", 1, 0, duration_s=-1.0)
    with pytest.raises(InputError, match="seed"):
        throw("basketball", 1, -1)
    with pytest.raises(InputError, match="restitution"):
        random_parameters(BASKETBALL, 2, restitution=[0.5, 1.5])
    with pytest.raises(InputError, match="air_density"):
        nominal_parameters(BASKETBALL, air_density=-1.0)
    states = np.zeros((2, 9))
    states[1, 7] = np.nan
    with pytest.raises(InputError, match=r"throws\[1\]\.spin\.y: expected finite rad/s"):
        Throws(states, np.zeros((2, 50)), np.ones(2), BASKETBALL, BASKETBALL_NBA)


def test_a_new_coefficient_can_be_set_for_each_ball():
    rows = random_parameters(BASKETBALL, 2, restitution=[0.5, 0.6])
    assert rows[:, RESTITUTION].tolist() == [0.5, 0.6]


@pytest.mark.parametrize("name", ["tennis-serve", "tennis-rally", "table-tennis", "basketball", "soccer-kick"])
def test_every_throw_has_a_place_at_every_time(name: str) -> None:
    """Also one that hits an edge dead, such as the 681st serve of this seed."""
    throws = throw(name, 1500, 3)
    assert np.isfinite(throws.follow(np.linspace(0.0, 2.0, 9), max_events=0, positions_only=True).states).all()
