"""Self-scoring: a stream's own later observations judge the forecasts that it was sent.

Now and then the forecasts of a frame are kept, each for the horizons near 0.5, 1, 2 and 4 s that it covers. When the
observation that is nearest in time to such a horizon arrives, the forecast is carried to its time along the chord
between offsets, and scored: displacement error, and whether the observation lies in the 50 and 90 % regions, beside
constant velocity from the same instant. What is kept dies with its score, its stream or its time, and is bounded for
each instant and for the server.

Constant velocity goes on with the velocity since an observation 0.2 to 0.4 s before, or the last one where frames are
rarer: between neighbouring frames of a fast sensor there is more noise than motion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import structlog
from jaxtyping import Int

from pathcast.service.messages import Status
from pathcast.service.session import Session
from pathcast.service.steps import Step
from pathcast.service.telemetry.keeping import BASE_S, ROUNDING_S, Kept, Seen, keep, score
from pathcast.service.telemetry.scores import HORIZONS_S, ScoreBook

_NEVER = float("inf")


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Which forecasts a server scores."""

    every_s: float = 0.5
    """Seconds of a stream's own clock from one frame whose forecasts are scored to the next; 0: none are."""
    tracks: int = 16
    """Tracks of such a frame, taken in turn where there are more."""
    frames_per_s: float = 20.0
    """Such frames of all streams in a second of the server's clock; bounds what scoring costs."""
    kept: int = 16384
    """Forecasts of a track at a horizon that wait for their truth, of all streams; bounds the memory, which is 0.8 KB
    for each of them with 20 modes in 2 axes."""


class Scorer:
    """Scores the forecasts of a server's streams."""

    def __init__(self, book: ScoreBook, sampling: Sampling, clock: Callable[[], float], seed: int = 0) -> None:
        """Args:
        book: Where scores go.
        sampling: Which forecasts are scored.
        clock: Seconds, monotonic.
        seed: Of the samples in regions.
        """
        self.book = book
        self.sampling = sampling
        self.random = np.random.default_rng(seed)
        self.num_kept = 0
        self._clock = clock
        self._allowance = sampling.frames_per_s
        self._checked = clock()

    def admits(self, num_forecasts: int) -> bool:
        """Whether the forecasts of one more frame may be kept, so many of a track at a horizon."""
        now = self._clock()
        gained = (now - self._checked) * self.sampling.frames_per_s
        self._checked = now
        self._allowance = min(max(1.0, self.sampling.frames_per_s), self._allowance + gained)
        if self._allowance < 1 or self.num_kept + num_forecasts > self.sampling.kept:
            return False
        self._allowance -= 1
        return True

    def follow(self, session: Session) -> Follower | None:
        """What scores one stream's forecasts; None where nothing is scored."""
        return Follower(self, session) if self.sampling.every_s > 0 else None


class Follower:
    """One stream's forecasts that wait for their truth."""

    def __init__(self, scorer: Scorer, session: Session) -> None:
        self._scorer = scorer
        self._session = session
        self._scores = scorer.book.of(session.settings.card)
        self._kept: list[Kept] = []
        self._num_kept = 0
        self._base: Seen | None = None
        """Seen 0.2 to 0.4 s ago."""
        self._later: Seen | None = None
        """Seen since; it becomes the base."""
        self._last_s = -_NEVER
        self._interval_s = _NEVER
        self._next_keep_s = -_NEVER
        self._next_s = -_NEVER
        """Until then there is nothing to do, which is what most frames meet."""
        self._turn = 0

    def take(self, step: Step) -> None:
        """Takes a computed step in; what is wrong here never reaches the stream."""
        time = step.capture_time_s
        if step.observing is None or step.observing.times[0, 0] != time:
            return  # nothing was seen, or it is a replay
        interval, self._last_s = time - self._last_s, time
        if interval < 0:
            self._forget()  # the client's clock went back
        elif interval > 0:
            self._interval_s = interval
        if time < self._next_s:
            return
        try:
            self._work(step, time)
        except Exception as error:
            structlog.get_logger().error("scoring_failed", kind=type(error).__name__)
            self.close()

    def close(self) -> None:
        """Forgets everything and scores nothing more."""
        self._forget()
        self._next_s = _NEVER

    def _forget(self) -> None:
        self._kept, self._base, self._later = [], None, None
        self._count()
        self._next_keep_s = self._next_s = -_NEVER

    def _count(self) -> None:
        """Tells the scorer how much is kept."""
        num_kept = sum(each.num_tracks for each in self._kept)
        self._scorer.num_kept += num_kept - self._num_kept
        self._num_kept = num_kept

    def _work(self, step: Step, time: float) -> None:
        observing = step.observing
        assert observing is not None
        seen = Seen(time, observing.slots, self._session.starts[observing.slots], observing.positions[:, 0])
        if self._kept:
            self._score(step, seen)
        if time >= self._next_keep_s - ROUNDING_S:
            self._keep(step, seen)
        if self._later is None or time - self._later.time >= BASE_S - ROUNDING_S:
            self._base, self._later = self._later, seen
        due = min((each.due_s(self._interval_s) for each in self._kept), default=_NEVER)
        self._next_s = min(due, self._next_keep_s, self._later.time + BASE_S) - ROUNDING_S

    def _score(self, step: Step, seen: Seen) -> None:
        """Scores what is due, and drops what is scored or late."""
        trusted = seen
        if step.is_suspect is not None and step.asking is not None and step.is_suspect.any():
            trusted = seen.without(step.asking.slots[step.is_suspect])
        left = []
        for kept in self._kept:
            if kept.due_s(self._interval_s) > seen.time:
                left.append(kept)
            elif seen.time <= kept.last_s:
                rest = score(kept, trusted, len(self._session.starts), self._scores, self._scorer.random)
                left += [] if rest is None else [rest]
        self._kept = left
        self._count()

    def _keep(self, step: Step, seen: Seen) -> None:
        """Keeps the forecasts of a frame, if it is this one's turn."""
        later = self._later
        base = later if later is not None and seen.time - later.time >= BASE_S - ROUNDING_S else self._base
        rows = self._choose(step, base)
        if base is None or not len(rows):
            return
        self._next_keep_s = seen.time + self._scorer.sampling.every_s
        if self._scorer.admits(len(rows) * len(HORIZONS_S)):
            self._kept += keep(step, rows, seen, base, self._interval_s)
            self._count()

    def _choose(self, step: Step, base: Seen | None) -> Int[np.ndarray, " chosen"]:
        """Rows of the asked tracks whose forecasts are kept: seen now and before, warm, finite, not suspect."""
        asking, forecast = step.asking, step.forecast
        if asking is None or forecast is None or base is None or step.is_late:
            return np.zeros(0, np.int64)
        is_fit = asking.statuses == int(Status.FORECASTING)
        if step.is_suspect is not None:
            is_fit &= ~step.is_suspect
        is_fit &= forecast.is_finite()
        is_fit &= base.rows_of(asking.slots, self._session.starts[asking.slots], len(self._session.starts)) >= 0
        rows = np.flatnonzero(is_fit)
        most = self._scorer.sampling.tracks
        if len(rows) > most:
            rows = np.sort(np.roll(rows, -self._turn)[:most])
            self._turn = (self._turn + most) % int(is_fit.sum())
        return rows
