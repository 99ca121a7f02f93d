"""Silence has an end: streams and connections on which nothing happens are closed, and say why."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest

from pathcast.errors import LimitError
from pathcast.service.client import Client, LocalServer
from pathcast.service.limits import Limits
from pathcast.service.server import _options

MODEL = "constant-velocity-2d"
STREAM = "/pathcast.v1.ForecastService/StreamForecasts"


@pytest.fixture(scope="module")
def impatient() -> Iterator[str]:
    """A server that ends streams after a second of silence."""
    with LocalServer([MODEL], arguments=["--idle-stream", "1"]) as server:
        yield server.address


def test_a_silent_stream_ends_with_a_status_that_says_why(tmp_path):
    log = tmp_path / "log"
    arguments = ["--idle-stream", "0.25"]
    with (
        log.open("wb") as stderr,
        LocalServer([MODEL], stderr=stderr, arguments=arguments) as server,
        Client(server.address) as client,
    ):
        stream = client.stream(MODEL)
        with pytest.raises(LimitError, match=r"stream: expected a message at least every 0.25 s, found none"):
            list(stream)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["reason"] for line in lines if line["event"] == "stream_closed"] == ["idle"]


def test_a_stream_that_never_opens_ends_too(impatient):
    with grpc.insecure_channel(impatient) as channel:
        waiting = threading.Event()

        def nothing() -> Iterator[bytes]:
            waiting.wait(60)
            yield from ()

        call = channel.stream_stream(STREAM)(nothing(), timeout=60)
        with pytest.raises(grpc.RpcError):
            next(call)
        waiting.set()
        assert call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_stream_that_speaks_goes_on(impatient):
    """Many messages, over far longer than the silence that is allowed."""
    with Client(impatient) as client, client.stream(MODEL) as stream:
        ticking = threading.Event()
        for number in range(15):
            stream.send(number, 0.1 * number, [1], [[0.1 * number, 0]])
            ticking.wait(0.05)
        stream.finish()
        assert [reply.frame_number for reply in stream][-1] == 14


def test_silence_is_allowed_where_there_is_no_limit():
    with LocalServer([MODEL], arguments=["--idle-stream", "0"]) as server, Client(server.address) as client:
        frames = [(0.1 * number, [1], [[0.1 * number, 0]]) for number in range(3)]
        with client.stream(MODEL) as stream:
            assert len(list(stream.forecasts(frames))) == 3


@contextmanager
def frozen_connection(address: str) -> Iterator[tuple[str, threading.Event]]:
    """An address that passes bytes on to a server until the event is set: then neither side hears of the other."""
    host, _, port = address.rpartition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        frozen = threading.Event()
        ends: list[socket.socket] = []

        def pass_on(source: socket.socket, sink: socket.socket) -> None:
            try:
                while data := source.recv(65536):
                    if not frozen.is_set():
                        sink.sendall(data)
            except OSError:
                return

        def accept() -> None:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection((host, int(port)))
            ends.extend((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pass_on, args=pair, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", frozen
        for end in ends:
            end.close()


def test_a_client_that_vanished_behind_its_network_is_noticed(tmp_path, page_of):
    """Nobody closes the connection, but pings are not answered any more, the one that was under way included."""
    arguments = ["--keepalive", "1", "--keepalive-timeout", "1", "--metrics-port", "0"]
    with LocalServer([MODEL], arguments=arguments) as server:
        page = page_of(server)
        with frozen_connection(server.address) as (address, frozen), Client(address) as client:
            stream = client.stream(MODEL)
            streams = {"model": MODEL, "version": "1"}
            assert page.value(page.read(), "pathcast_streams", **streams) == 1
            frozen.set()
            waiting = threading.Event()
            for _ in range(200):
                if page.value(page.read(), "pathcast_streams", **streams) == 0:
                    break
                waiting.wait(0.1)
            assert page.value(page.read(), "pathcast_streams", **streams) == 0
            closed = page.value(page.read(), "pathcast_streams_closed_total", **streams, reason="client_gone")
            assert closed == 1
            stream.cancel()


def test_an_old_connection_is_sent_elsewhere():
    """Streams of it are cut after the grace time; new calls go over a new connection unnoticed."""
    with LocalServer([MODEL], arguments=["--connection-age", "0.5"]) as server, Client(server.address) as client:
        for _ in range(3):
            assert client.models()


def test_every_limit_is_told_to_grpc():
    options = dict(
        _options(
            Limits(idle_connection_s=3, keepalive_s=4, keepalive_timeout_s=5, client_ping_s=6), is_port_shared=False
        )
    )
    assert options["grpc.max_connection_idle_ms"] == 3000
    assert options["grpc.keepalive_time_ms"] == 4000
    assert options["grpc.keepalive_timeout_ms"] == options["grpc.http2.ping_timeout_ms"] == 5000
    assert options["grpc.http2.min_ping_interval_without_data_ms"] == 6000
    assert options["grpc.max_connection_age_ms"] == 2**31 - 1
    assert dict(_options(Limits(keepalive_s=0), is_port_shared=True))["grpc.keepalive_time_ms"] == 2**31 - 1
