"""The choice of a memory by name."""

from __future__ import annotations

from pathcast.errors import InputError
from pathcast.model.memory.gru import GruMemory
from pathcast.model.memory.lstm import LstmMemory
from pathcast.model.memory.memory import Memory
from pathcast.model.memory.rnn import RnnMemory
from pathcast.model.memory.trace import TraceMemory


def build_memory(kind: str, num_inputs: int, num_units: int, num_layers: int = 1) -> Memory:
    """The memory of that kind.

    Args:
        kind: "lstm", "gru", "rnn" or "trace".
        num_inputs: Inputs per step.
        num_units: Units per layer.
        num_layers: Layers.

    Raises:
        InputError: No such kind.
    """
    kinds: dict[str, type[LstmMemory] | type[GruMemory] | type[RnnMemory] | type[TraceMemory]] = {
        "lstm": LstmMemory,
        "gru": GruMemory,
        "rnn": RnnMemory,
        "trace": TraceMemory,
    }
    if kind not in kinds:
        raise InputError("memory", f"one of {', '.join(kinds)}", repr(kind))
    return kinds[kind](num_inputs, num_units, num_layers)
