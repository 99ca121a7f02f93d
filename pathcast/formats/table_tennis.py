"""Table tennis: one flight of a ball per file, in the two forms that the public sets have. Seconds and metres.

- spindoe (Gossard et al. 2023): `t;x;y;z`, no header, about 143 Hz, irregular. Times are rounded to milliseconds, and
  in a few files two rows have the same one.
- tt3d (Gossard et al. 2025): header `Timestamp,X,Y,Z`, 179 Hz, origin at the middle of the table's top.

A ball cannot be in two places at once: of rows with the same time the first is kept and the others are dropped, and
their number is logged as a warning. Time going backwards is refused.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from pathcast.formats.text import parse_numbers, read_rows
from pathcast.tracks import Tracks

HEADER = "timestamp,x,y,z"
COLUMNS = ("time", "x", "y", "z")

log = logging.getLogger(__name__)


def read_table_tennis(path: Path) -> Tracks:
    """One scene, named after its file, with one track, number 0.

    Raises:
        InputError: With the line, for anything but four finite numbers a row, or time going backwards.
    """
    rows, lines = read_rows(path)
    has_header = rows[0].replace(" ", "").lower() == HEADER
    delimiter = "," if has_header else ";"
    start = 1 if has_header else 0
    values = parse_numbers(rows[start:], lines[start:], COLUMNS, path, delimiter)
    is_new = np.append(True, np.diff(values[:, 0]) != 0)
    num_repeated = int((~is_new).sum())
    if num_repeated:
        log.warning("%s: dropped %d of %d rows, which repeat the time before them", path, num_repeated, len(values))
    return Tracks.from_rows(
        0,
        0,
        values[is_new, 0],
        values[is_new, 1:],
        scene_names={0: path.stem},
        where=str(path),
        rows=np.asarray(lines[start:])[is_new].tolist(),
    )
