import numba
import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.pedestrian.forks import fork_crowd
from pathcast.simulator.pedestrian.people import Intent

AT_S, HORIZON_S = 6.0, 4.8


def between(tracks, start_s, end_s):
    return tracks.select((tracks.time > start_s - 1e-9) & (tracks.time < end_s + 1e-9))


@pytest.fixture(scope="module")
def forks():
    return fork_crowd("crossing", 3, seed=1, at_s=AT_S, num_branches=24)


@pytest.mark.parametrize("scene", ["plaza", "crossing", "queue", "all"])
def test_the_past_is_the_scenes_own_and_so_is_a_future_of_which_nothing_is_redrawn(scene):
    own = simulate_crowd(scene, 3, seed=5, first=8)
    forks = fork_crowd(scene, 3, 5, AT_S, num_branches=3, first=8, intents=False, sway=False)
    assert forks.past.equals(between(own.tracks, 0.0, AT_S))
    until = own.tracks.time < AT_S + 1e-9
    assert np.array_equal(forks.past_truth.goal, own.truth.goal[until])
    after = (own.tracks.time > AT_S - 1e-9) & (own.tracks.time < AT_S + HORIZON_S + 1e-9)
    for branch in range(3):
        rows = forks.branch == branch
        assert np.array_equal(forks.scene[rows], own.tracks.scene[after])
        assert np.array_equal(forks.futures.track[rows], own.tracks.track[after])
        assert np.array_equal(forks.futures.time[rows], own.tracks.time[after])
        assert np.array_equal(forks.futures.position[rows], own.tracks.position[after])
        assert np.array_equal(forks.truth.goal[rows], own.truth.goal[after])
        assert np.array_equal(forks.truth.group[rows], own.truth.group[after])
        assert np.array_equal(forks.truth.is_dwelling[rows], own.truth.is_dwelling[after])
    events = own.truth.events
    later = (events.time > AT_S) & (events.time < AT_S + HORIZON_S - 0.06)
    found = forks.truth.events
    first = (found.scene % 3 == 0) & (found.time < AT_S + HORIZON_S - 0.06)
    assert np.array_equal(found.time[first], events.time[later])
    assert np.array_equal(found.value[first], events.value[later])


def test_futures_start_where_the_past_ends_and_then_part(forks):
    end = between(forks.past, AT_S, AT_S)
    for scene, track, position in zip(end.scene, end.track, end.position, strict=True):
        futures = forks.of_person(int(scene), int(track))
        assert futures.shape == (24, 49, 2)
        assert (futures[:, 0] == position).all()
        there = ~np.isnan(futures[:, 10, 0])
        assert len(np.unique(futures[there, 10, 0])) == there.sum()


def test_futures_do_not_depend_on_batch_threads_or_the_number_of_branches(forks):
    numba.set_num_threads(1)
    try:
        few = fork_crowd("crossing", 1, seed=1, at_s=AT_S, num_branches=7, first=1)
    finally:
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    same = (forks.scene == 1) & (forks.branch < 7)
    assert np.array_equal(forks.futures.position[same], few.futures.position)
    assert np.array_equal(forks.truth.goal[same], few.truth.goal)


def test_futures_reach_several_exits_where_intents_are_redrawn_and_one_where_they_are_not():
    calm = fork_crowd("crossing", 6, seed=2, at_s=4.0, num_branches=16, intents=False, horizon_s=8.0)
    free = fork_crowd("crossing", 6, seed=2, at_s=4.0, num_branches=16, horizon_s=8.0)
    wide = fork_crowd("crossing", 6, seed=2, at_s=4.0, num_branches=16, reconsider=1.0, horizon_s=8.0)

    def mean_goals(forks):
        last = forks.futures.starts[1:] - 1
        key = forks.scene[last] * 1000 + forks.futures.track[last].astype(np.int64)
        return np.mean([len(set(forks.truth.goal[last][key == one])) for one in np.unique(key)])

    assert mean_goals(calm) < 1.1
    assert mean_goals(free) > 1.4
    assert mean_goals(wide) > 2.0


def test_sway_alone_spreads_futures_a_little():
    forks = fork_crowd("corridor", 2, seed=3, at_s=5.0, num_branches=12, intents=False, horizon_s=2.0)
    end = between(forks.past, 5.0, 5.0)
    spreads = [
        np.nanstd(forks.of_person(int(s), int(t))[:, 10], axis=0) for s, t in zip(end.scene, end.track, strict=True)
    ]
    assert 0.005 < np.nanmedian(spreads) < 0.3


def test_of_one_person_alone_intents_and_sway_are_redrawn():
    own = fork_crowd("plaza", 1, seed=4, at_s=5.0, num_branches=1, intents=False, sway=False, horizon_s=1.0)
    person = int(between(own.past, 5.0, 5.0).track[0])
    forks = fork_crowd("plaza", 1, seed=4, at_s=5.0, num_branches=16, person=person, reconsider=1.0, horizon_s=1.0)
    events = forks.truth.events
    assert set(events.track[np.isin(events.kind, [Intent.GOAL])]) <= {person}
    assert len(set(forks.truth.goal[(forks.futures.track == person) & (forks.futures.time > 5.2)])) > 1
    away = [
        np.nanmax(np.abs(forks.of_person(0, int(other)) - own.of_person(0, int(other))))
        for other in np.unique(between(own.past, 5.0, 5.0).track)
        if other != person
    ]
    assert min(away) < 1e-6


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"at_s": 0.0}, "at_s"),
        ({"at_s": 5.03}, "at_s"),
        ({"at_s": float("nan")}, "at_s"),
        ({"horizon_s": 15.0}, "horizon_s"),
        ({"num_branches": 0}, "num_branches"),
        ({"reconsider": 1.5}, "reconsider"),
        ({"person": 99}, "person of scene 0"),
        ({"scene": "station"}, "scene"),
    ],
)
def test_a_wrong_argument_is_named(arguments, where):
    with pytest.raises(InputError) as raised:
        fork_crowd(**({"scene": "plaza", "num_scenes": 1, "seed": 0, "at_s": 6.0, "num_branches": 2} | arguments))
    assert raised.value.where == where
