"""Everybody's filters at chosen instants of scenes, as a stream that saw them frame by frame would hold them then."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.frontends.heading import FILTER_SIZE, HeadingFrontEnd
from pathcast.model.frontends.neighbours import LOOK_S
from pathcast.model.others import Others
from pathcast.model.states import COUNT, TIME
from pathcast.model.training.crowd_sensor import Seen


def stream_others(
    seen: Seen, rows: Int[np.ndarray, " chosen"]
) -> tuple[Others, Int[np.ndarray, " person"], Float[np.ndarray, " person"]]:
    """Everybody who was there when the chosen rows were seen; the same instants of all scenes are streamed at once.

    Who was not seen for longer than anybody looks back is left out.

    Args:
        seen: What the sensor saw.
        rows: Observations after which a forecast is made.

    Returns:
        Everybody at each instant, who of all that were watched each is, and the instant, seconds.
    """
    front_end = HeadingFrontEnd()
    filters = np.zeros((len(seen.which), FILTER_SIZE))
    wanted = np.zeros(seen.ticks.shape, np.bool_)
    wanted[seen.which[seen.person[rows]], seen.tick[rows]] = True
    own = np.empty(len(rows), np.int64)
    by_tick, asked = _by_tick(seen.tick, seen.ticks.shape[1]), _by_tick(seen.tick[rows], seen.ticks.shape[1])
    kept, instants, num_people, num_instants = [np.zeros((0, FILTER_SIZE))], [np.zeros(0, np.int64)], 0, 0
    who, when = [np.zeros(0, np.int64)], [np.zeros(0)]
    last = int(seen.tick[rows].max(initial=-1))
    for tick, (frame, ends) in enumerate(zip(by_tick[: last + 1], asked[: last + 1], strict=True)):
        people = seen.person[frame]
        after = filters[people]
        one = np.ones(len(frame), np.int64)
        front_end.absorb(after, seen.time[frame][:, None], seen.position[frame][:, None], one)
        filters[people] = after
        if not len(ends):
            continue
        is_there = wanted[seen.which, tick] & (filters[:, COUNT] > 0)
        is_there &= seen.ticks[seen.which, tick] - filters[:, TIME] <= LOOK_S
        present = np.flatnonzero(is_there)
        kept.append(filters[present])
        who.append(present)
        when.append(seen.ticks[seen.which[present], tick])
        number = np.cumsum(wanted[:, tick])
        instants.append(num_instants + number[seen.which[present]] - 1)
        own[ends] = num_people + np.searchsorted(present, seen.person[rows[ends]])
        num_people += len(present)
        num_instants += int(number[-1])
    return Others(np.concatenate(kept), np.concatenate(instants), own), np.concatenate(who), np.concatenate(when)


def _by_tick(tick: Int[np.ndarray, " row"], num: int) -> list[Int[np.ndarray, " chosen"]]:
    """Rows of each tick, ascending."""
    order = np.argsort(tick, kind="stable")
    return np.split(order, np.searchsorted(tick[order], np.arange(1, num)))
