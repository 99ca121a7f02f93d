"""The plain recurrent network (Elman 1990): a_t = tanh(W_aa a_{t-1} + W_ax x_t + b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor, nn

from pathcast.model.memory.memory import Memory, write_cells

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


class RnnMemory(Memory):
    """No gates."""

    def __init__(self, num_inputs: int, num_units: int, num_layers: int = 1) -> None:
        super().__init__(num_inputs, num_units, num_layers, parts=1)
        self.cells = nn.RNN(num_inputs, num_units, num_layers, batch_first=True)

    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        before = self._split(state)
        outputs, after = self.cells(inputs, None if before is None else before[0])
        return outputs, self._join(after)

    def write(self, graph: Graph, inputs: str, lengths: str, state: str) -> str:
        weights = {name: value.detach().numpy() for name, value in self.cells.named_parameters()}
        return write_cells(graph, "RNN", self, (0,), weights, inputs, lengths, state)
