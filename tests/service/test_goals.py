"""Goals that a client names: served for models that take them, from the frame on that follows."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

import pathcast
from pathcast.errors import InputError
from pathcast.model.goals import Goals
from pathcast.model.library import load_engine
from pathcast.service.client import Client, LocalServer
from pathcast.service.codec.goals import read_goals, write_goals
from pathcast.service.computing import compute
from pathcast.service.messages import Frame, Settings
from pathcast.service.session import Session
from pathcast.tracks import Tracks
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

DOORS = {"north": [(0.0, 8.0), (1.0, 8.0)], "fountain": (3.0, 2.0), "south": [(0.0, -8.0), (2.0, -8.0)]}
FEWER = {"east": (9.0, 0.0)}
HERE = pb.Point(x=1.0)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def goal_server(looking_bundle: Path, recordings: Path) -> Iterator[LocalServer]:
    with LocalServer([str(looking_bundle)], record=recordings) as server:
        yield server


@pytest.fixture(scope="module")
def client(goal_server: LocalServer) -> Iterator[Client]:
    with Client(goal_server.address) as client:
        yield client


@pytest.fixture(scope="module")
def stub(goal_server: LocalServer) -> Iterator[pb_grpc.ForecastServiceStub]:
    with grpc.insecure_channel(goal_server.address) as channel:
        yield pb_grpc.ForecastServiceStub(channel)


@pytest.fixture(scope="module")
def engine(looking_bundle: Path):
    return load_engine(str(looking_bundle))


def walkers(seed: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Four walkers on one clock, who come one after the other."""
    random = np.random.default_rng(seed)
    clock = 0.4 * np.arange(9)
    start, steps = random.normal(0, 4, (4, 1, 2)), random.normal(0, 0.4, (4, 9, 2))
    paths = start + np.cumsum(steps, axis=1)
    return {each: (clock[each:], paths[each, each:]) for each in range(4)}


def until(tracks: dict[int, tuple[np.ndarray, np.ndarray]], time: float) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    seen = {each: (times[times <= time], places[times <= time]) for each, (times, places) in tracks.items()}
    return {each: path for each, path in seen.items() if len(path[0])}


def field_of(call: grpc.RpcError) -> str:
    bad_request = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad_request) for detail in rpc_status.from_call(call).details)
    return bad_request.field_violations[0].field


def test_every_frames_goals_equal_unary_and_python(client, looking_bundle):
    tracks = walkers(1)
    frames = [
        (time, list(now), [places[-1] for _, places in now.values()])
        for time in tracks[0][0].tolist()
        for now in [until(tracks, time)]
    ]
    forecaster = pathcast.load(str(looking_bundle))
    num_compared = 0
    with client.stream("looking", goals=DOORS) as stream:
        assert stream.opened.outputs == ("means", "covariances", "goals", "regions") and stream.opened.model.takes_goals
        for found in stream.forecasts(frames):
            prefixes = until(tracks, found.capture_time_s)
            unary = client.forecast("looking", prefixes, goals=DOORS)
            flat = Tracks.from_rows(
                0,
                np.concatenate([np.full(len(times), each) for each, (times, _) in prefixes.items()]),
                np.concatenate([times for times, _ in prefixes.values()]),
                np.concatenate([place for _, place in prefixes.values()]),
            )
            python = forecaster.goal_probabilities(flat, DOORS)
            assert (found.goals is None) == (not len(found.track_ids))
            by_track = {int(each): row for each, row in zip(python.track, python.probabilities, strict=True)}
            for row, each in enumerate(found.track_ids.tolist()):
                np.testing.assert_allclose(found.goals[row], by_track[each], atol=1e-5)
                num_compared += 1
            for row, each in enumerate(unary.track_ids.tolist()):
                np.testing.assert_allclose(unary.goals[row], by_track[each], atol=1e-5)
    assert num_compared > 10


def test_an_update_replaces_the_goals_from_the_next_frame_on(client, recordings):
    frames = [(0.4 * number, [1, 2], [[0.4 * number, 0.0], [3.0, -0.3 * number]]) for number in range(8)]
    with client.stream("looking", goals=DOORS, origin=(100.0, -50.0), outputs=("goals",)) as stream:
        for number, (time, ids, places) in enumerate(frames):
            if number == 3:
                stream.update(goals={name: np.add(place, (100.0, -50.0)) for name, place in FEWER.items()})
            elif number == 5:
                stream.update(goals={})
            elif number == 6:
                stream.update(goals=DOORS)
            stream.send(number, time, ids, np.add(places, (100.0, -50.0)))
        stream.finish()
        answers = list(stream)
    shapes = {each.frame_number: None if each.goals is None else each.goals.shape for each in answers}
    expected = {0: None, 1: (2, 4), 2: (2, 4), 3: (2, 2), 4: (2, 2), 5: None, 6: (2, 4), 7: (2, 4)}
    assert shapes[7] == (2, 4) and shapes.items() <= expected.items()
    written = sorted(recordings.glob("*.forecasts.ndjson"))[-1].read_text().splitlines()
    named = [json.loads(line)["goals"] for line in written if line.startswith('{"goals"')]
    assert [[goal["name"] for goal in goals] for goals in named] == [list(DOORS), list(FEWER), [], list(DOORS)]
    np.testing.assert_allclose(named[1][0]["ends"], [[109.0, -50.0]] * 2)
    weighed = [json.loads(line) for line in written if '"frame"' in line]
    assert [len(each["tracks"][0].get("goals", ())) for each in weighed[1:]] == [4, 4, 2, 2, 0, 4, 4]
    np.testing.assert_allclose([each["goals"] for each in weighed[7]["tracks"]], answers[-1].goals, atol=1e-6)


