"""Venue: the one form of the place in which things move.

Simulator scenes, the contract, named goals and pictures all use it. Everything is in metres, right-handed, z up,
relative to the venue's own origin, which `origin_of` puts into words. A venue holds what is there, not how it is
drawn and not what moves in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pathcast.errors import InputError

Point = tuple[float, float, float]


def _check_finite(what: str, *values: float) -> None:
    """Refuses what is not a finite number."""
    if not np.isfinite(values).all():
        raise InputError(what, "finite metres", f"{values}")


@dataclass(frozen=True, kw_only=True)
class Plane:
    """A plane through a point; its normal points to the side where things move."""

    point: Point
    normal: Point = (0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        _check_finite("plane", *self.point, *self.normal)
        length = float(np.linalg.norm(self.normal))
        if abs(length - 1.0) > 1e-6:
            raise InputError("plane.normal", "length 1", f"length {length:.6g}")


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box of full extents `size`, turned by `yaw` radians about the vertical through its centre."""

    centre: Point
    size: Point
    yaw: float = 0.0

    def __post_init__(self) -> None:
        _check_finite("box", *self.centre, *self.size, self.yaw)
        if min(self.size) <= 0:
            raise InputError("box.size", "three lengths over 0 m", f"{self.size}")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A straight piece from start to end, such as a wall's foot or a door's threshold."""

    start: Point
    end: Point
    name: str = ""

    def __post_init__(self) -> None:
        _check_finite("segment", *self.start, *self.end)
        if self.start == self.end:
            raise InputError(f"segment {self.name or '(unnamed)'}", "two different ends", f"{self.start} twice")


@dataclass(frozen=True, kw_only=True)
class Ring:
    """A horizontal ring (a basketball rim): a torus about a vertical axis."""

    centre: Point
    radius: float
    """From the axis to the middle of the tube, metres."""
    tube_radius: float

    def __post_init__(self) -> None:
        _check_finite("ring", *self.centre, self.radius, self.tube_radius)
        if not 0 < self.tube_radius < self.radius:
            raise InputError("ring", "0 < tube_radius < radius", f"{self.tube_radius} and {self.radius}")


@dataclass(frozen=True, kw_only=True)
class Venue:
    """A place: its floor, its fixtures, its walls and ways out."""

    name: str
    origin_of: str = ""
    """Where the origin is and where the axes point, in words."""
    floor: Plane | None = None
    table: Box | None = None
    net: Box | None = None
    hoop: Ring | None = None
    board: Box | None = None
    walls: tuple[Segment, ...] = ()
    obstacles: tuple[Box, ...] = ()
    exits: tuple[Segment, ...] = ()

    def __post_init__(self) -> None:
        names = [way_out.name for way_out in self.exits]
        if len(set(names)) < len(names) or "" in names:
            raise InputError(f"venue {self.name}: exits", "a name of its own for each", f"{names}")

    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The span in x and in y (metres) of everything that has edges; a unit square if nothing has.

        Returns:
            ((x least, x most), (y least, y most)).
        """
        points: list[Point] = []
        for segment in (*self.walls, *self.exits):
            points += [segment.start, segment.end]
        for box in (self.table, self.net, self.board, *self.obstacles):
            if box is not None:
                points += box_corners(box)
        if self.hoop is not None:
            x, y, z = self.hoop.centre
            reach = self.hoop.radius + self.hoop.tube_radius
            points += [(x - reach, y - reach, z), (x + reach, y + reach, z)]
        if not points:
            return (-0.5, 0.5), (-0.5, 0.5)
        low, high = np.min(points, axis=0), np.max(points, axis=0)
        return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def box_corners(box: Box) -> list[Point]:
    """The four corners of a box seen from above, counter-clockwise, at its centre's height."""
    cosine, sine = float(np.cos(box.yaw)), float(np.sin(box.yaw))
    half_x, half_y = box.size[0] / 2, box.size[1] / 2
    return [
        (
            box.centre[0] + cosine * x - sine * y,
            box.centre[1] + sine * x + cosine * y,
            box.centre[2],
        )
        for x, y in ((-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y))
    ]


