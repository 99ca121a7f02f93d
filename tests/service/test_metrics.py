"""Metrics: what a server counts is what happened, under names that Prometheus takes, and nobody's id is among it."""

import re
import subprocess
import sys
from time import monotonic

import numpy as np
import psutil
import pytest

from pathcast.errors import InputError
from pathcast.service.client import Client, LocalServer
from pathcast.service.telemetry.metrics import Metrics

MODEL = "constant-velocity-2d"
OURS = {"model": MODEL, "version": "1"}
SECRET_TRACK = 987654321


@pytest.fixture(scope="module")
def served(page_of):
    """A client of a server with a page, and the page."""
    with LocalServer([MODEL], arguments=["--metrics-port", "0"]) as server, Client(server.address) as client:
        yield client, page_of(server)


def value(samples: dict, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def test_a_stream_is_counted_while_it_lives_and_afterwards(page_of):
    with LocalServer([MODEL], arguments=["--metrics-port", "0"]) as server, Client(server.address) as client:
        page = page_of(server)
        before = page.read()
        assert value(before, "pathcast_streams", **OURS) == 0
        assert value(before, "pathcast_frames_total", **OURS) == 0
        assert value(before, "pathcast_model_info", **OURS, axes="2") == 1
        with client.stream(MODEL, coast_s=0.5) as stream:
            frames = [(0.1 * step, [SECRET_TRACK, 2], np.full((2, 2), 0.1 * step)) for step in range(5)]
            frames.append((0.5, [SECRET_TRACK], np.array([[np.nan, 0]])))
            frames.append((9.0, [], np.zeros((0, 2))))
            list(stream.forecasts(frames[:5]))
            middle = page.read()
            list(_go_on(stream, frames[5:]))
            stream.send(1, 9.0, [1], [[0, 0]])
            stream.send(20, 9.0, [1, 1], [[0, 0], [0, 0]])
            stream.finish()
            list(stream)
        client.forecast(MODEL, {1: ([0, 1], [[0, 0], [1, 0]])})
        with pytest.raises(InputError):
            client.forecast(MODEL, {1: ([0, 1], [[0, 0], [1, 0]])}, offsets=[-1.0])
        after = page.read()
    assert value(middle, "pathcast_streams", **OURS) == 1
    assert value(middle, "pathcast_tracks", **OURS) == 2
    assert 2 * 7 * 8 <= value(middle, "pathcast_state_bytes", **OURS) < 2 * 4096
    assert value(after, "pathcast_state_bytes", **OURS) == value(after, "pathcast_late_total", **OURS) == 0
    assert value(middle, "pathcast_frames_total", **OURS) == 5
    assert value(middle, "pathcast_observations_total", **OURS) == 10
    assert value(middle, "pathcast_forecasts_total", **OURS) == 8
    assert value(after, "pathcast_streams", **OURS) == value(after, "pathcast_tracks", **OURS) == 0
    assert value(after, "pathcast_streams_opened_total", **OURS) == 1
    assert value(after, "pathcast_requests_total", **OURS) == 1
    assert value(after, "pathcast_rejected_total", **OURS, reason="not_finite") == 1
    assert value(after, "pathcast_tracks_ended_total", **OURS, reason="timed_out") == 2
    assert value(after, "pathcast_refused_total", **OURS, code="INVALID_ARGUMENT") == 2
    assert value(after, "pathcast_calls_failed_total", code="INVALID_ARGUMENT") == 1
    # A frame of which nothing is used, and one without tracks, are answered too; so is the unary request.
    assert value(after, "pathcast_forecast_latency_seconds_count", **OURS) == 8
    assert value(after, "pathcast_queue_seconds_count") == value(after, "pathcast_batch_messages_sum")
    assert value(after, "pathcast_queue_age_seconds") == 0


def _go_on(stream, frames):
    """Answers to further frames, numbered on."""
    replies = iter(stream)
    for number, (time, ids, positions) in enumerate(frames, 10):
        stream.send(number, time, ids, positions)
        yield next(replies)


def test_no_id_is_on_the_page(served):
    client, page = served
    with client.stream(MODEL) as stream:
        list(stream.forecasts([(0.1 * step, [SECRET_TRACK], [[0.1 * step, 0]]) for step in range(3)]))
        assert str(SECRET_TRACK) not in page.text()


def test_a_slow_readers_lost_forecasts_are_counted(served):
    client, page = served
    before = value(page.read(), "pathcast_frames_total", **OURS)
    with client.stream(MODEL, offsets=np.linspace(0.1, 4, 100)) as stream:
        for step in range(60):
            stream.send(step, 0.1 * step, np.arange(300), np.full((300, 2), 0.1 * step))
        deadline = monotonic() + 60
        while value(page.read(), "pathcast_frames_total", **OURS) < before + 60 and monotonic() < deadline:
            continue  # nothing is read before all is computed
        stream.finish()
        told = sum(reply.frames_conflated for reply in stream)
    assert value(page.read(), "pathcast_conflated_total", **OURS) == told > 0


def test_names_follow_prometheus_rules():
    metrics = Metrics()
    metrics.watch_live(list, lambda: 0.0)
    for family in metrics.registry.collect():
        assert family.documentation
        if not family.name.startswith("process_"):
            assert re.fullmatch(r"pathcast_[a-z_]+", family.name)
            assert not family.name.endswith(("_ms", "_count", "_sum", "_bucket", "_total"))
        if family.name.startswith("pathcast") and family.type == "histogram":
            assert family.name.endswith(("_seconds", "_messages", "_rows"))


def test_servers_in_one_process_count_apart():
    first, second = Metrics(), Metrics()
    first.count_failed("INTERNAL")
    assert first.registry.get_sample_value("pathcast_calls_failed_total", {"code": "INTERNAL"}) == 1
    assert second.registry.get_sample_value("pathcast_calls_failed_total", {"code": "INTERNAL"}) is None


def test_there_is_no_page_unless_asked_for():
    with LocalServer([MODEL]) as server:
        connections = psutil.Process(server.process.pid).net_connections()
        port = int(server.address.rpartition(":")[2])
    assert [each.laddr.port for each in connections if each.status == "LISTEN"] == [port]


def test_a_taken_port_is_told():
    with LocalServer([MODEL]) as server:
        port = server.address.rpartition(":")[2]
        command = [sys.executable, "-m", "pathcast", "serve", "--models", MODEL, "--metrics-port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1 and f"metrics: 127.0.0.1:{port}: expected a free address" in done.stderr
