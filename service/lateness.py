"""Lateness: what answers a frame that waited longer than its stream allows: a baseline, at next to no cost.

Its observations were taken in as ever, so the next forecast is made from all of them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pathcast.model.course import go_on
from pathcast.model.engine import Engine
from pathcast.model.entries import find_entries
from pathcast.model.forecast import Forecast, pack_covariances
from pathcast.service.entering import asks_for_entries, further_knots
from pathcast.service.steps import Asking, Step


def answer_late(engine: Engine, steps: list[Step]) -> None:
    """Puts baselines into steps: paths, entries into regions, and what costs nothing to read of the state.

    Goals, outcomes and contacts are left out: the baseline knows none.
    """
    for step in steps:
        part = step.asking
        assert part is not None
        step.is_late = True
        if not len(part.slots):
            continue
        states = step.session.states.take(part.slots)
        settings = step.session.settings
        mixture = _forecast(step, part, part.offsets)
        step.mixture, step.forecast = mixture, _in_modes(mixture, settings.num_modes, settings.card.has_point)
        if settings.card.has_surprise:
            step.is_suspect = engine.is_suspect(states)
            step.surprises = engine.surprise(states) if settings.has_surprise else None
        if asks_for_entries(step):
            knots = further_knots(step)
            if knots is not None:
                mixture = _forecast(step, part, np.minimum(knots + part.gaps[:, None], settings.card.horizon_s))
            where = np.asarray(engine.positions(states))
            step.entries = find_entries(mixture, where, part.regions, part.offsets, part.gaps)


def _forecast(step: Step, part: Asking, offsets: Float[np.ndarray, "track time"]) -> Forecast:
    """One mode at any offsets."""
    session = step.session
    assert session.courses is not None and session.law is not None
    means, variances = go_on(session.courses[part.slots], offsets, session.law)
    full = variances[:, :, None, None] * np.eye(means.shape[2])
    return Forecast(
        offsets,
        np.ones((len(offsets), 1), np.float32),
        means[:, None].astype(np.float32),
        pack_covariances(full)[:, None].astype(np.float32),
    )


def _in_modes(forecast: Forecast, num_modes: int, has_point: bool) -> Forecast:
    """The same in as many modes as the stream has, the first of which holds all the probability."""
    probabilities = np.zeros((forecast.num_tracks, num_modes), np.float32)
    probabilities[:, 0] = 1.0
    return Forecast(
        forecast.offsets,
        probabilities,
        np.repeat(forecast.means, num_modes, axis=1),
        np.repeat(forecast.covariances, num_modes, axis=1),
        forecast.means[:, 0] if has_point else None,
    )
