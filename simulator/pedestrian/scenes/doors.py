"""Doors: places where people wait for each other: a bottleneck, and gates with rails before which they queue."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pathcast.simulator.pedestrian.people import Intent
from pathcast.simulator.pedestrian.scene import Scene
from pathcast.simulator.pedestrian.scenes.kind import Flow, Kind
from pathcast.simulator.pedestrian.scenes.outline import Door, block, enclose, rectangle
from pathcast.venue import Venue

GATE_M = 0.9
"""Width of a gate."""
LANE_M = 1.3
"""Between the rails that lead to it."""
STALL_M = 4.0
"""Least width of hall for each gate: there is room to turn round beside the rails."""
RAIL_M = 0.06
RAIL_HEIGHT_M = 1.0


def bottleneck(measures: Mapping[str, float], _: np.random.Generator) -> Venue:
    """Two rooms side by side with a narrow passage between them; exits west and east are their far sides."""
    first, second, y = -measures["room"], measures["next_room"], measures["width"] / 2
    door, deep = measures["door"] / 2, measures["depth"]
    corners = [(first, -y), (0.0, -y), (0.0, -door), (deep, -door), (deep, -y), (deep + second, -y)]
    corners += [(x, -above) for x, above in reversed(corners)]
    doors = [Door(11, "west"), Door(5, "east")]
    return enclose("bottleneck", corners, doors, origin_of="where the passage begins; x along it")


def queue(measures: Mapping[str, float], source: np.random.Generator) -> Scene:
    """A hall with an entrance in the west and gates in the east, each with a lane between rails before it.

    A gate lets one person through, then serves the next for its service time.
    """
    num, length = int(measures["num_gates"]), measures["length"]
    width = max(measures["width"], STALL_M * num)
    shares = [(number + 0.5) / num for number in range(num)]
    rails = [
        block(
            length / 2 - measures["rails"] / 2 - 0.02,
            width * (share - 0.5) + side * LANE_M / 2,
            measures["rails"],
            RAIL_M,
            height=RAIL_HEIGHT_M,
        )
        for share in shares
        for side in (-1, 1)
    ]
    gates = [Door(1, f"gate {number + 1}", GATE_M, share) for number, share in enumerate(shares)]
    venue = enclose("queue", rectangle(length, width), [Door(3, "entrance", 3.0), *gates], rails)
    return Scene(venue, gate_s=(0.0, *(measures["service"] * source.uniform(0.7, 1.3, num)).tolist()))


BOTTLENECK = Kind(
    name="bottleneck",
    summary="two rooms with a narrow passage between them",
    place=bottleneck,
    measures={
        "room": (7.0, 12.0),
        "next_room": (4.0, 7.0),
        "width": (5.0, 9.0),
        "door": (0.9, 2.2),
        "depth": (0.2, 2.0),
    },
    people=(12, 40),
    flows=(Flow("west", "east"),),
    rates={Intent.DWELL: (0.0, 0.004), Intent.SPEED: (0.005, 0.015), Intent.LEAVE: (0.0, 0.01)},
)
QUEUE = Kind(
    name="queue",
    summary="hall with one to three gates that serve one person at a time",
    place=queue,
    measures={
        "length": (9.0, 14.0),
        "width": (6.0, 10.0),
        "num_gates": (1, 3),
        "rails": (2.0, 4.5),
        "service": (1.5, 5.0),
    },
    people=(6, 20),
    flows=(Flow("entrance", "gate*"),),
    in_groups=(0.0, 0.5),
    starts_inside=(0.2, 0.6),
    rates={
        Intent.GOAL: (0.0, 0.01),
        Intent.DWELL: (0.0, 0.008),
        Intent.SPEED: (0.0, 0.01),
        Intent.TURN: (0.0, 0.005),
        Intent.LEAVE: (0.0, 0.005),
    },
)
