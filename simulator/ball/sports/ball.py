"""What a kind of ball is: size, mass, bounce, and its drag and lift as functions of Reynolds' number and spin."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from pathcast.errors import InputError

Values = Float[np.ndarray, "*shape"]


def check(where: str, value: float, low: float, high: float, open_low: bool = False) -> None:
    """Refuses a value outside its range.

    Raises:
        InputError: Naming it and its range.
    """
    if not (low < value if open_low else low <= value) or not value <= high or not math.isfinite(value):
        least = "over" if open_low else "from"
        most = f" to {high:g}" if high < math.inf else ""
        raise InputError(where, f"a finite number {least} {low:g}{most}", f"{value}")


@dataclass(frozen=True, kw_only=True)
class DragCurve:
    """Cd(Re, S) = high + (low - high) / (1 + exp((Re - Re_c) / width)) + per_spin S.

    Below the drag crisis the boundary layer is laminar and the wake wide, above it turbulent and the wake narrow
    (Achenbach 1972, J. Fluid Mech. 54:565). `low` and `high` are the sides of low and high Reynolds number.
    """

    low: float
    """Cd at low Reynolds numbers."""
    high: float
    """Cd at high Reynolds numbers; equal to `low` of a ball without a crisis."""
    critical_reynolds: float = 2e5
    """Re_c, the middle of the crisis."""
    width_reynolds: float = 2e4
    per_spin: float = 0.0
    """Growth of Cd with the spin parameter."""

    def __post_init__(self) -> None:
        check("drag.low", self.low, 0.0, 10.0)
        check("drag.high", self.high, 0.0, 10.0)
        check("drag.critical_reynolds", self.critical_reynolds, 0.0, math.inf, open_low=True)
        check("drag.width_reynolds", self.width_reynolds, 0.0, math.inf, open_low=True)
        check("drag.per_spin", self.per_spin, 0.0, 10.0)

    def __call__(self, reynolds: ArrayLike, spin: ArrayLike = 0.0, critical: ArrayLike | None = None) -> Values:
        """Cd.

        Args:
            reynolds: 2 R |u| / nu.
            spin: Spin parameter S = R |w| / |u|.
            critical: Re_c, where it is a throw's own.
        """
        middle = self.critical_reynolds if critical is None else np.asarray(critical, np.float64)
        past = np.clip((np.asarray(reynolds, np.float64) - middle) / self.width_reynolds, -500.0, 500.0)
        crisis = self.high + (self.low - self.high) / (1.0 + np.exp(past))
        return np.asarray(crisis + self.per_spin * np.asarray(spin, np.float64))


@dataclass(frozen=True, kw_only=True)
class LiftCurve:
    """Cl(S) = S / (start + rest S): linear in the spin parameter at first, at most 1 / rest."""

    start: float
    """S / Cl of a ball that hardly spins."""
    rest: float = 0.0
    """1 / Cl of a ball that only spins; 0 where lift goes on being linear."""

    def __post_init__(self) -> None:
        check("lift.start", self.start, 0.0, math.inf, open_low=True)
        check("lift.rest", self.rest, 0.0, math.inf)

    def __call__(self, spin: ArrayLike) -> Values:
        """Cl at a spin parameter S = R |w| / |u|."""
        s = np.asarray(spin, np.float64)
        return np.asarray(s * self.per_spin(s))

    def per_spin(self, spin: ArrayLike) -> Values:
        """Cl / S, finite without spin."""
        return np.asarray(1.0 / (self.start + self.rest * np.asarray(spin, np.float64)))


@dataclass(frozen=True, kw_only=True)
class Ball:
    """A kind of ball, with nominal coefficients.

    Flight with constant coefficients takes `drag_coefficient` and `lift_per_spin`; `drag` and `lift` say how they
    change with speed and spin, and where they are not given are constants too.
    """

    name: str
    mass_kg: float
    radius_m: float
    inertia: float = 2 / 3
    """I / (m R^2): 2/3 of a thin shell, 2/5 of a solid ball."""
    drag_coefficient: float
    """Cd at the sport's usual speed."""
    lift_per_spin: float
    """Cl / S, the lift coefficient per spin parameter S = R |w| / |u|, at the sport's usual spin."""
    drag: DragCurve | None = None
    lift: LiftCurve | None = None
    spin_decay_per_s: float = 1 / 30
    restitution: float
    """Normal, of a bounce on its own floor at `restitution_speed_mps`."""
    restitution_speed_mps: float = 0.0
    """Normal speed, such as that of the rule's drop."""
    restitution_fall: float = 0.0
    """s/m: how much the restitution falls per m/s of normal speed, since a shell buckles and turf gives way."""
    tangential: float
    """Tangential restitution."""
    friction: float

    def __post_init__(self) -> None:
        where = f"ball {self.name}: "
        check(where + "mass_kg", self.mass_kg, 0.0, math.inf, open_low=True)
        check(where + "radius_m", self.radius_m, 0.0, math.inf, open_low=True)
        check(where + "inertia", self.inertia, 0.0, 1.0, open_low=True)
        check(where + "drag_coefficient", self.drag_coefficient, 0.0, math.inf)
        check(where + "lift_per_spin", self.lift_per_spin, 0.0, math.inf)
        check(where + "spin_decay_per_s", self.spin_decay_per_s, 0.0, math.inf)
        check(where + "restitution", self.restitution, 0.0, 1.0)
        check(where + "restitution_speed_mps", self.restitution_speed_mps, 0.0, math.inf)
        check(where + "restitution_fall", self.restitution_fall, 0.0, math.inf)
        check(where + "tangential", self.tangential, -1.0, 1.0)
        check(where + "friction", self.friction, 0.0, math.inf)

    @property
    def drag_curve(self) -> DragCurve:
        """`drag`, or its nominal constant."""
        return self.drag or DragCurve(low=self.drag_coefficient, high=self.drag_coefficient)

    @property
    def lift_curve(self) -> LiftCurve:
        """`lift`, or its nominal line."""
        return self.lift or LiftCurve(start=1.0 / max(self.lift_per_spin, 1e-12))


