"""Calibration of a trained bundle on held-out tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pathcast.model.bundle.config import SpreadGroups
from pathcast.model.engine import Engine
from pathcast.model.forecast import Forecast
from pathcast.model.frontends.ball.groups import found_noise, group_of, is_told, seen_seconds
from pathcast.model.metrics import fit_spread_scale, fit_temperature, scale_spread, temper
from pathcast.model.states import States
from pathcast.model.training.observed import Observed, Source, prefixes_of
from pathcast.model.training.settings import TrainingSettings

MOST_TRACKS = 3000
FEWEST = 50
"""Tracks that a group must have for factors of its own."""
NUM_GROUPS = 4
"""By seconds seen, of those who were told the noise and of each level of noise found of the others."""


def encode_observed(engine: Engine, observed: Observed) -> tuple[States, Float[np.ndarray, "track knot axis"]]:
    """What is known after the first end of each track, and the truth at all knots."""
    times, positions, lengths, truth = prefixes_of(observed)
    states = engine.start(len(times))
    if observed.starts is not None:
        states = States(observed.starts.copy(), states.memory)
    return engine.encode(states, times, positions, lengths), truth


def forecast_observed(
    engine: Engine, observed: Observed, offsets: Float[np.ndarray, " time"]
) -> tuple[Forecast, Float[np.ndarray, "track knot axis"]]:
    """Forecasts after the first end of each track, and the truth at all knots."""
    states, truth = encode_observed(engine, observed)
    return engine.forecast(states, np.tile(offsets, (len(truth), 1)), observed.others_at(0)), truth


@dataclass(frozen=True)
class Calibration:
    """What held-out tracks say of a bundle's probabilities and spreads."""

    temperature: float
    """Of the modes' probabilities."""
    scale: list[float]
    """Of spreads, at each knot."""
    groups: SpreadGroups | None = None


def calibrate(engine: Engine, source: Source, settings: TrainingSettings) -> Calibration:
    """Temperature of the modes' probabilities and then scales of the spreads at the knots, from validation tracks.

    Balls have scales for groups too, since what holds on the average of prefixes need not hold of long ones.

    No gradient saw them, and they are observed anew: simulated balls are other throws than those that chose the epoch,
    walkers are others' prefixes of the same scenes. Recorded scenes have no prefixes to spare: there the ones that
    chose one of `num_epochs` epochs calibrate too, a choice of a few bits beside thousands of scores.

    Args:
        engine: A bundle that is not calibrated.
        source: Its world.
        settings: Its training's.
    """
    most = settings.num_calibration if settings.world == "ball" else min(settings.num_validation, MOST_TRACKS)
    observed = source.observed("validation", 1, most, 1)
    states, truth = encode_observed(engine, observed)
    forecast = engine.forecast(states, np.tile(settings.knots_s, (len(truth), 1)), observed.others_at(0))
    temperature = fit_temperature(forecast, truth)
    forecast = temper(forecast, temperature)
    scale = fit_spread_scale(forecast, truth, np.random.default_rng(settings.seed))
    groups = None
    if observed.starts is not None:
        groups = _fit_groups(scale_spread(forecast, scale), truth, states.filter, settings)
    return Calibration(temperature, [settings.spread_margin * float(value) for value in scale], groups)


def _fit_groups(
    forecast: Forecast,
    truth: Float[np.ndarray, "track knot axis"],
    filters: Float[np.ndarray, "track column"],
    settings: TrainingSettings,
) -> SpreadGroups:
    """Factors of tracks seen for longer and longer, that were told their noise or found to have more and more."""
    seen_s = np.quantile(seen_seconds(filters), np.linspace(0, 1, NUM_GROUPS + 1)[1:-1]).round(3)
    untold, levels = filters[~is_told(filters)], np.linspace(0, 1, settings.noise_levels + 1)[1:-1]
    noise = np.quantile(found_noise(untold), levels).round(3) if len(untold) else np.zeros(0)
    group = group_of(filters, seen_s, noise)
    factors = []
    for number in range(NUM_GROUPS * (len(noise) + 2)):
        rows = np.flatnonzero(group == number)
        if len(rows) < FEWEST:
            factors.append([1.0] * forecast.offsets.shape[1])
            continue
        factor = fit_spread_scale(forecast.take(rows), truth[rows], np.random.default_rng(settings.seed))
        factors.append([round(float(value), 4) for value in factor])
    return SpreadGroups(seen_s=seen_s.tolist(), noise=noise.tolist(), factors=factors)
