"""Annotated destinations of ETH and UCY: which of them walkers head for, asked of an engine and of the angle alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.engine import Engine
from pathcast.tracks import Tracks

SCENES = {"eth": "ETH/seq_eth", "hotel": "ETH/seq_hotel", "zara2": "UCY/zara02"}
"""Those whose destinations are in the frame of their positions; zara01's lie some 15 m off in y."""
FPS = {"eth": 15.0, "hotel": 25.0, "zara2": 25.0}
FRAME, PERSON, PLACE_X, PLACE_Y = 0, 1, 2, 4
"""Columns of obsmat.txt."""
CHAIN_M = 3.0
"""Destinations in a row no farther apart than this are one segment, such as a platform's edge."""
FAR_M = 30.0
"""From the middle of the scene: farther destinations are directions, named at this distance."""
LAST_S, LAST_STEPS, WITHIN = 2.0, 4, np.radians(30)
SHARPNESS = np.linspace(0.5, 12.0, 24)


def read_destinations(path: Path, middle: Float[np.ndarray, " 2"]) -> Float[np.ndarray, "goal 4"]:
    """Points and segments, metres."""
    points = np.loadtxt(path, ndmin=2)[:, :2]
    away = points - middle
    distance = np.linalg.norm(away, axis=1)
    is_far = distance > 10 * FAR_M
    points[is_far] = middle + away[is_far] / distance[is_far, None] * FAR_M
    breaks = np.flatnonzero(np.linalg.norm(np.diff(points, axis=0), axis=1) > CHAIN_M) + 1
    return np.array([np.concatenate([chain[0], chain[-1]]) for chain in np.split(points, breaks)])


def read_walks(path: Path, frames_per_second: float) -> Tracks:
    """Positions of obsmat.txt."""
    rows = np.loadtxt(path)
    return Tracks.from_rows(
        0,
        rows[:, PERSON].astype(np.int64),
        rows[:, FRAME] / frames_per_second,
        rows[:, [PLACE_X, PLACE_Y]],
        where=str(path),
    )


def bearings(
    place: Float[np.ndarray, "row 2"], direction: Float[np.ndarray, "row 2"], goals: Float[np.ndarray, "goal 4"]
) -> Float[np.ndarray, "row goal"]:
    """Radians between directions and goals, 0 where a ray meets one."""
    ends = goals.reshape(1, -1, 2, 2) - place[:, None, None]
    heading = np.arctan2(direction[:, 1], direction[:, 0])[:, None, None]
    turns = np.angle(np.exp(1j * (np.arctan2(ends[..., 1], ends[..., 0]) - heading)))
    is_met = (turns[..., 0] * turns[..., 1] <= 0) & (np.abs(turns[..., 0] - turns[..., 1]) < np.pi)
    return np.asarray(np.where(is_met, 0.0, np.abs(turns).min(axis=2)))


def questions(
    tracks: Tracks, goals: Float[np.ndarray, "goal 4"]
) -> tuple[Int[np.ndarray, " row"], Int[np.ndarray, " row"], Int[np.ndarray, " row"]]:
    """Rows of observations that are asked about, the observations up to each, and the goal headed for in the end."""
    rows, counts, answers = [], [], []
    starts = tracks.starts
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if end - begin <= LAST_STEPS + 2:
            continue
        last = tracks.position[end - 1 : end]
        move = last - tracks.position[end - 1 - LAST_STEPS]
        turns = bearings(last, move, goals)[0]
        if np.linalg.norm(move) < 0.3 or turns.min() > WITHIN:
            continue
        asked = np.arange(begin + 1, end)
        asked = asked[tracks.time[asked] <= tracks.time[end - 1] - LAST_S]
        rows.append(asked)
        counts.append(asked - begin + 1)
        answers.append(np.full(len(asked), int(turns.argmin())))
    return np.concatenate(rows), np.concatenate(counts), np.concatenate(answers)


def probabilities_at(
    engine: Engine, tracks: Tracks, rows: Int[np.ndarray, " row"], goals: Float[np.ndarray, "goal 4"]
) -> Float[np.ndarray, "row choice"]:
    """What the engine says after each of those observations, rows ascending."""
    starts = tracks.starts
    track = np.searchsorted(starts, rows, side="right") - 1
    longest = int((rows - starts[track]).max()) + 1
    result = np.empty((len(rows), len(goals) + 1))
    for start in range(0, len(rows), 2000):
        some, own = rows[start : start + 2000], track[start : start + 2000]
        index = np.minimum(starts[own][:, None] + np.arange(longest), len(tracks.time) - 1)
        lengths = some - starts[own] + 1
        states = engine.start(len(some))
        states = engine.encode(states, tracks.time[index], tracks.position[index].astype(np.float32), lengths)
        result[start : start + 2000] = engine.goal_probabilities(states, goals)
    return result


def annotated_scenes(engine: Engine, data: Path) -> dict[str, Any]:
    """Log-loss over the annotated goals (none left out of both) from the third observation on, and the angle's.

    The angle's sharpness is the best of all for each scene: a rival that knows the answers.
    """
    report: dict[str, Any] = {}
    for name, folder in SCENES.items():
        place = data / "pedestrian" / "source_annotations" / folder
        if not (place / "destinations.txt").exists():
            continue
        tracks = read_walks(place / "obsmat.txt", FPS[name])
        goals = read_destinations(place / "destinations.txt", tracks.position.mean(axis=0))
        rows, counts, answer = questions(tracks, goals)
        kept = counts >= 3
        rows, answer = rows[kept], answer[kept]
        number = np.arange(len(rows))
        shares = probabilities_at(engine, tracks, rows, goals)
        named = shares[:, :-1] / shares[:, :-1].sum(axis=1, keepdims=True)
        turns = bearings(tracks.position[rows], tracks.position[rows] - tracks.position[rows - 1], goals)
        losses = []
        for sharpness in SHARPNESS:
            logits = -sharpness * turns
            losses.append((np.log(np.exp(logits).sum(axis=1)) - logits[number, answer]).mean())
        report[name] = {
            "questions": len(rows),
            "goals": len(goals),
            "head": float(-np.log(np.maximum(named[number, answer], 1e-12)).mean()),
            "head_none": float(shares[:, -1].mean()),
            "angle": float(min(losses)),
            "uniform": float(np.log(len(goals))),
        }
    return report
