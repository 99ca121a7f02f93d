"""Batcher: computes what all streams ask for, together.

Natural batching: the next batch is whatever arrived while the last one was computed; there is no timer, so one
setting is right for one stream and for hundreds. One batch is computed at a time. A batch holds at most one frame,
replay or request of each stream, in the stream's own order; observations are never dropped. A batch is no longer than
pays, so that a large one's answers are not written all at once while nothing is computed.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from pathcast.model.engine import Engine
from pathcast.service.answering import answer
from pathcast.service.bell import Bell
from pathcast.service.computing import compute
from pathcast.service.messages import Forecasts
from pathcast.service.session import Session
from pathcast.service.steps import Step
from pathcast.service.telemetry.metrics import Metrics

MANY_WAITING = 32
"""Messages of one stream that may wait before no more are read from it."""
_INLINE_ROWS = 128
"""Batches up to this many observations and forecasts are computed on the event loop itself."""
_MANY_FORECASTS = 256
"""A batch that holds so many takes no more: what it says is written while the next one is computed."""

Plan = Callable[[], Step | None]
"""Plans one message when its turn comes; None when there is nothing to compute."""


@dataclass(eq=False)
class _Waiting:
    plan: Plan
    arrived: float
    needless_after: float = math.inf
    """Nobody waits for the answer any more from then on."""


class Lane:
    """One stream's place in the batcher: its waiting messages, and where its answers go."""

    def __init__(
        self,
        session: Session,
        deliver: Callable[[Forecasts], None],
        fail: Callable[[BaseException], None],
        follow: Callable[[Step], None] | None = None,
    ) -> None:
        self.session = session
        self.follow = follow
        """Told of every step that was computed, its answer being handed over."""
        self.deliver = deliver
        self.fail = fail
        self.waiting: deque[_Waiting] = deque()
        self.is_computing = False
        self._changed = Bell()

    def oldest(self) -> float | None:
        """When the message that waits longest arrived; another thread may ask."""
        try:
            return self.waiting[0].arrived
        except IndexError:  # none waits, or the last was taken at this moment
            return None

    def update(self) -> None:
        """Tells those who wait that something was taken or finished."""
        self._changed.ring()

    @property
    def has_room(self) -> bool:
        """Whether more messages may wait."""
        return len(self.waiting) < MANY_WAITING

    async def room(self) -> None:
        """Returns once not too many messages wait."""
        while not self.has_room:
            await self._changed.wait()

    async def finish(self) -> None:
        """Returns once all messages are computed."""
        while self.waiting or self.is_computing:
            await self._changed.wait()


Batch = list[tuple[Lane, Step, float]]
"""Steps with their lanes and when they arrived."""


def _num_rows(step: Step) -> int:
    """How much a step asks for: observations and forecasts."""
    observations = 0 if step.observing is None else step.observing.times.size
    restored = 0 if step.restoring is None else len(step.restoring.track_ids)
    return observations + restored + (0 if step.asking is None else len(step.asking.slots))


