from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.contact import crosses, is_within
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.pedestrian.parameters import CALIBRATED
from pathcast.simulator.pedestrian.people import Intent
from pathcast.simulator.pedestrian.places import exit_rows, flatten_venues, wall_rows
from pathcast.simulator.pedestrian.population import group_sizes
from pathcast.simulator.pedestrian.routing import find_routes, way_length
from pathcast.simulator.pedestrian.scene import Scene
from pathcast.simulator.pedestrian.scenes import ALL, KINDS, Flow, Kind, fixed_kind
from pathcast.simulator.pedestrian.scenes.outline import Door, enclose, rectangle
from pathcast.simulator.pedestrian.scenes.reach import unreachable
from pathcast.tracks import Tracks
from pathcast.venue import Box, Segment, corridor, plaza

NUM_SCENES = 6


@pytest.fixture(scope="module", params=KINDS)
def crowd(request):
    return simulate_crowd(request.param, NUM_SCENES, seed=4)


def distances(points, rows):
    """From each point to the nearest of some segments, m."""
    along = rows[:, 2:4] - rows[:, :2]
    share = np.clip(((points[:, None] - rows[:, :2]) * along).sum(-1) / (along**2).sum(-1), 0.0, 1.0)
    return np.linalg.norm(points[:, None] - rows[:, :2] - share[..., None] * along, axis=-1).min(axis=1, initial=np.inf)


def first_rows(crowd):
    return crowd.tracks.starts[:-1]


def test_nobody_is_ever_beyond_a_wall_or_passes_one(crowd):
    for scene in range(NUM_SCENES):
        walls, exits = wall_rows(crowd.venue(scene)), exit_rows(crowd.venue(scene))
        own = crowd.tracks.select(crowd.tracks.scene == scene)
        on_threshold = distances(own.position, exits) < 1e-6
        for (x, y), is_on in zip(own.position, on_threshold, strict=True):
            assert is_on or is_within(x, y, walls, exits)
        assert distances(own.position, walls).min() > 0.9 * CALIBRATED.radius
        for track in own.each():
            for (x0, y0), (x1, y1) in pairwise(track.position[::2]):
                assert not any(crosses(x0, y0, x1, y1, walls, number) for number in range(len(walls)))


def test_nobody_starts_on_another(crowd):
    for frame in crowd.tracks.frames():
        if frame.time == 0.0:
            away = np.linalg.norm(frame.position[:, None] - frame.position, axis=2) + 9.0 * np.eye(len(frame.track))
            assert away.min() > 2 * CALIBRATED.radius


def test_scenes_are_walked_in_and_out_of(crowd):
    speeds = np.linalg.norm(np.diff(crowd.tracks.position, axis=0), axis=1) / 0.1
    inside = (np.diff(crowd.tracks.scene) == 0) & (np.diff(crowd.tracks.track) == 0)
    assert speeds[inside & ~crowd.truth.is_dwelling[1:]].mean() > 0.7
    assert crowd.tracks.num_rows > NUM_SCENES * 201
    ends = crowd.tracks.starts[1:] - 1
    assert (crowd.tracks.time[ends] < 19.9).sum() > NUM_SCENES


def test_groups_start_together(crowd):
    rows = first_rows(crowd)
    group, scene, time = crowd.truth.group[rows], crowd.tracks.scene[rows], crowd.tracks.time[rows]
    joined = {(each.scene[i], each.track[i]) for each in [crowd.truth.events] for i in range(len(each.scene))}
    for number in np.unique(scene):
        for members in np.unique(group[(scene == number) & (group >= 0)]):
            own = rows[(scene == number) & (group == members)]
            own = [row for row in own if (number, crowd.tracks.track[row]) not in joined]
            assert len(own) <= 4
            if len(own) > 1 and np.ptp(crowd.tracks.time[own]) == 0.0:
                steps = np.linalg.norm(np.diff(crowd.tracks.position[own], axis=0), axis=1)
                assert (steps < 3.1).all()
                assert steps.min() > 2 * CALIBRATED.radius
            elif len(own) > 1:
                assert np.ptp(crowd.tracks.time[own]) < 6.0
    assert time.min() == 0.0 or crowd.scene_name == "circle"


def test_every_exit_that_somebody_walks_to_can_be_reached(crowd):
    for scene in range(NUM_SCENES):
        place = crowd.place(scene)
        num = len(place.venue.exits)
        assert num >= 2
        assert unreachable(place, np.array([(a, b) for a in range(num) for b in range(num) if a != b])) is None


def test_from_where_everybody_starts_the_goal_can_be_reached(crowd):
    for scene in range(NUM_SCENES):
        places = flatten_venues([crowd.place(scene)], CALIBRATED.radius)
        routes = find_routes(places.walls, places.exits)
        for row in first_rows(crowd):
            if crowd.tracks.scene[row] == scene:
                x, y = crowd.tracks.position[row]
                inward = 0.05 * (np.mean(places.exits[:, :2], axis=0) - (x, y))
                goal = crowd.truth.goal[row]
                assert np.isfinite(way_length(x + inward[0], y + inward[1], goal, routes, places.walls, places.exits))


