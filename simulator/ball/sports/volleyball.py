"""Volleyball: the ball, its drag crisis, how balls differ, and how serves and attacks are struck."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from pathcast.simulator.ball.launches import Floats, Normals, States, Uniforms, aimed
from pathcast.simulator.ball.sports.ball import Ball, DragCurve, LiftCurve, Prior
from pathcast.simulator.ball.sports.rows import INDOOR_VISCOSITY, full_parameters
from pathcast.venue import Box, Plane, Venue

RADIUS: Final = 0.66 / (2 * math.pi)
"""FIVB: 65 to 67 cm round."""
VOLLEYBALL: Final = Ball(
    name="volleyball",
    # FIVB: 260 to 280 g. A thin shell.
    mass_kg=0.27,
    radius_m=RADIUS,
    # At 20 m/s, beyond most balls' crisis.
    drag_coefficient=0.16,
    lift_per_spin=0.71,
    # From .5 to .1 to .2 within 4 to 30 m/s; where, depends on ball and panels (Tamaru et al. 2021).
    drag=DragCurve(low=0.5, high=0.15, critical_reynolds=2 * RADIUS * 14.0 / INDOOR_VISCOSITY, width_reynolds=2.0e4),
    # Lift proportional to spin times speed at first (Kao et al. 1994); its size within what spheres show. A choice.
    lift=LiftCurve(start=1.0, rest=2.0),
    # On a hard floor; a choice.
    restitution=0.75,
    tangential=0.1,
    friction=0.5,
)
PRIOR: Final = Prior(
    drag_spread=0.08,
    lift_spread=0.2,
    # Crises at 10 to 18 m/s.
    critical_reynolds=(2 * RADIUS * 10.0 / INDOOR_VISCOSITY, 2 * RADIUS * 18.0 / INDOOR_VISCOSITY),
    restitution=(0.70, 0.80),
    tangential=(-0.1, 0.3),
    friction=(0.4, 0.7),
)
COURT: Final = Venue(
    name="volleyball-court",
    origin_of="the middle of the court, under the net; x across, y along, z up",
    floor=Plane(point=(0.0, 0.0, 0.0)),
    # FIVB: 18 x 9 m; net 9.5 to 10 m wide, 1 m high, its top at 2.43 m (men).
    net=Box(centre=(0.0, 0.0, 1.93), size=(9.75, 0.02, 1.0)),
)


def serves(normals: Normals, uniforms: Uniforms) -> States:
    """Float serves and jump serves, half each, from behind the end line.

    Float: struck 2.3 to 2.7 m up, pace N(14, 1) m/s, hardly a turn. Jump: 3.0 to 3.4 m up, pace N(18.5, 1.5) m/s,
    topspin N(42, 9) rad/s. Landing 5.5 to 8.8 m behind the net. Choices within 8 to 30 m/s.
    """
    jump = uniforms[:, 0] < 0.5
    height = np.where(jump, 3.0, 2.3) + 0.4 * uniforms[:, 1]
    starts: Floats = np.stack(
        [8.0 * (uniforms[:, 2] - 0.5), np.where(jump, 8.3, 9.3) + 0.4 * uniforms[:, 3], height], axis=1
    )
    targets: Floats = np.stack(
        [8.0 * (uniforms[:, 4] - 0.5), -5.5 - 3.3 * uniforms[:, 5], np.full(len(normals), RADIUS)], axis=1
    )
    pace = np.where(jump, 18.5 + 1.5 * normals[:, 0], 14.0 + 1.0 * normals[:, 0])
    topspin = np.where(jump, 42.0 + 9.0 * normals[:, 1], 2.0 * normals[:, 1])
    sidespin = np.where(jump, 8.0, 2.0) * normals[:, 2]
    pace = np.clip(pace, 8.0, 30.0)
    return aimed(full_parameters(VOLLEYBALL, len(normals)), starts, targets, pace, -topspin, sidespin)


def rallies(normals: Normals, uniforms: Uniforms) -> States:
    """Attacks from above the net and high sets and passes, half each, over the net.

    Attack: struck 2.8 to 3.4 m up 1 to 3 m before the net, pace N(17, 3) m/s, topspin N(45, 12) rad/s, landing 3 to 8.8
    m behind it. Pass: 1 to 2.2 m up, pace N(6, 1) m/s, hardly a turn. Choices.
    """
    attack = uniforms[:, 0] < 0.5
    before = np.where(attack, 1.0 + 2.0 * uniforms[:, 1], 2.0 + 6.5 * uniforms[:, 1])
    height = np.where(attack, 2.8 + 0.6 * uniforms[:, 2], 1.0 + 1.2 * uniforms[:, 2])
    starts: Floats = np.stack([8.0 * (uniforms[:, 3] - 0.5), before, height], axis=1)
    targets: Floats = np.stack(
        [8.0 * (uniforms[:, 4] - 0.5), -3.0 - 5.8 * uniforms[:, 5], np.full(len(normals), RADIUS)], axis=1
    )
    pace = np.where(attack, np.clip(17.0 + 3.0 * normals[:, 0], 9.0, 28.0), np.clip(6.0 + normals[:, 0], 4.0, 9.0))
    topspin = np.where(attack, 45.0 + 12.0 * normals[:, 1], 4.0 * normals[:, 1])
    sidespin = 4.0 * normals[:, 2]
    return aimed(full_parameters(VOLLEYBALL, len(normals)), starts, targets, pace, -topspin, sidespin)
