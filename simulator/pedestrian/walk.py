"""Walking given people in given places: what is checked before the kernel runs, and what it is handed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.ground import find_all_routes
from pathcast.simulator.pedestrian.parameters import CALIBRATED, STEP_S, WalkingParameters
from pathcast.simulator.pedestrian.people import Events, People
from pathcast.simulator.pedestrian.places import flatten_venues
from pathcast.simulator.pedestrian.record import Record, keep_nothing_yet
from pathcast.simulator.pedestrian.scene import Scene
from pathcast.simulator.pedestrian.state import Walkers, copy_walkers, start_walkers
from pathcast.simulator.pedestrian.step import walk_scenes
from pathcast.venue import Venue


def walk(
    scenes: Sequence[Venue | Scene],
    people: People,
    events: Events,
    duration_s: float,
    record_s: float,
    noise: Float[np.ndarray, " number"] | None = None,
    parameters: WalkingParameters = CALIBRATED,
    step_s: float = STEP_S,
    start: Walkers | None = None,
    start_s: float = 0.0,
) -> Record:
    """Walks given people in given places.

    A walk of 10 s is bit for bit a walk of 4 s that another of 6 s goes on from, with the second part of the noise:
    `walk(..., 6.0, ..., start=record.walkers, start_s=4.0)`. Events up to `start_s` have been taken by then.

    Args:
        scenes: One place per scene; walls and exits close each one's outline. A bare venue has no zones, gates and
            period. Scenes that are equal share their routes.
        people: Who walks; exits are indices into their venue's.
        events: Their changes of intent.
        duration_s: Of this walk, s.
        record_s: Between two frames, s; a multiple of the step.
        noise: Standard normal numbers, scene after scene, each [step, person, axis]; none for a walk without sway.
        parameters: Of the model.
        step_s: Time step, s.
        start: Everybody's state at `start_s`, left as it is; without it people are put into their scenes at 0.
        start_s: When the walk begins, s; a multiple of the step.

    Raises:
        InputError: No people, an exit that nobody fits through or that something stands in, or times that do not
            fit the step.
    """
    if not len(people.goal):
        raise InputError("people", "one at least", "none")
    num_frames, record_every = frames_of(duration_s, record_s, step_s)
    first_step = round(start_s / step_s) if np.isfinite(start_s) else -1
    if first_step < 0 or abs(first_step * step_s - start_s) > 1e-9 or (first_step > 0) != (start is not None):
        raise InputError("start_s", f"a multiple of the step of {step_s} s, over 0 with a start only", f"{start_s} s")
    places = flatten_venues(scenes, parameters.radius)
    num_exits = int(np.diff(places.exit_starts).max())
    walkers = start_walkers(people, num_exits) if start is None else copy_walkers(start)
    kept = keep_nothing_yet(len(people.goal), people.zone_choice.shape[1], len(events.time_s), num_frames)
    numbers = np.empty(0) if noise is None else noise
    num_steps = (num_frames - 1) * record_every
    table = find_all_routes(places)
    walk_scenes(
        places, table, people, events, numbers, parameters, step_s, first_step, num_steps, record_every, walkers, kept
    )
    return Record(*kept, walkers)


def frames_of(duration_s: float, record_s: float, step_s: float = STEP_S) -> tuple[int, int]:
    """The number of frames of a walk and the number of steps between two of them.

    Raises:
        InputError: Times that do not fit the step.
    """
    record_every = round(record_s / step_s) if np.isfinite(record_s) else 0
    if record_every < 1 or abs(record_every * step_s - record_s) > 1e-9:
        raise InputError("record_s", f"a multiple of the step of {step_s} s", f"{record_s} s")
    if not (np.isfinite(duration_s) and duration_s >= record_s):
        raise InputError("duration_s", f"finite, at least record_s = {record_s} s", f"{duration_s} s")
    return int(np.floor(duration_s / record_s + 1e-9)) + 1, record_every
