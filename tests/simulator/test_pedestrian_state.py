import numba
import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.people import Events, Intent, People, desired_speeds, no_events
from pathcast.simulator.pedestrian.placement import place_people
from pathcast.simulator.pedestrian.scene import Scene, Zone
from pathcast.simulator.pedestrian.state import take_scenes
from pathcast.simulator.pedestrian.walk import walk
from pathcast.venue import corridor, plaza

NUM_SCENES, NUM = 4, 24
SCENE = Scene(plaza(20.0), zones=(Zone((5.0, 5.0), 3.0), Zone((-5.0, -5.0), 3.0)), gate_s=(0.0, 1.5, 0.0, 0.5))
STEPS = 200


@pytest.fixture(scope="module")
def busy():
    """People who come in, change their minds in every way, in groups, through zones and gates."""
    source = np.random.default_rng(0)
    num = NUM_SCENES * NUM
    inside = source.uniform(-9, 9, (num, 8, 2))
    comes = np.arange(num) % 2 == 0
    inside[comes] = np.nan
    entry = source.integers(4, size=num)
    people = People(
        np.arange(NUM_SCENES + 1) * NUM,
        np.where(comes, source.random(num) * 9.0, 0.0),
        entry,
        (entry + 1 + source.integers(3, size=num)) % 4,
        desired_speeds(source.random(num)),
        source.random(num),
        source.random(num),
        inside,
        np.where(source.random(num) < 0.6, np.arange(num) % NUM // 3, -1),
        source.random((num, 2)),
    )
    times = np.sort(source.random((num, 3)) * 10.0, axis=1).ravel()
    kind = source.choice([kind for kind in Intent if kind != Intent.CHOICE], len(times)).astype(np.int64)
    others = source.integers(NUM, size=len(times))
    value = np.select([kind == Intent.DWELL, kind == Intent.JOIN], [2.0, others], source.random(len(times)))
    return people, Events(np.arange(num + 1) * 3, times, kind, value)


def noise(first, end):
    numbers = [np.random.default_rng(scene).standard_normal((STEPS, NUM, 2)) for scene in range(NUM_SCENES)]
    return np.concatenate([part[first:end].ravel() for part in numbers])


@pytest.fixture(scope="module")
def whole(busy):
    return walk([SCENE] * NUM_SCENES, *busy, 10.0, 0.05, noise(0, STEPS))


def equal(one, other):
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


@pytest.mark.parametrize("cut_s", [4.0, 4.05, 2.35, 7.9])
def test_a_walk_that_goes_on_is_the_same_bits_as_one_walk(busy, whole, cut_s):
    cut = round(cut_s / 0.05)
    before = walk([SCENE] * NUM_SCENES, *busy, cut_s, 0.05, noise(0, cut))
    after = walk(
        [SCENE] * NUM_SCENES, *busy, 10.0 - cut_s, 0.05, noise(cut, STEPS), start=before.walkers, start_s=cut_s
    )
    for name in ("position", "goal", "is_dwelling", "group"):
        assert equal(getattr(whole, name)[:, : cut + 1], getattr(before, name))
        assert equal(getattr(whole, name)[:, cut:], getattr(after, name))
    for name in ("event_value", "zone_s", "zone_goal"):
        first, second = getattr(before, name), getattr(after, name)
        is_empty = np.isnan(first) if first.dtype.kind == "f" else first < 0
        assert equal(getattr(whole, name), np.where(is_empty, second, first))
    for part, expected in zip(after.walkers, whole.walkers, strict=True):
        assert equal(expected, part)


def test_every_change_of_mind_took_effect_on_somebody(busy, whole):
    _, events = busy
    took = events.kind[~np.isnan(whole.event_value)]
    assert set(took.tolist()) == {int(kind) for kind in Intent} - {int(Intent.CHOICE)}
    assert (whole.zone_goal >= 0).any()
    assert (np.isnan(whole.zone_s) == (whole.zone_goal < 0)).all()


def test_forks_without_anything_redrawn_are_the_scene_itself(busy, whole):
    people, events = busy
    scenes = np.array([2, 0, 2])
    before = walk([SCENE] * NUM_SCENES, people, events, 4.0, 0.05, noise(0, 80))
    person = np.concatenate([np.arange(scene * NUM, (scene + 1) * NUM) for scene in scenes])
    copies = People(np.arange(4) * NUM, *(part[person] for part in people[1:]))
    event = np.concatenate([np.arange(events.starts[each], events.starts[each + 1]) for each in person])
    redrawn = Events(np.arange(len(person) + 1) * 3, *(part[event] for part in events[1:]))
    sway = noise(80, STEPS).reshape(NUM_SCENES, -1)[scenes].ravel()
    start = take_scenes(before.walkers, people.starts, scenes)
    after = walk([SCENE] * 3, copies, redrawn, 6.0, 0.05, sway, start=start, start_s=4.0)
    assert equal(whole.position[person, 80:], after.position)


def test_the_number_of_threads_changes_no_bit(busy, whole):
    numba.set_num_threads(1)
    try:
        alone = walk([SCENE] * NUM_SCENES, *busy, 10.0, 0.05, noise(0, STEPS))
    finally:
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    assert all(map(equal, whole[:-1], alone[:-1]))


def test_a_start_needs_its_time():
    people = place_people([corridor()], [1], [[0.0, 0.0]], 1, 1.3)
    record = walk([corridor()], people, no_events(1), 1.0, 0.1)
    with pytest.raises(InputError, match="start_s"):
        walk([corridor()], people, no_events(1), 1.0, 0.1, start=record.walkers)
    with pytest.raises(InputError, match="start_s"):
        walk([corridor()], people, no_events(1), 1.0, 0.1, start=record.walkers, start_s=0.99)
