"""Pipeline: pieces computed ahead in threads while what is done is written, in the order of the pieces.

What runs long, the network and the writing, lets other threads run meanwhile. How far is computed ahead is bounded, so
memory is too.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

PARTS_AHEAD: Final = 2
"""Parts of one piece that wait to be taken."""
WAIT_S: Final = 0.2
"""How soon a thread that nobody takes from any more sees it."""


class _End:
    """The end of a piece's parts, and the error that ended it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def in_order(
    pieces: Iterable[Given], compute: Callable[[Given], Iterator[Made]], num_threads: int
) -> Generator[tuple[Given, Iterator[Made]], None, None]:
    """Each piece with its parts, which are to be taken before the next piece is.

    Args:
        pieces: Read in the calling thread.
        compute: The parts of a piece; called in other threads.
        num_threads: Pieces that are computed at a time.
    """
    stop = threading.Event()
    waiting: deque[tuple[Given, queue.Queue[Made | _End]]] = deque()
    with ThreadPoolExecutor(num_threads, "forecasting") as pool:
        try:
            for piece in pieces:
                parts: queue.Queue[Made | _End] = queue.Queue(PARTS_AHEAD)
                pool.submit(_fill, compute, piece, parts, stop)
                waiting.append((piece, parts))
                if len(waiting) > num_threads:
                    oldest, made = waiting.popleft()
                    yield oldest, _drain(made)
            while waiting:
                oldest, made = waiting.popleft()
                yield oldest, _drain(made)
        finally:
            stop.set()


def _fill(
    compute: Callable[[Given], Iterator[Made]],
    piece: Given,
    parts: queue.Queue[Made | _End],
    stop: threading.Event,
) -> None:
    """Puts the parts of a piece where they are taken from, until nobody wants them any more."""
    end = _End()
    try:
        for part in compute(piece):
            if not _put(parts, part, stop):
                return
    except BaseException as error:
        end = _End(error)
    _put(parts, end, stop)


def _put(parts: queue.Queue[Made | _End], part: Made | _End, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            parts.put(part, timeout=WAIT_S)
        except queue.Full:
            continue
        return True
    return False


def _drain(parts: queue.Queue[Made | _End]) -> Iterator[Made]:
    while not isinstance(part := parts.get(), _End):
        yield part
    if part.error is not None:
        raise part.error
