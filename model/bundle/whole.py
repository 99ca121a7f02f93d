"""Steps of whole tracks, for networks that read them from both ends."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.frontends import FrontEnd


def add_pending(
    front_end: FrontEnd,
    filters: Float[np.ndarray, "track column"],
    steps: Float[np.ndarray, "track time input"],
    counts: Int[np.ndarray, " track"],
    rows: Int[np.ndarray, " chosen"],
) -> tuple[Float[np.ndarray, "track longer input"], Int[np.ndarray, " track"]]:
    """The steps with those that otherwise wait for the next observation, which a whole track has not.

    Args:
        front_end: Whose steps they are.
        filters: After all observations; the chosen tracks' are moved on.
        steps: What the front end made of the observations.
        counts: How many are each track's own; the chosen tracks' are added to.
        rows: Tracks that are over.
    """
    filters[rows], waiting, more = front_end.pending(filters[rows])
    joined = np.concatenate([steps, np.zeros((len(steps), *waiting.shape[1:]), np.float32)], axis=1)
    for index in range(waiting.shape[1]):
        due = np.flatnonzero(more > index)
        joined[rows[due], counts[rows[due]] + index] = waiting[due, index]
    counts[rows] += more
    return joined, counts
