"""What is wrong is named: field, expected, found. The stream and the other tracks go on."""

import math
from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from pathcast.errors import InputError, LimitError, NotServedError, ServiceError, UnknownModelError
from pathcast.service.client import Client, Forecasts, Reason, Refused, Status
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

MODEL = "constant-velocity-2d"
INVALID, EXHAUSTED, UNIMPLEMENTED = 3, 8, 12


@pytest.fixture
def stub(server) -> Iterator[pb_grpc.ForecastServiceStub]:
    with grpc.insecure_channel(server.address) as channel:
        yield pb_grpc.ForecastServiceStub(channel)


def opening(**fields) -> pb.Open:
    return pb.Open(**{"model": MODEL, "axes": 2, **fields})


def details_of(call: grpc.RpcError) -> error_details_pb2.BadRequest.FieldViolation:
    status = rpc_status.from_call(call)
    bad_request = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad_request) for detail in status.details)
    return bad_request.field_violations[0]


BAD_OPENS = {
    "open.model": opening(model="nobody"),
    "open.version": opening(version="none"),
    "open.axes": opening(axes=3),
    "open.num_modes": opening(num_modes=2),
    "open.origin": opening(origin=pb.Origin(x=math.nan)),
    "open.outputs": opening(outputs=[pb.OUTPUT_UNSPECIFIED]),
    "open.coast_s": opening(coast_s=100.0),
    "open.latency_budget_s": opening(latency_budget_s=-1.0),
    "open.horizon.step_s": opening(horizon=pb.Horizon(horizon_s=1.0, step_s=0.0)),
    "open.horizon.horizon_s": opening(horizon=pb.Horizon(horizon_s=-1.0, step_s=0.5)),
    "open.horizon": opening(horizon=pb.Horizon(horizon_s=100.0, step_s=50.0)),
}
BAD_OFFSETS = [[], [0.0], [-1.0], [1.0, 1.0], [2.0, 1.0], [math.nan], [math.inf], [12.5]]


def assert_invalid(error: grpc.RpcError, field: str) -> None:
    is_unknown = field in ("open.model", "open.version")
    assert error.code() is (grpc.StatusCode.NOT_FOUND if is_unknown else grpc.StatusCode.INVALID_ARGUMENT)
    violation = details_of(error)
    assert violation.field == field
    assert violation.description.startswith("expected ") and ", found " in violation.description


@pytest.mark.parametrize("field", BAD_OPENS)
def test_a_wrong_opening_is_refused_by_name(stub, field):
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.StreamForecasts(iter([pb.StreamForecastsRequest(open=BAD_OPENS[field])])))
    assert_invalid(caught.value, field)


@pytest.mark.parametrize("field", sorted(BAD_OPENS.keys() - {"open.coast_s", "open.latency_budget_s"}))
def test_a_wrong_opening_is_refused_by_name_in_unary_requests(stub, field):
    with pytest.raises(grpc.RpcError) as caught:
        stub.Forecast(pb.ForecastRequest(open=BAD_OPENS[field]))
    assert_invalid(caught.value, field)


@pytest.mark.parametrize("offsets", BAD_OFFSETS, ids=str)
def test_wrong_offsets_are_refused(client, offsets):
    with pytest.raises(InputError) as caught:
        client.stream(MODEL, offsets=offsets)
    assert caught.value.where == "open.offsets.seconds" and caught.value.expected.startswith("increasing seconds")


def test_more_offsets_than_allowed_exhaust_the_limit(client):
    with pytest.raises(LimitError) as caught:
        client.stream(MODEL, offsets=np.linspace(0.01, 5, 257))
    assert caught.value.found == "257"


def test_an_unknown_model_is_told_apart(client):
    for call in (lambda: client.stream("nobody", axes=2), lambda: client.model("nobody")):
        with pytest.raises(UnknownModelError, match=f"expected one of .*{MODEL}"):
            call()


def test_a_version_that_is_gone_gives_way_if_allowed(client):
    with client.stream(MODEL, version="0", axes=2, allow_newer_version=True) as stream:
        assert stream.opened.is_other_version and stream.opened.model.version == "1"
    with client.stream(MODEL, version="1") as stream:
        assert not stream.opened.is_other_version


POINT = pb.Point(x=1.0)
PLACE = pb.Venue(name="elsewhere")
GOAL = pb.Goal(name="door", point=POINT)
UNSERVED_OPENS = {
    "open.venue": opening(venue=PLACE),
    "open.sensor_noise": opening(sensor_noise=pb.SensorNoise(position_m=[0.1])),
    "open.object": opening(object=pb.Object(radius_m=0.1)),
    "open.goals": opening(goals=[GOAL]),
    **{
        f"open.outputs: {name}": opening(outputs=[value])
        for name, value in pb.Output.items()
        if value not in (pb.OUTPUT_UNSPECIFIED, pb.OUTPUT_MEANS, pb.OUTPUT_COVARIANCES, pb.OUTPUT_REGIONS)
    },
}


