"""Around: who is there when the tracks of sessions are forecast, for models that look at the other people.

A stream is one scene: everybody there is a live track of it, those that coast and those seen once among them. The
prefixes of a unary request are one scene too, but each is forecast from its own newest observation on, with the others
as they had been seen by then.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pathcast.model.engine import Engine
from pathcast.model.others import Others
from pathcast.model.people import Observations, snapshots
from pathcast.service.steps import Step

Around = Callable[[slice], Others | None]
"""Who is there for some of the asked tracks; None for models that look at nobody."""


def look_around(engine: Engine, steps: list[Step]) -> Around:
    """Who is there for the asked tracks of steps, one step after the other.

    Args:
        engine: Theirs.
        steps: Frames of several streams, or one unary request by itself.
    """
    if not steps[0].session.settings.card.uses_neighbours:
        return lambda rows: None
    if steps[0].is_whole:
        return _among_prefixes(engine, steps[0])
    return _among_streams(steps).take


def _among_streams(steps: list[Step]) -> Others:
    """The live tracks of each stream, as they stand now."""
    slots = [step.session.live_slots for step in steps]
    counts = np.array([len(each) for each in slots])
    starts = np.cumsum(counts) - counts
    own = [
        start + np.searchsorted(each, step.asking.slots)
        for start, each, step in zip(starts, slots, steps, strict=True)
        if step.asking is not None
    ]
    filters = [step.session.states.filter[each] for each, step in zip(slots, steps, strict=True)]
    return Others(np.concatenate(filters), np.repeat(np.arange(len(steps)), counts), np.concatenate(own))


def _among_prefixes(engine: Engine, step: Step) -> Around:
    """The prefixes of a request, as they had been seen by each one's end."""
    part, asking = step.observing, step.asking
    if part is None or asking is None:
        return lambda rows: None
    is_seen = np.arange(part.times.shape[1]) < part.lengths[:, None]
    person = np.repeat(np.arange(len(part.lengths)), part.lengths)
    observations = Observations(np.zeros_like(person), person, part.times[is_seen], part.positions[is_seen])
    people = snapshots(engine, observations, step.session.settings.card.coast_s, step.session.fresh.filter)
    order = np.argsort(part.slots)
    newest = (np.cumsum(part.lengths) - 1)[order[np.searchsorted(part.slots, asking.slots, sorter=order)]]
    return lambda rows: people.around(newest[rows])
