"""Contacts: where and when tracks will touch something next, as engines of balls foretell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float, Int

CONTACT_KINDS = ("floor", "table", "net", "rim", "board", "wall")
"""What is touched, by number from 1 on, as in the contract."""


@dataclass(frozen=True, eq=False)
class Contacts:
    """Foretold contacts of some tracks, by track, then time."""

    row: Int[np.ndarray, " contact"]
    """Which of the tracks that were asked about."""
    kind: Int[np.ndarray, " contact"]
    """Number of `CONTACT_KINDS`, from 1."""
    probability: Float[np.ndarray, " contact"]
    """That it happens within the horizon asked for."""
    offset_s: Float[np.ndarray, " contact"]
    """Expected seconds after the track's newest observation, if it happens."""
    deviation_s: Float[np.ndarray, " contact"]
    """Standard deviation of that, seconds."""
    position: Float[np.ndarray, "contact 3"]
    """Expected place of the ball's centre, metres."""
    covariance: Float[np.ndarray, "contact 6"]
    """Of the place, m², packed upper triangle."""

    @property
    def num_contacts(self) -> int:
        return len(self.row)

    def of_rows(self, start: int, stop: int) -> Contacts:
        """Those of the tracks from `start` up to `stop`, counted from `start` on."""
        some = self.select((self.row >= start) & (self.row < stop))
        return replace(some, row=some.row - start)

    def of_tracks(self, rows: Int[np.ndarray, " chosen"]) -> Contacts:
        """Those of the chosen tracks, ascending, which are numbered anew in that order."""
        some = self.select(np.isin(self.row, rows))
        return replace(some, row=np.searchsorted(rows, some.row))

    def select(self, chosen: Bool[np.ndarray, " contact"]) -> Contacts:
        """The chosen ones, of the same tracks."""
        return Contacts(
            self.row[chosen],
            self.kind[chosen],
            self.probability[chosen],
            self.offset_s[chosen],
            self.deviation_s[chosen],
            self.position[chosen],
            self.covariance[chosen],
        )

    def is_finite(self, num_tracks: int) -> Bool[np.ndarray, " track"]:
        """Whether all numbers of a track's contacts are finite."""
        scalars = np.stack([self.probability, self.offset_s, self.deviation_s], axis=1)
        is_whole = np.isfinite(np.concatenate([scalars, self.position, self.covariance], axis=1)).all(axis=1)
        result = np.ones(num_tracks, np.bool_)
        result[self.row[~is_whole]] = False
        return result


def no_contacts() -> Contacts:
    """None at all."""
    whole, some = np.zeros(0, np.int64), np.zeros(0)
    return Contacts(whole, whole, some, some, some, np.zeros((0, 3)), np.zeros((0, 6)))


def join_contacts(parts: Sequence[Contacts]) -> Contacts:
    """Contacts of several groups of tracks, whose rows are numbered together already, by track, then time."""
    if len(parts) == 1:
        return parts[0]
    together = Contacts(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Contacts)))
    order = np.lexsort((together.offset_s, together.row))
    return Contacts(*(getattr(together, each.name)[order] for each in fields(Contacts)))
