"""Lets tracks come and go over several streams and watches the memory of the server; `make test-soak` runs it.

Bytes of an idle stream and of a live track are differences of the server's resident memory: with many of them less
that with few, by how many more there were. Drift is the slope of a straight line through the samples of the second
half of the run, times its whole length. Prints JSON, and ends with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import grpc
import numpy as np
import psutil
from grpc import aio
from scene import Frame, walkers

from pathcast.service.client import LocalServer
from pathcast.service.client.writing import Options, write_frame, write_open
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

FEW_STREAMS, MANY_STREAMS = 200, 1000
FEW_HOLDERS, MANY_HOLDERS = 2, 6
TRACKS = 3000
"""In each of the streams that hold many: no power of two, at which their tables would be just full."""
MOST_TRACK_BYTES, MOST_STREAM_BYTES = 4096, 65536
MOST_DRIFT = 0.02
"""Of the memory at the end."""
NUM_STREAMS, NUM_PLACES, PERIOD_S = 8, 15, 0.1
LONGEST_STREAM = 600
"""Frames of one stream; then its client opens another one."""
SELDOM = 1_000_000
MODELS = ("pedestrian", "basketball")


async def open_stream(stub: pb_grpc.ForecastServiceAsyncStub, opening: pb.Open) -> Any:
    """An open stream."""
    call = stub.StreamForecasts()
    await call.write(pb.StreamForecastsRequest(open=opening))
    assert (await call.read()).HasField("opened")
    return call


async def read_on(call: Any) -> None:
    """Reads whatever comes, as a client does, so that nothing waits at the server."""
    while await call.read() != aio.EOF:
        continue
    assert await call.code() is grpc.StatusCode.OK


async def end_streams(calls: Sequence[Any]) -> None:
    """Ends streams."""
    for call in calls:
        await call.done_writing()


async def ask(call: Any, number: int, frame: Frame, opening: pb.Open) -> pb.Forecasts:
    """The answer to a frame, snapshots passed over."""
    await call.write(pb.StreamForecastsRequest(frame=write_frame(number, *frame, opening)))
    while True:
        message = await call.read()
        if message.HasField("forecasts") and message.forecasts.part + 1 == message.forecasts.num_parts:
            assert message.forecasts.frame_number == number
            return message.forecasts


async def settled(process: psutil.Process) -> int:
    """Resident bytes, once they have stayed as they are for a second."""
    last = 0
    for _ in range(20):
        found = int(process.memory_info().rss)
        if abs(found - last) < 64 * 1024:
            break
        last = found
        await asyncio.sleep(1.0)
    return found


async def measure_streams(stub: Any, process: psutil.Process) -> float:
    """Bytes of a stream on which nothing happens."""
    opening = write_open(MODELS[0], Options(), 2)
    calls, resident = [], []
    for count in (FEW_STREAMS, MANY_STREAMS):
        while len(calls) < count:
            calls.append(await open_stream(stub, opening))
        resident.append(await settled(process))
    await end_streams(calls)
    await asyncio.gather(*map(read_on, calls))
    return (resident[1] - resident[0]) / (MANY_STREAMS - FEW_STREAMS)


async def measure_tracks(stub: Any, process: psutil.Process, model: str) -> float:
    """Bytes of a track that lives, beside those of its stream."""
    axes = 2 if model == "pedestrian" else 3
    opening = write_open(model, Options(forecast_every=SELDOM), axes)
    random = np.random.default_rng(3)
    places = random.uniform(-50, 50, (TRACKS, axes))
    calls: list[Any] = []
    readers: list[asyncio.Task[None]] = []
    resident: list[int] = []
    for count in (FEW_HOLDERS, MANY_HOLDERS):
        while len(calls) < count:
            call = await open_stream(stub, opening)
            await ask(call, 0, (0.0, list(range(TRACKS)), places), opening)
            for number in range(1, 5):
                frame = write_frame(number, 0.1 * number, list(range(TRACKS)), places + 0.1 * number, opening)
                await call.write(pb.StreamForecastsRequest(frame=frame))
            calls.append(call)
            readers.append(asyncio.create_task(read_on(call)))
        resident.append(await settled(process))
    await end_streams(calls)
    await asyncio.gather(*readers)
    return (resident[1] - resident[0]) / ((MANY_HOLDERS - FEW_HOLDERS) * TRACKS)


@dataclass
class Churn:
    """Streams on which tracks come and go, and how many of all there were."""

    num_streams: int = 0
    num_frames: int = 0
    num_forecasts: int = 0
    track_ids: set[tuple[int, int]] = field(default_factory=set)
    """Streams and ids."""

    async def hold(self, stub: Any, seed: int, end: float) -> None:
        """One stream after another, a frame every tenth of a second each."""
        opening = write_open(MODELS[0], Options(), 2)
        while monotonic() < end:
            stream = self.num_streams
            self.num_streams += 1
            call = await open_stream(stub, opening)
            for number, frame in enumerate(walkers(1000 * seed + stream, NUM_PLACES)):
                if monotonic() >= end or number == LONGEST_STREAM * (1 + seed) // NUM_STREAMS + 50:
                    break
                answer = await ask(call, number, frame, opening)
                self.num_frames += 1
                self.num_forecasts += len(answer.track_ids)
                self.track_ids.update((stream, each) for each in frame[1])
                await asyncio.sleep(PERIOD_S)
            await end_streams([call])
            await read_on(call)


async def sample(process: psutil.Process, end: float) -> list[int]:
    """Resident bytes every second."""
    samples = []
    while monotonic() < end:
        samples.append(int(process.memory_info().rss))
        await asyncio.sleep(1.0)
    return samples


def drift_of(samples: Sequence[int]) -> float:
    """Bytes gained over the whole run by the straight line through its second half."""
    half = np.array(samples[len(samples) // 2 :], float)
    return float(np.polyfit(np.arange(len(half)), half, 1)[0]) * len(samples)


async def soak(server: LocalServer, seconds: float) -> dict[str, Any]:
    """Everything that is measured."""
    process = psutil.Process(server.process.pid)
    at_start = int(process.memory_info().rss)
    async with aio.insecure_channel(server.address, options=[("grpc.max_receive_message_length", -1)]) as channel:
        stub = pb_grpc.ForecastServiceStub(channel)
        stream_bytes = await measure_streams(stub, process)
        track_bytes = {model: await measure_tracks(stub, process, model) for model in MODELS}
        churn, end = Churn(), monotonic() + seconds
        samples, *_ = await asyncio.gather(
            sample(process, end), *(churn.hold(stub, seed, end) for seed in range(NUM_STREAMS))
        )
    drift = drift_of(samples)
    return {
        "machine": platform.platform(),
        "bytes_per_idle_stream": round(stream_bytes),
        "bytes_per_live_track": {model: round(each) for model, each in track_bytes.items()},
        "seconds": seconds,
        "streams": churn.num_streams,
        "frames": churn.num_frames,
        "forecasts": churn.num_forecasts,
        "tracks": len(churn.track_ids),
        "resident_idle_bytes": at_start,
        "resident_first_bytes": samples[0],
        "resident_last_bytes": samples[-1],
        "drift_bytes": round(drift),
        "drift_share": round(drift / samples[-1], 5),
        "resident_bytes": samples[:: max(1, len(samples) // 60)],
        "is_within_targets": max(track_bytes.values()) < MOST_TRACK_BYTES
        and stream_bytes < MOST_STREAM_BYTES
        and drift < MOST_DRIFT * samples[-1],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="of tracks that come and go; %(default)s")
    options = parser.parse_args()
    with LocalServer(MODELS) as server:
        result = asyncio.run(soak(server, options.seconds))
    print(json.dumps(result, indent=1))
    return int(not result["is_within_targets"])


if __name__ == "__main__":
    sys.exit(main())
