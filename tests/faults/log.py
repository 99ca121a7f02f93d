"""Log: what a client sent and got while something broke, from which everything is counted that the table says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pathcast.service.client import Forecasts, Refused

TOLERANCE = 1e-5
"""Metres and probability that a forecast may lie beside its reference."""


def difference(found: Forecasts, expected: Forecasts) -> float:
    """The largest difference of means (metres) and probabilities; infinite where tracks or statuses are others."""
    order, other = np.argsort(found.track_ids), np.argsort(expected.track_ids)
    if not np.array_equal(found.track_ids[order], expected.track_ids[other]):
        return np.inf
    if not np.array_equal(found.statuses[order], expected.statuses[other]):
        return np.inf
    if not len(order):
        return 0.0
    assert found.means is not None and expected.means is not None
    pairs = ((found.means, expected.means), (found.probabilities, expected.probabilities))
    gaps = [np.abs(one[order].astype(float) - two[other]).max() for one, two in pairs]
    return float(max(gaps)) if np.isfinite(gaps).all() else np.inf


@dataclass
class Log:
    """One injection, as its client saw it."""

    sent: dict[int, int] = field(default_factory=dict)
    """Observations by the frame that they were sent in."""
    answered: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    conflated: int = 0
    differences: list[float] = field(default_factory=list)
    longest_wait_s: float = 0.0
    """Of the witness."""
    witnessed: int = 0
    """Answers of the witness."""
    complaints: list[str] = field(default_factory=list)

    def send(self, number: int, ids: Sequence[int]) -> None:
        """Frame `number` is about to be sent."""
        if number in self.sent:
            self.complaints.append(f"frame {number} was sent twice")
        self.sent[number] = len(ids)

    def got(self, reply: object, expected: Sequence[Forecasts] | Forecasts) -> None:
        """A reply came, where the answers to all frames, or to this one, would be those."""
        if isinstance(reply, Refused):
            self.complaints.append(f"refused: {reply}")
        elif not isinstance(reply, Forecasts):
            self.complaints.append(f"no answer but {reply}")
        else:
            number = reply.frame_number
            if number in self.answered or number not in self.sent:
                self.complaints.append(f"an answer to frame {number} that was not asked for")
            self.answered.add(number)
            self.conflated += reply.frames_conflated
            one = expected if isinstance(expected, Forecasts) else expected[number]
            self.differences.append(difference(reply, one))
            if self.differences[-1] > TOLERANCE:
                self.complaints.append(f"frame {number} differs by {self.differences[-1]:.3g}")

    def got_refused(self, reply: object, number: int, code: int) -> None:
        """A reply came, where frame `number` is to be refused with a google.rpc.Code."""
        if isinstance(reply, Refused) and (reply.frame_number, reply.code) == (number, code):
            self.refused.add(number)
        else:
            self.complaints.append(f"frame {number}: expected a refusal of code {code}, found {str(reply)[:200]}")

    def expect(self, is_so: bool, words: str) -> None:
        """Complains unless something is so."""
        if not is_so:
            self.complaints.append(words)

    @property
    def num_lost(self) -> int:
        """Frames that were neither answered nor refused, nor gave way to a newer answer."""
        return len(self.sent) - len(self.answered) - len(self.refused) - self.conflated

    @property
    def has_survived(self) -> bool:
        """Whether all went as it should."""
        return bool(self.sent) and not self.num_lost and not self.complaints
