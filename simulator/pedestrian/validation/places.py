"""The places of the checks, as venues and scenes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from pathcast.simulator.pedestrian.scene import Scene
from pathcast.venue import Segment, Venue, corridor

Corner = tuple[float, float]
RING_M: Final = 13.0
"""Length of the ring-like corridors: over twice what people see."""
WAITING_WIDTH: Final = 5.2
"""Width of the room before a bottleneck, m."""
CORRIDOR_WIDTH: Final = 1.8
"""Of the open corridor of the HERMES experiments, m."""
CORRIDOR_LENGTH: Final = 8.0


def outline(name: str, corners: Sequence[Corner], exits: Mapping[tuple[Corner, Corner], str]) -> Venue:
    """A venue whose outline is walls between neighbouring corners but for the edges that are named as exits."""
    walls: list[Segment] = []
    ways_out: list[Segment] = []
    for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
        piece = (
            Segment(start=(*start, 0.0), end=(*end, 0.0), name=exits.get((start, end), "")) if start != end else None
        )
        if piece is not None:
            (ways_out if piece.name else walls).append(piece)
    return Venue(name=name, walls=tuple(walls), exits=tuple(ways_out))


def mirrored(half: Sequence[Corner]) -> list[Corner]:
    """The corners of an outline that is symmetric about the x axis, from those of its lower half."""
    return [*half, *((x, -y) for x, y in reversed(half))]


def ring(width: float, length: float = RING_M) -> Scene:
    """A corridor along x that goes on for ever: after its length it repeats."""
    return Scene(corridor(length=length, width=width), period_m=length)


def bottleneck(width: float, room_length: float) -> Venue:
    """A room that is left through a passage 1 m long at x = 0; beyond it there is room again."""
    side = WAITING_WIDTH / 2
    half = [(-room_length, -side), (0.0, -side), (0.0, -width / 2), (1.0, -width / 2), (1.0, -side), (4.0, -side)]
    return outline("bottleneck", mirrored(half), {((4.0, -side), (4.0, side)): "east"})


def open_corridor(entrance: float, way_out: float, room_length: float) -> Venue:
    """The straight corridor of HERMES from x = 0 to 8 m, between openings whose widths set the density in it."""
    side, wall = WAITING_WIDTH / 2, CORRIDOR_WIDTH / 2
    half = [(-room_length, -side), (0.0, -side), (0.0, -entrance / 2), (0.2, -entrance / 2), (0.2, -wall)]
    half += [(CORRIDOR_LENGTH, -wall), (CORRIDOR_LENGTH, -way_out / 2), (CORRIDOR_LENGTH + 0.2, -way_out / 2)]
    half += [(CORRIDOR_LENGTH + 0.2, -side), (CORRIDOR_LENGTH + 3.0, -side)]
    return outline("open corridor", _without_repeats(mirrored(half)), {(half[-1], (half[-1][0], side)): "east"})


def two_rooms() -> Venue:
    """RiMEA 12: rooms of 10 by 10 m, 5 m of passage 1 m wide between them, and an exit as wide from the second."""
    half = [(-10.0, -5.0), (0.0, -5.0), (0.0, -0.5), (5.0, -0.5), (5.0, -5.0), (15.0, -5.0), (15.0, -0.5)]
    return outline("two rooms", mirrored(half), {((15.0, -0.5), (15.0, 0.5)): "east"})


def corner(leg: float, width: float) -> Venue:
    """A corridor bent to the left at a right angle; both its legs are so long along its inner side."""
    corners = [(-leg, 0.0), (width, 0.0), (width, width + leg), (0.0, width + leg), (0.0, width), (-leg, width)]
    ends = {(corners[2], corners[3]): "north", (corners[5], corners[0]): "west"}
    return outline("corner", corners, ends)


def public_room(num_exits: int) -> Venue:
    """RiMEA 9: 30 by 20 m with two doors 1 m wide in one or in both of the long walls.

    Outside each door are 3 m of ground, so that who has just left is still ahead of who comes next.
    """
    corners: list[Corner] = []
    exits = {}
    for side in (-1.0, 1.0):
        corners.append((15.0 * side, 10.0 * side))
        for x in (-7.5, 7.5) if side < 0 or num_exits == 4 else ():
            door = [(0.5, 10.0), (0.5, 10.2), (2.0, 10.2), (2.0, 13.2), (-2.0, 13.2), (-2.0, 10.2), (-0.5, 10.2)]
            corners += [(side * (off - x), side * y) for off, y in (*door, (-0.5, 10.0))]
            exits[corners[-5], corners[-4]] = f"{'south' if side < 0 else 'north'} {-side * x:g}"
        corners.append((-15.0 * side, 10.0 * side))
    return outline("public room", corners, exits)


def cabins() -> tuple[Venue, list[Corner]]:
    """RiMEA 10: six cabins on either side of a corridor 2 m wide, with doors of 0.9 m; and the cabins' middles.

    The corridor's west end is exit 0, its east end exit 1 of those named west and east.
    """
    half: list[Corner] = [(-9.0, -1.0)]
    middles = [(-7.5 + 3.0 * number, -3.7) for number in range(6)]
    for x, _ in middles:
        half += [(x - 0.45, -1.0), (x - 0.45, -1.2), (x - 1.4, -1.2), (x - 1.4, -6.2)]
        half += [(x + 1.4, -6.2), (x + 1.4, -1.2), (x + 0.45, -1.2), (x + 0.45, -1.0)]
    half.append((9.0, -1.0))
    exits = {((9.0, -1.0), (9.0, 1.0)): "east", ((-9.0, 1.0), (-9.0, -1.0)): "west"}
    return outline("cabins", mirrored(half), exits), [*middles, *((x, -y) for x, y in middles)]


def turned(venue: Venue, angle: float) -> Venue:
    """The venue turned about the origin by an angle in radians."""
    cosine, sine = math.cos(angle), math.sin(angle)

    def turn(point: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = point
        return cosine * x - sine * y, sine * x + cosine * y, z

    def turn_all(pieces: tuple[Segment, ...]) -> tuple[Segment, ...]:
        return tuple(replace(piece, start=turn(piece.start), end=turn(piece.end)) for piece in pieces)

    boxes = tuple(replace(box, centre=turn(box.centre), yaw=box.yaw + angle) for box in venue.obstacles)
    return replace(venue, walls=turn_all(venue.walls), exits=turn_all(venue.exits), obstacles=boxes)


def _without_repeats(corners: Sequence[Corner]) -> list[Corner]:
    """The corners without those that are where the one before them is."""
    return [each for number, each in enumerate(corners) if not number or each != corners[number - 1]]
