"""Outcomes, contacts and surprise: the same by stream, by request and in Python, whatever is given."""

import json
import math
from collections.abc import Iterator
from dataclasses import fields, replace

import grpc
import numpy as np
import psutil
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from pathcast.errors import InputError, NotServedError
from pathcast.model.contacts import CONTACT_KINDS, Contacts
from pathcast.model.forecaster import Forecaster
from pathcast.model.given import Given
from pathcast.service.client import Client, Forecasts, Status, forecast_line
from pathcast.tracks import Tracks
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

Paths = dict[int, tuple[np.ndarray, np.ndarray]]

FIELDS = [field.name for field in fields(Contacts)]
ALL = ("means", "covariances", "outcomes", "contacts", "surprise")
GIVEN = {"noise_m": (0.05, 0.01, 0.02), "clock_s": 0.001, "radius_m": 0.2, "mass_kg": 0.3}
ORIGIN = (5_000_000.0, -600_000.0, 0.0)


@pytest.fixture
def client(falling_address: str) -> Iterator[Client]:
    with Client(falling_address) as client:
        yield client


@pytest.fixture
def stub(falling_address: str) -> Iterator[pb_grpc.ForecastServiceStub]:
    with grpc.insecure_channel(falling_address) as channel:
        yield pb_grpc.ForecastServiceStub(channel)


@pytest.fixture(scope="module")
def forecaster(falling) -> Forecaster:
    return Forecaster(falling.FallingEngine())


def throws(seed: int, num_tracks: int = 4, num_frames: int = 12, origin: tuple[float, ...] = (0.0,) * 3) -> Paths:
    """Balls that come one after the other, on a clock of 25 Hz that skips a beat."""
    random = np.random.default_rng(seed)
    clock = 100 + 0.04 * np.arange(num_frames) + 0.04 * (np.arange(num_frames) > 6)
    paths = {}
    for index in range(num_tracks):
        elapsed = (clock[index:] - clock[index])[:, None]
        velocity = random.normal((4, 0, 0), (0.5, 0.5, 0.1))
        place = np.array([0.0, index, 1.5]) + velocity * elapsed - np.array([0, 0, 9.81 / 2]) * elapsed**2
        paths[10 + 3 * index] = (clock[index:], place + random.normal(0, 0.02, place.shape) + np.array(origin))
    return paths


def frames_of(paths: Paths) -> Iterator[tuple[float, list[int], np.ndarray]]:
    for time in np.unique(np.concatenate([times for times, _ in paths.values()])).tolist():
        rows = {each: place[times == time][0] for each, (times, place) in paths.items() if time in times}
        yield time, list(rows), np.array(list(rows.values()))


def until(paths: Paths, time: float) -> Paths:
    cut = {each: (times[times <= time], place[times <= time]) for each, (times, place) in paths.items()}
    return {each: path for each, path in cut.items() if len(path[0])}


def as_one_scene(paths: Paths) -> Tracks:
    return Tracks.from_rows(
        0,
        np.concatenate([np.full(len(times), each) for each, (times, _) in paths.items()]),
        np.concatenate([times for times, _ in paths.values()]),
        np.concatenate([place for _, place in paths.values()]),
    )


def assert_same_contacts(one: Contacts, other: Contacts) -> None:
    for name in FIELDS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=1e-5)


