"""How fast is the stream served, beside gRPC alone and beside mosec?

One server with one setting, an untrained model of 3 axes, 5 modes and 12 steps (`serving_bundle`), tracks with a past
of 60 observations. Its peers are (a) the same servicer answering with a prebuilt reply of the same size, and (b) mosec
serving the same ONNX step unbatched and in batches of up to 64. Servers and load are processes of their own on two
cores. The load is compiled (benchmarks/load, and h2load for HTTP): every answer is awaited, parsed and checked before
a stream's next frame. Servers take turns, round after round; ratios are of the same round, and medians are told.

    python benchmarks/serving.py [--json] [--rounds N] [--seconds S] [--pairs N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

from grpc import aio
from serving_bundle import AXES, NAME, write_serving_bundle
from serving_load import PEER_PYTHON, Case, check_tools, load_flat, load_http, load_streams, tool_versions

from pathcast.service.client import LocalServer
from pathcast.v1 import forecast_pb2 as pb

METHOD = "/pathcast.v1.ForecastService/StreamForecasts"
PEERS = Path(__file__).parent / "peers"
ONE_TRACK = tuple(Case(streams) for streams in (1, 16, 64, 256))
MANY_TRACKS = Case(1, 64), Case(16, 64)
UPDATES = Case(16, 64, every=10)
BESIDE_MOSEC = (1, 64)
TARGETS = {
    "ratio_echo_64": (">=", 0.65),
    "ratio_mosec_1": (">=", 1.0),
    "ratio_mosec_64": (">=", 1.0),
    "tracks_per_second": (">=", 60_000.0),
    "updates_per_second": (">=", 150_000.0),
    "latency_flat": ("<=", 1.2),
}

Load = Callable[[Case, float], dict[str, Any]]


@contextmanager
def prebuilt_server(model: str, replies: Path) -> Iterator[tuple[str, int]]:
    """Its address and process."""
    command = [sys.executable, str(PEERS / "prebuilt_stream.py"), model, str(replies)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None and process.stdin is not None
        yield process.stdout.readline().decode().split()[-1], process.pid
        process.stdin.close()


@contextmanager
def mosec_server(bundle: Path, most_batch: int) -> Iterator[str]:
    """Its address, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = {"BUNDLE": str(bundle), "MOST_BATCH": str(most_batch), "MOSEC_PORT": str(port)}
    environment = os.environ | names | {"MOSEC_ADDRESS": "127.0.0.1", "MOSEC_LOG_LEVEL": "error"}
    with subprocess.Popen(
        [PEER_PYTHON, PEERS / "mosec_step.py"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(600):
                if _answers(port) or process.poll() is not None:
                    break
                sleep(0.1)
            else:
                raise SystemExit("mosec did not answer within a minute")
            if process.returncode is not None:
                raise SystemExit("mosec did not start")
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/inference", bytes(20))
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def write_replies(address: str, folder: Path) -> None:
    """Writes what the real server answers to a third frame, in files named after their number of tracks."""

    def frame(number: int, tracks: int) -> bytes:
        positions = [0.05 * number + track for track in range(tracks) for _ in range(AXES)]
        content = pb.Frame(
            frame_number=number, capture_time_s=number / 30, track_ids=range(tracks), positions=positions
        )
        return pb.StreamForecastsRequest(frame=content).SerializeToString()

    async def ask(tracks: int) -> bytes:
        outputs = [pb.OUTPUT_MEANS, pb.OUTPUT_COVARIANCES]
        async with aio.insecure_channel(address) as channel:
            call = channel.stream_stream(METHOD)()
            opening = pb.Open(model=NAME, axes=AXES, outputs=outputs)
            await call.write(pb.StreamForecastsRequest(open=opening).SerializeToString())
            reply = await call.read()
            for number in range(3):
                await call.write(frame(number, tracks))
                reply = await call.read()
            call.cancel()
            return bytes(reply)

    for tracks in {case.tracks for case in (*ONE_TRACK, *MANY_TRACKS)}:
        (folder / str(tracks)).write_bytes(asyncio.run(ask(tracks)))


class Rounds:
    """All that was measured."""

    def __init__(self) -> None:
        self.raw: list[dict[str, Any]] = []

    def add(self, server: str, number: int, case: Case, said: dict[str, Any]) -> None:
        self.raw.append({"server": server, "round": number, "case": vars(case), **said})

    def of(self, server: str, case: Case, name: str = "frames_per_s") -> list[float]:
        return [each[name] for each in self.raw if each["server"] == server and each["case"] == vars(case)]

    def ratios(self, case: Case, *peers: str) -> list[float]:
        """Ours over the best of the peers, round by round."""
        rivals = [self.of(peer, case) for peer in peers]
        return [mine / max(others) for mine, *others in zip(self.of("pathcast", case), *rivals, strict=True)]


def measure(servers: dict[str, Load], rounds: Rounds, num: int, seconds: float) -> None:
    """All cases of all servers, which take turns."""
    for number in range(num):
        for case in (*ONE_TRACK, *MANY_TRACKS, UPDATES):
            for name, load in servers.items():
                is_fit = case.tracks == 1 and case.streams in BESIDE_MOSEC if "mosec" in name else case.every == 1
                if is_fit or name == "pathcast":
                    rounds.add(name, number, case, load(case, seconds))
        print(f"round {number + 1} of {num}", file=sys.stderr)


def summarise(rounds: Rounds, flat: list[dict[str, Any]]) -> dict[str, float]:
    """The keys that have targets."""
    mosecs = "mosec-unbatched", "mosec-batched"
    ratios = {
        "ratio_echo_64": rounds.ratios(Case(64), "prebuilt"),
        **{f"ratio_mosec_{streams}": rounds.ratios(Case(streams), *mosecs) for streams in BESIDE_MOSEC},
        "tracks_per_second": [64 * rate for rate in rounds.of("pathcast", MANY_TRACKS[-1])],
        "updates_per_second": [64 * rate for rate in rounds.of("pathcast", UPDATES)],
        "latency_flat": [each["old_p99_us"] / each["fresh_p99_us"] for each in flat],
    }
    return {name: round(statistics.median(values), 3) for name, values in ratios.items()}


def print_table(rounds: Rounds, keys: dict[str, float]) -> None:
    print("streams tracks every  server            frames/s [least to most]          p50 ms   p99 ms  server us/frame")
    for case in dict.fromkeys(Case(**each["case"]) for each in rounds.raw):
        for server in dict.fromkeys(each["server"] for each in rounds.raw):
            if rates := rounds.of(server, case):
                p50, p99 = (statistics.median(rounds.of(server, case, name)) / 1e3 for name in ("p50_us", "p99_us"))
                cost = (
                    ""
                    if "mosec" in server
                    else f"{statistics.median(rounds.of(server, case, 'processor_us_per_frame')):.0f}"
                )
                spread = f"{statistics.median(rates):9.0f} [{min(rates):.0f} to {max(rates):.0f}]"
                print(
                    f"{case.streams:7d} {case.tracks:6d} {case.every:5d}  {server:16s} {spread:32s}"
                    f" {p50:8.2f} {p99:8.2f}  {cost}"
                )
    for name, value in keys.items():
        sign, target = TARGETS[name]
        is_met = value >= target if sign == ">=" else value <= target
        print(f"{name} {value:g} (wanted {sign} {target:g}: {'met' if is_met else 'MISSED'})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print all rounds, machine and versions as JSON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each case in each round")
    parser.add_argument("--pairs", type=int, default=4, help="old streams beside fresh ones, for latency_flat")
    arguments = parser.parse_args()
    check_tools()
    cores = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, cores)
    rounds = Rounds()
    flat: list[dict[str, Any]] = []
    with TemporaryDirectory() as folder, ExitStack() as stack:
        bundle, replies = Path(folder, "bundle"), Path(folder, "replies")
        replies.mkdir()
        write_serving_bundle(bundle)
        ours = stack.enter_context(LocalServer([str(bundle)]))
        write_replies(ours.address, replies)
        prebuilt, prebuilt_pid = stack.enter_context(prebuilt_server(str(bundle), replies))
        unbatched = stack.enter_context(mosec_server(bundle, 1))
        batched = stack.enter_context(mosec_server(bundle, 64))
        servers: dict[str, Load] = {
            "pathcast": lambda case, seconds: load_streams(ours.address, NAME, case, seconds, ours.process.pid),
            "prebuilt": lambda case, seconds: load_streams(prebuilt, NAME, case, seconds, prebuilt_pid),
            "mosec-unbatched": lambda case, seconds: load_http(unbatched, case, seconds),
            "mosec-batched": lambda case, seconds: load_http(batched, case, seconds),
        }
        measure(servers, rounds, arguments.rounds, arguments.seconds)
        for number in range(arguments.rounds):
            flat.append(load_flat(ours.address, NAME, arguments.pairs))
            print(f"latency of old streams, {number + 1} of {arguments.rounds}", file=sys.stderr)
    keys = summarise(rounds, flat)
    if not arguments.json:
        print_table(rounds, keys)
        return
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "cores_used": len(cores),
    }
    libraries = ("grpcio", "numpy", "uvloop", "protobuf", "onnxruntime", "numba")
    report = {
        **keys,
        "targets": {name: f"{sign} {target:g}" for name, (sign, target) in TARGETS.items()},
        "machine": machine | {"load_average": os.getloadavg()},
        "python": platform.python_version(),
        "versions": {name: version(name) for name in libraries} | tool_versions(),
        "rounds": rounds.raw,
        "flat_rounds": flat,
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
