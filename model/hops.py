"""Hops: a ball's parabolas from where it is on, bouncing on a level floor; no drag, no spin. NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

GRAVITY = 9.81
"""m/s²."""
SHORTEST_HOP = 1e-3
"""Seconds: a ball whose next hop is shorter lies on the floor."""


@dataclass(frozen=True, kw_only=True)
class Floor:
    """A horizontal floor that a ball's centre comes no nearer to than its radius."""

    height: float = 0.0
    """z of the surface, metres."""
    radius: float = 0.0
    """Of the ball, metres."""
    restitution: float = 0.75
    """Share of the vertical speed that a bounce leaves."""
    grip: float = 0.6
    """Share of the horizontal speed that the first bounce leaves: 1/(1 + 2/3) for a hollow ball without spin that stops
    sliding (Cross 1999, "The bounce of a ball", Am. J. Phys. 67(3)). It then spins as it rolls, and later bounces leave
    all of it."""


def hop_on(
    position: Float[np.ndarray, "track 3"],
    velocity: Float[np.ndarray, "track 3"],
    has_bounced: Bool[np.ndarray, " track"],
    offsets: Float[np.ndarray, "track time"],
    gravity: float,
    floor: Floor,
) -> Float[np.ndarray, "track time 3"]:
    """Parabola after parabola: every hop ends where it meets the floor; metres at seconds over 0."""
    contact = floor.height + floor.radius
    start, speed = position.copy(), velocity.copy()
    start[:, 2] = np.maximum(start[:, 2], contact)
    paths = np.empty((*offsets.shape, 3))
    begun = np.zeros(len(start))
    last = offsets.max(axis=1, initial=0.0)
    is_lying = np.zeros(len(start), np.bool_)
    while True:
        since = offsets - begun[:, None]
        points = start[:, None] + speed[:, None] * since[:, :, None]
        points[:, :, 2] -= np.where(is_lying, 0.0, gravity)[:, None] * since**2 / 2
        paths = np.where((since >= 0)[:, :, None], points, paths)
        impact = np.sqrt(speed[:, 2] ** 2 + 2 * gravity * (start[:, 2] - contact))
        hop = (speed[:, 2] + impact) / gravity
        ends = ~is_lying & (begun + hop < last)
        if not ends.any():
            return paths
        start[ends] += speed[ends] * hop[ends, None]
        start[ends, 2] = contact
        speed[ends & ~has_bounced, :2] *= floor.grip
        has_bounced = has_bounced | ends
        speed[ends, 2] = floor.restitution * impact[ends]
        begun[ends] += hop[ends]
        is_lying |= ends & (2 * speed[:, 2] / gravity < SHORTEST_HOP)
        speed[is_lying, 2] = 0.0
