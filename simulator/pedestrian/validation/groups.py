"""Groups of one to four in a free place: how fast, how near to each other, and whether side by side."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.people import desired_speeds
from pathcast.simulator.pedestrian.validation.checks import Check, between
from pathcast.simulator.pedestrian.validation.places import ring
from pathcast.simulator.pedestrian.validation.trial import Trial
from pathcast.simulator.pedestrian.validation.walks import Start, walk_from

SIZES: Final = (1, 2, 3, 4)
NUM_GROUPS: Final = 300
"""Of each size, every one alone in its place."""
PLACE_M: Final = 20.0
SETTLED: Final = 20
"""Frames of half a second until a group has found its form."""


def walk_groups(trial: Trial, size: int) -> Float[np.ndarray, "group person frame 2"]:
    """Where the members were every half second of 25 s, walking along x."""
    source = generator(trial.seeds(1)[0], f"pedestrian.validation.groups.{size}", 0)
    position = np.stack([np.zeros(size), 0.75 * (np.arange(size) - (size - 1) / 2)], axis=1)
    speeds = desired_speeds((np.arange(NUM_GROUPS * size) + source.random(NUM_GROUPS * size)) / (NUM_GROUPS * size))
    speeds = source.permutation(speeds).reshape(NUM_GROUPS, size)
    group = np.zeros(size, np.int64) if size > 1 else np.full(1, -1)
    starts = [
        Start(
            position + source.uniform(-0.1, 0.1, (size, 2)), np.ones(size, np.int64), speed, group, np.full(size, 0.5)
        )
        for speed in speeds
    ]
    seeds = tuple(trial.seeds(1)[0] + number for number in range(NUM_GROUPS))
    place = ring(PLACE_M, PLACE_M)
    record = walk_from([place] * NUM_GROUPS, starts, 25.0, 0.5, trial, f"groups.{size}", seeds)
    return record.position.reshape(NUM_GROUPS, size, -1, 2)


def groups(trial: Trial) -> list[Check]:
    """NIST 2.9: speed over group size, neighbours' distance, and side by side rather than in file."""
    walks = [walk_groups(trial, size)[:, :, SETTLED:] for size in SIZES]
    speeds = [float((x[:, :, -1, 0] - x[:, :, 0, 0]).mean()) / (0.5 * (x.shape[2] - 1)) for x in walks]
    slope = float(np.polyfit(SIZES, speeds, 1)[0])
    offsets = [_neighbours(each) for each in walks[1:]]
    distances = [float(np.linalg.norm(each, axis=-1).mean()) for each in offsets]
    sideways = [float(np.mean(np.abs(each[..., 1]) > np.abs(each[..., 0]))) for each in offsets]
    seeds = trial.seeds(1)
    source = "Moussaid et al. 2010"
    return [
        between(
            "groups of 1 to 4 in a free place: slope of speed over size", slope, -0.08, -0.04, "m/s", source, seeds, 3
        ),
        Check(
            name="distance of neighbours in groups of 2, 3, 4",
            expected="each 0.6 to 1.0 m",
            found=", ".join(f"{each:.2f}" for each in distances) + " m",
            passed=bool(min(distances) >= 0.6 and max(distances) <= 1.0),
            source=source,
            seeds=seeds,
            values=tuple(distances),
        ),
        Check(
            name="neighbours in groups of 2, 3, 4 that are side by side",
            expected="each over half of the time",
            found=", ".join(f"{each:.2f}" for each in sideways),
            passed=min(sideways) > 0.5,
            source=source,
            seeds=seeds,
            values=tuple(sideways),
        ),
    ]


def _neighbours(walks: Float[np.ndarray, "group person frame 2"]) -> Float[np.ndarray, "group pair frame 2"]:
    """The way from each member to the next one to the left, m."""
    order = np.argsort(walks[..., 1], axis=1)
    return np.diff(np.take_along_axis(walks, order[..., None], axis=1), axis=1)
