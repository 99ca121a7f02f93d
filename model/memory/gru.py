"""The gated recurrent unit (Cho et al. 2014), in the form that torch and cuDNN compute (reset after the product):

r = sigmoid(W_r x_t + U_r a_{t-1} + b_r)          reset
z = sigmoid(W_z x_t + U_z a_{t-1} + b_z)          keep
n = tanh(W_n x_t + b_n + r (U_n a_{t-1} + c_n))   new
a_t = (1 - z) n + z a_{t-1}
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


class GruMemory(CellMemory):
    """Two gates and no cell beside the output; torch's fused GRU."""

    def __init__(self, num_inputs: int, num_units: int, num_layers: int = 1) -> None:
        super().__init__(num_inputs, num_units, num_layers, parts=1)
        self.cells = nn.GRU(num_inputs, num_units, num_layers, batch_first=True)

    def drive(self, layer: int, values: Tensor) -> Tensor:
        return affine(values, getattr(self.cells, f"weight_ih_l{layer}"), getattr(self.cells, f"bias_ih_l{layer}"))

    def step(self, layer: int, drive: Tensor, before: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (a,) = before
        size = self.num_units
        back = affine(a, getattr(self.cells, f"weight_hh_l{layer}"), getattr(self.cells, f"bias_hh_l{layer}"))
        r, z = torch.sigmoid(drive[..., : 2 * size] + back[..., : 2 * size]).chunk(2, -1)
        n = torch.tanh(drive[..., 2 * size :] + r * back[..., 2 * size :])
        return (torch.lerp(n, a, z),)

    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        before = self._split(state)
        outputs, after = self.cells(inputs, None if before is None else before[0])
        return outputs, self._join(after)

    @torch.no_grad()
    def set_chrono(self, longest: int) -> None:
        size = self.num_units
        for layer in range(self.num_layers):
            given, back = getattr(self.cells, f"bias_ih_l{layer}"), getattr(self.cells, f"bias_hh_l{layer}")
            given[size : 2 * size], back[size : 2 * size] = draw_keeping_biases(size, longest), 0.0

    def write_layer(
        self, graph: Graph, layer: int, value: str, lengths: str, before: Sequence[str]
    ) -> tuple[str, list[str]]:
        # torch keeps the gates as reset, update, new; ONNX as update, reset, new
        arrays = torch_arrays(self.cells, layer, (1, 0, 2))
        return write_operator(graph, "GRU", self.num_units, arrays, value, lengths, before, linear_before_reset=1)
