"""Parameter rows of balls, from their constants and the air around them; checks of states."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from pathcast.errors import InputError
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
    SPIN_DECAY,
    TANGENTIAL,
    WIND_X,
    WIND_Y,
)
from pathcast.simulator.ball.sports.ball import Ball, check

STANDARD_GRAVITY: Final = 9.80665
"""m/s2."""
INDOOR_AIR: Final = 1.199
"""kg/m3: 20 degrees Celsius, half saturated, at sea level (exact gas law for moist air)."""
INDOOR_VISCOSITY: Final = 1.513e-5
"""m2/s, kinematic, of the same air (Sutherland)."""


def nominal_parameters(
    ball: Ball,
    *,
    air_density: float = INDOOR_AIR,
    floor: float = 0.0,
    wind: tuple[float, float] = (0.0, 0.0),
    gravity: float = STANDARD_GRAVITY,
) -> Float[np.ndarray, " parameter"]:
    """The parameter row of a ball with its nominal coefficients.

    Args:
        ball: Which.
        air_density: kg/m3.
        floor: Height of the floor's surface, m; minus infinity for none.
        wind: Along x and y, m/s.
        gravity: m/s2, before buoyancy.

    Raises:
        InputError: An argument outside its range.
    """
    rows = random_parameters(ball, 1, air_density=air_density, floor=floor, wind=wind, gravity=gravity)
    return rows.reshape(NUM_PARAMETERS)


def expected_parameters(
    ball: Ball, speed: Float[np.ndarray, " ball"], spin: Float[np.ndarray, " ball"]
) -> Float[np.ndarray, "ball parameter"]:
    """Rows of a nominal ball indoors, drag and lift by its curves at speeds in m/s and spins in rad/s.

    What a player expects of a stroke.
    """
    share = ball.radius_m * np.abs(spin) / speed
    return random_parameters(
        ball,
        len(speed),
        drag_coefficient=ball.drag_curve(2 * ball.radius_m * speed / INDOOR_VISCOSITY, share),
        lift_per_spin=ball.lift_curve.per_spin(share),
    )


def random_parameters(
    ball: Ball,
    num: int,
    *,
    air_density: ArrayLike = INDOOR_AIR,
    floor: float = 0.0,
    wind: tuple[ArrayLike, ArrayLike] = (0.0, 0.0),
    gravity: float = STANDARD_GRAVITY,
    drag_coefficient: ArrayLike | None = None,
    lift_per_spin: ArrayLike | None = None,
    restitution: ArrayLike | None = None,
    tangential: ArrayLike | None = None,
    friction: ArrayLike | None = None,
) -> Float[np.ndarray, "ball parameter"]:
    """Parameter rows of balls whose coefficients, air and wind, where given, are their own.

    Drag k = rho Cd A / (2 m), lift c = rho A R (Cl / S) / (2 m), gravity less the air's buoyancy g (1 - rho V / m).

    Raises:
        InputError: An argument outside its range.
    """
    check("gravity", gravity, 0.0, math.inf)
    if not floor < math.inf:
        raise InputError("floor", "finite metres, or minus infinity for none", f"{floor}")
    density = _all_within("air_density", air_density, 0.0, 100.0)
    volume = 4 / 3 * math.pi * ball.radius_m**3
    per_mass = 0.5 * density * math.pi * ball.radius_m**2 / ball.mass_kg

    def chosen(name: str, values: ArrayLike | None, low: float, high: float) -> NDArray[np.float64]:
        """The values of all balls, in their range."""
        return _all_within(name, getattr(ball, name) if values is None else values, low, high)

    rows: NDArray[np.float64] = np.zeros((num, NUM_PARAMETERS))
    rows[:, GRAVITY] = gravity * (1 - density * volume / ball.mass_kg)
    rows[:, DRAG] = per_mass * chosen("drag_coefficient", drag_coefficient, 0.0, math.inf)
    rows[:, LIFT] = per_mass * ball.radius_m * chosen("lift_per_spin", lift_per_spin, 0.0, math.inf)
    rows[:, WIND_X] = _all_within("wind.x", wind[0], -200.0, 200.0)
    rows[:, WIND_Y] = _all_within("wind.y", wind[1], -200.0, 200.0)
    rows[:, SPIN_DECAY] = ball.spin_decay_per_s
    rows[:, RADIUS] = ball.radius_m
    rows[:, INERTIA] = ball.inertia
    rows[:, FLOOR] = floor
    rows[:, RESTITUTION] = chosen("restitution", restitution, 0.0, 1.0)
    rows[:, TANGENTIAL] = chosen("tangential", tangential, -1.0, 1.0)
    rows[:, FRICTION] = chosen("friction", friction, 0.0, math.inf)
    return rows


def _all_within(where: str, values: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """The numbers, one or one for each ball, all finite and in their range."""
    array = np.asarray(values, np.float64)
    if not ((array >= low) & (array <= high) & np.isfinite(array)).all():
        most = f" to {high:g}" if high < math.inf else ""
        raise InputError(where, f"finite numbers from {low:g}{most}", f"{array.min():g} to {array.max():g}")
    return array


def check_states(states: Float[np.ndarray, "ball 9"], where: str = "states") -> None:
    """Refuses states that are not finite.

    Raises:
        InputError: Naming the ball and the quantity.
    """
    bad = np.argwhere(~np.isfinite(states))
    if len(bad):
        ball, column = bad[0]
        kind = ("position", "velocity", "spin")[column // 3]
        unit = ("m", "m/s", "rad/s")[column // 3]
        raise InputError(f"{where}[{ball}].{kind}.{'xyz'[column % 3]}", f"finite {unit}", f"{states[ball, column]}")
