"""Traffic: what became of the frames that were sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pathcast.service.client import Status


@dataclass(eq=False)
class Traffic:
    """Counts over all streams of a run."""

    num_frames: int = 0
    """Frames that were to be sent."""
    num_dropped: int = 0
    """Frames that a fault kept from being sent."""
    num_sent: int = 0
    num_due: int = 0
    """Frames of these, to which an answer is due."""
    num_answered: int = 0
    num_late: int = 0
    """Answers that came after the next frame was due."""
    num_conflated: int = 0
    """Answers that the server passed over for newer ones, by its own count."""
    num_refused: int = 0
    num_cut: int = 0
    """Connections that a fault cut."""
    num_resumed: int = 0
    """Connections that went on where another had broken."""
    num_exact: int = 0
    """Of these, those that went on from the very state."""
    num_swapped: int = 0
    """Pairs of tracks whose numbers a fault exchanged."""
    num_forecasts: int = 0
    """Tracks that were answered, over all answers."""
    statuses: Counter[str] = field(default_factory=Counter)
    ages_s: list[float] = field(default_factory=list)
    """From a frame's instant, or where frames are not paced from when it was sent, to its answer."""
    wall_s: float = 0.0

    @property
    def num_lost(self) -> int:
        """Frames whose answer was due and never came."""
        return self.num_due - self.num_answered

    def count(self, statuses: np.ndarray) -> None:
        """Counts the tracks of an answer."""
        self.num_forecasts += len(statuses)
        for status, number in zip(*np.unique(statuses, return_counts=True), strict=True):
            self.statuses[Status(int(status)).name.lower()] += int(number)

    def age_ms(self, share: float) -> float:
        """The age, ms, that a share of the answers does not exceed; NaN without answers."""
        return 1e3 * float(np.quantile(self.ages_s, share)) if self.ages_s else float("nan")

    def to_json(self) -> dict[str, Any]:
        """As a dictionary."""
        names = ("frames", "dropped", "sent", "answered", "late", "conflated", "refused", "cut", "resumed", "exact")
        counts: dict[str, Any] = {name: getattr(self, f"num_{name}") for name in (*names, "swapped", "forecasts")}
        ages = {name: self.age_ms(share) for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))}
        return counts | {
            "lost": self.num_lost,
            "statuses": dict(self.statuses),
            "age_ms": ages,
            "wall_s": self.wall_s,
        }
