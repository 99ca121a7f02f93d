"""Fits the outcome head of a trained network to simulated shots; the rest of the network stays as it is."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.frontends.ball.shots import NUM_CLASSES, NUM_SHOT_INPUTS
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.network.outcome_head import OutcomeHead
from pathcast.model.training.ball_source import BallSource
from pathcast.model.training.goal_fitting import fit_goal_temperature, log_loss
from pathcast.model.training.observed import Source
from pathcast.model.training.settings import TrainingSettings

BATCH = 2048
UNITS = 64
EPOCHS = 40
AT_ONCE = 2048
"""Shots whose flights are sampled at once."""


def fit_outcome_head(network: ForecastNetwork, world: Source, settings: TrainingSettings) -> dict[str, float]:
    """Gives the network an outcome head, fitted to shots that no path was trained on.

    Args:
        network: Trained.
        world: That it was trained in, of balls.
        settings: Of the run; `outcome_throws` are the kinds of shots.

    Returns:
        Scores on validation shots and the temperature that its logits are best divided by.
    """
    assert isinstance(world, BallSource)
    front_end = world.front_end
    changed = {"throws": settings.outcome_throws, "rates_hz": settings.outcome_rates_hz}
    source = BallSource(settings.model_copy(update=changed), front_end)
    training = _examples(network, front_end, source, settings, "train", settings.num_outcome_shots)
    shots, answer = _examples(network, front_end, source, settings, "validation", settings.num_outcome_shots // 6)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(settings.seed)
        head = OutcomeHead(NUM_SHOT_INPUTS, NUM_CLASSES, UNITS)
    before = log_loss(_weigh(head, shots), answer.numpy(), 1.0)
    num_steps = EPOCHS * -(-len(training[0]) // BATCH)
    optimiser = torch.optim.AdamW(head.parameters(), 3e-3, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=num_steps)
    best = np.inf, 0, copy.deepcopy(head.state_dict())
    for epoch in range(EPOCHS):
        random = np.random.Generator(np.random.Philox(key=[settings.seed, 3_000_000 + epoch]))
        order = torch.from_numpy(random.permutation(len(training[0])))
        for rows in torch.tensor_split(order, list(range(BATCH, len(order), BATCH))):
            loss = torch.nn.functional.cross_entropy(head(training[0][rows]), training[1][rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        score = log_loss(_weigh(head, shots), answer.numpy(), 1.0)
        if score < best[0]:
            best = score, epoch + 1, copy.deepcopy(head.state_dict())
    head.load_state_dict(best[2])
    network.outcome_head = head.eval()
    network.sizes = replace(
        network.sizes, num_outcome_inputs=NUM_SHOT_INPUTS, num_outcome_classes=NUM_CLASSES, num_outcome_units=UNITS
    )
    logits = _weigh(head, shots)
    temperature = fit_goal_temperature(logits, answer.numpy())
    return {
        "outcome_nll": log_loss(logits, answer.numpy(), temperature),
        "outcome_nll_of_samples": before,
        "outcome_temperature": temperature,
        "outcome_epoch": best[1],
    }


@torch.no_grad()
def _examples(
    network: ForecastNetwork,
    front_end: BallFrontEnd,
    source: BallSource,
    settings: TrainingSettings,
    part: str,
    num: int,
) -> tuple[Float[Tensor, "row input"], Int[Tensor, " row"]]:
    """What the head sees at several observations of each shot that is not over, and what became of it."""
    network.eval()
    inputs, answers = [], []
    for epoch in range(-(-num // AT_ONCE)):
        observed, outcome, is_open = source.shots(part, epoch, AT_ONCE, settings.num_ends)
        steps, filters = front_end.trace(observed.times, observed.positions, observed.ends, observed.starts)
        num_steps = front_end.num_steps(filters)
        seen = torch.from_numpy(steps[:, : int(num_steps.max())])
        hidden = network.read(seen, torch.from_numpy(num_steps)).flatten(0, 1)
        rows = filters.reshape(-1, filters.shape[2])
        if network.sizes.num_estimated:
            shifts = network.estimate(hidden, torch.from_numpy(front_end.head(rows)))
            rows = front_end.estimate(rows, shifts.double().numpy())
        kept = is_open.ravel()
        inputs.append(front_end.shots(rows[kept]))
        answers.append(np.repeat(outcome, settings.num_ends)[kept])
    return torch.from_numpy(np.concatenate(inputs)), torch.from_numpy(np.concatenate(answers))


@torch.no_grad()
def _weigh(head: OutcomeHead, shots: Float[Tensor, "row input"]) -> Float[np.ndarray, "row class"]:
    """Logits, float64."""
    head.eval()
    return np.asarray(head(shots).double().numpy())
