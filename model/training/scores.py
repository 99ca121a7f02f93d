"""Scores of a trained bundle on simulated test tracks."""

from __future__ import annotations

import numpy as np

from pathcast.model.baselines import ballistic, constant_velocity
from pathcast.model.baselines.ballistic import Floor
from pathcast.model.engine import Engine
from pathcast.model.evaluation.scores import score_forecasts
from pathcast.model.training.ball_throws import kind_named
from pathcast.model.training.calibration import forecast_observed
from pathcast.model.training.observed import Source, prefixes_of
from pathcast.model.training.settings import TrainingSettings


def score(engine: Engine, source: Source, settings: TrainingSettings) -> dict[str, float]:
    """Scores at the default offsets, on tracks of the test part, with baselines beside them."""
    observed = source.observed("test", 0, settings.num_test, 1)
    offsets = np.asarray(engine.card.offsets_s)
    forecast, truth = forecast_observed(engine, observed, offsets)
    times, positions, lengths, _ = prefixes_of(observed)
    prefix = times, positions.astype(np.float64), lengths, forecast.offsets
    baselines = {"constant_velocity": constant_velocity(*prefix)}
    if settings.world == "ball":
        ball = kind_named(max(settings.throws, key=lambda name: settings.throws[name])).ball
        floor = Floor(height=0.0, radius=ball.radius_m, restitution=ball.restitution)
        baselines["ballistic"] = ballistic(*prefix, floor=floor)
    random = np.random.default_rng(settings.seed)
    return score_forecasts(forecast, truth[:, : len(offsets)], baselines, random)
