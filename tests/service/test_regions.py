"""Regions that a client names: served for every model, from the frame on that follows."""

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
from pathcast.model.library import load_engine
from pathcast.model.regions import Regions
from pathcast.service.client import Client, LocalServer
from pathcast.service.codec.regions import read_regions, write_regions
from pathcast.service.computing import compute
from pathcast.service.messages import Frame, Settings
from pathcast.service.session import Session
from pathcast.tracks import Tracks
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

AREAS = {
    "crossing": [(1.0, -9.0), (2.0, -9.0), (2.0, 9.0), (1.0, 9.0)],
    "corner": [(0.0, 0.0), (6.0, 0.0), (6.0, 2.0), (2.0, 2.0), (2.0, 6.0), (0.0, 6.0)],
}
FEWER = {"yard": [(-9.0, -9.0), (9.0, -9.0), (0.0, 9.0)]}
MODELS = ["looking", "constant-velocity-2d", "constant-velocity-3d"]
TRIANGLE = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def region_server(looking_bundle: Path, recordings: Path) -> Iterator[LocalServer]:
    with LocalServer([str(looking_bundle), *MODELS[1:]], record=recordings) as server:
        yield server


@pytest.fixture(scope="module")
def client(region_server: LocalServer) -> Iterator[Client]:
    with Client(region_server.address) as client:
        yield client


@pytest.fixture(scope="module")
def stub(region_server: LocalServer) -> Iterator[pb_grpc.ForecastServiceStub]:
    with grpc.insecure_channel(region_server.address) as channel:
        yield pb_grpc.ForecastServiceStub(channel)


