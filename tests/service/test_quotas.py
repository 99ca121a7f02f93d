"""Quotas: rates hold over time, calls are counted while they are open, and clients do not share what they have."""

import threading
from collections.abc import Iterator
from time import monotonic

import grpc
import numpy as np
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from hypothesis import given
from hypothesis import strategies as st

from pathcast.errors import LimitError
from pathcast.service.client import Client, Forecasts, Refused
from pathcast.service.faults import from_rpc, to_status
from pathcast.service.limits import Limits
from pathcast.service.protection.buckets import Bucket
from pathcast.service.protection.identity import Identity, host_of, identify
from pathcast.service.protection.quotas import Quotas
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

MODEL = "constant-velocity-2d"
FIRST, SECOND = Identity("token", "first"), Identity("token", "second")


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@given(
    st.floats(0.1, 1e4),
    st.floats(1, 1e4),
    st.lists(st.tuples(st.floats(0, 60), st.integers(0, 5000)), min_size=1, max_size=60),
)
def test_no_more_than_the_rate_the_brim_and_one_message_is_ever_taken(rate, brim, asked):
    bucket, now, taken, largest = Bucket(rate, brim, 0.0), 0.0, 0.0, 0.0
    for pause, amount in asked:
        now += pause
        if bucket.wait_s(now) == 0:
            bucket.take(amount)
            taken += amount
            largest = max(largest, amount)
    assert taken <= (brim + rate * now + largest) * (1 + 1e-9)


@given(st.floats(0.1, 1e4), st.floats(1, 1e4), st.integers(1, 10**6))
def test_who_waits_as_long_as_told_may_take_again(rate, brim, amount):
    bucket = Bucket(rate, brim, 0.0)
    assert bucket.wait_s(0.0) == 0
    bucket.take(brim + amount)
    wait = bucket.wait_s(0.0)
    assert wait == pytest.approx((amount + 1) / rate)
    assert bucket.wait_s(wait * 0.9) > 0
    assert bucket.wait_s(wait * (1 + 1e-9)) == pytest.approx(0)


def test_a_clock_that_goes_back_gives_nothing():
    bucket = Bucket(1.0, 1.0, 10.0)
    bucket.take(5)
    assert bucket.wait_s(3.0) == 5.0


def test_frames_and_observations_are_counted_apart_and_clients_share_nothing():
    clock, refused = Clock(), []
    quotas = Quotas(Limits(client_frames_hz=1, client_observations_hz=10, burst_s=2), clock, refused.append)
    quotas.of(FIRST).spend(25)
    with pytest.raises(LimitError, match="at most 10 observations a second") as caught:
        quotas.of(FIRST).spend(1)
    assert caught.value.retry_s == pytest.approx(0.6)
    quotas.of(SECOND).spend(0)
    quotas.of(SECOND).spend(0)
    with pytest.raises(LimitError, match="at most 1 frames a second"):
        quotas.of(SECOND).spend(0)
    clock.now_s += 1.0
    quotas.of(FIRST).spend(1)
    quotas.of(SECOND).spend(0)
    assert refused == ["client_observations", "client_frames"]


def test_calls_are_counted_while_they_are_open():
    quotas = Quotas(Limits(client_streams=2, streams=3), Clock())
    with quotas.opened(FIRST), quotas.opened(FIRST):
        with pytest.raises(LimitError, match=r"client.streams: expected at most 2 open at once, found 2 open"):
            quotas.opened(FIRST).__enter__()
        with quotas.opened(SECOND), pytest.raises(LimitError, match="streams: expected at most 3"):
            quotas.opened(SECOND).__enter__()
        with quotas.opened(SECOND):
            pass
    with quotas.opened(FIRST), quotas.opened(FIRST):
        pass


def test_clients_that_came_once_are_forgotten():
    clock = Clock()
    quotas = Quotas(Limits(client_frames_hz=1), clock)
    with quotas.opened(FIRST):
        for number in range(20000):
            quotas.of(Identity("address", str(number))).spend(0)
            clock.now_s += 1
        assert len(quotas._clients) <= 4096
        assert quotas.of(FIRST).num_open == 1


def test_a_port_is_no_part_of_a_client():
    assert host_of("ipv4:10.1.2.3:4711") == "10.1.2.3"
    assert host_of("ipv6:%5Bfe80::1%5D:80") == host_of("ipv6:%5Bfe80::1%5D:81")
    assert host_of("unix:") == "unix:"


class Call:
    """What gRPC says of a call's other end."""

    def __init__(self, **shown: bytes) -> None:
        self._shown = {name: [value] for name, value in shown.items()}

    def auth_context(self) -> dict[str, list[bytes]]:
        return self._shown

    def peer(self) -> str:
        return "ipv4:10.1.2.3:4711"


