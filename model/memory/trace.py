"""Exponential traces: each unit a running mean, c_t = g c_{t-1} + (1 - g) s_t, of one of three things:

    input    s_t = W x_t + b                          the decayed input (Mozer 1989)
    state    s_t = tanh(W x_t + b)                    the decayed state of units that see the input alone (Mozer 1989)
    output   s_t = y_t = tanh(W x_t + U c_{t-1} + b)  the network's own last outputs (Jordan 1986)

Jordan, "Serial order: a parallel distributed processing approach", gave a network's context units such traces of its
output with one fixed g; Mozer, "A focused backpropagation algorithm for temporal pattern recognition", let every unit
learn its decay. A unit weighs what it saw k steps ago by g^k: it remembers about -1 / ln g steps, and nothing but the
mean of them. There is no gate, hence no other way to forget. A further layer reads tanh of the traces below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from pathcast.errors import InputError
from pathcast.model.memory.cells import CellMemory, affine
from pathcast.model.memory.operators import write_operator

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph

TraceOf = Literal["input", "state", "output"]
SHORTEST, LONGEST = 1.0, 30.0
"""Time constants at the start, steps; the units' own are spread between them by equal ratios."""
_OPEN = 40.0
"""Bias of a gate that is open to the last bit of single precision."""


class TraceMemory(CellMemory):
    """Traces whose decays are learned through a sigmoid, or fixed.

    The output is the trace itself; where outputs are traced, it is the output, with the trace beside it.
    """

    def __init__(
        self,
        num_inputs: int,
        num_units: int,
        num_layers: int = 1,
        trace_of: TraceOf = "input",
        is_decay_fixed: bool = False,
    ) -> None:
        if trace_of not in get_args(TraceOf):
            raise InputError("trace_of", f"one of {', '.join(get_args(TraceOf))}", repr(trace_of))
        super().__init__(num_inputs, num_units, num_layers, parts=2 if trace_of == "output" else 1)
        self.trace_of = trace_of
        sizes = [num_inputs] + num_layers * [num_units]
        self.maps = nn.ModuleList([nn.Linear(before, after) for before, after in pairwise(sizes)])
        constants = torch.logspace(0, 1, num_units, LONGEST / SHORTEST) * SHORTEST
        start = torch.logit(torch.exp(-1 / constants))
        self.decays = nn.ParameterList(
            [nn.Parameter(start.clone(), requires_grad=not is_decay_fixed) for _ in range(num_layers)]
        )
        """Before the sigmoid."""
        self.returns = nn.ParameterList()
        """What outputs make of the trace of them, U."""
        if trace_of == "output":
            reach = num_units**-0.5
            self.returns.extend(
                nn.Parameter(torch.empty(num_units, num_units).uniform_(-reach, reach)) for _ in range(num_layers)
            )

    def drive(self, layer: int, values: Tensor) -> Tensor:
        mapped = self.maps[layer]
        assert isinstance(mapped, nn.Linear)
        drive = affine(torch.tanh(values) if self._is_squashed(layer) else values, mapped.weight, mapped.bias)
        return torch.tanh(drive) if self.trace_of == "state" else drive

    def step(self, layer: int, drive: Tensor, before: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        g, c = torch.sigmoid(self.decays[layer]).unsqueeze(-2), before[-1]
        if self.trace_of != "output":
            return (torch.lerp(drive, c, g),)
        y = torch.tanh(drive + c @ self.returns[layer].mT)
        return y, torch.lerp(y, c, g)

    def write_layer(
        self, graph: Graph, layer: int, value: str, lengths: str, before: Sequence[str]
    ) -> tuple[str, list[str]]:
        mapped = self.maps[layer]
        assert isinstance(mapped, nn.Linear)
        weight, bias = mapped.weight.detach().numpy(), mapped.bias.detach().numpy()
        keep = torch.sigmoid(self.decays[layer].detach()).numpy()
        value = graph.apply("Tanh", value) if self._is_squashed(layer) else value
        if self.trace_of == "output":
            return self._write_output_trace(graph, layer, value, lengths, before[1], weight, bias, keep)
        if self.trace_of == "state":
            value = graph.apply("Tanh", graph.linear(value, weight, bias))
            weight, bias = np.eye(self.num_units, dtype=np.float32), np.zeros_like(bias)
        # ONNX's plain recurrent operator with the identity in tanh's place, and a diagonal between its units.
        given = (1 - keep)[:, None] * weight, np.diag(keep), np.concatenate([(1 - keep) * bias, np.zeros_like(bias)])
        identity = {"activations": ["Affine"], "activation_alpha": [1.0], "activation_beta": [0.0]}
        return write_operator(graph, "RNN", self.num_units, given, value, lengths, before, **identity)

    def _write_output_trace(
        self,
        graph: Graph,
        layer: int,
        value: str,
        lengths: str,
        before: str,
        weight: np.ndarray,
        bias: np.ndarray,
        keep: np.ndarray,
    ) -> tuple[str, list[str]]:
        """ONNX's GRU with gates that no input moves: the one that keeps at g, the one that resets open.

        Its states are the traces; the outputs follow from those of the step before.
        """
        back, nothing = self.returns[layer].detach().numpy(), np.zeros_like(bias)
        still, closed = np.zeros_like(weight), np.zeros_like(back)
        gates = np.concatenate([np.log(keep / (1 - keep)), np.full_like(bias, _OPEN), bias, nothing, nothing, nothing])
        arrays = np.concatenate([still, still, weight]), np.concatenate([closed, closed, back]), gates
        size = self.num_units
        traces, after = write_operator(graph, "GRU", size, arrays, value, lengths, [before], linear_before_reset=1)
        earlier = graph.concatenate([graph.unsqueeze(before, 0), traces], axis=0)
        ends = [graph.constant(np.array([number])) for number in (0, -1, 0)]
        returned = graph.linear(graph.apply("Slice", earlier, *ends), back, nothing)
        outputs = graph.apply("Tanh", graph.apply("Add", graph.linear(value, weight, bias), returned))
        return outputs, [graph.last(outputs, lengths), *after]

    def _is_squashed(self, layer: int) -> bool:
        """Whether a layer reads tanh of what is below; outputs are squashed already."""
        return layer > 0 and self.trace_of != "output"
