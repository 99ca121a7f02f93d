"""Walks of the checks: people who stand ready in a place at any density, and walk with the usual sway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.people import People, desired_speeds, no_events
from pathcast.simulator.pedestrian.record import Record
from pathcast.simulator.pedestrian.scene import Scene
from pathcast.simulator.pedestrian.state import WALKING, start_walkers
from pathcast.simulator.pedestrian.step import REROUTE_S
from pathcast.simulator.pedestrian.validation.trial import Trial
from pathcast.simulator.pedestrian.walk import frames_of, walk
from pathcast.venue import Venue


class Start(NamedTuple):
    """The people of one scene as they stand at the beginning."""

    position: Float[np.ndarray, "person 2"]
    """Metres."""
    goal: Int[np.ndarray, " person"]
    """Index of the exit."""
    speed: Float[np.ndarray, " person"]
    """Desired, m/s."""
    group: Int[np.ndarray, " person"]
    exit_fraction: Float[np.ndarray, " person"]
    """Of the exit's width, from its start, where they leave."""


def spread(
    num: int, box: tuple[float, float, float, float], source: np.random.Generator
) -> Float[np.ndarray, "person 2"]:
    """Random places in a box (least x and y, most x and y, metres), as far apart as a jittered grid has them."""
    width, height = box[2] - box[0], box[3] - box[1]
    num_rows = max(round(np.sqrt(num * height / width)), 1)
    num_columns = -(-num // num_rows)
    cell = source.permutation(num_rows * num_columns)[:num]
    grid = np.stack([cell // num_rows, cell % num_rows], axis=1) + 0.5 + source.uniform(-0.15, 0.15, (num, 2))
    return np.asarray(np.array(box[:2]) + grid * np.array([width / num_columns, height / num_rows]), np.float64)


def crowd(
    num: int,
    box: tuple[float, float, float, float],
    goals: Sequence[int],
    source: np.random.Generator,
) -> Start:
    """So many people in a box, their desired speeds drawn, with the goals in equal parts and at random places."""
    position = spread(num, box, source)
    goal = np.array(goals, np.int64)[source.permutation(num) % len(goals)]
    return Start(position, goal, desired_speeds(source.random(num)), np.full(num, -1), source.uniform(0.2, 0.8, num))


def walk_from(
    scenes: Sequence[Venue | Scene],
    starts: Sequence[Start],
    duration_s: float,
    record_s: float,
    trial: Trial,
    sway: str | None = None,
    seeds: Sequence[int] = (),
) -> Record:
    """Walks people who stand still at first, each scene's sway drawn by its seed.

    Args:
        scenes: The places.
        starts: Who stands where in each.
        duration_s: Of the walk, s.
        record_s: Between two frames, s.
        trial: Model and step.
        sway: What the sway's random numbers are for; none for a walk without sway.
        seeds: Of the scenes' sway.
    """
    counts = [len(start.goal) for start in starts]
    together = Start(*(np.concatenate(parts) for parts in zip(*starts, strict=True)))
    people = _people(counts, together)
    num_frames, every = frames_of(duration_s, record_s, trial.step_s)
    noise = None
    if sway is not None:
        size = [(num_frames - 1) * every * 2 * num for num in counts]
        sources = [generator(seed, f"pedestrian.validation.{sway}.sway", 0) for seed in seeds]
        noise = np.concatenate([source.standard_normal(num) for source, num in zip(sources, size, strict=True)])
    places = [scene.venue if isinstance(scene, Scene) else scene for scene in scenes]
    state = start_walkers(people, max(len(place.exits) for place in places))
    toward = np.concatenate([_directions(place, start) for place, start in zip(places, starts, strict=True)])
    state.position[:], state.heading[:], state.phase[:] = together.position, toward, WALKING
    return walk(
        scenes,
        people,
        no_events(len(people.goal)),
        duration_s,
        record_s,
        noise,
        trial.parameters,
        trial.step_s,
        state,
        REROUTE_S,
    )


def _people(counts: Sequence[int], start: Start) -> People:
    num = len(start.goal)
    return People(
        np.cumsum([0, *counts]),
        np.zeros(num),
        start.goal,
        start.goal,
        start.speed,
        np.full(num, 0.5),
        start.exit_fraction,
        start.position[:, None, :],
        start.group,
        np.empty((num, 0)),
    )


def _directions(place: Venue, start: Start) -> Float[np.ndarray, "person 2"]:
    """Unit vectors towards the middles of the exits."""
    middles = np.array([np.add(way_out.start[:2], way_out.end[:2]) / 2 for way_out in place.exits])
    way = middles[start.goal] - start.position
    return np.asarray(way / np.linalg.norm(way, axis=1, keepdims=True), np.float64)
