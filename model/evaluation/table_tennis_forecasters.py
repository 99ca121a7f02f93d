"""What stands beside a model on recorded table tennis: paths of simple physics, and the oracle's likeliest flight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.baselines import ballistic, ballistic_drag, constant_velocity
from pathcast.model.baselines.ballistic import GRAVITY as EARTHS_GRAVITY
from pathcast.model.baselines.ballistic import Floor
from pathcast.model.engine import Engine
from pathcast.model.evaluation.ball_scores import forecast_balls, single_mode
from pathcast.model.evaluation.table_tennis import RADIUS_M, Reach, Shown
from pathcast.model.forecast import Forecast
from pathcast.model.given import Given
from pathcast.model.metrics import scale_spread
from pathcast.simulator.ball.parameters import (
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    INERTIA,
    LIFT,
    NUM_PARAMETERS,
    RADIUS,
    RESTITUTION,
)
from pathcast.simulator.ball.sports import TABLE_TENNIS
from pathcast.simulator.oracle.forecast import forecast_by_mode
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import observe
from pathcast.simulator.oracle.track_prior import track_prior

ForecastFlight = Callable[[Shown, Reach], Forecast | None]
"""Forecasts one flight; None where the forecaster lacks something that it needs."""

BUOYANT: Final = 0.985 * EARTHS_GRAVITY
DRAG_PER_M: Final = 0.126
"""Cd .45 at 1.2 kg/m3."""
SPUN_DRAG_PER_M, LIFT_NUMBER = 0.16, 0.002
"""Of the row with known spin: Cd .57, and lift c w x v; published beside measured spins."""
NOISE_M: Final = (0.0013, 0.0035, 0.0013)
"""Of the oracle's row: both sets fly along y, where the clock's half a millisecond adds to what positions have."""


def row_of(drag: float, lift: float, reach: Reach) -> Float[np.ndarray, " parameter"]:
    """A parameter row of a table-tennis ball; a table at height 0 where a forecast goes through a bounce."""
    row = np.zeros(NUM_PARAMETERS)
    row[GRAVITY], row[DRAG], row[LIFT], row[RADIUS], row[INERTIA] = BUOYANT, drag, lift, RADIUS_M, 2 / 3
    row[FLOOR] = 0.0 if reach == "through" else -np.inf
    row[RESTITUTION], row[FRICTION] = TABLE_TENNIS.restitution, TABLE_TENNIS.friction
    return row


def straight(shown: Shown, reach: Reach) -> Forecast:
    """The velocity between the last two observations goes on."""
    return _point(constant_velocity(*_batch(shown)), shown)


def falling(shown: Shown, reach: Reach) -> Forecast:
    """A parabola, bouncing on the table where a forecast goes through a bounce."""
    floor = Floor(radius=RADIUS_M, restitution=TABLE_TENNIS.restitution) if reach == "through" else None
    return _point(ballistic(*_batch(shown), gravity=BUOYANT, floor=floor), shown)


def dragged(shown: Shown, reach: Reach) -> Forecast:
    """The best flight with drag and no spin."""
    return _point(ballistic_drag(*_batch(shown), row_of(DRAG_PER_M, 0.0, reach)), shown)


def spun(shown: Shown, reach: Reach) -> Forecast | None:
    """The best flight with drag and the spin that was measured."""
    if shown.flight.spin is None:
        return None
    row = row_of(SPUN_DRAG_PER_M, LIFT_NUMBER, reach)
    return _point(ballistic_drag(*_batch(shown), row, shown.flight.spin[None]), shown)


def likeliest(shown: Shown, reach: Reach) -> Forecast:
    """The oracle's likeliest flight (its posterior's mode) with spin, drag and lift unknown, and Laplace's regions."""
    prior = track_prior(TABLE_TENNIS, shown.positions[0], max(NOISE_M), 0.0, -0.76)
    modes = find_modes(prior, observe(shown.times, shown.positions[None], np.array(NOISE_M)))
    told = forecast_by_mode(modes, shown.times[-1] + shown.offsets)
    return single_mode(told.mean, told.covariance, shown.offsets[None])


BASELINES: Final[dict[str, tuple[ForecastFlight, str]]] = {
    "constant velocity": (straight, "the velocity between the last two observations"),
    "gravity": (falling, "a parabola by least squares"),
    "gravity + drag": (dragged, f"least squares through the flight kernels, k = {DRAG_PER_M}/m, no spin"),
    "gravity + drag + known spin": (
        spun,
        f"with the measured spin, k = {SPUN_DRAG_PER_M}/m, c = {LIFT_NUMBER}",
    ),
    "oracle's mode": (
        likeliest,
        "posterior mode under the simulator's prior of the sport, spin unknown, noise 1.3 mm and 3.5 mm along the "
        "flight; Laplace's regions; the mode instead of the sampler, which costs a hundred times as much",
    ),
}
"""By name: the forecaster, and what it is. Regions are scored of the last one alone; the others are points."""
POINTS: Final = frozenset(BASELINES) - {"oracle's mode"}


def model_forecaster(engine: Engine, given: Given, margin: float = 1.0) -> ForecastFlight:
    """A model, told what is given; it answers up to its horizon, and not at all where more is asked.

    Args:
        engine: The model.
        given: What it is told.
        margin: What its standard deviations are multiplied by: recorded positions err together, which flights hide.
    """

    def forecast(shown: Shown, reach: Reach) -> Forecast | None:
        if shown.offsets[-1] > engine.card.horizon_s + 1e-9:
            return None
        forecast = forecast_balls(engine, shown.times, shown.positions[None], shown.offsets, given)
        return scale_spread(forecast, np.array([margin]))

    return forecast


def _batch(
    shown: Shown,
) -> tuple[
    Float[np.ndarray, "1 past"], Float[np.ndarray, "1 past 3"], Int[np.ndarray, " 1"], Float[np.ndarray, "1 time"]
]:
    """Times, positions, length and offsets of a single track."""
    return shown.times[None], shown.positions[None], np.array([len(shown.times)]), shown.offsets[None]


def _point(path: Float[np.ndarray, "1 time 3"], shown: Shown) -> Forecast:
    """A path as a forecast; its spread of a millimetre means nothing."""
    covariance = np.broadcast_to(1e-6 * np.eye(3), (*path.shape, 3))
    return single_mode(path, covariance, shown.offsets[None])
