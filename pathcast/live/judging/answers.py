"""Answers: what was said of the tracks of one frame, whoever said it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt64

from pathcast.model.forecast import Forecast
from pathcast.service.client import Forecasts


@dataclass(frozen=True, eq=False)
class Answer:
    """Forecasts of the tracks of a frame, in metres of the world that was seen."""

    frame: int
    """Number in its stream, from 0."""
    ids: UInt64[np.ndarray, " track"]
    statuses: Int[np.ndarray, " track"]
    forecast: Forecast
    goals: Float[np.ndarray, "track goal_or_none"] | None = None
    outcomes: Float[np.ndarray, "track outcome"] | None = None


def answer_of(reply: Forecasts, offsets_s: tuple[float, ...]) -> Answer:
    """A server's reply."""
    assert reply.means is not None
    assert reply.covariances is not None
    offsets = np.broadcast_to(np.array(offsets_s), (len(reply.track_ids), len(offsets_s)))
    forecast = Forecast(offsets, reply.probabilities, reply.means, reply.covariances, reply.points)
    return Answer(reply.frame_number, reply.track_ids, reply.statuses, forecast, reply.goals, reply.outcomes)
