"""Forecasting: a table of tracks in, a table of forecasts and a table of what was rejected out.

This is the core of every batch job: it holds an engine and no state, so it runs in any process, for any part of the
tracks that is whole scenes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from pathcast.batch.rejected import SCHEMA, rejected_instants, rejected_tracks
from pathcast.batch.wanted import Wanted
from pathcast.formats.tables import tracks_of_table
from pathcast.model.engine import Engine
from pathcast.model.forecast import Forecast, merge_modes
from pathcast.model.forecast_table import forecast_table
from pathcast.model.forecaster import check_offsets
from pathcast.model.goals import Goals
from pathcast.model.instants import chosen_rows, forecasts_at, scene_blocks, states_at
from pathcast.model.people import Snapshots
from pathcast.model.states import States
from pathcast.model.whole_tracks import check_frame
from pathcast.tracks import Tracks

BYTES_IN_PART = 1 << 24
"""About how much of forecasts is made at once."""
STATES_AT_ONCE = 1 << 13
"""About how many instants' states are kept at once."""
FEWEST, MOST = 256, 1 << 16

Part = tuple[pa.Table, pa.Table]
"""Some forecasts, and what was rejected meanwhile."""


@dataclass(frozen=True, eq=False)
class _Block:
    """Some whole scenes, and what is forecast of them."""

    seen: Tracks
    narrow: Float[np.ndarray, "row axis"]
    rows: Int[np.ndarray, " chosen"]
    people: Snapshots | None


