"""Scenes: what a camera sees of people who come and go, and of a ball that flies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

Frame = tuple[float, list[int], np.ndarray]
"""Seconds, ids [track], positions [track, axis]."""


def walkers(seed: int, num_places: int = 5) -> Iterator[Frame]:
    """People on a jittery clock without end: some are missed now and then, and each makes way for another in time."""
    random = np.random.default_rng(seed)
    ids = np.arange(num_places)
    places, velocities = random.uniform(-5, 5, (num_places, 2)), random.normal(0, 1, (num_places, 2))
    time = 1000.0
    while True:
        leaves = random.random(num_places) < 0.02
        ids[leaves] = ids.max() + 1 + np.arange(leaves.sum())
        places[leaves] = random.uniform(-5, 5, (int(leaves.sum()), 2))
        time += random.uniform(0.08, 0.14)
        places = places + 0.1 * velocities + random.normal(0, 0.02, places.shape)
        velocities = np.where(np.abs(places) > 20, -np.sign(places) * np.abs(velocities), velocities)
        seen = np.flatnonzero(random.random(num_places) < 0.9)
        yield time, ids[seen].tolist(), places[seen].copy()


def walk(seed: int, num_frames: int, num_places: int = 5) -> list[Frame]:
    """The first frames of such a scene."""
    return list(islice(walkers(seed, num_places), num_frames))


def throw(seed: int, num_frames: int) -> list[Frame]:
    """A ball thrown up, every 30 ms."""
    random = np.random.default_rng(seed)
    times = 1000.0 + 0.03 * np.arange(num_frames)
    since = times - times[0]
    speed = random.uniform(1.0, 3.0)
    path = np.column_stack([speed * since, 0.2 * since, 1.5 + 7.0 * since - 4.905 * since**2])
    path += random.normal(0, 0.005, path.shape)
    return [(float(time), [7], place[None]) for time, place in zip(times, path, strict=True)]
