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

    filters: Float[np.ndarray, "person column"]
    """Rows of `States.filter`, those of the forecast tracks among them. float64."""
    scene: Int[np.ndarray, " person"]
    """Ascending."""
    own: Int[np.ndarray, " track"]
    """Each forecast track's own row."""
    stretch: Float[np.ndarray, "track 2"] | None = None
    """What x and y of everybody are multiplied by for each track, where training stretches and mirrors scenes."""

    def take(self, rows: Int[np.ndarray, " chosen"] | slice) -> Others:
        """For the chosen tracks; everybody stays there."""
        stretch = None if self.stretch is None else self.stretch[rows]
        return Others(self.filters, self.scene, self.own[rows], stretch)
