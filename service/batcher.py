"""Batcher: computes what all streams ask for, together.

Natural batching: the next batch is whatever arrived while the last one was computed; there is no timer, so one
setting is right for one stream and for hundreds. One batch is computed at a time. A batch holds at most one frame,
replay or request of each stream, in the stream's own order; observations are never dropped.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from pathcast.model.engine import Engine
from pathcast.service.answering import answer
from pathcast.service.computing import compute
from pathcast.service.messages import Forecasts
from pathcast.service.session import Session, Step

MANY_WAITING = 32
"""Messages of one stream that may wait before no more are read from it."""
_INLINE_ROWS = 128
"""Batches up to this many tracks are computed on the event loop itself: a thread's hop costs more than they do."""

Plan = Callable[[], Step | None]
"""Plans one message when its turn comes; None when there is nothing to compute."""


@dataclass(eq=False)
class _Waiting:
    plan: Plan
    arrived: float


class Lane:
    """One stream's place in the batcher: its waiting messages, and where its answers go."""

    def __init__(
        self,
        session: Session,
        deliver: Callable[[Forecasts], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self.session = session
        self.deliver = deliver
        self.fail = fail
        self.waiting: deque[_Waiting] = deque()
        self.is_computing = False
        self._changed = asyncio.Event()

    def update(self) -> None:
        """Tells those who wait that something was taken or finished."""
        self._changed.set()

    async def room(self) -> None:
        """Returns once not too many messages wait."""
        while len(self.waiting) >= MANY_WAITING:
            self._changed.clear()
            await self._changed.wait()

    async def finish(self) -> None:
        """Returns once all messages are computed."""
        while self.waiting or self.is_computing:
            self._changed.clear()
            await self._changed.wait()


class Batcher:
    """Computes the messages of all lanes, batch by batch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Args:
        clock: Seconds, monotonic; measures how long messages wait.
        """
        self._clock = clock
        self._ready: dict[Lane, None] = {}
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._log = structlog.get_logger()

    def submit(self, lane: Lane, plan: Plan) -> None:
        """Adds a message to the end of its lane."""
        lane.waiting.append(_Waiting(plan, self._clock()))
        self._ready[lane] = None
        self._wake.set()

    def forget(self, lane: Lane) -> None:
        """Drops what a lane still has waiting: its stream is gone."""
        lane.waiting.clear()
        self._ready.pop(lane, None)

    async def run(self) -> None:
        """Computes until cancelled."""
        try:
            while True:
                while not self._ready:
                    self._wake.clear()
                    await self._wake.wait()
                await self._run_batch()
                await asyncio.sleep(0)
        finally:
            self._thread.shutdown(wait=True)

    async def _run_batch(self) -> None:
        batch = self._plan_batch()
        if not batch:
            return
        started = self._clock()
        by_engine: dict[int, list[Step]] = {}
        for _, step, _ in batch:
            by_engine.setdefault(id(step.session.engine), []).append(step)
        for steps in by_engine.values():
            await self._compute(steps[0].session.engine, steps)
        for lane, step, arrived in batch:
            lane.is_computing = False
            self._finish(lane, step, started - arrived)
            lane.update()

    def _plan_batch(self) -> list[tuple[Lane, Step, float]]:
        """The next message of every lane that needs computing, with its arrival."""
        batch = []
        for lane in list(self._ready):
            while lane.waiting:
                waiting = lane.waiting.popleft()
                step = self._plan(lane, waiting)
                if step is not None:
                    lane.is_computing = True
                    batch.append((lane, step, waiting.arrived))
                    break
            if not lane.waiting:
                self._ready.pop(lane, None)
            lane.update()
        return batch

    def _plan(self, lane: Lane, waiting: _Waiting) -> Step | None:
        try:
            return waiting.plan()
        except Exception as error:
            lane.waiting.clear()
            lane.fail(error)
            return None

    async def _compute(self, engine: Engine, steps: list[Step]) -> None:
        """Computes here if it is little, else in the engine's thread."""
        rows = 0
        for step in steps:
            rows += 0 if step.observing is None else step.observing.times.size
            rows += 0 if step.asking is None else len(step.asking.slots)
        if rows <= _INLINE_ROWS:
            compute(engine, steps)
        else:
            await asyncio.get_running_loop().run_in_executor(self._thread, compute, engine, steps)

    def _finish(self, lane: Lane, step: Step, queued_s: float) -> None:
        """Hands a step's answer over, or its failure."""
        if step.failure is not None:
            lane.waiting.clear()
            lane.fail(step.failure)
        elif step.asking is not None:
            forecasts, num_faults = answer(step, queued_s)
            if num_faults:
                self._log.error("forecast_not_finite", model=step.session.settings.card.name, tracks=num_faults)
            lane.deliver(forecasts)