@pytest.mark.parametrize("given", [{}, GIVEN], ids=["nothing", "all"])
@pytest.mark.parametrize("origin", [(0.0, 0.0, 0.0), ORIGIN], ids=["here", "away"])
def test_streaming_equals_unary_and_python(client, forecaster, given, origin):
    paths = throws(1, origin=origin)
    known = Given(**given)
    options = {"outputs": ALL, "origin": origin, **given}
    num_compared = num_contacts = 0
    with client.stream("falling", **options) as stream:
        assert stream.opened.outputs == ("means", "covariances", "outcomes", "contacts", "surprise")
        assert stream.opened.outcome_names == ("far", "left")
        for found in stream.forecasts(frames_of(paths)):
            prefixes = until(paths, found.capture_time_s)
            unary = client.forecast("falling", prefixes, **options)
            tracks = as_one_scene(prefixes)
            python = forecaster.forecast(tracks, origin=origin, given=known)
            outcomes = forecaster.outcomes(tracks, origin=origin, given=known)
            surprises = forecaster.surprises(tracks, origin=origin, given=known)
            contacts = forecaster.contacts(tracks, origin=origin, given=known)
            assert found.track_ids.tolist() == unary.track_ids.tolist() == python.track.tolist()
            for answer in (found, unary):
                np.testing.assert_allclose(answer.means, python.forecast.means, atol=1e-3 if origin[0] else 1e-5)
                np.testing.assert_allclose(answer.covariances, python.forecast.covariances, atol=1e-6)
                np.testing.assert_allclose(answer.outcomes, outcomes.probabilities, atol=1e-5)
                np.testing.assert_allclose(answer.surprises, surprises.surprise, atol=1e-4)
                assert_same_contacts(answer.contacts, contacts.contacts)
            num_compared += len(found.track_ids)
            num_contacts += found.contacts.num_contacts
    assert num_compared > 20
    assert num_contacts > num_compared


def test_without_asking_models_say_outcomes_and_surprise_but_no_contacts(client):
    paths = throws(2)
    found = client.forecast("falling", paths)
    assert found.outcomes.shape == (4, 2) and found.surprises.shape == (4,) and found.contacts is None
    only = client.forecast("falling", paths, outputs=("outcomes",))
    assert only.means is None and only.surprises is None and only.contacts is None
    np.testing.assert_array_equal(only.outcomes, found.outcomes)
    with client.stream("falling") as stream:
        assert stream.opened.outputs == ("means", "covariances", "regions", "outcomes", "surprise")
    with client.stream("falling", outputs=("means",)) as stream:
        assert stream.opened.outcome_names == ()
        *_, last = stream.forecasts(frames_of(paths))
    assert last.outcomes is None and last.surprises is None


def test_models_say_what_they_offer(client):
    model = client.model("falling")
    assert model.outcome_names == ("far", "left")
    assert model.has_contacts and model.has_surprise and model.takes_noise and model.takes_object
    plain = client.model("constant-velocity-3d")
    assert plain.outcome_names == ()
    assert not (plain.has_contacts or plain.has_surprise or plain.takes_noise or plain.takes_object)


def test_a_jump_makes_a_track_suspect_for_as_long_as_it_does_not_fit(client):
    ids = [1, 2]
    (times, first), (_, second) = throws(3, num_tracks=2).values()
    places = np.stack([first[1:], second], axis=1)
    places[6:, 1, 0] += 3.0
    answers = []
    with client.stream("falling") as stream:
        for answer in stream.forecasts(
            (time, ids, place) for time, place in zip(times[1:].tolist(), places, strict=True)
        ):
            answers.append(answer)
    statuses = np.array([answer.statuses for answer in answers[1:]])
    assert statuses[:2].tolist() == [[Status.WARMING_UP] * 2] * 2
    assert (statuses[2:, 0] == Status.FORECASTING).all()
    assert (statuses[2:5, 1] == Status.FORECASTING).all()
    assert statuses[5, 1] == Status.SUSPECT and answers[6].surprises[1] > 6 > answers[6].surprises[0]
    assert len(answers[6].track_ids) == 2, "a suspect track is still forecast"
    unary = client.forecast("falling", {2: (times[1:8], places[:7, 1])})
    assert unary.statuses.tolist() == [Status.SUSPECT]
    paused = {2: (times[1:8], places[:7, 1])}
    with client.stream("falling") as stream:
        stream.replay(paused)
        stream.send(0, float(times[7]) + 0.1, [], np.zeros((0, 3)))
        coasting = next(iter(stream))
    assert coasting.statuses.tolist() == [Status.COASTING] and coasting.surprises[0] > 6


