"""Scored: forecasts beside the truth, one case each, with what each is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from pathcast.model.evaluation.comparison import LEAST_CLUSTERS
from pathcast.model.forecast import Forecast, join
from pathcast.model.metrics.displacement import mean_over_steps


@dataclass(frozen=True, eq=False)
class Scored:
    """Cases, a row each; NaN where there is nothing to score."""

    stream: Int[np.ndarray, " case"]
    frame: Int[np.ndarray, " case"]
    true: Int[np.ndarray, " case"]
    cluster: Int[np.ndarray, " case"]
    """Cases of one cluster share what happened; those of different ones are independent."""
    time_s: Float[np.ndarray, " case"]
    num_seen: Int[np.ndarray, " case"]
    status: Int[np.ndarray, " case"]
    truth: Float[np.ndarray, "case time axis"]
    """Metres."""
    forecast: Forecast
    error: Float[np.ndarray, "case time"]
    """Metres, of the point forecast: the model's best path, or the mixture's mean."""
    nearest: Float[np.ndarray, " case"]
    """Metres: average displacement of the best of all modes."""
    nll: Float[np.ndarray, "case time"]
    """Nats, of positions in metres."""
    energy: Float[np.ndarray, "case time"]
    """Metres."""
    mass_above: Float[np.ndarray, "case time"]
    """Share of the mixture that is denser than at the truth: uniform where the forecast is right."""
    size: Float[np.ndarray, "case time"]
    """Of the region that holds 90 %, m² or m³."""
    goals: Float[np.ndarray, "case goal"]
    """Probabilities of the named goals; NaN behind the last, and where none are named."""
    true_goal: Int[np.ndarray, " case"]
    """Column of the goal that is headed for; -1: none of them."""
    outcomes: Float[np.ndarray, "case outcome"]
    """Probabilities; NaN where none are told."""
    true_outcome: Int[np.ndarray, " case"]
    """Number of `following.OUTCOMES`; 0 where there is none to come to, or it is decided already."""
    times: Float[np.ndarray, "case past"]
    positions: Float[np.ndarray, "case past axis"]
    lengths: Int[np.ndarray, " case"]

    @property
    def num_cases(self) -> int:
        return len(self.stream)

    @property
    def offsets_s(self) -> Float[np.ndarray, " time"]:
        return np.asarray(self.forecast.offsets[0]) if self.num_cases else np.zeros(self.error.shape[1])

    @property
    def ade(self) -> Float[np.ndarray, " case"]:
        """Metres: mean error over the steps whose truth is known."""
        return mean_over_steps(self.error)

    @property
    def is_inside90(self) -> Float[np.ndarray, "case time"]:
        """1 where the truth is inside the smallest region of 90 %, else 0; NaN where it is not known."""
        return np.where(np.isnan(self.mass_above), np.nan, (self.mass_above < 0.9 - 1e-12).astype(np.float64))

    def take(self, rows: Int[np.ndarray, " chosen"] | Bool[np.ndarray, " case"]) -> Scored:
        """The chosen cases."""
        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Scored(**{each.name: _take(getattr(self, each.name), chosen) for each in fields(self)})

    @classmethod
    def concatenate(cls, pieces: Sequence[Scored]) -> Scored:
        """One after the other; of the same offsets, modes and axes."""
        columns: dict[str, Any] = {}
        for each in fields(cls):
            parts = [getattr(piece, each.name) for piece in pieces]
            columns[each.name] = join(parts) if isinstance(parts[0], Forecast) else _stack(parts, each.name)
        return cls(**columns)

    def in_order(self) -> Scored:
        """By stream, frame and true track."""
        return self.take(np.lexsort((self.true, self.frame, self.stream)))

    def clustered(self) -> tuple[Scored, str]:
        """The same cases by scene or, where there are too few of these for intervals, by track; and which, in words."""
        if len(np.unique(self.cluster)) >= LEAST_CLUSTERS:
            return self, "scenes"
        keys = np.column_stack([self.stream, self.true])
        number = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return replace(self, cluster=number), "tracks"


def _take(values: Any, rows: NDArray[np.int64]) -> Any:
    return values.take(rows) if isinstance(values, Forecast) else values[rows]


def _stack(parts: list[NDArray[Any]], name: str) -> NDArray[Any]:
    """Rows of several pieces; where they are of different lengths, filled up with NaN, or what was seen with 0."""
    if parts[0].ndim == 1 or len({part.shape[1] for part in parts}) == 1:
        return np.concatenate(parts)
    widest = max(part.shape[1] for part in parts)
    fill = 0.0 if name in ("times", "positions") else np.nan
    filled = []
    for part in parts:
        blank = np.full((len(part), widest, *part.shape[2:]), fill)
        blank[:, : part.shape[1]] = part
        filled.append(blank)
    return np.concatenate(filled)
