"""Hive: folders of Parquet files in partitions `KEY=VALUE/`, read in pieces of whole scenes, in constant memory."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from pathcast.errors import InputError
from pathcast.tracks import Tracks

SCHEMA_VERSION: Final = 1
"""The newest layout of our own data sets that is known here."""


def is_hive(folder: Path) -> bool:
    """Whether a folder is a data set of ours, or has partitions at all."""
    return (folder / "meta" / "info.json").is_file() or any(folder.glob("*=*/"))


def read_info(folder: Path) -> dict[str, Any]:
    """What a data set of ours says of itself: units, rate, seed, settings, version, number of scenes.

    Raises:
        InputError: There is no such file, it is no JSON object, or of a newer layout.
    """
    path = folder / "meta" / "info.json"
    try:
        info = json.loads(path.read_text("utf-8"))
        version = int(info["schema_version"])
    except OSError as error:
        raise InputError(str(path), "a readable file", os.strerror(error.errno or 0).lower()) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(str(path), "a JSON object with schema_version", str(error)) from error
    if version > SCHEMA_VERSION:
        raise InputError(f"{path}: schema_version", f"at most {SCHEMA_VERSION}", f"{version}")
    return dict(info)


def table_pieces(
    folder: Path, table: str = "tracks", kinds: Collection[str] | None = None
) -> Iterator[tuple[str, pa.Table]]:
    """The rows of a table, some whole scenes at a time, each with the partition that they stand in.

    A scene that goes on in the next row group is held back until it is whole.

    Args:
        folder: A data set of ours, or any folder of partitions, which has but one table.
        table: `tracks`, `truth`, `identities`, `intents`, `events` or `outcomes`.
        kinds: Kinds of scenes to read, in our own data sets; by default all.

    Raises:
        InputError: No such table or kind, or a file that cannot be read.
    """
    is_ours = (folder / "meta" / "info.json").is_file()
    source = folder / table if is_ours else folder
    if not source.is_dir():
        tables = sorted(each.name for each in folder.iterdir() if each.is_dir() and each.name != "meta")
        raise InputError(f"{folder}: table", f"one of {', '.join(tables)}", repr(table))
    try:
        whole: Any = ds.dataset(source, format="parquet", partitioning="hive")
        found: dict[str, list[Any]] = {}
        for fragment in sorted(whole.get_fragments(), key=lambda each: str(each.path)):
            keys = ds.get_partition_keys(fragment.partition_expression)
            found.setdefault("/".join(map(str, keys.values())), []).append(fragment)
        for kind in kinds or ():
            if kind not in found:
                raise InputError(f"{source}: kind", f"one of {', '.join(found)}", repr(kind))
        for name, fragments in found.items():
            if kinds is None or name in kinds:
                yield from ((name, piece) for piece in _whole_scenes(fragments))
    except (pa.ArrowException, OSError) as error:
        raise InputError(str(source), "readable Parquet files of one schema", str(error).split("\n")[0]) from error


def track_pieces(
    folder: Path, table: str = "tracks", kinds: Collection[str] | None = None
) -> Iterator[tuple[str, Tracks]]:
    """Tracks, some whole scenes at a time, each with the partition that they stand in.

    Raises:
        InputError: As of `table_pieces`, or rows that are no tracks.
    """
    for name, piece in table_pieces(folder, table, kinds):
        yield name, Tracks.from_arrow(piece, f"{folder}/{name}")


def read_hive(folder: Path) -> list[tuple[str, Tracks]]:
    """All tracks; of our own data sets together under no name, of others by partition.

    Raises:
        InputError: As of `track_pieces`, or no tracks at all.
    """
    if (folder / "meta" / "info.json").is_file():
        read_info(folder)
        pieces = [piece for _, piece in track_pieces(folder)]
        if not pieces:
            raise InputError(str(folder), "at least one part", "none")
        return [("", Tracks.concatenate(pieces))]
    by_partition: dict[str, list[Tracks]] = {}
    for name, piece in track_pieces(folder):
        by_partition.setdefault(name, []).append(piece)
    if not by_partition:
        raise InputError(str(folder), "at least one Parquet file", "none")
    return [(name, Tracks.concatenate(pieces)) for name, pieces in by_partition.items()]


def _whole_scenes(fragments: list[Any]) -> Iterator[pa.Table]:
    """Row groups, each with the scene that the one before began and without the one that it may not end."""
    held: pa.Table | None = None
    for fragment in fragments:
        for group in fragment.split_by_row_group():
            table = group.to_table()
            if held is not None:
                table = pa.concat_tables([held, table])
            if not table.num_rows or "scene" not in table.column_names:
                held = table
                continue
            scene = np.asarray(table["scene"])
            cut = int(np.flatnonzero(scene != scene[-1])[-1]) + 1 if (scene != scene[-1]).any() else 0
            held = table.slice(cut)
            if cut:
                yield table.slice(0, cut)
    if held is not None and held.num_rows:
        yield held