def test_goals_change_no_path(client):
    tracks = walkers(2)
    with_goals, without = client.forecast("looking", tracks, goals=DOORS), client.forecast("looking", tracks)
    assert with_goals.goals is not None and without.goals is None
    np.testing.assert_array_equal(with_goals.means, without.means)
    left_out = client.forecast("looking", tracks, goals=DOORS, outputs=("means",))
    assert left_out.goals is None and left_out.covariances is None


def test_streams_that_name_the_same_goals_are_weighed_together_as_if_alone(engine):
    card, random = engine.card, np.random.default_rng(3)
    named = [Goals.of(DOORS), Goals.of(FEWER), Goals.of(DOORS), Goals.of({})]
    values = {"card": card, "offsets": np.array(card.offsets_s), "num_modes": card.num_modes, "coast_s": card.coast_s}
    sessions = [Session(engine, Settings(**values, has_goals=True, goals=goals)) for goals in named]
    for number in range(3):
        places = [random.normal(0, 1, (2, 2)).astype(np.float32) for _ in named]
        steps = [
            each.observe(Frame(number, 0.4 * number, [1, 2], place))
            for each, place in zip(sessions, places, strict=True)
        ]
        compute(engine, steps)
    for step, goals in zip(steps[:3], named, strict=False):
        states = step.session.states.take(step.asking.slots)
        np.testing.assert_allclose(step.goals, engine.goal_probabilities(states, goals.ends), atol=1e-6)
    assert steps[3].goals is None


def test_goals_survive_the_wire():
    goals = Goals.of(DOORS, (0.5, -0.25))
    found = read_goals(write_goals(goals), "open.goals")
    assert found.names == goals.names
    np.testing.assert_array_equal(found.ends, goals.ends)


BAD_GOALS = {
    "[1].name": [pb.Goal(name="door", point=HERE), pb.Goal(name="door", point=HERE)],
    "[0].name": [pb.Goal(point=HERE)],
    "[0]": [pb.Goal(name="door")],
    "[0].point.x": [pb.Goal(name="door", point=pb.Point(x=math.nan))],
    "[1].point.y": [pb.Goal(name="a", point=HERE), pb.Goal(name="b", point=pb.Point(y=-8000.5))],
    "[0].point.z": [pb.Goal(name="door", point=pb.Point(z=1.0))],
    "[0].segment.end.x": [pb.Goal(name="door", segment=pb.Segment(start=HERE, end=pb.Point(x=math.inf)))],
    "": [pb.Goal(name=str(index), point=HERE) for index in range(65)],
}


@pytest.mark.parametrize("place", BAD_GOALS)
def test_a_wrong_goal_is_refused_by_name(stub, place):
    opening = pb.Open(model="looking", axes=2)
    wrong = pb.Open(model="looking", axes=2, goals=BAD_GOALS[place])
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.StreamForecasts(iter([pb.StreamForecastsRequest(open=wrong)])))
    exhausted = place == ""
    code = grpc.StatusCode.RESOURCE_EXHAUSTED if exhausted else grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.code() is code and field_of(caught.value) == f"open.goals{place}"
    update = pb.Update(goals=pb.GoalList(goals=BAD_GOALS[place]))
    requests = [pb.StreamForecastsRequest(open=opening), pb.StreamForecastsRequest(update=update)]
    _, reply = stub.StreamForecasts(iter(requests))
    assert (reply.refused.field, reply.refused.code) == (f"update.goals.goals{place}", code.value[0])
    assert reply.refused.expected and reply.refused.found


def test_goals_are_refused_by_the_client_before_they_leave(client):
    with pytest.raises(InputError, match="goals: door: expected a point of 2 axes"):
        client.stream("looking", goals={"door": (1.0,)})
    with client.stream("looking") as stream, pytest.raises(InputError, match="goals: door: expected finite"):
        stream.update(goals={"door": (math.nan, 0.0)})
