"""Halls: open places that people cross every way, empty or with things that stand in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from pathcast.simulator.pedestrian.people import Intent
from pathcast.simulator.pedestrian.scene import Scene, Zone
from pathcast.simulator.pedestrian.scenes.kind import OPPOSITE, RATES, Flow, Kind
from pathcast.simulator.pedestrian.scenes.outline import Door, block, enclose, rectangle
from pathcast.venue import Box, Venue

COMPASS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")


def plaza(measures: Mapping[str, float], source: np.random.Generator) -> Scene:
    """A walled plaza with at most two doors in each side, kiosks about its middle, and a zone there of new choices.

    Half of the plazas are rectangles, the others polygons of five to eight sides. Exits are named by the direction
    that they lie in.
    """
    size, num_doors, num_kiosks = measures["size"], int(measures["num_exits"]), int(measures["num_kiosks"])
    num_sides = 4 if source.random() < 0.5 else int(source.integers(5, 9))
    corners = rectangle(size, size * source.uniform(0.6, 1.0)) if num_sides == 4 else regular(num_sides, size / 2)
    sides = [int(side) for _ in range(2) for side in source.permutation(num_sides)][:num_doors]
    doors = _doors(corners, sorted(sides), measures["door"], source)
    reach = min(math.hypot((x + u) / 2, (y + v) / 2) for (x, y), (u, v) in pairwise(corners))
    kiosks = _kiosks(num_kiosks, reach, source)
    return Scene(enclose("plaza", corners, doors, kiosks), zones=(Zone(_free(kiosks, reach), 0.45 * reach),))


def circle(measures: Mapping[str, float], _: np.random.Generator) -> Venue:
    """A regular polygon whose sides are all exits, without a wall."""
    num_sides = 2 * int(measures["half_num_sides"])
    doors = [Door(side, f"side {side + 1}") for side in range(num_sides)]
    return enclose("circle", regular(num_sides, measures["radius"]), doors)


def pillars(measures: Mapping[str, float], source: np.random.Generator) -> Venue:
    """A hall with rows of pillars, each somewhat off its row and turned at random; exits on all four sides."""
    length, width, thick = measures["length"], measures["width"], measures["pillar"]
    boxes = []
    for column in range(columns := max(int(length / measures["spacing"]) - 1, 1)):
        for row in range(rows := max(int(width / measures["spacing"]) - 1, 1)):
            off_x, off_y = source.uniform(-0.4, 0.4, 2)
            x = length * ((column + 1) / (columns + 1) - 0.5) + off_x
            y = width * ((row + 1) / (rows + 1) - 0.5) + off_y
            boxes.append(block(x, y, thick, thick, yaw=source.uniform(0.0, math.pi / 2)))
    doors = [Door(1, "east", width - 2.0), Door(3, "west", width - 2.0), Door(0, "south", 3.0), Door(2, "north", 3.0)]
    return enclose("pillars", rectangle(length, width), doors, boxes)


def regular(num_sides: int, radius: float) -> list[tuple[float, float]]:
    """The corners of a regular polygon about the origin, its first side to the east; the radius is to its corners."""
    angles = (2 * np.arange(num_sides) - 1) * math.pi / num_sides
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def _doors(
    corners: list[tuple[float, float]], sides: list[int], widest: float, source: np.random.Generator
) -> list[Door]:
    """A door in each of the sides named, side by side where one is named twice."""
    doors, names = [], list[str]()
    for number, side in enumerate(sides):
        (x0, y0), (x1, y1) = corners[side], corners[(side + 1) % len(corners)]
        length, num = math.dist((x0, y0), (x1, y1)), sides.count(side)
        width = min(widest * source.uniform(0.6, 1.0), 0.8 * length / num)
        room = length / num
        share = (number - sides.index(side) + 0.5) / num + source.uniform(-0.4, 0.4) * (room - width) / length
        x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        compass = COMPASS[round(math.atan2(y, x) / (math.pi / 4)) % 8]
        names.append(compass)
        doors.append(
            Door(side, compass if names.count(compass) == 1 else f"{compass} {names.count(compass)}", width, share)
        )
    return doors


def _kiosks(num: int, reach: float, source: np.random.Generator) -> list[Box]:
    """Boxes near the middle, with room to pass between any two and the walls."""
    kiosks: list[Box] = []
    for number in range(num):
        length, width = source.uniform(0.12, 0.3, 2) * reach * (2.0 if num == 1 else 1.0)
        away = 0.0 if num == 1 else 0.45 * reach
        angle = 2 * math.pi * (number + source.uniform(-0.1, 0.1)) / num
        off_x, off_y = source.uniform(-0.08, 0.08, 2) * reach
        x, y = away * math.cos(angle) + off_x, away * math.sin(angle) + off_y
        kiosks.append(block(x, y, length, width, source.uniform(0.0, math.pi / 2)))
    return kiosks


def _free(kiosks: list[Box], reach: float) -> tuple[float, float]:
    """A point near the middle outside all kiosks."""
    for step in range(65):
        away, angle = 0.1 * ((step + 15) // 16 + 1.5) * reach if step else 0.0, step * math.pi / 8
        x, y = away * math.cos(angle), away * math.sin(angle)
        if all(math.hypot(x - box.centre[0], y - box.centre[1]) > 0.5 * math.hypot(*box.size[:2]) for box in kiosks):
            return x, y
    raise AssertionError("kiosks reach no farther than 0.54 from the middle")


PLAZA = Kind(
    name="plaza",
    summary="plaza with 3 to 8 exits and up to 3 kiosks",
    place=plaza,
    measures={"size": (16.0, 30.0), "num_exits": (3, 8), "door": (2.0, 4.0), "num_kiosks": (0, 3)},
    rates={**RATES, Intent.GOAL: (0.01, 0.03)},
    chooses=(0.2, 0.6),
)
CIRCLE = Kind(
    name="circle",
    summary="everybody walks to the opposite side of a circle at once",
    place=circle,
    measures={"half_num_sides": (3, 7), "radius": (5.0, 10.0)},
    people=(4, 20),
    flows=(Flow("*", OPPOSITE),),
    in_groups=(0.0, 0.3),
    starts_inside=(0.0, 0.0),
    arrivals=(0.0, 0.1),
    rates={Intent.DWELL: (0.0, 0.005), Intent.SPEED: (0.0, 0.01)},
)
PILLARS = Kind(
    name="pillars",
    summary="hall with pillars, crossed every way",
    place=pillars,
    measures={"length": (14.0, 26.0), "width": (9.0, 15.0), "pillar": (0.4, 1.0), "spacing": (2.8, 4.2)},
    people=(10, 30),
    flows=(Flow("west", "east", (0.3, 1.0)), Flow("east", "west", (0.3, 1.0)), Flow("*", "*", (0.2, 0.6))),
)