def test_an_early_jump_is_suspect_too(client):
    with client.stream("falling") as stream:
        frames = [(0.0, [1], [[0, 0, 2]]), (0.04, [1], [[0.1, 0, 2]]), (0.08, [1], [[9, 0, 2]])]
        *_, last = stream.forecasts(frames)
    assert last.statuses.tolist() == [Status.SUSPECT]


def test_contacts_are_by_track_then_time_and_count_from_the_frame(client, forecaster):
    paths = throws(4)
    gone = max(times[-1] for times, _ in paths.values())
    with client.stream("falling", outputs=ALL) as stream:
        *_, last = stream.forecasts(frames_of(paths))
        stream.send(100, gone + 0.3, [], np.zeros((0, 3)))
        coasting = next(iter(stream))
    key = last.contacts.row * 100 + last.contacts.offset_s
    assert (np.diff(key) > 0).all() and set(last.contacts.row.tolist()) == {0, 1, 2, 3}
    assert {CONTACT_KINDS[kind - 1] for kind in last.contacts.kind} == {"floor"}
    assert coasting.statuses.tolist() == [Status.COASTING] * 4
    direct = forecaster.contacts(as_one_scene(paths), horizon_s=1.0 + 0.3).contacts
    ahead = direct.select(direct.offset_s > 0.3)
    assert 0 < ahead.num_contacts < direct.num_contacts
    assert_same_contacts(coasting.contacts, replace(ahead, offset_s=ahead.offset_s - 0.3))


def test_contacts_of_an_answer_in_parts_stay_with_their_tracks(client):
    num_tracks = 4096
    places = np.column_stack([np.arange(num_tracks), np.zeros(num_tracks), np.full(num_tracks, 0.5)])
    ids = np.arange(num_tracks)[::-1].astype(np.uint64) + 2**63
    with client.stream("falling", outputs=ALL) as stream:
        _, last = stream.forecasts((0.04 * step, ids, places) for step in range(2))
    np.testing.assert_array_equal(last.track_ids, ids)
    assert last.outcomes.shape == (num_tracks, 2) and last.surprises.shape == (num_tracks,)
    np.testing.assert_array_equal(np.unique(last.contacts.row), np.arange(num_tracks))
    firsts = np.searchsorted(last.contacts.row, np.arange(num_tracks))
    np.testing.assert_allclose(last.contacts.position[firsts, 0], np.arange(num_tracks), atol=0.5)
    one = client.forecast("falling", {7: ([0.0, 0.04], places[[77, 77]])}, outputs=ALL)
    np.testing.assert_allclose(one.contacts.position[0], last.contacts.position[firsts[77]], atol=1e-5)


@pytest.mark.parametrize("with_contacts", [False, True])
def test_parts_with_contacts_are_under_one_mebibyte(stub, with_contacts):
    outputs = [pb.OUTPUT_MEANS, *([pb.OUTPUT_CONTACTS] if with_contacts else [])]
    opening = pb.Open(model="falling", axes=3, outputs=outputs)
    prefixes = [pb.Prefix(track_id=2**64 - 1 - n, times_s=[0, 0.04], positions=[n, 0, 0.5] * 2) for n in range(4096)]
    response = stub.Forecast(pb.ForecastRequest(open=opening, prefixes=prefixes), timeout=60)
    assert max(part.ByteSize() for part in response.forecasts) <= 1 << 20
    assert (len(response.forecasts) > 1) == with_contacts
    for part in response.forecasts:
        assert {contact.track_id for contact in part.contacts} == (set(part.track_ids) if with_contacts else set())
        assert not part.contacts or (len(part.contacts[0].position) == 3 and len(part.contacts[0].covariance) == 6)


