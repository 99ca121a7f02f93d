"""Launches: states from which balls are thrown, made from standard normal and uniform draws.

What the sports share. Their own launches (`pathcast.simulator.ball.sports`) are functions of the draws alone, a row
for each throw; each takes what it needs from the left, so that a further draw added on the right changes no throw.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.simulator.ball.aim import aim
from pathcast.simulator.ball.parameters import FLOOR, GRAVITY, LIFT, LIFT_SATURATION, RADIUS

NUM_NORMALS: Final = 10
NUM_UNIFORMS: Final = 8
"""Draws of each throw for its launch."""

Normals = Float[np.ndarray, "throw 10"]
Uniforms = Float[np.ndarray, "throw 8"]
States = Float[np.ndarray, "throw 9"]
Floats = NDArray[np.float64]


def direction(heading: Floats, elevation: Floats) -> Floats:
    """Unit vectors. Shape [throw, 3]."""
    level = np.cos(elevation)
    return np.stack([level * np.cos(heading), level * np.sin(heading), np.sin(elevation)], axis=1)


def spinning(heading: Floats, back: Floats, side: Floats, gyro: Floats | float = 0.0) -> Floats:
    """Spins (rad/s) of balls along level headings. Shape [throw, 3].

    Backspin lifts (topspin is less than none), sidespin about the vertical turns to the left, gyrospin about the
    heading does nothing.
    """
    cosine, sine = np.cos(heading), np.sin(heading)
    return np.stack([back * sine + gyro * cosine, gyro * sine - back * cosine, side + 0.0 * heading], axis=1)


def aimed(
    parameters: Float[np.ndarray, "throw full"],
    starts: Float[np.ndarray, "throw 3"],
    targets: Float[np.ndarray, "throw 3"],
    pace: Floats,
    back: Floats,
    side: Floats,
    gyro: Floats | float = 0.0,
) -> States:
    """Balls that nearly pass through their targets, falling.

    The elevation is that of a parabola that covers the level distance at the pace, under gravity less the lift of the
    backspin; the speed then takes a ball of these parameters through the target's distance and height, where one
    within a factor of two of the parabola's does. Sidespin still turns it aside.

    Args:
        parameters: Full rows of the balls as their players expect them.
        starts: m.
        targets: m.
        pace: Mean level speed, m/s.
        back: Backspin, rad/s; topspin is negative.
        side: Sidespin, rad/s, to the left.
        gyro: Spin about the level heading, rad/s.
    """
    way = targets - starts
    heading, distance = np.arctan2(way[:, 1], way[:, 0]), np.hypot(way[:, 0], way[:, 1])
    spin = spinning(heading, back, side, gyro)
    share = parameters[:, RADIUS] * np.linalg.norm(spin, axis=1) / pace
    lift = parameters[:, LIFT] / (1.0 + parameters[:, LIFT_SATURATION] * share)
    gravity = parameters[:, GRAVITY]
    pull = np.maximum(gravity - lift * back * pace, 0.2 * gravity)
    elevation = np.arctan2(way[:, 2] + 0.5 * pull * (distance / pace) ** 2, distance)
    course = direction(heading, elevation)
    states: Floats = np.concatenate([starts, course, spin], axis=1)
    rows = parameters.copy()
    rows[:, FLOOR] = -np.inf
    speed = aim(states, rows, distance, targets[:, 2])
    in_vacuum = pace / np.cos(elevation)
    speed = np.where((speed > 0.5 * in_vacuum) & (speed < 2.0 * in_vacuum), speed, in_vacuum)
    states[:, 3:6] = course * speed[:, None]
    return states
