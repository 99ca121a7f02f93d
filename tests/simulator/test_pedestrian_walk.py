import math
from dataclasses import replace

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.crowd import walk
from pathcast.simulator.pedestrian.people import desired_speeds, no_events
from pathcast.simulator.pedestrian.placement import place_people
from pathcast.simulator.pedestrian.places import flatten_venues
from pathcast.simulator.pedestrian.routing import find_routes
from pathcast.venue import Box, Segment, Venue, corridor, plaza

WEST, EAST = 0, 1


def seconds_inside(record, record_s):
    return np.sum(record.goal >= 0, axis=1) * record_s


def turned(venue, angle):
    def turn(point):
        x, y, z = point
        return (math.cos(angle) * x - math.sin(angle) * y, math.sin(angle) * x + math.cos(angle) * y, z)

    def turn_all(segments):
        return tuple(replace(each, start=turn(each.start), end=turn(each.end)) for each in segments)

    boxes = tuple(replace(box, centre=turn(box.centre), yaw=box.yaw + angle) for box in venue.obstacles)
    return replace(venue, walls=turn_all(venue.walls), exits=turn_all(venue.exits), obstacles=boxes)


def test_rimea_1_forty_metres_take_26_to_34_seconds():
    venue = corridor(length=41.0, width=2.0)
    people = place_people([venue], [1], [[-19.5, 0.0]], EAST, 1.33)
    record = walk([venue], people, no_events(1), 40.0, 0.05)
    x = record.position[0, :, 0]
    assert 26.0 < np.searchsorted(x, 20.5 - 1e-9) * 0.05 < 34.0
    assert seconds_inside(record, 0.05)[0] == pytest.approx(40.0 / 1.33, abs=0.2)


def test_turning_the_place_by_45_degrees_changes_no_time():
    venue, angle = plaza(side=20.0), math.pi / 4
    position = np.array([[-9.0, -1.0], [-8.0, 1.5], [4.0, -7.0], [0.0, 8.0]])
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    times = []
    for place, start in ((venue, position), (turned(venue, angle), position @ turn.T)):
        people = place_people([place], [4], start, [1, 1, 2, 0], [1.2, 1.4, 1.3, 1.1])
        times.append(seconds_inside(walk([place], people, no_events(4), 40.0, 0.05), 0.05))
    assert (times[0] < 39.0).all()
    assert times[1] == pytest.approx(times[0], rel=1e-3)


@pytest.mark.parametrize(("goals", "mean_m"), [([EAST], 0.02), ([WEST, EAST], 0.1)], ids=["one way", "two ways"])
def test_a_quarter_of_the_step_moves_nobody_far(goals, mean_m):
    """At 0.3 people per m²; whom one passes left or right of may hang on the step where people meet head on."""
    venue = corridor(length=30.0, width=4.0)
    grid = np.array([[x, y] for x in np.linspace(-13, 13, 12) for y in (-1.2, 0.0, 1.2)])
    ends = []
    for seed in range(5):
        source = np.random.default_rng(seed)
        position = grid + source.uniform(-0.2, 0.2, grid.shape)
        goal, speed = source.choice(goals, len(grid)), desired_speeds(source.random(len(grid)))
        people = place_people([venue], [len(grid)], position, goal, speed)
        walks = [walk([venue], people, no_events(len(grid)), 5.0, 0.5, step_s=step_s) for step_s in (0.05, 0.0125)]
        ends.append(walks[0].position[:, -1] - walks[1].position[:, -1])
    assert np.nanmean(np.linalg.norm(np.concatenate(ends), axis=1)) < mean_m


def test_the_way_around_the_kiosk_is_hardly_longer_than_it_must_be():
    venue = plaza(side=20.0)
    people = place_people([venue], [1], [[-9.0, 0.0]], EAST, 1.3)
    path = walk([venue], people, no_events(1), 30.0, 0.05).position[0]
    path = path[~np.isnan(path[:, 0])]
    length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    taut = 2 * math.hypot(8.0, 1.0) + 2.0 + 1.0
    assert taut < length < 1.1 * taut
    assert np.abs(path[np.abs(path[:, 0]) < 1.0, 1]).min() > 1.2
    assert path[-1, 0] > 9.9


