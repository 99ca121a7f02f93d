"""Loops over tracks: observations taken in, and what the decoder reads of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import COUNT, TIME, physics_of
from pathcast.model.frontends.ball.filter import absorb_one, make_work
from pathcast.model.frontends.ball.flying import place_of
from pathcast.model.frontends.ball.inputs import write_head, write_inputs


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
) -> None:
    """One more observation of one track, and the encoder's inputs at it."""
    elapsed = time - row[TIME] if row[COUNT] > 0.0 else 0.0
    hits = absorb_one(row, nominal, reference, settings, fixtures, level, p, time, position, work, innovation)
    physics_of(row, nominal, reference, p)
    solid = place_of(row, fixtures, level, p)
    write_inputs(row, settings, solid, p, innovation, hits, elapsed, inputs)


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
    ends: Any,
    kept: Any,
) -> None:
    """Takes `lengths` more observations of each track in.

    Args:
        filters: Changed in place. Shape [track, column].
        nominal, reference, settings, fixtures, level: As of `filter.absorb_one`.
        times, positions, lengths, steps: As of `FrontEnd.absorb`.
        ends: Places of observations after which the filters are kept, rising. Shape [track, end].
        kept: Written. Shape [track, end, column].
    """
    work, innovation, p = make_work(), np.empty(3), nominal.copy()
    for track in range(len(filters)):
        end = 0
        for index in range(lengths[track]):
            _take_in(
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
                steps[track, index],
            )
            while end < ends.shape[1] and ends[track, end] == index:
                kept[track, end] = filters[track]
                end += 1


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
