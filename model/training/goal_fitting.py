"""Fitting the goal head: after the paths, to an encoder that stays as it is.

So the goals that training names can change no path, and a bundle with a goal head forecasts what it would without.
The loss is the cross-entropy of the true choice, the candidate walked to or none of them (`GoalChoices`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from torch import Tensor

from pathcast.model.frontends import FrontEnd
from pathcast.model.network.goal_head import GoalHead
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.training.crowd_source import CrowdSource
from pathcast.model.training.observed import Observed, Source
from pathcast.model.training.settings import TrainingSettings

BATCH = 512
"""Forecasts in a step."""
TURNS = 3
"""Steps over the examples of a pass, which cost more to watch than to learn from."""
SHORT_SHARE = 0.5
"""Of the examples: most people ask early, when there is least to see."""
HIGHEST, LOWEST = 20.0, 0.05
"""Temperatures that are tried."""

GoalExamples = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""Hidden [row, unit], head [row, input], goals [row, goal, feature], present [row, goal], answer [row]."""


def add_goal_head(network: ForecastNetwork, front_end: FrontEnd, settings: TrainingSettings) -> GoalHead:
    """Puts an untrained goal head beside the decoder; its weights are drawn from the settings' seed."""
    sizes = replace(network.sizes, num_goal_inputs=front_end.num_goal_inputs, num_goal_units=settings.num_goal_units)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(settings.seed)
        head = GoalHead(sizes.num_units + sizes.num_head_inputs, sizes.num_goal_inputs, sizes.num_goal_units)
    network.sizes, network.goal_head = sizes, head
    return head


def fit_goal_head(
    network: ForecastNetwork, source: Source, front_end: FrontEnd, settings: TrainingSettings
) -> dict[str, float]:
    """Trains a goal head for a trained network, and fits the temperature of its probabilities on validation.

    Args:
        network: Trained; gets the head.
        source: Of observations with choices of goals.
        front_end: What stands before the network.
        settings: All that decides the result.

    Returns:
        `goal_nll` (nats, validation, calibrated), `goal_accuracy`, `goal_temperature`, `goal_epoch`.
    """
    assert isinstance(source, CrowdSource)  # no other world knows where people walk to
    source = source.alone(SHORT_SHARE)
    head = add_goal_head(network, front_end, settings)
    validation = _examples(network, source, front_end, settings, "validation", 0, settings.num_validation)
    truth = validation[-1].numpy()
    num_steps = TURNS * settings.goal_epochs * -(-settings.num_train * settings.num_ends // BATCH)
    optimiser = torch.optim.AdamW(head.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.learning_rate, total_steps=num_steps)
    best: tuple[float, int, dict[str, Tensor]] | None = None
    for epoch in range(settings.goal_epochs):
        examples = _examples(network, source, front_end, settings, "train", epoch, settings.num_train)
        head.train()
        for turn in range(TURNS):
            random = np.random.Generator(np.random.Philox(key=[settings.seed, 2_000_000 + TURNS * epoch + turn]))
            order = torch.from_numpy(random.permutation(len(examples[0])))
            for rows in torch.tensor_split(order, list(range(BATCH, len(order), BATCH))):
                *given, answer = (each[rows] for each in examples)
                loss = torch.nn.functional.cross_entropy(head(*given), answer)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
                optimiser.step()
                schedule.step()
        head.eval()
        score = log_loss(_weigh(head, validation), truth, 1.0)
        if best is None or score < best[0]:
            best = score, epoch + 1, {name: value.detach().clone() for name, value in head.state_dict().items()}
    assert best is not None
    head.load_state_dict(best[2])
    logits = _weigh(head, validation)
    temperature = fit_goal_temperature(logits, truth)
    return {
        "goal_nll": log_loss(logits, truth, temperature),
        "goal_accuracy": float((logits.argmax(axis=1) == truth).mean()),
        "goal_temperature": temperature,
        "goal_epoch": best[1],
    }


@torch.no_grad()
def _examples(
    network: ForecastNetwork,
    source: Source,
    front_end: FrontEnd,
    settings: TrainingSettings,
    part: str,
    epoch: int,
    num: int,
) -> GoalExamples:
    """What the head sees of an epoch."""
    observed = source.observed(part, epoch, num, settings.num_ends)
    assert observed.goals is not None
    steps, filters = front_end.trace(observed.times, observed.positions, observed.ends)
    rows = filters.reshape(-1, filters.shape[2])
    seen = front_end.look_at_goals(rows, observed.goals.places)
    network.eval()
    return (
        _hidden(network, steps, observed),
        torch.from_numpy(front_end.head(rows)),
        torch.from_numpy(seen),
        torch.from_numpy(observed.goals.present.astype(np.float32)),
        torch.from_numpy(observed.goals.answer),
    )


def _hidden(network: ForecastNetwork, steps: np.ndarray, observed: Observed) -> Float[Tensor, "row unit"]:
    """The memory's output after each end."""
    outputs = []
    for start in range(0, len(steps), 1024):
        ends = torch.from_numpy(observed.ends[start : start + 1024])
        outputs.append(network.read(torch.from_numpy(steps[start : start + 1024]), ends + 1).flatten(0, 1))
    return torch.cat(outputs)


@torch.no_grad()
def _weigh(head: GoalHead, examples: GoalExamples) -> Float[np.ndarray, "row choice"]:
    """Logits, float64."""
    *given, _ = examples
    pieces = (slice(start, start + 4096) for start in range(0, len(given[0]), 4096))
    parts = [head(*(each[rows] for each in given)) for rows in pieces]
    return np.asarray(torch.cat(parts).double().numpy())


def log_loss(logits: Float[np.ndarray, "row choice"], answer: Int[np.ndarray, " row"], temperature: float) -> float:
    """Mean negative log of the true choice's probability, nats."""
    cooled = logits / temperature
    top = cooled.max(axis=1)
    total = top + np.log(np.exp(cooled - top[:, None]).sum(axis=1))
    return float((total - cooled[np.arange(len(answer)), answer]).mean())


def fit_goal_temperature(logits: Float[np.ndarray, "row choice"], answer: Int[np.ndarray, " row"]) -> float:
    """What logits are best divided by (Guo et al. 2017, "On calibration of modern neural networks", section 4.2)."""
    found = minimize_scalar(
        lambda log: log_loss(logits, answer, float(np.exp(log))),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
    )
    return float(np.exp(found.x))