def test_routes_are_shortest_over_the_corners_of_the_kiosk():
    places = flatten_venues([plaza(side=20.0)], 0.2)
    routes = find_routes(places.walls, places.exits)
    corners = np.abs(routes.waypoint).max(axis=1) < 2.0
    assert np.sort(np.abs(routes.waypoint[corners]).ravel()) == pytest.approx(np.full(8, 1.45))
    for waypoint, cost, following in zip(*routes, strict=True):
        for way_out in range(4):
            if following[way_out] >= 0:
                step = np.linalg.norm(routes.waypoint[following[way_out]] - waypoint)
                assert cost[way_out] == pytest.approx(step + routes.cost[following[way_out], way_out])


def test_a_corner_between_rooms_is_walked_around():
    """RiMEA 6: a bent corridor, 2 m wide, is left at its far end without passing a wall."""
    corners = [(-10, 0), (2, 0), (2, 12), (0, 12), (0, 2), (-10, 2)]
    pieces = [((*a, 0.0), (*b, 0.0)) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    walls = [Segment(start=a, end=b) for number, (a, b) in enumerate(pieces) if number not in (2, 5)]
    exits = [Segment(start=a, end=b, name=str(number)) for number, (a, b) in enumerate(pieces) if number in (2, 5)]
    venue = Venue(name="bend", walls=tuple(walls), exits=tuple(exits))
    position = [[-9.5 + 0.7 * column, 0.6 + 0.8 * row] for column in range(10) for row in range(2)]
    people = place_people([venue], [20], position, 0, np.linspace(1.0, 1.6, 20))
    record = walk([venue], people, no_events(20), 60.0, 0.05)
    assert (record.goal[:, -1] < 0).all()
    x, y = record.position[record.goal >= 0].T
    assert ((x < 2) & (y > 0) & ((x > 0) | (y < 2))).all()


@pytest.mark.parametrize(
    ("venue", "position", "goal", "where"),
    [
        (plaza(), [0.3, 0.2], 0, "person 0 of scene 0 at (0.30, 0.20)"),
        (corridor(), [0.0, 1.95], 0, "person 0 of scene 0 at (0.00, 1.95)"),
        (corridor(), [40.0, 0.0], 0, "person 0 of scene 0 at (40.00, 0.00)"),
        (corridor(), [0.0, math.nan], 0, "person 0 of scene 0 at (0.00, nan)"),
        (corridor(), [0.0, 0.0], 2, "person 0 of scene 0 at (0.00, 0.00): goal"),
    ],
)
def test_a_person_where_nobody_can_be_is_named_with_the_place(venue, position, goal, where):
    with pytest.raises(InputError) as raised:
        place_people([venue], [1], [position], goal, 1.3)
    assert raised.value.where == where


def test_two_people_in_one_place_are_named():
    with pytest.raises(InputError, match=r"person 1 of scene 0 at \(1\.10, 0\.00\).*person 0 at \(1\.00, 0\.00\)"):
        place_people([corridor()], [2], [[1.0, 0.0], [1.1, 0.0]], 0, 1.3)


@pytest.mark.parametrize(
    ("venue", "message"),
    [
        (plaza(door=0.35), r"exit south at \(0\.00, -10\.00\): expected wider than a body of 0\.\d\d m, found 0\.35 m"),
        (
            replace(plaza(), obstacles=(Box(centre=(10.0, 0.0, 1.0), size=(1.0, 1.0, 2.0)),)),
            r"exit east at \(10\.00, 0\.00\): .* obstacle 0 at \(10\.00, 0\.00\)",
        ),
        (
            replace(
                plaza(), walls=(*plaza().walls, Segment(start=(-9.0, 1.0, 0.0), end=(-11.0, -1.0, 0.0), name="beam"))
            ),
            r"exit west at \(-10\.00, 0\.00\): .* wall beam from \(-9\.00, 1\.00\) to \(-11\.00, -1\.00\)",
        ),
        (Venue(name="cell", walls=corridor().walls), "venue cell: exits: expected one at least, found none"),
    ],
)
def test_an_exit_that_nobody_can_leave_by_is_named_with_its_place(venue, message):
    people = place_people([corridor()], [1], [[0.0, 0.0]], 0, 1.3)
    with pytest.raises(InputError, match=message):
        walk([venue], people, no_events(1), 1.0, 0.1)


def test_a_walk_without_people_is_refused():
    with pytest.raises(InputError, match="people: expected one at least, found none"):
        place_people([corridor()], [0], np.empty((0, 2)), 0, 1.3)
