"""Writing: tracks to a file, in the format that its name ends in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from pathcast.errors import InputError
from pathcast.formats.csv import write_csv
from pathcast.formats.jupedsim import write_jupedsim
from pathcast.formats.parquet import write_parquet
from pathcast.formats.trajnet import write_trajnet_tracks
from pathcast.tracks import Tracks

WRITERS: Final[dict[str, Callable[[Tracks, Path], None]]] = {
    ".csv": write_csv,
    ".parquet": write_parquet,
    ".pq": write_parquet,
}
"""What can be written, and brought back bit for bit, by suffix."""
EXCHANGE: Final[dict[str, Callable[[Tracks, Path], None]]] = {
    ".ndjson": write_trajnet_tracks,
    ".sqlite": write_jupedsim,
}
"""Forms of other programs, by suffix: positions that were seen, at a steady rate."""


def write_tracks(tracks: Tracks, path: str | Path) -> None:
    """Writes a CSV or Parquet file that `read_tracks` brings back bit for bit, TrajNet++ ndjson or JuPedSim sqlite.

    Atomically. The last two hold what was seen of people at a steady rate, and one of the scenes' names at most;
    `pathcast.formats.trajnet` and `pathcast.formats.jupedsim` say more, and `pathcast.formats.juelich` writes text.

    Raises:
        InputError: Another suffix, tracks that the format cannot hold, or a place where no file can be written.
    """
    target = Path(path)
    check_suffix(target, (*WRITERS, *EXCHANGE))
    (WRITERS | EXCHANGE)[target.suffix.lower()](tracks, target)


def check_suffix(path: Path, known: Collection[str] = tuple(WRITERS)) -> None:
    """Refuses a file name whose suffix names no format that holds any tracks.

    Raises:
        InputError: As said.
    """
    if path.suffix.lower() not in known:
        raise InputError(str(path), f"a name that ends in {', '.join(known)}", repr(path.suffix))
