"""Convergence: whether Markov chains agree, and how many independent draws they are worth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def split_rhat(draws: Float[np.ndarray, "throw chain draw quantity"]) -> Float[np.ndarray, " throw"]:
    """The largest split R-hat over the quantities; 1 where the chains and their halves agree.

    Gelman et al. 2013, "Bayesian Data Analysis", 3rd edition, equation 11.4, each chain cut into halves; 1 for a
    quantity that never changes.
    """
    half = draws.shape[2] // 2
    halves = np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1)
    within = halves.var(axis=2, ddof=1).mean(axis=1)
    between = halves.mean(axis=2).var(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.sqrt((half - 1) / half + between / within)
    ratio = np.where(between == 0.0, 1.0, ratio)
    return np.asarray(ratio.max(axis=1))


def effective_size(draws: Float[np.ndarray, "throw chain draw quantity"]) -> Float[np.ndarray, " throw"]:
    """The smallest effective sample size over the quantities.

    Gelman et al. 2013, section 11.5: the chains' mean autocorrelation, summed over pairs of lags until a pair falls
    below zero (Geyer 1992, Stat. Sci. 7:473). At most the number of draws.
    """
    num_chains, length = draws.shape[1:3]
    centred = draws - draws.mean(axis=2, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * length, axis=2)) ** 2
    covariance = np.fft.irfft(power, axis=2)[:, :, :length].mean(axis=1) / length
    within = draws.var(axis=2, ddof=1).mean(axis=1)
    total = within * (length - 1) / length + draws.mean(axis=2).var(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = 1.0 - (within[:, None] - covariance) / total[:, None]
    correlation = np.nan_to_num(correlation, nan=1.0)
    even = length // 2 * 2
    pairs = correlation[:, 0:even:2] + correlation[:, 1:even:2]
    is_counted = np.minimum.accumulate(pairs > 0.0, axis=1)
    time = 2.0 * np.where(is_counted, pairs, 0.0).sum(axis=1) - 1.0
    return np.asarray((num_chains * length / np.maximum(time, 1.0)).min(axis=1))
