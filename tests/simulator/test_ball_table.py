"""Tables, nets, courts and obstacles: edges, corners, balls that roll off, and a brute-force check."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.simulator.ball.flight import bounces, fly_states
from pathcast.simulator.ball.following import UNDECIDED, follow
from pathcast.simulator.ball.parameters import FLOOR, FRICTION, INERTIA, NUM_PARAMETERS, RADIUS, RESTITUTION
from pathcast.simulator.ball.scenarios import throw
from pathcast.simulator.ball.sports import TABLE_TENNIS as BALL
from pathcast.simulator.ball.sports import nominal_parameters
from pathcast.simulator.ball.surfaces import (
    FLOOR_CONTACT,
    KINDS,
    NET_CONTACT,
    OBSTACLE_CONTACT,
    TABLE_CONTACT,
    fixtures_of,
)
from pathcast.venue import TABLE_TENNIS, Box, Plane, Venue

TABLE, NET = TABLE_TENNIS.table, TABLE_TENNIS.net


def box_gap(places, box, radius):
    cosine, sine = math.cos(box.yaw), math.sin(box.yaw)
    offsets = (places - box.centre) @ np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    outside = np.abs(offsets) - 0.5 * np.array(box.size)
    away = np.linalg.norm(np.maximum(outside, 0), axis=-1) + np.minimum(outside.max(axis=-1), 0)
    return away - radius


def energy(states, row):
    turning = row[INERTIA] * row[RADIUS] ** 2 * (states[..., 6:9] ** 2).sum(-1)
    return 0.5 * ((states[..., 3:6] ** 2).sum(-1) + turning) + row[0] * states[..., 2]


def test_well_inside_the_table_its_top_is_the_endless_floor():
    sample = throw("table-tennis", 200, seed=3)
    times = np.linspace(0, 0.8, 33)
    found, before, after = bounces(sample.states, sample.parameters, 0.8, 4, 1 / 240)
    inside = (np.abs(before[:, 0, 0]) < 0.7) & (np.abs(before[:, 0, 1]) < 1.3) & (after[:, 0, 5] > 1.0)
    course = follow(sample.states, sample.parameters, times, TABLE_TENNIS)
    clean = inside & (course.event_kinds[:, 0] == TABLE_CONTACT)
    assert clean.sum() > 100
    assert course.event_times[clean, 0] == pytest.approx(found[clean, 0], abs=1e-7)
    assert course.after[clean, 0, :6] == pytest.approx(after[clean, 0, :6], abs=1e-5)
    flown = fly_states(sample.states, sample.parameters, times, 1 / 240)
    for ball in np.flatnonzero(clean):
        until = np.nanmin([np.inf, *course.event_times[ball, 1:], *found[ball, 1:]])
        early = times < until
        assert course.states[ball, early, :3] == pytest.approx(flown[ball, early, :3], abs=1e-6)
    assert (course.outcome == UNDECIDED).all()


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), fast=st.sampled_from([3.0, 12.0, 40.0]))
def test_no_ball_is_ever_inside_table_or_net_and_contacts_give_no_energy(seed, fast):
    draws = np.random.default_rng(seed)
    states = np.zeros((60, 9))
    states[:, :3] = draws.uniform([-1.2, -1.8, 0.05], [1.2, 1.8, 0.6], (60, 3))
    aim = draws.uniform([-0.9, -1.5, -0.05], [0.9, 1.5, 0.15], (60, 3))
    aim[:30, 1] = draws.normal(0, 0.05, 30)
    way = aim - states[:, :3]
    states[:, 3:6] = fast * way / np.linalg.norm(way, axis=1)[:, None]
    states[:, 6:9] = draws.normal(0, 100, (60, 3))
    row = nominal_parameters(BALL)
    start = np.minimum(*(box_gap(states[:, :3], box, row[RADIUS]) for box in (TABLE, NET)))
    states = states[start > 1e-3]
    course = follow(states, row, np.linspace(0, 0.8, 241), TABLE_TENNIS, max_events=30)
    places = course.states[:, :, :3]
    assert np.isfinite(places).all()
    for box in (TABLE, NET):
        assert box_gap(places, box, row[RADIUS]).min() > -1e-5
    happened = np.isfinite(course.event_times)
    assert (energy(course.after[happened], row) - energy(course.before[happened], row)).max(initial=0.0) < 1e-9


def test_a_ball_on_the_edge_leaves_along_the_line_from_the_edge_through_its_centre():
    row = np.zeros(NUM_PARAMETERS)
    row[[RADIUS, INERTIA, RESTITUTION]] = 0.02, 2 / 3, 1.0
    for degrees in (10.0, 45.0, 80.0):
        normal = np.array([math.cos(math.radians(degrees)), 0.0, math.sin(math.radians(degrees))])
        touch = np.array([TABLE.size[0] / 2, 0.3, 0.0]) + 0.02 * normal
        velocity = np.array([-1.0, 0.0, -5.0])
        state = np.concatenate([touch - 0.05 * velocity, velocity, np.zeros(3)])
        course = follow(state[None], row, np.array([0.06]), TABLE_TENNIS)
        assert course.event_times[0, 0] == pytest.approx(0.05, abs=1e-10)
        assert course.event_kinds[0, 0] == TABLE_CONTACT
        assert course.after[0, 0, 3:6] == pytest.approx(velocity - 2 * (velocity @ normal) * normal, abs=1e-8)


def test_a_ball_into_the_net_falls_down_before_it():
    row = nominal_parameters(BALL)
    state = np.array([[0.0, 1.0, 0.1, 0.0, -8.0, 0.3, 0.0, 0.0, 0.0]])
    course = follow(state, row, np.linspace(0, 1.5, 31), TABLE_TENNIS)
    assert course.event_kinds[0, 0] == NET_CONTACT
    assert TABLE_CONTACT in course.event_kinds[0, 1:4]
    assert course.states[0, -1, 1] > NET.size[1] / 2 + row[RADIUS] - 1e-9
    assert np.isfinite(course.states).all()


def test_a_ball_rolling_over_the_end_of_the_table_falls_to_the_floor():
    row = nominal_parameters(BALL)
    state = np.array([[0.0, 1.2, row[RADIUS], 0.0, 1.0, 0.0, -1.0 / row[RADIUS], 0.0, 0.0]])
    course = follow(state, row, np.linspace(0, 1.2, 121), TABLE_TENNIS)
    place = course.states[0, :, :3]
    assert place[10, 2] == pytest.approx(row[RADIUS], abs=1e-6)
    assert course.event_kinds[0, :2].tolist() == [TABLE_CONTACT, FLOOR_CONTACT]
    assert place[-1, 1] > TABLE.size[1] / 2
    assert place[:, 2].min() >= -0.76 + row[RADIUS] - 1e-9
    assert np.diff(energy(course.states[0], row)).max() < 1e-4


def test_balls_come_to_rest_on_floors_with_obstacles_without_passing_through_them():
    kiosk = Box(centre=(2.0, 0.0, 0.5), size=(1.0, 1.0, 1.0), yaw=0.4)
    place = Venue(name="yard", floor=Plane(point=(0, 0, 0)), obstacles=(kiosk,))
    row = nominal_parameters(BALL)
    row[FRICTION] = 0.4
    states = np.zeros((40, 9))
    states[:, 1] = np.linspace(-0.6, 0.6, 40)
    states[:, 2] = row[RADIUS]
    states[:, 3] = 3.0
    course = follow(states, row, np.linspace(0, 4, 81), place, max_events=40)
    assert np.isfinite(course.states).all()
    assert box_gap(course.states[:, :, :3], kiosk, row[RADIUS]).min() > -1e-5
    assert ((course.event_kinds == OBSTACLE_CONTACT) | (course.event_kinds == FLOOR_CONTACT)).any(axis=1).all()
    assert np.diff(energy(course.states, row), axis=1).max() < 1e-4


def test_on_a_slope_balls_bounce_about_its_normal():
    normal = (0.6, 0.0, 0.8)
    slope = Venue(name="slope", floor=Plane(point=(0, 0, 0), normal=normal))
    row = np.zeros(NUM_PARAMETERS)
    row[[RADIUS, INERTIA, RESTITUTION, FLOOR]] = 0.1, 0.4, 0.5, -np.inf
    state = np.array([[0.6, 0, 0.8, 0, 0, -1.0, 0, 0, 0]])
    course = follow(state, row, np.array([2.0]), slope)
    into = np.array([0, 0, -1.0]) @ normal
    assert course.event_times[0, 0] == pytest.approx((1.0 - 0.1) / 0.8, abs=1e-9)
    assert course.after[0, 0, 3:6] == pytest.approx(np.array([0, 0, -1.0]) - 1.5 * into * np.array(normal), abs=1e-9)


def test_fixtures_are_those_of_the_venue():
    assert [KINDS[int(row[0])] for row in fixtures_of(TABLE_TENNIS)] == ["floor", "table", "net"]
    assert fixtures_of(Venue(name="nowhere")).shape == (0, 12)
    assert np.isnan(fixtures_of(None)[0, 3])
    row = nominal_parameters(BALL)
    free = follow(np.array([[0.0, 0, 1, 1, 0, 0, 0, 0, 0]]), row, np.array([2.0]), Venue(name="nowhere"))
    assert free.states[0, 0, 2] < -3.0
    assert free.num_events[0] == 0
