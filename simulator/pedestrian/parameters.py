"""Constants of the walking model, with where they come from."""

from __future__ import annotations

from typing import Final, NamedTuple


class WalkingParameters(NamedTuple):
    """Strengths and ranges of the social and anticipating forces.

    The social part is Helbing and Molnar (1995) in its circular form, made anisotropic as in Johansson, Helbing and
    Shukla (2007); the anticipating part is the time-to-collision power law of Karamouzas, Skinner and Guy (2014).
    """

    strength: float = 3.26
    """A: acceleration between two touching bodies, m/s². Calibrated with `reach`, `aside` and `radius`."""
    reach: float = 0.18
    """B: distance over which it falls to 1/e, m."""
    aside: float = 0.22
    """lambda: weight of somebody straight behind; somebody straight ahead weighs 1."""
    radius: float = 0.20
    """R: of a body, m."""
    relaxation: float = 0.5
    """tau: time to take up the desired velocity, s (Helbing and Molnar 1995)."""
    collision_energy: float = 1.5
    """k of the power law E(t) = k / t² exp(-t / t0), m² (per unit of mass; Karamouzas et al. 2014)."""
    collision_horizon: float = 3.0
    """t0 of the power law, s (Karamouzas et al. 2014)."""
    collision_most: float = 5.0
    """Largest acceleration of the power law, m/s²; without it, it has no bound as the time goes to 0."""
    graze: float = 0.5
    """Half chord of the collision, over the sum of the radii, below which it counts as this long: the power law's
    force has no bound where discs only just touch, however late that is."""
    sight: float = 6.0
    """Distance beyond which people do not react to each other, m."""
    speed_most: float = 1.3
    """Largest speed over desired speed (Helbing and Molnar 1995)."""
    sway: float = 0.07
    """Standard deviation of the walking velocity that the random acceleration alone keeps up, m/s per axis."""


CALIBRATED: Final = WalkingParameters()
"""Found by a random search of 248 settings against Weidmann's fundamental diagram and a two-way corridor; of the
settings found, the one whose two-way flow moves best and forms lanes (docs/theory_pedestrian.md)."""

STEP_S: Final = 0.05
"""Time step of the integration, s."""
