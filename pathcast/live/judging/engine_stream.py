"""Engine stream: an engine in this process that is shown frames and answers each, as a server would.

It keeps its own table of tracks and uses nothing of the service, so that equal scores mean something. Which tracks are
suspect it leaves to services.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, UInt64
from numpy.typing import NDArray

from pathcast.live.judging.answers import Answer
from pathcast.live.judging.asking import Asking
from pathcast.model.engine import Engine
from pathcast.model.forecast import Forecast, join, merge_modes
from pathcast.model.goals import Goals
from pathcast.model.others import Others
from pathcast.model.states import COUNT, TIME
from pathcast.service.client import Status

ROUNDING_S = 1e-9
CELLS_AT_ONCE = 1 << 17
"""Most track-mode-times in one call of the engine."""


class EngineStream:
    """The tracks of one stream."""

    def __init__(self, engine: Engine, asking: Asking, goals: Mapping[str, NDArray[Any]]) -> None:
        """Args:
        engine: That forecasts.
        asking: What is asked of it.
        goals: Named in the stream.
        """
        self._engine, self._asking = engine, asking
        named = asking.takes_goals and len(goals) > 0
        self._goals = Goals.of({name: ends.tolist() for name, ends in goals.items()}).ends if named else None
        self._states = engine.start(0, asking.given())
        self._ids = np.zeros(0, np.uint64)
        self._num_frames = 0

    def see(
        self, frame: int, time_s: float, ids: UInt64[np.ndarray, " track"], positions: Float[np.ndarray, "track axis"]
    ) -> Answer | None:
        """Takes in a frame; the answer to it, where one is due."""
        self._end(time_s, ids)
        self._begin(ids)
        order = np.argsort(self._ids)
        rows = order[np.searchsorted(self._ids, ids, sorter=order)]
        if len(rows):
            times = np.full(len(rows), time_s)
            after = self._engine.observe(self._states.take(rows), times, positions.astype(np.float32))
            self._states.put(rows, after)
        is_due = self._num_frames % self._asking.forecast_every == 0
        self._num_frames += 1
        return self._answer(frame, time_s, ids, rows) if is_due else None

    def _answer(self, frame: int, time_s: float, ids: NDArray[np.uint64], rows: NDArray[np.int64]) -> Answer:
        """Of the tracks that were seen. Those that coast are forecast behind them, as a server does, and left out:
        engines answer batches of other sizes with other last bits, which balls off a rim make more of."""
        count = self._states.filter[:, COUNT]
        is_known = count[rows] >= 2
        ids, rows = ids[is_known], rows[is_known]
        coasting = np.setdiff1d(np.flatnonzero(count >= 2), rows)
        asked = np.concatenate([rows, coasting])
        gaps = time_s - self._states.filter[asked, TIME]
        states = self._states.take(rows)
        offsets = np.array(self._asking.offsets_s) + gaps[:, None]
        others = None
        if self._engine.card.uses_neighbours:
            others = Others(self._states.filter, np.zeros(len(self._ids), np.int64), asked)
        warm = self._states.filter[rows, COUNT] >= self._engine.card.warm_points
        statuses = np.where(warm, int(Status.FORECASTING), int(Status.WARMING_UP))
        whole = self._forecast(asked, np.minimum(offsets, self._engine.card.horizon_s), others)
        forecast = merge_modes(whole.take(slice(0, len(rows))), self._asking.num_modes)
        if not self._asking.has_point:
            forecast = Forecast(forecast.offsets, forecast.probabilities, forecast.means, forecast.covariances)
        goals = None if self._goals is None else self._engine.goal_probabilities(states, self._goals)
        outcomes = self._engine.outcomes(states) if self._asking.outcome_names and len(rows) else None
        return Answer(frame, ids, statuses, forecast, goals, outcomes)

    def _forecast(self, rows: NDArray[np.int64], offsets: NDArray[np.float64], others: Others | None) -> Forecast:
        most = max(1, CELLS_AT_ONCE // (self._engine.card.num_modes * offsets.shape[1]))
        pieces = []
        for start in range(0, max(len(rows), 1), most):
            piece = slice(start, start + most)
            around = None if others is None else others.take(piece)
            pieces.append(self._engine.forecast(self._states.take(rows[piece]), offsets[piece], around))
        return join(pieces)

    def _end(self, time_s: float, seen: NDArray[np.uint64]) -> None:
        """Forgets the tracks that were not seen for longer than they coast."""
        unseen = ~np.isin(self._ids, seen)
        gone = unseen & (time_s - self._states.filter[:, TIME] > self._asking.coast_s + ROUNDING_S)
        if gone.any():
            kept = np.flatnonzero(~gone)
            self._ids, self._states = self._ids[kept], self._states.take(kept)

    def _begin(self, seen: NDArray[np.uint64]) -> None:
        """Makes room for the tracks that are not known yet."""
        new = seen[~np.isin(seen, self._ids)]
        if not len(new):
            return
        old = len(self._ids)
        grown = self._engine.start(old + len(new), self._asking.given())
        grown.put(np.arange(old), self._states)
        self._ids, self._states = np.concatenate([self._ids, new]), grown
