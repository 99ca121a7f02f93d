"""Ballistic: the parabola of known gravity that fits the prefix best goes on, through bounces on the floor."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.baselines.parabola import fit_parabola
from pathcast.model.baselines.prefixes import check_lengths, is_observed
from pathcast.model.baselines.turns import find_turns
from pathcast.model.hops import GRAVITY, Floor, hop_on

__all__ = ["GRAVITY", "Floor", "ballistic"]


def ballistic(
    times: Float[np.ndarray, "track past"],
    positions: Float[np.ndarray, "track past 3"],
    lengths: Int[np.ndarray, " track"],
    offsets: Float[np.ndarray, "track time"],
    gravity: float = GRAVITY,
    floor: Floor | None = None,
) -> Float[np.ndarray, "track time 3"]:
    """Position and velocity by least squares over the prefix, carried on without drag; metres.

    Args:
        times: Seconds.
        positions: Metres, z up.
        lengths: Observations per track, at least 2.
        offsets: Seconds, from 0.
        gravity: Downward, m/s².
        floor: Bounced from if given; then only what was observed after the last bounce of the prefix is fitted, and
            never less than the newest two observations.

    Raises:
        InputError: A track has fewer than 2 observations.
    """
    check_lengths(times, lengths, 2)
    contact = -np.inf if floor is None else floor.height + floor.radius
    column = np.arange(times.shape[1])
    turns = find_turns(positions[:, :, 2], lengths, np.full(len(times), contact))
    first = np.minimum(np.where(turns, column + 1, 0).max(axis=1, initial=0), lengths - 2)
    is_used = is_observed(times, lengths) & (column >= first[:, None])
    newest = times[np.arange(len(times)), lengths - 1]
    position, velocity = fit_parabola(times, positions, is_used, newest, gravity)
    if floor is not None:
        return hop_on(position, velocity, np.asarray(turns.any(axis=1)), offsets, gravity, floor)
    paths = position[:, None] + velocity[:, None] * offsets[:, :, None]
    paths[:, :, 2] -= gravity * offsets**2 / 2
    return np.asarray(paths)
