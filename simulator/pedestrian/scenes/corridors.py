"""Corridors: straight, one-way and two-way, and bent round a corner."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pathcast.simulator.pedestrian.people import Intent
from pathcast.simulator.pedestrian.scenes.kind import RATES, Flow, Kind
from pathcast.simulator.pedestrian.scenes.outline import Door, enclose
from pathcast.venue import Venue, corridor

FEW_TURNS = {**RATES, Intent.GOAL: (0.0, 0.004), Intent.TURN: (0.0, 0.004)}
"""With two exits another goal is turning back."""


def straight(measures: Mapping[str, float], _: np.random.Generator) -> Venue:
    """A corridor along x, its ends the exits west and east."""
    return corridor(measures["length"], measures["width"])


def bend(measures: Mapping[str, float], source: np.random.Generator) -> Venue:
    """Two corridors that meet at a right angle: exit west, and exit north or south, whichever way it bends."""
    first, second, width = measures["first_length"], measures["second_length"], measures["width"]
    corners = [
        (-first, 0.0),
        (width, 0.0),
        (width, width + second),
        (0.0, width + second),
        (0.0, width),
        (-first, width),
    ]
    if source.random() < 0.5:
        return enclose("corner", corners, [Door(5, "west"), Door(2, "north")], origin_of="the outer corner's inside")
    mirrored = [(x, -y) for x, y in reversed(corners)]
    return enclose("corner", mirrored, [Door(5, "west"), Door(2, "south")], origin_of="the outer corner's inside")


CORRIDOR = Kind(
    name="corridor",
    summary="two-way corridor",
    place=straight,
    measures={"length": (20.0, 40.0), "width": (2.5, 6.0)},
    flows=(Flow("west", "east", (0.2, 1.0)), Flow("east", "west", (0.2, 1.0))),
    rates=FEW_TURNS,
    keeps_lane=True,
)
ONE_WAY = Kind(
    name="corridor-one-way",
    summary="corridor that all walk along the same way",
    place=straight,
    measures={"length": (20.0, 40.0), "width": (1.8, 5.0)},
    people=(8, 30),
    flows=(Flow("west", "east"),),
    rates={**FEW_TURNS, Intent.GOAL: (0.0, 0.001), Intent.TURN: (0.0, 0.001)},
    keeps_lane=True,
)
CORNER = Kind(
    name="corner",
    summary="corridor that bends at a right angle",
    place=bend,
    measures={"first_length": (8.0, 15.0), "second_length": (8.0, 15.0), "width": (2.2, 4.5)},
    flows=(Flow("west", "*", (0.2, 1.0)), Flow("*", "west", (0.2, 1.0))),
    rates=FEW_TURNS,
)
