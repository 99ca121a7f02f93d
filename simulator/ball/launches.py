"""Launches: states from which balls are thrown, made from standard normal and uniform draws.

Functions of the draws alone, a row for each throw. Each takes what it needs from the left, so that a further draw
added on the right changes no throw.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.simulator.ball.aim import aim
from pathcast.simulator.ball.parameters import FLOOR
from pathcast.simulator.ball.sports import BASKETBALL, nominal_parameters
from pathcast.simulator.ball.table_tennis_launches import RALLIES, SERVES
from pathcast.venue import BASKETBALL_NBA

NUM_NORMALS: Final = 10
NUM_UNIFORMS: Final = 8
"""Draws of each throw for its launch."""

Normals = Float[np.ndarray, "throw 10"]
Uniforms = Float[np.ndarray, "throw 8"]
States = Float[np.ndarray, "throw 9"]
Floats = NDArray[np.float64]

RALLY_SHARE: Final = 13088 / 15792
"""Of table-tennis launches, as in the recorded ones; the others are serves."""


def three_pointers(normals: Normals, uniforms: Uniforms) -> States:
    """Shots from 6.75 to 7.6 m, from 80 degrees either side of the middle."""
    return _shots(normals, 6.75 + 0.85 * uniforms[:, 0], np.radians(160.0) * (uniforms[:, 1] - 0.5))


def free_throws(normals: Normals, uniforms: Uniforms) -> States:
    """Shots from the line, 4.19 m before the middle of the hoop, a hand's breadth either way."""
    return _shots(normals, 4.19 + 0.1 * (2 * uniforms[:, 0] - 1), 0.02 * (2 * uniforms[:, 1] - 1))


def basketballs(normals: Normals, uniforms: Uniforms) -> States:
    """Half shots from 3 to 9 m all round, a fifth chest passes, the others passes by a bounce on the floor."""
    distance = 3.0 + 6.0 * uniforms[:, 0]
    bearing = np.radians(160.0) * (uniforms[:, 1] - 0.5)
    kind = uniforms[:, 2]
    shots = _shots(normals, distance, bearing)
    chest = _passes(normals, uniforms, distance, bearing, elevation=5.0, spread=6.0, speed=9.5)
    bounced = _passes(normals, uniforms, distance, bearing, elevation=-28.0, spread=7.0, speed=8.0)
    return np.where((kind < 0.5)[:, None], shots, np.where((kind < 0.7)[:, None], chest, bounced))


def table_tennis(normals: Normals, uniforms: Uniforms) -> States:
    """Strokes of rallies and serves from either end, by the mixtures fitted to recorded ones."""
    parts = [(RALLY_SHARE, part) for part in RALLIES] + [(1 - RALLY_SHARE, part) for part in SERVES]
    weights = np.array([share * part.weight for share, part in parts])
    edges = np.cumsum(weights / weights.sum())[:-1]
    chosen = np.searchsorted(edges, uniforms[:, 0], side="right")
    means = np.array([part.mean for _, part in parts])
    factors = np.zeros((len(parts), 9, 9))
    rows, columns = np.tril_indices(9)
    for index, (_, part) in enumerate(parts):
        factors[index, rows, columns] = part.factor
    states = means[chosen]
    for column in range(9):
        states += factors[chosen, :, column] * normals[:, column : column + 1]
    states[:, 2] = np.maximum(states[:, 2], 0.05)
    half_turn = np.array([-1.0, -1, 1, -1, -1, 1, -1, -1, 1])
    return np.where(uniforms[:, 1:2] < 0.5, states, states * half_turn)


def _shots(normals: Normals, distance: Floats, bearing: Floats) -> States:
    """Shots at the NBA hoop from a distance (m) and bearing (radians from the x axis) of its middle.

    Release height N(2.3, .15) m, elevation N(50.5, 3) degrees between players and N(0, 1.2) within, side angle
    N(0, .8) degrees, backspin N(2, .6) Hz about an axis tilted N(0, 10) degrees; the speed takes a ball of nominal
    coefficients through a point 5 cm beyond the hoop's middle, and N(0, .09) m/s is added. Spreads within players:
    Slegers, Lee and Wong 2021, J. Sports Sci. Med. 20:508; backspin and aim: Tran and Silverberg 2008.
    """
    num = len(normals)
    hoop = BASKETBALL_NBA.hoop
    assert hoop is not None
    height = np.clip(2.3 + 0.15 * normals[:, 0], 1.8, 2.8)
    elevation = np.radians(np.clip(50.5 + 3.0 * normals[:, 1] + 1.2 * normals[:, 2], 38.0, 65.0))
    towards = bearing + np.pi
    side = towards + np.radians(0.8) * normals[:, 3]
    backspin = 2 * np.pi * (2.0 + 0.6 * normals[:, 4])
    tilt = np.radians(10.0) * normals[:, 5]
    states: Floats = np.zeros((num, 9))
    states[:, 0] = distance * np.cos(bearing)
    states[:, 1] = distance * np.sin(bearing)
    states[:, 2] = height
    # Backspin of a ball along (cos, sin) turns about (sin, -cos): its lift is upward.
    states[:, 6] = backspin * np.cos(tilt) * np.sin(side)
    states[:, 7] = -backspin * np.cos(tilt) * np.cos(side)
    states[:, 8] = backspin * np.sin(tilt)
    direction = _direction(side, elevation)
    states[:, 3:6] = direction
    nominal = np.tile(nominal_parameters(BASKETBALL), (num, 1))
    nominal[:, FLOOR] = -np.inf
    speed = aim(states, nominal, distance + 0.05, np.full(num, hoop.centre[2])) + 0.09 * normals[:, 6]
    states[:, 3:6] = direction * speed[:, None]
    return states


def _passes(
    normals: Normals,
    uniforms: Uniforms,
    distance: Floats,
    bearing: Floats,
    *,
    elevation: float,
    spread: float,
    speed: float,
) -> States:
    """Passes in any direction from 1 to 1.6 m up, with a little spin; angles in degrees, the speed's spread 1.5 m/s.

    Heights, angles and speeds are choices, not measurements.
    """
    states: Floats = np.zeros((len(normals), 9))
    states[:, 0] = distance * np.cos(bearing)
    states[:, 1] = distance * np.sin(bearing)
    states[:, 2] = 1.0 + 0.6 * uniforms[:, 3]
    rise = np.radians(elevation + spread * normals[:, 1])
    pace = np.clip(speed + 1.5 * normals[:, 2], 3.0, 16.0)
    states[:, 3:6] = _direction(2 * np.pi * uniforms[:, 4], rise) * pace[:, None]
    states[:, 6:9] = 2 * np.pi * normals[:, 3:6]
    return states


def _direction(heading: Floats, elevation: Floats) -> Floats:
    """Unit vectors. Shape [throw, 3]."""
    level = np.cos(elevation)
    return np.stack([level * np.cos(heading), level * np.sin(heading), np.sin(elevation)], axis=1)
