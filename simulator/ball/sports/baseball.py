"""Baseball: the ball, how balls differ, and how they are pitched and batted."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from pathcast.simulator.ball.launches import Floats, Normals, States, Uniforms, aimed, direction, spinning
from pathcast.simulator.ball.sports.ball import Ball, DragCurve, LiftCurve, Prior
from pathcast.simulator.ball.sports.rows import full_parameters
from pathcast.venue import Plane, Venue

RPM: Final = 2 * math.pi / 60
"""rad/s in a revolution per minute."""
BASEBALL: Final = Ball(
    name="baseball",
    # 5.125 oz, 9.125 in round, as in Nathan's trajectory calculator (baseball.physics.illinois.edu), whose coefficients
    # these are. Cork and yarn: nearly solid.
    mass_kg=0.1453,
    radius_m=0.03689,
    inertia=0.39,
    # At 40 m/s and 2200 rpm.
    drag_coefficient=0.365,
    lift_per_spin=1.04,
    # Cd = .3008 + .0292 (spin in 1000 rpm): at 40 m/s 1000 rpm are S = .0966.
    drag=DragCurve(low=0.3008, high=0.3008, per_spin=0.0292 / 0.0966),
    # Cl = 1.12 S / (.583 + 2.333 S).
    lift=LiftCurve(start=0.583 / 1.12, rest=2.333 / 1.12),
    # tau = 30 s.
    spin_decay_per_s=1 / 30,
    # On turf and dirt; a choice about the .546 that it has on a bat's wood.
    restitution=0.50,
    tangential=0.0,
    friction=0.5,
)
PRIOR: Final = Prior(
    # Between balls: .012 of .301.
    drag_spread=0.04,
    lift_spread=0.08,
    restitution=(0.40, 0.60),
    tangential=(-0.3, 0.2),
    friction=(0.4, 0.7),
    temperature_c=(8.0, 35.0),
    altitude_m=(0.0, 300.0),
    wind_spread=1.5,
)
DIAMOND: Final = Venue(
    name="baseball-diamond",
    origin_of="the point of home plate; x to the catcher's right, y to the mound, z up",
    floor=Plane(point=(0.0, 0.0, 0.0)),
)
RELEASE: Final = 16.6
"""m before the point of home plate: 60.5 ft less a stride of 6 ft."""
PITCHES: Final = np.array(
    [
        # Share, speed m/s, its spread, backspin, arm-side spin, gyrospin in rpm: four-seam fastball, sinker, slider,
        # curveball, change-up. Round numbers of the major leagues, chosen, not fitted.
        (0.36, 41.8, 1.2, 2000.0, 800.0, 800.0),
        (0.16, 41.2, 1.2, 1200.0, 1600.0, 700.0),
        (0.22, 37.8, 1.5, 200.0, -600.0, 2200.0),
        (0.10, 35.2, 1.5, -1800.0, -900.0, 1500.0),
        (0.16, 37.7, 1.3, 1000.0, 1400.0, 700.0),
    ]
)


def pitches(normals: Normals, uniforms: Uniforms) -> States:
    """Pitches of five kinds from right and left hands, about the strike zone.

    Released N(1.8, .12) m up, .6 m to the arm's side; they cross the plate's front at N(0, .28) across and N(.75, .28)
    up. Each spin is spread by 10 %.
    """
    num = len(normals)
    edges = np.cumsum(PITCHES[:, 0])[:-1]
    kind = PITCHES[np.searchsorted(edges, uniforms[:, 0], side="right")]
    # From the catcher's side a right hand is on the left.
    arm = np.where(uniforms[:, 1] < 0.72, -1.0, 1.0)
    height = np.clip(1.8 + 0.12 * normals[:, 0], 1.2, 2.2)
    starts: Floats = np.stack([arm * 0.6 + 0.15 * normals[:, 1], np.full(num, RELEASE), height], axis=1)
    crossing = np.clip(0.75 + 0.28 * normals[:, 3], 0.05, 1.8)
    targets: Floats = np.stack([0.28 * normals[:, 2], np.full(num, 0.43), crossing], axis=1)
    # Drag takes a tenth on the way: the mean is a twentieth under the release.
    pace = 0.95 * (kind[:, 1] + kind[:, 2] * np.clip(normals[:, 4], -3.0, 3.0))
    scale = RPM * (1.0 + 0.1 * np.clip(normals[:, 5], -3.0, 3.0))
    # A ball along -y with positive vertical spin turns to +x.
    back, side, gyro = scale * kind[:, 3], arm * scale * kind[:, 4], scale * kind[:, 5]
    return aimed(full_parameters(BASEBALL, num), starts, targets, pace, back, side, gyro)


def hits(normals: Normals, uniforms: Uniforms) -> States:
    """Batted balls: speed N(39, 6) m/s (15 to 54), elevation N(13, 22) degrees, bearing N(0, 22) degrees.

    Backspin -763 + 120 elevation and sidespin 849 + 94 bearing in rpm and degrees, as Nathan's calculator proposes,
    spread by 300 rpm. Speeds, angles and spreads are choices.
    """
    elevation = np.clip(13.0 + 22.0 * normals[:, 0], -40.0, 75.0)
    bearing = np.clip(22.0 * normals[:, 1], -45.0, 45.0)
    speed = np.clip(39.0 + 6.0 * normals[:, 2], 15.0, 54.0)
    hand = np.where(uniforms[:, 0] < 0.6, 1.0, -1.0)
    back = np.clip(-763.0 + 120.0 * elevation + 300.0 * normals[:, 3], -3000.0, 4500.0) * RPM
    side = -(hand * 849.0 + 94.0 * bearing + 300.0 * normals[:, 4]) * RPM
    heading = np.radians(90.0 - bearing)
    states: Floats = np.zeros((len(normals), 9))
    states[:, 1] = 0.6
    states[:, 2] = np.clip(0.8 + 0.2 * normals[:, 5], 0.3, 1.4)
    states[:, 3:6] = direction(heading, np.radians(elevation)) * speed[:, None]
    states[:, 6:9] = spinning(heading, back, side)
    return states
