"""Priors: what a throw is drawn from, as a map from independent standard normal numbers, its latents, to the throw.

The posterior is worked out over latents, where the prior is the same standard normal for every generator and a
quantity's bounds, such as those of a uniform coefficient, cannot be left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.compiled import njit
from pathcast.errors import InputError
from pathcast.simulator.ball.parameters import (
    BOARD_CHANGE,
    CRISIS_SPEED,
    DRAG,
    FRICTION,
    LIFT,
    RESTITUTION,
    RIM_CHANGE,
    TANGENTIAL,
    WIND_X,
    WIND_Y,
    full_rows,
)

QUANTITIES: Final = (
    *("x", "y", "z"),
    *("heading", "elevation", "speed"),
    *("spin_1", "spin_2", "spin_3"),
    *("drag", "lift", "restitution", "tangential", "friction"),
    *("rim", "board", "crisis", "wind_x", "wind_y"),
    "distance",
)
"""What a prior gives: place (m); heading and elevation (radians) and speed (m/s), or the velocity's three axes; the
spin, by `Spin`; drag k (1/m) and lift c as in the parameter row; contact's coefficients; what rim and board give back
more; the drag crisis (m/s); the wind (m/s); the distance aimed at (m)."""
NUM_QUANTITIES: Final = len(QUANTITIES)
_SPIN, _COEFFICIENTS = 6, 9
_ENTRIES: Final = (
    *(DRAG, LIFT, RESTITUTION, TANGENTIAL, FRICTION),
    *(RIM_CHANGE, BOARD_CHANGE, CRISIS_SPEED, WIND_X, WIND_Y),
)
"""Of the parameter row, for the quantities from the drag on."""
_DISTANCE: Final = NUM_QUANTITIES - 1
_FORMS: Final = NUM_QUANTITIES
"""The line of a prior's table with its forms; its shell's and those of `aim` follow."""
SCRATCH: Final = NUM_QUANTITIES + 9
"""Numbers that `throw` writes: quantities and a state."""
FLAT_BOUND: Final = math.sqrt(3.0)
NUM_AIM: Final = 13
"""Of `Prior.aim`: the middle of distance, height and elevation, and ten coefficients of a quadratic."""


class Shape(IntEnum):
    """How a quantity is spread."""

    FIXED = 0
    NORMAL = 1
    UNIFORM = 2
    LOGNORMAL = 3
    FLAT = 4
    """Uniform too, but linear in its latent, which is uniform within `FLAT_BOUND`: mean a, deviation b."""


class Spin(IntEnum):
    """What the three spin quantities are."""

    VECTOR = 0
    """rad/s along x, y, z."""
    BACKSPIN = 1
    """Size in rad/s; tilt of its axis out of the level in radians; the third is unused."""
    SHELL = 2
    """A direction, all alike, by three standard normals; the size is uniform, rad/s."""


@dataclass(frozen=True)
class Marginal:
    """One quantity: fixed at a, normal (mean a, deviation b), uniform from a to b, or a times exp(b normal)."""

    shape: Shape
    a: float
    b: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Prior:
    """A distribution of throws.

    Args:
        row: The full parameter row, but for the quantities that `marginals` names.
        marginals: By name in `QUANTITIES`; velocity, spin and place default to 0, coefficients to the row's.
        is_polar: Whether heading, elevation and speed are meant, not the velocity's axes.
        spin: What the spin's quantities are.
        shell: Bounds of the spin's size in rad/s, of `Spin.SHELL`.
        aim: Adds to the speed a quadratic in distance, height and elevation: their middle, then the coefficients of
            1, d, z, e, dd, dz, de, zz, ze, ee.

    Raises:
        InputError: A name that is not a quantity, numbers that are not finite, a spread that is negative.
    """

    row: NDArray[np.float64]
    marginals: dict[str, Marginal]
    is_polar: bool = True
    spin: Spin = Spin.VECTOR
    shell: tuple[float, float] = (0.0, 0.0)
    aim: tuple[float, ...] = (0.0,) * NUM_AIM

    def __post_init__(self) -> None:
        for name, marginal in self.marginals.items():
            if name not in QUANTITIES:
                raise InputError(f"marginals[{name!r}]", f"one of {', '.join(QUANTITIES)}", repr(name))
            if not (math.isfinite(marginal.a) and math.isfinite(marginal.b) and marginal.b >= self._least(marginal)):
                raise InputError(f"marginals[{name!r}]", "finite numbers, a spread from 0", f"{marginal}")
        if not 0.0 <= self.shell[0] <= self.shell[1] < math.inf:
            raise InputError("shell", "two sizes in rad/s, the smaller first", f"{self.shell}")
        if len(self.aim) != NUM_AIM:
            raise InputError("aim", f"{NUM_AIM} numbers", f"{len(self.aim)}")
        object.__setattr__(self, "row", full_rows(self.row))

    @staticmethod
    def _least(marginal: Marginal) -> float:
        return marginal.a if marginal.shape == Shape.UNIFORM else 0.0

    @property
    def num_latents(self) -> int:
        return sum(int(self._of(index).shape != Shape.FIXED) for index in range(NUM_QUANTITIES))

    def _of(self, index: int) -> Marginal:
        is_entry = _COEFFICIENTS <= index < _DISTANCE
        nominal = float(self.row[_ENTRIES[index - _COEFFICIENTS]]) if is_entry else 0.0
        if self.spin == Spin.SHELL and _SPIN <= index < _COEFFICIENTS:
            return Marginal(Shape.NORMAL, 0.0, 1.0)
        return self.marginals.get(QUANTITIES[index], Marginal(Shape.FIXED, nominal))

    @property
    def table(self) -> Float[np.ndarray, "line 3"]:
        """What `throw` reads: a line for each quantity (shape, a, b), for the forms and for `aim`."""
        lines = [(float(m.shape), m.a, m.b) for m in map(self._of, range(NUM_QUANTITIES))]
        lines.append((float(self.is_polar), float(self.spin), 0.0))
        lines.append((*self.shell, 0.0))
        lines += [(value, 0.0, 0.0) for value in self.aim]
        return np.array(lines)

    @property
    def smoothed(self) -> Prior:
        """The same with a spin on a shell replaced by the Gaussian of its second moments, which has a mode."""
        if self.spin != Spin.SHELL:
            return self
        low, high = self.shell
        size = math.sqrt((low * low + low * high + high * high) / 9.0)
        spins = dict.fromkeys(QUANTITIES[_SPIN:_COEFFICIENTS], Marginal(Shape.NORMAL, 0.0, size))
        return replace(self, spin=Spin.VECTOR, marginals=self.marginals | spins)

    @property
    def flattened(self) -> Prior:
        """The same with place and velocity linear in their latents where they are uniform.

        A launch is seen well; close to a bound of a uniform quantity its normal latent runs off to infinity.
        """
        flat = {
            name: Marginal(Shape.FLAT, 0.5 * (m.a + m.b), 0.5 * (m.b - m.a) / FLAT_BOUND)
            for name, m in self.marginals.items()
            if name in QUANTITIES[:_SPIN] and m.shape == Shape.UNIFORM
        }
        return replace(self, marginals=self.marginals | flat)

    @property
    def is_flat(self) -> NDArray[np.bool_]:
        """Which latents are of `Shape.FLAT`."""
        shapes = [self._of(index).shape for index in range(NUM_QUANTITIES)]
        return np.array([shape == Shape.FLAT for shape in shapes if shape != Shape.FIXED], np.bool_)

    def check_latents(self, latents: Float[np.ndarray, "throw latent"]) -> None:
        """Refuses latents of another prior.

        Raises:
            InputError: Another number of them than `num_latents`.
        """
        if latents.ndim != 2 or latents.shape[1] != self.num_latents:
            raise InputError("latents", f"shape [throw, {self.num_latents}]", f"{latents.shape}")

    def throws(
        self, latents: Float[np.ndarray, "throw latent"]
    ) -> tuple[Float[np.ndarray, "throw 9"], Float[np.ndarray, "throw parameter"]]:
        """States (m, m/s, rad/s) and full parameter rows of throws by their latents.

        Raises:
            InputError: Another number of latents than `num_latents`.
        """
        self.check_latents(latents)
        latents = np.ascontiguousarray(latents, np.float64)
        states = np.empty((len(latents), 9))
        rows = np.tile(self.row, (len(latents), 1))
        _throws(latents, self.table, states, rows)
        return states, rows


@njit
def _quantity(line: NDArray[np.float64], latent: float) -> float:
    """A quantity by its line of the table."""
    shape, a, b = line[0], line[1], line[2]
    value: float = a + b * latent
    if shape == 3.0:
        value = a * math.exp(b * latent)
    elif shape == 2.0:
        value = a + (b - a) * 0.5 * math.erfc(-latent * math.sqrt(0.5))
    return value


@njit
def _shell_size(length: float, low: float, high: float) -> float:
    """A uniform size from the length of three standard normals, whose distribution is Maxwell's."""
    share = math.erf(length * math.sqrt(0.5)) - math.sqrt(2.0 / math.pi) * length * math.exp(-0.5 * length * length)
    return low + (high - low) * share


