"""Interpolation of what the decoder says at its knots to the offsets that were asked for."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


class Interpolation:
    """Linear between knots, constant before the first.

    What is interpolated is in units that already grow with the offset (`Base.unit`), so a path starts at the newest
    observation whatever stands at the first knot.
    """

    def __init__(self, knots: Float[np.ndarray, " knot"], offsets: Float[np.ndarray, "track time"]) -> None:
        """Args:
        knots: Seconds, increasing.
        offsets: Seconds, at most the last knot.
        """
        first = offsets[:1]
        self._is_same = bool((offsets == first).all())
        asked = first if self._is_same else offsets
        self._is_knots = self._is_same and asked.shape[1] == len(knots) and np.allclose(asked[0], knots, 0, 1e-9)
        position = np.interp(asked, knots, np.arange(len(knots), dtype=np.float64))
        self._low = np.minimum(position.astype(np.int64), len(knots) - 2)
        self._share = position - self._low

    def apply(self, values: Float[np.ndarray, "track mode knot value"]) -> Float[np.ndarray, "track mode time value"]:
        """The values at the offsets; a single track's or mode's values serve all."""
        if self._is_knots:
            return values
        if self._is_same:
            share = self._share[0][:, None]
            low = self._low[0]
            return np.asarray(values[:, :, low] * (1 - share) + values[:, :, low + 1] * share)
        low = self._low[:, None, :, None]
        share = self._share[:, None, :, None]
        if len(values) == 1:
            values = np.broadcast_to(values, (len(low), *values.shape[1:]))
        below = np.take_along_axis(values, low, axis=2)
        above = np.take_along_axis(values, low + 1, axis=2)
        return np.asarray(below * (1 - share) + above * share)
