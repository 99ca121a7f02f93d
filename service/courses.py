"""Courses: the tracks of streams followed beside the model, for what does not fit them and for late answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from pathcast.model.course import Law, follow, is_suspect
from pathcast.model.hops import Floor
from pathcast.service.messages import Settings

if TYPE_CHECKING:
    from pathcast.service.session import Session
    from pathcast.service.steps import Step

WALKING = Law(noise_m=0.05, density=0.15, speed_mps=1.5, most_speed_mps=12.0)
"""People: a velocity that changes by 0.4 m/s in a second, and no one faster than the fastest sprinter."""
FLYING = Law(noise_m=0.03, density=4.0, speed_mps=12.0, falls=True)
"""Balls: drag and spin are the acceleration's noise."""
NEWEST = 32
"""Observations of a replayed prefix that a course is taken from; what came before them is forgotten by then."""


def law_of(settings: Settings) -> Law | None:
    """How a stream's tracks move; None where nobody asks: the model tells what is suspect, and is never too late."""
    card, given = settings.card, settings.given
    if not card.walks and settings.latency_budget_s is None:
        return None
    law = WALKING
    if card.takes_object:
        law = FLYING
        height = given.level_m
        if height is None and card.venue is not None and card.venue.floor is not None:
            height = card.venue.floor.point[2] - settings.origin[2]
        if height is not None and np.isfinite(height):
            law = replace(law, floor=Floor(height=height, radius=given.radius_m or 0.0))
    noise = given.deviations(card.num_axes)
    return law if noise is None else replace(law, noise_m=float(np.sqrt((noise**2).mean())))


def follow_all(steps: list[Step]) -> None:
    """Has the courses of streams take in what steps observe; frames of the same law together."""
    frames: dict[Law, list[Step]] = {}
    for step in steps:
        session, part = step.session, step.observing
        if session.law is None or part is None or step.is_whole:
            continue
        if part.times.shape[1] == 1:
            frames.setdefault(session.law, []).append(step)
        else:
            _follow_prefixes(session, step)
    for law, same in frames.items():
        _follow_frames(law, same)


def suspects(session: Session, slots: np.ndarray) -> Bool[np.ndarray, " track"] | None:
    """Which of a stream's tracks do not fit, where that is for their courses to say."""
    if session.law is None or session.courses is None or session.settings.card.has_surprise:
        return None
    return is_suspect(session.courses[slots], session.law) if session.settings.card.walks else None


def _follow_frames(law: Law, steps: list[Step]) -> None:
    parts = [(step.session.courses, step.observing) for step in steps]
    rows = [table[part.slots] for table, part in parts if table is not None and part is not None]
    after = follow(
        np.concatenate(rows),
        np.concatenate([part.times[:, 0] for _, part in parts if part is not None]),
        np.concatenate([part.positions[:, 0] for _, part in parts if part is not None]).astype(np.float64),
        law,
    )
    start = 0
    for table, part in parts:
        if table is not None and part is not None:
            table[part.slots] = after[start : start + len(part.slots)]
            start += len(part.slots)


def _follow_prefixes(session: Session, step: Step) -> None:
    part, table, law = step.observing, session.courses, session.law
    assert part is not None and table is not None and law is not None
    used = np.minimum(part.lengths, NEWEST)
    for index in range(int(used.max(initial=0))):
        rows = np.flatnonzero(used > index)
        column = part.lengths[rows] - used[rows] + index
        slots = part.slots[rows]
        table[slots] = follow(
            table[slots], part.times[rows, column], part.positions[rows, column].astype(np.float64), law
        )
