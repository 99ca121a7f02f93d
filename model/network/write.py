"""Writes a network as two ONNX graphs.

`encode`: (steps, lengths, memory) -> next_memory.
`forecast`: (memory, head, knots) -> (logits, paths, spreads); networks that look at people around have the inputs
neighbours and present too, those with a best path the output point.
`estimate`, of those that estimate: (memory, head) -> shifts, which is then an input of `forecast`.

Sequences are time-major, as the runtime's kernels want them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pathcast.model.network.graph import Graph
from pathcast.model.network.neighbourhood import ABSENT, NUM_HEADS, Neighbourhood
from pathcast.model.network.network import MOST_SHIFT, ForecastNetwork
from pathcast.model.network.write_clearance import write_clearance

if TYPE_CHECKING:
    import onnx
    from torch import nn


def write_encode(network: ForecastNetwork) -> onnx.ModelProto:
    """The graph that carries the memory over observations, axes of tracks and time free."""
    sizes, memory = network.sizes, network.memory
    graph = Graph()
    steps = graph.input("steps", ["time", "track", sizes.num_inputs])
    lengths = graph.input("lengths", ["track"], np.int32)
    state = graph.input("memory", ["track", memory.state_size])
    embedded = graph.apply("Relu", _linear(graph, steps, network.embed))
    graph.output(memory.write(graph, embedded, lengths, state), "next_memory", ["track", memory.state_size])
    return graph.model("encode")


def write_estimate(network: ForecastNetwork) -> onnx.ModelProto:
    """The graph that reads the memory and moves the filter's mean, axis of tracks free."""
    sizes, memory = network.sizes, network.memory
    assert network.estimate1 is not None and network.estimate2 is not None
    graph = Graph()
    state = graph.input("memory", ["track", memory.state_size])
    head = graph.input("head", ["track", sizes.num_head_inputs])
    context = graph.concatenate([memory.write_output(graph, state), head], axis=1)
    context = graph.apply("Relu", _linear(graph, context, network.estimate1))
    most = graph.constant(np.array([MOST_SHIFT], np.float32))
    shifts = graph.apply("Tanh", graph.apply("Div", _linear(graph, context, network.estimate2), most))
    graph.output(graph.apply("Mul", shifts, most), "shifts", ["track", sizes.num_estimated])
    return graph.model("estimate")


def write_forecast(network: ForecastNetwork) -> onnx.ModelProto:
    """The graph that reads the memory and gives the modes, axis of tracks free."""
    sizes, memory = network.sizes, network.memory
    graph = Graph()
    state = graph.input("memory", ["track", memory.state_size])
    head = graph.input("head", ["track", sizes.num_head_inputs])
    is_free = _has_free_knots(network)
    knots = graph.input("knots", ["knot" if is_free else sizes.num_knots, "track", sizes.num_knot_inputs])
    read = [memory.write_output(graph, state), head]
    if sizes.num_estimated:
        read.append(graph.input("shifts", ["track", sizes.num_estimated]))
    if network.neighbourhood is not None:
        neighbours = graph.input("neighbours", ["track", "neighbour", sizes.num_neighbour_inputs])
        present = graph.input("present", ["track", "neighbour"])
        each, courses = neighbours, ""
        if sizes.course_input is not None:
            widths = [sizes.course_input, sizes.num_neighbour_inputs - sizes.course_input]
            each, courses = graph.split(neighbours, widths, axis=2)
        read.append(_write_neighbourhood(graph, network.neighbourhood, each, present, head))
    context = graph.concatenate(read, axis=1)
    context = graph.apply("Relu", _linear(graph, context, network.context1))
    context = graph.apply("Relu", _linear(graph, context, network.context2))
    times = graph.constant(np.array([sizes.num_knots, 1, 1], np.int64))
    if is_free:
        num_knots = graph.apply("Gather", graph.apply("Shape", knots), graph.constant(np.array([0])), axis=0)
        times = graph.concatenate([num_knots, graph.constant(np.array([1, 1]))], axis=0)
    repeated = graph.apply("Expand", graph.unsqueeze(context, 0), times)
    outputs = _write_decoder(graph, network.decoder, graph.concatenate([repeated, knots], axis=2))
    emitted = _linear(graph, outputs, network.emit)
    point = ""
    if sizes.has_point:
        emitted, point = graph.split(emitted, [sizes.num_emitted - sizes.num_axes, sizes.num_axes], axis=2)
        velocity, _ = graph.split(head, [sizes.num_axes, sizes.num_head_inputs - sizes.num_axes], axis=1)
        if network.steady is not None:
            velocity = graph.apply("MatMul", head, graph.constant(network.steady.weight.detach().numpy().T))
        point = graph.apply("Add", point, graph.unsqueeze(velocity, 0))
        point = graph.apply("Transpose", point, perm=[1, 0, 2])
    shape = np.array([0, 0, sizes.num_modes, sizes.num_axes + sizes.num_spreads], np.int64)
    emitted = graph.apply("Reshape", emitted, graph.constant(shape))
    emitted = graph.apply("Transpose", emitted, perm=[1, 2, 0, 3])
    residuals, spreads = graph.split(emitted, [sizes.num_axes, sizes.num_spreads], axis=3)
    paths = residuals if is_free else graph.apply("Add", residuals, _write_anchors(graph, network, head))
    if sizes.spread_inputs is not None:
        rest = sizes.num_knot_inputs - sizes.spread_inputs - sizes.num_spreads
        own = graph.split(knots, [sizes.spread_inputs, sizes.num_spreads, rest], axis=2)[1]
        own = graph.unsqueeze(graph.apply("Transpose", own, perm=[1, 0, 2]), 1)
        spreads = graph.apply("Add", spreads, own)
    logits = _linear(graph, context, network.logits)
    if network.clearance is not None:
        assert sizes.scale_input is not None
        scale = graph.apply("Exp", graph.apply("Gather", head, graph.constant(np.array([sizes.scale_input])), axis=1))
        every = graph.concatenate([paths, *([graph.unsqueeze(point, 1)] if point else [])], axis=1)
        every, loss = write_clearance(graph, network.clearance, every, courses, present, scale)
        if point:
            paths, point = graph.split(every, [sizes.num_modes, 1], axis=1)
            loss, _ = graph.split(loss, [sizes.num_modes, 1], axis=1)
            point = graph.squeeze(point, 1)
        else:
            paths = every
        logits = graph.apply("Sub", logits, loss)
    if point:
        graph.output(point, "point", ["track", sizes.num_knots, sizes.num_axes])
    modes: list[str | int] = ["track", sizes.num_modes, "knot" if is_free else sizes.num_knots]
    graph.output(logits, "logits", modes[:2])
    graph.output(paths, "paths", [*modes, sizes.num_axes])
    graph.output(spreads, "spreads", [*modes, sizes.num_spreads])
    return graph.model("forecast")


