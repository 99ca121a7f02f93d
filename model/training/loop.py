"""Training of forecasters: what the loop (`fitting`) is given to learn.

A step runs the encoder over whole prefixes and back through all of them: they are a few dozen observations at most
(`prefix`), so backpropagation through time is not truncated anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from pathcast.model.frontends import FrontEnd
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.training.anchors import fit_anchors
from pathcast.model.training.batches import Batch, streamed_batches, whole_batches
from pathcast.model.training.build import build_network, load_start
from pathcast.model.training.checkpoint import has_checkpoint, read_checkpoint
from pathcast.model.training.examples import Examples
from pathcast.model.training.fitting import Progress, fit
from pathcast.model.training.forward import Forward
from pathcast.model.training.gradients import Gradients, batch_loss, decode
from pathcast.model.training.loss import LossWeights
from pathcast.model.training.observed import Observed, Source, StreamedSource, examples_of
from pathcast.model.training.ranks import Ranks
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.state import TrainingState


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network and how it got there."""

    network: ForecastNetwork
    epoch: int
    """The epoch it was taken from, chosen on validation."""
    validation: dict[str, float]
    seconds: float


def train(
    source: Source,
    front_end: FrontEnd,
    settings: TrainingSettings,
    out: Path | None,
    progress: Progress,
    *,
    resume: bool = False,
    ranks: Ranks | None = None,
) -> Trained:
    """Trains a network; the epoch that scores best on validation is the result.

    Args:
        source: Where tracks come from.
        front_end: What stands before the network.
        settings: All that decides the result.
        out: Folder for metrics.jsonl, a line per epoch, and the checkpoint; None keeps neither.
        progress: Told after each epoch.
        resume: Whether to go on from the folder's checkpoint, if it has one.
        ranks: Processes that train together; by default this one alone, on the CPU.

    Raises:
        InputError: The checkpoint is that of a run with other settings, or the loss is not finite any more.
    """
    ranks = ranks or Ranks()
    making = _Making(source, front_end, settings)
    network = build_network(settings, front_end)
    is_resumed = resume and out is not None and has_checkpoint(out)
    if settings.start_from:
        load_start(network, Path(settings.start_from))
    elif not is_resumed:
        making.first = making.part("train", 0, settings.num_train)
        _set_anchors(network, making.first, making.knots, settings)
    state = TrainingState.start(settings, network.to(ranks.device))
    if out is not None and is_resumed:
        read_checkpoint(out, state)
    fit(state, _ForecastTask(making, network, state, ranks), out if ranks.is_first else None, progress)
    assert state.best is not None
    network.load_state_dict(state.best.weights)
    return Trained(
        network.cpu().eval(), state.best.epoch, state.best.scores, sum(each["seconds"] for each in state.history)
    )


@dataclass(eq=False)
class _Making:
    """How the examples of a run are made."""

    source: Source
    front_end: FrontEnd
    settings: TrainingSettings
    first: Examples | None = None
    """Those of the first epoch, where they were made before it; kept until they are taken."""

    @property
    def knots(self) -> Float[np.ndarray, " knot"]:
        return np.asarray(self.settings.knots_s)

    def of(self, observed: Observed) -> Examples:
        return examples_of(observed, self.front_end, self.knots, self.settings.num_neighbours)

    def part(self, part: str, epoch: int, num: int) -> Examples:
        return self.of(self.source.observed(part, epoch, num, self.settings.num_ends))


class _ForecastTask:
    """Forecasts of the source's tracks, computed by all processes together."""

    def __init__(self, making: _Making, network: ForecastNetwork, state: TrainingState, ranks: Ranks) -> None:
        settings, average = making.settings, state.average
        assert isinstance(average, ForecastNetwork)
        self._making, self._ranks = making, ranks
        self._validation = making.part("validation", 0, settings.num_validation)
        self._weights = LossWeights(**{name: getattr(settings, name) for name in LossWeights.__dataclass_fields__})
        module = ranks.together(Forward(network, settings.precision, making.front_end, making.knots))
        self._gradients = Gradients(module, self._weights, ranks, settings)
        self._scored = Forward(average, "float32", making.front_end, making.knots)

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        making, ranks = self._making, self._ranks
        if isinstance(making.source, StreamedSource):
            making.first = None
            yield from streamed_batches(making.source, making.of, epoch, ranks, first)
        else:  # made within the epoch, whose seconds count that too
            made, making.first = making.first or making.part("train", epoch, making.settings.num_train), None
            yield from whole_batches(made, making.settings, epoch, ranks, first)

    def add_gradients(self, batch: Batch) -> tuple[float, int]:
        return self._gradients.add(batch)["loss"], batch.num_rows

    def validate(self) -> dict[str, float]:
        return _validate(self._scored, self._validation, self._weights, self._ranks)


@torch.no_grad()
def _validate(forward: Forward, examples: Examples, weights: LossWeights, ranks: Ranks) -> dict[str, float]:
    forward.network.eval()
    sums: dict[str, float] = {}
    for start in range(0, examples.num_tracks, 1024):
        num_rows = min(1024, examples.num_tracks - start)
        share = ranks.share(num_rows)
        batch = Batch(examples.take(slice(start + share.start, start + share.stop)), num_rows)
        _, parts = batch_loss(decode(forward, batch.own, ranks.device), batch, weights, ranks)
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value * num_rows / examples.num_tracks
    return sums


def _set_anchors(
    network: ForecastNetwork, examples: Examples, knots: Float[np.ndarray, " knot"], settings: TrainingSettings
) -> None:
    """Fits the anchors to the futures of the first epoch, apart for moving and for standing tracks."""
    index = network.sizes.moving_input
    if index is None:
        return
    is_whole = examples.is_known.all(-1)
    futures, moving = examples.target[is_whole], examples.head[is_whole][:, index] ** 2
    for place, rows in enumerate((moving > 0.5, moving <= 0.5)):
        if rows.sum() < 10 * settings.num_modes:
            rows = np.ones_like(rows)
        anchors = fit_anchors(futures[rows], knots, settings.num_modes, settings.num_directions, settings.seed)
        network.anchors[place] = torch.from_numpy(anchors)
