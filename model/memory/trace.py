"""The exponential trace: each unit a running mean of its input, a_t = g a_{t-1} + (1 - g) x_t.

Jordan 1986, "Serial order: a parallel distributed processing approach", gave a network's context units such traces of
their own activity with one fixed g; Mozer 1989, "A focused backpropagation algorithm for temporal pattern recognition",
let every unit learn its decay. A unit weighs what it saw k steps ago by g^k: it remembers about -1 / ln g steps, and
nothing but the mean of them. There are no weights between units, hence no gate and no other way to forget.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathcast.model.memory.memory import Memory, write_layer

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph

SHORTEST, LONGEST = 1.0, 30.0
"""Time constants at the start, steps; the units' own are spread between them by equal ratios."""


class TraceMemory(Memory):
    """Traces of a linear map of the inputs, decays learned through a sigmoid.

    A further layer traces a linear map of tanh of the traces below it. The output is the top layer's trace itself:
    whoever reads it maps it as it likes.
    """

    def __init__(self, num_inputs: int, num_units: int, num_layers: int = 1) -> None:
        super().__init__(num_inputs, num_units, num_layers, parts=1)
        sizes = [num_inputs] + num_layers * [num_units]
        self.maps = nn.ModuleList([nn.Linear(before, after) for before, after in pairwise(sizes)])
        constants = torch.logspace(0, 1, num_units, LONGEST / SHORTEST) * SHORTEST
        start = torch.logit(torch.exp(-1 / constants))
        self.decays = nn.ParameterList([nn.Parameter(start.clone()) for _ in range(num_layers)])
        """Before the sigmoid."""

    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        if state is None:
            state = inputs.new_zeros(len(inputs), self.state_size)
        value, after = inputs, []
        traces = torch.split(state, self.num_units, 1)
        for layer, (mapped, decay, trace) in enumerate(zip(self.maps, self.decays, traces, strict=True)):
            value = torch.tanh(value) if layer else value
            value = _trace(mapped(value), torch.sigmoid(decay), trace)
            after.append(value[:, -1])
        return value, torch.cat(after, 1)

    def write(self, graph: Graph, inputs: str, lengths: str, state: str) -> str:
        # ONNX's plain recurrent operator with the identity in tanh's place, and a diagonal between its units.
        value, after = inputs, []
        befores = graph.split(state, [self.num_units] * self.num_layers, axis=1)
        for layer, (mapped, decay, before) in enumerate(zip(self.maps, self.decays, befores, strict=True)):
            assert isinstance(mapped, nn.Linear)
            keep = torch.sigmoid(decay.detach())
            weight, bias = (1 - keep)[:, None] * mapped.weight.detach(), (1 - keep) * mapped.bias.detach()
            arrays = weight.numpy(), torch.diag(keep).numpy(), torch.cat([bias, torch.zeros_like(bias)]).numpy()
            value = graph.apply("Tanh", value) if layer else value
            identity = {"activations": ["Affine"], "activation_alpha": [1.0], "activation_beta": [0.0]}
            value, states = write_layer(graph, "RNN", self.num_units, arrays, value, lengths, [before], **identity)
            after += states
        return graph.concatenate(after, axis=1)


def _trace(
    inputs: Float[Tensor, "track time unit"], keep: Float[Tensor, " unit"], before: Float[Tensor, "track unit"]
) -> Float[Tensor, "track time unit"]:
    """The traces after every step."""
    traces = []
    for step in inputs.unbind(1):
        before = torch.lerp(step, before, keep)
        traces.append(before)
    return torch.stack(traces, 1)
