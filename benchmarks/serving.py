"""How much of gRPC's own speed is left when the server really forecasts?

The peer is a servicer of the same kind (grpc.aio, uvloop, read and write calls, a process of its own) that answers
every frame with a prebuilt reply of the same size and computes nothing. Both are loaded by the same client process, in
turn, several rounds each; a round sends one frame per stream and waits for its answer, on all streams at once.

    python benchmarks/serving.py [--json FILE] [--rounds N] [--seconds S] [--model NAME]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import uvloop
from grpc import aio, method_handlers_generic_handler, stream_stream_rpc_method_handler

from pathcast.service.client import Client, LocalServer
from pathcast.v1 import forecast_pb2 as pb

METHOD = "/pathcast.v1.ForecastService/StreamForecasts"
CASES = ((1, 1), (16, 1), (64, 1), (1, 64), (16, 64))
"""Streams, and tracks in each frame."""


@dataclass(frozen=True)
class Round:
    """One measurement of one server."""

    server: str
    streams: int
    tracks: int
    frames_per_s: float
    p50_ms: float
    p99_ms: float


def open_request(model: str, axes: int) -> bytes:
    return pb.StreamForecastsRequest(open=pb.Open(model=model, axes=axes)).SerializeToString()


def frame_request(number: int, tracks: int, axes: int) -> bytes:
    positions = np.full((tracks, axes), 0.05 * number) + np.arange(tracks)[:, None]
    frame = pb.Frame(
        frame_number=number,
        capture_time_s=0.1 * number,
        track_ids=range(tracks),
        positions=positions.ravel().tolist(),
    )
    return pb.StreamForecastsRequest(frame=frame).SerializeToString()


def serve_prebuilt(reply_file: str) -> None:
    """The peer: a process that answers everything with the same bytes."""
    reply = Path(reply_file).read_bytes()

    async def answer(_requests: Any, context: Any) -> None:
        while await context.read() is not aio.EOF:  # type: ignore[attr-defined]
            await context.write(reply)

    async def main() -> None:
        server = aio.server()
        handler = stream_stream_rpc_method_handler(answer)
        handlers = {"StreamForecasts": handler}
        server.add_generic_rpc_handlers((method_handlers_generic_handler("pathcast.v1.ForecastService", handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        print(f"listening on 127.0.0.1:{port}", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await server.stop(0)

    uvloop.run(main())


@contextmanager
def prebuilt_server(reply: bytes, folder: Path) -> Iterator[str]:
    """Its address."""
    file = folder / "reply.bin"
    file.write_bytes(reply)
    command = [sys.executable, __file__, "--serve-prebuilt", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        yield process.stdout.readline().decode().split()[-1]
        process.stdin.close()
        process.wait()
    file.unlink()


async def talk(channel: aio.Channel, opening: bytes, tracks: int, axes: int, until: float, waits: list[float]) -> None:
    """One stream: a frame, its answer, the next frame."""
    call = channel.stream_stream(METHOD)()
    await call.write(opening)
    await call.read()
    number = 0
    while (started := perf_counter()) < until:
        await call.write(frame_request(number, tracks, axes))
        await call.read()
        waits.append(perf_counter() - started)
        number += 1
    await call.done_writing()
    call.cancel()


async def load(address: str, model: str, axes: int, streams: int, tracks: int, seconds: float) -> tuple[float, Any]:
    """Answers a second, and the waits in seconds, after a tenth of the time to warm up."""
    opening = open_request(model, axes)
    async with aio.insecure_channel(address) as channel:
        for span in (0.1 * seconds, seconds):
            waits: list[float] = []
            started = perf_counter()
            until = started + span
            await asyncio.gather(*(talk(channel, opening, tracks, axes, until, waits) for _ in range(streams)))
            spent = perf_counter() - started
    return len(waits) / spent, np.array(waits)


def measure(name: str, address: str, model: str, axes: int, case: tuple[int, int], seconds: float) -> Round:
    rate, waits = uvloop.run(load(address, model, axes, *case, seconds))
    p50, p99 = np.percentile(waits, [50, 99]) * 1e3
    return Round(name, *case, round(rate, 1), round(float(p50), 3), round(float(p99), 3))


def reply_of(address: str, model: str, axes: int, tracks: int) -> bytes:
    """What the real server answers to the third frame."""

    async def ask() -> bytes:
        async with aio.insecure_channel(address) as channel:
            call = channel.stream_stream(METHOD)()
            await call.write(open_request(model, axes))
            reply = await call.read()
            for number in range(3):
                await call.write(frame_request(number, tracks, axes))
                reply = await call.read()
            call.cancel()
            return bytes(reply)

    return uvloop.run(ask())


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):9.0f} [{min(values):.0f} to {max(values):.0f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write all rounds, machine and versions there")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round")
    parser.add_argument("--model", default="constant-velocity-2d")
    parser.add_argument("--serve-prebuilt", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve_prebuilt:
        serve_prebuilt(arguments.serve_prebuilt)
        return
    rounds: list[Round] = []
    model, seconds = arguments.model, arguments.seconds
    print("streams tracks | frames/s: pathcast | prebuilt reply | ratio | p50 ms: pathcast, prebuilt | p99 ms")
    with LocalServer() as server:
        with Client(server.address) as client:
            axes = client.model(model).axes
        for case in CASES:
            reply = reply_of(server.address, model, axes, case[1])
            with prebuilt_server(reply, Path(os.environ.get("TMPDIR", "/tmp"))) as peer:
                for _ in range(arguments.rounds):
                    rounds.append(measure("pathcast", server.address, model, axes, case, seconds))
                    rounds.append(measure("prebuilt", peer, model, axes, case, seconds))
            mine = [each for each in rounds if (each.streams, each.tracks) == case and each.server == "pathcast"]
            theirs = [each for each in rounds if (each.streams, each.tracks) == case and each.server == "prebuilt"]
            ratios = [one.frames_per_s / other.frames_per_s for one, other in zip(mine, theirs, strict=True)]
            print(
                f"{case[0]:7d} {case[1]:6d} | {spread([each.frames_per_s for each in mine])}"
                f" | {spread([each.frames_per_s for each in theirs])}"
                f" | {statistics.median(ratios):.2f} [{min(ratios):.2f} to {max(ratios):.2f}]"
                f" | {statistics.median(each.p50_ms for each in mine):.2f},"
                f" {statistics.median(each.p50_ms for each in theirs):.2f}"
                f" | {statistics.median(each.p99_ms for each in mine):.2f},"
                f" {statistics.median(each.p99_ms for each in theirs):.2f}  ({len(reply)} bytes)"
            )
    if arguments.json:
        record = {
            "question": "share of gRPC's own streaming speed that is left when the server forecasts",
            "model": model,
            "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()},
            "versions": {name: version(name) for name in ("grpcio", "numpy", "uvloop", "protobuf")},
            "python": platform.python_version(),
            "rounds": [asdict(each) for each in rounds],
        }
        arguments.json.write_text(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
