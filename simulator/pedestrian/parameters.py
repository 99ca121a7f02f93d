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
    """Half chord of a collision, over the sum of the radii, at which its force is down to a third: the power law's
    own has no bound where discs only just touch, however late that is, and drops to 0 beyond."""
    side: float = 0.0
    """How far to the right of head-on, over the sum of the radii, people who come towards each other aim to pass;
    0 for no preference."""
    sight: float = 6.0
    """Distance beyond which people do not react to each other, m."""
    speed_most: float = 1.3
    """Largest speed over desired speed (Helbing and Molnar 1995)."""
    sway: float = 0.07
    """Standard deviation of the walking velocity that the random acceleration alone keeps up, m/s per axis."""
    core: float = 0.85
    """Distance, over the sum of the radii, that two bodies never come under: shoulders give way, and turn."""
    gaze: float = 4.0
    """beta1: slowing, per radian that the head must turn beyond 90 degrees to see the own group, 1/s (Moussaid et al.
    2010)."""
    cohesion: float = 3.0
    """beta2: acceleration towards the middle of a group that is too far away, m/s² (Moussaid et al. 2010)."""
    spacing: float = 1.0
    """beta3: acceleration away from a member of the own group that is nearer than `spacing_distance`, m/s² (Moussaid
    et al. 2010)."""
    spacing_distance: float = 0.8
    """d0, m (Moussaid et al. 2010)."""
    group_slowing: float = 0.06
    """By how much the pace of a group falls with each member beyond the first, m/s (0.04 to 0.08: Moussaid et al.
    2010)."""
    route_scale: float = 8.0
    """Length of detour, m, that makes a way 1/e as likely to be chosen in a zone."""


CALIBRATED: Final = WalkingParameters()
"""Found by a random search of 248 settings against Weidmann's fundamental diagram and a two-way corridor; of the
settings found, the one whose two-way flow moves best and forms lanes (docs/theory_pedestrian.md)."""

STEP_S: Final = 0.05
"""Time step of the integration, s."""
