"""The training loop, whatever it trains: epochs of optimiser steps, a line of the record after each, and checkpoints
after each and within it.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.model.training.checkpoint import write_checkpoint
from pathcast.model.training.state import Begun, TrainingState

Progress = Callable[[int, int, dict[str, float]], None]
"""Told after each epoch: its number from 1, how many there are, and the validation scores."""
RECORD = "metrics.jsonl"


@runtime_checkable
class Task(Protocol):
    """What weights are fitted to."""

    def batches(self, epoch: int, first: int) -> Iterator[Any]:
        """What each step of an epoch is computed from, made as it is asked for.

        Args:
            epoch: From 0.
            first: Batches that are passed over.
        """

    def add_gradients(self, batch: Any) -> tuple[float, int]:
        """Adds the gradients of a batch's loss to the network's; gives the loss, and of how many examples it is."""

    def validate(self) -> dict[str, float]:
        """Scores of the newest weights on held-out examples, "loss" among them."""


def fit(state: TrainingState, task: Task, out: Path | None, progress: Progress) -> None:
    """Goes on with a run until its last epoch is done.

    Args:
        state: The run, begun or resumed; it ends with its best weights known.
        task: What it learns.
        out: Folder for metrics.jsonl, a line per epoch, and the checkpoint; None keeps neither.
        progress: Told after each epoch.

    Raises:
        InputError: The loss is not finite any more.
    """
    settings = state.settings
    _write_history(out, state)
    for epoch in range(len(state.history), settings.num_epochs):
        train_loss = _train_epoch(state, task, epoch, out)
        if not math.isfinite(train_loss):
            expected = "settings with which the loss stays finite"
            raise InputError("learning_rate", expected, f"{train_loss} in epoch {epoch + 1}")
        started = time.monotonic()
        scores = task.validate()
        seconds = state.begun.seconds + time.monotonic() - started
        state.begun = Begun()
        speed = {"seconds": round(seconds, 3), "samples_per_second": round(settings.num_train / seconds, 1)}
        rate = {"train_loss": train_loss, "learning_rate": state.learning_rate}
        state.history.append({"epoch": epoch + 1, **scores, **rate, **speed})
        state.keep_if_best(scores)
        if out is not None:
            write_checkpoint(out, state)
            with (out / RECORD).open("a", encoding="utf-8") as file:
                file.write(json.dumps(state.history[-1]) + "\n")
        progress(epoch + 1, settings.num_epochs, scores)


def _write_history(out: Path | None, state: TrainingState) -> None:
    """Begins metrics.jsonl with the epochs of a resumed run, whose file may lack its last line."""
    if out is not None:
        with replacing(out / RECORD) as part:
            part.write_text("".join(json.dumps(each) + "\n" for each in state.history), "utf-8")


def _train_epoch(state: TrainingState, task: Task, epoch: int, out: Path | None) -> float:
    """What is left of one pass over the examples; gives the mean loss before each step of all of it."""
    settings, begun = state.settings, state.begun
    state.network.train()
    started = time.monotonic() - begun.seconds
    for batch in task.batches(epoch, begun.num_steps):
        state.optimiser.zero_grad(set_to_none=True)
        loss, num_rows = task.add_gradients(batch)
        state.step()
        begun.num_steps += 1
        begun.loss += loss * num_rows / settings.num_train
        begun.seconds = time.monotonic() - started
        is_due = settings.checkpoint_steps and begun.num_steps % settings.checkpoint_steps == 0
        if out is not None and is_due and begun.num_steps < settings.steps_per_epoch:
            write_checkpoint(out, state)
    return begun.loss
