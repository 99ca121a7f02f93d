"""ETH/UCY: pedestrians as rows `frame pedestrian x y`, tabs or spaces between them, metres.

This is the form of the leave-one-scene-out files behind nearly every published table (Gupta et al. 2018, "Social
GAN"). Frame numbers are the video's: 10 of them are 0.4 s there. Scene ETH itself was annotated every 6 frames of a
15 Hz video; its file in the common split says 10, so its walkers seem 1.6 times as fast. Give `frames_per_second=15`
for a file that keeps the 6.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pathcast.errors import InputError
from pathcast.formats.text import check_whole, parse_numbers, read_rows
from pathcast.tracks import Tracks

FRAMES_PER_SECOND = 25.0
"""10 frames are 0.4 s."""

COLUMNS = ("frame", "pedestrian", "x", "y")


def read_eth_ucy(path: Path, *, frames_per_second: float = FRAMES_PER_SECOND) -> Tracks:
    """One scene of pedestrians, named after its file.

    Args:
        path: The file.
        frames_per_second: Frame numbers that pass in a second.

    Raises:
        InputError: With the line, for anything but four finite numbers a row, a pedestrian that stands twice in a
            frame, or one whose frames go backwards.
    """
    check_frame_rate(frames_per_second)
    rows, lines = read_rows(path)
    values = parse_numbers(rows, lines, COLUMNS, path, None)
    for column in (0, 1):
        check_whole(values[:, column], COLUMNS[column], lines, path)
    return Tracks.from_rows(
        0,
        values[:, 1].astype(np.uint64),
        values[:, 0] / frames_per_second,
        values[:, 2:],
        scene_names={0: path.stem},
        where=str(path),
        rows=lines,
    )


def check_frame_rate(frames_per_second: float) -> None:
    """Refuses a rate that is not over 0 and finite.

    Raises:
        InputError: It is not.
    """
    if not (np.isfinite(frames_per_second) and frames_per_second > 0):
        raise InputError("frames_per_second", "a finite number over 0", f"{frames_per_second}")
