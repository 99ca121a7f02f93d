"""Two-way flow at one person per square metre: its speed, its lanes, and that nobody freezes."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.validation.checks import Check, at_least, at_most, between
from pathcast.simulator.pedestrian.validation.overlap import share_of_overlaps
from pathcast.simulator.pedestrian.validation.places import RING_M, ring
from pathcast.simulator.pedestrian.validation.trial import Trial
from pathcast.simulator.pedestrian.validation.walks import crowd, walk_from

WIDTH: Final = 4.0
NUM_PEOPLE: Final = round(RING_M * WIDTH)
DURATION_S: Final = 60.0
RECORD_S: Final = 0.5
ROW_M: Final = 0.6
"""Width of the rows that lane order is measured in."""
COUNTERFLOW_SEEDS: Final = 6
FROZEN_SPEED: Final = 0.05
FROZEN_S: Final = 20.0
BOX: Final = (-RING_M / 2, -WIDTH / 2 + 0.25, RING_M / 2, WIDTH / 2 - 0.25)


class Counterflow(NamedTuple):
    """What was measured over the second half of the walks."""

    speed: float
    """Mean of |v|, m/s."""
    order: float
    """Lane order."""
    shuffled: float
    """The same with the directions dealt out anew."""
    slowest: float
    """Mean progress over the last 10 s of the worst run, m/s."""
    overlap: float
    """Share of people and frames."""


def lane_order(y: Float[np.ndarray, " person"], is_eastward: Bool[np.ndarray, " person"]) -> float:
    """Mean over people of ((n_same - n_opposite) / (n_same + n_opposite))² in their rows of 0.6 m (Rex and Loewen
    2007): 1 where every row goes one way; people count themselves."""
    row = np.floor((y + WIDTH / 2) / ROW_M).astype(np.int64)
    total = np.bincount(row, minlength=1)
    balance = np.bincount(row, np.where(is_eastward, 1.0, -1.0), minlength=1)
    return float(np.mean((balance[row] / total[row]) ** 2))


def measure_counterflow(trial: Trial, num_seeds: int = COUNTERFLOW_SEEDS) -> Counterflow:
    """Walks 60 s in a ring-like corridor 4 m wide, half of the people each way, well mixed at first."""
    seeds = trial.seeds(num_seeds)
    position, goal = _walk(trial, seeds, DURATION_S, "counterflow")
    frames = position[:, :, position.shape[2] // 2 :]
    step = np.diff(frames, axis=2)
    along = step[..., 0] * np.where(goal == 1, 1.0, -1.0)[:, :, None] / RECORD_S
    source = generator(seeds[0], "pedestrian.validation.counterflow.shuffle", 0)
    orders, shuffled = [], []
    for scene, goals in zip(frames, goal, strict=True):
        for each in range(0, scene.shape[1], 4):
            orders.append(lane_order(scene[:, each, 1], goals == 1))
            shuffled.append(lane_order(scene[:, each, 1], source.permutation(goals) == 1))
    return Counterflow(
        float(np.linalg.norm(step, axis=3).mean()) / RECORD_S,
        float(np.mean(orders)),
        float(np.mean(shuffled)),
        float(along[:, :, -round(10.0 / RECORD_S) :].mean(axis=(1, 2)).min()),
        share_of_overlaps(position.reshape(-1, *position.shape[2:]), NUM_PEOPLE, trial.parameters.radius, RING_M),
    )


def counterflow(trial: Trial) -> list[Check]:
    """NIST 2.8: speed, lanes, no dead-lock and no overlap in two-way flow."""
    found = measure_counterflow(trial)
    seeds = trial.seeds(COUNTERFLOW_SEEDS)
    source = "bi_corr_400_b_03: 1.01 m/s, lane order 0.95, shuffled 0.45"
    return [
        between("two-way flow at 1 /m², 4 m wide, after 60 s: mean speed", found.speed, 0.8, 1.1, "m/s", source, seeds),
        at_least("its lane order", found.order, 0.6, "", source, seeds),
        at_least("its lane order over that of shuffled people", found.order - found.shuffled, 0.2, "", source, seeds),
        at_least(
            "no dead-lock: progress in the last 10 s of the slowest run", found.slowest, 0.4, "m/s", source, seeds
        ),
        at_most(
            "overlap: people nearer than 1.5 radii, two ways at 1 /m²",
            found.overlap,
            0.001,
            "of the time",
            "bodies are solid",
            seeds,
            4,
        ),
    ]


def longest_stand(position: Float[np.ndarray, "person frame 2"], record_s: float) -> float:
    """The longest time that anybody stays slower than 0.05 m/s, s."""
    speed = np.linalg.norm(np.diff(position, axis=1), axis=2) / record_s
    padded = np.pad((speed < FROZEN_SPEED).astype(np.int8), ((0, 0), (1, 1)))
    turns = np.diff(padded, axis=1)
    starts, ends = np.nonzero(turns == 1)[1], np.nonzero(turns == -1)[1]
    return float((ends - starts).max(initial=0)) * record_s


def never_frozen(trial: Trial, duration_s: float = 1200.0, num_seeds: int = 2) -> list[Check]:
    """Nobody stands for long in 20 minutes of one-way or two-way flow."""
    seeds = trial.seeds(num_seeds)
    longest = 0.0
    for goals in ((1,), (0, 1)):
        position, _ = _walk(trial, seeds, duration_s, f"frozen.{len(goals)}", goals)
        longest = max(longest, *(longest_stand(scene, RECORD_S) for scene in position))
    name = f"nobody frozen: longest stand in {duration_s / 60:g} min at 1 /m², one way and two ways"
    return [at_most(name, longest, FROZEN_S, "s", "jupedsim issues 1473, 1516", seeds, 1)]


def _walk(
    trial: Trial, seeds: tuple[int, ...], duration_s: float, name: str, goals: tuple[int, ...] = (0, 1)
) -> tuple[Float[np.ndarray, "scene person frame 2"], Int[np.ndarray, "scene person"]]:
    """Where everybody was every half second, and where they went."""
    starts = [crowd(NUM_PEOPLE, BOX, goals, generator(seed, f"pedestrian.validation.{name}", 0)) for seed in seeds]
    record = walk_from([ring(WIDTH)] * len(seeds), starts, duration_s, RECORD_S, trial, name, seeds)
    shape = (len(seeds), NUM_PEOPLE)
    return record.position.reshape(*shape, -1, 2), np.stack([start.goal for start in starts])
