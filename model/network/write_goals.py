"""Writes a goal head as an ONNX graph.

`goals`: (memory, head, goals) -> logits, a column for each goal and the last for none of them. Any number of tracks
and of goals, at least one of each; everybody is asked about the same number, so nothing is padded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pathcast.model.network.graph import Graph
from pathcast.model.network.network import ForecastNetwork

if TYPE_CHECKING:
    import onnx
    from torch import nn


def write_goals(network: ForecastNetwork) -> onnx.ModelProto:
    """The graph that reads the memory and weighs goals, axes of tracks and goals free."""
    sizes, block = network.sizes, network.goal_head
    assert block is not None
    graph = Graph()
    state = graph.input("memory", ["track", network.memory.state_size])
    head = graph.input("head", ["track", sizes.num_head_inputs])
    goals = graph.input("goals", ["track", "goal", sizes.num_goal_inputs])

    def linear(value: str, layer: nn.Linear) -> str:
        return graph.linear(value, layer.weight.detach().numpy(), layer.bias.detach().numpy())

    def together(goals: str, context: str) -> str:
        return graph.apply("Relu", graph.apply("Add", goals, graph.unsqueeze(context, 1)))

    read = graph.concatenate([network.memory.write_output(graph, state), head], axis=1)
    context = graph.apply("Relu", linear(read, block.context))
    each = together(linear(goals, block.of_goal), linear(context, block.of_context))
    each = graph.apply("Relu", linear(each, block.embed))
    weights = graph.apply("Softmax", linear(each, block.attention), axis=1)
    attended = graph.add(
        "ReduceSum", [graph.apply("Mul", weights, each), graph.constant(np.array([1], np.int64))], keepdims=0
    )[0]
    everything = graph.concatenate([attended, graph.apply("ReduceMax", each, axes=[1], keepdims=0)], axis=1)
    compared = together(linear(each, block.of_each), linear(everything, block.of_all))
    scores = graph.apply("Add", linear(compared, block.score), linear(goals, block.direct))
    none = graph.apply("Relu", linear(graph.concatenate([context, everything], axis=1), block.none))
    logits = graph.concatenate([graph.squeeze(scores, 2), linear(none, block.score_none)], axis=1)
    graph.output(logits, "logits", ["track", "choice"])
    return graph.model("goals")
