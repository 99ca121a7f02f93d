"""A thousand streams opened at once, and more than there may be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
from grpc import aio
from log import Log
from rig import Rig
from scene import Frame, walk

from pathcast.service.client import Forecasts
from pathcast.service.client.writing import Options, write_frame, write_open
from pathcast.service.codec.answers import read_forecasts
from pathcast.service.codec.opened import read_opened
from pathcast.service.limits import Limits
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

MODEL = "constant-velocity-2d"
NUM_STREAMS = 1000
NUM_MORE = 50
NUM_FRAMES = 3
NUM_CHANNELS = 10


def thousand_streams(rig: Rig, times: int) -> Iterator[Log]:
    """All are answered; of fifty more, those beyond the limit are refused."""
    server = rig.serve("pedestrian", MODEL)
    with rig.witness(server) as witness:
        for index in range(times):
            frames = walk(index, NUM_FRAMES, num_places=1)
            with rig.injection(server) as log:
                expected = rig.expected(MODEL, frames)
                rig.runner.run(_open_all(server.address, frames, expected, log))
                witness.vouch(log)
            yield log


async def _next_forecasts(call: Any) -> pb.Forecasts:
    """The next answer, snapshots passed over."""
    while True:
        message: pb.StreamForecastsResponse = await call.read()
        if message.HasField("forecasts"):
            return message.forecasts


async def _open_all(address: str, frames: list[Frame], expected: list[Forecasts], log: Log) -> None:
    opening = write_open(MODEL, Options(), 2)
    async with AsyncExitStack() as stack:
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels = [
            await stack.enter_async_context(aio.insecure_channel(address, options=options)) for _ in range(NUM_CHANNELS)
        ]
        stubs = [pb_grpc.ForecastServiceStub(each) for each in channels]
        are_open, have_knocked = asyncio.Barrier(NUM_STREAMS + 1), asyncio.Barrier(NUM_MORE)
        may_end = asyncio.Event()

        async def hold(number: int) -> grpc.StatusCode:
            call: Any = stubs[number % NUM_CHANNELS].StreamForecasts()
            await call.write(pb.StreamForecastsRequest(open=opening))
            opened = read_opened((await call.read()).opened)
            await are_open.wait()
            for index, frame in enumerate(frames):
                message = write_frame(index, *frame, opening)
                own = number * NUM_FRAMES + index
                log.send(own, frame[1])
                await call.write(pb.StreamForecastsRequest(frame=message))
                answer = read_forecasts(await _next_forecasts(call), opened)
                log.expect(answer.frame_number == index, f"stream {number}: frame {answer.frame_number}, not {index}")
                answer.frame_number = own
                log.got(answer, expected[index])
            await may_end.wait()
            await call.done_writing()
            while await call.read() != aio.EOF:
                continue  # a snapshot
            return await call.code()

        async def knock(number: int) -> grpc.StatusCode:
            """Opens a stream beside the others, and holds it, if it may, until all have tried."""
            call: Any = stubs[number % NUM_CHANNELS].StreamForecasts()
            try:
                await call.write(pb.StreamForecastsRequest(open=opening))
                await call.read()
            except grpc.RpcError:
                pass  # the code tells
            await have_knocked.wait()
            if not call.done():
                await call.done_writing()
            while not call.done() and await call.read() != aio.EOF:
                continue
            return await call.code()

        async with asyncio.TaskGroup() as group:
            streams = [group.create_task(hold(number)) for number in range(NUM_STREAMS)]
            await are_open.wait()
            codes = await asyncio.gather(*(knock(number) for number in range(NUM_MORE)))
            may_end.set()
    let_in = codes.count(grpc.StatusCode.OK)
    refused = codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED)
    room = Limits().streams - NUM_STREAMS - 1
    log.expect(
        (let_in, refused) == (room, NUM_MORE - room), f"of {NUM_MORE} more {let_in} were let in, {refused} refused"
    )
    log.expect({each.result() for each in streams} == {grpc.StatusCode.OK}, "a stream did not end well")
