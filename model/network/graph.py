"""Graph: an ONNX graph built node by node.

Exporters freeze the time axis of recurrent networks at the length they were shown, without a word; a graph built by
hand has its axes free.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


class Graph:
    """Nodes and constants under names that it makes up."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def _name(self, stem: str) -> str:
        self._count += 1
        return f"{stem.lower()}_{self._count}"

    def input(self, name: str, shape: Sequence[str | int], kind: type[np.generic] = np.float32) -> str:
        """A graph input; named axes are free."""
        kinds: dict[type[np.generic], int] = {np.float32: TensorProto.FLOAT, np.int32: TensorProto.INT32}
        self._inputs.append(helper.make_tensor_value_info(name, kinds[kind], list(shape)))
        return name

    def output(self, value: str, name: str, shape: Sequence[str | int]) -> None:
        """Declares a value as the output of that name."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))

    def constant(self, array: np.ndarray) -> str:
        """A constant; floats are single precision."""
        if array.dtype.kind == "f":
            array = np.ascontiguousarray(array, np.float32)
        name = self._name("constant")
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, operator: str, inputs: Sequence[str], num_outputs: int = 1, **attributes: Any) -> list[str]:
        """Adds a node and names its outputs."""
        outputs = [self._name(operator) for _ in range(num_outputs)]
        self._nodes.append(helper.make_node(operator, list(inputs), outputs, **attributes))
        return outputs

    def apply(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node of one output."""
        return self.add(operator, inputs, **attributes)[0]

    def linear(self, value: str, weight: np.ndarray, bias: np.ndarray) -> str:
        """value @ weight.T + bias, as torch's Linear."""
        product = self.apply("MatMul", value, self.constant(np.ascontiguousarray(weight.T)))
        return self.apply("Add", product, self.constant(bias))

    def squeeze(self, value: str, axis: int) -> str:
        """Without that axis."""
        return self.apply("Squeeze", value, self.constant(np.array([axis])))

    def unsqueeze(self, value: str, axis: int) -> str:
        """With a new axis of size 1."""
        return self.apply("Unsqueeze", value, self.constant(np.array([axis])))

    def split(self, value: str, sizes: Sequence[int], axis: int) -> list[str]:
        """Pieces along an axis."""
        if len(sizes) == 1:
            return [value]
        return self.add("Split", [value, self.constant(np.array(sizes))], num_outputs=len(sizes), axis=axis)

    def concatenate(self, values: Sequence[str], axis: int) -> str:
        """Joined along an axis."""
        return values[0] if len(values) == 1 else self.apply("Concat", *values, axis=axis)

    def reverse(self, sequence: str, lengths: str) -> str:
        """Each track's own steps the other way round, of a sequence [time, track, ...]; those beyond stay in place."""
        counts = self.apply("Cast", lengths, to=TensorProto.INT64)
        return self.apply("ReverseSequence", sequence, counts, time_axis=0, batch_axis=1)

    def last(self, sequence: str, lengths: str) -> str:
        """Each track's own last step, of a sequence [time, track, ...]."""
        return self.apply("Gather", self.reverse(sequence, lengths), self.constant(np.array(0)), axis=0)

    def model(self, name: str) -> onnx.ModelProto:
        """The finished, checked model."""
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="pathcast")
        onnx.checker.check_model(model)
        return model
