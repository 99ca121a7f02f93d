"""The interface of memories."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


class Memory(nn.Module, ABC):
    """A recurrent network whose whole state is one row of numbers per track.

    The row holds, layer by layer, the parts of that layer's state side by side (for the LSTM: output, then cell), so
    that whoever carries it need not know what it means.
    """

    def __init__(self, num_inputs: int, num_units: int, num_layers: int, parts: int) -> None:
        super().__init__()
        self.num_inputs, self.num_units, self.num_layers = num_inputs, num_units, num_layers
        self.parts = parts
        self.state_size = num_layers * parts * num_units

    @abstractmethod
    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        """Runs over a sequence.

        Returns:
            The top layer's outputs at every step, and the state after the last.
        """

    @abstractmethod
    def write(self, graph: Graph, inputs: str, lengths: str, state: str) -> str:
        """Adds the same computation to an ONNX graph.

        Args:
            graph: The graph.
            inputs: Name of a value of shape [time, track, input].
            lengths: Name of the numbers of steps, each at least 1, int32. Shape: [track].
            state: Name of the state before. Shape: [track, state].

        Returns:
            Name of the state after each track's own last step. Shape: [track, state].
        """

    def output(self, state: Float[Tensor, "track state"]) -> Float[Tensor, "track unit"]:
        """The top layer's output, as it stands in a state."""
        start = (self.num_layers - 1) * self.parts * self.num_units
        return state[:, start : start + self.num_units]

    def _split(self, state: Float[Tensor, "track state"] | None) -> tuple[Tensor, ...] | None:
        """The state in torch's layout: one tensor per part. Shape: [layer, track, unit]."""
        if state is None:
            return None
        rows = state.view(len(state), self.num_layers, self.parts, self.num_units).permute(2, 1, 0, 3)
        return tuple(rows[part].contiguous() for part in range(self.parts))

    def _join(self, *parts: Tensor) -> Tensor:
        """Torch's layout back to rows."""
        return torch.stack(parts, 0).permute(2, 1, 0, 3).reshape(parts[0].shape[1], self.state_size)


def write_cells(
    graph: Graph,
    operator: str,
    memory: Memory,
    gates: tuple[int, ...],
    weights: dict[str, np.ndarray],
    inputs: str,
    lengths: str,
    state: str,
    **attributes: object,
) -> str:
    """Adds stacked ONNX recurrent operators (LSTM, GRU or RNN, opset 14) with torch's weights.

    Args:
        graph: The graph.
        operator: Its name.
        memory: Whose sizes count.
        gates: Order of torch's gates in ONNX's layout.
        weights: Torch's arrays, by their names (`weight_ih_l0` and so on).
        inputs: As in `Memory.write`.
        lengths: As in `Memory.write`.
        state: As in `Memory.write`.
        **attributes: Further attributes of the operator.
    """
    size, parts = memory.num_units, memory.parts
    pieces = graph.split(state, [size] * (memory.num_layers * parts), axis=1)
    value, after = inputs, []
    for layer in range(memory.num_layers):

        def reorder(name: str, layer: int = layer) -> np.ndarray:
            array = weights[f"{name}_l{layer}"]
            return np.concatenate([array[gate * size : (gate + 1) * size] for gate in gates])

        bias = np.concatenate([reorder("bias_ih"), reorder("bias_hh")])
        arrays = reorder("weight_ih"), reorder("weight_hh"), bias
        before = pieces[layer * parts : (layer + 1) * parts]
        value, states = write_layer(graph, operator, size, arrays, value, lengths, before, **attributes)
        after += states
    return graph.concatenate(after, axis=1)


def write_layer(
    graph: Graph,
    operator: str,
    size: int,
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray],
    inputs: str,
    lengths: str,
    before: Sequence[str],
    **attributes: object,
) -> tuple[str, list[str]]:
    """Adds one ONNX recurrent operator.

    Args:
        graph: The graph.
        operator: Its name.
        size: Units.
        arrays: Weights of the inputs, weights of the state, and both biases one after the other, gates in ONNX's order.
        inputs: As in `Memory.write`.
        lengths: As in `Memory.write`.
        before: Parts of the state before. Shapes: [track, unit].
        **attributes: Further attributes of the operator.

    Returns:
        Its outputs, of shape [time, track, unit], and the parts of the state after.
    """
    constants = [graph.constant(array[None]) for array in arrays]
    states = [graph.unsqueeze(part, 0) for part in before]
    outputs = graph.add(
        operator,
        [inputs, *constants, lengths, *states],
        num_outputs=1 + len(before),
        hidden_size=size,
        **attributes,
    )
    return graph.squeeze(outputs[0], 1), [graph.squeeze(state, 0) for state in outputs[1:]]
