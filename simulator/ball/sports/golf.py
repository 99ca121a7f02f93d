"""Golf: the ball, how balls and turf differ, and how it is driven."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from pathcast.simulator.ball.launches import Floats, Normals, States, Uniforms, direction, spinning
from pathcast.simulator.ball.sports.ball import Ball, DragCurve, LiftCurve, Prior
from pathcast.venue import Plane, Venue

GOLF: Final = Ball(
    name="golf",
    # Rules of Golf (R&A, USGA): at most 1.62 oz, at least 1.68 in across. Nearly solid.
    mass_kg=0.04593,
    radius_m=0.02134,
    inertia=0.4,
    # At S = .08 to .09, a drive.
    drag_coefficient=0.253,
    lift_per_spin=2.0,
    # Cd = .230 + .269 S and Cl = .447 S^.369 carry eight tour clubs as far as their published averages; the dimples
    # keep the flow beyond the crisis. The lift is that power law's best of this form for S from .08 to .45, within 8 %.
    drag=DragCurve(low=0.230, high=0.230, per_spin=0.269),
    lift=LiftCurve(start=0.293, rest=2.478),
    # On a fairway: .35 at 5 m/s and .12 at 20 m/s (Penner 2002, "The run of a golf ball", Can. J. Phys. 80:931), on the
    # line between. The rest are choices.
    restitution=0.35,
    restitution_speed_mps=5.0,
    restitution_fall=0.015,
    tangential=-0.2,
    friction=0.4,
)
PRIOR: Final = Prior(
    # Balls differ much: carries spread over 18 m among 13 models (Lyu, Kensrud and Smith 2018).
    drag_spread=0.04,
    lift_spread=0.05,
    restitution=(0.25, 0.45),
    tangential=(-0.5, 0.0),
    friction=(0.3, 0.6),
    temperature_c=(8.0, 32.0),
    altitude_m=(0.0, 300.0),
    wind_spread=2.0,
)
FAIRWAY: Final = Venue(
    name="golf-fairway",
    origin_of="the tee, on the ground; y down the fairway, x to the right",
    floor=Plane(point=(0.0, 0.0, 0.0)),
)
RPM: Final = 2 * math.pi / 60
"""rad/s in a revolution per minute."""


def drives(normals: Normals, uniforms: Uniforms) -> States:
    """Drives: speed N(74.5, 3.5) m/s, elevation N(10.9, 2) degrees, backspin N(2690, 350) rpm.

    Means of the PGA tour (TrackMan: ball speed 167 mph); direction N(0, 1.8) degrees, spin axis tilted by N(0, 5)
    degrees. Spreads are choices.
    """
    elevation = np.clip(10.9 + 2.0 * normals[:, 0], 3.0, 20.0)
    speed = np.clip(74.5 + 3.5 * normals[:, 1], 55.0, 90.0)
    spin = np.clip(2690.0 + 350.0 * normals[:, 2], 1200.0, 4500.0) * RPM
    heading = np.radians(90.0 + 1.8 * normals[:, 3])
    tilt = np.radians(5.0) * normals[:, 4]
    states: Floats = np.zeros((len(normals), 9))
    # On a tee.
    states[:, 2] = 0.02 + 0.03 * uniforms[:, 0] + GOLF.radius_m
    states[:, 3:6] = direction(heading, np.radians(elevation)) * speed[:, None]
    states[:, 6:9] = spinning(heading, spin * np.cos(tilt), spin * np.sin(tilt))
    return states
