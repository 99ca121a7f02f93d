"""Witness: a stream on the server on which something breaks, which must notice nothing of it."""

from __future__ import annotations

import threading
from time import monotonic
from types import TracebackType
from typing import Self

from log import TOLERANCE, Log, difference
from scene import walkers

from pathcast.service.client import Client, Forecasts

_PAUSE_S = 0.03
_PATIENCE_S = 60.0


class Witness:
    """Sends the same frames to two servers, one of them at peace, and compares every answer."""

    def __init__(self, address: str, peaceful: str, model: str = "pedestrian", seed: int = 10_000) -> None:
        self._addresses = address, peaceful
        self._model = model
        self._seed = seed
        self._changed = threading.Condition()
        self._ends = threading.Event()
        self._num_answers = 0
        self._complaints: list[str] = []
        self._longest_wait_s = 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._next_answers(2)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join(_PATIENCE_S)

    def vouch(self, log: Log) -> None:
        """Writes down what it saw since the last time, up to the answers to two more frames."""
        was_answered = self._next_answers(2)
        with self._changed:
            log.expect(was_answered, "the witness was not answered")
            log.complaints += [f"witness: {each}" for each in self._complaints]
            log.longest_wait_s = self._longest_wait_s
            log.witnessed = self._num_answers
            self._num_answers, self._longest_wait_s = 0, 0.0

    def _next_answers(self, count: int) -> bool:
        with self._changed:
            wanted = self._num_answers + count
            return self._changed.wait_for(lambda: self._num_answers >= wanted or bool(self._complaints), _PATIENCE_S)

    def _watch(self) -> None:
        try:
            with Client(self._addresses[0]) as one, Client(self._addresses[1]) as two:
                self._compare(one, two)
        except Exception as error:  # whatever it is, the witness was disturbed
            self._note(0.0, [f"{type(error).__name__}: {error}"])

    def _compare(self, one: Client, two: Client) -> None:
        with one.stream(self._model) as watched, two.stream(self._model) as peaceful:
            replies, expected = iter(watched), iter(peaceful)
            for number, frame in enumerate(walkers(self._seed)):
                if self._ends.wait(_PAUSE_S):
                    return
                started = monotonic()
                watched.send(number, *frame)
                reply = next(replies)
                waited_s = monotonic() - started
                peaceful.send(number, *frame)
                other = next(expected)
                assert isinstance(other, Forecasts)
                is_answer = isinstance(reply, Forecasts) and reply.frame_number == number
                if not isinstance(reply, Forecasts) or not is_answer:
                    self._note(waited_s, [f"frame {number}: {str(reply)[:200]}"])
                elif (gap := difference(reply, other)) > TOLERANCE:
                    self._note(waited_s, [f"frame {number} differs by {gap:.3g}"])
                else:
                    self._note(waited_s, [])

    def _note(self, waited_s: float, complaints: list[str]) -> None:
        with self._changed:
            self._complaints += complaints
            self._num_answers += not complaints
            self._longest_wait_s = max(self._longest_wait_s, waited_s)
            self._changed.notify_all()
