"""Stretches: the last part of a track that one flight over a level floor explains.

A track that has met a rim, a net or a racket is not one flight. What comes after the last such contact is, and a broad
prior of its own start tells all that there is to know of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Float
from scipy.stats import chi2

from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import Prefixes, observe
from pathcast.simulator.oracle.prior import Prior

RARE: Final = 1e-4
"""One flight in so many misfits more than is let pass."""


def is_explained(prior: Prior, prefix: Prefixes) -> bool:
    """Whether one flight explains a prefix: |(h - y) / sigma|^2 + |z|^2 at its mode is no rare chi-squared number.

    Of as many degrees of freedom as coordinates were seen; right flights exceed its bound once in ten thousand.
    """
    modes = find_modes(prior, prefix)
    return float(modes.misfits[0] + (modes.latents[0] ** 2).sum()) <= bound(int((prefix.precisions > 0.0).sum()))


def bound(num_seen: int) -> float:
    """The chi-squared number that right flights exceed once in ten thousand."""
    return float(chi2.isf(RARE, num_seen))


def first_unexplained(prior: Prior, prefix: Prefixes) -> int:
    """The first observation that no one flight explains together with those before it; their number if there is none.

    Args:
        prior: Of the flight.
        prefix: Of one throw.
    """

    def is_broken(last: int) -> bool:
        parts = (part[:, : last + 1] for part in (prefix.times, prefix.positions, prefix.precisions))
        return not is_explained(prior, Prefixes(*parts))

    num = prefix.times.shape[1]
    return _least(0, num, is_broken) if is_broken(num - 1) else num


def last_stretch(
    times: Float[np.ndarray, " past"],
    positions: Float[np.ndarray, "past 3"],
    noise: Float[np.ndarray, "past 3"],
    prior_from: Callable[[int], Prior],
) -> int:
    """The first observation of the last stretch that one flight explains.

    From the end on stretches of twice the length are tried until one is not explained, then the halves between.

    Args:
        times: s, increasing.
        positions: m, NaN where nothing was seen.
        noise: Standard deviation, m.
        prior_from: The prior of a stretch by its first observation.
    """
    num = len(times)

    def is_whole(start: int) -> bool:
        prefix = observe(times[start:] - times[start], positions[None, start:], noise[start:])
        return is_explained(prior_from(start), prefix)

    good, length = num - 1, 2
    while good > 0:
        start = max(num - length, 0)
        if not is_whole(start):
            return _least(start + 1, good, is_whole)
        good, length = start, 2 * length
    return 0


def _least(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The least number from `low` on that holds; all from it to `high` do."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return high
