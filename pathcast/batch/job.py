"""Job: what is forecast of which files, where it goes, and which of it is there already."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pathcast.batch.outputs import SUFFIXES, check_output
from pathcast.batch.pieces import Reading
from pathcast.batch.wanted import Wanted
from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.formats.reading import FORMATS
from pathcast.model.engine import Engine

LAYOUT: Final = 1
"""Number of the files' layout."""
REJECTED, RECORDS = "_rejected", "_records"
"""Folders in an output folder; what reads folders of Parquet passes over names that begin so."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Everything that decides what the files hold."""

    source: Path
    """A file, a folder of files, or a folder of partitions."""
    output: Path
    """A file for a file; else a folder."""
    model: str
    """Name, or folder of a bundle."""
    version: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    reading: Reading = field(default_factory=Reading)
    suffix: str = ".parquet"
    """Of the files in an output folder."""
    is_long: bool = False
    pattern: str = "*"
    """Which files of a folder."""

    def settings(self, engine: Engine) -> dict[str, Any]:
        """What a record says of the job, as plain values: nothing of where its files lie."""
        card = engine.card
        return {
            "layout": LAYOUT,
            "model": card.name,
            "version": card.version,
            "bundle": card.digest,
            "wanted": self.wanted.to_json(),
            "reading": {"format": self.reading.format, **json.loads(json.dumps(dict(self.reading.options)))},
            "long": self.is_long,
        }


@dataclass(frozen=True)
class Unit:
    """One file of tracks, and the files that are made of it."""

    source: Path
    output: Path
    rejected: Path
    record: Path

    @property
    def num_bytes(self) -> int:
        """Size of the source; 0 where it cannot be told."""
        try:
            return self.source.stat().st_size
        except OSError:
            return 0


def units_of(job: Job) -> tuple[list[Unit], list[Path]]:
    """The files of a job in the order of their names, and those that are passed over since no format is known of them.

    Raises:
        InputError: There is nothing to read, or source and output do not fit each other.
    """
    if not job.source.exists():
        raise InputError(str(job.source), "a file or folder of tracks", "nothing")
    is_file = job.output.suffix.lower() in SUFFIXES
    if not job.source.is_dir():
        if is_file or (job.output.suffix and not job.output.is_dir()):
            check_output(job.output, job.is_long)
            return [_file_unit(job.source, job.output)], []
        check_output(Path(f"x{job.suffix}"), job.is_long)
        return [_folder_unit(job, Path(job.source.name), {})], []
    if is_file:
        raise InputError(str(job.output), "a folder, for the forecasts of a folder", "the name of a file")
    check_output(Path(f"x{job.suffix}"), job.is_long)
    root = _root(job.source)
    if job.output.resolve().is_relative_to(root.resolve()):
        raise InputError(str(job.output), "a folder outside that of the tracks", "one inside")
    found = [path.relative_to(root) for path in sorted(root.rglob(job.pattern)) if path.is_file()]
    visible = [path for path in found if not any(part.startswith((".", "_")) for part in path.parts)]
    suffixes = {suffix for form in FORMATS.values() for suffix in form.suffixes}
    chosen = [path for path in visible if path.suffix.lower() in suffixes or job.reading.format]
    if not chosen:
        raise InputError(str(root), f"at least one file of tracks matching {job.pattern!r}", "none")
    stems: dict[Path, int] = {}
    for path in chosen:
        stems[path.with_suffix("")] = stems.get(path.with_suffix(""), 0) + 1
    passed = [root / path for path in visible if path not in set(chosen)]
    return [_folder_unit(job, path, stems) for path in chosen], passed


def share_of(units: list[Unit], index: int, count: int) -> list[Unit]:
    """The files of one of several shares, counted from 1."""
    return units[(index - 1) * len(units) // count : index * len(units) // count]


def is_finished(unit: Unit, settings: Mapping[str, Any]) -> bool:
    """Whether a file's forecasts are there as a whole, made of the file as it is now.

    Raises:
        InputError: They were made otherwise than is asked for now.
    """
    record = read_record(unit)
    if record is None:
        return False
    if record.get("settings") != json.loads(json.dumps(dict(settings))):
        raise InputError(str(unit.record), "the settings of this run, to go on with it", "others: give --overwrite")
    try:
        sizes = {"output": unit.output.stat().st_size, "rejected": unit.rejected.stat().st_size}
    except OSError:
        return False
    return record.get("bytes") == sizes and record.get("source") == stamp(unit.source)


def read_record(unit: Unit) -> dict[str, Any] | None:
    """What was written of a file's forecasts; None where there is nothing that can be read."""
    try:
        record = json.loads(unit.record.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def write_record(unit: Unit, record: Mapping[str, Any]) -> None:
    """Writes what is said of a file's forecasts, atomically."""
    with replacing(unit.record) as part:
        part.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def stamp(source: Path) -> dict[str, int]:
    """By what a file is told from itself after a change."""
    state = source.stat()
    return {"bytes": state.st_size, "modified_ns": state.st_mtime_ns}


def make_folders(unit: Unit) -> None:
    """Makes the folders that a unit's files go to.

    Raises:
        InputError: One cannot be made.
    """
    for path in (unit.output, unit.rejected, unit.record):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise InputError(str(path.parent), "a folder that can be made", reason) from error


def _root(source: Path) -> Path:
    """Where the tracks of a folder lie: in our own data sets beside the truth."""
    return source / "tracks" if (source / "meta" / "info.json").is_file() else source


def _file_unit(source: Path, output: Path) -> Unit:
    if output.resolve() == source.resolve():
        raise InputError(str(output), "another file than that of the tracks", "the same")
    beside = (output.with_name(f"{output.name}.{role}") for role in ("rejected.csv", "record.json"))
    return Unit(source, output, *beside)


def _folder_unit(job: Job, path: Path, stems: Mapping[Path, int]) -> Unit:
    """A file of a folder keeps its place and name there; of two that differ in the suffix alone, the suffix too."""
    root = _root(job.source) if job.source.is_dir() else job.source.parent
    name = path.with_suffix("") if stems.get(path.with_suffix(""), 1) == 1 else path
    return Unit(
        root / path,
        job.output / f"{name}{job.suffix}",
        job.output / REJECTED / f"{name}.csv",
        job.output / RECORDS / f"{name}.json",
    )
