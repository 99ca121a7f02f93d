"""The plain recurrent network (Elman 1990), without gates:

    a_t = tanh(W_aa a_{t-1} + W_ax x_t + b_a)
    y_t = g(W_ya a_t + b_y)

The memory is a_t. Whoever reads it computes y_t: the forecaster by its decoder, the symbol forecaster by a softmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathcast.model.memory.cells import CellMemory, affine
from pathcast.model.memory.operators import torch_arrays, write_operator

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


class RnnMemory(CellMemory):
    """Units that see each other's last outputs; torch's fused RNN."""

    def __init__(self, num_inputs: int, num_units: int, num_layers: int = 1) -> None:
        super().__init__(num_inputs, num_units, num_layers, parts=1)
        self.cells = nn.RNN(num_inputs, num_units, num_layers, batch_first=True)

    def drive(self, layer: int, values: Tensor) -> Tensor:
        biases = getattr(self.cells, f"bias_ih_l{layer}") + getattr(self.cells, f"bias_hh_l{layer}")
        return affine(values, getattr(self.cells, f"weight_ih_l{layer}"), biases)

    def step(self, layer: int, drive: Tensor, before: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (a,) = before
        return (torch.tanh(drive + a @ getattr(self.cells, f"weight_hh_l{layer}").mT),)

    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        before = self._split(state)
        outputs, after = self.cells(inputs, None if before is None else before[0])
        return outputs, self._join(after)

    def write_layer(
        self, graph: Graph, layer: int, value: str, lengths: str, before: Sequence[str]
    ) -> tuple[str, list[str]]:
        arrays = torch_arrays(self.cells, layer, (0,))
        return write_operator(graph, "RNN", self.num_units, arrays, value, lengths, before)
