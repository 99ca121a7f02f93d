"""The energy score of a mixture as a loss: what the regret against true futures is measured by.

E|X - y| - E|X - X'| / 2 over the mixture's own draws X and X' (Gneiting and Raftery 2007): it is least where
probability lies where the futures are, and, as the likelihood is not, measured in metres. The mean length of a Gaussian
vector has no short closed form in the plane; sqrt(|mean|^2 + pi / (2 axes) x trace) is exact for a round one about 0
in the plane and for a long mean, and within 4 % between.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from pathcast.model.network.spread import MAX_LOG, MAX_MIX, MIN_LOG

EVERY = 4
"""Knots from one that is scored to the next: all pairs of modes at all knots would take longer than the network."""
LEAST_M2 = 1e-6


def energy_scores(
    log_probabilities: Float[Tensor, "row mode"],
    paths: Float[Tensor, "row mode knot axis"],
    spreads: Float[Tensor, "row mode knot spread"],
    target: Float[Tensor, "row knot axis"],
    unit: Float[Tensor, "row knot"],
    known: Float[Tensor, "row knot"],
) -> Float[Tensor, " row"]:
    """Mean energy score of each forecast over every fourth knot that is known, metres.

    Paths and probabilities learn from it; spreads are taken as they are, and learn from the likelihood.
    """
    knots = slice(EVERY - 1, None, EVERY)
    unit, known = unit[:, knots], known[:, knots]
    paths = (paths[:, :, knots] * unit[:, None, :, None]).transpose(1, 2)
    target = target[:, knots] * unit[..., None]
    shares = log_probabilities.exp()
    axes = paths.shape[-1]
    wide = _trace(spreads.detach()[:, :, knots], axes).transpose(1, 2) * unit[:, :, None].square()
    wide = wide * (math.pi / (2 * axes))
    away = ((paths - target[:, :, None]).square().sum(-1) + wide + LEAST_M2).sqrt()
    between = LEAST_M2 + wide[:, :, :, None] + wide[:, :, None]
    for axis in range(axes):
        between = between + (paths[:, :, :, None, axis] - paths[:, :, None, :, axis]).square()
    within = torch.matmul(between.sqrt(), shares[:, None, :, None])[..., 0]
    scores = torch.matmul(away - within / 2, shares[:, :, None])[..., 0]
    return (scores * known).sum(1) / known.sum(1).clamp(min=1.0)


def _trace(spread: Float[Tensor, "*batch spread"], axes: int) -> Float[Tensor, "*batch"]:
    """The trace of each covariance: the squared size of its factor diag(exp(a)) (I + B)."""
    sizes = torch.exp(2 * spread[..., :axes].clamp(MIN_LOG, MAX_LOG))
    mixes = spread[..., axes:].clamp(-MAX_MIX, MAX_MIX).square()
    trace = sizes.sum(-1) + sizes[..., 1] * mixes[..., 0]
    if axes == 3:
        trace = trace + sizes[..., 2] * (mixes[..., 1] + mixes[..., 2])
    return trace
