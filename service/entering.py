"""Entering: whether and when the tracks of streams step into the regions that the streams name."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pathcast.model.engine import Engine
from pathcast.model.entries import entry_knots, find_entries
from pathcast.model.forecast import Forecast
from pathcast.service.forecasting import forecast_at
from pathcast.service.steps import Asking, Step, gather


def asks_for_entries(step: Step) -> bool:
    """Whether it asks for entries of anybody into any region."""
    return step.asking is not None and len(step.asking.regions) > 0 and len(step.asking.slots) > 0


def further_knots(step: Step) -> Float[np.ndarray, " knot"] | None:
    """Seconds after the frame at which a step's tracks must be forecast for their entries; None: at those asked for."""
    settings = step.session.settings
    knots = entry_knots(settings.offsets, np.asarray(settings.card.offsets_s))
    return None if len(knots) == len(settings.offsets) else knots


def num_further_knots(step: Step) -> int:
    """Their number, 0 for none."""
    knots = further_knots(step)
    return 0 if knots is None else len(knots)


def enter(engine: Engine, steps: list[Step]) -> None:
    """Puts first entries into steps that ask for them and have as many further knots."""
    parts = [step.asking for step in steps if step.asking is not None]
    positions = engine.positions(gather([(step.session, part.slots) for step, part in zip(steps, parts, strict=True)]))
    whole = _forecast_further(engine, steps, parts)
    start = 0
    for step, part in zip(steps, parts, strict=True):
        rows = slice(start, start + len(part.slots))
        mixture = step.mixture if whole is None else whole.take(rows)
        assert mixture is not None
        step.entries = find_entries(mixture, positions[rows], part.regions, part.offsets, part.gaps)
        start = rows.stop


def _forecast_further(engine: Engine, steps: list[Step], parts: list[Asking]) -> Forecast | None:
    """The forecasts at further knots; None where there are none."""
    offsets = []
    for step, part in zip(steps, parts, strict=True):
        knots = further_knots(step)
        if knots is not None:
            offsets.append(np.minimum(knots + part.gaps[:, None], step.session.settings.card.horizon_s))
    return forecast_at(engine, steps, np.concatenate(offsets)) if offsets else None
