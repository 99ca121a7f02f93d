"""A stream's end is logged as what it was, in whatever order gRPC tells of it."""

import asyncio
from typing import Any

import pytest
from grpc import aio
from structlog.testing import capture_logs

from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.library import Library
from pathcast.service.batcher import Batcher
from pathcast.service.limits import Limits
from pathcast.service.servicer import ForecastServicer
from pathcast.v1 import forecast_pb2 as pb


class Call:
    """gRPC's side of a stream whose client opens it and says no more; a cancelled one is told of so late."""

    invocation_metadata, auth_context, peer = tuple, dict, str
    """Empty: nobody says who calls."""

    def __init__(self, is_cancelled: bool) -> None:
        self._requests = [pb.StreamForecastsRequest(open=pb.Open(model="constant-velocity-2d", axes=2)), aio.EOF]
        self._is_cancelled = is_cancelled
        self.task: asyncio.Task[None] | None = None

    async def read(self) -> Any:
        if self._requests:
            return self._requests.pop(0)
        if self._is_cancelled and self.task is not None:
            self.task.cancel()  # gRPC does so once its own event is there, which comes after the end of the requests
        return aio.EOF

    async def write(self, message: bytes) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize(("is_cancelled", "reason"), [(True, "client_gone"), (False, "ended")])
def test_a_cancelled_stream_is_not_one_that_its_client_ended(is_cancelled: bool, reason: str) -> None:
    async def talk() -> None:
        batcher = Batcher(asyncio.get_running_loop().time)
        servicer = ForecastServicer(Library([ConstantVelocityEngine(2)]), batcher, Limits())
        call = Call(is_cancelled)
        call.task = asyncio.create_task(servicer.stream(None, call))
        await asyncio.wait([call.task])
        assert call.task.cancelled() == is_cancelled
        await batcher.close()

    with capture_logs() as lines:
        asyncio.run(talk())
    assert [line["reason"] for line in lines if line["event"] == "stream_closed"] == [reason]
