"""Clients that know nothing of pathcast but its contract."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pathcast.service.client import Client
from pathcast.v1 import forecast_pb2 as pb

ROOT = Path(__file__).parents[2]
MODULES = ROOT / ".system" / "node_modules"
MODEL = "constant-velocity-2d"
SERVICE = "pathcast.v1.ForecastService"
FRAMES = [
    {"frameNumber": step, "captureTimeS": 0.1 * step, "trackIds": [7], "positions": [0.1 * step, 1.0]}
    for step in range(5)
]
OPEN = {"model": MODEL, "axes": 2, "offsets": {"seconds": [0.5, 1.0]}}


def expected(address: str) -> np.ndarray:
    """The last forecast by our own client."""
    frames = [(each["captureTimeS"], each["trackIds"], [each["positions"]]) for each in FRAMES]
    with Client(address) as client, client.stream(MODEL, offsets=[0.5, 1.0]) as stream:
        *_, last = stream.forecasts(frames)
    return last.means.ravel()


@pytest.fixture
def buf_curl(program, server):
    buf = program("buf")

    def call(method: str, *messages: dict, arguments: tuple[str, ...] = ()) -> list[dict]:
        command = [buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--data", "@-", *arguments]
        command.append(f"http://{server.address}/{SERVICE}/{method}")
        text = "\n".join(map(json.dumps, messages))
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        decoder, found, at = json.JSONDecoder(), [], 0
        said = done.stdout.strip()
        while at < len(said):
            value, at = decoder.raw_decode(said, at)
            found.append(value)
            at += len(said[at:]) - len(said[at:].lstrip())
        return found

    return call


def test_buf_curl_finds_the_contract_by_reflection(buf_curl):
    (listed,) = buf_curl("ListModels", {})
    assert [model["name"] for model in listed["models"]] == [MODEL]


def test_buf_curl_calls_by_the_files_of_the_contract(buf_curl):
    prefix = {"trackId": "7", "timesS": [0, 1], "positions": [0, 0, 1, 0]}
    arguments = ("--schema", str(ROOT / "proto"))
    (answer,) = buf_curl("Forecast", {"open": OPEN, "prefixes": [prefix]}, arguments=arguments)
    np.testing.assert_allclose(answer["forecasts"][0]["means"], [1.5, 0, 2, 0])


def test_buf_curl_holds_a_stream(buf_curl, server):
    replies = buf_curl("StreamForecasts", {"open": OPEN}, *({"frame": each} for each in FRAMES))
    assert replies[0]["opened"]["model"]["name"] == MODEL
    last = replies[-1]["forecasts"]
    assert last["frameNumber"] == str(len(FRAMES) - 1)
    np.testing.assert_allclose(last["means"], expected(server.address), rtol=1e-6)


def test_a_refusal_carries_its_details_to_buf_curl(program, server):
    command = [program("buf"), "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--data"]
    command += [json.dumps({"model": "nobody"}), f"http://{server.address}/{SERVICE}/GetModel"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode != 0
    refused = json.loads(done.stderr)
    assert refused["code"] == "not_found"
    assert {detail["type"] for detail in refused["details"]} == {"google.rpc.BadRequest", "google.rpc.ErrorInfo"}


def test_grpc_js_holds_a_stream(program, server):
    node = program("node")
    if not (MODULES / "@grpc" / "grpc-js").is_dir():
        pytest.skip("@grpc/grpc-js is not installed (make test-system)")
    script = Path(__file__).with_name("stream.cjs")
    environment = os.environ | {"NODE_PATH": str(MODULES)}
    command = [node, str(script), str(ROOT / "proto"), server.address]
    done = subprocess.run(
        command,
        input=json.dumps({"open": OPEN, "frames": FRAMES}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["code"] == 0 and told["opened"] == MODEL
    assert told["frames"] == [str(each["frameNumber"]) for each in FRAMES]
    np.testing.assert_allclose(told["means"], expected(server.address), rtol=1e-6)


def test_h2load_is_answered_every_time(program, server, tmp_path):
    """Bare HTTP/2 from several connections, many requests on each at once."""
    h2load = program("h2load")
    prefix = pb.Prefix(track_id=7, times_s=[0, 1], positions=[0, 0, 1, 0])
    message = pb.ForecastRequest(open=pb.Open(model=MODEL, axes=2), prefixes=[prefix]).SerializeToString()
    body = tmp_path / "request"
    body.write_bytes(struct.pack(">BI", 0, len(message)) + message)
    command = [h2load, "--requests", "400", "--clients", "4", "--max-concurrent-streams", "10", "--data", str(body)]
    command += ["--header", "content-type: application/grpc", "--header", "te: trailers"]
    command.append(f"http://{server.address}/{SERVICE}/Forecast")
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert re.search(r"requests: 400 total, 400 started, 400 done, 400 succeeded, 0 failed", done.stdout), done.stdout
