"""The training loss: best-of-K displacement in metres, and the likelihood of the mixture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pathcast.model.network.spread import log_density
from pathcast.model.training.energy import energy_scores

MARGIN = 0.4
"""Metres between two people's centres that is not near any more."""


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Weights of the loss' parts."""

    min_ade: float = 1.0
    min_fde: float = 0.5
    """As in the recipe of the reference: minADE + 0.5 minFDE."""
    winner: float = 0.1
    """Cross-entropy of the mode probabilities against the best mode."""
    mean_ade: float = 0.0
    """Displacement of the mixture's mean path."""
    point_ade: float = 0.5
    """Displacement of the best path, where the network gives one."""
    collision: float = 0.0
    """Nearness of the modes, by their probabilities, and of the best path to where the people around truly went."""
    energy: float = 0.0
    """Energy score of the mixture."""
    likelihood: float = 0.1
    """Negative log-likelihood of the mixture at each step, per axis."""
    is_mean_detached: bool = True
    """Whether the likelihood trains only spreads and probabilities, not paths."""
    is_relative: bool = False
    """Whether displacements count in each forecast's own mean unit rather than in metres, so that forecasts from long
    prefixes weigh as much as those from short ones, whose errors are far larger."""


def forecast_loss(
    logits: Float[Tensor, "row mode"],
    paths: Float[Tensor, "row mode knot axis"],
    spreads: Float[Tensor, "row mode knot spread"],
    target: Float[Tensor, "row knot axis"],
    unit: Float[Tensor, "row knot"],
    is_known: Bool[Tensor, "row knot"],
    weights: LossWeights,
    point: Float[Tensor, "row knot axis"] | None = None,
    beside: Float[Tensor, "row neighbour knot axis"] | None = None,
) -> tuple[Float[Tensor, ""], dict[str, float]]:
    """The loss, and its parts in metres and nats for the record; a row without a known knot counts for nothing."""
    scored = is_known.any(-1)
    if not scored.all():
        logits, paths, spreads, target = logits[scored], paths[scored], spreads[scored], target[scored]
        unit, is_known = unit[scored], is_known[scored]
        point = None if point is None else point[scored]
        beside = None if beside is None else beside[scored]
    known = is_known.to(paths.dtype)
    count = known.sum(-1)
    residual = target[:, None] - paths
    distance = torch.linalg.vector_norm(residual, dim=-1) * unit[:, None]
    ade = (distance * known[:, None]).sum(-1) / count[:, None]
    last = (known.cumsum(-1).argmax(-1))[:, None, None].expand(-1, paths.shape[1], 1)
    fde = distance.gather(2, last).squeeze(2)
    best = (ade + weights.min_fde * fde).argmin(1)
    rows = torch.arange(len(best), device=best.device)
    log_probabilities = torch.log_softmax(logits, 1)
    winner = -log_probabilities[rows, best].mean()
    min_ade, min_fde = ade[rows, best], fde[rows, best]
    if weights.is_mean_detached:
        residual = residual.detach()
    density = torch.logsumexp(log_probabilities[:, :, None] + log_density(residual, spreads), 1)
    axes = paths.shape[-1]
    nll = -((density - axes * unit.log()) * known).sum() / known.sum() / axes
    mean = (log_probabilities.exp()[:, :, None, None] * paths).sum(1)
    mean_ade = (torch.linalg.vector_norm(target - mean, dim=-1) * unit * known).sum(-1) / count
    displacement = weights.min_ade * min_ade + weights.min_fde * min_fde + weights.mean_ade * mean_ade
    parts = {"min_ade_m": min_ade, "min_fde_m": min_fde, "mean_ade_m": mean_ade}
    if point is not None:
        parts["point_ade_m"] = (torch.linalg.vector_norm(target - point, dim=-1) * unit * known).sum(-1) / count
        displacement = displacement + weights.point_ade * parts["point_ade_m"]
    if weights.collision and beside is not None and beside.shape[1]:
        parts["collision"] = (log_probabilities.exp() * nearness(paths, beside, unit)).sum(1)
        if point is not None:
            parts["collision"] = parts["collision"] + nearness(point[:, None], beside, unit)[:, 0]
        displacement = displacement + weights.collision * parts["collision"]
    if weights.energy:
        parts["energy_m"] = energy_scores(log_probabilities, paths, spreads, target, unit, known)
        displacement = displacement + weights.energy * parts["energy_m"]
    if weights.is_relative:
        displacement = displacement * count / (unit * known).sum(-1)
    loss = displacement.mean() + weights.winner * winner + weights.likelihood * nll
    means = {name: float(value.mean().detach()) for name, value in parts.items()}
    return loss, {"loss": float(loss.detach()), **means, "nll": float(nll.detach())}


def nearness(
    paths: Float[Tensor, "row mode knot axis"],
    beside: Float[Tensor, "row neighbour knot axis"],
    unit: Float[Tensor, "row knot"],
) -> Float[Tensor, "row mode"]:
    """How near each path comes to anybody: 1 where two stand in one place, falling to 0 at `MARGIN`."""
    apart = torch.linalg.vector_norm(paths[:, :, None] - beside[:, None], dim=-1) * unit[:, None, None]
    return torch.relu(1 - apart / MARGIN).amax((2, 3))
