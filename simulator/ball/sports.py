"""Balls of sports: size, mass, and the nominal coefficients of flight and bounce, with their sources."""

from __future__ import annotations

import math
from dataclasses import dataclass
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

STANDARD_GRAVITY: Final = 9.80665
"""m/s2."""
INDOOR_AIR: Final = 1.199
"""kg/m3: 20 degrees Celsius, half saturated, at sea level (exact gas law for moist air)."""


def _check(where: str, value: float, low: float, high: float, open_low: bool = False) -> None:
    """Refuses a value outside its range."""
    if not (low < value if open_low else low <= value) or not value <= high or not math.isfinite(value):
        least = "over" if open_low else "from"
        most = f" to {high:g}" if high < math.inf else ""
        raise InputError(where, f"a finite number {least} {low:g}{most}", f"{value}")


@dataclass(frozen=True, kw_only=True)
class Ball:
    """A kind of ball, with nominal coefficients."""

    name: str
    mass_kg: float
    radius_m: float
    inertia: float = 2 / 3
    """I / (m R^2): 2/3 of a thin shell, 2/5 of a solid ball."""
    drag_coefficient: float
    """Cd."""
    lift_per_spin: float
    """Cl / S, the lift coefficient per spin parameter S = R |w| / |u|."""
    spin_decay_per_s: float = 1 / 30
    restitution: float
    """Normal, of a bounce on its own floor."""
    tangential: float
    """Tangential restitution."""
    friction: float

    def __post_init__(self) -> None:
        where = f"ball {self.name}: "
        _check(where + "mass_kg", self.mass_kg, 0.0, math.inf, open_low=True)
        _check(where + "radius_m", self.radius_m, 0.0, math.inf, open_low=True)
        _check(where + "inertia", self.inertia, 0.0, 1.0, open_low=True)
        _check(where + "drag_coefficient", self.drag_coefficient, 0.0, math.inf)
        _check(where + "lift_per_spin", self.lift_per_spin, 0.0, math.inf)
        _check(where + "spin_decay_per_s", self.spin_decay_per_s, 0.0, math.inf)
        _check(where + "restitution", self.restitution, 0.0, 1.0)
        _check(where + "tangential", self.tangential, -1.0, 1.0)
        _check(where + "friction", self.friction, 0.0, math.inf)


BASKETBALL: Final = Ball(
    name="basketball",
    # NBA rule 2: 22 oz, 29.5 in round. A thin shell.
    mass_kg=0.6237,
    radius_m=0.7493 / (2 * math.pi),
    # .47 fits SportVU tracks (inpredictable, "Kind of a drag"); .47 to .54 below the drag crisis (Re 1.3e5 to 1.5e5).
    drag_coefficient=0.50,
    # Small spins; an estimate within what spheres show.
    lift_per_spin=0.5,
    # Baseball's 30 s (Nathan); nobody's measurement of this ball.
    spin_decay_per_s=1 / 30,
    # FIBA: dropped from 1.8 m it comes back to 1035 to 1085 mm, bottom of the ball. Without air that is e = .758 to
    # .776; drag takes 6 % of the height, so it is .78 to .80.
    restitution=0.79,
    # Real balls grip and spin up a little beyond rolling (Cross 2002, Am. J. Phys. 70:1093).
    tangential=0.1,
    friction=0.55,
)
TABLE_TENNIS: Final = Ball(
    name="table-tennis",
    # ITTF: 40 mm, 2.7 g. A thin shell.
    mass_kg=0.0027,
    radius_m=0.020,
    # Literature .40 to .50; flights of recorded rallies fit about .54 at this air density.
    drag_coefficient=0.50,
    # Cl near 0.6 S for S under 0.3 (Miyazaki et al. 2017, Eur. J. Phys.), less in recorded rallies.
    lift_per_spin=0.5,
    spin_decay_per_s=1 / 30,
    # ITTF: about 23 cm from 30 cm on the table is e = .876 without air; steel .887 to .923.
    restitution=0.885,
    tangential=0.1,
    friction=0.25,
)
BALLS: Final = {ball.name: ball for ball in (BASKETBALL, TABLE_TENNIS)}
"""The balls known by name."""


def ball_named(name: str) -> Ball:
    """The ball of a sport.

    Raises:
        InputError: No ball of that name.
    """
    if name not in BALLS:
        raise InputError("ball", f"one of {', '.join(BALLS)}", repr(name))
    return BALLS[name]


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
    air_density: float = INDOOR_AIR,
    floor: float = 0.0,
    wind: tuple[float, float] = (0.0, 0.0),
    gravity: float = STANDARD_GRAVITY,
    drag_coefficient: ArrayLike | None = None,
    lift_per_spin: ArrayLike | None = None,
    restitution: ArrayLike | None = None,
    tangential: ArrayLike | None = None,
    friction: ArrayLike | None = None,
) -> Float[np.ndarray, "ball parameter"]:
    """Parameter rows of balls whose coefficients, where given, are their own.

    Drag k = rho Cd A / (2 m), lift c = rho A R (Cl / S) / (2 m), gravity less the air's buoyancy g (1 - rho V / m).

    Raises:
        InputError: An argument outside its range.
    """
    _check("air_density", air_density, 0.0, 100.0)
    _check("gravity", gravity, 0.0, math.inf)
    for axis, speed in zip("xy", wind, strict=True):
        _check(f"wind.{axis}", speed, -200.0, 200.0)
    if not floor < math.inf:
        raise InputError("floor", "finite metres, or minus infinity for none", f"{floor}")
    volume = 4 / 3 * math.pi * ball.radius_m**3
    per_mass = 0.5 * air_density * math.pi * ball.radius_m**2 / ball.mass_kg

    def chosen(name: str, values: ArrayLike | None, low: float, high: float) -> NDArray[np.float64]:
        """The values of all balls, in their range."""
        array = np.asarray(getattr(ball, name) if values is None else values, np.float64)
        if not ((array >= low) & (array <= high) & np.isfinite(array)).all():
            raise InputError(name, f"finite numbers from {low:g} to {high:g}", f"{array.min():g} to {array.max():g}")
        return array

    rows: NDArray[np.float64] = np.zeros((num, NUM_PARAMETERS))
    rows[:, GRAVITY] = gravity * (1 - air_density * volume / ball.mass_kg)
    rows[:, DRAG] = per_mass * chosen("drag_coefficient", drag_coefficient, 0.0, math.inf)
    rows[:, LIFT] = per_mass * ball.radius_m * chosen("lift_per_spin", lift_per_spin, 0.0, math.inf)
    rows[:, WIND_X], rows[:, WIND_Y] = wind
    rows[:, SPIN_DECAY] = ball.spin_decay_per_s
    rows[:, RADIUS] = ball.radius_m
    rows[:, INERTIA] = ball.inertia
    rows[:, FLOOR] = floor
    rows[:, RESTITUTION] = chosen("restitution", restitution, 0.0, 1.0)
    rows[:, TANGENTIAL] = chosen("tangential", tangential, -1.0, 1.0)
    rows[:, FRICTION] = chosen("friction", friction, 0.0, math.inf)
    return rows


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
