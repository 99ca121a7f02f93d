"""Tennis: the ball, how balls and courts differ, and how rallies and serves are struck."""

from __future__ import annotations

from typing import Final

import numpy as np

from pathcast.simulator.ball.launches import Floats, Normals, States, Uniforms, aimed
from pathcast.simulator.ball.sports.ball import Ball, DragCurve, LiftCurve, Prior
from pathcast.simulator.ball.sports.rows import full_parameters
from pathcast.venue import Box, Plane, Venue

TENNIS: Final = Ball(
    name="tennis",
    # ITF: 56.0 to 59.4 g, 6.54 to 6.86 cm across. Between a shell and a solid: rubber under felt (Cross, Brody).
    mass_kg=0.0577,
    radius_m=0.0335,
    inertia=0.55,
    # .507 +- .024 in flight from 15 to 30 m/s, whatever the spin: Cross and Lindsey 2013, "Aerodynamic Drag and Lift in
    # Tennis Shots", Tennis Warehouse University. No crisis: the felt keeps the boundary layer turbulent.
    drag_coefficient=0.507,
    lift_per_spin=0.72,
    drag=DragCurve(low=0.507, high=0.507),
    # Cl = 1 / (2.022 + .981 U / (R w)): Stepanek 1988, Am. J. Phys. 56:138.
    lift=LiftCurve(start=0.981, rest=2.022),
    # ITF: 135 to 147 cm from 254 cm, in vacuum on granite: e = .729 to .761.
    restitution=0.745,
    restitution_speed_mps=7.1,
    # It falls with speed (Cross 1999, "Dynamic properties of tennis balls", Sports Eng. 2:23); how fast is a choice.
    restitution_fall=0.01,
    # Slightly less to slightly more than rolling (Cross 2002, Am. J. Phys. 70:1093).
    tangential=0.05,
    friction=0.6,
)
PRIOR: Final = Prior(
    # Between shots, not between means.
    drag_coefficient=(0.507, 0.05),
    lift_spread=0.15,
    # Clay bounces higher and grips more, grass less; hard courts between.
    restitution=(0.72, 0.78),
    tangential=(-0.2, 0.3),
    friction=(0.4, 0.8),
    temperature_c=(10.0, 35.0),
    altitude_m=(0.0, 600.0),
    wind_spread=1.0,
)
COURT: Final = Venue(
    name="tennis-court",
    origin_of="the middle of the court, under the net; x across, y along, z up",
    floor=Plane(point=(0.0, 0.0, 0.0)),
    # ITF: 23.77 m long, 8.23 m wide for singles; net .914 m high in the middle, posts .914 m outside (doubles 10.97 m).
    net=Box(centre=(0.0, 0.0, 0.457), size=(12.8, 0.02, 0.914)),
)
HALF_LENGTH: Final = 11.885
"""From net to baseline, m."""
SERVICE_LINE: Final = 6.40
"""From net to service line, m."""


def rallies(normals: Normals, uniforms: Uniforms) -> States:
    """Groundstrokes from behind one baseline into the other half.

    Struck .3 to 1.8 m up, mean pace N(24, 3.5) m/s (14 to 38), topspin N(210, 80) rad/s (2000 rpm; slices among them),
    sidespin N(0, 40) rad/s, landing 5 to 11.5 m behind the net. Choices within 15 to 60 m/s and 0 to 3000 rpm.
    """
    starts: Floats = np.stack(
        [2.0 * normals[:, 0], HALF_LENGTH + 2.0 * uniforms[:, 0], np.clip(0.95 + 0.25 * normals[:, 1], 0.3, 1.8)],
        axis=1,
    )
    targets = _landings(starts, 7.0 * (uniforms[:, 1] - 0.5), -5.0 - 6.5 * uniforms[:, 2])
    pace = np.clip(24.0 + 3.5 * normals[:, 2], 14.0, 38.0)
    topspin = np.clip(210.0 + 80.0 * normals[:, 3], -150.0, 400.0)
    sidespin = 40.0 * normals[:, 4]
    return aimed(full_parameters(TENNIS, len(normals)), starts, targets, pace, -topspin, sidespin)


def serves(normals: Normals, uniforms: Uniforms) -> States:
    """Serves from the baseline into the diagonal box, half of them fast and flat, half slower with much spin.

    Struck N(2.75, .1) m up; mean pace N(45, 3) or N(36, 3) m/s, topspin N(100, 30) or N(260, 50) rad/s, sidespin
    N(0, 60) or N(0, 120) rad/s; landing 4 to 6.2 m behind the net. Choices.
    """
    first = uniforms[:, 0] < 0.5
    side = np.where(uniforms[:, 1] < 0.5, -1.0, 1.0)
    num = len(normals)
    height = 2.75 + 0.1 * np.clip(normals[:, 0], -3.0, 3.0)
    starts: Floats = np.stack([side * (0.2 + 0.8 * uniforms[:, 2]), np.full(num, HALF_LENGTH), height], axis=1)
    targets = _landings(starts, -side * (0.3 + 3.6 * uniforms[:, 3]), -4.0 - 2.2 * uniforms[:, 4])
    pace = np.where(first, 45.0, 36.0) + 3.0 * np.clip(normals[:, 1], -3.0, 3.0)
    topspin = np.where(first, 100.0 + 30.0 * normals[:, 2], 260.0 + 50.0 * normals[:, 2])
    sidespin = np.where(first, 60.0, 120.0) * normals[:, 3]
    return aimed(full_parameters(TENNIS, len(normals)), starts, targets, pace, -topspin, sidespin)


def _landings(starts: Floats, across: Floats, along: Floats) -> Floats:
    """Points on the court. Shape [throw, 3]."""
    return np.stack([across, along, np.full(len(starts), TENNIS.radius_m)], axis=1)
