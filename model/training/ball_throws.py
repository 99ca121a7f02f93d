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
from pathcast.simulator.ball.parameters import FLOOR
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
KINDS: Final = MappingProxyType({**SCENARIOS, "strokes": STROKES})


@dataclass(frozen=True, eq=False)
class Drawn:
    """Throws of one kind, and where they take place."""

    throws: Throws
    is_level: bool
    """Whether an endless level floor stands for the venue, so that the forecaster is told of it."""
    shift: Float[np.ndarray, "throw 3"]
    """What is added to places, m: the height of the level floor among it."""


def kind_named(name: str) -> Scenario:
    """The scenario of a kind of throws.

    Raises:
        InputError: There is none.
    """
    found = KINDS.get(name.removesuffix(ANYWHERE))
    if found is None:
        raise InputError("throws", f"one of {', '.join(KINDS)}, or one of them and{ANYWHERE}", repr(name))
    return found


def draw(name: str, num: int, seed: int, first: int) -> Drawn:
    """Throws `first` to `first + num - 1` of a kind; anywhere: turned and moved at random over a level floor."""
    kind = kind_named(name)
    throws = throw(kind, num, seed, first)
    if not name.endswith(ANYWHERE):
        return Drawn(throws, kind.venue is LEVEL or kind.venue is generic.FLOOR, np.zeros((num, 3)))
    shares = uniforms(seed, f"{name}/where", first, num, 4)
    states = _turned(throws.states, 2 * np.pi * shares[:, 0])
    rows = throws.parameters.copy()
    rows[:, FLOOR] = 0.0
    shift = np.stack([8 * (shares[:, 1] - 0.5), 8 * (shares[:, 2] - 0.5), 2 * (shares[:, 3] - 0.5)], axis=1)
    return Drawn(Throws(states, rows, throws.duration, throws.ball, LEVEL), True, shift)


def _turned(states: Float[np.ndarray, "throw 9"], angles: Float[np.ndarray, " throw"]) -> Float[np.ndarray, "throw 9"]:
    """States turned about the vertical."""
    cosine, sine = np.cos(angles), np.sin(angles)
    turned = states.copy()
    for start in (0, 3, 6):
        turned[:, start] = cosine * states[:, start] - sine * states[:, start + 1]
        turned[:, start + 1] = sine * states[:, start] + cosine * states[:, start + 1]
    return turned
