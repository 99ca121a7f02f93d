"""Mailbox: what one stream still has to send.

A slow reader gets the newest forecast, not a queue of stale ones: a forecast that was not sent yet gives way to the
next one, which takes over its remarks and counts it. Everything else waits in order and is never dropped. A snapshot
goes after the forecasts that it holds, also where those give way to later ones: who has it has been told all before.
"""

from __future__ import annotations

from collections import deque

from pathcast.service.bell import Bell
from pathcast.service.messages import Forecasts, Snapshot, Status

MANY_WAITING = 8192
"""Remarks and other messages that may wait before the stream's requests are no longer read."""


class Mailbox:
    """Messages of a stream, taken in order; at most one forecast and one snapshot wait."""

    def __init__(self) -> None:
        self._waiting: deque[bytes | Forecasts | Snapshot] = deque()
        self._snapshot: Snapshot | None = None
        self._num_remarks = 0
        self._is_closed = False
        self._failure: BaseException | None = None
        self._changed = Bell()
        self._has_room = True
        self._room = Bell()

    def put(self, message: bytes) -> None:
        """Adds a message that must not be lost."""
        self._waiting.append(message)
        self._update()

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """Adds a snapshot; `has_snapshot` until it is said to be sent."""
        self._snapshot = snapshot
        self._waiting.append(snapshot)
        self._update()

    @property
    def has_snapshot(self) -> bool:
        """Whether one waits or is being sent."""
        return self._snapshot is not None

    def drop_snapshot(self) -> None:
        """The snapshot is sent."""
        self._snapshot = None

    def put_forecasts(self, forecasts: Forecasts) -> bool:
        """Adds a forecast; the one that still waits gives way to it. Returns whether one did."""
        gives_way = False
        for older in self._waiting:
            if isinstance(older, Forecasts):
                self._waiting.remove(older)
                forecasts.frames_conflated += older.frames_conflated + 1
                lasting = [remark for remark in older.remarks if remark.status != Status.WARMING_UP]
                forecasts.remarks = lasting + forecasts.remarks
                gives_way = True
                break
        self._num_remarks = len(forecasts.remarks)
        self._waiting.append(forecasts)
        if gives_way and self._snapshot is not None and self._snapshot in self._waiting:
            self._waiting.remove(self._snapshot)
            self._waiting.append(self._snapshot)
        self._update()
        return gives_way

    def close(self) -> None:
        """Nothing more will come; what waits is still sent."""
        self._is_closed = True
        self._update()

    def fail(self, error: BaseException) -> None:
        """The stream ends with this error once what waits is sent."""
        self._failure = self._failure or error
        self._update()

    def take_waiting(self) -> bytes | Forecasts | Snapshot | None:
        """The next message if one waits."""
        if not self._waiting:
            return None
        message = self._waiting.popleft()
        if isinstance(message, Forecasts):
            self._num_remarks = 0
        if not self._has_room:
            self._update()
        return message

    async def take(self) -> bytes | Forecasts | Snapshot | None:
        """The next message; None when there is none and will be none.

        Raises:
            BaseException: The error that the stream ends with.
        """
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            if self._is_closed:
                return None
            await self._changed.wait()
        return self.take_waiting()

    @property
    def has_room(self) -> bool:
        """Whether the stream's requests may be read on."""
        return self._has_room

    async def room(self) -> None:
        """Returns once not too much waits."""
        while not self._has_room:
            await self._room.wait()

    def _update(self) -> None:
        self._changed.ring()
        self._has_room = len(self._waiting) + self._num_remarks < MANY_WAITING
        if self._has_room:
            self._room.ring()
