"""Stream log: two lines for every stream, by a random id: nothing that says who was watched, where, or by whom."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from time import monotonic
from typing import Any

import structlog

from pathcast.model.engine import Card


def random_id() -> str:
    """Twelve hexadecimal digits."""
    return secrets.token_hex(6)


class StreamLog:
    """The lines of one stream."""

    def __init__(
        self, card: Card, clock: Callable[[], float] = monotonic, new_id: Callable[[], str] = random_id
    ) -> None:
        """Says that it was opened.

        Args:
            card: The model that answers.
            clock: Seconds.
            new_id: Gives the stream's id.
        """
        self._clock = clock
        self._opened_s = clock()
        self._log: Any = structlog.get_logger().bind(stream=new_id(), model=card.name, version=card.version)
        self._log.info("stream_opened")

    def close(self, reason: str, num_frames: int) -> None:
        """Says that it ended: `ended` by the client, `client_gone`, `idle`, `server_stopped`, or a status."""
        duration_s = round(self._clock() - self._opened_s, 3)
        self._log.info("stream_closed", reason=reason, duration_s=duration_s, frames=num_frames)
