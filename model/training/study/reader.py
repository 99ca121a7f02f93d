"""A memory and a linear map of its output: the smallest network that can answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from pathcast.errors import InputError
from pathcast.model.memory.cells import CellMemory, affine
from pathcast.model.memory.choice import build_memory
from pathcast.model.memory.trace import TraceOf


@dataclass(frozen=True)
class Studied:
    """A memory as the study has it."""

    kind: str
    trace_of: TraceOf = "input"
    is_chrono: bool = False
    """Whether its gates begin by keeping for as long as the problem lasts."""


MEMORIES: Final = {
    "rnn": Studied("rnn"),
    "trace": Studied("trace"),
    "trace-state": Studied("trace", "state"),
    "trace-output": Studied("trace", "output"),
    "gru": Studied("gru"),
    "lstm": Studied("lstm"),
    "gru-chrono": Studied("gru", is_chrono=True),
    "lstm-chrono": Studied("lstm", is_chrono=True),
}


class Reader(nn.Module):
    """Inputs in, an answer's numbers out, step by step."""

    def __init__(self, name: str, num_inputs: int, num_units: int, num_answers: int, longest: int) -> None:
        """The network.

        Args:
            name: One of `MEMORIES`.
            num_inputs: Inputs per step.
            num_units: Units.
            num_answers: Numbers of an answer.
            longest: Steps over which chrono gates begin by keeping.
        """
        super().__init__()
        if name not in MEMORIES:
            raise InputError("memory", f"one of {', '.join(MEMORIES)}", repr(name))
        studied = MEMORIES[name]
        memory = build_memory(studied.kind, num_inputs, num_units, trace_of=studied.trace_of)
        assert isinstance(memory, CellMemory)
        if studied.is_chrono:
            memory.set_chrono(longest)
        self.memory = memory
        self.answer = nn.Linear(num_units, num_answers)

    def forward(self, inputs: Tensor, first: int = 0, num_truncated: int = 0) -> Tensor:
        """Answers from step `first` on.

        Args:
            inputs: Shape: [time, track, input], or [time, network, track, input].
            first: Steps before it are not answered.
            num_truncated: Steps at the beginning through which no gradient goes back.

        Returns:
            Shape: [time, track, number], or [time, network, track, number].
        """
        state = None
        if num_truncated:
            with torch.no_grad():
                state = self.memory.unroll(inputs[:num_truncated])[1]
        outputs = self.memory.unroll(inputs[num_truncated:], state)[0]
        return affine(outputs[first - num_truncated :], self.answer.weight, self.answer.bias)
