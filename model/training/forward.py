"""The network over a batch of examples, as one module that can be compiled and shared between processes."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from pathcast.model.network.network import ForecastNetwork

Rows = tuple[
    Float[Tensor, "row mode"],
    Float[Tensor, "row mode knot axis"],
    Float[Tensor, "row mode knot spread"],
    Float[Tensor, "row knot axis"] | None,
]
"""What `ForecastNetwork.decode` gives, a row for each end of each track."""


class Forward(nn.Module):
    """The encoder once over each track, the decoder after each of its ends."""

    def __init__(self, network: ForecastNetwork, precision: str) -> None:
        """The module.

        Args:
            network: Whose weights it has.
            precision: "float32", or "bf16" for matrix products in bfloat16; what comes out is float32.
        """
        super().__init__()
        self.network = network
        self.is_bf16 = precision == "bf16"

    def forward(
        self,
        steps: Float[Tensor, "track time input"],
        ends: Int[Tensor, "track end"],
        head: Float[Tensor, "track end head_input"],
        knots: Float[Tensor, "track end knot knot_input"],
        neighbours: Float[Tensor, "track end neighbour feature"],
        present: Float[Tensor, "track end neighbour"],
    ) -> Rows:
        """What may come after each end, tracks first; the arguments are those of `Examples`."""
        network = self.network
        with torch.autocast(steps.device.type, torch.bfloat16, enabled=self.is_bf16):
            outputs = network.encode(steps)
            hidden = outputs.gather(1, ends[:, :, None].expand(-1, -1, outputs.shape[2])).flatten(0, 1)
            around = (neighbours.flatten(0, 1), present.flatten(0, 1)) if network.sizes.num_neighbours else None
            logits, paths, spreads, point = network.decode(hidden, head.flatten(0, 1), knots.flatten(0, 1), around)
        return logits.float(), paths.float(), spreads.float(), None if point is None else point.float()
