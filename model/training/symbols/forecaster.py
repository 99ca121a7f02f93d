"""Training of a symbol forecaster, by the loop that trains forecasters of tracks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from pathcast.errors import InputError
from pathcast.model.training.batches import shuffled_rows
from pathcast.model.training.fitting import Progress, fit
from pathcast.model.training.state import TrainingState
from pathcast.model.training.symbols.network import SymbolNetwork
from pathcast.model.training.symbols.settings import SymbolSettings
from pathcast.simulator.symbols import NOTHING, Symbols


@dataclass(frozen=True, eq=False)
class SymbolForecaster:
    """A trained network and the names of its symbols."""

    network: SymbolNetwork
    names: tuple[str, ...]

    def probabilities(self, seen: Sequence[str]) -> dict[str, float]:
        """Of each symbol, that it comes next; likeliest first.

        Raises:
            InputError: No symbol, or one that was never heard of.
        """
        if not seen:
            raise InputError("symbols", "at least one", "none")
        for each in seen:
            if each not in self.names:
                raise InputError("symbols", f"some of {', '.join(self.names)}", repr(each))
        given = torch.tensor([[self.names.index(each) for each in seen]])
        with torch.no_grad():
            found = functional.softmax(self.network(given)[0, -1], -1).tolist()
        return dict(sorted(zip(self.names, found, strict=True), key=lambda pair: -pair[1]))

    def accuracy(self, symbols: Symbols) -> float:
        """Share of the answers of some sequences for which the right symbol is the likeliest."""
        with torch.no_grad():
            said = self.network(torch.from_numpy(symbols.inputs)).argmax(-1).numpy()
        is_asked = symbols.answers != NOTHING
        return float((said == symbols.answers)[is_asked].mean())


def train_symbols(
    symbols: Symbols, settings: SymbolSettings, progress: Progress = lambda *_: None, out: Path | None = None
) -> SymbolForecaster:
    """A forecaster trained on those sequences; the epoch of the least loss on them is the result.

    Args:
        symbols: What is shown, and what is to be said.
        settings: Of network and training.
        progress: Told after each epoch.
        out: Folder for the record and the checkpoint; None keeps neither.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(settings.seed)
        network = SymbolNetwork(len(symbols.names), settings)
    state = TrainingState.start(settings, network)
    fit(state, _SymbolTask(symbols, settings, state), out, progress)
    assert state.best is not None
    network.load_state_dict(state.best.weights)
    return SymbolForecaster(network.eval(), symbols.names)


def windows_of(text: Sequence[str]) -> Symbols:
    """Every end of a sequence of symbols, each from another start; after each step the next symbol is asked for.

    Raises:
        InputError: Fewer than two symbols.
    """
    if len(text) < 2:
        raise InputError("symbols", "at least two, with something that comes next", f"{len(text)}")
    names = tuple(dict.fromkeys(text))
    numbers = np.array([names.index(each) for each in text])
    inputs = np.zeros((len(text) - 1, len(text) - 1), np.int64)
    answers = np.full_like(inputs, NOTHING)
    for start in range(len(inputs)):
        length = len(inputs) - start
        inputs[start, :length], answers[start, :length] = numbers[start:-1], numbers[start + 1 :]
    return Symbols(names, inputs, answers)


class _SymbolTask:
    """Sequences drawn with replacement, and the cross-entropy of what comes next."""

    def __init__(self, symbols: Symbols, settings: SymbolSettings, state: TrainingState) -> None:
        self._settings, self._state = settings, state
        self._inputs, self._answers = torch.from_numpy(symbols.inputs), torch.from_numpy(symbols.answers)

    def batches(self, epoch: int, first: int) -> Iterator[Int[Tensor, " sequence"]]:
        key = [self._settings.seed, zlib.crc32(f"symbols {epoch}".encode())]
        random = np.random.Generator(np.random.Philox(key=key))
        drawn = random.integers(0, len(self._inputs), self._settings.num_train)
        for rows in shuffled_rows(self._settings, epoch, first):
            yield torch.from_numpy(drawn[rows])

    def add_gradients(self, batch: Int[Tensor, " sequence"]) -> tuple[float, int]:
        loss = _cross_entropy(self._state.network, self._inputs[batch], self._answers[batch])
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach()), len(batch)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        return {"loss": float(_cross_entropy(self._state.average, self._inputs, self._answers))}


def _cross_entropy(network: torch.nn.Module, inputs: Tensor, answers: Tensor) -> Float[Tensor, ""]:
    return functional.cross_entropy(network(inputs).flatten(0, 1), answers.flatten(), ignore_index=NOTHING)
