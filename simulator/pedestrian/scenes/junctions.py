"""Junctions: places where people choose between ways, with a zone of choice in the middle."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from pathcast.simulator.pedestrian.scene import Scene, Zone
from pathcast.simulator.pedestrian.scenes.kind import OPPOSITE, Flow, Kind
from pathcast.simulator.pedestrian.scenes.outline import Door, enclose


def crossing(measures: Mapping[str, float], _: np.random.Generator) -> Scene:
    """Two corridors that cross at right angles; exits south, east, north and west at the ends of the arms."""
    x, y = measures["south_width"] / 2, measures["west_width"] / 2
    arm = measures["arm"]
    corners = [(-x, -y), (-x, -y - arm), (x, -y - arm), (x, -y), (x + arm, -y), (x + arm, y)]
    corners += [(-a, -b) for a, b in corners]
    doors = [Door(1, "south"), Door(4, "east"), Door(7, "north"), Door(10, "west")]
    venue = enclose("crossing", corners, doors, origin_of="the middle of the crossing; x east, y north")
    return Scene(venue, zones=(Zone((0.0, 0.0), math.hypot(x, y) + 0.5),))


def t_junction(measures: Mapping[str, float], _: np.random.Generator) -> Scene:
    """A corridor along x that another one joins from the south; exits west, east and south."""
    x, y = measures["south_width"] / 2, measures["bar_width"] / 2
    bar, stem = measures["bar"], measures["stem"]
    corners = [(-bar, -y), (-x, -y), (-x, -y - stem), (x, -y - stem), (x, -y), (bar, -y), (bar, y), (-bar, y)]
    doors = [Door(7, "west"), Door(5, "east"), Door(2, "south")]
    venue = enclose("t-junction", corners, doors, origin_of="the middle of the junction; x east, y north")
    return Scene(venue, zones=(Zone((0.0, 0.0), math.hypot(x, y) + 0.5),))


CROSSING = Kind(
    name="crossing",
    summary="two corridors that cross",
    place=crossing,
    measures={"arm": (7.0, 13.0), "south_width": (2.5, 6.0), "west_width": (2.5, 6.0)},
    people=(8, 30),
    flows=(Flow("*", OPPOSITE), Flow("*", "*", (0.0, 0.8))),
    chooses=(0.1, 0.5),
)
T_JUNCTION = Kind(
    name="t-junction",
    summary="a corridor that another one joins",
    place=t_junction,
    measures={"bar": (9.0, 16.0), "stem": (7.0, 13.0), "bar_width": (2.5, 5.0), "south_width": (2.5, 5.0)},
    flows=(Flow("*", "*"), Flow("south", "*", (0.0, 1.0))),
    chooses=(0.1, 0.6),
)
