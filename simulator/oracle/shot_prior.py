"""The very prior of a scenario's shots: one for each, given that it was released about where it was first seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.simulator.ball.aim import aim
from pathcast.simulator.ball.parameters import FLOOR, NUM_PARAMETERS
from pathcast.simulator.ball.sports.basketball import BASKETBALL, FREE_THROW_SPREAD, THREE_POINT_SPREAD
from pathcast.simulator.ball.sports.rows import nominal_parameters
from pathcast.simulator.oracle.prior import Marginal, Prior, Shape, Spin
from pathcast.simulator.oracle.track_prior import track_prior
from pathcast.venue import BASKETBALL_NBA

DEGREE: Final = math.pi / 180
HEIGHT, ELEVATION = (2.3, 0.15), (50.5 * DEGREE, 3.0 * DEGREE)
HOOP = BASKETBALL_NBA.hoop
assert HOOP is not None
CENTRE: Final = np.array(HOOP.centre)


@dataclass(frozen=True)
class Shooting:
    """How a scenario's shots are spread: about what distance (m), how a player differs from shot to shot."""

    distance: float
    within_degrees: float
    spread: float


SHOOTING: Final = {
    "three-pointer": Shooting(7.175, 1.2, THREE_POINT_SPREAD),
    "free-throw": Shooting(4.19, 1.3, FREE_THROW_SPREAD),
}


def shot_prior(kind: str, first: Float[np.ndarray, " 3"], noise_m: float) -> Prior:
    """The prior of a shot of a scenario that was first seen, as it was released, at a place.

    Args:
        kind: Of `SHOOTING`.
        first: Where, m.
        noise_m: Standard deviation of that.
    """
    how = SHOOTING[kind]
    broad = track_prior(BASKETBALL, first, noise_m, 0.0)
    away = CENTRE[:2] - first[:2]
    distance = float(np.hypot(*away))
    side = math.hypot(how.spread * 0.8 * DEGREE, noise_m / distance)
    marginals = dict(broad.marginals)
    marginals |= {
        "z": Marginal(Shape.NORMAL, *HEIGHT),
        "heading": Marginal(Shape.NORMAL, math.atan2(away[1], away[0]), side),
        "elevation": Marginal(
            Shape.NORMAL, ELEVATION[0], math.hypot(ELEVATION[1], how.spread * how.within_degrees * DEGREE)
        ),
        "speed": Marginal(Shape.NORMAL, 0.0, how.spread * 0.09),
        "spin_1": Marginal(Shape.NORMAL, 4 * math.pi, 1.2 * math.pi),
        "spin_2": Marginal(Shape.NORMAL, 0.0, 10 * DEGREE),
        "distance": Marginal(Shape.NORMAL, distance, noise_m),
    }
    marginals.pop("spin_3")
    middle = (how.distance, HEIGHT[0], ELEVATION[0])
    return Prior(row=broad.row, marginals=marginals, spin=Spin.BACKSPIN, aim=(*middle, *_aimed(kind)))


@cache
def _aimed(kind: str) -> tuple[float, ...]:
    """The speed that the scenario aims with, as a quadratic in distance, height and elevation."""
    middle = SHOOTING[kind].distance, HEIGHT[0], ELEVATION[0]
    grid = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.4, 0.4, 9), np.linspace(-0.18, 0.18, 9))
    d, z, e = (axis.ravel() for axis in grid)
    states = np.zeros((len(d), 9))
    states[:, 2] = middle[1] + z
    states[:, 3], states[:, 5] = np.cos(middle[2] + e), np.sin(middle[2] + e)
    # A shooter does not reckon with this shot's own spin, but the scenario does: it aims with the mean one.
    states[:, 7] = -4 * math.pi
    nominal = np.tile(nominal_parameters(BASKETBALL)[:NUM_PARAMETERS], (len(d), 1))
    nominal[:, FLOOR] = -np.inf
    speeds = aim(states, nominal, middle[0] + d + 0.05, np.full(len(d), CENTRE[2]))
    columns = np.stack([np.ones(len(d)), d, z, e, d * d, d * z, d * e, z * z, z * e, e * e], axis=1)
    return tuple(float(value) for value in np.linalg.lstsq(columns, speeds, rcond=None)[0])
