"""Prefixes: what the oracle was shown of throws, and what else it knows of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from pathcast.errors import InputError


@dataclass(frozen=True)
class Prefixes:
    """Noisy positions of throws, each by its own clock.

    Args:
        times: s since release, increasing.
        positions: m; 0 where there was no observation.
        precisions: 1 / sigma in 1/m; 0 where there was no observation.
    """

    times: Float[np.ndarray, "throw past"]
    positions: Float[np.ndarray, "throw past 3"]
    precisions: Float[np.ndarray, "throw past 3"]


@dataclass(frozen=True)
class Condition:
    """That the first bounce falls inside a window; the default is no condition.

    Args:
        after, before: s since release.

    Raises:
        InputError: A window that ends before it starts.
    """

    after: float = -math.inf
    before: float = math.inf

    def __post_init__(self) -> None:
        if not self.after < self.before:
            raise InputError("condition", "a window that ends after it starts", f"{self.after} to {self.before} s")

    @property
    def is_any(self) -> bool:
        return bool(self.before == math.inf)


def observe(times: ArrayLike, positions: ArrayLike, noise: ArrayLike) -> Prefixes:
    """What was seen of throws.

    Args:
        times: s since release, increasing, from 0. Shape [past] or [throw, past].
        positions: m, NaN where nothing was seen. Shape [throw, past, 3].
        noise: Standard deviation, m; anything that broadcasts to the positions.

    Raises:
        InputError: Shapes that do not fit, times that do not increase, noise that is not positive.
    """
    seen = np.asarray(positions, np.float64)
    if seen.ndim != 3 or seen.shape[2] != 3 or seen.shape[1] == 0:
        raise InputError("positions", "shape [throw, past, 3], a past of at least 1", f"{seen.shape}")
    clock = np.asarray(times, np.float64)
    if clock.shape not in (seen.shape[1:2], seen.shape[:2]):
        raise InputError("times", f"shape {seen.shape[1:2]} or {seen.shape[:2]}", f"{clock.shape}")
    if not (np.isfinite(clock).all() and (clock >= 0).all() and (np.diff(clock) > 0).all()):
        raise InputError("times", "finite seconds from 0, increasing", "others")
    spread = np.asarray(noise, np.float64)
    if not (np.isfinite(spread).all() and (spread > 0).all()):
        raise InputError("noise", "metres over 0, finite", f"{spread.min():g} to {spread.max():g}")
    if np.isinf(seen).any():
        raise InputError("positions", "metres, or NaN where nothing was seen", "infinity")
    try:
        spread = np.broadcast_to(spread, seen.shape)
    except ValueError:
        raise InputError("noise", f"a shape that broadcasts to {seen.shape}", f"{spread.shape}") from None
    is_seen = np.isfinite(seen)
    precisions = np.where(is_seen, 1.0 / spread, 0.0)
    # Copies of broadcast arrays keep their odd layout, for which the kernels would be compiled anew.
    whole = np.broadcast_to(clock, seen.shape[:2])
    return Prefixes(*(np.array(part, order="C") for part in (whole, np.where(is_seen, seen, 0.0), precisions)))
