"""Outline: a place from the corners around it and the doors in its sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from pathcast.errors import InputError
from pathcast.venue import Box, Plane, Segment, Venue

WALL_HEIGHT = 2.5
"""Of obstacles that nobody looks over, m."""


class Door(NamedTuple):
    """A gap in a side of the outline."""

    side: int
    """From the corner of this number to the next."""
    name: str
    width: float | None = None
    """Metres; the whole side where it is None."""
    share: float = 0.5
    """Of the side, where the middle of the door is."""


def enclose(
    name: str,
    corners: Sequence[tuple[float, float]],
    doors: Sequence[Door],
    obstacles: Sequence[Box] = (),
    origin_of: str = "the middle of the floor; x east, y north",
) -> Venue:
    """A venue with walls along the sides of a polygon and exits where its doors are.

    Args:
        name: Of the venue.
        corners: Counter-clockwise, metres.
        doors: Some; those of one side do not overlap.
        obstacles: What stands inside.
        origin_of: Where the origin is, in words.

    Raises:
        InputError: A door that is wider than its side or reaches beyond it, or into another.
    """
    walls: list[Segment] = []
    exits: dict[str, Segment] = {}
    for side, start in enumerate(corners):
        end = corners[(side + 1) % len(corners)]
        length, done = math.dist(start, end), 0.0

        def at(along: float, start: tuple[float, float] = start, end: tuple[float, float] = end) -> tuple[float, ...]:
            share = along / math.dist(start, end)
            return (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]), 0.0)

        for door in sorted((door for door in doors if door.side == side), key=lambda door: door.share):
            width = length if door.width is None else door.width
            first = door.share * length - width / 2
            if first < done - 1e-9 or first + width > length + 1e-9:
                place = f"({at(first + width / 2)[0]:.2f}, {at(first + width / 2)[1]:.2f})"
                found = f"{width:.2f} m of the {length - done:.2f} m that are left of it"
                raise InputError(f"venue {name}: exit {door.name} at {place}", "room for it in its side", found)
            _add_wall(walls, at(done), at(max(first, done)))
            exits[door.name] = Segment(
                start=_point(at(max(first, done))), end=_point(at(first + width)), name=door.name
            )
            done = first + width
        _add_wall(walls, at(done), at(length))
    return Venue(
        name=name,
        origin_of=origin_of,
        floor=Plane(point=(0.0, 0.0, 0.0)),
        walls=tuple(walls),
        exits=tuple(exits[door.name] for door in doors),
        obstacles=tuple(obstacles),
    )


def rectangle(length: float, width: float) -> list[tuple[float, float]]:
    """The corners of a rectangle about the origin, from the south-west; sides south, east, north, west."""
    x, y = length / 2, width / 2
    return [(-x, -y), (x, -y), (x, y), (-x, y)]


def block(x: float, y: float, length: float, width: float, yaw: float = 0.0, height: float = WALL_HEIGHT) -> Box:
    """A box that stands on the floor; metres and radians."""
    return Box(centre=(x, y, height / 2), size=(length, width, height), yaw=yaw)


def _add_wall(walls: list[Segment], start: tuple[float, ...], end: tuple[float, ...]) -> None:
    if math.dist(start, end) > 1e-6:
        walls.append(Segment(start=_point(start), end=_point(end), name=f"wall {len(walls) + 1}"))


def _point(numbers: tuple[float, ...]) -> tuple[float, float, float]:
    x, y, z = numbers
    return (x, y, z)
