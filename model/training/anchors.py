"""Anchors: typical futures, found by k-means in the leading singular directions of the training futures.

After EigenTrajectory (Bae, Oh and Jeon 2023): a few singular vectors hold nearly all of a future's shape.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.cluster.vq import kmeans2


def fit_anchors(
    futures: Float[np.ndarray, "future knot axis"],
    knots: Float[np.ndarray, " knot"],
    num_modes: int,
    num_directions: int,
    seed: int,
) -> Float[np.ndarray, "mode knot axis"]:
    """Centres of the futures, in their own units.

    Args:
        futures: In the track's frame, in units that grow in proportion to the offset (mean velocities).
        knots: Offsets, seconds.
        num_modes: Centres.
        num_directions: Singular directions kept.
        seed: Of the centres' start.
    """
    grown = (futures * knots[:, None]).reshape(len(futures), -1).astype(np.float64)
    mean = grown.mean(0)
    _, _, directions = np.linalg.svd(grown[: 1 << 15] - mean, full_matrices=False)
    basis = directions[:num_directions]
    reduced = (grown - mean) @ basis.T
    centres, _ = kmeans2(reduced, num_modes, iter=30, minit="++", seed=np.random.default_rng(seed))
    paths = (centres @ basis + mean).reshape(num_modes, *futures.shape[1:])
    return np.asarray(paths / knots[:, None], np.float32)
