"""Contacts foretold: sample flights' events, gathered by what is touched and which time it is touched."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.contacts import CONTACT_KINDS, Contacts
from pathcast.simulator.ball.surfaces import KINDS

LEAST_PROBABILITY: Final = 0.05
MOST_CONTACTS: Final = 8
"""Of a track."""
_NUMBERS: Final = {name: CONTACT_KINDS.index(name) + 1 for name in ("floor", "table", "net", "rim", "board")}
_NUMBER_OF: Final = np.array(
    [
        {"bridge": _NUMBERS["rim"], "obstacle": CONTACT_KINDS.index("wall") + 1}.get(name, _NUMBERS.get(name, 0))
        for name in KINDS
    ]
)
"""Of each kind of event, the number of its contact; 0 of gates, which stop nothing."""


def gather_contacts(
    kinds: Int[np.ndarray, "track sample event"], events: Float[np.ndarray, "track sample event number"]
) -> Contacts:
    """What the samples touch: the n-th contact of a kind is one contact, with the share of the flights that have it.

    Args:
        kinds: Numbers of `surfaces.KINDS`; -1 after the last.
        events: Seconds and places.
    """
    numbers = np.where(kinds >= 0, _NUMBER_OF[kinds], 0)
    columns: list[tuple[np.ndarray, ...]] = []
    for kind in range(1, len(CONTACT_KINDS) + 1):
        is_kind = numbers == kind
        order = np.cumsum(is_kind, axis=2)
        for turn in range(1, int(order.max(initial=0)) + 1):
            is_it = is_kind & (order == turn)
            count = is_it.sum(axis=(1, 2))
            rows = np.flatnonzero(count >= max(LEAST_PROBABILITY * kinds.shape[1], 1))
            if len(rows):
                columns.append(_summed(rows, kind, is_it[rows], events[rows], kinds.shape[1]))
    if not columns:
        empty = np.zeros(0)
        return Contacts(
            empty.astype(np.int64), empty.astype(np.int64), empty, empty, empty, np.zeros((0, 3)), np.zeros((0, 6))
        )
    parts = [np.concatenate(part) for part in zip(*columns, strict=True)]
    by_probability = np.lexsort((-parts[2], parts[0]))
    rank = np.arange(len(parts[0])) - np.searchsorted(parts[0][by_probability], parts[0][by_probability])
    kept = by_probability[rank < MOST_CONTACTS]
    kept = kept[np.lexsort((parts[3][kept], parts[0][kept]))]
    return Contacts(*(part[kept] for part in parts))


def _summed(
    rows: Int[np.ndarray, " track"], kind: int, is_it: np.ndarray, events: np.ndarray, num_samples: int
) -> tuple[np.ndarray, ...]:
    """One contact of each of some tracks, in the order of `Contacts`."""
    weight = is_it[..., None].astype(np.float64)
    count = weight.sum(axis=(1, 2))
    numbers = np.where(is_it[..., None], events, 0.0)
    mean = numbers.sum(axis=(1, 2)) / count
    off = np.where(is_it[..., None], events - mean[:, None, None], 0.0)
    spread = np.einsum("nsei,nsej->nij", off, off) / count[..., None]
    upper = np.triu_indices(3)
    return (
        rows,
        np.full(len(rows), kind),
        count[:, 0] / num_samples,
        mean[:, 0],
        np.sqrt(spread[:, 0, 0]),
        mean[:, 1:],
        spread[:, 1:, 1:][:, upper[0], upper[1]],
    )
