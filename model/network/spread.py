"""Spreads: Gaussians of 2 or 3 axes as the numbers that the network emits.

The lower factor L of the covariance (Cholesky) is written as L = diag(exp(a)) (I + B), B strictly lower; emitted are
the a, one per axis, then the rows of B. Any numbers give a proper covariance.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

MIN_LOG, MAX_LOG, MAX_MIX = -7.0, 4.0, 6.0


def log_density(
    residual: Float[Tensor, "*batch axis"], spread: Float[Tensor, "*batch spread"]
) -> Float[Tensor, "*batch"]:
    """The Gaussian's log-density at a residual from its mean."""
    num_axes = residual.shape[-1]
    logs = spread[..., :num_axes].clamp(MIN_LOG, MAX_LOG)
    mixes = spread[..., num_axes:].clamp(-MAX_MIX, MAX_MIX)
    scaled = residual * torch.exp(-logs)
    white = [scaled[..., 0]]
    white.append(scaled[..., 1] - mixes[..., 0] * white[0])
    if num_axes == 3:
        white.append(scaled[..., 2] - mixes[..., 1] * white[0] - mixes[..., 2] * white[1])
    distance = torch.stack(white, -1).square().sum(-1)
    return -0.5 * distance - logs.sum(-1) - 0.5 * num_axes * math.log(2 * math.pi)
