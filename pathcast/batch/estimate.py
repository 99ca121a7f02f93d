"""Estimate: what a job would cost, from the counts of rows in its files and a trial of the first tracks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow.parquet as pq

from pathcast.batch.forecasting import BatchForecaster
from pathcast.batch.job import Job, Unit
from pathcast.batch.pieces import Grouping, groupings, pieces
from pathcast.formats.reading import detect_format
from pathcast.tracks import Tracks

TRIED_ROWS: Final = 1 << 14


@dataclass(frozen=True)
class Estimate:
    """What a job comes to."""

    rows: tuple[int, ...]
    """Of each file; of formats that do not say it, by the size of the first file that was tried."""
    num_forecasts: int
    num_bytes: int
    """Of Parquet, not unrolled."""
    seconds: float
    """In one thread."""


def count_rows(job: Job, unit: Unit) -> int | None:
    """The rows of a file: what its footer says, or its lines; None where neither is there.

    Raises:
        InputError: It cannot be read.
    """
    form = job.reading.format or detect_format(unit.source)
    if form == "parquet":
        try:
            return int(pq.read_metadata(unit.source).num_rows)
        except Exception as error:
            from pathcast.errors import InputError

            raise InputError(str(unit.source), "a readable Parquet file", str(error).split("\n")[0]) from error
    if form == "jupedsim":
        return None
    with unit.source.open("rb") as file:
        lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return max(lines - (form == "csv"), 0)


def estimate(
    job: Job, units: Sequence[Unit], forecaster: BatchForecaster, clock: Callable[[], float] = time.perf_counter
) -> Estimate:
    """What the files come to, by forecasting the first tracks of the first of them.

    Raises:
        InputError: A file that cannot be read.
    """
    tried = _first_tracks(job, units[0], forecaster)
    forecasts = tried_rows = 0
    seconds = 0.0
    for _ in range(2):  # the first time warms up
        begin, forecasts = clock(), 0
        for table, _ in forecaster.parts(tried):
            forecasts += table.num_rows
        seconds = clock() - begin
    tried_rows = max(tried.num_rows, 1)
    per_byte = tried_rows / max(units[0].num_bytes, 1)
    rows = tuple(
        counted if (counted := count_rows(job, unit)) is not None else round(unit.num_bytes * per_byte)
        for unit in units
    )
    share = sum(rows) / tried_rows
    num = round(forecasts * share)
    return Estimate(rows, num, num * forecaster.bytes_per_row, seconds * share)


def _first_tracks(job: Job, unit: Unit, forecaster: BatchForecaster) -> Tracks:
    needs_scenes = forecaster.engine.card.uses_neighbours
    grouping: Grouping = groupings(unit.source, job.reading, needs_scenes)[0]
    piece = next(iter(pieces(unit.source, job.reading, grouping, needs_scenes)))
    starts = piece.tracks.starts
    end = int(starts[max(int((starts <= TRIED_ROWS).sum()) - 1, 1)]) if len(starts) > 1 else 0
    return piece.tracks.select(slice(0, end))
