import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pathcast.simulator.pedestrian.cells import find_by_cells, find_by_trying, find_pairs
from pathcast.simulator.pedestrian.contact import is_hidden, nearest_point, push_out
from pathcast.simulator.pedestrian.forces import (
    A_X,
    HEADING_X,
    HEADING_Y,
    LATE,
    V_X,
    V_Y,
    X,
    Y,
    add_people_forces,
    collision_force,
    time_to_collision,
)
from pathcast.simulator.pedestrian.parameters import CALIBRATED

FREE = CALIBRATED._replace(collision_most=math.inf, graze=0.0)
NO_WALLS = np.empty((0, 4))
coordinate = st.floats(-3.0, 3.0)


def energy(x, y, v_x, v_y):
    t = time_to_collision(x, y, v_x, v_y, 2 * FREE.radius)
    return FREE.collision_energy / t**2 * math.exp(-t / FREE.collision_horizon) if t < math.inf else 0.0


@settings(deadline=None, max_examples=100)
@given(distance=st.floats(0.5, 8.0), angle=st.floats(0, 6.3), miss=st.floats(-0.38, 0.38), speed=st.floats(0.01, 4.0))
def test_bodies_touch_at_the_time_to_collision(distance, angle, miss, speed):
    x, y = distance * math.cos(angle), distance * math.sin(angle)
    heading = angle + math.pi + math.asin(miss / distance)
    v_x, v_y = speed * math.cos(heading), speed * math.sin(heading)
    t = time_to_collision(x, y, v_x, v_y, 0.4)
    assert time_to_collision(x, y, -v_x, -v_y, 0.4) == math.inf
    assert math.hypot(x + t * v_x, y + t * v_y) == pytest.approx(0.4, abs=1e-6)


@settings(deadline=None, max_examples=100)
@given(x=st.floats(-4.0, -0.8), y=st.floats(-0.3, 0.3), v_x=st.floats(0.6, 3.0), v_y=st.floats(-0.1, 0.1))
def test_the_anticipating_force_is_minus_the_gradient_of_its_energy(x, y, v_x, v_y):
    step = 1e-6
    assume(0.1 < time_to_collision(x, y, v_x, v_y, 2 * FREE.radius) < 0.999 * LATE * FREE.collision_horizon)
    miss = abs(x * v_y - y * v_x) / math.hypot(v_x, v_y)
    assume(miss < 0.35)
    gradient = np.array(
        [
            energy(x + step, y, v_x, v_y) - energy(x - step, y, v_x, v_y),
            energy(x, y + step, v_x, v_y) - energy(x, y - step, v_x, v_y),
        ]
    ) / (2 * step)
    force = np.array(collision_force(x, y, v_x, v_y, 0.0, FREE))
    assert force == pytest.approx(-gradient, rel=1e-4, abs=1e-4)


def accelerations(
    position, velocity, heading, parameters=CALIBRATED, walls=NO_WALLS, group=None, period=math.inf, pace=0.0
):
    num = len(position)
    bodies = np.zeros((num, 8))
    bodies[:, X : Y + 1], bodies[:, V_X : V_Y + 1], bodies[:, HEADING_X : HEADING_Y + 1] = position, velocity, heading
    starts = np.zeros(num + 1, np.int64)
    partner = find_pairs(bodies, np.full(num, 10.0), period, starts, np.empty(0, np.int32))
    groups = np.full(num, -1) if group is None else np.array(group)
    close = np.empty((24 * num, 2), np.int64)
    paces = np.full((num, 2), np.reshape(pace, (-1, 1)))
    add_people_forces(bodies, paces, groups, starts, partner, walls, period, 0.5, parameters, close)
    return bodies[:, A_X:]


def test_touching_bodies_that_face_each_other_are_pushed_with_the_full_strength():
    position, heading = [[-CALIBRATED.radius, 0], [CALIBRATED.radius, 0]], [[1, 0], [-1, 0]]
    acceleration = accelerations(position, np.zeros((2, 2)), heading)
    assert acceleration == pytest.approx(np.array([[-CALIBRATED.strength, 0], [CALIBRATED.strength, 0]]))


def test_somebody_straight_behind_weighs_only_the_share_aside():
    position, heading = [[-0.3, 0], [0.3, 0]], [[1, 0], [1, 0]]
    behind, ahead = accelerations(position, np.zeros((2, 2)), heading)[::-1, 0]
    assert behind / -ahead == pytest.approx(CALIBRATED.aside)


FOLLOWING = CALIBRATED._replace(strength=0.0, collision_energy=0.0)


def braking(heading, pace, position=((0.0, 0.0), (0.8, 0.0))):
    """Of the first of two people, over what his own will asks for, m/s²."""
    return accelerations(position, np.zeros((2, 2)), heading, FOLLOWING, pace=pace)[0, 0]


def test_who_walks_behind_another_slows_to_the_speed_that_the_headway_leaves():
    left = (0.8 - FOLLOWING.least_gap) / FOLLOWING.headway
    both = accelerations([[0, 0], [0.8, 0]], np.zeros((2, 2)), [[1, 0], [1, 0]], FOLLOWING, pace=[1.3, 1.3])
    assert both[0, 0] == pytest.approx((left - 1.3) / FOLLOWING.relaxation)
    assert both[1, 0] == 0.0
    assert braking([[1, 0], [0.6, 0.8]], [1.3, 1.3]) == pytest.approx(0.6 * (left - 1.3) / FOLLOWING.relaxation)
    assert braking([[1, 0], [1, 0]], [1.3, 1.3], [[0, 0], [0.3, 0]]) == pytest.approx(-1.3 / FOLLOWING.relaxation)


