"""The server as a process: what it loads, says, writes and keeps, and how it ends."""

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import grpc
import numpy as np
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from pathcast.errors import LimitError, ServiceError
from pathcast.service.client import Client, Forecasts, GoingAway, LocalServer
from pathcast.service.limits import Limits

MODEL = "constant-velocity-2d"
SERVICE = "pathcast.v1.ForecastService"


def walk(client: Client, model: str = MODEL, num_frames: int = 5, x: float = 0.0, track: int = 1) -> Forecasts:
    axes = client.model(model).axes
    frames = [(0.1 * step, [track], np.full((1, axes), x + 0.1 * step)) for step in range(num_frames)]
    with client.stream(model) as stream:
        *_, last = stream.forecasts(frames)
    return last


def test_the_serving_process_never_loads_torch_or_shapely_and_stays_small(card):
    with LocalServer([card.name]) as server, Client(server.address) as client:
        walk(client, card.name)
        process = psutil.Process(server.process.pid)
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        resident = process.memory_info().rss
    assert "torch" not in maps and "shapely" not in maps
    assert resident < 320e6
    if "numba" not in maps and "llvmlite" not in maps:
        assert resident < 200e6


def test_no_module_of_torch_is_imported_by_serving():
    code = (
        "import sys, pathcast.cli.serve, pathcast.service.server, pathcast.service.warming as s\n"
        "from pathcast.model.library import load_library\n"
        "library = load_library()\n"
        "[s.warm(library.get(card.name, card.version)) for card in library.cards()]\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] == 'torch'))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_one_line_on_standard_output_and_a_graceful_end():
    """On SIGTERM: not serving any more, open streams are told, still answered, and the exit code is 0."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pathcast", "serve", "--models", MODEL, "--grace", "20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    assert line.startswith("listening on 127.0.0.1:") and line.endswith("\n")
    address = line.split()[-1]
    with Client(address) as client, grpc.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        watching = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert next(watching).status == health_pb2.HealthCheckResponse.SERVING
        stream = client.stream(MODEL)
        replies = iter(stream)
        stream.send(0, 0.0, [1], [[0, 0]])
        assert isinstance(next(replies), Forecasts)
        process.send_signal(signal.SIGTERM)
        assert next(replies) == GoingAway(within_s=20.0)
        assert next(watching).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watching.cancel()
        stream.send(1, 0.1, [1], [[1, 0]])
        last = next(replies)
        assert isinstance(last, Forecasts) and last.track_ids.tolist() == [1]
        stream.close()
        assert process.wait(15) == 0
    assert process.stdout.read() == b""
    process.stdout.close()


def test_streams_that_stay_are_cut_after_the_grace_time():
    with LocalServer([MODEL], grace_s=0.2) as server, Client(server.address) as client:
        stream = client.stream(MODEL)
        server.process.send_signal(signal.SIGINT)
        with pytest.raises(ServiceError):
            list(stream)
        assert server.process.wait(15) == 0


def test_a_child_ends_with_its_parent():
    code = (
        "import os\nfrom pathcast.service.client import LocalServer\n"
        "server = LocalServer(['constant-velocity-2d'])\nprint(server.process.pid, flush=True)\nos._exit(9)"
    )
    parent = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    child = int(parent.stdout)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(child).wait(15)
    assert not psutil.pid_exists(child)


def test_health_and_reflection_answer(server):
    with grpc.insecure_channel(server.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", SERVICE):
            status = health.Check(health_pb2.HealthCheckRequest(service=name)).status
            assert status == health_pb2.HealthCheckResponse.SERVING
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        (response,) = reflection.ServerReflectionInfo(iter([request]))
        assert {each.name for each in response.list_services_response.service} >= {SERVICE, "grpc.health.v1.Health"}
        request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE)
        (response,) = reflection.ServerReflectionInfo(iter([request]))
        assert response.file_descriptor_response.file_descriptor_proto


def test_models_are_listed_and_described(client, card):
    assert [model.name for model in client.models()] == sorted(model.name for model in client.models())
    model = client.model(card.name, card.version)
    assert (model.axes, model.num_modes, model.offsets_s) == (card.num_axes, card.num_modes, card.offsets_s)


SECRET_X, SECRET_TRACK = 1234.5, 987654321


def test_no_position_or_id_is_logged_or_written(tmp_path):
    """Good input and bad: nothing of it is in the log, and nothing appears on disk."""
    log = tmp_path / "log"
    folder = tmp_path / "empty"
    folder.mkdir()
    with log.open("wb") as stderr, LocalServer([MODEL], stderr=stderr) as server, Client(server.address) as client:
        with client.stream(MODEL) as stream:
            for number, place in enumerate([SECRET_X, SECRET_X + 1, np.nan, 9e9, SECRET_X]):
                stream.send(number, number, [SECRET_TRACK], [[place, SECRET_X]])
            stream.send(0, 99.0, [SECRET_TRACK], [[SECRET_X, 0]])
            stream.send(9, 99.0, [SECRET_TRACK, SECRET_TRACK], [[SECRET_X, 0]] * 2)
            stream.end([SECRET_TRACK])
            stream.finish()
            assert not stream.opened.is_recording
            assert len(list(stream)) >= 3
        client.forecast(MODEL, {SECRET_TRACK: ([0, 1], [[SECRET_X, 0], [SECRET_X, 1]])})
        process = psutil.Process(server.process.pid)
        regular = [each.path for each in process.open_files() if not each.path.startswith("/dev")]
        assert regular == [str(log)]
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["event"] for line in lines] == ["serving", "stream_opened", "stream_closed", "stopping", "stopped"]
    opened, closed = lines[1:3]
    assert set(opened) == {"event", "level", "timestamp", "stream", "model", "version"}
    assert set(closed) == {*opened, "reason", "duration_s", "frames"}
    assert opened["stream"] == closed["stream"] and len(opened["stream"]) == 12
    assert (closed["model"], closed["reason"], closed["frames"]) == (MODEL, "ended", 5)
    assert "1234" not in text and str(SECRET_TRACK) not in text and "9000000000" not in text
    assert list(folder.iterdir()) == []


def test_recordings_are_written_only_when_asked_and_clients_are_told(tmp_path):
    frames = [(0.0, [5], [[100.5, 1.0]]), (1.0, [5, 6], [[101.5, 1.0], [np.nan, 0.0]])]
    with (
        LocalServer([MODEL], record=tmp_path / "kept") as server,
        Client(server.address) as client,
        client.stream(MODEL, origin=[100.0, 0.0]) as stream,
    ):
        assert stream.opened.is_recording
        stream.replay({5: ([-1.0], [[99.0, 1.0]])})
        *_, last = stream.forecasts(frames)
    observed, told = sorted((tmp_path / "kept").iterdir(), reverse=True)
    lines = [json.loads(line) for line in observed.read_text().splitlines()]
    assert [line["time"] for line in lines] == [-1.0, 0.0, 1.0]
    assert lines[2]["tracks"] == [{"track": 5, "x": 101.5, "y": 1.0}, {"track": 6, "x": None, "y": 0.0}]
    header, *answers = [json.loads(line) for line in told.read_text().splitlines()]
    assert header["model"] == MODEL and len(answers) == 2
    np.testing.assert_allclose(answers[1]["tracks"][0]["modes"][0]["path"], last.means[0, 0], atol=1e-4)


def test_a_taken_address_and_a_bad_folder_are_told(server, tmp_path):
    port = server.address.rpartition(":")[2]
    for arguments, code, words in (
        (["--models", MODEL, "--port", port], 1, "could not bind"),
        (["--models", "nobody"], 2, "expected one of"),
        (["--models", MODEL, "--record", "/proc/nowhere"], 2, "a folder that can be written"),
        (["--port", "70000"], 2, "70000"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "pathcast", "serve", *arguments], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (code, "")
        assert words in done.stderr and "Traceback" not in done.stderr


def test_streams_over_the_limit_are_refused(server):
    with Client(server.address) as client:
        streams = [client.stream(MODEL, axes=2) for _ in range(Limits().streams)]
        with pytest.raises(LimitError, match="1024 open"):
            client.stream(MODEL)
        for stream in streams:
            stream.close()
        assert walk(client).track_ids.tolist() == [1]


def test_clients_that_vanish_leave_the_server_well(tmp_path):
    with (tmp_path / "log").open("wb") as stderr, LocalServer([MODEL], stderr=stderr) as server:
        for _ in range(20):
            with Client(server.address) as client:
                stream = client.stream(MODEL, offsets=np.linspace(0.1, 4, 60))
                for step in range(10):
                    stream.send(step, 0.1 * step, np.arange(300), np.full((300, 2), 0.1 * step))
                stream.cancel()
        with Client(server.address) as client:
            assert walk(client).track_ids.tolist() == [1]
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["event"] for line in lines} == {"serving", "stream_opened", "stream_closed", "stopping", "stopped"}
    reasons = [line["reason"] for line in lines if line["event"] == "stream_closed"]
    opened, closed = (
        [line["stream"] for line in lines if line["event"] == f"stream_{what}"] for what in ("opened", "closed")
    )
    assert sorted(opened) == sorted(closed) and len(set(opened)) == len(opened)  # one may be gone before it was opened
    assert reasons.count("ended") == 1 and set(reasons) == {"client_gone", "ended"}
