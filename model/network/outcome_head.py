"""The outcome head: what becomes of a shot, from what became of flights sampled from where the ball may be.

Its logits are the logarithms of the samples' shares and a residual, so that untrained it says what the samples say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathcast.model.network.graph import Graph

if TYPE_CHECKING:
    import onnx


class OutcomeHead(nn.Module):
    """The front end's inputs of a shot in; a logit for each class out."""

    def __init__(self, num_inputs: int, num_classes: int, num_units: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.layer1 = nn.Linear(num_inputs, num_units)
        self.layer2 = nn.Linear(num_units, num_units)
        self.layer3 = nn.Linear(num_units, num_classes)
        with torch.no_grad():
            self.layer3.weight *= 0.1
            self.layer3.bias.zero_()

    def forward(self, shots: Float[Tensor, "track input"]) -> Float[Tensor, "track class"]:
        """The logits; the first inputs are logarithms of the samples' shares."""
        read = torch.relu(self.layer2(torch.relu(self.layer1(shots))))
        logits: Tensor = shots[:, : self.num_classes] + self.layer3(read)
        return logits


def write_outcomes(head: OutcomeHead) -> onnx.ModelProto:
    """The graph (shots) -> logits, axis of tracks free."""
    graph = Graph()
    num_inputs = head.layer1.in_features
    shots = graph.input("shots", ["track", num_inputs])

    def linear(value: str, layer: nn.Linear) -> str:
        return graph.linear(value, layer.weight.detach().numpy(), layer.bias.detach().numpy())

    read = graph.apply("Relu", linear(shots, head.layer1))
    read = graph.apply("Relu", linear(read, head.layer2))
    shares = graph.split(shots, [head.num_classes, num_inputs - head.num_classes], axis=1)[0]
    graph.output(graph.apply("Add", linear(read, head.layer3), shares), "logits", ["track", head.num_classes])
    return graph.model("outcomes")
