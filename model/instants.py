"""Instants: forecasts of whole tracks from any of their observations, each by what had been seen by then.

States are carried from one chosen observation to the next, so a forecast from every observation costs one `observe`
each, and no prefix is read twice.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.engine import Engine
from pathcast.model.forecast import Forecast
from pathcast.model.given import Given
from pathcast.model.people import Observations, Snapshots, snapshots
from pathcast.model.states import States
from pathcast.tracks import Tracks

_ROWS_AT_ONCE = 1 << 17
"""Observations of whole scenes whose filters are kept at once."""
_TRACKS_AT_ONCE = 256
STRIDE = 64
"""Most observations that are taken in at once: one long track beside many short ones then costs no memory."""


def chosen_rows(starts: Int[np.ndarray, " start"], every: int | None) -> Int[np.ndarray, " chosen"]:
    """Rows to forecast from: of each track the second, and every so many after it; or the last alone.

    Args:
        starts: The row where each track begins, and the number of rows.
        every: Observations from one chosen to the next; None: the last one of each track.
    """
    lengths = np.diff(starts)
    if every is None:
        return np.asarray(starts[1:][lengths >= 2] - 1)
    counts = np.where(lengths >= 2, (lengths - 2) // every + 1, 0)
    place = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(np.repeat(starts[:-1], counts) + 1 + place * every)


def states_at(
    engine: Engine,
    seen: Tracks,
    narrow: Float[np.ndarray, "row axis"],
    rows: Int[np.ndarray, " chosen"],
    given: Given,
) -> States:
    """The states right after each of the chosen observations.

    Args:
        engine: Whose states they are.
        seen: Valid observations alone.
        narrow: Their positions, metres from the origin. float32.
        rows: Ascending.
        given: What is known of sensor and object.
    """
    starts = seen.starts
    of_row = np.searchsorted(starts, rows, side="right") - 1
    tracks, first, counts = np.unique(of_row, return_index=True, return_counts=True)
    state = engine.start(len(tracks), given)
    result = States(
        np.empty((len(rows), state.filter.shape[1]), state.filter.dtype),
        np.empty((len(rows), state.memory.shape[1]), state.memory.dtype),
    )
    begin = starts[tracks]
    for step in range(int(counts.max(initial=0))):
        which = np.flatnonzero(counts > step)
        chosen = first[which] + step
        end = rows[chosen] + 1
        _advance(engine, state, which, begin[which], end, seen.time, narrow)
        begin[which] = end
        result.put(chosen, state if len(which) == state.num_tracks else state.take(which))
    return result


def _advance(
    engine: Engine,
    state: States,
    which: Int[np.ndarray, " track"],
    begin: Int[np.ndarray, " track"],
    end: Int[np.ndarray, " track"],
    times: Float[np.ndarray, " row"],
    positions: Float[np.ndarray, "row axis"],
) -> None:
    """Takes observations from begin to end in, track by track, in place."""
    begin = begin.copy()
    while len(which):
        lengths = np.minimum(end - begin, STRIDE)
        places = np.arange(int(lengths.max()))
        rows = np.minimum(begin[:, None] + places, end[:, None] - 1)
        state.put(which, engine.encode(state.take(which), times[rows], positions[rows], lengths))
        begin += lengths
        left = begin < end
        which, begin, end = which[left], begin[left], end[left]


def scene_blocks(
    engine: Engine, seen: Tracks, narrow: Float[np.ndarray, "row axis"], given: Given
) -> Iterator[tuple[slice, Snapshots | None]]:
    """Rows of whole scenes with the people that were seen there, where the model looks at them; all rows where not.

    Args:
        engine: What forecasts.
        seen: Valid observations alone, of whole scenes.
        narrow: Their positions, metres from the origin. float32.
        given: What is known of sensor and object.
    """
    if not engine.card.uses_neighbours:
        yield slice(0, seen.num_rows), None
        return
    starts = seen.starts
    person = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    everybody = Observations(seen.scene, person, seen.time, narrow)
    fresh = engine.start(1, given).filter
    for block in everybody.blocks(_ROWS_AT_ONCE):
        yield block, snapshots(engine, everybody.take(block), engine.card.coast_s, fresh)


def forecasts_at(
    engine: Engine,
    people: Snapshots | None,
    rows: Int[np.ndarray, " chosen"],
    states: States,
    offsets: Float[np.ndarray, "chosen time"],
) -> Iterator[Forecast]:
    """Forecasts from the chosen observations, some at a time and in their order.

    A model that looks at the other people sees those of the same scene as they had been seen by then: not later, and
    not those who were missing for longer than the model's own coasting time.

    Args:
        engine: What forecasts.
        people: Of the scenes, as `scene_blocks` gives them.
        rows: Among the observations of `people`.
        states: Of the tracks right after these observations.
        offsets: Seconds after them.
    """
    for start in range(0, len(rows), _TRACKS_AT_ONCE):
        some = np.arange(start, min(start + _TRACKS_AT_ONCE, len(rows)))
        others = None if people is None else people.around(rows[some])
        yield engine.forecast(states.take(some), offsets[some], others)
