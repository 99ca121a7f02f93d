"""Scores of forecasts of balls: how any engine is asked about throws, and what its answers are worth."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.model.engine import Engine
from pathcast.model.forecast import Forecast, pack_covariances
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.metrics import energy_score, highest_density_regions, negative_log_likelihood
from pathcast.model.metrics.displacement import mean_over_steps, point_path
from pathcast.simulator.draws import generator


@dataclass(frozen=True, eq=False)
class BallScores:
    """Scores by throw; NaN where a throw has none."""

    ade: Float[np.ndarray, " throw"]
    """Metres, of the point forecast: the engine's own, or the mixture's mean."""
    fde: Float[np.ndarray, " throw"]
    """Metres, at a throw's last known step."""
    energy: Float[np.ndarray, " throw"]
    """Metres."""
    nll: Float[np.ndarray, " throw"]
    """Of positions in metres."""
    coverage50: Float[np.ndarray, " throw"]
    """Share of the steps inside the region that should hold half of what happens."""
    coverage90: Float[np.ndarray, " throw"]
    coverage90_last: Float[np.ndarray, " throw"]
    """Of a throw's last known step."""

    def means(self) -> dict[str, float]:
        """Over the throws."""
        return {each.name: float(np.nanmean(getattr(self, each.name))) for each in fields(self)}


def score_balls(forecast: Forecast, truth: Float[np.ndarray, "throw time 3"], seed: int = 1) -> BallScores:
    """What a forecast is worth.

    Args:
        forecast: At the steps of the truth.
        truth: Metres; NaN where it is not known.
        seed: Of the samples for regions and energy.
    """
    ade, fde = path_errors(point_path(forecast), truth)
    random = generator(seed, "evaluation.balls", 0)
    half = highest_density_regions(forecast, truth, random, 0.5)
    most = highest_density_regions(forecast, truth, random, 0.9)
    is_inside = np.where(np.isnan(most.mass_above), np.nan, most.mass_above < most.level - 1e-12)
    return BallScores(
        ade=ade,
        fde=fde,
        energy=energy_score(forecast, truth, random),
        nll=negative_log_likelihood(forecast, truth),
        coverage50=half.coverage,
        coverage90=most.coverage,
        coverage90_last=at_last_step(is_inside),
    )


def path_errors(
    path: Float[np.ndarray, "throw time 3"], truth: Float[np.ndarray, "throw time 3"]
) -> tuple[Float[np.ndarray, " throw"], Float[np.ndarray, " throw"]]:
    """Average and final displacement, metres, over the steps at which the truth is known."""
    off = np.linalg.norm(path - truth, axis=2)
    return mean_over_steps(off), at_last_step(off)


def at_last_step(values: Float[np.ndarray, "throw time"]) -> Float[np.ndarray, " throw"]:
    """A throw's last value that is not NaN; NaN where there is none."""
    last = values.shape[1] - 1 - np.isfinite(values)[:, ::-1].argmax(axis=1)
    return np.asarray(values[np.arange(len(values)), last], np.float64)


def forecast_balls(
    engine: Engine,
    times: Float[np.ndarray, " past"] | Float[np.ndarray, "throw past"],
    seen: Float[np.ndarray, "throw past 3"],
    offsets: Float[np.ndarray, " time"] | Float[np.ndarray, "throw time"],
    given: Given = NOTHING_GIVEN,
) -> Forecast:
    """What an engine says of throws.

    Args:
        engine: Of balls.
        times: Seconds; one clock, or one for each throw.
        seen: Metres; NaN where nothing was seen. The last instant of a throw that was seen is its newest.
        offsets: Seconds after a throw's newest observation.
        given: What the engine is told of sensor and ball.

    Raises:
        InputError: An engine of other axes, offsets beyond its horizon, a throw of fewer than two observations.
    """
    card = engine.card
    if card.num_axes != 3:
        raise InputError("model", "one of three axes", f"{card.name}, of {card.num_axes}")
    asked = np.broadcast_to(offsets, (len(seen), np.shape(offsets)[-1]))
    if asked.size and float(asked.max()) > card.horizon_s + 1e-9:
        raise InputError("offsets", f"up to the horizon of {card.name}, {card.horizon_s:g} s", f"{asked.max():g} s")
    clock, positions, lengths = only_seen(times, seen)
    states = engine.encode(engine.start(len(seen), given), clock, positions.astype(np.float32), lengths)
    return engine.forecast(states, np.minimum(asked, card.horizon_s))


def only_seen(
    times: Float[np.ndarray, " past"] | Float[np.ndarray, "throw past"], seen: Float[np.ndarray, "throw past 3"]
) -> tuple[Float[np.ndarray, "throw past"], Float[np.ndarray, "throw past 3"], Int[np.ndarray, " throw"]]:
    """Times, positions and lengths with what was not seen left out; zeros stand beyond a throw's length.

    Raises:
        InputError: A throw of fewer than two observations.
    """
    is_seen = np.isfinite(seen).all(axis=2)
    lengths = is_seen.sum(axis=1)
    if (lengths < 2).any():
        raise InputError(f"seen[{int(lengths.argmin())}]", "two observations or more", f"{lengths.min()}")
    order = np.argsort(~is_seen, axis=1, kind="stable")
    beyond = np.arange(seen.shape[1]) >= lengths[:, None]
    clock = np.take_along_axis(np.broadcast_to(times, seen.shape[:2]), order, axis=1)
    positions = np.take_along_axis(seen, order[:, :, None], axis=1)
    return np.where(beyond, 0.0, clock), np.where(beyond[:, :, None], 0.0, positions), lengths


def single_mode(
    mean: Float[np.ndarray, "throw time 3"],
    covariance: Float[np.ndarray, "throw time 3 3"],
    offsets: Float[np.ndarray, "throw time"],
) -> Forecast:
    """A Gaussian at each step as a forecast; deviations below a tenth of a millimetre count as that."""
    packed = pack_covariances(covariance + 1e-8 * np.eye(3))[:, None]
    return Forecast(offsets, np.ones((len(mean), 1), np.float32), _single(mean[:, None]), _single(packed))


def _single(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
