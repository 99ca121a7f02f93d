"""Goals: places that things may be heading for, named by whoever asks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.model.admission import MAX_POSITION_M
from pathcast.model.named import check_names

MAX_GOALS = 64

Place = Sequence[float] | Sequence[Sequence[float]] | NDArray[np.floating[Any]]
Places = Mapping[str, Place]
"""By name: a point [axis], or the two ends of a segment [2, axis], metres in two axes."""


@dataclass(frozen=True, eq=False)
class Goals:
    """Candidate destinations on the ground; `Goals.of` and `named.check_names` check what comes in."""

    names: tuple[str, ...]
    ends: Float[np.ndarray, "goal 4"]
    """Two ends of each, x0 y0 x1 y1, metres; those of a point are equal."""

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def of(cls, places: Places, origin: Sequence[float] = (0.0, 0.0)) -> Goals:
        """Named points and segments.

        Args:
            places: By name, metres.
            origin: Metres, subtracted in double precision.

        Raises:
            InputError: A name that is empty, a place of another shape, or one that is not finite or farther from the
                origin than 8 km.
            LimitError: More goals than there may be.
        """
        check_names(list(places), "goals", MAX_GOALS, "goals")
        ends = np.zeros((len(places), 4))
        for row, (name, place) in enumerate(places.items()):
            array = np.asarray(place, np.float64)
            if array.shape not in ((2,), (2, 2)):
                raise InputError(f"goals: {name}", "a point of 2 axes or the 2 ends of a segment", f"{array.shape}")
            array = array - np.asarray(origin, np.float64)[:2]
            for value in array.ravel().tolist():
                check_goal_coordinate(value, f"goals: {name}")
            ends[row] = np.broadcast_to(array, (2, 2)).ravel()
        return cls(tuple(places), ends)


NO_GOALS = Goals((), np.zeros((0, 4)))


def check_goal_coordinate(value: float, where: str) -> None:
    """Refuses a coordinate that cannot be computed with.

    Raises:
        InputError: It is not finite, or too far from the origin.
    """
    if not (math.isfinite(value) and abs(value) <= MAX_POSITION_M):
        raise InputError(where, f"finite metres, at most {MAX_POSITION_M:.0f} from the origin", f"{value:g}")