@pytest.mark.parametrize("field", UNSERVED_OPENS)
def test_what_is_not_served_at_opening_is_unimplemented_by_name(stub, field):
    message = UNSERVED_OPENS[field]
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.StreamForecasts(iter([pb.StreamForecastsRequest(open=message)])))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert details_of(caught.value).field == field
    with pytest.raises(grpc.RpcError) as caught:
        stub.Forecast(pb.ForecastRequest(open=message))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_venue_that_is_none_is_named(stub):
    wall = pb.Segment(start=pb.Point(x=float("nan")), end=POINT)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Forecast(pb.ForecastRequest(open=opening(venue=pb.Venue(name="hall", walls=[wall]))))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert details_of(caught.value).field.startswith("open.venue: segment")


def test_a_field_of_a_newer_contract_is_unimplemented(stub):
    newer = pb.StreamForecastsRequest(open=pb.Open.FromString(opening().SerializeToString() + b"\xf8\x07\x01"))
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.StreamForecasts(iter([newer])))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert details_of(caught.value).field == "open: field number 127"


def frame(number: int, **fields) -> pb.StreamForecastsRequest:
    values = {"capture_time_s": 0.1 * number, "track_ids": [1, 2], "positions": [0.1 * number, 0.0, 3.0, 4.0]}
    return pb.StreamForecastsRequest(frame=pb.Frame(frame_number=number, **{**values, **fields}))


def prefix(**fields) -> pb.Prefix:
    return pb.Prefix(**{"track_id": 7, "times_s": [0.0, 0.1], "positions": [0.0, 0.0, 1.0, 1.0], **fields})


def replay(*prefixes: pb.Prefix, **fields) -> pb.StreamForecastsRequest:
    return pb.StreamForecastsRequest(replay=pb.Replay(prefixes=prefixes, **fields))


BAD_MESSAGES = {
    ("frame.deviations", UNIMPLEMENTED): frame(5, deviations=[0.1] * 4),
    ("replay.snapshot", INVALID): replay(snapshot=b"state"),
    ("replay.frames[0].capture_time_s", INVALID): replay(frames=[pb.Frame(capture_time_s=math.nan)]),
    ("replay.frames[1].frame_number", INVALID): replay(frames=[pb.Frame(frame_number=5)] * 2),
    ("replay.frames: frame_number", INVALID): replay(frames=[pb.Frame(frame_number=1)]),
    ("replay.frames", EXHAUSTED): replay(frames=[pb.Frame(frame_number=each) for each in range(5, 518)]),
    ("replay.prefixes[0].deviations", UNIMPLEMENTED): replay(prefix(deviations=[0.1] * 4)),
    ("update.venue", UNIMPLEMENTED): pb.StreamForecastsRequest(update=pb.Update(venue=PLACE)),
    ("update.goals", UNIMPLEMENTED): pb.StreamForecastsRequest(update=pb.Update(goals=pb.GoalList())),
    ("frame.positions", INVALID): frame(5, positions=[0.0] * 6),
    ("frame.capture_time_s", INVALID): frame(5, capture_time_s=math.nan),
    ("frame.frame_number", INVALID): frame(1),
    ("frame.track_ids", INVALID): frame(5, track_ids=[1, 1]),
    ("frame.track_ids", EXHAUSTED): frame(5, track_ids=range(4097), positions=[0.0] * 2 * 4097),
    ("replay.prefixes[1].times_s[1]", INVALID): replay(prefix(), prefix(track_id=8, times_s=[1.0, 0.5])),
    ("replay.prefixes[0].times_s", INVALID): replay(prefix(times_s=[math.inf, 1.0])),
    ("replay.prefixes[0].positions", INVALID): replay(prefix(positions=[1.0])),
    ("replay.prefixes[0].times_s", EXHAUSTED): replay(prefix(times_s=range(513), positions=[0.0] * 1026)),
    ("replay.prefixes: track_id", INVALID): replay(prefix(), prefix()),
    ("message", INVALID): pb.StreamForecastsRequest(),
}


@pytest.mark.parametrize(("field", "code"), BAD_MESSAGES)
def test_a_wrong_message_is_refused_by_name_and_the_stream_goes_on(stub, field, code):
    wrong = BAD_MESSAGES[field, code]
    opened = pb.StreamForecastsRequest(open=opening())
    with_it = list(stub.StreamForecasts(iter([opened, frame(1), wrong, frame(2)])))[1:]
    kinds = [reply.WhichOneof("message") for reply in with_it]
    assert [kind for kind in kinds if kind != "forecasts"] == ["refused"]
    refused = next(reply.refused for reply in with_it if reply.WhichOneof("message") == "refused")
    assert (refused.field, refused.code) == (field, code)
    assert refused.expected and refused.found
    assert refused.HasField("frame_number") == field.startswith("frame")
    without = list(stub.StreamForecasts(iter([opened, frame(1), frame(2)])))
    assert list(with_it[-1].forecasts.means) == list(without[-1].forecasts.means) != []


