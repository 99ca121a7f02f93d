"""Cells: memories that take one step after the other."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pathcast.errors import InputError
from pathcast.model.memory.memory import Memory

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


class CellMemory(Memory):
    """Layers of one kind of cell.

    A state holds, layer by layer, the parts of that layer's state side by side (for the LSTM: output, then cell). A
    cell says its equations once, in `drive` and `step`; `forward` computes the same, by torch's fused networks where
    those are the same cell.
    """

    def __init__(self, num_inputs: int, num_units: int, num_layers: int, parts: int) -> None:
        super().__init__(num_inputs, num_units, num_layers, num_layers * parts * num_units)
        self.parts = parts

    @abstractmethod
    def drive(self, layer: int, values: Tensor) -> Tensor:
        """What a layer's inputs alone amount to, for any number of steps at once. Shape: [..., track, number]."""

    @abstractmethod
    def step(self, layer: int, drive: Tensor, before: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """A layer's parts after one step, its output first: the equations of the cell.

        Weights may have an axis ahead of their own, of several networks side by side, which arrays then share.
        """

    @abstractmethod
    def write_layer(
        self, graph: Graph, layer: int, value: str, lengths: str, before: Sequence[str]
    ) -> tuple[str, list[str]]:
        """Adds a layer to an ONNX graph.

        Args:
            graph: The graph.
            layer: Which.
            value: Name of its inputs, of shape [time, track, input].
            lengths: As in `write`.
            before: Names of its parts before, of shape [track, unit].

        Returns:
            Names of its outputs, of shape [time, track, unit], and of its parts after each track's own last step.
        """

    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        """Runs over a sequence.

        Returns:
            The top layer's outputs at every step, and the state after the last.
        """
        outputs, after = self.unroll(inputs.transpose(0, 1), state)
        return outputs.transpose(0, 1), after

    def unroll(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`forward`, step by step and time first, also of several networks side by side.

        Args:
            inputs: Shape: [time, track, input], or [time, network, track, input].
            state: Shape: [track, state], or [network, track, state].
        """
        if state is None:
            state = inputs.new_zeros(*inputs.shape[1:-1], self.state_size)
        values, after = inputs, list[Tensor]()
        for layer, parts in enumerate(self._layers(state)):
            outputs = []
            for drive in self.drive(layer, values).unbind(0):
                parts = self.step(layer, drive, parts)
                outputs.append(parts[0])
            values = torch.stack(outputs)
            after += parts
        return values, torch.cat(after, -1)

    def advance(self, inputs: Tensor, state: Tensor) -> Tensor:
        """The state after one step. Shapes: [..., track, input] and [..., track, state]."""
        value, after = inputs, list[Tensor]()
        for layer, parts in enumerate(self._layers(state)):
            parts = self.step(layer, self.drive(layer, value), parts)
            value = parts[0]
            after += parts
        return torch.cat(after, -1)

    def read(
        self, inputs: Float[Tensor, "track time input"], lengths: Int[Tensor, "track end"]
    ) -> Float[Tensor, "track end unit"]:
        """The top layer's output after each of some numbers of steps, each at least 1."""
        outputs = self(inputs)[0]
        chosen: Tensor = outputs.gather(1, (lengths - 1)[:, :, None].expand(-1, -1, outputs.shape[2]))
        return chosen

    def write(self, graph: Graph, inputs: str, lengths: str, state: str) -> str:
        return graph.concatenate(self.write_sequence(graph, inputs, lengths, state)[1], axis=1)

    def write_sequence(self, graph: Graph, inputs: str, lengths: str, state: str) -> tuple[str, list[str]]:
        """`write` with the outputs at every step; the state comes in pieces."""
        pieces = graph.split(state, [self.num_units] * (self.num_layers * self.parts), axis=1)
        value, after = inputs, []
        for layer in range(self.num_layers):
            before = pieces[layer * self.parts : (layer + 1) * self.parts]
            value, parts = self.write_layer(graph, layer, value, lengths, before)
            after += parts
        return value, after

    def output(self, state: Float[Tensor, "*track state"]) -> Float[Tensor, "*track unit"]:
        """The top layer's output, as it stands in a state."""
        start = (self.num_layers - 1) * self.parts * self.num_units
        return state[..., start : start + self.num_units]

    def write_output(self, graph: Graph, state: str) -> str:
        """Adds `output` to an ONNX graph; gives its name."""
        top = graph.split(state, [self.parts * self.num_units] * self.num_layers, axis=1)[-1]
        return graph.split(top, [self.num_units] * self.parts, axis=1)[0]

    def _layers(self, state: Tensor) -> list[tuple[Tensor, ...]]:
        """The parts of each layer."""
        pieces = torch.split(state, self.num_units, -1)
        return [pieces[start : start + self.parts] for start in range(0, len(pieces), self.parts)]

    def _split(self, state: Float[Tensor, "track state"] | None) -> tuple[Tensor, ...] | None:
        """The state in torch's layout: one tensor per part. Shape: [layer, track, unit]."""
        if state is None:
            return None
        rows = state.view(len(state), self.num_layers, self.parts, self.num_units).permute(2, 1, 0, 3)
        return tuple(rows[part].contiguous() for part in range(self.parts))

    def _join(self, *parts: Tensor) -> Tensor:
        """Torch's layout back to rows."""
        return torch.stack(parts, 0).permute(2, 1, 0, 3).reshape(parts[0].shape[1], self.state_size)


def affine(values: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """W x + b, also of several networks at once: W is [network, unit, input], x [..., network, track, input]."""
    return values @ weight.mT + bias.unsqueeze(-2)


def draw_keeping_biases(num_units: int, longest: int) -> Tensor:
    """ln u, u uniform from 1 to longest - 1: a gate so biased forgets with a time constant of u steps.

    Raises:
        InputError: Under 3 steps there is nothing to spread.
    """
    if longest < 3:
        raise InputError("chrono_steps", "at least 3", str(longest))
    return torch.log(1 + (longest - 2) * torch.rand(num_units))
