"""Frames sent one by one, each after the answer to the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from numpy.typing import ArrayLike

from pathcast.errors import InputError, ServiceError
from pathcast.service.faults import from_refused
from pathcast.service.messages import Forecasts, GoingAway, Opened, Refused


class Sending(Protocol):
    """A stream on a thread of its own, resuming or not."""

    @property
    def opened(self) -> Opened: ...

    @property
    def address(self) -> str: ...

    def send(self, frame_number: int, time: float, ids: ArrayLike, positions: ArrayLike) -> None: ...

    def __iter__(self) -> Iterator[Forecasts | Refused | GoingAway]: ...


def answer_each(stream: Sending, frames: Iterable[tuple[float, ArrayLike, ArrayLike]]) -> Iterator[Forecasts]:
    """Sends frames, numbered from 0, and yields the answer to each; nothing is conflated.

    Args:
        stream: Open, nothing sent.
        frames: (seconds, ids [track], positions [track, axis]).

    Raises:
        PathcastError: A frame was refused, or the stream ended.
    """
    if stream.opened.forecast_every != 1:
        raise InputError("forecast_every", "1, so that every frame is answered", str(stream.opened.forecast_every))
    replies = iter(stream)
    for number, (time, ids, positions) in enumerate(frames):
        stream.send(number, time, ids, positions)
        for reply in replies:
            if isinstance(reply, Refused):
                raise from_refused(reply)
            if isinstance(reply, Forecasts):
                yield reply
                break
        else:
            raise ServiceError(f"{stream.address}: the stream ended before frame {number} was answered")
