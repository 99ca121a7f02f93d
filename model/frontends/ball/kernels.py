"""Loops over tracks: observations taken in, and what the decoder reads of them."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import COUNT, STEP_TIME, STEPS, SUMMED, physics_of
from pathcast.model.frontends.ball.filter import absorb_one, make_work
from pathcast.model.frontends.ball.flying import place_of
from pathcast.model.frontends.ball.inputs import write_head, write_inputs

STEP_S: Final = 1.0 / 60.0 - 1e-4
"""Least seconds between two steps of the encoder: a faster camera's innovations are summed, so that its steps stay as
those of the slower ones that it was trained on, and cost no more."""


@njit
def _take_in(
    row: Any,
    nominal: Any,
    reference: Any,
    settings: Any,
    fixtures: Any,
    level: Any,
    p: Any,
    time: float,
    position: Any,
    work: Any,
    innovation: Any,
    inputs: Any,
) -> bool:
    """One more observation of one track; whether a step of the encoder is due, whose inputs are then written."""
    is_first = row[COUNT] == 0.0
    hits = absorb_one(row, nominal, reference, settings, fixtures, level, p, time, position, work, innovation)
    for axis in range(3):
        row[SUMMED + axis] += innovation[axis]
    row[SUMMED + 3] += 1.0
    row[SUMMED + 4] += max(hits, 0)
    if not is_first and time - row[STEP_TIME] < STEP_S:
        return False
    for axis in range(3):
        innovation[axis] = row[SUMMED + axis] / math.sqrt(row[SUMMED + 3])
    elapsed = 0.0 if is_first else time - row[STEP_TIME]
    physics_of(row, nominal, reference, p)
    solid = place_of(row, fixtures, level, p)
    write_inputs(row, settings, solid, p, innovation, int(row[SUMMED + 4]), elapsed, inputs)
    row[STEPS] += 1.0
    row[STEP_TIME] = time
    row[SUMMED : SUMMED + 5] = 0.0
    return True


@njit
def absorb(
    filters: Any,
    nominal: Any,
    reference: Any,
    settings: Any,
    fixtures: Any,
    level: Any,
    times: Any,
    positions: Any,
    lengths: Any,
    steps: Any,
    counts: Any,
    ends: Any,
    kept: Any,
) -> None:
    """Takes `lengths` more observations of each track in.

    Args:
        filters: Changed in place. Shape [track, column].
        nominal, reference, settings, fixtures, level: As of `filter.absorb_one`.
        times, positions, lengths, steps: As of `FrontEnd.absorb`.
        counts: Written: steps of each track. Shape [track].
        ends: Places of observations after which the filters are kept, rising. Shape [track, end].
        kept: Written. Shape [track, end, column].
    """
    work, innovation, p = make_work(), np.empty(3), nominal.copy()
    for track in range(len(filters)):
        end, num = 0, 0
        for index in range(lengths[track]):
            is_due = _take_in(
                filters[track],
                nominal,
                reference,
                settings,
                fixtures,
                level,
                p,
                times[track, index],
                positions[track, index],
                work,
                innovation,
                steps[track, num],
            )
            num += is_due
            while end < ends.shape[1] and ends[track, end] == index:
                kept[track, end] = filters[track]
                end += 1
        counts[track] = num


@njit
def heads(
    filters: Any, nominal: Any, reference: Any, settings: Any, fixtures: Any, level: Any, landmark: Any, head: Any
) -> None:
    """Writes the decoder's inputs of each track."""
    p = nominal.copy()
    for track in range(len(filters)):
        physics_of(filters[track], nominal, reference, p)
        solid = place_of(filters[track], fixtures, level, p)
        write_head(filters[track], settings, solid, p, landmark, head[track])
