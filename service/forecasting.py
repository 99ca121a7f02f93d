"""Forecasting: the tracks of many steps forecast together, at any offsets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from pathcast.model.engine import Engine
from pathcast.model.forecast import Forecast, join
from pathcast.model.states import States
from pathcast.service.around import look_around
from pathcast.service.steps import Step, gather_asked

_FORECAST_CELLS = 1 << 17
"""Most track-mode-times in one call of forecast."""


def alike(steps: list[Step], num_times: Callable[[Step], int]) -> list[list[Step]]:
    """Steps that are forecast together: those of as many times; whole prefixes that look at one another alone."""
    groups: dict[tuple[int, int], list[Step]] = {}
    for step in steps:
        alone = id(step) if step.is_whole and step.session.settings.card.uses_neighbours else 0
        groups.setdefault((num_times(step), alone), []).append(step)
    return list(groups.values())


def forecast_at(engine: Engine, steps: list[Step], offsets: Float[np.ndarray, "track time"]) -> Forecast | None:
    """The forecasts of all steps' tracks, one step after the other; None where there is no track.

    Args:
        engine: Theirs.
        steps: That ask for forecasts.
        offsets: Seconds after each track's newest observation.
    """
    if not len(offsets):
        return None
    states = gather_asked(steps)
    around = look_around(engine, steps)
    rows = max(1, _FORECAST_CELLS // (engine.card.num_modes * offsets.shape[1]))
    return join(
        [
            engine.forecast(
                States(states.filter[start : start + rows], states.memory[start : start + rows]),
                offsets[start : start + rows],
                around(slice(start, start + rows)),
            )
            for start in range(0, len(offsets), rows)
        ]
    )
