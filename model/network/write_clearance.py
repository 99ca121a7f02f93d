"""Writes `Clearance` into a graph: the same operations in the same order."""

from __future__ import annotations

import numpy as np

from pathcast.model.network.clearance import LEAST_M, Clearance
from pathcast.model.network.graph import Graph


def write_clearance(
    graph: Graph, block: Clearance, paths: str, courses: str, present: str, scale: str
) -> tuple[str, str]:
    """Paths [track, path, knot, 2] as they keep clear, and how much less probable each is [track, path].

    Args:
        graph: Written into.
        block: The trained weights.
        paths: As in `Clearance.forward`.
        courses: As there.
        present: As there.
        scale: As there, but with an axis of size 1 at the end.
    """
    radius, softness, focus, aversion = block.guesses().detach().numpy()
    num_knots = len(block.offsets)

    def number(value: float) -> str:
        return graph.constant(np.array(value, np.float32))

    def by_axis(value: str) -> list[str]:
        """x and y, the last axis gone."""
        last = [graph.constant(np.array([axis])) for axis in (0, 1)]
        return [graph.squeeze(graph.apply("Gather", value, each, axis=-1), -1) for each in last]

    place, velocities = graph.split(courses, [2, 2 * block.shares.shape[1]], axis=2)
    shape = graph.constant(np.array([0, 0, block.shares.shape[1], 2], np.int64))
    ahead = graph.constant(block.ahead().detach().numpy())
    expected = graph.apply("MatMul", ahead, graph.apply("Reshape", velocities, shape))
    expected = graph.apply("Add", graph.unsqueeze(place, 2), expected)
    unit = graph.apply("Mul", scale, graph.constant(block.offsets.numpy()))
    per_path = graph.unsqueeze(unit, 1)
    apart = []
    for path, course in zip(by_axis(paths), by_axis(expected), strict=True):
        own = graph.unsqueeze(graph.apply("Mul", path, per_path), 2)
        apart.append(graph.apply("Sub", own, graph.unsqueeze(course, 1)))
    squared = graph.apply("Add", *(graph.apply("Mul", each, each) for each in apart))
    weights = graph.apply("Softmax", graph.apply("Div", graph.apply("Neg", squared), number(focus * focus)), axis=3)
    axes = graph.constant(np.array([3], np.int64))
    miss = [graph.apply("ReduceSum", graph.apply("Mul", weights, each), axes, keepdims=0) for each in apart]
    squared = graph.apply("Add", *(graph.apply("Mul", each, each) for each in miss))
    distance = graph.apply("Sqrt", graph.apply("Add", squared, number(LEAST_M**2)))
    lacking = graph.apply("Div", graph.apply("Sub", number(radius), distance), number(softness))
    short = graph.apply("Mul", graph.apply("Softplus", lacking), number(softness))
    short = graph.apply("Mul", short, graph.unsqueeze(present, 1))
    push = graph.concatenate([graph.unsqueeze(each, 3) for each in miss], axis=3)
    push = graph.apply("Mul", push, graph.unsqueeze(graph.apply("Div", short, distance), 3))
    room = graph.apply("MatMul", graph.apply("Transpose", weights, perm=[0, 1, 3, 2]), push)
    profile = (block.bend + block.profile).detach().numpy()
    room = graph.apply("MatMul", graph.constant(profile), room)
    per_axis = graph.apply("Reshape", unit, graph.constant(np.array([0, 1, num_knots, 1], np.int64)))
    lowered = graph.apply("ReduceSum", short, graph.constant(np.array([2], np.int64)), keepdims=0)
    return (
        graph.apply("Add", paths, graph.apply("Div", room, per_axis)),
        graph.apply("Mul", lowered, number(aversion)),
    )
