"""Calibration of a trained bundle on held-out tracks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pathcast.model.engine import Engine
from pathcast.model.forecast import Forecast
from pathcast.model.metrics import fit_spread_scale, fit_temperature, temper
from pathcast.model.states import States
from pathcast.model.training.observed import Observed, Source, prefixes_of
from pathcast.model.training.settings import TrainingSettings

MOST_TRACKS = 3000


def forecast_observed(
    engine: Engine, observed: Observed, offsets: Float[np.ndarray, " time"]
) -> tuple[Forecast, Float[np.ndarray, "track knot axis"]]:
    """Forecasts after the first end of each track, and the truth at all knots."""
    times, positions, lengths, truth = prefixes_of(observed)
    states = engine.start(len(times))
    if observed.starts is not None:
        states = States(observed.starts.copy(), states.memory)
    states = engine.encode(states, times, positions, lengths)
    return engine.forecast(states, np.tile(offsets, (len(times), 1)), observed.others_at(0)), truth


def calibrate(engine: Engine, source: Source, settings: TrainingSettings) -> tuple[float, list[float]]:
    """Temperature of the modes' probabilities and then scales of the spreads at the knots, from validation tracks.

    No gradient saw them, and they are observed anew: simulated balls are other throws than those that chose the epoch,
    walkers are others' prefixes of the same scenes. Recorded scenes have no prefixes to spare: there the ones that
    chose one of `num_epochs` epochs calibrate too, a choice of a few bits beside thousands of scores.

    Args:
        engine: A bundle that is not calibrated.
        source: Its world.
        settings: Its training's.
    """
    observed = source.observed("validation", 1, min(settings.num_validation, MOST_TRACKS), 1)
    forecast, truth = forecast_observed(engine, observed, np.asarray(settings.knots_s))
    temperature = fit_temperature(forecast, truth)
    scale = fit_spread_scale(temper(forecast, temperature), truth, np.random.default_rng(settings.seed))
    return temperature, [settings.spread_margin * float(value) for value in scale]
