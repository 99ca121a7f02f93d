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

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.model.frontends import FrontEnd
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.training.anchors import fit_anchors
from pathcast.model.training.batches import Batch, streamed_batches, whole_batches
from pathcast.model.training.build import build_network, load_start
from pathcast.model.training.checkpoint import has_checkpoint, read_checkpoint, write_checkpoint
from pathcast.model.training.examples import Examples
from pathcast.model.training.forward import Forward
from pathcast.model.training.gradients import Gradients, batch_loss, decode
from pathcast.model.training.loss import LossWeights
from pathcast.model.training.observed import Observed, Source, StreamedSource, examples_of
from pathcast.model.training.ranks import Ranks
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.state import Begun, TrainingState

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
    knots = np.asarray(settings.knots_s)

    def make_examples(observed: Observed) -> Examples:
        return examples_of(observed, front_end, knots, settings.num_neighbours)

    def make(part: str, epoch: int, num: int) -> Examples:
        return make_examples(source.observed(part, epoch, num, settings.num_ends))

    network = build_network(settings, front_end)
    first: Examples | None = None
    is_resumed = resume and out is not None and has_checkpoint(out)
    if settings.start_from:
        load_start(network, Path(settings.start_from))
    elif not is_resumed:
        first = make("train", 0, settings.num_train)
        _set_anchors(network, first, knots, settings)
    state = TrainingState.start(settings, network.to(ranks.device))
    if out is not None and is_resumed:
        read_checkpoint(out, state)
    _write_history(out if ranks.is_first else None, state)
    validation = make("validation", 0, settings.num_validation)
    weights = LossWeights(**{name: getattr(settings, name) for name in LossWeights.__dataclass_fields__})
    module = ranks.together(Forward(network, settings.precision, front_end, knots))
    gradients = Gradients(module, weights, ranks, settings)

    def batches(epoch: int) -> Iterator[Batch]:
        nonlocal first
        if isinstance(source, StreamedSource):
            first = None
            yield from streamed_batches(source, make_examples, epoch, ranks, state.begun.num_steps)
        else:  # made within the epoch, whose seconds count that too
            examples, first = first or make("train", epoch, settings.num_train), None
            yield from whole_batches(examples, settings, epoch, ranks, state.begun.num_steps)

    def save() -> None:
        if out is not None and ranks.is_first:
            write_checkpoint(out, state)

    for epoch in range(len(state.history), settings.num_epochs):
        train_loss = _train_epoch(state, gradients, batches(epoch), save)
        if not math.isfinite(train_loss):
            expected = "settings with which the loss stays finite"
            raise InputError("learning_rate", expected, f"{train_loss} in epoch {epoch + 1}")
        started = time.monotonic()
        scores = _validate(Forward(state.average, "float32", front_end, knots), validation, weights, ranks)
        seconds = state.begun.seconds + time.monotonic() - started
        state.begun = Begun()
        speed = {"seconds": round(seconds, 3), "samples_per_second": round(settings.num_train / seconds, 1)}
        rate = {"train_loss": train_loss, "learning_rate": state.learning_rate}
        state.history.append({"epoch": epoch + 1, **scores, **rate, **speed})
        state.keep_if_best(scores)
        save()
        if out is not None and ranks.is_first:
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
    state: TrainingState, gradients: Gradients, batches: Iterator[Batch], save: Callable[[], None]
) -> float:
    """What is left of one pass over the examples; gives the mean loss before each step of all of it."""
    settings, begun = state.settings, state.begun
    state.network.train()
    started = time.monotonic() - begun.seconds
    for batch in batches:
        state.optimiser.zero_grad(set_to_none=True)
        parts = gradients.add(batch)
        state.step()
        begun.num_steps += 1
        begun.loss += parts["loss"] * batch.num_rows / settings.num_train
        begun.seconds = time.monotonic() - started
        is_due = settings.checkpoint_steps and begun.num_steps % settings.checkpoint_steps == 0
        if is_due and begun.num_steps < settings.steps_per_epoch:
            save()
    return begun.loss


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
