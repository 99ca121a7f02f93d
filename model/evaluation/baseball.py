"""Recorded pitches: Statcast's nine-parameter fits as paths from release to plate. Metres, seconds.

A pitch is p(t) = p0 + v0 t + a t²/2 with time 0 at y = 50 ft; the files have v0 and a there, and the place at release,
from which p0 follows. Axes are the files': x to the right from the catcher, y from home plate's tip to the mound, z up.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.errors import InputError

FOLDER: Final = "baseball_statcast"
FOOT_M: Final = 0.3048
PLATE_Y_M: Final = 17 / 12 * FOOT_M
"""The front of home plate."""
FIT_Y_FT: Final = 50.0
RATE_HZ: Final = 60.0
RELEASES: Final = (("xR", "yR", "zR"), ("release_pos_x", "release_pos_y", "release_pos_z"))
"""Columns of the release, ft, by kind of file."""
NUMBERS: Final = ("vx0", "vy0", "vz0", "ax", "ay", "az")
AGREES_FT: Final = 0.12
"""A fit's own crossing of the plate, and the recorded one, differ by no more; others are left out."""


@dataclass(frozen=True, eq=False)
class Pitches:
    """Paths that start at release."""

    place: Float[np.ndarray, "pitch 3"]
    velocity: Float[np.ndarray, "pitch 3"]
    acceleration: Float[np.ndarray, "pitch 3"]
    num_left_out: int
    """Of the files: without a number that is needed, or whose fit and recorded crossing disagree."""

    @property
    def num_pitches(self) -> int:
        return len(self.place)

    def at(self, times: Float[np.ndarray, "pitch time"]) -> Float[np.ndarray, "pitch time 3"]:
        """Positions at seconds from release."""
        t = times[:, :, None]
        return np.asarray(self.place[:, None] + self.velocity[:, None] * t + self.acceleration[:, None] * t * t / 2)

    @property
    def crossing_times(self) -> Float[np.ndarray, " pitch"]:
        """Seconds from release to the front of the plate."""
        return time_at(
            self.place[:, 1], self.velocity[:, 1], self.acceleration[:, 1], np.full(len(self.place), PLATE_Y_M)
        )


def time_at(
    place: Float[np.ndarray, " pitch"],
    velocity: Float[np.ndarray, " pitch"],
    acceleration: Float[np.ndarray, " pitch"],
    there: Float[np.ndarray, " pitch"],
) -> Float[np.ndarray, " pitch"]:
    """The time nearest 0 at which p + v t + a t²/2 is there, in the form without cancellation; NaN where never."""
    off = place - there
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(velocity**2 - 2.0 * acceleration * off)
        return np.asarray(2.0 * off / (-velocity + np.copysign(root, -velocity)))


def read_pitches(data_dir: str | Path) -> Pitches:
    """Every pitch of the files, each once.

    Raises:
        InputError: No files, or a file of other columns.
    """
    files = sorted((Path(data_dir) / "ball" / FOLDER).glob("*.csv"))
    if not files:
        raise InputError("--data", f"a folder with ball/{FOLDER}/*.csv", str(data_dir))
    parts = [_read(file) for file in files]
    rows = np.concatenate(parts)
    # One pitch may stand in several files, with more digits or fewer.
    rows = rows[_first_of_each(np.round(rows[:, 3:9], 3))]
    whole = rows[np.isfinite(rows).all(axis=1)]
    release, velocity, acceleration, plate = whole[:, :3], whole[:, 3:6], whole[:, 6:9], whole[:, 9:]
    since = time_at(np.full(len(whole), FIT_Y_FT), velocity[:, 1], acceleration[:, 1], release[:, 1])
    found = Pitches(
        release * FOOT_M,
        (velocity + acceleration * since[:, None]) * FOOT_M,
        acceleration * FOOT_M,
        len(rows),
    )
    ends = found.at(found.crossing_times[:, None])[:, 0, [0, 2]] / FOOT_M
    good = np.isfinite(ends).all(axis=1) & (np.abs(ends - plate) <= AGREES_FT).all(axis=1)
    return Pitches(found.place[good], found.velocity[good], found.acceleration[good], len(rows) - int(good.sum()))


def _read(path: Path) -> NDArray[np.float64]:
    """Release, velocity, acceleration and crossing of a file's rows, ft; NaN where it has no number."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        header = reader.fieldnames or []
        releases = [columns for columns in RELEASES if set(columns) <= set(header)]
        missing = {*NUMBERS, "plate_x", "plate_z"} - set(header)
        if not releases or missing:
            raise InputError(
                str(path), f"columns {', '.join((*NUMBERS, *RELEASES[1]))}", f"{', '.join(header[:8])}, ..."
            )
        columns = (*releases[0], *NUMBERS, "plate_x", "plate_z")
        return np.array([[_number(row[column]) for column in columns] for row in reader]).reshape(-1, len(columns))


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def _first_of_each(rows: NDArray[np.float64]) -> Int[np.ndarray, " row"]:
    """Indices of the rows that are not the same as an earlier one."""
    return np.sort(np.unique(rows, axis=0, return_index=True)[1])