def walkers(seed: int, axes: int = 2) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Four walkers on one clock, who come one after the other."""
    random = np.random.default_rng(seed)
    clock = 0.4 * np.arange(9)
    start, steps = random.normal(0, 2, (4, 1, axes)), random.normal(0.2, 0.4, (4, 9, axes))
    paths = start + np.cumsum(steps, axis=1)
    return {each: (clock[each:], paths[each, each:]) for each in range(4)}


def until(tracks: dict[int, tuple[np.ndarray, np.ndarray]], time: float) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    seen = {each: (times[times <= time], places[times <= time]) for each, (times, places) in tracks.items()}
    return {each: path for each, path in seen.items() if len(path[0])}


def frames_of(tracks: dict[int, tuple[np.ndarray, np.ndarray]]) -> list[tuple[float, list[int], list[np.ndarray]]]:
    return [
        (time, list(now), [places[-1] for _, places in now.values()])
        for time in tracks[0][0].tolist()
        for now in [until(tracks, time)]
    ]


def as_tracks(prefixes: dict[int, tuple[np.ndarray, np.ndarray]]) -> Tracks:
    return Tracks.from_rows(
        0,
        np.concatenate([np.full(len(times), each) for each, (times, _) in prefixes.items()]),
        np.concatenate([times for times, _ in prefixes.values()]),
        np.concatenate([place for _, place in prefixes.values()]),
    )


def field_of(call: grpc.RpcError) -> str:
    bad_request = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad_request) for detail in rpc_status.from_call(call).details)
    return bad_request.field_violations[0].field


@pytest.mark.parametrize("offsets", [None, [2.0]], ids=["own offsets", "one offset"])
@pytest.mark.parametrize("model", MODELS)
def test_every_frames_entries_equal_unary_and_python(client, looking_bundle, model, offsets):
    forecaster = pathcast.load(str(looking_bundle) if model == "looking" else model)
    tracks = walkers(1, forecaster.card.num_axes)
    num_compared = 0
    with client.stream(model, regions=AREAS, offsets=offsets, num_modes=1) as stream:
        assert "regions" in stream.opened.outputs
        for found in stream.forecasts(frames_of(tracks)):
            prefixes = until(tracks, found.capture_time_s)
            assert (found.regions is None) == (not len(found.track_ids))
            if found.regions is None:
                continue
            unary = client.forecast(model, prefixes, regions=AREAS, offsets=offsets)
            python = forecaster.regions(as_tracks(prefixes), AREAS, offsets)
            assert python.region_names == tuple(AREAS)
            assert found.regions.shape == (len(found.track_ids), 2, len(stream.opened.offsets_s))
            rows = {int(each): row for row, each in enumerate(python.track)}
            for answer in (found, unary):
                for row, each in enumerate(answer.track_ids.tolist()):
                    entries = python.entries
                    np.testing.assert_allclose(answer.regions[row], entries.probabilities[rows[each]], atol=5e-3)
                    np.testing.assert_allclose(answer.entry_offsets_s[row], entries.offset_s[rows[each]], atol=5e-2)
                    num_compared += 1
    assert num_compared > 10


def test_an_update_replaces_the_regions_from_the_next_frame_on(client, recordings):
    tracks = {each: (times, places + 100.0) for each, (times, places) in walkers(2).items()}
    moved = {name: np.add(corners, 100.0) for name, corners in AREAS.items()}
    origin = (100.0, 100.0)
    with client.stream("constant-velocity-2d", origin=origin) as stream:
        for number, frame in enumerate(frames_of(tracks)):
            if number == 3:
                stream.update(regions=moved)
            if number == 5:
                stream.update(regions={name: np.add(corners, 100.0) for name, corners in FEWER.items()})
            if number == 7:
                stream.update(regions={})
            stream.send(number, *frame)
        stream.finish()
        answers = {each.frame_number: each.regions for each in stream}
    expected = {0: None, 1: None, 2: None, 3: (3, 2, 12), 4: (4, 2, 12), 5: (4, 1, 12), 6: (4, 1, 12), 7: None, 8: None}
    shapes = {number: None if regions is None else regions.shape for number, regions in answers.items()}
    assert 8 in shapes and shapes.items() <= expected.items()
    written = sorted(recordings.glob("*.forecasts.ndjson"))[-1].read_text().splitlines()
    named = [json.loads(line)["regions"] for line in written if line.startswith('{"regions"')]
    assert [[each["name"] for each in regions] for regions in named] == [list(AREAS), list(FEWER), []]
    np.testing.assert_allclose(named[0][0]["corners"], moved["crossing"])
    told = [json.loads(line)["tracks"] for line in written if '"frame"' in line]
    assert [list(each[0].get("regions", ())) for each in told[1:]] == [
        [],
        [],
        list(AREAS),
        list(AREAS),
        list(FEWER),
        list(FEWER),
        [],
        [],
    ]
    assert (
        len(told[3][0]["regions"]["crossing"]["probabilities"]) == 12 and told[3][0]["regions"]["crossing"]["in"] >= 0
    )


def test_regions_change_no_path(client):
    tracks = walkers(3)
    told, plain = client.forecast("looking", tracks, regions=AREAS), client.forecast("looking", tracks)
    assert told.regions is not None and plain.regions is None
    np.testing.assert_array_equal(told.means, plain.means)
    left_out = client.forecast("looking", tracks, regions=AREAS, outputs=("means",))
    assert left_out.regions is None and left_out.entry_offsets_s is None
    alone = client.forecast("looking", tracks, regions=AREAS, outputs=("regions",))
    assert alone.means is None
    np.testing.assert_array_equal(alone.regions, told.regions)


def test_a_coasting_track_enters_from_the_frame_on(client):
    """It was seen short of the region and is through it by the frame."""
    walk = [(0.4 * n, [1], [(1.0 * n - 5.0, 0.0)]) for n in range(5)]
    ahead = np.add(AREAS["crossing"], (3.0, 0.0))
    areas = {"behind": [(-0.9, -0.1), (-0.8, -0.1), (-0.8, 0.1), (-0.9, 0.1)], "ahead": ahead}
    with client.stream("constant-velocity-2d", regions=areas) as stream:
        *_, seen, coasting = stream.forecasts([*walk, (2.4, [], np.zeros((0, 2)))])
    assert coasting.statuses.tolist() == [3] and seen.regions[0, 0, -1] > 0.2
    assert coasting.regions[0, 0, -1] == 0.0
    assert seen.entry_offsets_s[0, 1] - coasting.entry_offsets_s[0, 1] == pytest.approx(0.8, abs=0.02)


def test_streams_of_several_regions_and_offsets_are_computed_together_as_if_alone(looking_bundle):
    engine = load_engine(str(looking_bundle))
    random = np.random.default_rng(3)
    asked = [(AREAS, engine.card.offsets_s), (FEWER, engine.card.offsets_s), (AREAS, (2.0,)), ({}, (2.0,))]
    values = {"card": engine.card, "num_modes": 2, "coast_s": 0.4, "has_regions": True}
    places = random.normal(0, 1, (3, len(asked), 2, 2)).astype(np.float32)

    def run(chosen: list[int]) -> list:
        sessions = [
            Session(engine, Settings(**values, offsets=np.array(asked[index][1]), regions=Regions.of(asked[index][0])))
            for index in chosen
        ]
        for number in range(3):
            steps = [
                each.observe(Frame(number, 0.4 * number, [1, 2], places[number, index]))
                for each, index in zip(sessions, chosen, strict=True)
            ]
            compute(engine, steps)
        return [step.entries for step in steps]

    together = run(list(range(len(asked))))
    assert together[3] is None
    for index in range(3):
        (alone,) = run([index])
        np.testing.assert_allclose(together[index].probabilities, alone.probabilities, atol=5e-3)
        assert together[index].probabilities.shape == (2, len(asked[index][0]), len(asked[index][1]))


def test_regions_survive_the_wire():
    regions = Regions.of(AREAS, (0.5, -0.25))
    found = read_regions(write_regions(regions), "open.regions")
    assert found.names == regions.names
    np.testing.assert_array_equal(found.corners, regions.corners)
    np.testing.assert_array_equal(found.starts, regions.starts)


BAD_REGIONS = {
    "[1].name": [pb.Region(name="yard", corners=TRIANGLE), pb.Region(name="yard", corners=TRIANGLE)],
    "[0].name": [pb.Region(corners=TRIANGLE)],
    "[0].corners": [pb.Region(name="line", corners=[0, 0, 1, 1, 2, 2])],
    "[1].corners": [pb.Region(name="yard", corners=TRIANGLE), pb.Region(name="odd", corners=TRIANGLE[:5])],
    "[0].corners ": [pb.Region(name="nowhere")],
    "[0].corners  ": [pb.Region(name="wild", corners=[*TRIANGLE[:5], math.inf])],
    "[0].corners   ": [pb.Region(name="bow", corners=[0, 0, 1, 1, 1, 0, 0, 1])],
    "": [pb.Region(name=str(index), corners=TRIANGLE) for index in range(65)],
}


@pytest.mark.parametrize("place", BAD_REGIONS)
def test_a_wrong_region_is_refused_by_name(stub, place):
    opening = pb.Open(model="constant-velocity-2d", axes=2)
    wrong = pb.Open(model="constant-velocity-2d", axes=2, regions=BAD_REGIONS[place])
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.StreamForecasts(iter([pb.StreamForecastsRequest(open=wrong)])))
    code = grpc.StatusCode.RESOURCE_EXHAUSTED if place == "" else grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.code() is code and field_of(caught.value) == f"open.regions{place.strip()}"
    update = pb.Update(regions=pb.RegionList(regions=BAD_REGIONS[place]))
    requests = [pb.StreamForecastsRequest(open=opening), pb.StreamForecastsRequest(update=update)]
    _, reply = stub.StreamForecasts(iter(requests))
    assert (reply.refused.field, reply.refused.code) == (f"update.regions.regions{place.strip()}", code.value[0])
    assert reply.refused.expected and reply.refused.found


def test_later_regions_keep_answers_within_the_size_that_was_told(stub):
    """Where offsets are many, tracks are limited by the regions of the opening, and regions later by the tracks."""
    many = pb.Offsets(seconds=(np.arange(256) + 1) / 64)
    triangles = [pb.Region(name=str(index), corners=TRIANGLE) for index in range(64)]
    told = {}
    for count in (0, 64):
        opening = pb.Open(model="constant-velocity-2d", axes=2, offsets=many, regions=triangles[:count])
        update = pb.Update(regions=pb.RegionList(regions=triangles))
        requests = [pb.StreamForecastsRequest(open=opening), pb.StreamForecastsRequest(update=update)]
        opened, *refused = stub.StreamForecasts(iter(requests))
        told[count] = opened.opened.limits.tracks_per_stream
        assert [each.refused.field for each in refused] == ([] if count else ["update.regions.regions"])
    assert told[64] < told[0]


def test_regions_are_refused_by_the_client_before_they_leave(client):
    with pytest.raises(InputError, match="regions: bow: expected a simple polygon with an area, found edges 0 and 2"):
        client.stream("looking", regions={"bow": [(0, 0), (1, 1), (1, 0), (0, 1)]})
    with client.stream("looking") as stream, pytest.raises(InputError, match="regions: line: expected 3 to 64 corners"):
        stream.update(regions={"line": [(0.0, 0.0), (1.0, 0.0)]})