def test_nobody_who_means_to_walk_stands_for_long(crowd):
    if crowd.scene_name == "queue":
        return
    steps = np.linalg.norm(np.diff(crowd.tracks.position, axis=0), axis=1)
    inside = (np.diff(crowd.tracks.scene) == 0) & (np.diff(crowd.tracks.track) == 0)
    stands = np.concatenate([[0], inside & (steps < 0.01) & ~crowd.truth.is_dwelling[1:], [0]])
    still = np.flatnonzero(np.diff(stands.astype(int)))
    assert (still[1::2] - still[::2]).max(initial=0) * 0.1 < 5.0


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**64 - 1), index=st.integers(0, 2**62), name=st.sampled_from(list(KINDS)))
def test_places_are_drawn_by_seed_and_index_alone_and_have_room(seed, index, name):
    place = KINDS[name].scene(seed, index)
    assert place == KINDS[name].scene(seed, index)
    num = len(place.venue.exits)
    if name == "plaza":
        assert 3 <= num <= 8
    assert unreachable(place, np.array([(0, number) for number in range(1, num)])) is None


def test_a_scene_of_the_mix_is_the_one_of_its_own_kind():
    mixed = simulate_crowd(ALL, len(KINDS), seed=2, first=30, duration_s=3.0)
    pieces = [
        simulate_crowd(mixed.kind(scene).name, 1, seed=2, first=scene, duration_s=3.0)
        for scene in range(30, 30 + len(KINDS))
    ]
    assert {mixed.kind(scene) for scene in range(30, 30 + len(KINDS))} == set(KINDS.values())
    assert Tracks.concatenate([piece.tracks for piece in pieces]).equals(mixed.tracks)
    assert np.array_equal(np.concatenate([piece.truth.group for piece in pieces]), mixed.truth.group)
    assert np.array_equal(np.concatenate([piece.truth.events.value for piece in pieces]), mixed.truth.events.value)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.9])
def test_that_share_of_people_walk_in_groups(share):
    sizes = group_sizes(share, (np.arange(100_000) + 0.5) / 100_000)
    assert sizes.min() == 1
    assert sizes.max() <= 4
    assert sizes[sizes > 1].sum() / sizes.sum() == pytest.approx(share, abs=1e-3)


def test_a_description_or_a_place_of_ones_own_is_walked():
    def hall(measures, source):
        return enclose("hall", rectangle(measures["length"], 8.0), [Door(3, "in", 2.0), Door(1, "out", 2.0)])

    kind = Kind(name="hall", place=hall, measures={"length": (10.0, 12.0)}, flows=(Flow("in", "out"),), rates={})
    crowd = simulate_crowd(kind, 4, seed=1, num_people=(5, 5))
    assert crowd.scene_name == "hall"
    assert set(crowd.truth.goal) == {1}
    assert not len(crowd.truth.events.kind) or set(crowd.truth.events.kind) == {Intent.CHOICE}
    own = simulate_crowd(plaza(side=18.0), 2, seed=1)
    assert own.venue(0) == own.venue(1) == plaza(side=18.0)
    assert own.tracks.equals(simulate_crowd(Scene(plaza(side=18.0)), 2, seed=1).tracks)
    assert own.tracks.equals(simulate_crowd(fixed_kind(plaza(side=18.0)), 2, seed=1).tracks)


ENDS = (Door(3, "west"), Door(1, "east"))


def room(*more_walls, obstacles=()):
    venue = enclose("room", rectangle(10.0, 4.0), ENDS, obstacles)
    return replace(venue, walls=(*venue.walls, *more_walls))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Kind(name="", place=lambda m, s: corridor()), "kind: name: expected one"),
        (lambda: Kind(name="all", place=lambda m, s: corridor()), "kind: name: expected one"),
        (
            lambda: Kind(name="a", place=lambda m, s: corridor(), measures={"length": (3.0, 2.0)}),
            r"kind a: measures\['length'\]: expected \(least, most\)",
        ),
        (lambda: Kind(name="a", place=lambda m, s: corridor(), in_groups=(0.0, 1.0)), "kind a: in_groups: "),
        (lambda: Kind(name="a", place=lambda m, s: corridor(), flows=()), "kind a: flows: expected one at least"),
        (
            lambda: Kind(name="a", place=lambda m, s: corridor(), rates={Intent.CHOICE: (0.0, 1.0)}),
            "kind a: rates: expected GOAL or DWELL",
        ),
        (
            lambda: simulate_crowd(
                Kind(name="a", place=lambda m, s: corridor(), flows=(Flow("west", "nort*"),)), 1, seed=1
            ),
            r"kind a: flow from west to nort\*: expected patterns of two of the exits west, east, found no such way",
        ),
        (
            lambda: simulate_crowd(room(Segment(start=(0.0, -2.0, 0.0), end=(0.0, 2.0, 0.0))), 1, seed=1),
            r"venue room: exit east at \(5\.00, 0\.00\): expected a way to it from exit west",
        ),
        (
            lambda: enclose("room", rectangle(4.0, 4.0), [Door(0, "wide", 5.0)]),
            r"venue room: exit wide at \(0\.00, -2\.00\): expected room for it in its side",
        ),
        (
            lambda: enclose("room", rectangle(4.0, 4.0), [Door(0, "a", 2.0, 0.4), Door(0, "b", 2.0, 0.6)]),
            r"venue room: exit b at \(0\.40, -2\.00\): expected room for it in its side",
        ),
        (lambda: simulate_crowd("station", 1, seed=1), "scene: expected one of corridor, .*queue, or all"),
        (
            lambda: simulate_crowd(room(obstacles=[Box(centre=(5.0, 0.0, 1.0), size=(1.0, 1.0, 2.0))]), 1, seed=1),
            r"venue room: exit east at \(5\.00, 0\.00\): expected .* free of obstacles",
        ),
    ],
)
def test_a_wrong_description_is_named_with_its_place(make, message):
    with pytest.raises(InputError, match=message):
        make()
