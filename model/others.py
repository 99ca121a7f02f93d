"""Others: everybody who is there when tracks are forecast, for models that look at the other people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Others:
    """The filters of all people, scene by scene; people of different scenes do not see each other.

    A scene here is what one person can see at one instant: people as they stood at another instant are another scene.
    """

    filters: Float[np.ndarray, "row column"]
    """Rows of `States.filter`, those of the forecast tracks among them. float64."""
    scene: Int[np.ndarray, " person"]
    """Ascending."""
    own: Int[np.ndarray, " track"]
    """Which person each forecast track is."""
    stretch: Float[np.ndarray, "track 2"] | None = None
    """What x and y of everybody are multiplied by for each track, where training stretches and mirrors scenes."""
    row: Int[np.ndarray, " person"] | None = None
    """The row of each person's filter, where people who stand in several scenes share one; None: each has the next."""

    def take(self, rows: Int[np.ndarray, " chosen"] | slice) -> Others:
        """For the chosen tracks; people of scenes before their first and after their last are left out."""
        own = self.own[rows]
        scenes = self.scene[own]
        first = int(np.searchsorted(self.scene, scenes.min())) if len(own) else 0
        end = int(np.searchsorted(self.scene, scenes.max(), side="right")) if len(own) else 0
        people = slice(first, end)
        filters = self.filters[people] if self.row is None else self.filters
        return Others(
            filters,
            self.scene[people],
            own - first,
            None if self.stretch is None else self.stretch[rows],
            None if self.row is None else self.row[people],
        )
