"""Invariance: what must change nothing - turning the place, company in a batch, threads - or little: the step."""

from __future__ import annotations

import math
from typing import Final

import numba
import numpy as np
from jaxtyping import Float

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.people import desired_speeds, no_events
from pathcast.simulator.pedestrian.placement import place_people
from pathcast.simulator.pedestrian.validation.checks import Check, at_most
from pathcast.simulator.pedestrian.validation.crossings import leaving_times
from pathcast.simulator.pedestrian.validation.places import bottleneck, turned
from pathcast.simulator.pedestrian.validation.trial import Trial
from pathcast.simulator.pedestrian.validation.walks import Start, crowd, walk_from
from pathcast.simulator.pedestrian.walk import walk
from pathcast.venue import corridor, plaza

STEP_SEEDS: Final = 30


def turned_place(trial: Trial) -> list[Check]:
    """Times to leave a place do not hang on how its axes lie."""
    angle = math.pi / 4
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    position = np.array([[-9.0, -1.0], [-8.0, 1.5], [4.0, -7.0], [0.0, 8.0]])
    times = []
    for venue, places in ((plaza(side=20.0), position), (turned(plaza(side=20.0), angle), position @ turn.T)):
        start = Start(places, np.array([1, 1, 2, 0]), np.array([1.2, 1.4, 1.3, 1.1]), np.full(4, -1), np.full(4, 0.5))
        times.append(leaving_times(walk_from([venue], [start], 40.0, 0.05, trial).position, 0.05))
    change = float(np.abs(times[1] / times[0] - 1.0).max())
    return [at_most("place turned by 45 degrees: change of the times", change, 0.001, "", "Juelich test 2", digits=5)]


def same_bits(trial: Trial) -> list[Check]:
    """A scene's positions are the same bits alone, among others, on one thread and on all."""
    seeds = trial.seeds(3)
    venue = bottleneck(1.2, 8.0)
    starts = [
        crowd(24, (-7.5, -2.2, -0.5, 2.2), [0], generator(seed, "pedestrian.validation.bits", 0)) for seed in seeds
    ]

    def positions(scenes: tuple[int, ...]) -> Float[np.ndarray, "person frame 2"]:
        chosen, own = [starts[scene] for scene in scenes], [seeds[scene] for scene in scenes]
        return walk_from([venue] * len(chosen), chosen, 10.0, 0.5, trial, "bits", own).position

    num_threads = numba.get_num_threads()
    together = positions((0, 1, 2))
    numba.set_num_threads(1)
    try:
        single = positions((0, 1, 2))
    finally:
        numba.set_num_threads(num_threads)
    same = {
        "alone": np.array_equal(positions((1,)), together[24:48], equal_nan=True),
        "in another order": np.array_equal(positions((2, 1)), np.concatenate([together[48:], together[24:48]]), True),
        "on one thread": np.array_equal(single, together, equal_nan=True),
    }
    return [
        Check(
            name="same bits alone, in any batch, on any number of threads",
            expected="all the same",
            found=", ".join(f"{name} {'the same' if is_same else 'others'}" for name, is_same in same.items()),
            passed=all(same.values()),
            source="of numbers drawn by index",
            seeds=seeds,
            values=tuple(float(is_same) for is_same in same.values()),
        )
    ]


def finer_step(trial: Trial) -> list[Check]:
    """A quarter of the step, at 0.3 people per m², after 5 s."""
    seeds = trial.seeds(STEP_SEEDS)
    return [
        at_most(
            f"a quarter of the step at 0.3 /m², {name}: mean displacement after 5 s",
            float(np.mean([displacement_by_step(trial, seed, goals) for seed in seeds])),
            0.05,
            "m",
            "convergence",
            seeds,
        )
        for name, goals in (("one way", (1,)), ("two ways", (0, 1)))
    ]


def displacement_by_step(trial: Trial, seed: int, goals: tuple[int, ...]) -> float:
    """Mean distance between where people are after 5 s with the step and with a quarter of it, m."""
    venue = corridor(length=30.0, width=4.0)
    source = generator(seed, f"pedestrian.validation.step.{len(goals)}", 0)
    grid = np.array([(x, y) for x in np.linspace(-13.0, 13.0, 12) for y in (-1.2, 0.0, 1.2)])
    position = grid + source.uniform(-0.2, 0.2, grid.shape)
    goal, speed = source.choice(goals, len(grid)), desired_speeds(source.random(len(grid)))
    people = place_people([venue], [len(grid)], position, goal, speed, parameters=trial.parameters)
    ends = [
        walk([venue], people, no_events(len(grid)), 5.0, 0.5, None, trial.parameters, step_s).position[:, -1]
        for step_s in (trial.step_s, trial.step_s / 4.0)
    ]
    return float(np.nanmean(np.linalg.norm(ends[0] - ends[1], axis=1)))