class BatchForecaster:
    """Forecasts tables of tracks with one engine; called with a table of whole scenes it answers with two."""

    def __init__(self, engine: Engine, wanted: Wanted | None = None) -> None:
        """Raises:
        InputError: Something wanted that the model does not have.
        """
        self.engine = engine
        self.wanted = wanted or Wanted()
        self.outputs = self.wanted.checked_outputs(engine.card)
        self._zero = np.zeros(engine.card.num_axes) if self.wanted.origin is None else np.array(self.wanted.origin)
        self._given = self.wanted.given.seen_from(self._zero)
        self._offsets = check_offsets(engine.card, self.wanted.offsets_s)
        self._goals = Goals.of(self.wanted.goals, self._zero.tolist())
        self._num_modes = min(self.wanted.num_modes or engine.card.num_modes, engine.card.num_modes)
        self.rows_in_part = int(np.clip(BYTES_IN_PART // self.bytes_per_row, FEWEST, MOST))

    @property
    def bytes_per_row(self) -> int:
        """What one forecast takes."""
        axes, times = self.engine.card.num_axes, len(self._offsets)
        numbers = 6 + self._num_modes
        numbers += self._num_modes * times * axes * ("means" in self.outputs)
        numbers += self._num_modes * times * (axes * (axes + 1) // 2) * ("covariances" in self.outputs)
        return 4 * numbers

    def __call__(self, table: pa.Table | pa.RecordBatch) -> Part:
        """The forecasts of a table of whole scenes, and what was rejected of it.

        Args:
            table: With the columns that `pathcast.formats.tables.tracks_of_table` finds.

        Raises:
            InputError: A column that is missing or of another type, other axes than the model's, or a wrong row.
        """
        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        parts = list(self.parts(tracks_of_table(table)))
        return pa.concat_tables(each for each, _ in parts), pa.concat_tables(each for _, each in parts)

    def parts(self, tracks: Tracks) -> Iterator[Part]:
        """The same bit by bit, by scene, track and time, at least once.

        Args:
            tracks: Whole scenes where the model looks at the other people, else whole tracks.
        """
        check_frame(self.engine.card, tracks, self.wanted.origin)
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and rejected as too far
            narrow = (tracks.position - self._zero).astype(np.float32)
        rejected, kept = rejected_tracks(tracks, narrow)
        seen = tracks.select(kept)
        narrow = narrow[kept]
        rows = chosen_rows(seen.starts, self.wanted.every)
        if not len(rows):
            yield self._table(seen, rows, self._empty()), rejected
            return
        for block, people in scene_blocks(self.engine, seen, narrow, self._given):
            begin, end = np.searchsorted(rows, [block.start, block.stop])
            inside = _Block(seen.select(block), narrow[block], rows[begin:end] - block.start, people)
            for part, strange in self._forecast(inside):
                yield part, pa.concat_tables([rejected, strange])
                rejected = SCHEMA.empty_table()

    def _forecast(self, block: _Block) -> Iterator[Part]:
        """The parts of some whole scenes, states of some whole tracks at a time."""
        for rows in _runs_of_tracks(block.seen.starts, block.rows):
            states = states_at(self.engine, block.seen, block.narrow, rows, self._given)
            for start in range(0, len(rows), self.rows_in_part):
                some = np.arange(start, min(start + self.rows_in_part, len(rows)))
                yield self._part(block, rows[some], states.take(some))

    def _part(self, block: _Block, rows: Int[np.ndarray, " row"], states: States) -> Part:
        offsets = np.broadcast_to(self._offsets, (len(rows), len(self._offsets)))
        forecast = _gather(
            (
                merge_modes(each, self._num_modes)
                for each in forecasts_at(self.engine, block.people, rows, states, offsets)
            ),
            offsets,
        )
        more = self._more(states)
        good = np.ones(len(rows), np.bool_)
        if not forecast.is_all_finite():
            good = forecast.is_finite()
        for probabilities, _ in more.values():
            good &= np.isfinite(probabilities).all(axis=1)
        if good.all():
            return self._table(block.seen, rows, forecast, more), SCHEMA.empty_table()
        more = {name: (probabilities[good], choices) for name, (probabilities, choices) in more.items()}
        table = self._table(block.seen, rows[good], forecast.take(np.flatnonzero(good)), more)
        return table, rejected_instants(block.seen, rows[~good])

    def _more(self, states: States) -> dict[str, tuple[Float[np.ndarray, "row choice"], tuple[str, ...]]]:
        """Probabilities beside those of the modes, with the names of the choices."""
        more = {}
        if "outcomes" in self.outputs:
            more["outcomes"] = self.engine.outcomes(states).astype(np.float32), self.engine.card.outcome_names
        if "goals" in self.outputs:
            weighed = self.engine.goal_probabilities(states, self._goals.ends)
            more["goals"] = weighed.astype(np.float32), (*self._goals.names, "")
        return more

    def _table(
        self, seen: Tracks, rows: Int[np.ndarray, " row"], forecast: Forecast, more: dict[str, Any] | None = None
    ) -> pa.Table:
        if self._zero.any():
            point = None if forecast.point is None else forecast.point + self._zero
            forecast = replace(forecast, means=forecast.means + self._zero, point=point)
        return forecast_table(
            seen.scene[rows],
            seen.track[rows],
            seen.time[rows],
            forecast,
            scene_names=seen.scene_names,
            more=self._more(self.engine.start(0, self._given)) if more is None else more,
            outputs=self.outputs,
            card=self.engine.card,
            offsets_s=self._offsets,
        )

    def _empty(self) -> Forecast:
        """The forecast of no tracks."""
        offsets = np.zeros((0, len(self._offsets)))
        return merge_modes(self.engine.forecast(self.engine.start(0, self._given), offsets), self._num_modes)


def _runs_of_tracks(
    starts: Int[np.ndarray, " start"], rows: Int[np.ndarray, " chosen"]
) -> Iterator[Int[np.ndarray, " some"]]:
    """The chosen rows in runs of whole tracks, about `STATES_AT_ONCE` each."""
    begin = 0
    while begin < len(rows):
        end = min(begin + STATES_AT_ONCE, len(rows))
        track_end = starts[np.searchsorted(starts, rows[end - 1], side="right")]
        end = int(np.searchsorted(rows, track_end))
        yield rows[begin:end]
        begin = end


def _gather(forecasts: Iterator[Forecast], offsets: Float[np.ndarray, "row time"]) -> Forecast:
    """Forecasts one after the other in arrays of their whole length, so that each number is copied once."""
    whole: Forecast | None = None
    begin = 0
    for each in forecasts:
        if whole is None:
            if each.num_tracks == len(offsets):
                return replace(each, offsets=offsets)
            whole = Forecast(offsets, *(_longer(part, len(offsets)) for part in _arrays(each)))  # type: ignore[arg-type]
        end = begin + each.num_tracks
        for target, part in zip(_arrays(whole), _arrays(each), strict=True):
            if target is not None and part is not None:
                target[begin:end] = part
        begin = end
    assert whole is not None
    return whole


def _arrays(forecast: Forecast) -> tuple[np.ndarray | None, ...]:
    return forecast.probabilities, forecast.means, forecast.covariances, forecast.point


def _longer(array: np.ndarray | None, length: int) -> np.ndarray | None:
    return None if array is None else np.empty((length, *array.shape[1:]), array.dtype)
