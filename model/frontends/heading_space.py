"""The heading front end in three axes: whatever moves, with a heading in the ground plane and height beside it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.frontends import Base
from pathcast.model.frontends import heading_space_kernel as kernel
from pathcast.model.frontends.heading import NUM_KNOT_INPUTS, HeadingFrontEnd, X, Y
from pathcast.model.given import Given

_PLACE = np.array([X, Y, kernel.Z])


class SpaceHeadingFrontEnd(HeadingFrontEnd):
    """Tracks in three axes; base and unit as in two, and the others of a frame are looked at in the ground plane."""

    num_axes = 3
    filter_size = kernel.SPACE_FILTER_SIZE
    num_inputs = kernel.NUM_SPACE_INPUTS
    num_head_inputs = kernel.NUM_SPACE_HEAD_INPUTS

    def begin(self, num_tracks: int, given: Given) -> Float[np.ndarray, "track column"]:
        return np.zeros((num_tracks, self.filter_size))

    def absorb(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> tuple[Float[np.ndarray, "track time input"], Int[np.ndarray, " track"]]:
        steps = np.zeros((*times.shape, self.num_inputs), np.float32)
        return steps, kernel.absorb(filters, times, positions, lengths, steps)

    def pending(
        self, filters: Float[np.ndarray, "track column"]
    ) -> tuple[Float[np.ndarray, "track column"], Float[np.ndarray, "track step input"], Int[np.ndarray, " track"]]:
        after = np.array(filters, order="C")
        steps = np.zeros((len(filters), self.max_pending, self.num_inputs), np.float32)
        return after, steps, kernel.pending(after, steps)

    def places(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track axis"]:
        return filters[:, _PLACE]

    def head(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track input"]:
        inputs = np.empty((len(filters), self.num_head_inputs), np.float32)
        kernel.head(np.ascontiguousarray(filters), inputs)
        return inputs

    def base(self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"]) -> Base:
        path, unit = np.empty((*offsets.shape, 3)), np.empty(offsets.shape)
        knots = np.empty((*offsets.shape, NUM_KNOT_INPUTS), np.float32)
        kernel.base(np.ascontiguousarray(filters), np.ascontiguousarray(offsets), path, unit, knots)
        return Base(path, unit, knots)

    def trace(
        self,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        ends: Int[np.ndarray, "track end"],
    ) -> tuple[Float[np.ndarray, "track time input"], Float[np.ndarray, "track end column"]]:
        steps = np.zeros((*times.shape, self.num_inputs), np.float32)
        filters = np.zeros((*ends.shape, self.filter_size))
        kernel.trace(times, positions, ends, steps, filters)
        return steps, filters
