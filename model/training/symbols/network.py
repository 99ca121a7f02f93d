"""The symbol forecaster's network: an embedding, any memory, a softmax."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from pathcast.model.memory.choice import build_memory
from pathcast.model.training.symbols.settings import SymbolSettings


class SymbolNetwork(nn.Module):
    """Symbols in, logits of what may come next out.

    Beside the memory's output the newest symbol itself is read: a trace alone blends it with those before.
    """

    def __init__(self, num_symbols: int, settings: SymbolSettings) -> None:
        super().__init__()
        self.embed = nn.Embedding(num_symbols, settings.num_embedded)
        self.memory = build_memory(
            settings.memory,
            settings.num_embedded,
            settings.num_units,
            settings.num_layers,
            trace_of=settings.trace_of,
        )
        self.context = nn.Linear(settings.num_units + settings.num_embedded, settings.num_units)
        self.logits = nn.Linear(settings.num_units, num_symbols)

    def forward(self, symbols: Int[Tensor, "sequence time"]) -> Float[Tensor, "sequence time symbol"]:
        """Logits after each step."""
        embedded = self.embed(symbols)
        outputs = torch.cat([self.memory(embedded)[0], embedded], 2)
        logits: Tensor = self.logits(torch.relu(self.context(outputs)))
        return logits
