"""Occluders: what hides people from a camera: obstacles, walls as thin boxes, and other people."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from pathcast.simulator.pedestrian.parameters import CALIBRATED
from pathcast.simulator.sensor import Sensor
from pathcast.venue import Box, Segment, Venue

WALL_HEIGHT_M: Final = 2.5
WALL_THICKNESS_M: Final = 0.02


def occluders_of(venue: Venue) -> tuple[Box, ...]:
    """Boxes that stand for obstacles and walls; nothing is in the way at exits."""
    return (*venue.obstacles, *(wall_box(wall) for wall in venue.walls))


def wall_box(wall: Segment) -> Box:
    """A wall, of which a venue knows the foot only, as a box 2.5 m high and 2 cm thick."""
    (x0, y0, z0), (x1, y1, z1) = wall.start, wall.end
    return Box(
        centre=((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1 + WALL_HEIGHT_M) / 2),
        size=(math.hypot(x1 - x0, y1 - y0), WALL_THICKNESS_M, WALL_HEIGHT_M),
        yaw=math.atan2(y1 - y0, x1 - x0),
    )


def sensor_among_people(sensor: Sensor) -> Sensor:
    """The sensor with people as wide as bodies are in a camera's way, unless it says how wide they are."""
    if sensor.camera is None or sensor.object_radius_m > 0.0:
        return sensor
    return replace(sensor, object_radius_m=CALIBRATED.radius)
