"""Link: one connection of a stream, for as long as it lasts."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

import grpc

from pathcast.service.client.history import Request
from pathcast.service.client.resumption import CatchUp
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

MANY_WAITING = 64
"""Messages that may wait to be sent before `send` blocks."""


class Link:
    """A call on a channel of its own: requests go out from a queue, replies are read one by one."""

    def __init__(self, channel: grpc.Channel, opening: pb.Open) -> None:
        self._channel = channel
        self._waiting: deque[Request | None] = deque([Request(open=opening)])
        self._changed = threading.Condition()
        self._catch_up = CatchUp([], is_paced=False)
        self._call = pb_grpc.ForecastServiceStub(channel).StreamForecasts(self._requests())
        self._replies: Iterator[pb.StreamForecastsResponse] = iter(self._call)

    def opened(self, within_s: float) -> pb.StreamForecastsResponse | None:
        """The first reply.

        Raises:
            grpc.RpcError: There was none in time, or an error.
        """
        timer = threading.Timer(within_s, self._call.cancel)
        timer.start()
        try:
            return self.read()
        finally:
            timer.cancel()

    def begin(self, past: list[Request], catch_up: CatchUp) -> None:
        """Sends what was sent before; from here on `send` may be used."""
        with self._changed:
            self._catch_up = catch_up
            self._waiting.extend([*past, *catch_up.start()])
            self._changed.notify_all()

    def send(self, request: Request | None) -> bool:
        """Queues a request, None for the end of all; blocks while many wait. Returns whether the link still holds."""
        with self._changed:
            self._waiting.extend(self._catch_up.offer(request))
            self._changed.notify_all()
            while len(self._waiting) >= MANY_WAITING and self._call.is_active():
                self._changed.wait(0.1)
        return bool(self._call.is_active())

    def answered(self) -> None:
        """A frame was answered: what waited for that is sent."""
        with self._changed:
            self._waiting.extend(self._catch_up.answered())
            self._changed.notify_all()

    def read(self) -> pb.StreamForecastsResponse | None:
        """The next reply; None once the server has ended the stream.

        Raises:
            grpc.RpcError: The link broke.
        """
        return next(self._replies, None)

    def reason(self) -> grpc.RpcError:
        """What ended the call."""
        return self._call  # type: ignore[return-value]  # which is both, in gRPC's own words

    def cut(self) -> None:
        """Ends the call and the connection, whatever is under way."""
        with self._changed:
            self._waiting.clear()
            self._waiting.append(None)
            self._changed.notify_all()
        self._call.cancel()  # type: ignore[no-untyped-call]
        self._channel.close()

    def _requests(self) -> Iterator[Request]:
        """What gRPC sends, as it comes."""
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                request = self._waiting.popleft()
                self._changed.notify_all()
            if request is None:
                return
            yield request
