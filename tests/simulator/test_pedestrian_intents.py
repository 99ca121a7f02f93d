import numpy as np
import pytest

from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.pedestrian.intents import draw_events
from pathcast.simulator.pedestrian.people import Intent
from pathcast.simulator.pedestrian.placement import place_people
from pathcast.simulator.pedestrian.scenes import KINDS, Flow, Kind
from pathcast.venue import plaza

BUSY = Kind(
    name="busy",
    place=KINDS["crossing"].place,
    measures=KINDS["crossing"].measures,
    flows=(Flow("*", "*"),),
    in_groups=(0.5, 0.5),
    rates={intent: (0.03, 0.03) for intent in Intent if intent != Intent.CHOICE},
    chooses=(0.5, 0.5),
)
TELLS_GOAL = (Intent.GOAL, Intent.TURN, Intent.CHOICE)


@pytest.fixture(scope="module")
def crowd():
    return simulate_crowd(BUSY, 40, seed=3, num_people=(16, 16))


def rows_of(crowd, scene, track):
    return np.flatnonzero((crowd.tracks.scene == scene) & (crowd.tracks.track == track))


def events_of(crowd, *kinds):
    events = crowd.truth.events
    for row in np.flatnonzero(np.isin(events.kind, kinds)):
        yield int(events.scene[row]), int(events.track[row]), float(events.time[row]), float(events.value[row])


def just_after(crowd, scene, track, time):
    """The first row at least a step after a time, if the person is still there."""
    rows = rows_of(crowd, scene, track)
    rows = rows[crowd.tracks.time[rows] >= time + 0.05 - 1e-9]
    return rows[:1]


def test_every_intent_takes_effect_and_stands_by_scene_track_and_time(crowd):
    events = crowd.truth.events
    assert set(events.kind) == set(Intent)
    order = np.lexsort((events.time, events.track, events.scene))
    assert np.array_equal(order, np.arange(len(order)))
    assert np.isfinite(events.value).all()


def test_events_are_those_of_people_who_are_there(crowd):
    for scene, track, time, _ in events_of(crowd, *Intent):
        times = crowd.tracks.time[rows_of(crowd, scene, track)]
        assert times[0] - 0.1 - 1e-9 <= time <= times[-1] + 0.1 + 1e-9


def test_goals_change_only_by_events_of_the_person_or_the_group(crowd):
    changes = [*events_of(crowd, *TELLS_GOAL, Intent.JOIN)]
    changed = np.diff(crowd.truth.goal.astype(int)) != 0
    changed &= (np.diff(crowd.tracks.scene) == 0) & (np.diff(crowd.tracks.track) == 0)
    assert changed.sum() > 50
    for row in np.flatnonzero(changed) + 1:
        scene, track, time = crowd.tracks.scene[row], crowd.tracks.track[row], crowd.tracks.time[row]
        mates = {int(track)}
        for group in {*crowd.truth.group[row - 1 : row + 1].tolist()} - {-1}:
            same = (crowd.tracks.scene == scene) & (crowd.truth.group == group)
            mates |= set(crowd.tracks.track[same].tolist())
        assert any(each[0] == scene and each[1] in mates and time - 0.151 < each[2] <= time + 1e-9 for each in changes)


def test_what_an_event_says_is_what_happens(crowd):
    for scene, track, time, value in events_of(crowd, *TELLS_GOAL):
        later = [each for each in events_of(crowd, *TELLS_GOAL, Intent.JOIN) if each[0] == scene]
        for row in just_after(crowd, scene, track, time):
            if not any(time < each[2] <= crowd.tracks.time[row] for each in later):
                assert crowd.truth.goal[row] == value
    for scene, track, time, value in events_of(crowd, Intent.DWELL):
        assert 2.0 <= value <= 20.0
        for row in just_after(crowd, scene, track, time):
            assert crowd.truth.is_dwelling[row]


def test_who_joins_is_in_the_group_and_who_leaves_is_not(crowd):
    joined = left = 0
    for scene, track, time, value in events_of(crowd, Intent.JOIN):
        for row in just_after(crowd, scene, track, time):
            joined += crowd.truth.group[row] == value
    for scene, track, time, _ in events_of(crowd, Intent.LEAVE):
        for row in just_after(crowd, scene, track, time):
            left += crowd.truth.group[row] == -1
    assert joined > 10
    assert left > 10


def test_the_first_of_a_group_decides_for_it():
    venue = plaza()
    people = place_people([venue], [4], [[-6, -6], [-5, -6], [-4, -6], [5, 5]], 0, 1.3, group=[0, 0, 0, -1])
    events = draw_events(BUSY, 1, 0, people, (0.0, 500.0))
    person = np.repeat(np.arange(4), np.diff(events.starts))
    assert set(person[np.isin(events.kind, [Intent.GOAL, Intent.TURN, Intent.DWELL])]) == {0, 3}
    assert set(person[events.kind == Intent.SPEED]) == {0, 1, 2, 3}
    assert set(person[events.kind == Intent.JOIN]) == {3}


def test_events_are_a_poisson_process_of_the_stated_rate():
    people = place_people([plaza(side=40.0)], [30], [[-14.5 + i, -9.0] for i in range(30)], 0, 1.3)
    span = 4000.0
    events = draw_events(BUSY, 7, 0, people, (0.0, span))
    for intent in (Intent.GOAL, Intent.DWELL, Intent.SPEED, Intent.TURN):
        expected = 0.03 * span * 30
        assert abs((events.kind == intent).sum() - expected) < 4 * np.sqrt(expected)
    stops = events.value[events.kind == Intent.DWELL]
    assert np.median(stops) == pytest.approx(4.5, rel=0.05)
    assert np.log(stops[(stops > 2.0) & (stops < 20.0)]).std() == pytest.approx(0.53, abs=0.05)