def test_a_client_is_its_token_else_its_certificate_else_its_address():
    shown = {"x509_subject": b"CN=camera", "transport_security_type": b"ssl"}
    assert identify(Call(**shown), "seven") == Identity("token", "seven")
    assert identify(Call(**shown), None) == Identity("certificate", "CN=camera")
    named = {"x509_subject": b"", "x509_subject_alternative_name": b"spiffe://yard/camera"}
    assert identify(Call(**named), None) == Identity("certificate", "spiffe://yard/camera")
    assert identify(Call(transport_security_type=b"ssl"), None) == Identity("address", "10.1.2.3")


def test_what_may_be_asked_for_later_says_when():
    status = to_status(LimitError("client.frames", "at most 5", "more", 1.25))
    rich = dict(status.trailing_metadata)["grpc-status-details-bin"]
    assert b"google.rpc.QuotaFailure" in rich and b"google.rpc.RetryInfo" in rich and b"BadRequest" not in rich


def frames(count: int, num_tracks: int = 1):
    return [(0.1 * n, np.arange(num_tracks), np.full((num_tracks, 2), 0.1 * n)) for n in range(count)]


def test_a_frame_too_many_is_refused_and_the_stream_goes_on(run_server):
    """Three messages are saved up, and there is no fourth for a quarter of an hour."""
    running = run_server(limits=Limits(client_frames_hz=1e-3, burst_s=3000))
    with Client(running.address) as client, client.stream(MODEL, axes=2) as stream:
        for number, frame in enumerate(frames(5)):
            stream.send(number, *frame)
        stream.finish()
        replies = list(stream)
    assert {type(reply) for reply in replies} == {Forecasts, Refused}
    refused = [reply for reply in replies if isinstance(reply, Refused)]
    assert [(each.code, each.where, each.frame_number) for each in refused] == [
        (8, "client.frames", 3),
        (8, "client.frames", 4),
    ]
    assert running.metric("pathcast_over_quota_total", quota="client_frames") == 2


def test_a_request_too_many_is_refused_with_rich_details(run_server):
    running = run_server(limits=Limits(client_observations_hz=1e-3, burst_s=4000))
    prefixes = {1: ([0, 1, 2, 3], [[0, 0], [1, 0], [2, 0], [3, 0]])}
    with Client(running.address) as client:
        assert client.forecast(MODEL, prefixes, axes=2).track_ids.tolist() == [1]
        with pytest.raises(LimitError, match="observations a second") as caught:
            client.forecast(MODEL, prefixes, axes=2)
        assert caught.value.retry_s == pytest.approx(1000, abs=120)
        status = rpc_status.from_call(caught.value.__cause__)
        kinds = [detail.TypeName() for detail in status.details]
        assert kinds == ["google.rpc.QuotaFailure", "google.rpc.RetryInfo", "google.rpc.ErrorInfo"]
        failure = error_details_pb2.QuotaFailure()
        assert status.details[0].Unpack(failure) and failure.violations[0].subject == "client.observations"
        assert isinstance(from_rpc(caught.value.__cause__, running.address), LimitError)


def test_streams_of_one_client_are_limited_and_free_again_when_they_end(run_server):
    running = run_server(limits=Limits(client_streams=2))
    with Client(running.address) as client:
        first, second = client.stream(MODEL, axes=2), client.stream(MODEL, axes=2)
        with pytest.raises(LimitError, match="at most 2 open at once"):
            client.stream(MODEL, axes=2)
        first.close()
        with client.stream(MODEL, axes=2) as third:
            assert third.opened.model.name == MODEL
        second.close()


def test_a_stream_that_was_not_opened_yet_counts(run_server):
    """Otherwise calls without a first message would take any room."""
    running = run_server(limits=Limits(client_streams=1))
    silent = threading.Event()

    def nothing() -> Iterator[pb.StreamForecastsRequest]:
        silent.wait(60)
        yield from ()

    with grpc.insecure_channel(running.address) as channel:
        stub = pb_grpc.ForecastServiceStub(channel)
        waiting = stub.StreamForecasts(nothing())
        deadline = monotonic() + 60
        while not running.server._servicer._reception._quotas._num_open and monotonic() < deadline:
            continue  # until the call has come to the server
        opening = pb.StreamForecastsRequest(open=pb.Open(model=MODEL, axes=2))
        with pytest.raises(grpc.RpcError) as caught:
            list(stub.StreamForecasts(iter([opening])))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        silent.set()
        assert list(waiting) == []
