"""The network over a batch of examples, as one module that can be compiled and shared between processes."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from pathcast.model.frontends import EstimatingFrontEnd, FrontEnd
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.training.flight import Flight

Rows = tuple[
    Float[Tensor, "row mode"],
    Float[Tensor, "row mode knot axis"],
    Float[Tensor, "row mode knot spread"],
    Float[Tensor, "row knot axis"] | None,
    Float[Tensor, "row knot axis"] | None,
    Float[Tensor, "row knot"] | None,
]
"""What `ForecastNetwork.decode` gives, a row for each end of each track; then, where the network moves the base itself,
the truth relative to it and its unit."""


class Forward(nn.Module):
    """The encoder once over each track, the decoder after each of its ends."""

    def __init__(
        self, network: ForecastNetwork, precision: str, front_end: FrontEnd, at_knots: Float[np.ndarray, " knot"]
    ) -> None:
        """The module.

        Args:
            network: Whose weights it has.
            precision: "float32", or "bf16" for matrix products in bfloat16; what comes out is float32.
            front_end: What stands before it.
            at_knots: Offsets of the decoder's knots, seconds.
        """
        super().__init__()
        self.network = network
        self.front_end = front_end
        self.at_knots = at_knots
        self.is_bf16 = precision == "bf16"

    def forward(
        self,
        steps: Float[Tensor, "track time input"],
        ends: Int[Tensor, "track end"],
        head: Float[Tensor, "track end head_input"],
        knots: Float[Tensor, "track end knot knot_input"],
        neighbours: Float[Tensor, "track end neighbour feature"],
        present: Float[Tensor, "track end neighbour"],
        filters: Float[np.ndarray, "track end column"] | None = None,
        truth: Float[np.ndarray, "track end knot axis"] | None = None,
    ) -> Rows:
        """What may come after each end, tracks first; the arguments are those of `Examples`."""
        network = self.network
        with torch.autocast(steps.device.type, torch.bfloat16, enabled=self.is_bf16):
            hidden = network.read(steps, ends + 1).flatten(0, 1)
            around = (neighbours.flatten(0, 1), present.flatten(0, 1)) if network.sizes.num_neighbours else None
            at_knots, shifts, target, unit = knots.flatten(0, 1), None, None, None
            if isinstance(self.front_end, EstimatingFrontEnd):
                assert filters is not None and truth is not None
                if network.sizes.num_estimated:
                    shifts = network.estimate(hidden, head.flatten(0, 1)).float()
                moves = hidden.new_zeros(len(hidden), self.front_end.num_estimated) if shifts is None else shifts
                target, unit, at_knots = Flight.apply(  # type: ignore[no-untyped-call]
                    moves,
                    self.front_end,
                    filters.reshape(-1, filters.shape[-1]),
                    truth.reshape(-1, *truth.shape[2:]),
                    self.at_knots,
                )
            decoded = network.decode(hidden, head.flatten(0, 1), at_knots, around, shifts)
        logits, paths, spreads, point = decoded
        return logits.float(), paths.float(), spreads.float(), None if point is None else point.float(), target, unit
