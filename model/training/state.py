"""All that changes while a network is trained, as tensors and plain values that a file can hold."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from pathcast.model.training.fitting_settings import FittingSettings


@dataclass(frozen=True, eq=False)
class Best:
    """The epoch that scored best on validation, and its weights."""

    epoch: int
    scores: dict[str, float]
    weights: dict[str, Tensor]


@dataclass
class Begun:
    """What is done of an epoch that is not over."""

    num_steps: int = 0
    loss: float = 0.0
    """Its steps' part of the epoch's mean loss."""
    seconds: float = 0.0


@dataclass(eq=False)
class TrainingState:
    """A run after some number of steps."""

    settings: FittingSettings
    network: nn.Module
    """What the optimiser moves."""
    average: nn.Module
    """Exponential average of its weights (Polyak and Juditsky 1992 with a window), which validation and the bundle
    use; the network itself where there is no average."""
    optimiser: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.OneCycleLR
    best: Best | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    """A record of each whole epoch."""
    begun: Begun = field(default_factory=Begun)
    learning_rate: float = 0.0
    """That of the newest step."""

    @classmethod
    def start(cls, settings: FittingSettings, network: nn.Module) -> TrainingState:
        """Before the first step; the network has its anchors and is on its device."""
        rate = settings.learning_rate
        optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=settings.weight_decay)
        total = settings.num_epochs * settings.steps_per_epoch
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=total)
        average = copy.deepcopy(network) if settings.ema_decay else network
        return cls(settings, network, average, optimiser, schedule)

    def step(self) -> None:
        """One step along the gradients that are there, which are clipped first."""
        settings, parameters = self.settings, list(self.network.parameters())
        if settings.clip_value:
            torch.nn.utils.clip_grad_value_(parameters, settings.clip_value)
        if settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(parameters, settings.clip_norm)
        self.learning_rate = float(self.schedule.get_last_lr()[0])
        self.optimiser.step()
        self.schedule.step()
        if self.average is not self.network:
            self._follow()

    @torch.no_grad()
    def _follow(self) -> None:
        """Moves the average; at first faster than asked, so that the untrained weights are soon forgotten."""
        num_steps = self.schedule.last_epoch
        decay = min(self.settings.ema_decay, (1 + num_steps) / (10 + num_steps))
        for ours, newest in zip(self.average.parameters(), self.network.parameters(), strict=True):
            ours.lerp_(newest, 1 - decay)

    def keep_if_best(self, scores: dict[str, float]) -> None:
        """Takes the newest epoch's weights if its validation loss is the lowest so far."""
        if self.best is None or scores["loss"] < self.best.scores["loss"]:
            weights = {name: value.detach().clone() for name, value in self.average.state_dict().items()}
            self.best = Best(len(self.history), scores, weights)

    def pack(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors by name, and everything else as plain values."""
        state = self.optimiser.state_dict()
        tensors = {
            f"optimiser.{row}.{name}": each for row, kept in state["state"].items() for name, each in kept.items()
        }
        if self.best is not None:
            tensors |= {f"best.{name}": value for name, value in self.best.weights.items()}
        for prefix, network in self._networks().items():
            tensors |= {f"{prefix}.{name}": value for name, value in network.state_dict().items()}
        record = {
            "history": self.history,
            "begun": asdict(self.begun),
            "best": None if self.best is None else {"epoch": self.best.epoch, "scores": self.best.scores},
            "groups": state["param_groups"],
            "schedule": self.schedule.state_dict(),
        }
        return tensors, record

    def unpack(self, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
        """Takes back what `pack` gave."""
        for prefix, network in self._networks().items():
            network.load_state_dict(_under(tensors, prefix))
        kept: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(tensors, "optimiser").items():
            row, key = name.split(".")
            kept.setdefault(int(row), {})[key] = value
        groups = [{**group, "betas": tuple(group["betas"])} for group in record["groups"]]
        self.optimiser.load_state_dict({"state": kept, "param_groups": groups})
        self.schedule.load_state_dict(record["schedule"])
        best = record["best"]
        self.best = None if best is None else Best(best["epoch"], best["scores"], _under(tensors, "best"))
        self.begun = Begun(**record.get("begun", {}))
        self.history = list(record["history"])

    def _networks(self) -> dict[str, nn.Module]:
        return {"network": self.network} | ({} if self.average is self.network else {"average": self.average})


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
