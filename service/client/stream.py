"""Stream: frames go in, replies come out."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import grpc
from numpy.typing import ArrayLike

from pathcast.errors import ServiceError
from pathcast.model.goals import Places
from pathcast.model.regions import Areas
from pathcast.service.client.frame_by_frame import answer_each
from pathcast.service.client.writing import Prefixes, read_ids, write_frame, write_prefixes, write_update
from pathcast.service.codec.answers import join_parts, read_forecasts, read_refused
from pathcast.service.codec.opened import read_opened
from pathcast.service.faults import from_rpc
from pathcast.service.messages import Forecasts, GoingAway, Opened, Refused
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

Reply = Forecasts | Refused | GoingAway

_MANY_WAITING = 64
"""Messages that may wait to be sent before `send` blocks."""


class Stream:
    """One stream: frames go in by `send`, replies come out by iterating; a context manager."""

    def __init__(
        self,
        stub: pb_grpc.ForecastServiceStub,
        address: str,
        opening: pb.Open,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.address = address
        self._clock = clock
        self._opening = opening
        self._requests: queue.Queue[pb.StreamForecastsRequest | None] = queue.Queue(_MANY_WAITING)
        self._call = stub.StreamForecasts(iter(self._requests.get, None))
        self._replies: Iterator[pb.StreamForecastsResponse] = iter(self._call)
        self._put(pb.StreamForecastsRequest(open=opening))
        self._is_closed = False
        with translated_errors(address):
            first = next(self._replies, None)
        if first is None or first.WhichOneof("message") != "opened":
            raise ServiceError(f"{address}: expected the stream to be opened, found another answer")
        self.opened: Opened = read_opened(first.opened)
        """What the server says of the stream."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.cancel()

    def send(self, frame_number: int, time: float, ids: ArrayLike, positions: ArrayLike) -> None:
        """Sends what was seen at one instant.

        Args:
            frame_number: Rising.
            time: Seconds of the caller's clock.
            ids: Whole numbers from 0, unique. Shape: [track].
            positions: Metres in the caller's world. Shape: [track, axis].

        Raises:
            ServiceError: The stream is over.
        """
        frame = write_frame(frame_number, time, ids, positions, self._opening)
        self._put(pb.StreamForecastsRequest(frame=frame))

    def replay(self, prefixes: Prefixes) -> None:
        """Sends whole prefixes of the past; they are not answered, the next frame is."""
        replay = pb.Replay(prefixes=write_prefixes(prefixes, self._opening))
        self._put(pb.StreamForecastsRequest(replay=replay))

    def update(self, goals: Places | None = None, regions: Areas | None = None) -> None:
        """Replaces goals or regions; those named here hold from the next frame on, in their order.

        Args:
            goals: Points or segments by name, metres in the caller's world; empty: none any more; None: as they are.
            regions: Corners of simple polygons by name, likewise.

        Raises:
            InputError: As of `Goals.of` and `Regions.of`.
            ServiceError: The stream is over.
        """
        update = write_update(goals, regions, self._opening)
        self._put(pb.StreamForecastsRequest(update=update))

    def end(self, ids: ArrayLike) -> None:
        """Ends tracks."""
        self._put(pb.StreamForecastsRequest(end_tracks=pb.EndTracks(track_ids=read_ids(ids))))

    def finish(self) -> None:
        """Says that nothing more will be sent; what is still to come can be read."""
        if not self._is_closed:
            self._is_closed = True
            self._put(None)

    def __iter__(self) -> Iterator[Reply]:
        """The replies as they come, parts of one answer joined; ends when the stream does.

        Raises:
            PathcastError: The server ended the stream with an error.
        """
        parts: list[Forecasts] = []
        while True:
            with translated_errors(self.address):
                message = next(self._replies, None)
            if message is None:
                return
            match message.WhichOneof("message"):
                case "forecasts":
                    parts.append(read_forecasts(message.forecasts, self.opened))
                    if message.forecasts.part + 1 >= message.forecasts.num_parts:
                        whole = join_parts(parts)
                        whole.age_s = None if self._clock is None else self._clock() - whole.capture_time_s
                        yield whole
                        parts = []
                case "refused":
                    yield read_refused(message.refused)
                case "notice":
                    yield GoingAway(message.notice.going_away.within_s)
                case _:
                    continue

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
        if self._call.is_active():
            self.finish()
            for _ in self:
                pass

    def cancel(self) -> None:
        """Cuts the stream."""
        self._is_closed = True
        self._call.cancel()  # type: ignore[no-untyped-call]

    def _put(self, request: pb.StreamForecastsRequest | None) -> None:
        """Queues a request; blocks while many wait."""
        while True:
            if not self._call.is_active():
                self._raise_end()
            try:
                self._requests.put(request, timeout=0.1)
                return
            except queue.Full:
                continue

    def _raise_end(self) -> None:
        """Raises what ended the stream."""
        code = self._call.code()
        if code is grpc.StatusCode.OK:
            raise ServiceError(f"{self.address}: the stream is over")
        raise from_rpc(self._call, self.address)


@contextmanager
def translated_errors(address: str) -> Iterator[None]:
    """Turns gRPC's errors into pathcast's."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc(error, address) from error
