"""The training loop.

A step runs the encoder over whole prefixes and back through all of them: they are a few dozen observations at most
(`prefix`), so backpropagation through time is not truncated anywhere.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.model.frontends import FrontEnd
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.training.anchors import fit_anchors
from pathcast.model.training.build import build_network, load_start
from pathcast.model.training.checkpoint import has_checkpoint, read_checkpoint, write_checkpoint
from pathcast.model.training.examples import Examples
from pathcast.model.training.forward import Forward, Rows
from pathcast.model.training.loss import LossWeights, forecast_loss
from pathcast.model.training.observed import Source, examples_of
from pathcast.model.training.ranks import Ranks
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.state import TrainingState

Progress = Callable[[int, int, dict[str, float]], None]
"""Told after each epoch: its number from 1, how many there are, and the validation scores."""
RECORD = "metrics.jsonl"


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

    def make(part: str, epoch: int, num: int) -> Examples:
        observed = source.observed(part, epoch, num, settings.num_ends)
        return examples_of(observed, front_end, np.asarray(settings.knots_s), settings.num_neighbours)

    network = build_network(settings, front_end)
    first: Examples | None = None
    is_resumed = resume and out is not None and has_checkpoint(out)
    if settings.start_from:
        load_start(network, Path(settings.start_from))
    elif not is_resumed:
        first = make("train", 0, settings.num_train)
        _set_anchors(network, first, np.asarray(settings.knots_s), settings)
    state = TrainingState.start(settings, network.to(ranks.device))
    if out is not None and is_resumed:
        read_checkpoint(out, state)
    _write_history(out if ranks.is_first else None, state)
    validation = make("validation", 0, settings.num_validation)
    weights = LossWeights(**{name: getattr(settings, name) for name in LossWeights.__dataclass_fields__})
    knots = np.asarray(settings.knots_s)
    forward: Callable[..., Rows] = ranks.together(Forward(network, settings.precision, front_end, knots))
    if settings.compile:
        forward = torch.compile(forward)
    for epoch in range(len(state.history), settings.num_epochs):
        begun = time.monotonic()
        examples = first or make("train", epoch, settings.num_train)
        first = None
        train_loss = _train_epoch(state, forward, examples, weights, ranks, epoch)
        if not math.isfinite(train_loss):
            expected = "settings with which the loss stays finite"
            raise InputError("learning_rate", expected, f"{train_loss} in epoch {epoch + 1}")
        scores = _validate(Forward(state.average, "float32", front_end, knots), validation, weights, ranks)
        seconds = time.monotonic() - begun
        speed = {"seconds": round(seconds, 3), "samples_per_second": round(settings.num_train / seconds, 1)}
        rate = {"train_loss": train_loss, "learning_rate": state.learning_rate}
        state.history.append({"epoch": epoch + 1, **scores, **rate, **speed})
        state.keep_if_best(scores)
        if out is not None and ranks.is_first:
            write_checkpoint(out, state)
            with (out / RECORD).open("a", encoding="utf-8") as file:
                file.write(json.dumps(state.history[-1]) + "\n")
        progress(epoch + 1, settings.num_epochs, scores)
    assert state.best is not None
    network.load_state_dict(state.best.weights)
    return Trained(
        network.cpu().eval(), state.best.epoch, state.best.scores, sum(each["seconds"] for each in state.history)
    )


def _write_history(out: Path | None, state: TrainingState) -> None:
    """Begins metrics.jsonl with the epochs of a resumed run, whose file may lack its last line."""
    if out is not None:
        with replacing(out / RECORD) as part:
            part.write_text("".join(json.dumps(each) + "\n" for each in state.history), "utf-8")


def _train_epoch(
    state: TrainingState,
    forward: Callable[..., Rows],
    examples: Examples,
    weights: LossWeights,
    ranks: Ranks,
    epoch: int,
) -> float:
    """One pass over the examples; gives the mean loss before each step."""
    state.network.train()
    total = 0.0
    for rows in _batches(state.settings, epoch):
        loss, parts = _loss(forward, examples.take(rows), weights, ranks)
        state.optimiser.zero_grad(set_to_none=True)
        (loss * ranks.count).backward()  # type: ignore[no-untyped-call]
        state.step()
        total += parts["loss"] * len(rows) / state.settings.num_train
    return total


def _batches(settings: TrainingSettings, epoch: int) -> Iterator[np.ndarray]:
    """Rows of each batch: an order that is a function of seed and epoch alone."""
    random = np.random.Generator(np.random.Philox(key=[settings.seed, 1_000 + epoch]))
    order = random.permutation(settings.num_train)
    for start in range(0, len(order), settings.batch):
        yield order[start : start + settings.batch]


def _loss(
    forward: Callable[..., Rows], examples: Examples, weights: LossWeights, ranks: Ranks
) -> tuple[Float[Tensor, ""], dict[str, float]]:
    """The loss of a whole batch, of which this process runs the network over its own share."""
    own = examples.take(ranks.share(examples.num_tracks))
    names = ("steps", "ends", "head", "knots", "neighbours", "present")
    given = (torch.from_numpy(getattr(own, name)).to(ranks.device) for name in names)
    decoded = forward(*given, own.filters, own.truth)
    joined = ranks.join(decoded, examples.num_tracks, examples.ends.shape[1])
    logits, paths, spreads, point, target, unit = joined
    assert logits is not None and paths is not None and spreads is not None
    truth = [
        torch.from_numpy(getattr(examples, name)).to(ranks.device).flatten(0, 1)
        for name in ("target", "unit", "is_known", "beside")
    ]
    is_known = truth[2]
    if unit is not None:  # a flight that was lost has none, and counts for nothing
        is_known = is_known & (unit > 0)
        unit = torch.where(unit > 0, unit, 1.0)
    target, unit = truth[0] if target is None else target, truth[1] if unit is None else unit
    return forecast_loss(logits, paths, spreads, target, unit, is_known, weights, point, truth[3])


@torch.no_grad()
def _validate(forward: Forward, examples: Examples, weights: LossWeights, ranks: Ranks) -> dict[str, float]:
    forward.network.eval()
    sums: dict[str, float] = {}
    for start in range(0, examples.num_tracks, 1024):
        batch = examples.take(slice(start, start + 1024))
        _, parts = _loss(forward, batch, weights, ranks)
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value * batch.num_tracks / examples.num_tracks
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