NOISE, OBJECT = "open.sensor_noise.", "open.object."
BAD_GIVEN = [
    (f"{NOISE}position_m", {"sensor_noise": pb.SensorNoise(position_m=[0.0])}),
    (f"{NOISE}position_m", {"sensor_noise": pb.SensorNoise(position_m=[0.1, -0.1, 0.1])}),
    (f"{NOISE}position_m", {"sensor_noise": pb.SensorNoise(position_m=[math.nan])}),
    (f"{NOISE}position_m", {"sensor_noise": pb.SensorNoise(position_m=[math.inf])}),
    (f"{NOISE}position_m", {"sensor_noise": pb.SensorNoise(position_m=[0.1, 0.1])}),
    (f"{NOISE}position_m", {"sensor_noise": pb.SensorNoise(position_m=[0.1] * 4)}),
    (f"{NOISE}clock_s", {"sensor_noise": pb.SensorNoise(clock_s=-0.001)}),
    (f"{NOISE}clock_s", {"sensor_noise": pb.SensorNoise(clock_s=math.nan)}),
    (f"{OBJECT}radius_m", {"object": pb.Object(radius_m=0.0)}),
    (f"{OBJECT}radius_m", {"object": pb.Object(radius_m=math.inf)}),
    (f"{OBJECT}mass_kg", {"object": pb.Object(mass_kg=-1.0)}),
    (f"{OBJECT}mass_kg", {"object": pb.Object(mass_kg=math.nan)}),
]


def field_of(call: grpc.RpcError) -> str:
    bad_request = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad_request) for detail in rpc_status.from_call(call).details)
    return bad_request.field_violations[0].field


@pytest.mark.parametrize(("field", "wrong"), BAD_GIVEN, ids=str)
def test_wrong_noise_and_objects_are_refused_by_name(stub, field, wrong):
    opening = pb.Open(model="falling", axes=3, **wrong)
    for call in (
        lambda: list(stub.StreamForecasts(iter([pb.StreamForecastsRequest(open=opening)]))),
        lambda: stub.Forecast(pb.ForecastRequest(open=opening)),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT and field_of(caught.value) == field


@pytest.mark.parametrize("given", [{"sensor_noise": pb.SensorNoise()}, {"object": pb.Object()}], ids=str)
def test_what_is_left_out_is_the_models_own(stub, client, given):
    paths = throws(5, num_tracks=1)
    (times, place), own = paths[10], client.forecast("falling", paths)
    prefix = pb.Prefix(track_id=10, times_s=times, positions=place.astype(np.float32).ravel())
    response = stub.Forecast(pb.ForecastRequest(open=pb.Open(model="falling", axes=3, **given), prefixes=[prefix]))
    np.testing.assert_array_equal(response.forecasts[0].means, own.means.astype(np.float32).ravel())


def test_the_client_refuses_before_anything_leaves(client):
    for wrong, name in (
        ({"noise_m": 0.0}, "noise_m"),
        ({"noise_m": (1, 1)}, "noise_m"),
        ({"mass_kg": -1.0}, "mass_kg"),
    ):
        with pytest.raises(InputError) as caught:
            client.stream("falling", **wrong)
        assert caught.value.where == name


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"noise_m": 0.1}, "open.sensor_noise"),
        ({"clock_s": 0.0}, "open.sensor_noise"),
        ({"radius_m": 0.1}, "open.object"),
        ({"outputs": ("outcomes",)}, "open.outputs: OUTPUT_OUTCOMES"),
        ({"outputs": ("contacts",)}, "open.outputs: OUTPUT_CONTACTS"),
        ({"outputs": ("surprise",)}, "open.outputs: OUTPUT_SURPRISE"),
    ],
)
def test_a_model_that_has_it_not_says_so(client, options, field):
    with pytest.raises(NotServedError) as caught:
        client.stream("constant-velocity-3d", **options)
    assert caught.value.field == field


def test_kinds_of_contacts_are_those_of_the_contract():
    names = [name.removeprefix("CONTACT_KIND_").lower() for name, _ in pb.ContactKind.items()]
    assert tuple(names[1:]) == CONTACT_KINDS


