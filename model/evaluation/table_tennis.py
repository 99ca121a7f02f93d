"""Recorded table tennis: flights of two public sets, their bounces, and what of them is shown and what is forecast.

The tracks are split once, by number: those whose number four divides are for choosing noise and priors, the others are
reported. A flight goes up to its first contact or its end. It counts from a prefix on if at least `LEAST_AHEAD`
observations lie between the prefix and there.
"""

from __future__ import annotations

import csv
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.formats.table_tennis import read_table_tennis

Part = Literal["reported", "tuning"]
Reach = Literal["to_bounce", "through"]
RADIUS_M: Final = 0.02
SETS: Final = {"spindoe": ("table_tennis_spindoe", RADIUS_M), "tt3d": ("table_tennis_tt3d", 0.0)}
"""Folder of each set, and what must be added to its heights, metres: heights of spindoe are 0 where the ball touches
the table, those of tt3d are of its centre."""
LEAST_AHEAD: Final = 5
FALLING_MPS: Final = 0.3
"""A ball that bounces falls and rises at least so fast, over two observations either side."""
AT_TABLE_M: Final = 0.06
"""Contacts no farther from the height of a ball on the table are bounces on it; others are of rackets and floors."""
LONGEST_S: Final = 0.5
"""After the newest observation, of what is forecast: the horizon of the sport's bundle."""


@dataclass(frozen=True, eq=False)
class Flight:
    """One recorded track, the table's top at height 0."""

    number: int
    times: Float[np.ndarray, " time"]
    """Seconds from its first observation; of two with the same time the first is kept."""
    positions: Float[np.ndarray, "time 3"]
    """Of the ball's centre, metres."""
    contacts: tuple[int, ...]
    """Observations lowest at each contact."""
    spin: Float[np.ndarray, " 3"] | None
    """rad/s, where it was measured."""

    @property
    def part(self) -> Part:
        return part_of(self.number)

    def is_bounce(self, index: int) -> bool:
        """Whether a contact is with the table."""
        return bool(abs(self.positions[index, 2] - RADIUS_M) <= AT_TABLE_M)


@dataclass(frozen=True, eq=False)
class Shown:
    """What is shown of a flight, and what is to be forecast."""

    flight: Flight
    times: Float[np.ndarray, " past"]
    positions: Float[np.ndarray, "past 3"]
    offsets: Float[np.ndarray, " time"]
    """Seconds after the newest observation shown."""
    truth: Float[np.ndarray, "time 3"]


def part_of(number: int) -> Part:
    """Which part a track belongs to."""
    return "tuning" if number % 4 == 0 else "reported"


def read_flights(data_dir: str | Path, name: str) -> list[Flight]:
    """All flights of a set, by number.

    Raises:
        InputError: An unknown set, or a folder without its files.
    """
    if name not in SETS:
        raise InputError("set", f"one of {', '.join(SETS)}", repr(name))
    folder, rise = SETS[name]
    whole = Path(data_dir) / "ball" / folder
    files = sorted(whole.glob("[0-9]*.csv"))
    if not files:
        raise InputError("--data", f"a folder with ball/{folder}/NNN.csv", str(data_dir))
    spins = _spins(whole / "index.csv")
    reader = logging.getLogger("pathcast.formats.table_tennis")
    level, flights = reader.level, []
    # Each file with repeated times would be a line; the protocol says that they are dropped.
    reader.setLevel(logging.ERROR)
    try:
        for file in files:
            tracks = read_table_tennis(file)
            positions = tracks.position.astype(np.float64) + np.array([0.0, 0.0, rise])
            times = tracks.time - tracks.time[0]
            number = int(file.stem)
            flights.append(Flight(number, times, positions, find_contacts(times, positions[:, 2]), spins.get(number)))
    finally:
        reader.setLevel(level)
    return flights


def find_contacts(times: Float[np.ndarray, " time"], heights: Float[np.ndarray, " time"]) -> tuple[int, ...]:
    """Observations no higher than their neighbours, into which the ball fell and from which it rose."""
    found: list[int] = []
    for index in range(2, len(times) - 2):
        fall = (heights[index] - heights[index - 2]) / (times[index] - times[index - 2])
        rise = (heights[index + 2] - heights[index]) / (times[index + 2] - times[index])
        is_low = heights[index] <= min(heights[index - 1], heights[index + 1])
        if is_low and fall < -FALLING_MPS and rise > FALLING_MPS and (not found or index > found[-1] + 2):
            found.append(index)
    return tuple(found)


def show(flight: Flight, prefix_s: float, reach: Reach) -> Shown | None:
    """A flight cut after a prefix; None where too little is left before the first contact.

    Args:
        flight: Any.
        prefix_s: Observations up to so long after the first are shown.
        reach: Up to the first contact or the end; or through the first bounce, up to the next contact or where the ball
            turns back, for flights that bounce after the prefix. Either way up to `LONGEST_S`.
    """
    shown = int((flight.times <= prefix_s + 1e-9).sum())
    ends = [*flight.contacts, len(flight.times)]
    if shown < 2 or ends[0] - shown < LEAST_AHEAD:
        return None
    within = int((flight.times <= flight.times[shown - 1] + LONGEST_S + 1e-9).sum())
    last = min(ends[0], within)
    if reach == "through":
        if not flight.contacts or not flight.is_bounce(ends[0]):
            return None
        last = min(ends[1], _turns_back(flight.positions), within)
        if last <= ends[0] + 1:
            return None
    return Shown(
        flight,
        flight.times[:shown],
        flight.positions[:shown],
        flight.times[shown:last] - flight.times[shown - 1],
        flight.positions[shown:last],
    )


def _turns_back(positions: NDArray[np.float64]) -> int:
    """The first observation from which on the ball flies against its first way: a racket's stroke."""
    way = positions[min(5, len(positions) - 1), :2] - positions[0, :2]
    back = np.flatnonzero((np.diff(positions[:, :2], axis=0) @ way) < 0.0)
    return int(back[0]) + 1 if len(back) else len(positions)


def _spins(path: Path) -> dict[int, NDArray[np.float64]]:
    """Measured spins by track number; none where there is no such file.

    Raises:
        InputError: A file of other columns, or of something other than numbers.
    """
    if not path.is_file():
        return {}
    found = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                found[int(row["traj_file"])] = np.array([float(row[f"{axis}_spin"]) for axis in "xyz"])
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(f"{path}:{line}", "traj_file,x_spin,y_spin,z_spin in rad/s", str(error)) from error
    return found
