"""Constants of the walking model, with where they come from."""

from __future__ import annotations

from typing import Final, NamedTuple


class WalkingParameters(NamedTuple):
    """Strengths and ranges of what moves a walker; `CALIBRATED` says how they were found.

    The social part is Helbing and Molnar (1995) in its circular form, made anisotropic as in Johansson, Helbing and
    Shukla (2007); the anticipating part is the time-to-collision power law of Karamouzas, Skinner and Guy (2014);
    following is the speed law of Tordeux, Chraibi and Seyfried (2016).
    """

    strength: float = 1.9022
    """A: acceleration between two touching bodies, m/s²."""
    reach: float = 0.1033
    """B: distance over which it falls to 1/e, m."""
    aside: float = 0.9369
    """lambda: weight of somebody straight behind; somebody straight ahead weighs 1."""
    radius: float = 0.192
    """R: of a body, m."""
    relaxation: float = 0.3472
    """tau: time to take up the desired velocity, s (0.5 in Helbing and Molnar 1995)."""
    collision_energy: float = 1.4901
    """k of the power law E(t) = k / t² exp(-t / t0), m² (per unit of mass; 1.5 in Karamouzas et al. 2014)."""
    collision_horizon: float = 3.0
    """t0 of the power law, s (Karamouzas et al. 2014)."""
    collision_most: float = 11.0318
    """Largest acceleration of the power law between people who go the same way, m/s²; it has none of its own as the
    time goes to 0."""
    meeting_most: float = 1.3616
    """The same between people who meet head-on, m/s²: they step aside early and gently."""
    graze: float = 1.0032
    """Half chord of a collision, over the sum of the radii, at which its force is down to a third: the power law's
    own has no bound where discs only just touch, however late that is, and drops to 0 beyond."""
    side: float = 0.2344
    """How far to the right of head-on, over the sum of the radii, people who come towards each other aim to pass;
    0 for no preference."""
    sight: float = 6.0
    """Distance beyond which people do not react to each other, m."""
    headway: float = 0.5774
    """T: time that people keep between themselves and those ahead, s (Tordeux, Chraibi and Seyfried 2016)."""
    least_gap: float = 0.5564
    """l: distance from somebody ahead at which they stand, m."""
    narrow: float = 2.8877
    """kappa: how many times as far away somebody aside counts, when following, as somebody straight ahead."""
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
    group_slowing: float = 0.04
    """By how much the pace of a group falls with each member beyond the first, m/s; walking abreast adds to it, so
    that the whole slope is 0.04 to 0.08 (Moussaid et al. 2010)."""
    route_scale: float = 8.0
    """Length of detour, m, that makes a way 1/e as likely to be chosen in a zone."""


CALIBRATED: Final = WalkingParameters()
"""Found by `pathcast.simulator.pedestrian.calibrate` on the first half of the checks' seeds. docs/theory_pedestrian.md
shows how it does on the second."""
CALIBRATED_SCORE: Final = 0.671
"""What that search minimises: the misses of its figures by their fourth powers, each over what is tolerated."""

STEP_S: Final = 0.05
"""Time step of the integration, s."""