def corridor(length: float = 30.0, width: float = 4.0) -> Venue:
    """A straight corridor along x between two walls, an exit at either end. Lengths in metres."""
    for name, value in (("length", length), ("width", width)):
        if not value > 0:
            raise InputError(f"corridor.{name}", "over 0 m", f"{value}")
    west, east, south, north = -length / 2, length / 2, -width / 2, width / 2
    return Venue(
        name="corridor",
        origin_of="the middle of the floor; x along the corridor",
        floor=Plane(point=(0.0, 0.0, 0.0)),
        walls=(
            Segment(start=(west, south, 0.0), end=(east, south, 0.0), name="south"),
            Segment(start=(west, north, 0.0), end=(east, north, 0.0), name="north"),
        ),
        exits=(
            Segment(start=(west, south, 0.0), end=(west, north, 0.0), name="west"),
            Segment(start=(east, south, 0.0), end=(east, north, 0.0), name="east"),
        ),
    )


def plaza(side: float = 20.0, door: float = 3.0) -> Venue:
    """A square walled plaza with a door in the middle of each side and a kiosk at its centre. Lengths in metres."""
    if not 0 < door < side:
        raise InputError("plaza.door", f"between 0 and the side of {side} m", f"{door}")
    half, gap = side / 2, door / 2
    walls: list[Segment] = []
    exits: list[Segment] = []
    for name, (along, outward) in {
        "south": ((1.0, 0.0), (0.0, -1.0)),
        "east": ((0.0, 1.0), (1.0, 0.0)),
        "north": ((-1.0, 0.0), (0.0, 1.0)),
        "west": ((0.0, -1.0), (-1.0, 0.0)),
    }.items():

        def at(step: float, along: tuple[float, float] = along, outward: tuple[float, float] = outward) -> Point:
            return (along[0] * step + outward[0] * half, along[1] * step + outward[1] * half, 0.0)

        walls.append(Segment(start=at(-half), end=at(-gap), name=f"{name} 1"))
        walls.append(Segment(start=at(gap), end=at(half), name=f"{name} 2"))
        exits.append(Segment(start=at(-gap), end=at(gap), name=name))
    return Venue(
        name="plaza",
        origin_of="the middle of the floor; x east, y north",
        floor=Plane(point=(0.0, 0.0, 0.0)),
        walls=tuple(walls),
        exits=tuple(exits),
        obstacles=(Box(centre=(0.0, 0.0, 1.25), size=(2.0, 2.0, 2.5)),),
    )


BASKETBALL_NBA: Final = Venue(
    name="basketball-nba",
    origin_of="the floor right below the middle of the hoop; x from the board into the court",
    floor=Plane(point=(0.0, 0.0, 0.0)),
    # Ring 18 in inside, rod 5/8 in, top 10 ft; board 6 x 3.5 ft, its lower edge 9 ft; face 15 in behind the centre.
    hoop=Ring(centre=(0.0, 0.0, 3.048 - 0.0079), radius=0.2286 + 0.0079, tube_radius=0.0079),
    board=Box(centre=(-0.381 - 0.02, 0.0, 2.743 + 0.5334), size=(0.04, 1.8288, 1.0668)),
)
BASKETBALL_FIBA: Final = Venue(
    name="basketball-fiba",
    origin_of="the floor right below the middle of the hoop; x from the board into the court",
    floor=Plane(point=(0.0, 0.0, 0.0)),
    # Ring 450 to 457 mm inside, rod 16 to 20 mm, top 3.05 m; nearest inner edge 0.15 m from the board of 1.80 x 1.05 m.
    hoop=Ring(centre=(0.0, 0.0, 3.05 - 0.009), radius=0.2265 + 0.009, tube_radius=0.009),
    board=Box(centre=(-0.3765 - 0.02, 0.0, 2.90 + 0.525), size=(0.04, 1.80, 1.05)),
)
TABLE_TENNIS: Final = Venue(
    name="table-tennis",
    origin_of="the middle of the table's top; x across, y along, z up from the top",
    # ITTF: 2.74 x 1.525 m, 0.76 m high; net 0.1525 m high, reaching 0.1525 m beyond the sides.
    floor=Plane(point=(0.0, 0.0, -0.76)),
    table=Box(centre=(0.0, 0.0, -0.015), size=(1.525, 2.74, 0.03)),
    net=Box(centre=(0.0, 0.0, 0.07625), size=(1.83, 0.005, 0.1525)),
)
SHIPPED: Final = {venue.name: venue for venue in (BASKETBALL_NBA, BASKETBALL_FIBA, TABLE_TENNIS, corridor(), plaza())}
"""The venues that come with the package, by name."""
