import math
from itertools import pairwise

import numba
import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.pedestrian.parameters import CALIBRATED
from pathcast.simulator.pedestrian.people import desired_speeds
from pathcast.simulator.pedestrian.places import exit_rows
from pathcast.tracks import Tracks

KINDS = ("corridor", "plaza")


@pytest.fixture(scope="module", params=KINDS)
def crowd(request):
    return simulate_crowd(request.param, 40, seed=11, record_s=0.05)


def same(one, other):
    labels = (one.truth.goal, one.truth.is_dwelling, one.truth.events.time, one.truth.events.value)
    others = (other.truth.goal, other.truth.is_dwelling, other.truth.events.time, other.truth.events.value)
    return one.tracks.equals(other.tracks) and all(map(np.array_equal, labels, others))


@pytest.mark.parametrize("kind", KINDS)
def test_a_scene_is_the_same_bits_in_any_batch_and_on_any_number_of_threads(kind):
    whole = simulate_crowd(kind, 70, seed=5, first=3, duration_s=6.0)
    numba.set_num_threads(1)
    try:
        assert same(whole, simulate_crowd(kind, 70, seed=5, first=3, duration_s=6.0))
    finally:
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    pieces = [
        simulate_crowd(kind, stop - start, seed=5, first=start, duration_s=6.0)
        for start, stop in pairwise((3, 4, 41, 73))
    ]
    assert Tracks.concatenate([piece.tracks for piece in pieces]).equals(whole.tracks)
    assert np.array_equal(np.concatenate([piece.truth.goal for piece in pieces]), whole.truth.goal)


def test_another_seed_is_another_crowd():
    one, other = (simulate_crowd("corridor", 1, seed=seed, duration_s=5.0) for seed in (1, 2))
    assert one.venue(0) != other.venue(0)
    assert not np.isin(one.tracks.position, other.tracks.position).any()


def test_desired_speeds_have_the_distribution_of_weidmann():
    speeds = desired_speeds(np.random.default_rng(1).random(10_000))
    assert speeds.mean() == pytest.approx(1.34, abs=0.01)
    assert speeds.std() == pytest.approx(0.26, abs=0.01)
    assert speeds.min() >= 0.5
    assert speeds.max() <= 2.2
    assert desired_speeds(np.array([0.0, 1.0 - 1e-16])) == pytest.approx([0.5, 2.2])


def test_rows_stand_on_the_common_clock_without_gaps(crowd):
    ticks = crowd.tracks.time / 0.05
    assert np.abs(ticks - np.round(ticks)).max() < 1e-6
    for track in crowd.tracks.each():
        assert np.diff(track.time) == pytest.approx(0.05)
    assert crowd.tracks.valid.all()
    assert crowd.tracks.equals(
        Tracks.from_rows(crowd.tracks.scene, crowd.tracks.track, crowd.tracks.time, crowd.tracks.position)
    )


def test_who_leaves_leaves_by_the_exit_that_is_the_goal(crowd):
    ends = crowd.tracks.starts[1:] - 1
    left = ends[crowd.tracks.time[ends] < 20.0 - 1e-6]
    assert len(left) > 80
    for row in left:
        way_out = exit_rows(crowd.venue(int(crowd.tracks.scene[row])))[crowd.truth.goal[row]]
        assert (way_out[:2] - crowd.tracks.position[row]) @ way_out[4:] < 2.2 * 1.3 * 0.05


def test_people_overlap_rarely(crowd):
    close = total = 0
    for frame in list(crowd.tracks.frames())[::10]:
        away = np.linalg.norm(frame.position[:, None] - frame.position, axis=2) + 9.0 * np.eye(len(frame.track))
        close += int((away.min(axis=1) < 0.75 * 2 * CALIBRATED.radius).sum())
        total += len(frame.track)
    assert close < 0.001 * total


def test_nobody_who_means_to_walk_stands_for_long(crowd):
    speeds = []
    for start, stop in pairwise(crowd.tracks.starts):
        if stop - start < 2:
            continue
        speed = np.linalg.norm(np.diff(crowd.tracks.position[start:stop], axis=0), axis=1) / 0.05
        walking = ~crowd.truth.is_dwelling[start + 1 : stop]
        speeds.append(speed[walking])
        still = np.flatnonzero(np.diff(np.concatenate([[0], (speed < 0.05) & walking, [0]])))
        assert (still[1::2] - still[::2]).max(initial=0) * 0.05 < 3.0
    assert np.concatenate(speeds).mean() > 1.1


def test_a_dense_two_way_corridor_keeps_flowing():
    crowd = simulate_crowd("corridor", 20, seed=2, num_people=(60, 60))
    steps = np.linalg.norm(np.diff(crowd.tracks.position, axis=0), axis=1) / 0.1
    inside = (np.diff(crowd.tracks.scene) == 0) & (np.diff(crowd.tracks.track) == 0)
    assert steps[inside & ~crowd.truth.is_dwelling[1:]].mean() > 0.8


def test_sway_is_small_and_walking_is_smooth(crowd):
    jerky = []
    for track in crowd.tracks.each():
        if len(track.time) > 12:
            velocity = np.diff(track.position[::4], axis=0) / 0.2
            jerky.append(np.linalg.norm(np.diff(velocity, axis=0), axis=1) / 0.2)
    accelerations = np.concatenate(jerky)
    assert 0.05 < np.median(accelerations) < 1.0
    assert np.quantile(accelerations, 0.99) < 4.0


def test_dwellers_stand(crowd):
    steps = np.linalg.norm(np.diff(crowd.tracks.position, axis=0), axis=1) / 0.05
    inside = (np.diff(crowd.tracks.scene) == 0) & (np.diff(crowd.tracks.track) == 0)
    dwelling = inside & crowd.truth.is_dwelling[1:] & crowd.truth.is_dwelling[:-1]
    assert 0.01 < dwelling.mean() < 0.2
    assert np.median(steps[dwelling]) < 0.15


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"scene": "station"}, "scene"),
        ({"num_people": (0, 4)}, "num_people"),
        ({"num_people": (5, 4)}, "num_people"),
        ({"num_scenes": 0}, "num_scenes"),
        ({"first": -1}, "first"),
        ({"seed": -1}, "seed"),
        ({"record_s": 0.07}, "record_s"),
        ({"record_s": math.nan}, "record_s"),
        ({"duration_s": 0.01}, "duration_s"),
        ({"duration_s": math.inf}, "duration_s"),
    ],
)
def test_a_wrong_argument_is_named(arguments, where):
    with pytest.raises(InputError) as raised:
        simulate_crowd(**({"scene": "corridor", "num_scenes": 1, "seed": 0} | arguments))
    assert raised.value.where == where
