"""Basketball: the ball, how balls differ, and how they are shot and passed."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from pathcast.simulator.ball.aim import aim
from pathcast.simulator.ball.launches import Floats, Normals, States, Uniforms, direction
from pathcast.simulator.ball.parameters import FLOOR
from pathcast.simulator.ball.sports.ball import Ball, Prior
from pathcast.simulator.ball.sports.rows import nominal_parameters
from pathcast.venue import BASKETBALL_NBA

BASKETBALL: Final = Ball(
    name="basketball",
    # NBA rule 2: 22 oz, 29.5 in round. A thin shell.
    mass_kg=0.6237,
    radius_m=0.7493 / (2 * math.pi),
    # .47 fits SportVU tracks (inpredictable, "Kind of a drag"); .47 to .54 below the drag crisis (Re 1.3e5 to 1.5e5).
    drag_coefficient=0.50,
    # Small spins; an estimate within what spheres show.
    lift_per_spin=0.5,
    # Baseball's 30 s (Nathan); nobody's measurement of this ball.
    spin_decay_per_s=1 / 30,
    # FIBA: dropped from 1.8 m it comes back to 1035 to 1085 mm, bottom of the ball. Without air that is e = .758 to
    # .776; drag takes 6 % of the height, so it is .78 to .80.
    restitution=0.79,
    # Real balls grip and spin up a little beyond rolling (Cross 2002, Am. J. Phys. 70:1093).
    tangential=0.1,
    friction=0.55,
)
PRIOR: Final = Prior(
    # Below the drag crisis: .47 to .54.
    drag_coefficient=(0.50, 0.04),
    lift_spread=0.15,
    restitution=(0.76, 0.82),
    tangential=(-0.1, 0.3),
    friction=(0.4, 0.7),
    # Rims of restitution .50 to .75 and boards of .70 to .80 about the nominal .62 and .75.
    rim_change=(-0.12, 0.13),
    board_change=(-0.05, 0.05),
)


THREE_POINT_SPREAD: Final = 1.101
FREE_THROW_SPREAD: Final = 0.835
"""Scales of a player's own deviations of speed and angles, with which .350 of the threes and .780 of the free throws go
in (tools/calibrate_shots.py; on another seed .3492 +- .0012 and .7786 +- .0010). They leave the deviations within what
players are measured to have. Free throws: the NBA's seasons 2020-21 to 2023-24, .775 to .784."""


def three_pointers(normals: Normals, uniforms: Uniforms, spread: float = THREE_POINT_SPREAD) -> States:
    """Shots from 6.75 to 7.6 m, from 80 degrees either side of the middle."""
    distance, bearing = 6.75 + 0.85 * uniforms[:, 0], np.radians(160.0) * (uniforms[:, 1] - 0.5)
    return _shots(normals, distance, bearing, 1.2, spread)


def free_throws(normals: Normals, uniforms: Uniforms, spread: float = FREE_THROW_SPREAD) -> States:
    """Shots from the line, 4.19 m before the middle of the hoop, a hand's breadth either way."""
    distance, bearing = 4.19 + 0.1 * (2 * uniforms[:, 0] - 1), 0.02 * (2 * uniforms[:, 1] - 1)
    return _shots(normals, distance, bearing, 1.3, spread)


def basketballs(normals: Normals, uniforms: Uniforms) -> States:
    """Half shots from 3 to 9 m all round, a fifth chest passes, the others passes by a bounce on the floor."""
    distance = 3.0 + 6.0 * uniforms[:, 0]
    bearing = np.radians(160.0) * (uniforms[:, 1] - 0.5)
    kind = uniforms[:, 2]
    shots = _shots(normals, distance, bearing, 1.2, THREE_POINT_SPREAD)
    chest = _passes(normals, uniforms, distance, bearing, elevation=5.0, spread=6.0, speed=9.5)
    bounced = _passes(normals, uniforms, distance, bearing, elevation=-28.0, spread=7.0, speed=8.0)
    return np.where((kind < 0.5)[:, None], shots, np.where((kind < 0.7)[:, None], chest, bounced))


def _shots(normals: Normals, distance: Floats, bearing: Floats, angle_deg: float, spread: float) -> States:
    """Shots at the NBA hoop from a distance (m) and bearing (radians from the x axis) of its middle.

    Release height N(2.3, .15) m, elevation N(50.5, 3) degrees between players and N(0, angle_deg) within, side angle
    N(0, .8) degrees, backspin N(2, .6) Hz about an axis tilted N(0, 10) degrees; the speed takes a ball of nominal
    coefficients through a point 5 cm beyond the hoop's middle, and N(0, .09) m/s is added. The three spreads within
    players are times `spread`. Players of Slegers, Lee and Wong 2021 (J. Sports Sci. Med. 20:508) had .05 to .13 m/s,
    and 1.2 +- .24 degrees from 6.75 m, 1.3 +- .26 degrees from the line. Backspin and aim: Tran and Silverberg 2008.
    """
    num = len(normals)
    hoop = BASKETBALL_NBA.hoop
    assert hoop is not None
    height = np.clip(2.3 + 0.15 * normals[:, 0], 1.8, 2.8)
    elevation = np.radians(np.clip(50.5 + 3.0 * normals[:, 1] + spread * angle_deg * normals[:, 2], 38.0, 65.0))
    towards = bearing + np.pi
    side = towards + spread * np.radians(0.8) * normals[:, 3]
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
    course = direction(side, elevation)
    states[:, 3:6] = course
    nominal = np.tile(nominal_parameters(BASKETBALL), (num, 1))
    nominal[:, FLOOR] = -np.inf
    speed = aim(states, nominal, distance + 0.05, np.full(num, hoop.centre[2])) + spread * 0.09 * normals[:, 6]
    states[:, 3:6] = course * speed[:, None]
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
    states[:, 3:6] = direction(2 * np.pi * uniforms[:, 4], rise) * pace[:, None]
    states[:, 6:9] = 2 * np.pi * normals[:, 3:6]
    return states
