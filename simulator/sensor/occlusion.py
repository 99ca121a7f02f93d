"""Occlusion: what stands between a camera and the middle of an object.

Shapes are solid. A point is hidden when the straight line from the camera to it enters one of them on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from pathcast.simulator.sensor.ranges import check_number
from pathcast.venue import Box, Point

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Cylinder:
    """An upright cylinder, such as a person who stands there."""

    foot: Point
    """The middle of its lower end, m."""
    radius: float = 0.25
    height: float = 1.9

    def __post_init__(self) -> None:
        for axis, value in zip("xyz", self.foot, strict=True):
            check_number(f"cylinder.foot.{axis}", value, -1e9, 1e9)
        check_number("cylinder.radius", self.radius, 1e-6, 1e6)
        check_number("cylinder.height", self.height, 1e-6, 1e6)


def is_hidden(
    camera: Point, points: Float[np.ndarray, "*shape 3"], occluders: Sequence[Box | Cylinder]
) -> Bool[np.ndarray, "*shape"]:
    """Which points the camera does not see for these shapes.

    Args:
        camera: Where it stands, m.
        points: m; what is NaN is not hidden.
        occluders: What stands there.
    """
    hidden = np.zeros(points.shape[:-1], np.bool_)
    for shape in occluders:
        if isinstance(shape, Box):
            hidden |= is_behind_box(camera, points, shape)
        else:
            hidden |= is_behind_cylinders(
                camera, points, np.array([shape.foot], np.float64), shape.radius, shape.height
            )
    return hidden


def is_behind_box(camera: Point, points: Float[np.ndarray, "*shape 3"], box: Box) -> Bool[np.ndarray, "*shape"]:
    """Which points lie behind or in a box: the line is between its three pairs of faces at once (Kay, Kajiya 1986)."""
    cosine, sine = np.cos(box.yaw), np.sin(box.yaw)
    turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    start = turn @ (np.asarray(camera) - box.centre)
    way = (points - np.asarray(camera)) @ turn.T
    enters, leaves = np.zeros(points.shape[:-1]), np.ones(points.shape[:-1])
    for axis in range(3):
        enters, leaves = _cut(
            enters, leaves, *_slab(start[axis], way[..., axis], -box.size[axis] / 2, box.size[axis] / 2)
        )
    return np.asarray(enters < leaves)


def is_behind_cylinders(
    camera: Point,
    points: Float[np.ndarray, "*shape 3"],
    feet: Float[np.ndarray, "*shapes cylinder 3"],
    radius: float,
    height: float,
) -> Bool[np.ndarray, "*shape"]:
    """Which points lie behind or in any of upright cylinders of one size.

    Args:
        camera: Where it stands, m.
        points: m.
        feet: The middles of the lower ends, m; broadcast against the points. A NaN one hides nothing.
        radius: m.
        height: m.
    """
    start = np.asarray(camera) - feet
    way = (points - np.asarray(camera))[..., None, :]
    enters, leaves = _round(start[..., :2], way[..., :2], radius)
    enters, leaves = _cut(enters, leaves, *_slab(start[..., 2], way[..., 2], 0.0, height))
    return np.asarray((enters < leaves).any(axis=-1))


def is_behind_balls(
    camera: Point, points: Float[np.ndarray, "*shape 3"], centres: Float[np.ndarray, "*shapes ball 3"], radius: float
) -> Bool[np.ndarray, "*shape"]:
    """Which points lie behind or in any of balls of one size; arguments as of `is_behind_cylinders`."""
    enters, leaves = _round(np.asarray(camera) - centres, (points - np.asarray(camera))[..., None, :], radius)
    return np.asarray((enters < leaves).any(axis=-1))


def _round(start: Floats, way: Floats, radius: float) -> tuple[Floats, Floats]:
    """The shares of the way, from 0 to 1, at which start + share way enters and leaves |x| < radius; none: 1 and 0."""
    a = (way * way).sum(axis=-1)
    b = (start * way).sum(axis=-1)
    c = (start * start).sum(axis=-1) - radius**2
    inside = np.broadcast_to(c < 0.0, np.broadcast_shapes(a.shape, c.shape))
    discriminant = b * b - a * c
    moves = a > 0.0
    root = np.sqrt(np.maximum(discriminant, 0.0))
    divisor = np.where(moves, a, 1.0)
    hits = np.where(moves, discriminant > 0.0, inside)
    enters = np.where(hits, np.where(moves, np.maximum((-b - root) / divisor, 0.0), 0.0), 1.0)
    leaves = np.where(hits, np.where(moves, np.minimum((-b + root) / divisor, 1.0), 1.0), 0.0)
    return enters, leaves


def _slab(start: Floats | float, way: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """The shares of the way at which it enters and leaves the space between two planes across one axis."""
    moves = way != 0.0
    divisor = np.where(moves, way, 1.0)
    with np.errstate(over="ignore"):  # a way that hardly crosses reaches the planes at no share of it
        to_low, to_high = (low - start) / divisor, (high - start) / divisor
    inside = np.asarray((low < start) & (start < high))
    enters = np.where(moves, np.minimum(to_low, to_high), np.where(inside, 0.0, 1.0))
    leaves = np.where(moves, np.maximum(to_low, to_high), np.where(inside, 1.0, 0.0))
    return enters, leaves


def _cut(enters: Floats, leaves: Floats, later: Floats, sooner: Floats) -> tuple[Floats, Floats]:
    """What two stretches of the way have in common."""
    return np.maximum(enters, later), np.minimum(leaves, sooner)
