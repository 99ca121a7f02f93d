import math
from dataclasses import replace

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.parameters import CALIBRATED
from pathcast.simulator.pedestrian.people import Events, Intent, desired_speeds, no_events
from pathcast.simulator.pedestrian.placement import place_people
from pathcast.simulator.pedestrian.places import flatten_venues
from pathcast.simulator.pedestrian.scene import Scene, Zone
from pathcast.simulator.pedestrian.walk import walk
from pathcast.venue import Box, Segment, corridor, plaza

WEST, EAST = 0, 1
RING = Scene(corridor(10.0, 4.0), period_m=10.0)


def crowd_in_ring(num, seed, goals):
    """Places on a grid, goals and desired speeds in a ring of 10 x 4 m."""
    source = np.random.default_rng(seed)
    columns = math.ceil(num / 5)
    grid = np.array(
        [(x, y) for x in (np.arange(columns) + 0.5) / columns * 10.0 - 5.0 for y in np.linspace(-1.6, 1.6, 5)]
    )
    return grid[:num], source.choice(goals, num), desired_speeds(source.random(num)), source


def test_a_ring_has_no_ends():
    people = place_people([RING], [1], [[4.0, 0.0]], EAST, 1.3)
    record = walk([RING], people, no_events(1), 20.0, 0.5)
    assert record.position[0, :, 0] == pytest.approx(4.0 + 1.3 * 0.5 * np.arange(41), abs=1e-6)
    assert record.position[0, :, 1] == pytest.approx(0.0, abs=1e-9)


def test_where_the_seam_is_changes_nothing():
    start, goal, speed, _ = crowd_in_ring(20, 1, [WEST, EAST])
    ways = []
    for shift in (0.0, 3.3):
        moved = start + np.array([shift, 0.0])
        moved[:, 0] = (moved[:, 0] + 5.0) % 10.0 - 5.0
        record = walk([RING], place_people([RING], [20], moved, goal, speed), no_events(20), 5.0, 0.5)
        ways.append(record.position - record.position[:, :1])
    assert ways[1] == pytest.approx(ways[0], abs=1e-6)


@pytest.mark.parametrize(("num", "goals"), [(20, [EAST]), (40, [WEST, EAST])], ids=["one way", "two ways"])
def test_bodies_hardly_ever_overlap_up_to_one_person_per_square_metre(num, goals):
    start, goal, speed, source = crowd_in_ring(num, 2, goals)
    people = place_people([RING], [num], start, goal, speed)
    record = walk([RING], people, no_events(num), 40.0, 0.2, source.standard_normal(num * 2 * 800))
    off = record.position[:, None] - record.position[None]
    off[..., 0] -= 10.0 * np.round(off[..., 0] / 10.0)
    distance = np.hypot(off[..., 0], off[..., 1]) + 9.0 * np.eye(num)[..., None]
    assert (distance.min(axis=1) < 0.75 * 2 * CALIBRATED.radius).mean() < 0.001
    assert np.abs(record.position[..., 1]).max() < 2.0 - CALIBRATED.radius + 1e-9


def test_nobody_is_stuck_for_long_in_a_dense_two_way_ring():
    start, goal, speed, source = crowd_in_ring(40, 3, [WEST, EAST])
    people = place_people([RING], [40], start, goal, speed)
    record = walk([RING], people, no_events(40), 120.0, 0.5, source.standard_normal(40 * 2 * 2400))
    slow = np.linalg.norm(np.diff(record.position, axis=1), axis=2) / 0.5 < 0.05
    standing = np.zeros(40)
    for frame in slow.T:
        standing = np.where(frame, standing + 0.5, 0.0)
        assert standing.max() <= 20.0


def test_bodies_that_are_thrown_together_do_not_pass_through_each_other():
    hasty = CALIBRATED._replace(strength=0.0, collision_energy=0.0, sway=0.0)
    venue = corridor(10.0, 0.41)
    people = place_people([venue], [2], [[-1.0, 0.0], [1.0, 0.0]], [EAST, WEST], 2.2)
    record = walk([venue], people, no_events(2), 5.0, 0.05, parameters=hasty)
    apart = record.position[1, :, 0] - record.position[0, :, 0]
    assert apart.min() >= 2 * hasty.radius * hasty.core - 1e-9


def test_a_turnstile_lets_one_person_out_at_a_time():
    scene = Scene(corridor(20.0, 3.0), gate_s=(0.0, 2.0))
    start = [[4.0 + 0.7 * column, row] for column in range(5) for row in (-0.8, 0.0, 0.8)]
    record = walk([scene], place_people([scene], [15], start, EAST, 1.3), no_events(15), 60.0, 0.05)
    left = np.sort((record.goal >= 0).sum(axis=1)) * 0.05
    assert left[-1] < 60.0
    assert np.diff(left).min() >= 2.0 - 1e-6
    assert np.diff(left).max() < 4.0


