"""Async link: one connection of a stream on an event loop, for as long as it lasts."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import grpc
from grpc import aio

from pathcast.service.client.history import Request
from pathcast.service.client.link import MANY_WAITING
from pathcast.service.client.resumption import CatchUp, EndedEarlyError, TooLateError
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

_EOF: Any = aio.EOF  # type: ignore[attr-defined]


class AsyncLink:
    """A call on a channel of its own: a task sends what is queued, replies are read one by one."""

    def __init__(self, channel: aio.Channel, opening: pb.Open) -> None:
        self._channel = channel
        self._waiting: deque[Request | None] = deque([Request(open=opening)])
        self._has_more, self._has_room = asyncio.Event(), asyncio.Event()
        self._catch_up = CatchUp([], is_paced=False)
        stub: Any = pb_grpc.ForecastServiceStub(channel)
        self._call: Any = stub.StreamForecasts()
        self._writing = asyncio.create_task(self._write())

    async def opened(self, within_s: float) -> pb.StreamForecastsResponse | None:
        """The first reply.

        Raises:
            grpc.RpcError: There was none in time, or an error.
        """
        try:
            return await asyncio.wait_for(self.read(), within_s)
        except TimeoutError:
            raise TooLateError(f"not opened within {within_s:g} s") from None

    def begin(self, past: list[Request], catch_up: CatchUp) -> None:
        """Sends what was sent before; from here on `send` may be used."""
        self._catch_up = catch_up
        self._queue([*past, *catch_up.start()])

    async def send(self, request: Request | None) -> bool:
        """Queues a request, None for the end of all; waits while many do. Returns whether the link still holds."""
        self._queue(self._catch_up.offer(request))
        while len(self._waiting) >= MANY_WAITING and not self._writing.done():
            self._has_room.clear()
            await self._has_room.wait()
        return not self._call.done()

    def answered(self) -> None:
        """A frame was answered: what waited for that is sent."""
        self._queue(self._catch_up.answered())

    async def read(self) -> pb.StreamForecastsResponse | None:
        """The next reply; None once the server has ended the stream.

        Raises:
            grpc.RpcError: The link broke.
        """
        try:
            message = await self._call.read()
        except asyncio.CancelledError:
            if self._call.cancelled() and not _is_cancelled():
                raise EndedEarlyError("the call was cut") from None
            raise
        return None if message is _EOF else message

    def reason(self) -> grpc.RpcError:
        """That the call ended, where nobody has read why."""
        return EndedEarlyError("the connection broke")

    async def cut(self) -> None:
        """Ends the call and the connection, whatever is under way."""
        self._writing.cancel()
        self._call.cancel()
        await self._channel.close(None)

    def _queue(self, requests: list[Request | None]) -> None:
        self._waiting.extend(requests)
        self._has_more.set()

    async def _write(self) -> None:
        """Sends what is queued, one after the other, until the end or until the link breaks, which `read` tells."""
        try:
            while True:
                while not self._waiting:
                    self._has_more.clear()
                    await self._has_more.wait()
                request = self._waiting.popleft()
                self._has_room.set()
                if request is None:
                    await self._call.done_writing()
                    return
                await self._call.write(request)
        except (grpc.RpcError, asyncio.InvalidStateError, aio.UsageError):
            return
        finally:
            self._has_room.set()


def _is_cancelled() -> bool:
    """Whether the task itself is cancelled, not only the call that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