class Batcher:
    """Computes the messages of all lanes, batch by batch."""

    def __init__(self, clock: Callable[[], float], metrics: Metrics | None = None) -> None:
        """Args:
        clock: Seconds, monotonic; measures how long messages wait.
        metrics: Where batches and messages are counted.
        """
        self._clock = clock
        self._metrics = metrics or Metrics()
        self._ready: dict[Lane, None] = {}
        self._is_due = False
        self._is_closed = False
        self._computing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._log = structlog.get_logger()

    def submit(self, lane: Lane, plan: Plan, within_s: float | None = None) -> None:
        """Adds a message to the end of its lane.

        Args:
            lane: Its stream's, or a request's.
            plan: Called when its turn comes.
            within_s: If its turn has not come by then, the lane fails with a `TimeoutError`; None: any time will do.
        """
        now = self._clock()
        lane.waiting.append(_Waiting(plan, now, math.inf if within_s is None else now + within_s))
        self._ready[lane] = None
        self._come_back()

    def forget(self, lane: Lane) -> None:
        """Drops what a lane still has waiting: its stream is gone."""
        lane.waiting.clear()
        self._ready.pop(lane, None)

    def queue_age_s(self) -> float:
        """How long the oldest waiting message waits, 0 where none does; another thread may ask."""
        arrivals = [lane.oldest() for lane in list(self._ready)]
        now = self._clock()
        return max((now - arrived for arrived in arrivals if arrived is not None), default=0.0)

    async def close(self) -> None:
        """Computes nothing more; returns when what is under way is done."""
        self._is_closed = True
        if self._computing is not None:
            await self._computing
        self._thread.shutdown(wait=True)

    def _come_back(self) -> None:
        """Has the next batch run once the loop has seen what else arrived, unless one is computed or due."""
        if not (self._is_due or self._computing or self._is_closed):
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        """Runs a batch: here if it is little, because a thread's hop costs more than that, else in a thread."""
        if not self._is_due:
            return
        self._is_due = False
        started = self._clock()
        batch = self._plan_batch()
        by_engine: dict[int, list[Step]] = {}
        for _, step, _ in batch:
            by_engine.setdefault(id(step.session.engine), []).append(step)
        work = [(steps[0].session.engine, steps) for steps in by_engine.values()]
        num_rows = sum(_num_rows(step) for _, step, _ in batch)
        if num_rows <= _INLINE_ROWS:
            for engine, steps in work:
                compute(engine, steps, self._clock)
            self._finish(batch, num_rows, started)
        else:
            self._computing = asyncio.create_task(self._run_in_thread(work, batch, num_rows, started))

    async def _run_in_thread(
        self, work: list[tuple[Engine, list[Step]]], batch: Batch, num_rows: int, started: float
    ) -> None:
        for engine, steps in work:
            await asyncio.get_running_loop().run_in_executor(self._thread, compute, engine, steps, self._clock)
        self._computing = None
        self._finish(batch, num_rows, started)
        if self._is_due:  # what was just delivered is written while the thread goes on
            self._run()

    def _finish(self, batch: Batch, num_rows: int, started: float) -> None:
        """Hands the answers over and comes back for what arrived meanwhile."""
        if batch:
            self._metrics.count_batch(len(batch), num_rows, self._clock() - started)
        answered: list[tuple[Step, float, float]] = []
        for lane, step, arrived in batch:
            lane.is_computing = False
            try:
                self._deliver(lane, step, started - arrived)
                answered.append((step, started - arrived, self._clock() - arrived))
                if lane.follow is not None:
                    lane.follow(step)
            except Exception as error:
                lane.waiting.clear()
                lane.fail(error)
            lane.update()
        self._metrics.count_steps(answered)
        if self._ready:
            self._come_back()

    def _plan_batch(self) -> Batch:
        """The next message of every lane that needs computing, with its arrival."""
        batch: Batch = []
        num_forecasts = 0
        for lane in list(self._ready):
            if num_forecasts >= _MANY_FORECASTS:
                break
            while lane.waiting:
                waiting = lane.waiting.popleft()
                step = self._plan(lane, waiting)
                if step is not None:
                    lane.is_computing = True
                    batch.append((lane, step, waiting.arrived))
                    num_forecasts += 0 if step.asking is None else len(step.asking.slots)
                    break
            self._ready.pop(lane, None)
            if lane.waiting:
                self._ready[lane] = None  # behind those that were left for the next batch
            lane.update()
        return batch

    def _plan(self, lane: Lane, waiting: _Waiting) -> Step | None:
        try:
            if self._clock() >= waiting.needless_after:
                raise TimeoutError("its turn came after the deadline")
            step = waiting.plan()
        except Exception as error:
            lane.waiting.clear()
            lane.fail(error)
            return None
        if step is not None and step.session.settings.latency_budget_s is not None:
            step.late_after_s = waiting.arrived + step.session.settings.latency_budget_s
        return step

    def _deliver(self, lane: Lane, step: Step, queued_s: float) -> None:
        """Hands a step's answer over, or its failure."""
        if step.failure is not None:
            lane.waiting.clear()
            lane.fail(step.failure)
        elif step.asking is not None:
            forecasts, num_faults = answer(step, queued_s)
            if num_faults:
                self._metrics.of(step.session.settings.card).not_finite.inc(num_faults)
                self._log.error("forecast_not_finite", model=step.session.settings.card.name, tracks=num_faults)
            lane.deliver(forecasts)
