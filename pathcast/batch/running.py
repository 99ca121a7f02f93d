"""Running: one file of tracks made into one file of forecasts, which is there as a whole or not at all."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from pyarrow import csv as arrow_csv

from pathcast.batch.forecasting import BatchForecaster, Part
from pathcast.batch.job import Job, Unit, make_folders, stamp, write_record
from pathcast.batch.outputs import SUFFIXES
from pathcast.batch.pieces import Grouping, OutOfOrderError, Piece, groupings, pieces
from pathcast.batch.pipeline import in_order
from pathcast.batch.rejected import SCHEMA, count_reasons
from pathcast.errors import InputError
from pathcast.formats.atomic import replacing

Tell = Callable[[float, int], None]
"""Told the further share of a file that has been read, and the further forecasts."""


@dataclass
class Written:
    """What was made of a file."""

    num_rows: int = 0
    num_tracks: int = 0
    num_forecasts: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """How many tracks or instants, by reason."""

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "rows": self.num_rows,
            "tracks": self.num_tracks,
            "forecasts": self.num_forecasts,
            "rejected": dict(sorted(self.rejected.items())),
        }

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Written:
        """What `to_json` made."""
        return cls(values["rows"], values["tracks"], values["forecasts"], Counter(values["rejected"]))

    def add(self, other: Written) -> None:
        """Counts that of another file in."""
        self.num_rows += other.num_rows
        self.num_tracks += other.num_tracks
        self.num_forecasts += other.num_forecasts
        self.rejected += other.rejected


class OutputError(InputError):
    """The files that are written, not those that are read, are at fault: going on with others would be in vain."""


def run_unit(job: Job, unit: Unit, forecaster: BatchForecaster, num_threads: int, tell: Tell) -> Written:
    """Makes the forecasts of one file; its record and what was rejected are there before they are.

    Raises:
        InputError: A file that cannot be read, or a row of it that is wrong.
        OutputError: A place where no file can be written.
    """
    try:
        make_folders(unit)
        _remove_parts(unit)
    except InputError as error:
        raise OutputError(error.where, error.expected, error.found) from error
    needs_scenes = forecaster.engine.card.uses_neighbours or unit.output.suffix == ".ndjson"
    told = 0.0
    source = stamp_of(unit)
    for grouping in groupings(unit.source, job.reading, needs_scenes):

        def tell_on(share: float, num: int) -> None:
            nonlocal told
            tell(max(share - told, 0.0), num)
            told = max(share, told)

        try:
            return _write(job, unit, forecaster, num_threads, tell_on, grouping, needs_scenes, source)
        except OutOfOrderError:
            continue
    raise AssertionError("a whole file is in order")


def stamp_of(unit: Unit) -> dict[str, int]:
    """By what the file is told from itself after a change.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return stamp(unit.source)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise InputError(str(unit.source), "a readable file", reason) from error


def _write(
    job: Job,
    unit: Unit,
    forecaster: BatchForecaster,
    num_threads: int,
    tell: Tell,
    grouping: Grouping,
    needs_scenes: bool,
    source: Mapping[str, int],
) -> Written:
    written = Written()
    told = 0.0
    faults: list[InputError] = []

    def compute(piece: Piece) -> Iterator[Part]:
        try:
            yield from forecaster.parts(piece.tracks)
        except InputError as error:  # it knows nothing of files
            raise InputError(f"{unit.source}: {error.where}", error.expected, error.found) from error

    try:
        with replacing(unit.output) as part, replacing(unit.rejected) as rejected_part:
            output = SUFFIXES[unit.output.suffix.lower()](part, job.is_long)
            with arrow_csv.CSVWriter(rejected_part, SCHEMA) as rejected_rows:
                try:
                    found = pieces(unit.source, job.reading, grouping, needs_scenes)
                    with closing(in_order(found, compute, num_threads)) as computed:
                        for piece, parts in computed:
                            with _writing(unit):
                                output.begin(piece.tracks)
                            for table, rejected in parts:
                                with _writing(unit):
                                    output.append(table)
                                rejected_rows.write_table(rejected)
                                written.num_forecasts += table.num_rows
                                written.rejected.update(count_reasons(rejected))
                                tell(told, table.num_rows)
                            written.num_rows += piece.tracks.num_rows
                            written.num_tracks += piece.tracks.num_tracks
                            told = piece.share
                            tell(told, 0)
                    if not written.num_rows:
                        raise InputError(str(unit.source), "at least one row", "none")
                except OutputError:
                    raise
                except InputError as error:  # of the tracks; those of the files that are written are no such
                    faults.append(error)
                    raise
                finally:
                    with _writing(unit):
                        output.close()
            record = {
                "settings": job.settings(forecaster.engine),
                "source": dict(source),
                "bytes": {"output": part.stat().st_size, "rejected": rejected_part.stat().st_size},
                "written": written.to_json(),
            }
            unit.output.unlink(missing_ok=True)  # a record is never beside other forecasts than its own
            write_record(unit, record)
    except InputError as error:
        if isinstance(error, OutputError) or error in faults:
            raise
        raise OutputError(error.where, error.expected, error.found) from error
    return written


@contextmanager
def _writing(unit: Unit) -> Iterator[None]:
    """Tells of what the system refuses as of the file that is written, and of what its form cannot hold."""
    path = unit.output
    try:
        yield
    except InputError as error:
        raise InputError(f"{unit.source}: {error.where}", error.expected, error.found) from error
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise OutputError(str(path), "a place where a file can be written", reason) from error


def _remove_parts(unit: Unit) -> None:
    """Removes what a process that was killed has left of these files."""
    for path in (unit.output, unit.rejected, unit.record):
        for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            part.unlink(missing_ok=True)