@njit
def throw(
    latents: NDArray[np.float64],
    table: NDArray[np.float64],
    scratch: NDArray[np.float64],
    row: NDArray[np.float64],
) -> None:
    """Writes state and parameter row of one throw.

    Args:
        latents: Shape [latent].
        table: Of the prior.
        scratch: Written: quantities, then the state. Shape [SCRATCH].
        row: Full row; its coefficients are written.
    """
    q, used = scratch, 0
    for index in range(NUM_QUANTITIES):
        q[index] = table[index, 1]
        if table[index, 0] != 0.0:
            q[index] = _quantity(table[index], latents[used])
            used += 1
    state, forms = scratch[NUM_QUANTITIES:], table[_FORMS]
    state[0], state[1], state[2] = q[0], q[1], q[2]
    if forms[0] != 0.0:
        c = table[_FORMS + 2 :, 0]
        d, z, e = q[_DISTANCE] - c[0], q[2] - c[1], q[4] - c[2]
        speed = q[5] + c[3] + c[4] * d + c[5] * z + c[6] * e
        speed += c[7] * d * d + c[8] * d * z + c[9] * d * e + c[10] * z * z + c[11] * z * e + c[12] * e * e
        level = speed * math.cos(q[4])
        state[3], state[4], state[5] = level * math.cos(q[3]), level * math.sin(q[3]), speed * math.sin(q[4])
    else:
        state[3], state[4], state[5] = q[3], q[4], q[5]
    if forms[1] == 1.0:
        # Backspin of a ball along (cos, sin) turns about (sin, -cos): its lift is upward.
        state[6] = q[6] * math.cos(q[7]) * math.sin(q[3])
        state[7] = -q[6] * math.cos(q[7]) * math.cos(q[3])
        state[8] = q[6] * math.sin(q[7])
    else:
        share = 1.0
        if forms[1] == 2.0:
            length = math.sqrt(q[6] * q[6] + q[7] * q[7] + q[8] * q[8])
            share = _shell_size(length, table[_FORMS + 1, 0], table[_FORMS + 1, 1]) / max(length, 1e-12)
        state[6], state[7], state[8] = share * q[6], share * q[7], share * q[8]
    for index in range(_COEFFICIENTS, _DISTANCE):
        row[_ENTRIES[index - _COEFFICIENTS]] = q[index]


@njit
def _throws(
    latents: NDArray[np.float64], table: NDArray[np.float64], states: NDArray[np.float64], rows: NDArray[np.float64]
) -> None:
    """`throw`, one after another."""
    scratch = np.empty(SCRATCH)
    for index in range(len(latents)):
        throw(latents[index], table, scratch, rows[index])
        states[index] = scratch[NUM_QUANTITIES:]
