"""The interface of memories."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from jaxtyping import Float, Int
from torch import Tensor, nn

from pathcast.errors import InputError

if TYPE_CHECKING:
    from pathcast.model.network.graph import Graph


class Memory(nn.Module, ABC):
    """A recurrent network whose whole state is one row of numbers per track.

    Whoever carries the row need not know what it means.
    """

    is_streamed = True
    """Whether its state can be carried from one observation to the next."""

    def __init__(self, num_inputs: int, num_units: int, num_layers: int, state_size: int) -> None:
        super().__init__()
        self.num_inputs, self.num_units, self.num_layers = num_inputs, num_units, num_layers
        self.state_size = state_size

    @abstractmethod
    def forward(
        self, inputs: Float[Tensor, "track time input"], state: Float[Tensor, "track state"] | None = None
    ) -> tuple[Float[Tensor, "track time unit"], Float[Tensor, "track state"]]:
        """Runs over a sequence.

        Returns:
            The top layer's outputs at every step, and the state after the last.
        """

    @abstractmethod
    def read(
        self, inputs: Float[Tensor, "track time input"], lengths: Int[Tensor, "track end"]
    ) -> Float[Tensor, "track end unit"]:
        """The top layer's output once each of some numbers of steps has been seen, each at least 1."""

    @abstractmethod
    def output(self, state: Float[Tensor, "*track state"]) -> Float[Tensor, "*track unit"]:
        """The top layer's output, as it stands in a state."""

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

    @abstractmethod
    def write_output(self, graph: Graph, state: str) -> str:
        """Adds `output` to an ONNX graph; gives its name."""

    def set_chrono(self, longest: int) -> None:
        """Draws gates' biases anew so that units keep what they hold for 1 to `longest` steps.

        Tallec and Ollivier 2018, "Can recurrent neural networks warp time?", equation 16.

        Raises:
            InputError: A memory without gates.
        """
        raise InputError("chrono_steps", "0, or a memory with gates: lstm or gru", str(longest))
