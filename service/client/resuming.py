"""Resuming: a stream that outlives its connections. Frames go in, replies come out; what breaks in between is mended.

After a broken connection, a killed server or a server's notice that it stops, the stream is opened again at any of the
addresses; snapshot and observations since are sent, and what was not answered yet.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
from numpy.typing import ArrayLike

from pathcast.errors import PathcastError, ServiceError
from pathcast.model.goals import Places
from pathcast.model.regions import Areas
from pathcast.service.client.frame_by_frame import answer_each
from pathcast.service.client.link import Link
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
from pathcast.service.messages import Forecasts, GoingAway, Opened, Refused
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

_Result = TypeVar("_Result")


def connect(address: str) -> grpc.Channel:
    """A channel without encryption."""
    return grpc.insecure_channel(address, options=CHANNEL_OPTIONS)


class ResumingStream:
    """One stream over any number of connections; a context manager.

    One thread may send while another reads.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        model: str,
        *,
        persistence: Persistence | None = None,
        random: Random | None = None,
        clock: Callable[[], float] = monotonic,
        connect: Callable[[str], grpc.Channel] = connect,
        on_resumed: Callable[[Resumed], None] | None = None,
        **options: Any,
    ) -> None:
        """Opens the stream.

        Args:
            addresses: HOST:PORT of servers, tried in turn.
            model: Its name. If its version is gone when the stream is resumed, `allow_newer_version` decides whether
                that is an error or the newest goes on, from the observations that are kept.
            persistence: How much is done to go on.
            random: For the jitter of waits.
            clock: Seconds, monotonic.
            connect: Makes a channel to an address.
            on_resumed: Told of every new connection but the first.
            options: Fields of `Options`.

        Raises:
            PathcastError: As the server answers, or no address answered in time.
        """
        self._connect = connect
        self._closing = threading.Event()
        self._lock = threading.RLock()
        """Of the resumption and of which link is in use."""
        self._mending = threading.RLock()
        self._resumption = Resumption(addresses, persistence or Persistence(), random or Random(), clock, on_resumed)
        chosen = Options(**options)
        axes = self._persist(lambda: self._ask_axes(model, chosen.version)) if chosen.axes is None else chosen.axes
        self._resumption.start(write_open(model, chosen, axes))
        self._link: Link
        self._persist(self._open)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.cancel()

    @property
    def opened(self) -> Opened:
        """What the server that answers now says of the stream."""
        assert self._resumption.opened is not None
        return self._resumption.opened

    @property
    def address(self) -> str:
        """Of the server that answers now."""
        return self._resumption.address

    def send(self, frame_number: int, time: float, ids: ArrayLike, positions: ArrayLike) -> None:
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
        self._send(pb.StreamForecastsRequest(frame=frame))

    def replay(self, prefixes: Prefixes) -> None:
        """Sends whole prefixes of the past; they are not answered, the next frame is."""
        replay = pb.Replay(prefixes=write_prefixes(prefixes, self._resumption.written))
        self._send(pb.StreamForecastsRequest(replay=replay))

    def update(self, goals: Places | None = None, regions: Areas | None = None) -> None:
        """Replaces goals or regions, as `Stream.update` does."""
        self._send(pb.StreamForecastsRequest(update=write_update(goals, regions, self._resumption.written)))

    def end(self, ids: ArrayLike) -> None:
        """Ends tracks."""
        self._send(pb.StreamForecastsRequest(end_tracks=pb.EndTracks(track_ids=read_ids(ids))))

    def finish(self) -> None:
        """Says that nothing more will be sent; what is still to come can be read."""
        with self._lock:
            if self._resumption.is_finished:
                return
            self._resumption.is_finished = True
            link = self._link
        link.send(None)

    def __iter__(self) -> Iterator[Forecasts | Refused]:
        """The replies as they come, over all connections; ends when everything is answered after `finish`.

        Raises:
            PathcastError: The stream cannot be mended.
        """
        while True:
            link = self._link
            try:
                message = link.read()
                if message is None and self._resumption.is_finished:
                    return
                if message is None:
                    raise EndedEarlyError("the server ended the stream")
                with self._lock:
                    if link is not self._link:
                        continue
                    reply = self._resumption.take(message)
            except grpc.RpcError as error:
                if self._closing.is_set():
                    return
                self._mend(link, error)
                continue
            notice = reply if isinstance(reply, GoingAway) else None
            if reply is not None and notice is None:
                link.answered()
            if self._resumption.is_to_leave(notice):
                self._leave(link)
            if isinstance(reply, Forecasts | Refused):
                yield reply

    def forecasts(self, frames: Iterable[tuple[float, ArrayLike, ArrayLike]]) -> Iterator[Forecasts]:
        """Sends frames one by one, numbered from 0, and yields the answer to each; nothing is conflated.

        Args:
            frames: (seconds, ids [track], positions [track, axis]).

        Raises:
            PathcastError: A frame was refused, or the stream ended.
        """
        return answer_each(self, frames)

    def close(self) -> None:
        """Ends the stream and passes over what is still to come."""
        if not self._closing.is_set():
            self.finish()
            for _ in self:
                pass
            self.cancel()

    def cancel(self) -> None:
        """Cuts the stream."""
        self._closing.set()
        self._link.cut()

    def _send(self, request: pb.StreamForecastsRequest) -> None:
        with self._lock:
            if self._resumption.is_finished or self._closing.is_set():
                raise ServiceError(f"{self.address}: the stream is over")
            self._resumption.remember(request)
            link = self._link
        if not link.send(request):
            self._mend(link, None)

    def _mend(self, broken: Link, error: grpc.RpcError | None) -> None:
        """Opens the stream anew, unless that was done or is being done: then it waits until it is.

        Args:
            broken: The link that is of no use any more.
            error: Why, if it is known here; whoever reads finds out otherwise.

        Raises:
            PathcastError: It cannot be mended.
        """
        with self._mending:
            if self._link is not broken or self._closing.is_set():
                return
            broken.cut()
            self._resumption.lose()
            self._wait(self._resumption.fail(error or broken.reason()))
            self._persist(self._open)

    def _leave(self, link: Link) -> None:
        """Looks for a server to go on with, at every address once; without one the stream stays where it is."""
        with self._mending:
            if self._link is not link:
                return
            address = self._resumption.address
            for _ in self._resumption.addresses:
                try:
                    self._open()
                except (grpc.RpcError, PathcastError):
                    continue
                link.cut()
                return
            self._resumption.address = address
            self._resumption.stay()

    def _persist(self, attempt: Callable[[], _Result]) -> _Result:
        """The result of an attempt, made again until it succeeds.

        Raises:
            PathcastError: No further attempt can, or it has lasted too long.
        """
        while True:
            try:
                return attempt()
            except grpc.RpcError as error:
                self._wait(self._resumption.fail(error))

    def _wait(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise ServiceError("the stream is over")

    def _ask_axes(self, model: str, version: str | None) -> int:
        """Of the model's positions."""
        with self._connect(self._resumption.next_address()) as channel:
            request = pb.GetModelRequest(model=model, version=version)
            stub = pb_grpc.ForecastServiceStub(channel)
            return stub.GetModel(request, timeout=self._resumption.persistence.open_s).model.axes

    def _open(self) -> Link:
        """A link to the next address, with everything on its way that brings the server to where the stream is."""
        channel = self._connect(self._resumption.next_address())
        with self._lock:
            opening = self._resumption.opening()
        link = Link(channel, opening)
        try:
            first = link.opened(self._resumption.persistence.open_s)
            with self._lock:
                link.begin(*self._resumption.begin(first))
                self._link = link
        except BaseException:
            link.cut()
            raise
        return link
