"""Whole tracks: tracks that are at hand as a whole, checked and laid out for an engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt64

from pathcast.errors import InputError
from pathcast.model.admission import Admission, admit
from pathcast.model.engine import Card
from pathcast.tracks import Tracks


@dataclass(frozen=True, eq=False)
class WholeTracks:
    """What was seen of tracks, and those of them that were seen at least twice."""

    seen: Tracks
    narrow: Float[np.ndarray, "row axis"]
    """Positions of what was seen from the origin, metres. float32."""
    times: Float[np.ndarray, "track time"]
    positions: Float[np.ndarray, "track time axis"]
    lengths: Int[np.ndarray, " track"]
    newest: Int[np.ndarray, " track"]
    """Each track's last row of what was seen."""

    @property
    def scene(self) -> Int[np.ndarray, " track"]:
        scene: np.ndarray = self.seen.scene[self.newest]
        return scene

    @property
    def track(self) -> UInt64[np.ndarray, " track"]:
        track: np.ndarray = self.seen.track[self.newest]
        return track


def check_frame(card: Card, tracks: Tracks, origin: tuple[float, ...] | None) -> Float[np.ndarray, " axis"]:
    """The origin, checked as the tracks' axes are.

    Raises:
        InputError: Other axes than the model's, or an origin that is not finite.
    """
    axes = card.num_axes
    if tracks.num_axes != axes:
        raise InputError("tracks.position", f"{axes} axes, those of {card.name}", f"{tracks.num_axes}")
    zero = np.zeros(axes) if origin is None else np.asarray(origin, np.float64)
    if zero.shape != (axes,) or not np.isfinite(zero).all():
        raise InputError("origin", f"{axes} finite metres", f"{origin}")
    return zero


def lay_out(tracks: Tracks, zero: Float[np.ndarray, " axis"]) -> WholeTracks:
    """What was seen, and the tracks among it that can be forecast in arrays as long as the longest."""
    seen = tracks.select(tracks.valid)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused as too far
        narrow = (seen.position - zero).astype(np.float32)
    counts = np.diff(seen.starts)
    first, lengths = seen.starts[:-1][counts >= 2], counts[counts >= 2]
    places = np.arange(int(lengths.max(initial=0)))
    is_inside = places < lengths[:, None]
    rows = np.where(is_inside, first[:, None] + places, 0)
    return WholeTracks(
        seen,
        narrow,
        np.where(is_inside, seen.time[rows], 0.0),
        np.where(is_inside[:, :, None], narrow[rows], np.float32(0)),
        lengths,
        first + lengths - 1,
    )


def check_near(times: Float[np.ndarray, " row"], positions: Float[np.ndarray, "row axis"]) -> None:
    """Refuses positions beyond the limit.

    Raises:
        InputError: There is one.
    """
    if (admit(np.full(len(times), -np.inf), times, positions) != Admission.ADMITTED).any():
        raise InputError("tracks.position", "at most 8000 m from the origin", "a position farther away")
