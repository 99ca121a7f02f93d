"""Calibration: the factor at each knot that makes the regions of held-out tracks hold what they say."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pathcast.model.engine import Engine
from pathcast.model.forecast import Forecast
from pathcast.model.metrics import fit_spread_scale
from pathcast.model.training.observed import Observed, Source, prefixes_of
from pathcast.model.training.settings import TrainingSettings

MOST_TRACKS = 3000


def forecast_observed(
    engine: Engine, observed: Observed, offsets: Float[np.ndarray, " time"]
) -> tuple[Forecast, Float[np.ndarray, "track knot axis"]]:
    """Forecasts after the first end of each track, and the truth at all knots."""
    times, positions, lengths, truth = prefixes_of(observed)
    states = engine.encode(engine.start(len(times)), times, positions, lengths)
    return engine.forecast(states, np.tile(offsets, (len(times), 1)), observed.others_at(0)), truth


def fit_scale(engine: Engine, source: Source, settings: TrainingSettings) -> list[float]:
    """Scales at the knots, fitted on validation tracks that no gradient saw."""
    observed = source.observed("validation", 1, min(settings.num_validation, MOST_TRACKS), 1)
    forecast, truth = forecast_observed(engine, observed, np.asarray(settings.knots_s))
    scale = fit_spread_scale(forecast, truth, np.random.default_rng(settings.seed))
    return [float(value) for value in scale]
