"""Throws to train on: scenarios of the simulator where they take place, or anywhere over a level floor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.simulator.ball.launches import Normals, States, Uniforms, direction
from pathcast.simulator.ball.parameters import (
    CRISIS_DRAG,
    CRISIS_SPEED,
    CRISIS_WIDTH,
    DRAG,
    FLOOR,
    LIFT,
    RADIUS,
    SPIN_DRAG,
    SPIN_RATE_DRAG,
)
from pathcast.simulator.ball.scenarios import SCENARIOS, Scenario, Throws, throw
from pathcast.simulator.ball.sports import TABLE_TENNIS, LiftCurve, generic, table_tennis
from pathcast.simulator.draws import uniforms
from pathcast.venue import Plane, Venue

ANYWHERE: Final = " anywhere"
LEVEL: Final = Venue(name="level", origin_of="a point of the floor; z up", floor=Plane(point=(0.0, 0.0, 0.0)))


def _strokes(normals: Normals, uniforms: Uniforms) -> States:
    """Strokes of any kind: 2.5 to 12 m/s, elevation -40 to 25 degrees, up to 90 turns a second about any axis."""
    num = len(normals)
    states: NDArray[np.float64] = np.zeros((num, 9))
    states[:, 2] = 0.1 + 0.5 * uniforms[:, 1]
    elevation = np.radians(-40.0 + 65.0 * uniforms[:, 2])
    states[:, 3:6] = direction(2 * np.pi * uniforms[:, 0], elevation) * (2.5 + 9.5 * uniforms[:, 3:4])
    axis = normals[:, :3] / np.linalg.norm(normals[:, :3], axis=1, keepdims=True)
    states[:, 6:9] = axis * (2 * np.pi * 90.0 * uniforms[:, 4:5])
    return states


STROKES: Final = Scenario(
    name="strokes",
    summary="strokes of any speed and spin over an endless table, with lift that saturates",
    # Cl = .6 S / (.4 + 2.32 S): lift of spheres levels off at the spins of topspin strokes (Nathan 2008, Am. J. Phys.
    # 76:119, for baseballs).
    ball=replace(TABLE_TENNIS, lift=LiftCurve(start=0.4 / 0.6, rest=2.32 / 0.6), restitution_fall=0.0),
    venue=LEVEL,
    duration_s=1.0,
    launch=_strokes,
    prior=replace(table_tennis.PRIOR, drag_coefficient=(0.48, 0.06)),
)
ANY_BALL: Final = replace(SCENARIOS["generic"], name="any-ball", summary="tosses of balls of any size and mass")
RADII_M: Final = (0.018, 0.125)
DENSITIES: Final = (60.0, 1200.0)
"""kg/m3, of balls of any size: hollow plastic ones to golf balls."""
KINDS: Final = MappingProxyType({**SCENARIOS, "strokes": STROKES, "any-ball": ANY_BALL})


@dataclass(frozen=True, eq=False)
class Drawn:
    """Throws of one kind, and where they take place."""

    throws: Throws
    is_level: bool
    """Whether an endless level floor stands for the venue, so that the forecaster is told of it."""
    shift: Float[np.ndarray, "throw 3"]
    """What is added to places, m: the height of the level floor among it."""
    radius_m: Float[np.ndarray, " throw"]
    mass_kg: Float[np.ndarray, " throw"]


def kind_named(name: str) -> Scenario:
    """The scenario of a kind of throws.

    Raises:
        InputError: There is none.
    """
    found = KINDS.get(name.removesuffix(ANYWHERE))
    if found is None:
        raise InputError("throws", f"one of {', '.join(KINDS)}, or one of them and{ANYWHERE}", repr(name))
    return found


def draw(name: str, num: int, seed: int, first: int, lift_factor: float = 1.0) -> Drawn:
    """Throws `first` to `first + num - 1` of a kind.

    Anywhere: turned and moved at random over a level floor, their lift times a factor between 1 / `lift_factor` and
    `lift_factor`, for balls whose surface is not the simulator's.
    """
    kind = kind_named(name)
    throws = throw(kind, num, seed, first)
    radius, mass = np.full(num, kind.ball.radius_m), np.full(num, kind.ball.mass_kg)
    if kind is ANY_BALL:
        radius, mass = _resize(throws, uniforms(seed, f"{name}/size", first, num, 2))
    if not name.endswith(ANYWHERE):
        return Drawn(throws, kind.venue is LEVEL or kind.venue is generic.FLOOR, np.zeros((num, 3)), radius, mass)
    shares = uniforms(seed, f"{name}/where", first, num, 4)
    states = _turned(throws.states, 2 * np.pi * shares[:, 0])
    rows = throws.parameters.copy()
    rows[:, FLOOR] = 0.0
    rows[:, LIFT] *= lift_factor ** (2 * uniforms(seed, f"{name}/lift", first, num, 1)[:, 0] - 1)
    shift = np.stack([8 * (shares[:, 1] - 0.5), 8 * (shares[:, 2] - 0.5), 2 * (shares[:, 3] - 0.5)], axis=1)
    return Drawn(Throws(states, rows, throws.duration, throws.ball, LEVEL), True, shift, radius, mass)


def _resize(
    throws: Throws, shares: Float[np.ndarray, "throw 2"]
) -> tuple[Float[np.ndarray, " throw"], Float[np.ndarray, " throw"]]:
    """Gives throws balls of other sizes and masses, in their parameter rows, in place; radius (m) and mass (kg)."""
    ball, rows = throws.ball, throws.parameters
    radius, density = (
        low * (high / low) ** share for (low, high), share in zip((RADII_M, DENSITIES), shares.T, strict=True)
    )
    mass = 4 / 3 * np.pi * radius**3 * density
    width, weight = radius / ball.radius_m, mass / ball.mass_kg
    rows[:, RADIUS] = radius
    for column in (DRAG, CRISIS_DRAG, SPIN_DRAG, SPIN_RATE_DRAG):
        rows[:, column] *= width**2 / weight
    rows[:, LIFT] *= width**3 / weight
    for column in (CRISIS_SPEED, CRISIS_WIDTH):
        rows[:, column] /= width
    throws.states[:, 2] = np.maximum(throws.states[:, 2], radius + 0.05)
    return radius, mass


def _turned(states: Float[np.ndarray, "throw 9"], angles: Float[np.ndarray, " throw"]) -> Float[np.ndarray, "throw 9"]:
    """States turned about the vertical."""
    cosine, sine = np.cos(angles), np.sin(angles)
    turned = states.copy()
    for start in (0, 3, 6):
        turned[:, start] = cosine * states[:, start] - sine * states[:, start + 1]
        turned[:, start + 1] = sine * states[:, start] + cosine * states[:, start + 1]
    return turned
