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
    DRAG,
    FRICTION,
    LIFT,
    RESTITUTION,
    TANGENTIAL,
    full_rows,
)

QUANTITIES: Final = (
    *("x", "y", "z"),
    *("heading", "elevation", "speed"),
    *("spin_1", "spin_2", "spin_3"),
    *("drag", "lift", "restitution", "tangential", "friction"),
    "distance",
)
"""What a prior gives: place (m); heading and elevation (radians) and speed (m/s), or the velocity's three axes; the
spin, by `Spin`; drag k (1/m) and lift c as in the parameter row; contact's coefficients; the distance aimed at (m)."""
NUM_QUANTITIES: Final = len(QUANTITIES)
_VELOCITY, _SPIN, _COEFFICIENTS, _DISTANCE = 3, 6, 9, 14
NUM_AIM: Final = 13
"""Of `Prior.aim`: the middle of distance, height and elevation, and ten coefficients of a quadratic."""


class Shape(IntEnum):
    """How a quantity is spread."""

    FIXED = 0
    NORMAL = 1
    UNIFORM = 2
    LOGNORMAL = 3


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
        entry = {9: DRAG, 10: LIFT, 11: RESTITUTION, 12: TANGENTIAL, 13: FRICTION}.get(index)
        nominal = 0.0 if entry is None else float(self.row[entry])
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

    def throws(
        self, latents: Float[np.ndarray, "throw latent"]
    ) -> tuple[Float[np.ndarray, "throw 9"], Float[np.ndarray, "throw parameter"]]:
        """States (m, m/s, rad/s) and full parameter rows of throws by their latents.

        Raises:
            InputError: Another number of latents than `num_latents`.
        """
        latents = np.ascontiguousarray(latents, np.float64)
        if latents.ndim != 2 or latents.shape[1] != self.num_latents:
            raise InputError("latents", f"shape [throw, {self.num_latents}]", f"{latents.shape}")
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
    quantities: NDArray[np.float64],
    state: NDArray[np.float64],
    row: NDArray[np.float64],
) -> None:
    """Writes state and parameter row of one throw.

    Args:
        latents: Shape [latent].
        table: Of the prior.
        quantities: Scratch, shape [NUM_QUANTITIES].
        state: Written. Shape [9].
        row: Full row; its coefficients are written.
    """
    q, used = quantities, 0
    for index in range(15):
        q[index] = table[index, 1]
        if table[index, 0] != 0.0:
            q[index] = _quantity(table[index], latents[used])
            used += 1
    state[0], state[1], state[2] = q[0], q[1], q[2]
    if table[15, 0] != 0.0:
        d, z, e = q[14] - table[17, 0], q[2] - table[18, 0], q[4] - table[19, 0]
        c = table[20:, 0]
        speed = q[5] + c[0] + c[1] * d + c[2] * z + c[3] * e
        speed += c[4] * d * d + c[5] * d * z + c[6] * d * e + c[7] * z * z + c[8] * z * e + c[9] * e * e
        level = speed * math.cos(q[4])
        state[3], state[4], state[5] = level * math.cos(q[3]), level * math.sin(q[3]), speed * math.sin(q[4])
    else:
        state[3], state[4], state[5] = q[3], q[4], q[5]
    if table[15, 1] == 1.0:
        # Backspin of a ball along (cos, sin) turns about (sin, -cos): its lift is upward.
        state[6] = q[6] * math.cos(q[7]) * math.sin(q[3])
        state[7] = -q[6] * math.cos(q[7]) * math.cos(q[3])
        state[8] = q[6] * math.sin(q[7])
    else:
        share = 1.0
        if table[15, 1] == 2.0:
            length = math.sqrt(q[6] * q[6] + q[7] * q[7] + q[8] * q[8])
            share = _shell_size(length, table[16, 0], table[16, 1]) / max(length, 1e-12)
        state[6], state[7], state[8] = share * q[6], share * q[7], share * q[8]
    row[DRAG], row[LIFT] = q[9], q[10]
    row[RESTITUTION], row[TANGENTIAL], row[FRICTION] = q[11], q[12], q[13]


@njit
def _throws(
    latents: NDArray[np.float64], table: NDArray[np.float64], states: NDArray[np.float64], rows: NDArray[np.float64]
) -> None:
    """`throw`, one after another."""
    quantities = np.empty(15)
    for index in range(len(latents)):
        throw(latents[index], table, quantities, states[index], rows[index])
