"""Gated recurrent unit (Cho et al. 2014), in the form that torch and cuDNN compute (reset after the product)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor, nn

from pathcast.model.memory.memory import Memory, write_cells

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


class GruMemory(Memory):
    """Update and reset gates and no cell beside the output."""

    def __init__(self, num_inputs: int, num_units: int, num_layers: int = 1) -> None:
        super().__init__(num_inputs, num_units, num_layers, parts=1)
        self.cells = nn.GRU(num_inputs, num_units, num_layers, batch_first=True)

    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        before = self._split(state)
        outputs, after = self.cells(inputs, None if before is None else before[0])
        return outputs, self._join(after)

    def write(self, graph: Graph, inputs: str, lengths: str, state: str) -> str:
        # torch keeps the gates as reset, update, new; ONNX as update, reset, new
        weights = {name: value.detach().numpy() for name, value in self.cells.named_parameters()}
        return write_cells(graph, "GRU", self, (1, 0, 2), weights, inputs, lengths, state, linear_before_reset=1)