@pytest.mark.parametrize(
    "requests", [[frame(1)], [pb.StreamForecastsRequest(open=opening())] * 2, [pb.StreamForecastsRequest()]], ids=str
)
def test_a_wrong_order_of_messages_ends_the_stream(stub, requests):
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.StreamForecasts(iter(requests)))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert details_of(caught.value).field == "open"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ([math.nan, 0.0], Reason.NOT_FINITE),
        ([math.inf, 0.0], Reason.NOT_FINITE),
        ([0.0, -8000.5], Reason.OUT_OF_RANGE),
        ([1e30, 0.0], Reason.OUT_OF_RANGE),
    ],
    ids=str,
)
def test_a_bad_observation_marks_its_track_and_leaves_the_others(client, place, reason):
    good = [(0.1 * step, [1, 2], [[0.1 * step, 0.0], [3.0, 0.2 * step]]) for step in range(6)]
    bad = [(time, ids, [places[0], place] if step == 3 else places) for step, (time, ids, places) in enumerate(good)]
    with client.stream(MODEL) as one, client.stream(MODEL) as other:
        answers = list(zip(one.forecasts(good), other.forecasts(bad), strict=True))
    for step, (without, having) in enumerate(answers[1:], 1):
        assert without.means is not None and having.means is not None
        np.testing.assert_array_equal(without.means[0], having.means[0])
        assert having.statuses[0] == Status.FORECASTING
        if step == 3:
            assert [(each.track_id, each.status, each.reason) for each in having.remarks] == [
                (2, Status.REJECTED, reason)
            ]
            assert having.statuses[1] == Status.REJECTED
        else:
            assert not having.remarks
    np.testing.assert_allclose(answers[-1][0].means, answers[-1][1].means, atol=1e-5)


def test_a_frame_older_than_its_tracks_leaves_them_unchanged(client):
    with client.stream(MODEL) as stream:
        frames = [(0.0, [1], [[0, 0]]), (1.0, [1], [[1, 0]]), (0.5, [1, 2], [[9, 9], [5, 5]]), (2.0, [1], [[2, 0]])]
        answers = list(stream.forecasts(frames))
    assert [(each.track_id, each.reason) for each in answers[2].remarks if each.status is Status.REJECTED] == [
        (1, Reason.NOT_NEWER)
    ]
    assert 1 not in answers[2].track_ids
    assert answers[3].means is not None
    np.testing.assert_allclose(answers[3].means[0, 0, :, 0], 2 + np.array(stream.opened.offsets_s), atol=1e-5)


def test_a_bad_prefix_is_refused_in_unary_requests(client):
    with pytest.raises(InputError) as caught:
        client.forecast(MODEL, {1: ([0.0, 1.0, 0.5], np.zeros((3, 2)))})
    assert caught.value.where == "prefixes[0].times_s[2]"
    with pytest.raises(InputError):
        client.forecast(MODEL, {1: ([0.0, 1.0], np.zeros((2, 3)))})
    with pytest.raises(NotServedError):
        client.forecast(MODEL, {1: ([0.0, 1.0], np.zeros((2, 2)))}, outputs=("goals",))


def test_a_bad_observation_in_a_unary_request_is_remarked(client):
    answer = client.forecast(
        MODEL, {1: ([0, 1, 2], [[0, 0], [math.nan, 0], [2, 0]]), 2: ([0, 1], [[0, 0], [0, 1]]), 3: ([0], [[0, 0]])}
    )
    assert answer.track_ids.tolist() == [1, 2]
    assert [(each.track_id, each.status) for each in answer.remarks] == [
        (1, Status.REJECTED),
        (3, Status.WARMING_UP),
    ]
    np.testing.assert_allclose(answer.means[0, 0, 0], [2.4, 0], atol=1e-5)


def test_a_refused_frame_is_told_by_the_client(client):
    with client.stream(MODEL) as stream:
        stream.send(3, 0.0, [1], [[0, 0]])
        stream.send(3, 1.0, [1], [[0, 0]])
        replies = iter(stream)
        assert isinstance(next(replies), Forecasts)
        refused = next(replies)
        assert isinstance(refused, Refused) and refused.frame_number == 3
    with client.stream(MODEL) as stream, pytest.raises(InputError, match=r"frame\.positions"):
        list(stream.forecasts([(0.0, [1], [[0, 0, 0]])]))


def test_a_message_over_the_limit_in_bytes_ends_its_call(client):
    huge = {each: (np.arange(512.0), np.zeros((512, 2))) for each in range(600)}
    with pytest.raises(LimitError, match="larger than max"):
        client.forecast(MODEL, huge)
    assert client.models()


def test_garbage_ends_its_stream_alone(server, client):
    with grpc.insecure_channel(server.address) as channel:
        call = channel.stream_stream("/pathcast.v1.ForecastService/StreamForecasts")
        with pytest.raises(grpc.RpcError) as caught:
            list(call(iter([pb.StreamForecastsRequest(open=opening()).SerializeToString(), b"\xff\xff\xff"])))
    assert "Error" not in caught.value.details()
    assert client.models()


def test_an_unreachable_server_is_a_service_error():
    with Client("127.0.0.1:1") as client, pytest.raises(ServiceError, match="could not be reached"):
        client.models()
