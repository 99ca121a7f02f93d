"""Silence: how long a stream may go without a message from its client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pathcast.errors import LimitError

WHERE = "stream"
_Message = TypeVar("_Message")


def silent(limit_s: float) -> LimitError:
    """The error that a stream ends with that was silent for too long."""
    return LimitError(WHERE, f"a message at least every {limit_s:g} s", "none for longer")


def is_silence(error: BaseException) -> bool:
    """Whether that is why a stream ended."""
    return isinstance(error, LimitError) and error.where == WHERE


async def first_message(reading: Awaitable[_Message], limit_s: float) -> _Message:
    """What is read first.

    Raises:
        LimitError: Nothing came for too long.
    """
    try:
        return await asyncio.wait_for(reading, limit_s if limit_s > 0 else None)
    except TimeoutError:
        raise silent(limit_s) from None


class Silence:
    """Tells when a stream was silent for too long: one timer, which looks again when it may have come to that.

    So a message costs a look at the clock, not a timer of its own.
    """

    def __init__(self, limit_s: float, end: Callable[[LimitError], None]) -> None:
        """Args:
        limit_s: Seconds; 0: any silence is allowed.
        end: Called once, if it comes to that.
        """
        self._limit_s = limit_s
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._heard_s = self._loop.time()
        self._timer = self._loop.call_later(limit_s, self._look) if limit_s > 0 else None

    def hear(self) -> None:
        """A message came in."""
        self._heard_s = self._loop.time()

    def close(self) -> None:
        """Watches no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        left_s = self._heard_s + self._limit_s - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._look)
        else:
            self._end(silent(self._limit_s))
