"""Restoring: the tracks of a snapshot back in their session, once it is known that they can be forecast.

A snapshot comes from a client, so its numbers may be anything. Whatever they are, an engine must come back with finite
forecasts at finite places: that is tried before they take the place of the session's tracks.
"""

from __future__ import annotations

import numpy as np

from pathcast.errors import InputError, LimitError
from pathcast.model.admission import MAX_POSITION_M
from pathcast.model.engine import Engine
from pathcast.model.states import COUNT, States
from pathcast.service.messages import Settings, Snapshot
from pathcast.service.session import Session
from pathcast.service.steps import Step

_CELLS = 1 << 17
"""Most track-mode-times that are tried at once."""
_WHERE = "replay.snapshot: states"


def plan(session: Session, snapshot: Snapshot) -> Step:
    """Plans the return to a snapshot, or the next part of it.

    Raises:
        InputError: Parts do not follow one another.
        LimitError: More tracks than the stream may hold.
    """
    due, session.due_part = session.due_part, None
    if snapshot.part and (snapshot.frame_number, snapshot.part) != due:
        raise InputError("replay.snapshot: part", "the first, or the one after that before", f"part {snapshot.part}")
    most = session.settings.tracks_per_stream
    if snapshot.num_tracks > most:
        raise LimitError("replay.snapshot", f"at most {most} tracks", f"{snapshot.num_tracks}")
    return Step(session, restoring=snapshot)


def restore(engine: Engine, step: Step) -> None:
    """Puts a step's snapshot into its session, or the reason against it into the step."""
    snapshot = step.restoring
    assert snapshot is not None
    try:
        try_states(engine, step.session.settings, snapshot.states)
        step.session.adopt(snapshot)
    except InputError as error:
        step.refusal = error
    except Exception as error:  # an engine that stumbles over made-up numbers is not to end anybody's stream
        step.refusal = InputError(_WHERE, "some that the model can go on with", f"a {type(error).__name__} of it")


def try_states(engine: Engine, settings: Settings, states: States) -> None:
    """Forecasts from states as a frame would.

    Raises:
        InputError: Places are not within reach of observations, or a forecast is not of finite numbers.
    """
    with np.errstate(all="ignore"):
        places = engine.positions(states)
        if not (np.abs(places) <= 2 * MAX_POSITION_M).all():  # a filter's place may be off the observed one
            raise InputError(_WHERE, f"places within {MAX_POSITION_M:g} m of the origin", "others")
        rows = np.flatnonzero(states.filter[:, COUNT] >= 2)
        num_times = len(settings.offsets)
        at_once = max(1, _CELLS // (engine.card.num_modes * num_times))
        for start in range(0, len(rows), at_once):
            chosen = states.take(rows[start : start + at_once])
            offsets = np.broadcast_to(settings.offsets, (chosen.num_tracks, num_times))
            if not engine.forecast(chosen, np.ascontiguousarray(offsets)).is_finite().all():
                raise InputError(_WHERE, "some with finite forecasts", "others")
