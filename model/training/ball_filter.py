"""What a ball's filter takes for granted, from the throws that are trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from pathcast.model.bundle.config import BallConfig
from pathcast.model.training.ball_throws import Drawn, draw
from pathcast.model.training.settings import TrainingSettings
from pathcast.simulator.ball.coefficients import full_parameters
from pathcast.simulator.ball.parameters import (
    CRISIS_DRAG,
    CRISIS_SPEED,
    CRISIS_WIDTH,
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    GUSTS,
    LIFT,
    LIFT_SATURATION,
    RADIUS,
    RESTITUTION,
    RESTITUTION_FALL,
    SPIN_DRAG,
    SPIN_RATE_DRAG,
    TANGENTIAL,
    WIND_X,
    WIND_Y,
)

NUM_THROWS = 4096
WIDER = 1.15
"""What deviations of the training throws are multiplied by, for throws unlike them."""
FREE_DENSITY = {"parabola": 0.5, "none": 60.0}
"""Unmodelled acceleration's density, m²/s³, of filters that know no air, and no gravity either."""


def ball_config(settings: TrainingSettings) -> BallConfig:
    """The front end that the settings' throws ask for."""
    shares = np.array(list(settings.throws.values())) / sum(settings.throws.values())
    drawn = [
        draw(name, max(int(NUM_THROWS * share), 64), 0, 0, settings.lift_factor)
        for name, share in zip(settings.throws, shares, strict=True)
    ]
    ball = drawn[int(shares.argmax())].throws.ball
    nominal = _nominal(drawn[int(shares.argmax())], settings)
    coefficients = np.concatenate([_coefficients(each, nominal, (ball.radius_m, ball.mass_kg)) for each in drawn])
    spins = np.concatenate([_spins(each) for each in drawn])
    velocity = np.concatenate([each.throws.states[:, 3:6] for each in drawn])
    mean, deviation = coefficients.mean(axis=0), WIDER * coefficients.std(axis=0) + 1e-3
    numbers = {
        "spin_mean": np.array([0.0, spins[:, 1].mean(), 0.0]),
        "spin_deviation": WIDER * np.maximum(spins.std(axis=0), 0.5),
        "coefficient_mean": mean,
        "coefficient_deviation": deviation,
    }
    density = settings.acceleration_density
    if settings.base != "physics":
        numbers["spin_mean"], numbers["spin_deviation"] = np.zeros(3), np.full(3, 1e-6)
        numbers["coefficient_mean"] = np.where(np.arange(5) < 2, 0.0, mean)
        numbers["coefficient_deviation"] = np.full(5, 1e-6)
        density = FREE_DENSITY[settings.base]
    return BallConfig(
        venue=settings.venue,
        parameters=tuple(round(float(value), 9) for value in nominal),
        radius_m=ball.radius_m,
        mass_kg=ball.mass_kg,
        noise_m=settings.noise_m,
        clock_s=settings.clock_jitter_s,
        max_speed_mps=round(1.3 * float(np.sqrt((velocity**2).mean())), 3),
        acceleration_density=density,
        lift_walk=settings.lift_walk,
        hit_speed_share=settings.hit_speed_share,
        hit_spin_share=settings.hit_spin_share,
        untold_object=settings.untold_object,
        spin_mean=_rounded(numbers["spin_mean"]),
        spin_deviation=_rounded(numbers["spin_deviation"]),
        coefficient_mean=_rounded(numbers["coefficient_mean"]),
        coefficient_deviation=_rounded(numbers["coefficient_deviation"]),
    )


def _rounded(values: Float[np.ndarray, " number"]) -> Any:
    """Numbers that a file holds in full."""
    return tuple(round(float(value), 6) for value in values)


def _nominal(drawn: Drawn, settings: TrainingSettings) -> Float[np.ndarray, " full"]:
    """The mean row of the throws that most are, without wind; without air or gravity where the base has none."""
    row = drawn.throws.parameters.mean(axis=0)
    if np.ptp(drawn.radius_m) > 0:
        row = full_parameters(drawn.throws.ball)[0]
    row[FLOOR] = drawn.throws.parameters[0, FLOOR]
    row[[WIND_X, WIND_Y]] = 0.0
    row[GUSTS:] = 0.0
    if settings.base != "physics":
        row[[DRAG, LIFT, LIFT_SATURATION, CRISIS_DRAG, SPIN_DRAG, SPIN_RATE_DRAG, RESTITUTION_FALL]] = 0.0
    if settings.base == "none":
        row[GRAVITY], row[FLOOR] = 0.0, -np.inf
    return np.asarray(row)


def _drag_at(rows: Float[np.ndarray, "*row full"], speed: Float[np.ndarray, " throw"]) -> Float[np.ndarray, " throw"]:
    """Drag k at a speed, 1/m, without spin."""
    crisis, width = rows[:, CRISIS_DRAG], np.where(rows[:, CRISIS_WIDTH] > 0, rows[:, CRISIS_WIDTH], 1.0)
    past = np.clip((speed - rows[:, CRISIS_SPEED]) / width, -500.0, 500.0)
    return np.asarray(rows[:, DRAG] + crisis / (1.0 + np.exp(past)))


def _coefficients(
    drawn: Drawn, nominal: Float[np.ndarray, " full"], reference: tuple[float, float]
) -> Float[np.ndarray, "throw 5"]:
    """The filter's five coefficients of throws, as their flight has them at launch."""
    rows, states = drawn.throws.parameters, drawn.throws.states
    speed = np.maximum(np.linalg.norm(states[:, 3:6], axis=1), 1e-3)
    share = rows[:, RADIUS] * np.linalg.norm(states[:, 6:9], axis=1) / speed
    width = nominal[RADIUS] / rows[:, RADIUS]
    size = (drawn.radius_m / reference[0]) ** 2 / (drawn.mass_kg / reference[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        drag = np.zeros(len(rows))
        if nominal[DRAG] > 0:
            drag = np.log(_drag_at(rows, speed) / _drag_at(nominal[None], speed) / size)
        lift = np.zeros(len(rows))
        if nominal[LIFT] > 0:
            own = rows[:, LIFT] / (1 + rows[:, LIFT_SATURATION] * share)
            expected = nominal[LIFT] * size / width / (1 + nominal[LIFT_SATURATION] * share)
            lift = np.log(np.maximum(own, 1e-9) / expected)
    return np.stack([drag, lift, rows[:, RESTITUTION], rows[:, TANGENTIAL], rows[:, FRICTION]], axis=1)


def _spins(drawn: Drawn) -> Float[np.ndarray, "throw 3"]:
    """Spins along the heading, to its left and upward."""
    states = drawn.throws.states
    size = np.maximum(np.hypot(states[:, 3], states[:, 4]), 1e-6)
    cosine, sine = states[:, 3] / size, states[:, 4] / size
    wx, wy = states[:, 6], states[:, 7]
    return np.stack([cosine * wx + sine * wy, cosine * wy - sine * wx, states[:, 8]], axis=1)
