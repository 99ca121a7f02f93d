"""Resumption: what a stream that outlives its connections knows and decides, without input or output of its own.

The streams of `resuming` and `async_resuming` differ only in how they wait; all else is here: where to connect, how
long to wait, when to give up, what to send again, and what of the answers the application has not seen yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import grpc

from pathcast.errors import InputError, LimitError, ServiceError
from pathcast.service.client.backoff import Backoff, is_mendable
from pathcast.service.client.history import History, Request
from pathcast.service.codec.answers import join_parts, read_forecasts, read_refused
from pathcast.service.codec.opened import read_opened
from pathcast.service.faults import from_refused, from_rpc
from pathcast.service.messages import Forecasts, GoingAway, Opened, Refused
from pathcast.v1 import forecast_pb2 as pb

CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.http2.bdp_probe", 0),  # a small window: a slow reader then gets new forecasts, not megabytes of old ones
    ("grpc.keepalive_time_ms", 20_000),  # a network that swallows everything is noticed; servers allow 10 s
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),  # a new attempt does not wait for another channel's backoff
]


@dataclass(frozen=True, kw_only=True)
class Persistence:
    """How much a stream does to go on."""

    give_up_s: float = 60.0
    """Seconds without any new answer after a break, past which its reason is raised."""
    open_s: float = 10.0
    """Seconds that one address may take to open the stream."""
    first_wait_s: float = 0.1
    """Longest wait before the second attempt; it doubles with each."""
    most_wait_s: float = 5.0
    """Longest wait of all."""
    kept_observations: int = 1 << 20
    """That are kept to be sent again, some 20 bytes each."""


@dataclass(frozen=True)
class Resumed:
    """A stream went on over a new connection."""

    address: str
    opened: Opened
    is_exact: bool
    """Whether its forecasts are those of a stream that never broke: the same version of the model goes on from a
    snapshot, or from all observations. Otherwise from the newest observations of each track."""


class SnapshotRefusedError(grpc.RpcError):
    """A server does not take the snapshot, so the stream is to be resumed without."""


class EndedEarlyError(grpc.RpcError):
    """A server ended the stream before its client did."""


class TooLateError(grpc.RpcError):
    """A server did not answer in time."""


class CatchUp:
    """Frames that wait for the answer of the one before, so that none gives way to a newer one."""

    def __init__(self, requests: Sequence[Request | None], is_paced: bool) -> None:
        """Args:
        requests: To be sent, in order; None: there will be no more.
        is_paced: Whether every frame is answered.
        """
        self._waiting = deque(requests)
        self._is_paced = is_paced

    def start(self) -> list[Request | None]:
        """What is sent at once."""
        return self._next()

    def offer(self, request: Request | None) -> list[Request | None]:
        """What is sent now that another request is there."""
        if not self._waiting:
            return [request]
        self._waiting.append(request)
        return []

    def answered(self) -> list[Request | None]:
        """What is sent now that a frame was answered."""
        return self._next()

    def _next(self) -> list[Request | None]:
        """Everything up to the next frame, that one included."""
        requests: list[Request | None] = []
        while self._waiting:
            request = self._waiting.popleft()
            requests.append(request)
            if self._is_paced and request is not None and request.WhichOneof("message") == "frame":
                break
        return requests


class Resumption:
    """The stream as its application sees it, over all its connections."""

    def __init__(
        self,
        addresses: Sequence[str],
        persistence: Persistence,
        random: Random,
        clock: Callable[[], float],
        on_resumed: Callable[[Resumed], None] | None = None,
    ) -> None:
        """Args:
        addresses: HOST:PORT of servers, tried in turn.
        persistence: How much is done to go on.
        random: For the jitter of waits.
        clock: Seconds, monotonic.
        on_resumed: Told of every new connection but the first.

        Raises:
            InputError: There is no address.
        """
        if not addresses:
            raise InputError("addresses", "at least one HOST:PORT", "none")
        self.addresses = list(addresses)
        self.history = History(pb.Open(), persistence.kept_observations)
        self.persistence = persistence
        self.address = ""
        """Of the last attempt."""
        self.opened: Opened | None = None
        self.written = pb.Open()
        """How the stream was opened first."""
        self.is_finished = False
        """Whether the application sends nothing more."""
        self._clock = clock
        self._backoff = Backoff(random, persistence.first_wait_s, persistence.most_wait_s)
        self._looking = Backoff(random, persistence.first_wait_s, persistence.most_wait_s)
        """Its own, because a server that goes away still answers, which says nothing of the others."""
        self._on_resumed = on_resumed
        self._turn = 0
        self._broken_since: float | None = None
        self._held_since: float | None = None
        """When the last connection was opened."""
        self._leave_at: float | None = None
        self._parts: list[Forecasts] = []

    def start(self, opening: pb.Open) -> None:
        """Says how the stream is to be opened, first at the address that was last asked, if any was."""
        self._turn = max(0, self._turn - 1)
        self.written = opening
        self.history = History(opening, self.persistence.kept_observations)

    def next_address(self) -> str:
        """The next one in turn."""
        self.address = self.addresses[self._turn % len(self.addresses)]
        self._turn += 1
        return self.address

    def opening(self) -> pb.Open:
        """What is asked for now: the version that answered before, if any did."""
        return self.history.opening(None if self.opened is None else self.opened.model.version)

    def fail(self, error: grpc.RpcError) -> float:
        """Seconds to wait after an attempt or a stream failed.

        Raises:
            PathcastError: No further attempt can mend it, or it has lasted too long.
        """
        if not is_mendable(error):
            raise from_rpc(error, self.address) from error
        now = self._clock()
        has_held = self._held_since is not None and now - self._held_since > self.persistence.give_up_s
        if self._broken_since is None or has_held:
            self._broken_since = now
        self._held_since = None
        wait_s = self._backoff.next_s()
        if now + wait_s - self._broken_since > self.persistence.give_up_s:
            tried = ", ".join(self.addresses)
            words = f"no stream that goes on within {self.persistence.give_up_s:g} s"
            raise ServiceError(f"{tried}: {words}: {from_rpc(error, self.address)}") from error
        return wait_s

    def lose(self) -> None:
        """The connection is gone, and with it what had come in parts."""
        self._parts = []
        self._leave_at = None
        self.history.interrupt()

    def remember(self, request: Request) -> None:
        """Keeps what is about to be sent.

        Raises:
            InputError: A frame's number does not rise.
            LimitError: It is larger than the server takes: sent, it would end this stream and all that go on with it.
        """
        most = 0 if self.opened is None else int(self.opened.limits.get("bytes_in", 0))
        if most and (size := request.ByteSize()) > most:
            raise LimitError("message", f"at most {most} bytes", f"{size}")
        self.history.add(request)

    def begin(self, first: pb.StreamForecastsResponse | None) -> tuple[list[Request], CatchUp]:
        """What is sent over a new connection once it is opened: at once, and as the answers come.

        Raises:
            ServiceError: It was not opened.
        """
        if first is None or first.WhichOneof("message") != "opened":
            raise ServiceError(f"{self.address}: expected the stream to be opened, found another answer")
        self.lose()
        before, opened = self.opened, read_opened(first.opened)
        self.opened = opened
        unanswered: list[Request | None] = [*self.history.unanswered(), *([None] if self.is_finished else [])]
        self._held_since = self._clock()
        if not unanswered:
            self._broken_since = None  # there is nothing whose answer could tell that all is well
        past = self.history.past(opened)
        if before is not None and self._on_resumed is not None:
            version = opened.model.version
            has_all = self.history.is_whole(int(opened.limits.get("prefix_length", 512)))
            is_exact = before.model.version == version and (self.history.has_snapshot_for(version) or has_all)
            self._on_resumed(Resumed(self.address, opened, is_exact))
        return past, CatchUp(unanswered, opened.forecast_every == 1)

    def take(self, message: pb.StreamForecastsResponse) -> Forecasts | Refused | GoingAway | None:
        """What a message means to the application, if anything; `GoingAway` is for the stream itself.

        Raises:
            SnapshotRefusedError: The server does not take what was sent to resume from.
            PathcastError: It does not take frames of the past.
        """
        assert self.opened is not None
        match message.WhichOneof("message"):
            case "forecasts":
                return self._take_forecasts(message.forecasts)
            case "refused":
                return self._take_refused(read_refused(message.refused))
            case "snapshot":
                self.history.keep(message.snapshot, self.opened.model.version)
            case "notice":
                return GoingAway(message.notice.going_away.within_s)
        return None

    def _take_forecasts(self, message: pb.Forecasts) -> Forecasts | None:
        assert self.opened is not None
        self._parts.append(read_forecasts(message, self.opened))
        if message.part + 1 < message.num_parts:
            return None
        whole, self._parts = join_parts(self._parts), []
        if whole.frame_number <= self.history.answered:
            return None
        self.history.answer(whole.frame_number)
        self._broken_since = None
        self._backoff.reset()
        return whole

    def _take_refused(self, refused: Refused) -> Refused:
        if refused.where.startswith("replay.snapshot"):
            self.history.drop_snapshot()
            raise SnapshotRefusedError(f"{refused.where}: expected {refused.expected}, found {refused.found}")
        if refused.where.startswith("replay.frames"):
            raise from_refused(refused)
        self.history.refuse(refused)
        return refused

    def is_to_leave(self, notice: GoingAway | None = None) -> bool:
        """Whether to look for another server while this one still answers: at its notice, and now and then after."""
        if notice is not None:
            self._leave_at = self._clock()
            self._looking.reset()
        return self._leave_at is not None and self._clock() >= self._leave_at

    def stay(self) -> None:
        """No other server was found: the next look is after a wait."""
        self._leave_at = self._clock() + self._looking.next_s()
