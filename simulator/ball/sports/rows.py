"""Parameter rows of balls, from their constants and the air around them; checks of states."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from pathcast.errors import InputError
from pathcast.simulator.ball.parameters import (
    CRISIS_DRAG,
    CRISIS_SPEED,
    CRISIS_WIDTH,
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    INERTIA,
    LIFT,
    LIFT_SATURATION,
    NUM_PARAMETERS,
    RADIUS,
    RESTITUTION,
    RESTITUTION_FALL,
    SPIN_DECAY,
    SPIN_DRAG,
    TANGENTIAL,
    WIND_X,
    WIND_Y,
    full_rows,
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


def full_parameters(
    ball: Ball,
    num: int = 1,
    *,
    air_density: ArrayLike = INDOOR_AIR,
    viscosity: ArrayLike = INDOOR_VISCOSITY,
    drag_scale: ArrayLike = 1.0,
    lift_scale: ArrayLike = 1.0,
    critical_reynolds: ArrayLike | None = None,
    **others: Any,
) -> Float[np.ndarray, "ball full"]:
    """Full rows of balls whose drag follows Reynolds' number and whose lift follows the spin parameter.

    Cd(Re, S) and Cl(S) are the ball's `drag_curve` and `lift_curve`. A throw's air does not change on its way, so
    Reynolds numbers are held as speeds, U = Re nu / (2 R).

    Args:
        ball: Which.
        num: How many.
        air_density: kg/m3.
        viscosity: Kinematic, m2/s.
        drag_scale: Of the whole drag curve.
        lift_scale: Of the lift.
        critical_reynolds: Middle of the drag crisis, where it is a throw's own.
        others: As of `random_parameters`; the restitution at the ball's `restitution_speed_mps`.

    Raises:
        InputError: An argument outside its range.
    """
    drag, lift = ball.drag_curve, ball.lift_curve
    scale = np.asarray(drag_scale, np.float64)
    high = np.broadcast_to(drag.high * scale, num)
    first = np.broadcast_to(np.asarray(lift_scale, np.float64) / lift.start, num)
    rows = full_rows(
        random_parameters(ball, num, air_density=air_density, drag_coefficient=high, lift_per_spin=first, **others)
    )
    nu = np.asarray(viscosity, np.float64)
    if not (np.isfinite(nu).all() and (nu > 0).all()):
        raise InputError("viscosity", "finite m2/s over 0", f"{nu.min():g}")
    middle = np.asarray(drag.critical_reynolds if critical_reynolds is None else critical_reynolds, np.float64)
    if not (np.isfinite(middle).all() and (middle > 0).all()):
        raise InputError("critical_reynolds", "finite numbers over 0", f"{middle.min():g}")
    per_mass = 0.5 * np.asarray(air_density, np.float64) * math.pi * ball.radius_m**2 / ball.mass_kg
    per_reynolds = nu / (2 * ball.radius_m)
    if drag.low != drag.high:
        rows[:, CRISIS_DRAG] = per_mass * (drag.low - drag.high) * scale
        rows[:, CRISIS_SPEED] = middle * per_reynolds
        rows[:, CRISIS_WIDTH] = drag.width_reynolds * per_reynolds
    rows[:, SPIN_DRAG] = per_mass * drag.per_spin * scale
    rows[:, LIFT_SATURATION] = lift.rest / lift.start
    at_rest = rows[:, RESTITUTION] + ball.restitution_fall * ball.restitution_speed_mps
    rows[:, RESTITUTION] = np.minimum(at_rest, 1.0)
    rows[:, RESTITUTION_FALL] = ball.restitution_fall
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
