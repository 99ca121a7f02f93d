"""Scenes that are shown: what is sent frame by frame, where it happens, and, where it is known, the truth beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError
from pathcast.live.watch import FrameRow, scenes_of
from pathcast.tracks import Tracks
from pathcast.venue import Venue

PERSON_RADIUS_M = 0.2
MOST_ROWS = 200_000
"""Observations of a file that the page replays."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ShownScene:
    """One scene."""

    title: str
    frames: list[FrameRow]
    """At least one; those in which nothing is seen among them."""
    model: str | None = None
    """Its name on the server; None: the one for as many axes."""
    venue: Venue | None = None
    """The place, in the world of the frames; None: the model's."""
    radius_m: float = PERSON_RADIUS_M
    """Of what moves; 0: nobody knows."""
    truth: Sequence[Mapping[int, Float[np.ndarray, " axis"]]] | None = None
    """Where each track really was at each frame, metres; None: nobody knows."""
    became: str | None = None
    """What became of it in the end, in a word; None: nobody knows."""
    became_at_s: float | None = None
    """When that was decided, by the clock of the frames."""
    goals: Mapping[str, list[list[float]]] = field(default_factory=dict)
    """Ends of segments that people may head for, metres, for models that weigh them."""

    @property
    def num_axes(self) -> int:
        """Of positions."""
        return next(int(positions.shape[1]) for _, ids, positions in self.frames if ids)

    @property
    def bounds(self) -> tuple[list[float], list[float]]:
        """Least and most along each axis of all that is seen or true, metres."""
        places = [positions for _, ids, positions in self.frames if ids]
        places += [np.array(list(each.values())) for each in self.truth or () if each]
        rows = np.concatenate(places)
        rows = rows[np.isfinite(rows).all(axis=1)]
        if not len(rows):
            raise InputError(self.title, "a finite position", "none")
        return rows.min(axis=0).tolist(), rows.max(axis=0).tolist()


def scenes_of_tracks(tracks: Tracks, title: str) -> list[ShownScene]:
    """The scenes of recorded tracks.

    Raises:
        InputError: There is no observation, or more than `MOST_ROWS`.
    """
    if not tracks.valid.any():
        raise InputError(title, "at least one observation", "none")
    if tracks.num_rows > MOST_ROWS:
        raise InputError(title, f"at most {MOST_ROWS} observations to replay", f"{tracks.num_rows}")
    return [
        ShownScene(
            title=title if name is None else f"{title}, {name}",
            frames=frames,
            radius_m=PERSON_RADIUS_M if tracks.num_axes == 2 else 0.0,
        )
        for name, frames in scenes_of(tracks)
        if any(ids for _, ids, _ in frames)
    ]
