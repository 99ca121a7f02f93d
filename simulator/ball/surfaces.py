"""A venue's solid fixtures as one flat array: how near a ball is to each, and when it first touches one.

A row is a plane, a box turned about the vertical, or a ring (a torus); its coefficients of contact, or NaN for the
ball's own. Floor, table and obstacles bounce as the ball says. Two more rows for a hoop are gates: they stop nothing,
but passing them is an event.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.compiled import inlined, njit
from pathcast.errors import InputError
from pathcast.simulator.ball.motion import Sextuple, slope, value
from pathcast.venue import Box, Ring, Venue

FLOOR_CONTACT, TABLE_CONTACT, NET_CONTACT, BOARD_CONTACT, BRIDGE_CONTACT, RIM_CONTACT, OBSTACLE_CONTACT = range(7)
RING_PASSED, BASKET_PASSED = 7, 8
KINDS: Final = ("floor", "table", "net", "board", "bridge", "rim", "obstacle", "ring-plane", "basket")
"""Names of the kinds of events, by number. The last two: the centre came down through the ring's plane inside it, and
the whole ball was below it."""
KIND, X, Y, Z, A, B, C, COSINE, SINE, OWN_RESTITUTION, OWN_TANGENTIAL, OWN_FRICTION = range(12)
"""Columns. A, B, C: a plane's normal, a box's half extents, a ring's radius and its tube's."""
NUM_COLUMNS: Final = 12
TOUCH: Final = 1e-11
"""m: nearer is in contact."""
BRIDGE_WIDTH: Final = 0.10
"""m. A choice: the rules leave the mount's shape to the maker."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """How a fixture gives a ball back."""

    restitution: float
    tangential: float = 0.0
    friction: float = 0.4

    def __post_init__(self) -> None:
        for name, low, high in (("restitution", 0.0, 1.0), ("tangential", -1.0, 1.0), ("friction", 0.0, math.inf)):
            if not low <= (found := getattr(self, name)) <= high or not math.isfinite(found):
                raise InputError(f"material.{name}", f"a finite number from {low:g} to {high:g}", f"{found}")


@dataclass(frozen=True, kw_only=True)
class Materials:
    """Of fixtures that are not the ball's own floor: chosen within rim .5 to .75, board .7 to .8, friction .3 to .6."""

    rim: Material = Material(restitution=0.62, friction=0.45)
    board: Material = Material(restitution=0.75, friction=0.4)
    net: Material = Material(restitution=0.15, friction=0.3)
    """Of a table or court: it gives way."""


def _row(
    kind: int, centre: tuple[float, ...], shape: tuple[float, ...], yaw: float, of: Material | None
) -> list[float]:
    own = (math.nan,) * 3 if of is None else (of.restitution, of.tangential, of.friction)
    return [float(kind), *centre, *shape, math.cos(yaw), math.sin(yaw), *own]


def _box(kind: int, box: Box, of: Material | None = None) -> list[float]:
    return _row(kind, box.centre, tuple(0.5 * side for side in box.size), box.yaw, of)


def bridge_of(hoop: Ring, board: Box) -> Box | None:
    """The mount between ring and board: a plate as thick as the ring, from its tube to the board's face."""
    cosine, sine = math.cos(board.yaw), math.sin(board.yaw)
    dx, dy = hoop.centre[0] - board.centre[0], hoop.centre[1] - board.centre[1]
    ahead = cosine * dx + sine * dy
    near, far = 0.5 * board.size[0], abs(ahead) - hoop.radius
    if far - near < 1e-3:
        return None
    middle = math.copysign(0.5 * (near + far), ahead)
    across = -sine * dx + cosine * dy
    return Box(
        centre=(
            board.centre[0] + cosine * middle - sine * across,
            board.centre[1] + sine * middle + cosine * across,
            hoop.centre[2],
        ),
        size=(far - near, BRIDGE_WIDTH, 2.0 * hoop.tube_radius),
        yaw=board.yaw,
    )


