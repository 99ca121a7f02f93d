"""The base path as a step of the network: from estimates to a flight and back along its slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pathcast.model.frontends import EstimatingFrontEnd
from pathcast.model.training.examples import turned_away

MOST_AWAY = 50.0
"""Units: what lies farther from its base than this is taken to lie there, so that no single throw decides a step."""


class Flight(torch.autograd.Function):
    """Where the truth lies relative to the flight of an estimate; gradients by the flight's own slopes.

    The unit of length and the decoder's inputs change with the estimate too, but far less than the path; their slopes
    are left out.
    """

    @staticmethod
    def forward(
        ctx: Any,
        shifts: Float[Tensor, "row quantity"],
        front_end: EstimatingFrontEnd,
        filters: Float[np.ndarray, "row column"],
        truth: Float[np.ndarray, "row knot axis"],
        knots: Float[np.ndarray, " knot"],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Target [row, knot, axis], unit [row, knot], 0 where a flight is lost, and knot inputs [row, knot, input]."""
        moved = front_end.estimate(filters, shifts.detach().cpu().double().numpy())
        base, changes = front_end.base_with_changes(moved, np.broadcast_to(knots, (len(filters), len(knots))))
        target = np.clip(turned_away(truth, base, front_end.heading(filters)), -MOST_AWAY, MOST_AWAY)
        slopes = np.nan_to_num(changes, posinf=0.0, neginf=0.0)
        ctx.save_for_backward(torch.from_numpy(slopes).to(shifts.device))
        made = (target, base.unit.astype(np.float32), base.knots)
        zeroed = (np.nan_to_num(array, posinf=0.0, neginf=0.0) for array in made)
        outputs = tuple(torch.from_numpy(array).to(shifts.device) for array in zeroed)
        ctx.mark_non_differentiable(outputs[1], outputs[2])
        return outputs  # type: ignore[return-value]

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None, None, None, None]:
        """Of the estimate: what the target's gradient makes of the path's slopes."""
        (changes,) = ctx.saved_tensors
        return -(gradients[0][..., None] * changes).sum((1, 2)), None, None, None, None