@pytest.mark.parametrize(
    ("heading", "pace", "position"),
    [
        ([[1, 0], [-1, 0]], [1.3, 1.3], [[0, 0], [0.8, 0]]),
        ([[1, 0], [0, 1]], [1.3, 1.3], [[0, 0], [0.8, 0]]),
        ([[1, 0], [1, 0]], [1.3, 0.0], [[0, 0], [0.8, 0]]),
        ([[1, 0], [1, 0]], [0.3, 1.3], [[0, 0], [0.8, 0]]),
        ([[1, 0], [1, 0]], [1.3, 1.3], [[0, 0], [0.1, 0.6]]),
    ],
    ids=["against each other", "across", "past one who stands", "behind a faster one", "side by side"],
)
def test_nobody_follows(heading, pace, position):
    assert braking(heading, pace, position) == 0.0


def test_forces_turn_with_the_scene():
    source = np.random.default_rng(0)
    position, velocity = source.normal(size=(2, 8, 2)) * [[[2.0]], [[1.0]]]
    heading = velocity / np.linalg.norm(velocity, axis=1, keepdims=True)
    turn = np.array([[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]])
    straight = accelerations(position, velocity, heading)
    turned = accelerations(position @ turn.T, velocity @ turn.T, heading @ turn.T)
    assert turned == pytest.approx(straight @ turn.T, abs=1e-9)


def test_nobody_anticipates_a_collision_through_a_wall():
    position, velocity, heading = [[-2, 0], [2, 0.1]], [[1.3, 0], [-1.3, 0]], [[1, 0], [-1, 0]]
    wall = np.array([[0.0, -3.0, 0.0, 3.0]])
    assert np.abs(accelerations(position, velocity, heading)).max() > 0.1
    assert np.abs(accelerations(position, velocity, heading, walls=wall)).max() == 0.0


@settings(deadline=None, max_examples=300)
@given(
    ends=st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), min_size=1, max_size=6),
    x=coordinate,
    y=coordinate,
    step_x=st.floats(-2.0, 2.0),
    step_y=st.floats(-2.0, 2.0),
)
@example(ends=[(0.0, 0.0, 0.0, 1.0)], x=0.0, y=1.75, step_x=1e-220, step_y=0.0)
def test_no_step_however_long_passes_a_wall(ends, x, y, step_x, step_y):
    walls = np.array(ends)
    assume((np.hypot(walls[:, 2] - walls[:, 0], walls[:, 3] - walls[:, 1]) > 0.01).all())
    near = [nearest_point(x, y, walls, number) for number in range(len(walls))]
    assume(min(math.hypot(x - near_x, y - near_y) for near_x, near_y in near) > 1e-6)
    new_x, new_y, *_ = push_out(x, y, x + step_x, y + step_y, step_x, step_y, CALIBRATED.radius, walls)
    assert (new_x, new_y) == (x, y) or not is_hidden(x, y, new_x, new_y, walls)


def test_a_body_that_leans_on_a_wall_slides_along_it():
    wall = np.array([[-5.0, 0.0, 5.0, 0.0]])
    x, y, v_x, v_y = push_out(0.0, 0.2, 0.05, 0.15, 1.0, -1.0, 0.2, wall)
    assert (x, y, v_x, v_y) == pytest.approx((0.05, 0.2, 1.0, 0.0))


@pytest.mark.parametrize("period", [math.inf, 40.0])
def test_a_grid_finds_the_pairs_that_trying_all_finds_in_the_same_order(period):
    source = np.random.default_rng(4)
    bodies = np.zeros((600, 8))
    bodies[:, X : Y + 1] = source.uniform(0, 40, (600, 2))
    reach = source.uniform(2.0, 4.0, 600)
    found = []
    for find in (find_by_trying, find_by_cells):
        starts = np.zeros(601, np.int64)
        partner = find(bodies, reach, period, starts, np.empty(0, np.int32))
        found.append((starts, partner[: starts[-1]]))
    assert len(found[0][1]) > 5000
    assert all(map(np.array_equal, *found))


def test_members_of_a_group_do_not_push_each_other():
    position, velocity, heading = [[0, 0], [0.5, 0]], [[1.3, 0], [1.0, 0]], [[1, 0], [1, 0]]
    assert np.abs(accelerations(position, velocity, heading)).max() > 1.0
    assert np.abs(accelerations(position, velocity, heading, group=[3, 3])).max() == 0.0


def test_who_comes_towards_each_other_is_turned_to_the_right_by_a_preference():
    position, velocity, heading = [[-2, 0], [2, 0]], [[1.3, 0], [-1.3, 0]], [[1, 0], [-1, 0]]
    sideways = accelerations(position, velocity, heading, CALIBRATED._replace(side=0.3))[:, 1]
    assert sideways[0] == -sideways[1] < 0.0
    assert accelerations(position, velocity, heading, CALIBRATED._replace(side=0.0))[:, 1].tolist() == [0.0, 0.0]


def test_the_anticipating_force_has_no_jump():
    """Along a path from a head-on course to one that misses by far."""
    miss = np.linspace(-0.6, 0.6, 2001)
    forces = np.array([collision_force(-2.0, y, 2.6, 0.0, 1.0, CALIBRATED) for y in miss])
    assert np.linalg.norm(np.diff(forces, axis=0), axis=1).max() < 0.02 * np.linalg.norm(forces, axis=1).max()