def fixtures_of(venue: Venue | None, materials: Materials | None = None) -> Float[np.ndarray, "fixture 12"]:
    """The fixtures of a venue; of none, the endless floor of each ball's own parameters (a plane at NaN)."""
    if venue is None:
        return np.array([_row(FLOOR_CONTACT, (0.0, 0.0, math.nan), (0.0, 0.0, 1.0), 0.0, None)])
    of = materials or Materials()
    rows: list[list[float]] = []
    if venue.floor is not None:
        rows.append(_row(FLOOR_CONTACT, venue.floor.point, venue.floor.normal, 0.0, None))
    if venue.table is not None:
        rows.append(_box(TABLE_CONTACT, venue.table))
    if venue.net is not None:
        rows.append(_box(NET_CONTACT, venue.net, of.net))
    if venue.board is not None:
        rows.append(_box(BOARD_CONTACT, venue.board, of.board))
    rows += [_box(OBSTACLE_CONTACT, obstacle) for obstacle in venue.obstacles]
    if venue.hoop is not None:
        ring = (venue.hoop.radius, venue.hoop.tube_radius, 0.0)
        rows.append(_row(RIM_CONTACT, venue.hoop.centre, ring, 0.0, of.rim))
        bridge = None if venue.board is None else bridge_of(venue.hoop, venue.board)
        if bridge is not None:
            rows.append(_box(BRIDGE_CONTACT, bridge, of.rim))
        rows += [_row(kind, venue.hoop.centre, ring, 0.0, None) for kind in (RING_PASSED, BASKET_PASSED)]
    return np.array(rows, np.float64).reshape(-1, NUM_COLUMNS)


@njit
def gap_to(
    fixture: NDArray[np.float64], x: float, y: float, z: float, radius: float, floor: float
) -> tuple[float, float, float, float, float]:
    """Free way to a fixture in m, its outward normal there, and how far the nearest place of no normal is at least.

    A ball's centre inside a box is pushed towards its nearest face. A floor at NaN is at `floor`.
    """
    kind = int(fixture[KIND])
    dx, dy, dz = x - fixture[X], y - fixture[Y], z - fixture[Z]
    if kind >= RING_PASSED:
        return (dz if kind == RING_PASSED else dz + radius), 0.0, 0.0, 1.0, math.inf
    if kind == FLOOR_CONTACT:
        if math.isnan(fixture[Z]):
            return z - floor - radius, 0.0, 0.0, 1.0, math.inf
        nx, ny, nz = fixture[A], fixture[B], fixture[C]
        return dx * nx + dy * ny + dz * nz - radius, nx, ny, nz, math.inf
    if kind == RIM_CONTACT:
        out = math.sqrt(dx * dx + dy * dy)
        off = out - fixture[A]
        core = math.sqrt(off * off + dz * dz)
        per_out = 1.0 / out if out > 0.0 else 0.0
        per_core = 1.0 / core if core > 0.0 else 0.0
        return (
            core - fixture[B] - radius,
            off * per_core * dx * per_out,
            off * per_core * dy * per_out,
            dz * per_core,
            out,
        )
    cosine, sine = fixture[COSINE], fixture[SINE]
    px, py = cosine * dx + sine * dy, cosine * dy - sine * dx
    ox, oy, oz = abs(px) - fixture[A], abs(py) - fixture[B], abs(dz) - fixture[C]
    if max(ox, oy, oz) <= 0.0:
        away = max(ox, oy, oz)
        ex = 1.0 if ox == away else 0.0
        ey = 1.0 - ex if oy == away else 0.0
        ez = 1.0 - ex - ey
    else:
        ex, ey, ez = max(ox, 0.0), max(oy, 0.0), max(oz, 0.0)
        away = math.sqrt(ex * ex + ey * ey + ez * ez)
        ex, ey, ez = ex / away, ey / away, ez / away
    ex, ey, ez = math.copysign(ex, px), math.copysign(ey, py), math.copysign(ez, dz)
    return away - radius, cosine * ex - sine * ey, sine * ex + cosine * ey, ez, math.inf


@njit
def clear_time(gap: float, opening: float, room: float, speed: float, pull: float) -> float:
    """How long a ball surely stays clear of a fixture, s.

    Its gap changes by at most `speed`, and its rate by at most `pull` but for the ring's inside, which curves away by
    up to 1 / rho with rho the distance from its axis: gap(t) >= gap + opening t - (pull + 2 speed^2 / rho) t^2 / 2 as
    long as less than half of rho was covered. (A convex body's distance is convex along a straight line.)

    Args:
        gap: m, from 0.
        opening: Its rate, m/s; negative when they near.
        room: rho, m; infinite but for the ring.
        speed, pull: Bounds of velocity and acceleration, m/s and m/s2.
    """
    bend = pull + 2.0 * speed * speed / room
    under = math.sqrt(opening * opening + 2.0 * bend * gap)
    if opening < 0.0:
        curved = 2.0 * gap / (under - opening)
    else:
        curved = (opening + under) / bend if bend > 0.0 else math.inf
    return max(gap / speed, min(curved, 0.5 * room / speed))