def _has_free_knots(network: ForecastNetwork) -> bool:
    """Whether the decoder may be run over the first knots alone: where nothing it adds is fixed to all of them."""
    sizes = network.sizes
    return sizes.num_estimated > 0 and not sizes.has_point and not bool(network.anchors.any())


def _write_neighbourhood(graph: Graph, block: Neighbourhood, neighbours: str, present: str, head: str) -> str:
    """What the people around amount to, as `Neighbourhood.forward`. Shape: [track, 2 unit]."""
    ones = graph.constant(np.ones((1, 1, 1), np.float32))
    is_there = graph.unsqueeze(present, 2)
    own = graph.unsqueeze(_linear(graph, head, block.of_own), 1)
    each = graph.apply("Relu", graph.apply("Add", _linear(graph, neighbours, block.of_neighbour), own))
    each = graph.apply("Relu", _linear(graph, each, block.embed))
    absent = graph.apply("Mul", graph.apply("Sub", ones, is_there), graph.constant(np.array([ABSENT], np.float32)))
    weights = graph.apply("Softmax", graph.apply("Add", _linear(graph, each, block.scores), absent), axis=1)
    weights = graph.apply("Mul", weights, is_there)
    values = _linear(graph, each, block.values)
    heads = graph.constant(np.array([0, 0, NUM_HEADS, block.num_units // NUM_HEADS], np.int64))
    weighted = graph.apply("Mul", graph.unsqueeze(weights, 3), graph.apply("Reshape", values, heads))
    attended = graph.add("ReduceSum", [weighted, graph.constant(np.array([1], np.int64))], keepdims=0)[0]
    attended = graph.apply("Reshape", attended, graph.constant(np.array([0, block.num_units], np.int64)))
    pooled = graph.apply("Mul", graph.apply("Relu", _linear(graph, each, block.pooled)), is_there)
    pooled = graph.apply("ReduceMax", pooled, axes=[1], keepdims=0)
    return graph.concatenate([attended, pooled], axis=1)


def _write_decoder(graph: Graph, decoder: nn.LSTM, inputs: str) -> str:
    """A one-layer LSTM from an empty state: its outputs. Shape: [time, track, unit]."""
    size = decoder.hidden_size
    weights = {name: value.detach().numpy() for name, value in decoder.named_parameters()}

    def reorder(name: str) -> np.ndarray:
        return np.concatenate([weights[f"{name}_l0"][gate * size : (gate + 1) * size] for gate in (0, 3, 1, 2)])

    bias = np.concatenate([reorder("bias_ih"), reorder("bias_hh")])
    constants = [graph.constant(array[None]) for array in (reorder("weight_ih"), reorder("weight_hh"), bias)]
    return graph.squeeze(graph.apply("LSTM", inputs, *constants, hidden_size=size), 1)


def _write_anchors(graph: Graph, network: ForecastNetwork, head: str) -> str:
    """Each track's anchors, as `ForecastNetwork.anchors_of`."""
    anchors = network.anchors.numpy()
    if network.sizes.moving_input is None:
        return graph.constant(anchors[:1])
    index = graph.constant(np.array([network.sizes.moving_input], np.int64))
    moving = graph.apply("Gather", head, index, axis=1)
    share = graph.apply("Reshape", graph.apply("Mul", moving, moving), graph.constant(np.array([-1, 1, 1, 1])))
    difference = graph.apply("Mul", share, graph.constant((anchors[0] - anchors[1])[None]))
    return graph.apply("Add", difference, graph.constant(anchors[1][None]))


def _linear(graph: Graph, value: str, layer: nn.Linear) -> str:
    return graph.linear(value, layer.weight.detach().numpy(), layer.bias.detach().numpy())
