"""Contacts: where and when tracks will touch something next, as engines of balls foretell it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

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
        some = (self.row >= start) & (self.row < stop)
        return Contacts(
            self.row[some] - start,
            self.kind[some],
            self.probability[some],
            self.offset_s[some],
            self.deviation_s[some],
            self.position[some],
            self.covariance[some],
        )


def no_contacts() -> Contacts:
    """None at all."""
    whole, some = np.zeros(0, np.int64), np.zeros(0)
    return Contacts(whole, whole, some, some, some, np.zeros((0, 3)), np.zeros((0, 6)))
