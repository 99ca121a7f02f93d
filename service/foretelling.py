"""Foretelling: what is told of tracks beside their paths: outcomes, contacts, and how surprising observations were.

All steps of a batch that wish for the same are computed together; where nothing is wished for, nothing is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from pathcast.model.contacts import Contacts, join_contacts
from pathcast.model.engine import Engine
from pathcast.model.states import States
from pathcast.service.steps import Step, gather


def of_same_wishes(steps: list[Step]) -> list[list[Step]]:
    """Steps that wish for the same beside paths, together; those that wish for nothing are left out."""
    groups: dict[tuple[bool, ...], list[Step]] = {}
    for step in steps:
        settings = step.session.settings
        wishes = (settings.has_outcomes, settings.has_contacts, settings.has_surprise, settings.card.has_surprise)
        if any(wishes) and step.asking is not None and len(step.asking.slots):
            groups.setdefault(wishes, []).append(step)
    return list(groups.values())


def foretell(engine: Engine, steps: list[Step]) -> None:
    """Puts what is wished for into steps that wish for the same."""
    parts = [step.asking for step in steps if step.asking is not None]
    settings = steps[0].session.settings
    states = gather([(step.session, part.slots) for step, part in zip(steps, parts, strict=True)])
    outcomes = engine.outcomes(states) if settings.has_outcomes else None
    surprises = engine.surprise(states) if settings.has_surprise else None
    is_suspect = engine.is_suspect(states) if settings.card.has_surprise else None
    contacts = None
    if settings.has_contacts:
        horizons = np.concatenate([part.offsets[:, -1] for part in parts])
        contacts = _find_contacts(engine, states, horizons, np.concatenate([part.gaps for part in parts]))
    start = 0
    for step, part in zip(steps, parts, strict=True):
        stop = start + len(part.slots)
        step.outcomes = None if outcomes is None else outcomes[start:stop]
        step.surprises = None if surprises is None else surprises[start:stop]
        if is_suspect is not None:
            step.is_suspect = is_suspect[start:stop]
        step.contacts = None if contacts is None else contacts.of_rows(start, stop)
        start = stop


def _find_contacts(
    engine: Engine, states: States, horizons: Float[np.ndarray, " track"], gaps: Float[np.ndarray, " track"]
) -> Contacts:
    """Contacts in seconds after the frames, by track, then time.

    Args:
        engine: That foretells them.
        states: Of the tracks.
        horizons: Seconds after each track's newest observation.
        gaps: Seconds from that to its frame.
    """
    found = []
    for horizon in np.unique(horizons):  # mostly one: those that coast are the only others
        rows = np.flatnonzero(horizons == horizon)
        contacts = engine.contacts(states if len(rows) == len(horizons) else states.take(rows), float(horizon))
        found.append(replace(contacts, row=rows[contacts.row]))
    together = join_contacts(found)
    gap = gaps[together.row]
    if not gap.any():
        return together
    later = replace(together, offset_s=together.offset_s - gap)
    return later.select(~((later.offset_s <= 0) & (gap > 0)))
