"""Frames: times as whole frame numbers at a steady rate, for formats that number frames instead of timing them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from pathcast.errors import InputError
from pathcast.formats.eth_ucy import check_frame_rate
from pathcast.tracks import Tracks

LARGEST_SLIP = 1e-3
"""Share of the time between two frames by which a time may miss its frame: rounding, not another clock."""
LARGEST_FRAME = 2**53
"""Frame numbers beyond it are no longer exact as times."""


def numbered_frames(
    tracks: Tracks, where: str, frames_per_second: float | None = None
) -> tuple[Int[np.ndarray, " row"], float]:
    """The frame that each row stands at, and the rate in hertz; frame 0 is the time 0.

    Args:
        tracks: Some.
        where: The file that is written, for messages.
        frames_per_second: By default the one that the least time between two frames makes.

    Raises:
        InputError: A time at none of the frames, or no rate given where there are not two different times.
    """
    rate = frames_per_second if frames_per_second is not None else _steady_rate(tracks, where)
    check_frame_rate(rate)
    exact = tracks.time * rate
    frames = np.round(exact)
    wrong = np.flatnonzero((np.abs(exact - frames) > LARGEST_SLIP) | (np.abs(frames) > LARGEST_FRAME))
    if len(wrong):
        row = int(wrong[0])
        found = f"{tracks.time[row]:.9g} s in track {tracks.track[row]} of scene {tracks.scene[row]}"
        expected = f"times at whole frames of {rate:g} Hz, or another frames_per_second given"
        raise InputError(f"{where}: time", expected, found)
    return frames.astype(np.int64), rate


def check_planar(tracks: Tracks, where: str) -> None:
    """Refuses tracks with heights, for which the format has no place.

    Raises:
        InputError: As said.
    """
    if tracks.num_axes != 2:
        raise InputError(f"{where}: axes", "2, x and y", f"{tracks.num_axes}")


def check_one_scene(tracks: Tracks, where: str) -> None:
    """Refuses several scenes, for which the format has no place.

    Raises:
        InputError: As said.
    """
    scenes = np.unique(tracks.scene)
    if len(scenes) > 1:
        raise InputError(f"{where}: scenes", "one, which is all that such a file holds", f"{len(scenes)}")


def _steady_rate(tracks: Tracks, where: str) -> float:
    """The rate whose frames are as far apart as the two nearest times; in hertz, of three decimals if they do."""
    steps = np.diff(np.unique(tracks.time))
    steps = steps[steps > 1e-6]
    if not len(steps):
        raise InputError("frames_per_second", f"a rate given for {where}", "no two different times to tell it from")
    rate = 1.0 / float(steps.min())
    rounded = round(rate, 3)
    return rounded if rounded > 0 and abs(rate - rounded) < 1e-6 * rate else rate


def check_track_numbers(tracks: Tracks, where: str, most: int = LARGEST_FRAME) -> None:
    """Refuses track numbers that the format cannot hold.

    Raises:
        InputError: As said.
    """
    largest = int(tracks.track.max()) if tracks.num_rows else 0
    if largest > most:
        raise InputError(f"{where}: track", f"numbers up to {most}", f"{largest}")