def test_frames_with_their_own_deviations_are_still_refused(client, stub):
    frame = pb.Frame(frame_number=1, track_ids=[1], positions=[0, 0, 1], deviations=[0.1] * 3)
    requests = [
        pb.StreamForecastsRequest(open=pb.Open(model="falling", axes=3)),
        pb.StreamForecastsRequest(frame=frame),
    ]
    _, reply = stub.StreamForecasts(iter(requests))
    assert reply.refused.field == "frame.deviations"


def test_a_line_says_what_was_sent(client):
    with client.stream("falling", outputs=ALL) as stream:
        *_, last = stream.forecasts(frames_of(throws(6, num_tracks=1)))
        track = json.loads(forecast_line(last, stream.opened.offsets_s, None, stream.opened.outcome_names))["tracks"][0]
    np.testing.assert_allclose([track["outcomes"]["far"], track["outcomes"]["left"]], last.outcomes[0], atol=1e-6)
    assert track["surprise"] == round(float(last.surprises[0]), 3)
    assert [each["kind"] for each in track["contacts"]] == ["floor"] * last.contacts.num_contacts
    np.testing.assert_allclose([each["in"] for each in track["contacts"]], last.contacts.offset_s, atol=1e-6)
    np.testing.assert_allclose([each["place"] for each in track["contacts"]], last.contacts.position, atol=1e-5)


SECRET_X, SECRET_TRACK = 1234.5, 987654321


def test_nothing_of_it_is_logged_or_written(serve_falling, tmp_path):
    log = tmp_path / "log"
    places = [[SECRET_X + 0.1 * step, 0.0, 2.0] for step in range(6)]
    places[4][0] += 7.0
    with log.open("wb") as stderr, serve_falling(stderr=stderr) as address, Client(address) as client:
        with client.stream("falling", outputs=ALL, noise_m=0.0123) as stream:
            *_, last = stream.forecasts((0.04 * step, [SECRET_TRACK], [place]) for step, place in enumerate(places))
        assert Status.SUSPECT in last.statuses
        with pytest.raises(InputError):
            client.stream("falling", outputs=ALL, offsets=[SECRET_X])
        servers = [each for each in psutil.Process().children() if "falling_engine.py" in " ".join(each.cmdline())]
        process = max(servers, key=lambda server: server.create_time())  # numbers of processes begin anew
        assert [each.path for each in process.open_files() if not each.path.startswith("/dev")] == [str(log)]
    text = log.read_text()
    events = [json.loads(line)["event"] for line in text.splitlines()]
    assert events == ["serving", "stream_opened", "stream_closed", "stopping", "stopped"]
    assert "1234" not in text and str(SECRET_TRACK) not in text and "0.0123" not in text


def test_recordings_hold_what_was_told_in_the_clients_world(serve_falling, tmp_path):
    paths = throws(7, num_tracks=2, origin=ORIGIN)
    with (
        serve_falling(record=tmp_path / "kept") as address,
        Client(address) as client,
        client.stream("falling", outputs=ALL, origin=ORIGIN, noise_m=0.03, mass_kg=0.5) as stream,
    ):
        *_, last = stream.forecasts(frames_of(paths))
    assert isinstance(last, Forecasts)
    (told,) = (tmp_path / "kept").glob("*.forecasts.ndjson")
    header, *_, final = map(json.loads, told.read_text().splitlines())
    assert (header["noise_m"], header["mass_kg"]) == ([0.03], 0.5) and "clock_s" not in header
    tracks = final["tracks"]
    for row, track in enumerate(tracks):
        mine = last.contacts.of_rows(row, row + 1)
        np.testing.assert_allclose([each["place"] for each in track["contacts"]], mine.position, atol=1e-4)
        np.testing.assert_allclose(list(track["outcomes"].values()), last.outcomes[row], atol=1e-6)
