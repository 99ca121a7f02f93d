"""Warming: every function of an engine called once, before anybody waits for it, and what comes of it looked at."""

from __future__ import annotations

import numpy as np

from pathcast.errors import BundleError
from pathcast.model.engine import Engine
from pathcast.model.entries import find_entries
from pathcast.model.forecast import Forecast
from pathcast.model.regions import Regions


def warm(engine: Engine) -> Forecast:
    """The forecast of a made-up track; every function is called, so that the first client waits for no compilation."""
    axes = engine.card.num_axes
    times = np.array([[0.0, 0.1, 0.2]])
    positions = np.zeros((1, 3, axes), np.float32)
    states = engine.encode(engine.start(1), times, positions, np.array([3]))
    if not engine.card.is_whole_only:
        states = engine.observe(states, np.array([0.3]), positions[:, 0])
    offsets = np.array([engine.card.offsets_s])
    forecast = engine.forecast(states, offsets)
    square = Regions.of({"square": [(-1, -1), (1, -1), (1, 1), (-1, 1)]})
    find_entries(forecast, engine.positions(states), square, offsets, np.zeros(1))
    engine.forecast(states, 0.9 * offsets)  # between the knots, where some engines take another way
    if engine.card.takes_goals:
        engine.goal_probabilities(states, np.ones((1, 4)))
    if engine.card.outcome_names:
        engine.outcomes(states)
    if engine.card.has_contacts:
        engine.contacts(states, engine.card.offsets_s[-1])
    if engine.card.has_surprise:
        engine.surprise(states)
        engine.is_suspect(states)
    return forecast


def verify(engine: Engine) -> None:
    """Warms an engine that nobody has used yet.

    Raises:
        BundleError: It cannot forecast, for whatever reason.
    """
    card = engine.card
    try:
        is_finite = bool(warm(engine).is_finite().all())
    except Exception as error:
        raise BundleError(f"{card.name} {card.version}: a forecast failed: {type(error).__name__}: {error}") from error
    if not is_finite:
        raise BundleError(f"{card.name} {card.version}: expected a finite forecast, found another one")
