"""Recurrent operators of ONNX (LSTM, GRU and RNN, opset 14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


def torch_arrays(cells: nn.RNNBase, layer: int, gates: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A layer of torch's weights as `write_operator` takes them.

    Args:
        cells: The network.
        layer: Which.
        gates: Order of torch's gates in ONNX's layout.
    """
    size = cells.hidden_size

    def reorder(name: str) -> np.ndarray:
        array = getattr(cells, f"{name}_l{layer}").detach().numpy()
        return np.concatenate([array[gate * size : (gate + 1) * size] for gate in gates])

    return reorder("weight_ih"), reorder("weight_hh"), np.concatenate([reorder("bias_ih"), reorder("bias_hh")])


def write_operator(
    graph: Graph,
    operator: str,
    size: int,
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray],
    inputs: str,
    lengths: str,
    before: Sequence[str],
    **attributes: object,
) -> tuple[str, list[str]]:
    """Adds one recurrent operator.

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
