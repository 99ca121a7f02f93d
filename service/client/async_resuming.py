"""Resuming on an event loop: `ResumingStream` for asyncio. Frames go in, replies come out; what breaks is mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from random import Random
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
from grpc import aio
from numpy.typing import ArrayLike

from pathcast.errors import InputError, PathcastError, ServiceError
from pathcast.model.goals import Places
from pathcast.model.regions import Areas
from pathcast.service.client.async_link import AsyncLink
from pathcast.service.client.resumption import CHANNEL_OPTIONS, EndedEarlyError, Persistence, Resumed, Resumption
from pathcast.service.client.writing import (
    Options,
    Prefixes,
    read_ids,
    write_frame,
    write_open,
    write_prefixes,
    write_update,
)
from pathcast.service.faults import from_refused
from pathcast.service.messages import Forecasts, GoingAway, Opened, Refused
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

_Result = TypeVar("_Result")
Seen = tuple[float, ArrayLike, ArrayLike]
"""Seconds, ids [track], positions [track, axis]."""


def connect(address: str) -> aio.Channel:
    """A channel without encryption."""
    return aio.insecure_channel(address, options=CHANNEL_OPTIONS)


class AsyncResumingStream:
    """One stream over any number of connections, on one event loop; an async context manager, which opens it."""

    def __init__(
        self,
        addresses: Sequence[str],
        model: str,
        *,
        persistence: Persistence | None = None,
        random: Random | None = None,
        clock: Callable[[], float] = monotonic,
        connect: Callable[[str], aio.Channel] = connect,
        on_resumed: Callable[[Resumed], None] | None = None,
        **options: Any,
    ) -> None:
        """Args are those of `ResumingStream`; the stream is opened by `open` or `async with`."""
        self._connect = connect
        self._model = model
        self._options = options
        self._is_closed = False
        self._mending = asyncio.Lock()
        self._resumption = Resumption(addresses, persistence or Persistence(), random or Random(), clock, on_resumed)
        self._link: AsyncLink

    async def open(self) -> None:
        """Opens the stream.

        Raises:
            PathcastError: As the server answers, or no address answered in time.
        """
        chosen = Options(**self._options)
        axes = await self._persist(self._ask_axes) if chosen.axes is None else chosen.axes
        self._resumption.start(write_open(self._model, chosen, axes))
        await self._persist(self._open)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            await self.close()
        else:
            await self.cancel()

    @property
    def opened(self) -> Opened:
        """What the server that answers now says of the stream."""
        assert self._resumption.opened is not None
        return self._resumption.opened

    @property
    def address(self) -> str:
        """Of the server that answers now."""
        return self._resumption.address

    async def send(self, frame_number: int, time: float, ids: ArrayLike, positions: ArrayLike) -> None:
        """Sends what was seen at one instant.

        Args:
            frame_number: Rising.
            time: Seconds of the caller's clock.
            ids: Whole numbers from 0, unique. Shape: [track].
            positions: Metres in the caller's world. Shape: [track, axis].

        Raises:
            InputError: The number does not rise, or ids are of another form.
            PathcastError: The stream is over, or cannot be mended.
        """
        frame = write_frame(frame_number, time, ids, positions, self._resumption.written)
        await self._send(pb.StreamForecastsRequest(frame=frame))

    async def replay(self, prefixes: Prefixes) -> None:
        """Sends whole prefixes of the past; they are not answered, the next frame is."""
        replay = pb.Replay(prefixes=write_prefixes(prefixes, self._resumption.written))
        await self._send(pb.StreamForecastsRequest(replay=replay))

    async def update(self, goals: Places | None = None, regions: Areas | None = None) -> None:
        """Replaces goals or regions, as `Stream.update` does."""
        await self._send(pb.StreamForecastsRequest(update=write_update(goals, regions, self._resumption.written)))

    async def end(self, ids: ArrayLike) -> None:
        """Ends tracks."""
        await self._send(pb.StreamForecastsRequest(end_tracks=pb.EndTracks(track_ids=read_ids(ids))))

    async def finish(self) -> None:
        """Says that nothing more will be sent; what is still to come can be read."""
        if not self._resumption.is_finished:
            self._resumption.is_finished = True
            await self._link.send(None)

    async def __aiter__(self) -> AsyncIterator[Forecasts | Refused]:
        """The replies as they come, over all connections; ends when everything is answered after `finish`.

        Raises:
            PathcastError: The stream cannot be mended.
        """
        while True:
            link = self._link
            try:
                message = await link.read()
                if message is None and self._resumption.is_finished:
                    return
                if message is None:
                    raise EndedEarlyError("the server ended the stream")
                if link is not self._link:
                    continue
                reply = self._resumption.take(message)
            except grpc.RpcError as error:
                if self._is_closed:
                    return
                await self._mend(link, error)
                continue
            notice = reply if isinstance(reply, GoingAway) else None
            if reply is not None and notice is None:
                link.answered()
            if self._resumption.is_to_leave(notice):
                await self._leave(link)
            if isinstance(reply, Forecasts | Refused):
                yield reply

    async def forecasts(self, frames: Iterable[Seen] | AsyncIterable[Seen]) -> AsyncIterator[Forecasts]:
        """Sends frames one by one, numbered from 0, and yields the answer to each; nothing is conflated.

        Args:
            frames: (seconds, ids [track], positions [track, axis]).

        Raises:
            PathcastError: A frame was refused, or the stream ended.
        """
        if self.opened.forecast_every != 1:
            raise InputError("forecast_every", "1, so that every frame is answered", str(self.opened.forecast_every))
        replies, number = aiter(self), 0
        async for time, ids, positions in _in_turn(frames):
            await self.send(number, time, ids, positions)
            reply = await anext(replies, None)
            if isinstance(reply, Refused):
                raise from_refused(reply)
            if reply is None:
                raise ServiceError(f"{self.address}: the stream ended before frame {number} was answered")
            yield reply
            number += 1

    async def close(self) -> None:
        """Ends the stream and passes over what is still to come."""
        if not self._is_closed:
            await self.finish()
            async for _ in self:
                pass
            await self.cancel()

    async def cancel(self) -> None:
        """Cuts the stream."""
        self._is_closed = True
        await self._link.cut()

    async def _send(self, request: pb.StreamForecastsRequest) -> None:
        if self._resumption.is_finished or self._is_closed:
            raise ServiceError(f"{self.address}: the stream is over")
        self._resumption.remember(request)
        link = self._link
        if not await link.send(request):
            await self._mend(link, None)

    async def _mend(self, broken: AsyncLink, error: grpc.RpcError | None) -> None:
        """Opens the stream anew, unless that was done or is being done: then it waits until it is.

        Args:
            broken: The link that is of no use any more.
            error: Why, if it is known here; whoever reads finds out otherwise.

        Raises:
            PathcastError: It cannot be mended.
        """
        async with self._mending:
            if self._link is not broken or self._is_closed:
                return
            await broken.cut()
            self._resumption.lose()
            await asyncio.sleep(self._resumption.fail(error or broken.reason()))
            await self._persist(self._open)

    async def _leave(self, link: AsyncLink) -> None:
        """Looks for a server to go on with, at every address once; without one the stream stays where it is."""
        async with self._mending:
            if self._link is not link:
                return
            address = self._resumption.address
            for _ in self._resumption.addresses:
                try:
                    await self._open()
                except (grpc.RpcError, PathcastError):
                    continue
                await link.cut()
                return
            self._resumption.address = address
            self._resumption.stay()

    async def _persist(self, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
        """The result of an attempt, made again until it succeeds.

        Raises:
            PathcastError: No further attempt can, or it has lasted too long.
        """
        while True:
            try:
                return await attempt()
            except grpc.RpcError as error:
                await asyncio.sleep(self._resumption.fail(error))

    async def _ask_axes(self) -> int:
        """Of the model's positions."""
        async with self._connect(self._resumption.next_address()) as channel:
            request = pb.GetModelRequest(model=self._model, version=self._options.get("version"))
            stub: Any = pb_grpc.ForecastServiceStub(channel)
            answer = await stub.GetModel(request, timeout=self._resumption.persistence.open_s)
            return int(answer.model.axes)

    async def _open(self) -> AsyncLink:
        """A link to the next address, with everything on its way that brings the server to where the stream is."""
        channel = self._connect(self._resumption.next_address())
        link = AsyncLink(channel, self._resumption.opening())
        try:
            first = await link.opened(self._resumption.persistence.open_s)
            link.begin(*self._resumption.begin(first))
            self._link = link
        except BaseException:
            await link.cut()
            raise
        return link


async def _in_turn(frames: Iterable[Seen] | AsyncIterable[Seen]) -> AsyncIterator[Seen]:
    """Frames of either kind of iterable."""
    if isinstance(frames, AsyncIterable):
        async for frame in frames:
            yield frame
    else:
        for frame in frames:
            yield frame
