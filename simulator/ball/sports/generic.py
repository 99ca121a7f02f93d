"""A ball of no sport: a smooth sphere thrown by hand."""

from __future__ import annotations

from typing import Final

import numpy as np

from pathcast.simulator.ball.launches import Floats, Normals, States, Uniforms, direction, spinning
from pathcast.simulator.ball.sports.ball import Ball, DragCurve, LiftCurve, Prior
from pathcast.venue import Plane, Venue

GENERIC: Final = Ball(
    name="generic",
    # A rubber ball of 10 cm, hollow; choices.
    mass_kg=0.15,
    radius_m=0.05,
    # A smooth sphere well below its crisis, which is at Re 3.5e5 to 4e5 (Achenbach 1972, J. Fluid Mech. 54:565).
    drag_coefficient=0.47,
    lift_per_spin=1.16,
    drag=DragCurve(low=0.47, high=0.10, critical_reynolds=3.7e5, width_reynolds=2.0e4),
    # Cl = S / (.4 + 2.32 S), after Nathan's fit to baseballs; 1.16 at S = .2.
    lift=LiftCurve(start=0.40, rest=2.32),
    restitution=0.70,
    tangential=0.1,
    friction=0.5,
)
PRIOR: Final = Prior(
    drag_spread=0.1,
    lift_spread=0.2,
    restitution=(0.5, 0.9),
    tangential=(-0.2, 0.4),
    friction=(0.2, 0.8),
)
FLOOR: Final = Venue(name="floor", origin_of="a point of the floor; z up", floor=Plane(point=(0.0, 0.0, 0.0)))


def tosses(normals: Normals, uniforms: Uniforms) -> States:
    """Throws in any direction: speed 3 to 15 m/s, elevation N(25, 20) degrees, spin N(0, 20) rad/s about any axis."""
    heading = 2 * np.pi * uniforms[:, 0]
    elevation = np.radians(np.clip(25.0 + 20.0 * normals[:, 0], -60.0, 85.0))
    states: Floats = np.zeros((len(normals), 9))
    states[:, 2] = 1.0 + uniforms[:, 1]
    states[:, 3:6] = direction(heading, elevation) * (3.0 + 12.0 * uniforms[:, 2:3])
    states[:, 6:9] = spinning(heading, 20.0 * normals[:, 1], 20.0 * normals[:, 2], 20.0 * normals[:, 3])
    return states
