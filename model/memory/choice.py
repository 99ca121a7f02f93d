"""The choice of a memory by name."""

from __future__ import annotations

from typing import Final

from pathcast.errors import InputError
from pathcast.model.memory.bidirectional import BidirectionalMemory
from pathcast.model.memory.cells import CellMemory
from pathcast.model.memory.gru import GruMemory
from pathcast.model.memory.lstm import LstmMemory
from pathcast.model.memory.memory import Memory
from pathcast.model.memory.rnn import RnnMemory
from pathcast.model.memory.trace import TraceMemory, TraceOf

KINDS: Final = ("lstm", "gru", "rnn", "trace")


def build_memory(
    kind: str,
    num_inputs: int,
    num_units: int,
    num_layers: int = 1,
    *,
    trace_of: TraceOf = "input",
    is_decay_fixed: bool = False,
    is_bidirectional: bool = False,
) -> Memory:
    """The memory of that kind.

    Args:
        kind: "lstm", "gru", "rnn" or "trace".
        num_inputs: Inputs per step.
        num_units: Units per layer.
        num_layers: Layers.
        trace_of: What is traced: "input", "state" or "output" (trace).
        is_decay_fixed: Whether decays stay as they begin (trace).
        is_bidirectional: Whether half the units read the sequence backwards, so that it must be whole.

    Raises:
        InputError: No such kind.
    """
    if kind not in KINDS:
        raise InputError("memory", f"one of {', '.join(KINDS)}", repr(kind))
    fused: dict[str, type[LstmMemory] | type[GruMemory] | type[RnnMemory]] = {
        "lstm": LstmMemory,
        "gru": GruMemory,
        "rnn": RnnMemory,
    }

    def build(num_inputs: int, num_units: int, num_layers: int = 1) -> CellMemory:
        if kind == "trace":
            return TraceMemory(num_inputs, num_units, num_layers, trace_of, is_decay_fixed)
        return fused[kind](num_inputs, num_units, num_layers)

    if is_bidirectional:
        return BidirectionalMemory(build, num_inputs, num_units, num_layers)
    return build(num_inputs, num_units, num_layers)
