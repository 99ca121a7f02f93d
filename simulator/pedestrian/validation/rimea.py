"""Test cases of RiMEA in small: one walker, corners, kinds of people, and the way out of a room or a cabin."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.contact import crosses
from pathcast.simulator.pedestrian.people import desired_speeds
from pathcast.simulator.pedestrian.places import exit_rows, wall_rows
from pathcast.simulator.pedestrian.validation.checks import Check, between
from pathcast.simulator.pedestrian.validation.crossings import leaving_times
from pathcast.simulator.pedestrian.validation.places import cabins, corner, public_room, ring
from pathcast.simulator.pedestrian.validation.trial import Trial
from pathcast.simulator.pedestrian.validation.walks import Start, crowd, spread, walk_from
from pathcast.venue import corridor

AGES: Final = {"under 30": (0.58, 1.61), "30 to 50": (1.41, 1.54), "over 50": (0.68, 1.41), "limited": (0.46, 0.76)}
"""Least and most walking speed, m/s (RiMEA guideline, table of walking speeds)."""
SECONDARY: Final = (4, 5, 10, 11)
"""The cabins whose people are told to leave by the secondary exit: 5, 6, 11 and 12."""


def one_walker(trial: Trial) -> list[Check]:
    """RiMEA 1: 40 m along a corridor at 1.33 m/s, from rest."""
    start = _alone(np.array([[-19.5, 0.0]]), 1.33)
    record = walk_from([corridor(length=41.0, width=2.0)], [start], 40.0, 0.05, trial)
    seconds = float(leaving_times(record.position, 0.05)[0])
    return [between("one walker (RiMEA 1), 40 m at 1.33 m/s", seconds, 26.0, 34.0, "s", "RiMEA 1")]


def drawn_speeds(trial: Trial) -> list[Check]:
    """The distribution of 10 000 desired speeds."""
    seed = trial.seeds(1)
    speeds = desired_speeds(generator(seed[0], "pedestrian.validation.speeds", 0).random(10_000))
    source = "Weidmann 1993"
    return [
        between("10 000 desired speeds: mean", float(speeds.mean()), 1.33, 1.35, "m/s", source, seed, 3),
        between("their standard deviation", float(speeds.std()), 0.25, 0.27, "m/s", source, seed, 3),
        Check(
            name="all of them",
            expected="0.5 to 2.2 m/s",
            found=f"{speeds.min():.2f} to {speeds.max():.2f} m/s",
            passed=bool(speeds.min() >= 0.5 and speeds.max() <= 2.2),
            source=source,
            seeds=seed,
            values=(float(speeds.min()), float(speeds.max())),
        ),
    ]


def kinds_of_people(trial: Trial) -> list[Check]:
    """RiMEA 7: 50 people of each age, each alone, walk at the speeds of their age."""
    seed = trial.seeds(1)
    found, passed, values = [], True, []
    for age, (least, most) in AGES.items():
        source = generator(seed[0], f"pedestrian.validation.ages.{age}", 0)
        starts = [_alone(np.zeros((1, 2)), speed) for speed in source.uniform(least, most, 50)]
        record = walk_from([ring(4.0)] * 50, starts, 25.0, 0.5, trial)
        x = record.position[:, :, 0]
        speeds = (x[:, -1] - x[:, 10]) / (0.5 * (x.shape[1] - 11))
        found.append(f"{age} {speeds.min():.2f} to {speeds.max():.2f}")
        passed = passed and bool(speeds.min() > least - 0.01 and speeds.max() < most + 0.01)
        values += [float(speeds.min()), float(speeds.max())]
    return [
        Check(
            name="kinds of people (RiMEA 7), speeds walked",
            expected=", ".join(f"{age} {least:.2f} to {most:.2f}" for age, (least, most) in AGES.items()) + " m/s",
            found=", ".join(found) + " m/s",
            passed=passed,
            source="RiMEA 7",
            seeds=seed,
            values=tuple(values),
        )
    ]


def around_a_corner(trial: Trial) -> list[Check]:
    """RiMEA 6: 20 people walk around a corner of a corridor 2 m wide, and none through its walls."""
    seed = trial.seeds(1)
    venue = corner(10.0, 2.0)
    start = crowd(20, (-9.5, 0.3, -2.5, 1.7), [0], generator(seed[0], "pedestrian.validation.corner", 0))
    record = walk_from([venue], [start], 60.0, 0.05, trial, "corner", seed)
    walls, ends = wall_rows(venue), exit_rows(venue)
    walls = np.concatenate([walls, ends[1:, :4]])
    num_through = 0
    for path in record.position:
        there = path[~np.isnan(path[:, 0])]
        num_through += sum(
            crosses(x, y, next_x, next_y, walls, wall)
            for (x, y), (next_x, next_y) in pairwise(there.tolist())
            for wall in range(len(walls))
        )
    num_left = int(np.isfinite(leaving_times(record.position, 0.05)).sum())
    return [
        Check(
            name="corner (RiMEA 6), 20 people",
            expected="20 leave, 0 steps through a wall",
            found=f"{num_left} leave, {num_through} steps through a wall",
            passed=num_left == 20 and num_through == 0,
            source="RiMEA 6",
            seeds=seed,
            values=(float(num_left), float(num_through)),
        )
    ]


def corner_and_corridors(trial: Trial) -> list[Check]:
    """RiMEA 15: a crowd needs longer around a corner than along its inner side, less than along its outer one."""
    seeds = trial.seeds(3)
    leg, width, num = 14.0, 4.0, 60
    means = []
    for number, length in enumerate((2.0 * leg, 0.0, 2.0 * (leg + width))):
        west = -length / 2 if length else -leg
        south = -width / 2 if length else 0.0
        venue = corridor(length=length, width=width) if length else corner(leg, width)
        box = (west + 0.3, south + 0.25, west + 8.3, south + width - 0.25)
        goal = 1 if length else 0
        starts = [crowd(num, box, [goal], generator(seed, "pedestrian.validation.legs", 0)) for seed in seeds]
        record = walk_from([venue] * len(seeds), starts, 90.0, 0.1, trial, f"legs.{number}", seeds)
        means.append(float(leaving_times(record.position, 0.1).mean()))
    return [
        Check(
            name="corner between corridors as short and as long as its sides (RiMEA 15), mean times",
            expected="short < corner < long",
            found=" < ".join(f"{each:.1f}" for each in means) + " s",
            passed=means[0] < means[1] < means[2] < np.inf,
            source="RiMEA 15",
            seeds=seeds,
            values=tuple(means),
        )
    ]


def public_rooms(trial: Trial) -> list[Check]:
    """RiMEA 9: 1000 people leave a room by four exits, then by two: that takes about twice as long."""
    seed = trial.seeds(1)
    source = generator(seed[0], "pedestrian.validation.public", 0)
    position, speed = spread(1000, (-14.7, -9.7, 14.7, 9.7), source), desired_speeds(source.random(1000))
    times = []
    for num_exits in (4, 2):
        venue = public_room(num_exits)
        exits = exit_rows(venue)
        middles = (exits[:, :2] + exits[:, 2:4]) / 2
        goal = np.argmin(np.linalg.norm(position[:, None] - middles, axis=2), axis=1)
        start = Start(position, goal, speed, np.full(1000, -1), np.full(1000, 0.5))
        record = walk_from([venue], [start], 400.0 if num_exits == 2 else 220.0, 0.5, trial, "public", seed)
        times.append(float(leaving_times(record.position, 0.5)[-1]))
    ratio = times[1] / times[0] if np.isfinite(times).all() else float("nan")
    return [
        Check(
            name="public room (RiMEA 9), 1000 people: time by two exits over that by four",
            expected="1.7 to 2.3",
            found=f"{ratio:.2f} ({times[1]:.0f} and {times[0]:.0f} s)",
            passed=bool(1.7 <= ratio <= 2.3),
            source="RiMEA 9: about twice",
            seeds=seed,
            values=(ratio, *times),
        )
    ]


def told_exits(trial: Trial) -> list[Check]:
    """RiMEA 10: 23 people in 12 cabins leave by the exits that they were told."""
    seed = trial.seeds(1)
    venue, middles = cabins()
    places = [(x + offset, y) for x, y in middles for offset in (-0.5, 0.5)][:23]
    names = [way_out.name for way_out in venue.exits]
    goal = np.array([names.index("east" if number // 2 in SECONDARY else "west") for number in range(23)])
    source = generator(seed[0], "pedestrian.validation.cabins", 0)
    start = Start(np.array(places), goal, desired_speeds(source.random(23)), np.full(23, -1), np.full(23, 0.5))
    record = walk_from([venue], [start], 90.0, 0.1, trial, "cabins", seed)
    num_right = 0
    for path, way_out in zip(record.position, goal, strict=True):
        there = path[~np.isnan(path[:, 0])]
        row = exit_rows(venue)[way_out]
        num_right += bool(len(there) < len(path) and abs((row[:2] - there[-1]) @ row[4:]) < 0.5)
    return [
        Check(
            name="cabins (RiMEA 10), people who leave by the exit that they were told",
            expected="23",
            found=f"{num_right}",
            passed=num_right == 23,
            source="RiMEA 10",
            seeds=seed,
            values=(float(num_right),),
        )
    ]


def _alone(position: np.ndarray, speed: float) -> Start:
    """One person who walks to exit 1."""
    return Start(position, np.ones(1, np.int64), np.array([speed]), np.full(1, -1), np.full(1, 0.5))
