"""Truth: what simulated people intended, beside the rows of their tracks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64
from numpy.typing import NDArray

from pathcast.simulator.pedestrian.people import Events, Intent
from pathcast.simulator.pedestrian.record import Record
from pathcast.tracks import Tracks


@dataclass(frozen=True, eq=False)
class IntentEvents:
    """The changes of intent that took effect, by scene, track and time."""

    scene: Int[np.ndarray, " event"]
    track: UInt64[np.ndarray, " event"]
    time: Float[np.ndarray, " event"]
    """Seconds."""
    kind: Int[np.ndarray, " event"]
    """An `Intent`."""
    value: Float[np.ndarray, " event"]
    """The exit walked to from then on (GOAL, TURN, CHOICE: its index), how long the stop lasts (DWELL, s), the new
    desired speed (SPEED, m/s), the group joined (JOIN) or left (LEAVE)."""


@dataclass(frozen=True, eq=False)
class CrowdTruth:
    """What nobody can see: labels for training and evaluation, never a model's input."""

    goal: Int[np.ndarray, " row"]
    """Index of the exit in the scene's venue that the person is walking to at each row of the tracks (int8)."""
    is_dwelling: Bool[np.ndarray, " row"]
    """Whether the person has stopped on purpose."""
    group: Int[np.ndarray, " row"]
    """Number of the group in the scene that the person walks in, -1 alone (int16)."""
    events: IntentEvents


def tracks_and_truth(
    record: Record,
    events: Events,
    scene: Int[np.ndarray, " person"],
    track: Int[np.ndarray, " person"],
    start_s: float,
    record_s: float,
) -> tuple[Tracks, CrowdTruth]:
    """What a perfect tracker would have seen of a walk, and what was intended.

    Args:
        record: Of the walk.
        events: Changes of intent that the walk was given.
        scene: Number of each person's scene, ascending.
        track: Number of each person in it, ascending inside a scene.
        start_s: When the walk began, s.
        record_s: Between two frames, s.
    """
    person, frame = np.nonzero(record.goal >= 0)
    time = np.round(start_s + frame * record_s, 9)
    tracks = Tracks(
        scene[person],
        track[person].astype(np.uint64),
        time,
        record.position[person, frame],
        np.ones(len(time), np.bool_),
    )
    dwells = record.is_dwelling[person, frame].astype(np.bool_)
    found = _intent_events(record, events, scene, track)
    return tracks, CrowdTruth(record.goal[person, frame], dwells, record.group[person, frame], found)


def join_walks(walks: Sequence[tuple[Tracks, CrowdTruth]]) -> tuple[Tracks, CrowdTruth]:
    """Tracks and truth of scenes after scenes, in that order."""

    def join(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate(list(parts))

    tracks, truths = [tracks for tracks, _ in walks], [truth for _, truth in walks]
    events = [truth.events for truth in truths]
    return (
        Tracks(
            join(each.scene for each in tracks),
            join(each.track for each in tracks),
            join(each.time for each in tracks),
            join(each.position for each in tracks),
            join(each.valid for each in tracks),
        ),
        CrowdTruth(
            join(each.goal for each in truths),
            join(each.is_dwelling for each in truths),
            join(each.group for each in truths),
            IntentEvents(
                join(each.scene for each in events),
                join(each.track for each in events),
                join(each.time for each in events),
                join(each.kind for each in events),
                join(each.value for each in events),
            ),
        ),
    )


def _intent_events(record: Record, events: Events, scene: np.ndarray, track: np.ndarray) -> IntentEvents:
    """The events that took effect, and the choices made in zones among them."""
    event = np.flatnonzero(~np.isnan(record.event_value))
    chooser, zone = np.nonzero(~np.isnan(record.zone_s))
    person = np.concatenate([np.searchsorted(events.starts, event, side="right") - 1, chooser])
    time = np.concatenate([events.time_s[event], record.zone_s[chooser, zone]])
    kind = np.concatenate([events.kind[event], np.full(len(chooser), int(Intent.CHOICE))])
    value = np.concatenate([record.event_value[event], record.zone_goal[chooser, zone].astype(np.float64)])
    order = np.lexsort((time, person))
    person = person[order]
    return IntentEvents(scene[person], track[person].astype(np.uint64), time[order], kind[order], value[order])
