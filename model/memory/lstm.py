"""Long short-term memory (Hochreiter and Schmidhuber 1997), with forget gates (Gers, Schmidhuber and Cummins 2000)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathcast.model.memory.memory import Memory, write_cells

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


class LstmMemory(Memory):
    """Input, forget and output gates round a cell: torch's fused LSTM, forget biases starting at 1."""

    def __init__(self, num_inputs: int, num_units: int, num_layers: int = 1) -> None:
        super().__init__(num_inputs, num_units, num_layers, parts=2)
        self.cells = nn.LSTM(num_inputs, num_units, num_layers, batch_first=True)
        with torch.no_grad():
            for layer in range(num_layers):
                getattr(self.cells, f"bias_ih_l{layer}")[num_units : 2 * num_units] += 1.0

    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        outputs, after = self.cells(inputs, self._split(state))
        return outputs, self._join(*after)

    def write(self, graph: Graph, inputs: str, lengths: str, state: str) -> str:
        # torch keeps the gates as input, forget, cell, output; ONNX as input, output, forget, cell
        weights = {name: value.detach().numpy() for name, value in self.cells.named_parameters()}
        return write_cells(graph, "LSTM", self, (0, 3, 1, 2), weights, inputs, lengths, state)
