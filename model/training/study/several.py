"""Several networks of one kind and different seeds, trained side by side as one computation.

Each weight has an axis ahead of its own, one entry for each network; the cells' equations take that as it is. Nothing
passes between networks: gradients are clipped for each by itself, Adam works number by number.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from pathcast.model.training.study.problems import Batch, Problem
from pathcast.model.training.study.reader import Reader


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """How networks are trained."""

    steps: int = 3000
    """Most of them."""
    batch: int = 16
    """Sequences per step and network."""
    learning_rate: float = 1e-2
    clip_norm: float = 1.0
    """Greatest norm of a network's gradient; 0: any."""
    clip_value: float = 0.0
    """Greatest size of each of its components; 0: any."""
    is_plain: bool = False
    """Whether steps go along the gradient itself, not Adam's."""
    is_cooled: bool = False
    """Whether the learning rate falls to nothing, evenly over all steps."""
    truncated: int = 0
    """Steps before the answer through which the gradient goes back; 0: all."""
    check_every: int = 100
    stop_at: float = 0.99
    """Training ends once all networks answered that share rightly in two validations in a row; over 1: never."""
    is_once: bool = False
    """Whether each network need do so only once, at any validation."""


@dataclass(eq=False)
class Trained:
    """Networks after training."""

    networks: Several
    num_steps: int
    checks: list[dict[str, list[float]]] = field(default_factory=list)
    """At each check, of each network: its loss in training and the share of validation sequences answered rightly."""
    test: list[float] = field(default_factory=list)
    """Share of unseen sequences that each network answered rightly."""

    def first_checks(self, share: float) -> list[int | None]:
        """Number, from 0, of the first check at which each network answered that share rightly; None: at none."""
        rights = zip(*(check["right"] for check in self.checks), strict=True)
        return [next((at for at, right in enumerate(each) if right >= share), None) for each in rights]


class Several:
    """Networks side by side."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self.pattern = copy.deepcopy(readers[0])
        self.count = len(readers)
        named = [dict(reader.named_parameters()) for reader in readers]
        self.weights = {
            name: torch.stack([each[name].detach() for each in named]).requires_grad_(value.requires_grad)
            for name, value in named[0].items()
        }

    @classmethod
    def build(
        cls,
        name: str,
        problem: Problem,
        num_units: int,
        seeds: Sequence[int],
        change: Callable[[Reader], None] = lambda _: None,
        longest: int = 0,
    ) -> Several:
        """Untrained ones, a seed each.

        Args:
            name: One of `MEMORIES`.
            problem: What they are to answer.
            num_units: Units.
            seeds: Of their weights.
            change: Done to each.
            longest: Steps over which chrono gates begin by keeping; 0: as many as the problem must be remembered for.
        """
        readers = []
        for seed in seeds:
            with torch.random.fork_rng(devices=()):
                torch.manual_seed(seed)
                reader = Reader(name, problem.num_inputs, num_units, problem.num_answers, longest or problem.longest)
                change(reader)
                readers.append(reader)
        return cls(readers)

    def __call__(self, inputs: Tensor, first: int = 0, num_truncated: int = 0) -> Tensor:
        answers: Tensor = torch.func.functional_call(self.pattern, self.weights, (inputs, first, num_truncated))
        return answers

    def reader(self, index: int) -> Reader:
        """One of them by itself."""
        alone = copy.deepcopy(self.pattern)
        alone.load_state_dict({name: value[index].detach() for name, value in self.weights.items()})
        return alone


def fit(
    networks: Several, problem: Problem, how: Fitting, seed: int, progress: Callable[[int], None] = lambda _: None
) -> Trained:
    """Trains the networks in place, and tries them on unseen sequences.

    Args:
        networks: Untrained.
        problem: What they are to learn.
        how: The training.
        seed: Of the sequences.
        progress: Told the number of steps done.
    """
    weights = [value for value in networks.weights.values() if value.requires_grad]
    make = torch.optim.SGD if how.is_plain else torch.optim.Adam
    optimiser = make(weights, lr=how.learning_rate)
    trained, num_good = Trained(networks, 0), 0
    for step in range(how.steps):
        if how.is_cooled:
            optimiser.param_groups[0]["lr"] = how.learning_rate * (1 - step / how.steps)
        batch = problem.batch("train", seed, step, networks.count, how.batch)
        losses = problem.loss(_answer(networks, batch, how.truncated), batch)
        optimiser.zero_grad(set_to_none=True)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            _clip(weights, how)
        optimiser.step()
        trained.num_steps = step + 1
        if (step + 1) % how.check_every == 0:
            right = try_networks(networks, problem, "validation", seed, step, 64)
            trained.checks.append({"loss": losses.detach().tolist(), "right": right})
            num_good = num_good + 1 if min(right) >= how.stop_at else 0
            progress(step + 1)
            if num_good == 2 or (how.is_once and None not in trained.first_checks(how.stop_at)):
                break
    trained.test = try_networks(networks, problem, "test", seed, 0, 256)
    return trained


def _answer(networks: Several, batch: Batch, truncated: int) -> Tensor:
    num_truncated = max(batch.first - truncated, 0) if truncated else 0
    return networks(batch.inputs, batch.first, num_truncated)


def _clip(weights: Sequence[Tensor], how: Fitting) -> None:
    gradients = [each.grad for each in weights if each.grad is not None]
    if how.clip_value:
        for each in gradients:
            each.clamp_(-how.clip_value, how.clip_value)
    if how.clip_norm:
        norms = torch.stack([each.flatten(1).square().sum(1) for each in gradients]).sum(0).sqrt()
        shares = (how.clip_norm / norms.clamp_min(1e-12)).clamp_max(1.0)
        for each in gradients:
            each.mul_(shares.view(-1, *[1] * (each.dim() - 1)))


@torch.no_grad()
def try_networks(networks: Several, problem: Problem, part: str, seed: int, number: int, tracks: int) -> list[float]:
    """What `Problem.right` says of each network on a batch of sequences."""
    batch = problem.batch(part, seed, number, networks.count, tracks)
    right: list[float] = problem.right(_answer(networks, batch, 0), batch).tolist()
    return right