@inlined
def span(c: Sextuple) -> tuple[float, float]:
    """Bounds of a quintic from 0 to 1: the least and the greatest of its Bernstein coefficients."""
    b1 = c[0] + 0.2 * c[1]
    b2 = c[0] + 0.4 * c[1] + 0.1 * c[2]
    b3 = c[0] + 0.6 * c[1] + 0.3 * c[2] + 0.1 * c[3]
    b4 = c[0] + 0.8 * c[1] + 0.6 * c[2] + 0.4 * c[3] + 0.2 * c[4]
    b5 = c[0] + c[1] + c[2] + c[3] + c[4] + c[5]
    low = min(min(min(c[0], b1), min(b2, b3)), min(b4, b5))
    high = max(max(max(c[0], b1), max(b2, b3)), max(b4, b5))
    return low, high


@njit
def is_near(
    cx: Sextuple,
    cy: Sextuple,
    cz: Sextuple,
    fixtures: NDArray[np.float64],
    radius: float,
    floor: float,
    open_gates: int,
) -> bool:
    """Whether the box round a step comes near any fixture's, so that contact must be looked for; arguments as below."""
    near = radius + 1e-6
    low_z, high_z = span(cz)
    for index in range(len(fixtures)):
        kind = fixtures[index, KIND]
        if kind >= RING_PASSED:
            if open_gates & (1 if kind == RING_PASSED else 2) and low_z - near < fixtures[index, Z]:
                return True
        elif kind == FLOOR_CONTACT:
            if math.isnan(fixtures[index, Z]):
                if low_z - near < floor:
                    return True
            elif fixtures[index, C] != 1.0 or low_z - near < fixtures[index, Z]:
                return True
        else:
            reach, rise = fixtures[index, A] + fixtures[index, B] + near, fixtures[index, C] + near
            if kind == RIM_CONTACT:
                rise = fixtures[index, B] + near
            if low_z - rise < fixtures[index, Z] < high_z + rise:
                low_x, high_x = span(cx)
                low_y, high_y = span(cy)
                if (
                    low_x - reach < fixtures[index, X] < high_x + reach
                    and low_y - reach < fixtures[index, Y] < high_y + reach
                ):
                    return True
    return False


@njit
def first_contact(
    cx: Sextuple,
    cy: Sextuple,
    cz: Sextuple,
    duration: float,
    fixtures: NDArray[np.float64],
    radius: float,
    floor: float,
    open_gates: int,
) -> tuple[float, int]:
    """When in a step a ball first touches a fixture moving into it, s, and which; -1 if it touches none.

    Conservative advancement along the step's polynomial: from an instant on to the next before which nothing can be
    touched, until something is. Whatever the ball's speed, nothing deeper than 1e-15 m is passed over.

    Args:
        cx, cy, cz: Quintics of the step.
        duration: Its length, s.
        fixtures: Rows.
        radius: Of the ball, m.
        floor: z of the ball's own floor, m.
        open_gates: Kinds of gates to look out for, as bits 1 (the ring's plane) and 2 (the basket).
    """
    per_second = 1.0 / duration
    speed, pull = 0.0, 0.0
    for c in (cx, cy, cz):
        fast = abs(c[1]) + 2.0 * abs(c[2]) + 3.0 * abs(c[3]) + 4.0 * abs(c[4]) + 5.0 * abs(c[5])
        hard = 2.0 * abs(c[2]) + 6.0 * abs(c[3]) + 12.0 * abs(c[4]) + 20.0 * abs(c[5])
        speed += (fast * per_second) ** 2
        pull += (hard * per_second * per_second) ** 2
    speed, pull = math.sqrt(speed) + 1e-12, math.sqrt(pull)
    least = 1e-8 / speed
    passed = 0.0
    for _ in range(20000):
        s = passed * per_second
        x, y, z = value(cx, s), value(cy, s), value(cz, s)
        vx, vy, vz = slope(cx, s) * per_second, slope(cy, s) * per_second, slope(cz, s) * per_second
        clear = math.inf
        for index in range(len(fixtures)):
            kind = fixtures[index, KIND]
            if kind >= RING_PASSED and not open_gates & (1 if kind == RING_PASSED else 2):
                continue
            gap, nx, ny, nz, room = gap_to(fixtures[index], x, y, z, radius, floor)
            if gap > speed * (duration - passed):
                continue
            opening = vx * nx + vy * ny + vz * nz
            if gap <= TOUCH and opening < 0.0:
                return passed, index
            clear = min(clear, clear_time(max(gap, 0.0), opening, room, speed, pull))
        passed += max(clear, least)
        if not passed < duration:
            break
    return duration, -1
