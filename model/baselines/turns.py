"""Turns: where a prefix bounced, seen in its observations alone."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int


def find_turns(
    heights: Float[np.ndarray, "track past"], lengths: Int[np.ndarray, " track"], contact: Float[np.ndarray, " track"]
) -> Bool[np.ndarray, "track past"]:
    """Whether an observation is the lowest of a turn from falling to rising, near the floor.

    Near is within the height that was passed from the observation before it to the one after it: what a ball that
    bounced between two observations can be above its contact. The first and the last observation are no turns.

    Args:
        heights: z of the centre, metres.
        lengths: Observations per track.
        contact: z of a centre that touches the floor, metres; minus infinity where there is none.
    """
    turns = np.zeros(heights.shape, np.bool_)
    if heights.shape[1] < 3:
        return turns
    before, here, after = heights[:, :-2], heights[:, 1:-1], heights[:, 2:]
    is_lowest = (here < before) & (here <= after)
    is_near = here - contact[:, None] < (before - here) + (after - here)
    is_inside = np.arange(2, heights.shape[1]) < lengths[:, None]
    turns[:, 1:-1] = is_lowest & is_near & is_inside
    return turns
