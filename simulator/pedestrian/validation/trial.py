"""Trial: what is validated, and by which seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pathcast.simulator.pedestrian.parameters import CALIBRATED, STEP_S, WalkingParameters

Half = Literal["first", "second"]
SECOND_HALF: Final = 1000
"""First seed of the second half; those of the first half begin at 0."""


@dataclass(frozen=True)
class Trial:
    """A model, and the half of the seeds it walks by: parameters are fitted on the first, reported on the second."""

    half: Half = "second"
    parameters: WalkingParameters = CALIBRATED
    step_s: float = STEP_S

    def seeds(self, num: int) -> tuple[int, ...]:
        """The first so many seeds of the half."""
        first = SECOND_HALF if self.half == "second" else 0
        return tuple(range(first, first + num))
