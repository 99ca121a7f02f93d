"""Long short-term memory (Hochreiter and Schmidhuber 1997), with forget gates (Gers, Schmidhuber and Cummins 2000):

    i, f, o = sigmoid(W x_t + U a_{t-1} + b)   input, forget and output gate, each with weights of its own
    g = tanh(W_g x_t + U_g a_{t-1} + b_g)
    c_t = f c_{t-1} + i g                      cell
    a_t = o tanh(c_t)                          output

The cell is only ever multiplied by f on its way: where f is near 1, its gradient neither vanishes nor explodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathcast.model.memory.cells import CellMemory, affine, draw_keeping_biases
from pathcast.model.memory.operators import torch_arrays, write_operator

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


class LstmMemory(CellMemory):
    """Three gates round a cell: torch's fused LSTM, forget biases starting at 1 (Jozefowicz et al. 2015)."""

    def __init__(self, num_inputs: int, num_units: int, num_layers: int = 1) -> None:
        super().__init__(num_inputs, num_units, num_layers, parts=2)
        self.cells = nn.LSTM(num_inputs, num_units, num_layers, batch_first=True)
        with torch.no_grad():
            for layer in range(num_layers):
                getattr(self.cells, f"bias_ih_l{layer}")[num_units : 2 * num_units] += 1.0

    def drive(self, layer: int, values: Tensor) -> Tensor:
        biases = getattr(self.cells, f"bias_ih_l{layer}") + getattr(self.cells, f"bias_hh_l{layer}")
        return affine(values, getattr(self.cells, f"weight_ih_l{layer}"), biases)

    def step(self, layer: int, drive: Tensor, before: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        a, c = before
        i, f, g, o = (drive + a @ getattr(self.cells, f"weight_hh_l{layer}").mT).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c

    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        outputs, after = self.cells(inputs, self._split(state))
        return outputs, self._join(*after)

    @torch.no_grad()
    def set_chrono(self, longest: int) -> None:
        size = self.num_units
        for layer in range(self.num_layers):
            given, back = getattr(self.cells, f"bias_ih_l{layer}"), getattr(self.cells, f"bias_hh_l{layer}")
            keeping = draw_keeping_biases(size, longest)
            given[: 2 * size], back[: 2 * size] = torch.cat([-keeping, keeping]), 0.0

    def write_layer(
        self, graph: Graph, layer: int, value: str, lengths: str, before: Sequence[str]
    ) -> tuple[str, list[str]]:
        # torch keeps the gates as input, forget, cell, output; ONNX as input, output, forget, cell
        arrays = torch_arrays(self.cells, layer, (0, 3, 1, 2))
        return write_operator(graph, "LSTM", self.num_units, arrays, value, lengths, before)