def test_ways_chosen_in_a_zone_are_softmax_of_their_lengths_and_never_back():
    zone = Zone((-6.0, 0.0), 3.0)
    scene = Scene(replace(plaza(20.0), obstacles=()), zones=(zone,))
    num = 400
    people = place_people([scene] * num, [1] * num, np.tile([[-9.5, 0.0]], (num, 1)), EAST, 1.3)
    choice = np.random.default_rng(5).random((num, 1))
    record = walk([scene] * num, people._replace(zone_choice=choice), no_events(num), 3.0, 0.5)
    share = np.bincount(record.zone_goal[:, 0], minlength=4) / num
    south, east, north, west = range(4)
    assert share[west] == 0.0
    across, aside = 18.0, math.hypot(8.9, 9.4)
    expected = 1.0 / (1.0 + 2.0 * math.exp((across - aside) / CALIBRATED.route_scale))
    assert share[east] == pytest.approx(expected, abs=0.08)
    assert share[north] == pytest.approx(share[south], abs=0.1)
    assert (record.goal[:, -1] == record.zone_goal[:, 0]).all()


def test_who_turns_walks_back_to_where_they_came_in():
    scene = plaza(20.0)
    people = place_people([scene], [1], [[0.0, 5.0]], EAST, 1.3)._replace(
        inside=np.full((1, 1, 2), np.nan), entry=np.array([2]), entry_fraction=np.array([0.4])
    )
    events = Events(np.array([0, 1]), np.array([3.0]), np.array([int(Intent.TURN)]), np.zeros(1))
    record = walk([scene], people, events, 12.0, 0.5)
    assert record.event_value.tolist() == [2.0]
    assert record.goal[0, [4, 8]].tolist() == [EAST, 2]
    assert record.goal[0, -1] == -1


@pytest.mark.parametrize(
    ("scene", "message"),
    [
        (
            lambda: Scene(plaza(), zones=(Zone((30.0, 0.0), 2.0),)),
            r"zone 0 at \(30\.00, 0\.00\): expected a centre inside",
        ),
        (lambda: Scene(plaza(), zones=(Zone((0.0, 0.0), 2.0),)), r"zone 0 at \(0\.00, 0\.00\)"),
        (lambda: Scene(plaza(), zones=(Zone((1.0, math.nan), 2.0),)), r"zone at \(1\.00, nan\): expected finite"),
        (
            lambda: Scene(plaza(), zones=(Zone((1.0, 2.0), 0.0),)),
            r"zone at \(1\.00, 2\.00\): radius: expected .*over 0 m",
        ),
        (
            lambda: Scene(corridor(), gate_s=(0.0, -1.0)),
            r"gate_s of exit east at \(15\.00, -2\.00\): expected from 0 s",
        ),
        (lambda: Scene(corridor(), gate_s=(1.0,)), r"gate_s: expected one for each of 2 exits, or none, found 1"),
        (lambda: Scene(corridor(), period_m=-1.0), r"period_m: expected from 0 m"),
        (lambda: Scene(corridor(), period_m=20.0), r"period_m: expected the venue's length of 30 m, found 20 m"),
        (
            lambda: Scene(plaza(), period_m=20.0),
            r"exits where the place repeats: expected two, to -x and to \+x, found 4",
        ),
        (
            lambda: Scene(
                replace(
                    corridor(), walls=(corridor().walls[0], Segment(start=(-15, 2, 0), end=(10, 2, 0), name="half"))
                ),
                period_m=30.0,
            ),
            r"wall half at \(-15\.00, 2\.00\): expected a wall that goes on .* at \(15\.00, 2\.00\)",
        ),
        (
            lambda: Scene(
                replace(corridor(), walls=(), obstacles=(Box(centre=(0, 0, 1), size=(1, 1, 2)),)), period_m=30.0
            ),
            r"walls where the place repeats: expected two at least",
        ),
    ],
)
def test_a_scene_that_cannot_be_is_refused_with_its_place(scene, message):
    with pytest.raises(InputError, match=message):
        flatten_venues([scene()], 0.2)


def test_equal_scenes_are_one_place():
    places = flatten_venues([plaza(), corridor(), Scene(plaza()), Scene(plaza(), gate_s=(1.0, 0.0, 0.0, 0.0))], 0.2)
    assert places.place.tolist() == [0, 1, 0, 2]
    assert len(places.walls) == 2 * (8 + 4) + 2


def test_a_group_that_there_is_not_is_named():
    with pytest.raises(InputError, match=r"person 1 of scene 0 at \(1\.00, 0\.00\): group: expected .* found 2"):
        place_people([corridor()], [2], [[0.0, 0.0], [1.0, 0.0]], EAST, 1.3, group=[0, 2])
