"""Fork picture: what people did up to an instant, and all that they may do from there."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pathcast.formats.atomic import replacing
from pathcast.live.picture import above
from pathcast.simulator.pedestrian.forks import Forks


def draw_forks(forks: Forks, scene: int, title: str, path: Path) -> None:
    """Writes a PNG of one scene from above: the past as thick lines, each future as a thin one.

    Args:
        forks: Of some scenes.
        scene: Global index of the one drawn.
        title: Above the picture.
        path: Where to.

    Raises:
        InputError: The file cannot be written.
    """
    figure, axis = above(forks.venue(scene))
    futures = forks.futures.select(forks.scene == scene)
    faint = float(np.clip(8.0 / forks.num_branches, 0.08, 0.6))
    for track in futures.each():
        axis.plot(*track.position.T, color=f"C{track.track % 10}", lw=0.8, alpha=faint, zorder=2)
    for track in forks.past.select(forks.past.scene == scene).each():
        axis.plot(*track.position.T, color=f"C{track.track % 10}", lw=2.0, zorder=3)
        if track.time[-1] > forks.at_s - 1e-9:
            axis.plot(*track.position[-1:].T, "o", color=f"C{track.track % 10}", ms=5, zorder=4)
    axis.plot([], [], color="black", lw=2.0, label="past")
    axis.plot([], [], color="black", lw=0.8, alpha=0.5, label="futures")
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=8, ncols=3, frameon=False)
    axis.set_title(title, loc="left")
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=110, bbox_inches="tight")
