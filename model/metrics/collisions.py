"""Collisions: whether paths of people who are there at the same time come nearer than two bodies can.

The definitions are TrajNet++'s (Kothari, Kreiss and Alahi 2021, "Human trajectory forecasting in crowds: a deep
learning perspective", IEEE T-ITS, and its tools): discs of 0.1 m, each step looked at in two halves, so at the forecast
times and half-way between them, and nothing before the first of them. Col-I compares forecasts with forecasts, Col-II
forecasts with what others truly did.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

BODY_RADIUS = 0.1
"""Metres: paths collide where they are twice this far apart, or nearer."""


def collides(
    paths: Float[np.ndarray, "window time axis"],
    others: Float[np.ndarray, "window time axis"],
    group: Int[np.ndarray, " window"],
    radius: float = BODY_RADIUS,
) -> Float[np.ndarray, " window"]:
    """1 where a path collides with another person of its group, else 0; the mean is the collision rate.

    Somebody who is alone collides with nobody, and counts. What is NaN is near to nothing.

    Args:
        paths: One path a person, metres.
        others: What the others are taken to do: the same paths (Col-I), or the truth (Col-II). The truth in both places
            gives the truth's own rate. Row by row the same people as `paths`; nobody is compared with themselves.
        group: People of one number share scene and time.
        radius: Of a body, metres.
    """
    own, theirs = _with_midpoints(paths), _with_midpoints(others)
    result = np.zeros(len(paths))
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        apart = np.linalg.norm(own[rows][:, None] - theirs[rows][None], axis=-1)
        is_near = (apart <= 2 * radius).any(axis=-1)
        np.fill_diagonal(is_near, False)
        result[rows] = is_near.any(axis=1)
    return result


def _with_midpoints(paths: Float[np.ndarray, "window time axis"]) -> Float[np.ndarray, "window point axis"]:
    """The positions and those half-way from each to the next, in the order of time."""
    num_windows, num_steps, num_axes = paths.shape
    points = np.empty((num_windows, 2 * num_steps - 1, num_axes))
    points[:, ::2] = paths
    points[:, 1::2] = (points[:, :-1:2] + points[:, 2::2]) / 2
    return points
