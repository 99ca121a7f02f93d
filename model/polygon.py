"""Polygon: whether corners are those of a simple polygon, whose edges meet at their ends alone."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

LEAST_WIDTH_M = 1e-6
"""Corners that lie as near to one line have no area."""


def find_fault(corners: Float[np.ndarray, "corner 2"]) -> str | None:
    """What keeps at least three corners from being a simple polygon with an area, in words; None if nothing does.

    Edges are numbered from 0, each from its corner to the next.
    """
    spread = np.linalg.svd(corners - corners.mean(axis=0), compute_uv=False)
    if spread[1] < LEAST_WIDTH_M:
        return "corners on one line"
    edges = np.roll(corners, -1, axis=0) - corners
    equal = np.flatnonzero((edges == 0).all(axis=1))
    if len(equal):
        return f"corner {equal[0]} twice"
    before = np.roll(edges, 1, axis=0)
    turns = before[:, 0] * edges[:, 1] - before[:, 1] * edges[:, 0]
    folded = np.flatnonzero((turns == 0) & ((before * edges).sum(axis=1) < 0))
    if len(folded):
        return f"edges that fold back at corner {folded[0]}"
    meeting = np.argwhere(_meet(corners, edges))
    if len(meeting):
        return f"edges {meeting[0, 0]} and {meeting[0, 1]} that meet"
    return None


def _meet(
    corners: Float[np.ndarray, "corner 2"], edges: Float[np.ndarray, "corner 2"]
) -> Bool[np.ndarray, "corner corner"]:
    """Which edges have a point in common, of those that are not neighbours; each pair once.

    Two segments meet if neither lies on one side of the other's line, and their boxes overlap (de Berg et al. 2008,
    "Computational Geometry", section 2.1).
    """
    ends = corners + edges
    off_start = corners[None] - corners[:, None]
    off_end = ends[None] - corners[:, None]
    start_side = edges[:, None, 0] * off_start[..., 1] - edges[:, None, 1] * off_start[..., 0]
    end_side = edges[:, None, 0] * off_end[..., 1] - edges[:, None, 1] * off_end[..., 0]
    is_parted = np.sign(start_side) * np.sign(end_side) > 0
    low, high = np.minimum(corners, ends), np.maximum(corners, ends)
    is_near = ((low[:, None] <= high[None]) & (low[None] <= high[:, None])).all(axis=2)
    first, second = np.indices(is_near.shape)
    apart = (second - first) % len(corners)
    is_stranger = (first < second) & (apart > 1) & (apart < len(corners) - 1)
    return np.asarray(~is_parted & ~is_parted.T & is_near & is_stranger)
