"""Hive: data sets of any size as folders of Parquet, in parts that are made anywhere, in any order, and once each.

FOLDER/TABLE/scene_kind=KIND/part-NNNNN.parquet holds the rows of one part, for each table: `tracks`, which is what the
sensor saw, and apart from it the truth: `truth`, `identities`, and `intents` of people or `events` and `outcomes` of
balls. FOLDER/meta/info.json says what the data set is; FOLDER/meta/parts/part-NNNNN.json, written last, that a part is
whole. A part is a fixed range of scenes by global index, so its files are the same whoever makes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields, is_dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pathcast import __version__
from pathcast.errors import InputError, LimitError
from pathcast.formats.atomic import replacing
from pathcast.simulator.dataset import Batch, crowd_batches, throw_batches
from pathcast.simulator.sensor import Sensor
from pathcast.simulator.shards import Shard

SCHEMA_VERSION: Final = 1
"""Number of this layout; a reader of n reads n - 1 too."""
SCENES_IN_PART: Final = {"people": 512, "balls": 4096}
MOST_PARTS: Final = 100_000
ROWS_IN_GROUP: Final = 1 << 16
"""Rows after which a row group is written; it then ends with a scene."""
UNITS: Final = {"time": "s", "x, y, z": "m", "scene": "global index", "track": "number in its scene"}


@dataclass(frozen=True)
class Part:
    """A range of scenes whose rows stand in files of their own."""

    index: int
    first: int
    """Global index of its first scene."""
    num_scenes: int

    @property
    def name(self) -> str:
        return f"part-{self.index:05d}"


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """What is simulated; everything that decides a number of it."""

    things: Literal["people", "balls"]
    kind: str
    """Of scenes, or the scenario of throws."""
    num: int
    seed: int
    first: int
    sensor: Sensor
    duration_s: float
    num_players: int = 0
    """Who stand about balls."""

    def batches(self, first: int, num: int) -> Iterator[Batch]:
        """Some of its scenes.

        Raises:
            InputError: An unknown kind, or a number outside its range.
        """
        if self.things == "people":
            return crowd_batches(self.kind, num, self.seed, first, self.sensor, self.duration_s)
        return throw_batches(self.kind, num, self.seed, first, self.sensor, self.duration_s, self.num_players)

    def check(self) -> None:
        """Refuses what could not be simulated, before anything is written.

        Raises:
            InputError: An unknown kind, or a number outside its range.
            LimitError: More than `MOST_PARTS` parts.
        """
        most = MOST_PARTS * SCENES_IN_PART[self.things]
        if self.num > most:
            raise LimitError("num", f"at most {most} scenes", f"{self.num}")
        next(self.batches(self.first, min(self.num, 1)))

    def parts(self, shard: Shard | None = None) -> list[Part]:
        """Its parts, or those of one shard: about as many in each."""
        size = SCENES_IN_PART[self.things]
        end = self.first + self.num
        every = [
            Part(index, max(index * size, self.first), min((index + 1) * size, end) - max(index * size, self.first))
            for index in range(self.first // size, -(-end // size))
        ]
        if shard is None:
            return every
        return every[(shard.index - 1) * len(every) // shard.count : shard.index * len(every) // shard.count]

    def info(self) -> dict[str, Any]:
        """What FOLDER/meta/info.json says."""
        settings = {"kind": self.kind, "duration_s": self.duration_s, "sensor": asdict(self.sensor)}
        if self.things == "balls":
            settings["players"] = self.num_players
        return {
            "schema_version": SCHEMA_VERSION,
            "pathcast_version": __version__,
            "things": self.things,
            "units": UNITS,
            "rate_hz": self.sensor.rate_hz,
            "seed": self.seed,
            "first": self.first,
            "num_scenes": self.num,
            "scenes_in_part": SCENES_IN_PART[self.things],
            "partitions": ["scene_kind"],
            "settings": json.loads(json.dumps(settings)),
        }

    def digest(self) -> str:
        """A number for all of that, which each finished part repeats."""
        text = json.dumps(self.info(), sort_keys=True)
        return blake2b(text.encode(), digest_size=16).hexdigest()


def begin(data_set: DataSet, folder: Path) -> None:
    """Writes the info, or finds the same one there.

    Raises:
        InputError: The folder holds another data set, or anything else, or cannot be written to.
    """
    path = folder / "meta" / "info.json"
    text = json.dumps(data_set.info(), indent=2) + "\n"
    if path.is_file():
        if path.read_text("utf-8") != text:
            raise InputError(str(path), "the settings of this run, to go on with it", "others: choose another --out")
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(str(folder), "a new or empty folder, or one with meta/info.json", "other files")
    _make(path.parent)
    with replacing(path) as part:
        part.write_text(text, "utf-8")


def is_finished(data_set: DataSet, folder: Path, part: Part) -> bool:
    """Whether a part is there as a whole: its record is of this data set, and its files have the sizes it says."""
    try:
        record = json.loads(_record(folder, part).read_text("utf-8"))
        sizes: Mapping[str, int] = record["files"]
        return record["digest"] == data_set.digest() and all(
            (folder / name).stat().st_size == size for name, size in sizes.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def write_part(data_set: DataSet, folder: Path, part: Part) -> Iterator[Batch]:
    """Writes a part, batch by batch as they are taken; its record takes its place after the last.

    Raises:
        InputError: A wrong setting, or a place where no file can be written.
    """
    rows: dict[str, int] = {}
    with ExitStack() as stack:
        writers: dict[tuple[str, str], _Writer] = {}
        for batch in data_set.batches(part.first, part.num_scenes):
            for (table, kind), piece in _tables(data_set, batch):
                if (table, kind) not in writers:
                    path = folder / table / f"scene_kind={kind}" / f"{part.name}.parquet"
                    _make(path.parent)
                    writers[table, kind] = _Writer(stack.enter_context(replacing(path)), path, piece.schema)
                writers[table, kind].append(piece)
                rows[table] = rows.get(table, 0) + piece.num_rows
            yield batch
        for writer in writers.values():
            writer.close()
    sizes = {str(each.path.relative_to(folder)): each.path.stat().st_size for each in writers.values()}
    scenes = {"digest": data_set.digest(), "first": part.first, "num_scenes": part.num_scenes}
    path = _record(folder, part)
    _make(path.parent)
    with replacing(path) as written:
        written.write_text(json.dumps({**scenes, "rows": rows, "files": sizes}, indent=2) + "\n", "utf-8")


def finish_part(data_set: DataSet, folder: Path, part: Part) -> Part:
    """Writes a part in one go."""
    for _ in write_part(data_set, folder, part):
        pass
    return part


def rows_written(folder: Path, parts: list[Part]) -> dict[str, int]:
    """The rows of each table in some finished parts, as their records say."""
    total: dict[str, int] = {}
    for part in parts:
        for table, rows in json.loads(_record(folder, part).read_text("utf-8"))["rows"].items():
            total[table] = total.get(table, 0) + rows
    return total


class _Writer:
    """A Parquet file whose row groups end with scenes."""

    def __init__(self, part: Path, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._waiting: list[pa.Table] = []
        self._file = pq.ParquetWriter(part, schema, compression="zstd")

    def append(self, table: pa.Table) -> None:
        self._waiting.append(table)
        if sum(each.num_rows for each in self._waiting) >= ROWS_IN_GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._waiting:
            self._file.write_table(pa.concat_tables(self._waiting), row_group_size=1 << 30)
        self._waiting = []


def _tables(data_set: DataSet, batch: Batch) -> Iterator[tuple[tuple[str, str], pa.Table]]:
    """The batch's tables, each in pieces by the kind of scene."""
    kinds = np.array(batch.kinds or [data_set.kind] * batch.num_scenes)
    for name, table in _whole_tables(batch).items():
        of_row = kinds[np.asarray(table["scene"], np.int64) - batch.first]
        for kind in dict.fromkeys(kinds.tolist()):
            yield (name, kind), table.filter(pa.array(of_row == kind)) if len(set(kinds)) > 1 else table


def _whole_tables(batch: Batch) -> dict[str, pa.Table]:
    """The tracks, and every kind of truth that a batch has: what more it learns to hold comes along."""
    tables = {"tracks": batch.observed.to_arrow(), "truth": batch.truth.to_arrow()}
    for each in fields(batch):
        value = getattr(batch, each.name)
        if hasattr(value, "to_arrow") and each.name not in ("observed", "truth"):
            tables[each.name] = value.to_arrow()
    if batch.crowd is not None:
        for each in fields(batch.crowd):
            value = getattr(batch.crowd, each.name)
            if is_dataclass(value):
                tables["intents"] = pa.table({column.name: getattr(value, column.name) for column in fields(value)})
            else:
                tables["truth"] = tables["truth"].append_column(each.name, pa.array(value))
    return tables


def _record(folder: Path, part: Part) -> Path:
    return folder / "meta" / "parts" / f"{part.name}.json"


def _make(folder: Path) -> None:
    """Makes a folder with those above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(folder), "a folder that can be made", str(error.strerror).lower()) from error
