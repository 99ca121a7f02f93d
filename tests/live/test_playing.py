"""Scenarios as they are played: timed frames of a sensor, and the truth kept aside."""

from __future__ import annotations

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.live.playing import SCENARIOS, PlayedStream, scenario_named
from pathcast.live.playing.streams import NOBODY
from pathcast.simulator.sensor import Sensor

CLEAN = {"balls": Sensor(rate_hz=25.0), "people": Sensor(rate_hz=5.0)}


def errors(stream: PlayedStream) -> np.ndarray:
    """How far each observation is from where its true track was, metres."""
    found = []
    for frame, who in zip(stream.frames, stream.who, strict=True):
        at = stream.truth.at(who, np.full((len(who), 1), frame.time_s))[:, 0]
        found.append(np.linalg.norm(frame.positions - at, axis=1))
    return np.concatenate(found)


@pytest.mark.parametrize("name", ["three-pointer", "plaza", "queue"])
def test_a_sensor_without_faults_reports_the_truth(name: str) -> None:
    scenario = scenario_named(name)
    for stream in scenario.play(6, 4.0, sensor=CLEAN[scenario.things]).streams:
        assert errors(stream).max() < 1e-6


@pytest.mark.parametrize("name", ["free-throw", "corridor"])
def test_a_usual_sensor_errs_by_its_noise(name: str) -> None:
    scenario = scenario_named(name)
    noise = scenario.sensor.deviations(scenario.num_axes)
    off = np.concatenate([errors(stream) for stream in scenario.play(8, 6.0).streams])
    assert np.sqrt((off**2).mean() / (noise**2).sum()) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("name", ["three-pointer", "plaza"])
def test_the_same_arguments_give_the_same_play(name: str) -> None:
    one, other = (scenario_named(name).play(5, 3.0, seed=7) for _ in range(2))
    for first, second in zip(one.streams, other.streams, strict=True):
        assert [frame.time_s for frame in first.frames] == [frame.time_s for frame in second.frames]
        for mine, yours in zip(first.frames, second.frames, strict=True):
            np.testing.assert_array_equal(mine.positions, yours.positions)


def test_as_many_balls_are_in_play_as_asked_for_once_each_was_thrown() -> None:
    stream = scenario_named("three-pointer").play(20, 6.0, sensor=CLEAN["balls"]).streams[0]
    late = [len(frame.ids) for frame in stream.frames if frame.time_s > 2.2]
    assert stream.most_at_once == 20
    assert min(late) >= 19


def test_as_many_people_are_there_on_average_as_asked_for() -> None:
    play = scenario_named("plaza").play(60, 10.0)
    people = sum(stream.num_observations / len(stream.frames) for stream in play.streams)
    assert 55 < people < 80


def test_frames_rise_in_time_and_name_nobody_twice() -> None:
    for stream in scenario_named("corridor").play(12, 8.0).streams:
        times = [frame.time_s for frame in stream.frames]
        assert times == sorted(set(times))
        assert all(len(set(frame.ids.tolist())) == len(frame.ids) for frame in stream.frames)


def test_false_tracks_are_of_nobody_and_swapped_ones_of_another() -> None:
    false = scenario_named("three-pointer").play(6, 4.0, sensor=Sensor(rate_hz=25.0, false_per_s=1.0)).streams[0]
    assert any((who == NOBODY).any() for who in false.who)
    assert np.isnan(errors(false)).any()
    swapping = Sensor(rate_hz=5.0, swap_m=2.0, swap_chance=1.0)
    stream = scenario_named("plaza").play(10, 10.0, sensor=swapping).streams[0]
    assert errors(stream).max() < 1e-6
    owners: dict[int, set[int]] = {}
    for frame, who in zip(stream.frames, stream.who, strict=True):
        for number, true in zip(frame.ids.tolist(), who.tolist(), strict=True):
            owners.setdefault(number, set()).add(true)
    assert max(map(len, owners.values())) > 1


@pytest.mark.parametrize("rate_hz", [2.5, 25.0])
def test_places_side_by_side_are_seen_by_one_clock(rate_hz: float) -> None:
    sensor = Sensor(rate_hz=rate_hz)
    stream = scenario_named("plaza").play(60, 6.0, num_streams=1, sensor=sensor).streams[0]
    times = np.array([frame.time_s for frame in stream.frames])
    np.testing.assert_allclose(np.diff(times), 1 / rate_hz, atol=1e-6)


def test_places_side_by_side_share_no_room_and_name_no_goals() -> None:
    scenario = scenario_named("plaza")
    together = scenario.play(30, 4.0, num_streams=1, sensor=CLEAN["people"]).streams
    assert len(together) == 1
    assert not together[0].goals
    assert errors(together[0]).max() < 1e-6
    apart = scenario.play(30, 4.0, sensor=CLEAN["people"]).streams
    assert sum(each.num_observations for each in apart) == together[0].num_observations
    assert all(len(each.goals) >= 3 for each in apart)


def test_people_head_for_the_goal_that_they_leave_by() -> None:
    stream = scenario_named("corridor").play(10, 20.0, sensor=CLEAN["people"]).streams[0]
    who, time = stream.who[10], stream.frames[10].time_s
    goals = stream.truth.goal(who, np.full(len(who), time))
    assert set(goals.tolist()) <= set(range(len(stream.goals)))


def test_shots_come_to_an_outcome_after_they_are_thrown() -> None:
    stream = scenario_named("free-throw").play(8, 4.0).streams[0]
    true = np.arange(8)
    assert set(stream.truth.outcome(true).tolist()) <= {1, 2, 3, 4}
    assert (stream.truth.decided_at(true) > 0.5).all()
    assert (stream.truth.touched_at(true) > 0.5).all()


def test_an_unknown_scenario_and_impossible_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="three-pointer"):
        scenario_named("curling")
    for arguments in ({"num_tracks": 0}, {"duration_s": -1.0}, {"num_tracks": 2, "num_streams": 3}):
        with pytest.raises(InputError):
            SCENARIOS["plaza"].play(**arguments)  # type: ignore[arg-type]
