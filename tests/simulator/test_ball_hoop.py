"""Shots at a hoop: against a brute-force integration in small steps, and the laws of rim, board, bridge and net."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pathcast.simulator.ball.following import MISSED, OUTCOMES, RIM, SWISH, UNDECIDED, follow
from pathcast.simulator.ball.parameters import (
    DRAG,
    FRICTION,
    GRAVITY,
    INERTIA,
    LIFT,
    NUM_PARAMETERS,
    RADIUS,
    RESTITUTION,
    RIM_CHANGE,
    SPIN_DECAY,
    TANGENTIAL,
    full_rows,
)
from pathcast.simulator.ball.surfaces import (
    BASKET_PASSED,
    BOARD_CONTACT,
    BRIDGE_CONTACT,
    FLOOR_CONTACT,
    RIM_CONTACT,
    RING_PASSED,
    Materials,
    bridge_of,
)
from pathcast.venue import BASKETBALL_NBA, Box, Plane, Ring, Venue

HOOP, BACKBOARD = BASKETBALL_NBA.hoop, BASKETBALL_NBA.board
RING = HOOP.centre[2]
OF = Materials()
SOLID = (FLOOR_CONTACT, BOARD_CONTACT, BRIDGE_CONTACT, RIM_CONTACT)


def basketball(**entries):
    """A row with drag and lift; entries by lower-case name."""
    row = np.zeros(NUM_PARAMETERS)
    row[[GRAVITY, DRAG, LIFT, SPIN_DECAY, RADIUS, INERTIA]] = 9.67, 0.0217, 0.0026, 1 / 30, 0.1193, 2 / 3
    row[[RESTITUTION, TANGENTIAL, FRICTION]] = 0.79, 0.1, 0.55
    for index, value in entries.items():
        row[globals()[index.upper()]] = value
    return row


def shots(num, seed, spread=0.25):
    """Balls 1 to 2 m before the hoop on ways that come down around it, with backspin; some with the board behind."""
    draws = np.random.default_rng(seed)
    target = np.stack([draws.normal(0, spread, num), draws.normal(0, spread, num), np.full(num, RING)], axis=1)
    heading = draws.uniform(-1.2, 1.2, num)
    away, flight = draws.uniform(1.0, 2.0, num), draws.uniform(0.25, 0.45, num)
    states = np.zeros((num, 9))
    states[:, 0], states[:, 1] = away * np.cos(heading), away * np.sin(heading)
    states[:, 2] = RING + draws.uniform(0.2, 0.9, num)
    states[:, 3:6] = (target - states[:, :3]) / flight[:, None]
    states[:, 5] += 0.5 * 9.67 * flight
    states[:, 6:9] = draws.normal(0, 8.0, (num, 3))
    return states


def box_gap(places, box, radius):
    offsets = places - box.centre
    outside = np.abs(offsets) - 0.5 * np.array(box.size)
    nearest = np.clip(offsets, -0.5 * np.array(box.size), 0.5 * np.array(box.size))
    away = offsets - nearest
    length = np.linalg.norm(away, axis=1)
    return np.where(outside.max(axis=1) > 0, length, outside.max(axis=1)) - radius, away / length[:, None]


def ring_gap(places, ring, radius):
    flat = places - ring.centre
    across = np.hypot(flat[:, 0], flat[:, 1])
    circle = flat * [1, 1, 0] / across[:, None] * ring.radius
    away = flat - circle
    length = np.linalg.norm(away, axis=1)
    return length - ring.tube_radius - radius, away / length[:, None]


def struck(state, normal, row, material):
    """The impulse law in vectors."""
    e, tangential, friction = material
    velocity, spin = state[3:6], state[6:9]
    into = velocity @ normal
    impulse = -(1 + e) * into
    slip = velocity - into * normal + np.cross(spin, -row[RADIUS] * normal)
    grip = -(1 + tangential) * row[INERTIA] / (1 + row[INERTIA]) * slip
    if np.linalg.norm(grip) > friction * impulse:
        grip *= friction * impulse / np.linalg.norm(grip)
    turn = np.cross(normal, grip) / (row[INERTIA] * row[RADIUS])
    return np.concatenate([state[:3], velocity + impulse * normal + grip, spin - turn])


def push(states, row):
    relative = states[:, 3:6]
    speed = np.linalg.norm(relative, axis=1)[:, None]
    return row[LIFT] * np.cross(states[:, 6:9], relative) - row[DRAG] * speed * relative - [0, 0, row[GRAVITY]]


def brute_force(states, row, duration, step=1 / 5000):
    """Times, kinds and states after of the first four solid contacts by small midpoint steps; the hoop without its net.

    Contact is found by overlap at the end of a step, and its instant by proportion. Also the states at the end.
    """
    states, radius = states.copy(), row[RADIUS]
    bridge = bridge_of(HOOP, BACKBOARD)
    own = (row[RESTITUTION], row[TANGENTIAL], row[FRICTION])
    of = [dataclasses.astuple(material) for material in (OF.board, OF.rim, OF.rim)]

    def gaps(places):
        return [
            (FLOOR_CONTACT, own, (places[:, 2] - radius, np.tile([0.0, 0, 1], (len(places), 1)))),
            (BOARD_CONTACT, of[0], box_gap(places, BACKBOARD, radius)),
            (BRIDGE_CONTACT, of[1], box_gap(places, bridge, radius)),
            (RIM_CONTACT, of[2], ring_gap(places, HOOP, radius)),
        ]

    found = [[] for _ in states]
    for index in range(round(duration / step)):
        middle = states.copy()
        middle[:, :3] += 0.5 * step * states[:, 3:6]
        middle[:, 3:6] += 0.5 * step * push(states, row)
        middle[:, 6:9] *= math.exp(-0.5 * step * row[SPIN_DECAY])
        ends = states.copy()
        ends[:, :3] += step * middle[:, 3:6]
        ends[:, 3:6] += step * push(middle, row)
        ends[:, 6:9] *= math.exp(-step * row[SPIN_DECAY])
        for (kind, material, (gap, normals)), (_, _, (gap_before, _)) in zip(
            gaps(ends[:, :3]), gaps(states[:, :3]), strict=True
        ):
            for ball in np.flatnonzero((gap < 0) & ((ends[:, 3:6] * normals).sum(1) < 0)):
                part = np.clip(gap_before[ball] / (gap_before[ball] - gap[ball]), 0.0, 1.0)
                at = states[ball] + part * (ends[ball] - states[ball])
                normal = next(one for one in gaps(at[None, :3]) if one[0] == kind)[2][1][0]
                after = struck(at, normal, row, material)
                found[ball].append(((index + part) * step, kind, after))
                ends[ball] = after
                ends[ball, :3] += (1 - part) * step * after[3:6]
        states = ends
    return found, states


def test_contacts_at_the_hoop_agree_with_a_brute_force_integration():
    states, row = shots(500, seed=1), basketball()
    found, _ = brute_force(states, row, 0.6)
    ours = follow(states, row, np.array([0.6]), BASKETBALL_NBA, max_events=12)
    compared = np.zeros(9, int)
    misfits = 0
    for ball, contacts in enumerate(found):
        kinds, times = ours.event_kinds[ball], ours.event_times[ball]
        basket = times[kinds == BASKET_PASSED]
        until = min([0.6, *basket]) - 1e-3
        mine = [(t, k, after) for t, k, after in zip(times, kinds, ours.after[ball], strict=True) if k in SOLID]
        mine, theirs = ([one for one in some if one[0] < until] for some in (mine, contacts))
        if [one[1] for one in mine[:2]] != [one[1] for one in theirs[:2]]:
            misfits += 1
            continue
        for index, (one, other) in enumerate(zip(mine[:2], theirs[:2], strict=True)):
            assert one[0] == pytest.approx(other[0], abs=(2e-5, 2e-3)[index])
            assert one[2][:3] == pytest.approx(other[2][:3], abs=(1e-4, 1e-2)[index])
            assert one[2][3:6] == pytest.approx(other[2][3:6], abs=(5e-3, 0.5)[index])
            compared[one[1]] += 1
    assert misfits <= 5
    assert compared[RIM_CONTACT] > 200
    assert compared[BOARD_CONTACT] > 50


def gap_to_all(places, radius, venue=BASKETBALL_NBA):
    gaps = [places[:, 2] - radius, ring_gap(places, venue.hoop, radius)[0]]
    gaps += [box_gap(places, box, radius)[0] for box in (venue.board, bridge_of(venue.hoop, venue.board))]
    return np.min(gaps, axis=0)


@pytest.mark.parametrize("speed", [3.0, 30.0, 90.0])
def test_no_ball_is_ever_inside_rim_board_bridge_or_floor_however_fast(speed):
    draws = np.random.default_rng(5)
    num = 1500
    angle = draws.uniform(0, 2 * np.pi, num)
    aim = np.stack([0.2365 * np.cos(angle), 0.2365 * np.sin(angle), np.full(num, RING)], axis=1)
    aim += draws.normal(0, 0.06, (num, 3))
    states = np.zeros((num, 9))
    states[:, :3] = aim + np.array([1.0, 0.0, 0.3]) * draws.uniform(0.5, 1.5, num)[:, None]
    states[:, 1] += draws.normal(0, 0.5, num)
    way = aim - states[:, :3]
    states[:, 3:6] = speed * way / np.linalg.norm(way, axis=1)[:, None]
    states[:, 6:9] = draws.normal(0, 20, (num, 3))
    row = basketball()
    times = np.linspace(0, 3.0 / speed, 400)
    course = follow(states, row, times, BASKETBALL_NBA, max_events=4)
    places = course.states[:, :, :3].reshape(-1, 3)
    assert np.isfinite(places).all()
    assert gap_to_all(places, row[RADIUS]).min() > -2e-6
    assert (course.event_kinds[:, 0] == RIM_CONTACT).sum() > 300


@pytest.mark.parametrize(("ball_m", "ring_m", "degrees"), [(0.2413, 0.4572, 31.855), (0.2445, 0.45, 32.911)])
def test_no_swish_below_the_entry_angle_whose_sine_is_ball_over_ring(ball_m, ring_m, degrees):
    thin = Venue(
        name="thin", floor=Plane(point=(0, 0, 0)), hoop=Ring(centre=(0, 0, 3), radius=ring_m / 2, tube_radius=1e-9)
    )
    row = np.zeros(NUM_PARAMETERS)
    row[[RADIUS, INERTIA]] = ball_m / 2, 2 / 3
    assert math.degrees(math.asin(ball_m / ring_m)) == pytest.approx(degrees, abs=1e-3)
    for angle, outcome in ((degrees + 1e-3, SWISH), (degrees - 1e-3, RIM)):
        along = np.array([-math.cos(math.radians(angle)), 0.0, -math.sin(math.radians(angle))])
        state = np.concatenate([np.array([0.0, 0, 3]) - 2 * along, 9 * along, np.zeros(3)])
        course = follow(state[None], row, np.array([5.0]), thin)
        assert (course.event_kinds[0, 0] == RIM_CONTACT) == (outcome == RIM)
        if outcome == SWISH:
            assert course.outcome[0] == SWISH


def test_mirrored_shots_have_mirrored_courses_and_the_same_outcomes():
    states, row = shots(300, seed=2), basketball()
    mirrored = states * [1, -1, 1, 1, -1, 1, -1, 1, -1]
    times = np.linspace(0, 0.5, 20)
    here, there = (follow(some, row, times, BASKETBALL_NBA) for some in (states, mirrored))
    assert np.array_equal(here.outcome, there.outcome)
    assert np.array_equal(here.event_kinds, there.event_kinds)
    assert there.states * [1, -1, 1, 1, -1, 1, -1, 1, -1] == pytest.approx(here.states, abs=1e-7)


def test_outcomes_say_how_a_shot_went_and_where_and_when_it_was_decided():
    radius = 0.1193
    states = np.zeros((6, 9))
    states[:, 2] = 4.0
    states[1, 0] = 0.125
    states[2, :6] = 1.0, 0.0, 3.6, -4.75, 0, 0
    states[3, 0] = 2.0
    states[4, 2] = 1.0
    states[5, 2] = 50.0
    course = follow(states, basketball(), np.linspace(0, 2.5, 26), BASKETBALL_NBA)
    assert [OUTCOMES[number] for number in course.outcome] == ["swish", "rim", "board", "missed", "missed", "undecided"]
    assert course.event_kinds[0, :3].tolist() == [RING_PASSED, BASKET_PASSED, FLOOR_CONTACT]
    assert course.decided_where[0] == pytest.approx([0, 0, RING - radius], abs=1e-9)
    assert course.decided_at[0] == pytest.approx(math.sqrt(2 * (4 - RING + radius) / 9.67), rel=2e-2)
    assert course.event_kinds[1, 0] == RIM_CONTACT
    assert course.event_kinds[2, 0] == BOARD_CONTACT
    assert course.decided_where[3, [0, 2]] == pytest.approx([2.0, RING], abs=1e-9)
    assert course.decided_where[4, 2] == pytest.approx(radius, abs=1e-9)
    assert np.isnan(course.decided_at[5])
    assert follow(states, basketball(), np.array([0.1]), BASKETBALL_NBA).outcome.tolist() == [UNDECIDED] * 6


def test_a_shot_that_bounced_off_the_floor_counts_no_more():
    state = np.array([[3.0, 0, 1.0, 0, 0, -1, 0, 0, 0]])
    state[0, 3:6] = -1.55, 0, -14.0
    row = basketball(drag=0.0, lift=0.0, restitution=1.0, friction=0.0)
    course = follow(state, row, np.linspace(0, 4, 41), BASKETBALL_NBA)
    assert course.event_kinds[0, 0] == FLOOR_CONTACT
    assert course.outcome[0] == MISSED


def test_the_net_takes_speed_and_gives_none():
    states = shots(400, seed=3, spread=0.05)
    course = follow(states, basketball(), np.array([1.0]), BASKETBALL_NBA)
    ball, event = np.nonzero(course.event_kinds == BASKET_PASSED)
    assert len(ball) > 60
    before, after = course.before[ball, event, 3:6], course.after[ball, event, 3:6]
    assert (np.abs(after) <= np.abs(before) + 1e-15).all()
    assert (-after[:, 2] <= 2.3).all()


def energy(states, row):
    turning = row[INERTIA] * row[RADIUS] ** 2 * (states[..., 6:9] ** 2).sum(-1)
    return 0.5 * ((states[..., 3:6] ** 2).sum(-1) + turning) + row[GRAVITY] * states[..., 2]


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    restitution=st.floats(0, 1),
    tangential=st.floats(-1, 1),
    friction=st.floats(0, 1.5),
    change=st.floats(-0.6, 0.38),
)
@example(seed=8829, restitution=0.0, tangential=0.0, friction=0.0, change=-0.5)
def test_energy_never_grows_at_the_hoop(seed, restitution, tangential, friction, change):
    row = full_rows(basketball(restitution=restitution, tangential=tangential, friction=friction))
    row[RIM_CHANGE] = change
    course = follow(shots(40, seed), row, np.linspace(0, 1.5, 61), BASKETBALL_NBA, max_events=30)
    happened = np.isfinite(course.event_times)
    gained = energy(course.after[happened], row) - energy(course.before[happened], row)
    assert gained.max(initial=0.0) < 1e-9
    assert np.nanmax(np.diff(energy(course.states, row), axis=1)) < 1e-4


def test_balls_that_stay_on_the_rim_or_between_rim_and_board_come_to_an_end_without_gaining_energy():
    draws = np.random.default_rng(8)
    states = np.zeros((400, 9))
    states[:, 0] = draws.uniform(-0.33, 0.3, 400)
    states[:, 1] = draws.uniform(-0.3, 0.3, 400)
    states[:, 2] = RING + draws.uniform(0.13, 0.16, 400)
    states[:, 3:5] = draws.normal(0, 0.2, (400, 2))
    states[0, :5] = 0.2365, 0.0, RING + HOOP.tube_radius + 0.1193, 0.0, 0.0
    row = basketball()
    course = follow(states, row, np.linspace(0, 4, 161), BASKETBALL_NBA, max_events=60)
    assert np.isfinite(course.states).all()
    assert np.diff(energy(course.states, row), axis=1).max() < 1e-4
    assert gap_to_all(course.states[:, :, :3].reshape(-1, 3), row[RADIUS]).min() > -1e-5
    assert course.outcome[0] == UNDECIDED
    assert course.states[0, -1, :3] == pytest.approx(states[0, :3], abs=1e-4)
    assert (course.outcome[1:] != UNDECIDED).mean() > 0.9


def test_balls_that_lose_nothing_meet_the_hoop_for_as_long_as_asked():
    row = basketball(drag=0.0, lift=0.0, restitution=1.0, friction=0.0)
    hard = dataclasses.replace(OF.rim, restitution=1.0, friction=0.0)
    course = follow(
        shots(100, seed=6),
        row,
        np.linspace(0, 10, 11),
        BASKETBALL_NBA,
        materials=Materials(rim=hard, board=hard, net=hard),
    )
    assert np.isfinite(course.states).all()


def test_outcomes_do_not_depend_on_the_error_asked_for():
    states, row = shots(1000, seed=9), basketball()
    rough, fine = (follow(states, row, np.array([3.0]), BASKETBALL_NBA, error_m=error) for error in (1e-6, 1e-10))
    assert (rough.outcome == fine.outcome).mean() > 0.997
    same = (rough.outcome == fine.outcome) & (fine.outcome != UNDECIDED) & (fine.num_events < 6)
    assert np.abs(rough.decided_at - fine.decided_at)[same].max() < 1e-3


@pytest.mark.parametrize("num", [1, 64, 65, 300])
def test_courses_are_the_same_bits_for_any_batch(num):
    states = shots(300, seed=4)
    whole, part = (follow(some, basketball(), np.linspace(0, 1, 9), BASKETBALL_NBA) for some in (states, states[:num]))
    assert np.array_equal(whole.states[:num], part.states)
    assert np.array_equal(whole.event_times[:num], part.event_times, equal_nan=True)
    assert np.array_equal(whole.decided_at[:num], part.decided_at, equal_nan=True)


def test_the_bridge_joins_ring_and_board_wherever_the_board_stands():
    for yaw in (0.0, 0.7, 3.0):
        turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
        x, y = turn @ BACKBOARD.centre[:2]
        bridge = bridge_of(HOOP, Box(centre=(x, y, BACKBOARD.centre[2]), size=BACKBOARD.size, yaw=yaw))
        ends = [np.array(bridge.centre[:2]) + sign * 0.5 * bridge.size[0] * turn[:, 0] for sign in (-1, 1)]
        assert sorted(np.linalg.norm(end) for end in ends) == pytest.approx([0.2365, 0.381], abs=1e-12)
    assert bridge_of(HOOP, dataclasses.replace(BACKBOARD, centre=(-0.25, 0, 3.3))) is None
