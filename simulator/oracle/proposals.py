"""Proposals of Markov chains, and the random numbers they are made of.

In coordinates in which the target is near N(0, I), some of the entries move, at random either by a walk or by the
autoregression u' = r u + sqrt(1 - r^2) n, which leaves N(0, I) as it is (preconditioned Crank-Nicolson; Cotter,
Roberts, Stuart and White 2013, Stat. Sci. 28:424): where the target is that Gaussian every such proposal is accepted,
and with r = 0 the draws are independent.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pathcast.compiled import njit


@njit
def uniform(stream: NDArray[np.uint64]) -> float:
    """The next number in (0, 1) of a stream (SplitMix64; Steele, Lea and Flood 2014, OOPSLA)."""
    stream[0] += np.uint64(0x9E3779B97F4A7C15)
    word = stream[0]
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    word = word ^ (word >> np.uint64(31))
    number: float = (float(word >> np.uint64(11)) + 0.5) * 2.0**-53
    return number


@njit
def normal(stream: NDArray[np.uint64]) -> float:
    """The next standard normal number (Marsaglia and Bray 1964, SIAM Rev. 6:260)."""
    while True:
        a, b = 2.0 * uniform(stream) - 1.0, 2.0 * uniform(stream) - 1.0
        square = a * a + b * b
        if 0.0 < square < 1.0:
            return a * math.sqrt(-2.0 * math.log(square) / square)


@njit
def propose(white: NDArray[np.float64], stream: NDArray[np.uint64], walks: bool, tried: NDArray[np.float64]) -> float:
    """Writes a proposal; the log of how much likelier the way back is than the way there."""
    dims, back = len(white), 0.0
    tried[:] = white
    share = max(uniform(stream), 1.0 / max(dims, 1))
    kept = uniform(stream) if uniform(stream) < 0.5 else 0.0
    size = 2.0 / np.sqrt(share * dims) * np.exp(0.8 * normal(stream) - 0.3)
    for index in range(dims):
        if uniform(stream) > share:
            continue
        if walks:
            tried[index] += size * normal(stream)
        else:
            tried[index] = kept * white[index] + np.sqrt(1.0 - kept * kept) * normal(stream)
            back += 0.5 * (tried[index] ** 2 - white[index] ** 2)
    return back