@dataclass(frozen=True, kw_only=True)
class Prior:
    """How the balls of a sport differ from throw to throw, apart from how they are launched."""

    drag_coefficient: tuple[float, float] | None = None
    """Mean and standard deviation of a Cd that is the same at all speeds; where absent, it is the ball's curve, spread
    by `drag_spread`."""
    drag_spread: float = 0.0
    """Standard deviation of the logarithm of the drag's scale."""
    lift_spread: float
    """Standard deviation of the logarithm of the lift's scale."""
    critical_reynolds: tuple[float, float] | None = None
    """Least and most of the middle of the drag crisis; uniform between, as what follows."""
    restitution: tuple[float, float]
    """At the ball's `restitution_speed_mps`."""
    tangential: tuple[float, float]
    friction: tuple[float, float]
    torsion_loss: tuple[float, float] = (0.0, 0.2)
    """Share of the spin about the normal that a contact takes."""
    rim_change: tuple[float, float] = (0.0, 0.0)
    """What the rim's restitution is more than the nominal one."""
    board_change: tuple[float, float] = (0.0, 0.0)
    temperature_c: tuple[float, float] | None = None
    """Of the air outdoors; where absent, it is `rows.INDOOR_AIR`."""
    humidity: tuple[float, float] = (0.3, 0.8)
    altitude_m: tuple[float, float] = (0.0, 0.0)
    wind_spread: float = 0.0
    """Standard deviation of the steady wind along x and along y, m/s, 10 m above the ground."""
    roughness_m: float = 0.03
    """Of the ground under the wind: .01 for cut grass, .03 for open land."""
    gust_share: tuple[float, float] = (0.2, 0.5)
    """Standard deviation of gusts along x and along y as a share of the steady wind's speed."""
