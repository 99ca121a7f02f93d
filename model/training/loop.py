"""The training loop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pathcast.model.frontends import FrontEnd
from pathcast.model.network.network import ForecastNetwork, NetworkSizes
from pathcast.model.training.anchors import fit_anchors
from pathcast.model.training.examples import Examples
from pathcast.model.training.loss import LossWeights, forecast_loss
from pathcast.model.training.observed import Source, examples_of
from pathcast.model.training.settings import TrainingSettings

Progress = Callable[[int, int, dict[str, float]], None]
"""Told after each epoch: its number from 1, how many there are, and the validation scores."""

MOVING_INPUT = {"heading": 13, "kalman": None}
"""The head input that chooses between the anchors of moving and of standing tracks."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network and how it got there."""

    network: ForecastNetwork
    epoch: int
    """The epoch it was taken from, chosen on validation."""
    validation: dict[str, float]
    seconds: float


def build_network(settings: TrainingSettings, front_end: FrontEnd) -> ForecastNetwork:
    """The untrained network, its weights drawn from the settings' seed."""
    torch.manual_seed(settings.seed)
    return ForecastNetwork(
        NetworkSizes(
            num_inputs=front_end.num_inputs,
            num_head_inputs=front_end.num_head_inputs,
            num_knot_inputs=front_end.num_knot_inputs,
            num_axes=front_end.num_axes,
            num_modes=settings.num_modes,
            num_knots=settings.num_knots,
            memory=settings.memory,
            num_units=settings.num_units,
            num_layers=settings.num_layers,
            num_context=settings.num_context,
            num_decoder_units=settings.num_decoder_units,
            moving_input=MOVING_INPUT[front_end.name],
            has_point=settings.has_point,
            num_neighbour_inputs=front_end.num_neighbour_inputs if settings.num_neighbours else 0,
            num_neighbours=settings.num_neighbours,
            num_neighbour_units=settings.num_neighbour_units,
        )
    )


def train(
    source: Source, front_end: FrontEnd, settings: TrainingSettings, out: Path | None, progress: Progress
) -> Trained:
    """Trains a network; the epoch that scores best on validation is the result.

    Args:
        source: Where tracks come from.
        front_end: What stands before the network.
        settings: All that decides the result.
        out: Folder for metrics.jsonl, a line per epoch; None keeps nothing.
        progress: Told after each epoch.
    """
    started = time.monotonic()
    knots = np.asarray(settings.knots_s)
    network = build_network(settings, front_end)
    validation = examples_of(
        source.observed("validation", 0, settings.num_validation, settings.num_ends),
        front_end,
        knots,
        settings.num_neighbours,
    )
    weights = LossWeights(**{name: getattr(settings, name) for name in LossWeights.__dataclass_fields__})
    steps_per_epoch = -(-settings.num_train // settings.batch)
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.epochs * steps_per_epoch
    )
    best: tuple[float, int, dict[str, Tensor], dict[str, float]] | None = None
    for epoch in range(settings.epochs):
        observed = source.observed("train", epoch, settings.num_train, settings.num_ends)
        examples = examples_of(observed, front_end, knots, settings.num_neighbours)
        if epoch == 0:
            _set_anchors(network, examples, knots, settings)
        network.train()
        for rows in _batches(settings, epoch):
            loss, _ = _loss(network, examples.take(rows), weights)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
            optimiser.step()
            schedule.step()
        scores = _validate(network, validation, weights)
        if best is None or scores["loss"] < best[0]:
            kept = {name: value.detach().clone() for name, value in network.state_dict().items()}
            best = (scores["loss"], epoch + 1, kept, scores)
        if out is not None:
            with (out / "metrics.jsonl").open("a" if epoch else "w", encoding="utf-8") as file:
                file.write(json.dumps({"epoch": epoch + 1, **scores}) + "\n")
        progress(epoch + 1, settings.epochs, scores)
    assert best is not None
    network.load_state_dict(best[2])
    network.eval()
    return Trained(network, best[1], best[3], time.monotonic() - started)


def _batches(settings: TrainingSettings, epoch: int) -> Iterator[np.ndarray]:
    """Rows of each batch: an order that is a function of seed and epoch alone."""
    random = np.random.Generator(np.random.Philox(key=[settings.seed, 1_000 + epoch]))
    order = random.permutation(settings.num_train)
    for start in range(0, len(order), settings.batch):
        yield order[start : start + settings.batch]


def _loss(
    network: ForecastNetwork, examples: Examples, weights: LossWeights
) -> tuple[Float[Tensor, ""], dict[str, float]]:
    """The loss of a batch: the encoder runs once, the decoder after each of the ends."""
    outputs = network.encode(torch.from_numpy(examples.steps))
    ends = torch.from_numpy(examples.ends)
    hidden = outputs.gather(1, ends[:, :, None].expand(-1, -1, outputs.shape[2])).flatten(0, 1)
    names = ("head", "knots", "target", "unit", "is_known", "neighbours", "present")
    given = {name: torch.from_numpy(getattr(examples, name)).flatten(0, 1) for name in names}
    around = (given["neighbours"], given["present"]) if network.sizes.num_neighbours else None
    logits, paths, spreads, point = network.decode(hidden, given["head"], given["knots"], around)
    truth = given["target"], given["unit"], given["is_known"]
    return forecast_loss(logits, paths, spreads, *truth, weights, point)


@torch.no_grad()
def _validate(network: ForecastNetwork, examples: Examples, weights: LossWeights) -> dict[str, float]:
    network.eval()
    sums: dict[str, float] = {}
    for start in range(0, examples.num_tracks, 1024):
        batch = examples.take(slice(start, start + 1024))
        _, parts = _loss(network, batch, weights)
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
