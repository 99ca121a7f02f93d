"""Writing: tracks to a file, in the format that its name ends in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pathcast.errors import InputError
from pathcast.formats.csv import write_csv
from pathcast.formats.parquet import write_parquet
from pathcast.tracks import Tracks

WRITERS: Final[Mapping[str, Callable[[Tracks, Path], None]]] = {
    ".csv": write_csv,
    ".parquet": write_parquet,
    ".pq": write_parquet,
}
"""What can be written, by suffix."""


def write_tracks(tracks: Tracks, path: str | Path) -> None:
    """Writes a CSV or Parquet file that `read_tracks` brings back bit for bit; atomically.

    Raises:
        InputError: Another suffix, or a place where no file can be written.
    """
    target = Path(path)
    check_suffix(target)
    WRITERS[target.suffix.lower()](tracks, target)


def check_suffix(path: Path) -> None:
    """Refuses a file name whose suffix names no format that can be written.

    Raises:
        InputError: As said.
    """
    if path.suffix.lower() not in WRITERS:
        raise InputError(str(path), f"a name that ends in {', '.join(WRITERS)}", repr(path.suffix))
