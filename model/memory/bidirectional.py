"""Two memories that read a whole sequence from both ends (Schuster and Paliwal 1997).

Half the units have seen what came before a step, half what comes after it; so there are outputs only once the whole
sequence is there, and a state cannot be carried on to a further observation. A stream on it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from pathcast.errors import InputError
from pathcast.model.memory.cells import CellMemory
from pathcast.model.memory.memory import Memory

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


class BidirectionalMemory(Memory):
    """Layers of two memories of one layer and half the units, one ahead and one back; each reads both of those below.

    A state holds, layer by layer, the whole of the one's and then of the other's.
    """

    is_streamed = False

    def __init__(
        self, build: Callable[[int, int], CellMemory], num_inputs: int, num_units: int, num_layers: int = 1
    ) -> None:
        """The memory.

        Args:
            build: Makes a memory of one layer of some numbers of inputs and units.
            num_inputs: Inputs per step.
            num_units: Units per layer, even.
            num_layers: Layers.
        """
        if num_units % 2:
            raise InputError("num_units", "an even number, half for each direction", str(num_units))
        pairs = [
            [build(num_units if layer else num_inputs, num_units // 2) for _ in range(2)] for layer in range(num_layers)
        ]
        sizes = [each.state_size for pair in pairs for each in pair]
        super().__init__(num_inputs, num_units, num_layers, sum(sizes))
        self.pairs = nn.ModuleList(nn.ModuleList(pair) for pair in pairs)
        self._sizes = sizes

    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        if state is not None:
            raise InputError("state", "none: a bidirectional memory reads whole sequences from both ends", "a state")
        values, after = inputs, []
        for ahead, back in self._each():
            forth, first = ahead(values)
            home, second = back(values.flip(1))
            values = torch.cat([forth, home.flip(1)], 2)
            after += [first, second]
        return values, torch.cat(after, 1)

    def read(
        self, inputs: Float[Tensor, "track time input"], lengths: Int[Tensor, "track end"]
    ) -> Float[Tensor, "track end unit"]:
        """Each prefix is a sequence of its own: what comes after its end is not seen."""
        result = inputs.new_empty(*lengths.shape, self.num_units)
        for length in torch.unique(lengths).tolist():
            rows, ends = (lengths == length).nonzero(as_tuple=True)
            result[rows, ends] = self.output(self(inputs[rows, :length])[1]).to(result.dtype)
        return result

    def output(self, state: Float[Tensor, "*track state"]) -> Float[Tensor, "*track unit"]:
        *_, ahead, back = torch.split(state, self._sizes, -1)
        top = self._each()[-1]
        return torch.cat([top[0].output(ahead), top[1].output(back)], -1)

    def write(self, graph: Graph, inputs: str, lengths: str, state: str) -> str:
        value, after = inputs, []
        before = graph.split(state, self._sizes, axis=1)
        for layer, (ahead, back) in enumerate(self._each()):
            forth, first = ahead.write_sequence(graph, value, lengths, before[2 * layer])
            turned = graph.reverse(value, lengths)
            home, second = back.write_sequence(graph, turned, lengths, before[2 * layer + 1])
            value = graph.concatenate([forth, graph.reverse(home, lengths)], axis=2)
            after += [*first, *second]
        return graph.concatenate(after, axis=1)

    def write_output(self, graph: Graph, state: str) -> str:
        *_, ahead, back = graph.split(state, self._sizes, axis=1)
        top = self._each()[-1]
        return graph.concatenate([top[0].write_output(graph, ahead), top[1].write_output(graph, back)], axis=1)

    def set_chrono(self, longest: int) -> None:
        for pair in self._each():
            for each in pair:
                each.set_chrono(longest)

    def _each(self) -> list[tuple[CellMemory, CellMemory]]:
        """The pairs, layer by layer."""
        return [cast(tuple[CellMemory, CellMemory], tuple(cast(nn.ModuleList, pair))) for pair in self.pairs]
