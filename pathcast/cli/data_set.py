"""Data sets in folders from the command line: parts made one after the other or in processes, with a bar and a rate."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathcast.simulator.hive import DataSet, Part


def is_folder(out: Path) -> bool:
    """Whether `--out` names a data set's folder: there is one, or the name has no suffix."""
    return out.is_dir() or not out.suffix


def check_folder_options(given: dict[str, Any]) -> None:
    """Refuses what belongs to single files.

    Raises:
        click.UsageError: Such an option is given.
    """
    for name in ("truth", "identities", "events", "outcomes", "shards"):
        if given.get(name) is not None:
            raise click.UsageError(f"--{name} is for single files: a folder holds all truth, in parts of its own")


def write_folder(data_set: DataSet, given: dict[str, Any]) -> None:
    """Makes the parts of a data set, or of one of its shards, that are not there yet, and says how many.

    Args:
        data_set: What to make.
        given: The command line's out, shard, resume, processes, engine and as_json.

    Raises:
        InputError: A wrong setting, a folder of something else, or a place where no file can be written.
        click.ClickException: One of the processes was killed.
    """
    from pathcast.live.progress import scene_progress
    from pathcast.simulator.hive import begin, is_finished, rows_written
    from pathcast.simulator.shards import Shard

    folder = given["out"]
    shard = Shard.named(given["shard"]) if given["shard"] is not None else None
    data_set.check()
    parts = data_set.parts(shard)
    begin(data_set, folder)
    kept = [part for part in parts if given["resume"] and is_finished(data_set, folder, part)]
    missing = [part for part in parts if part not in kept]
    num_missing = sum(part.num_scenes for part in missing)
    started = time.monotonic()
    with scene_progress("simulating", num_missing) as advance:
        if given["engine"] == "ray":
            _on_ray(data_set, folder, missing, given["processes"], advance)
        elif given["processes"] == 1:
            _one_by_one(data_set, folder, missing, advance)
        else:
            _in_processes(data_set, folder, missing, given["processes"], advance)
    seconds = time.monotonic() - started
    summary = {
        "folder": str(folder),
        "num_scenes": sum(part.num_scenes for part in parts),
        "rows": rows_written(folder, parts),
        "parts": len(parts),
        "kept_parts": len(kept),
        "scenes_per_second": round(num_missing / seconds, 1) if num_missing else None,
        "data_set": data_set.info(),
    }
    if given["as_json"]:
        click.echo(json.dumps(summary, indent=2))
        return
    if kept:
        click.echo(f"kept {len(kept)} of {len(parts)} parts", err=True)
    if missing:
        rate = f"{num_missing} scenes, {num_missing / seconds:.0f} a second"
        click.echo(f"wrote {len(missing)} parts to {folder}: {rate}", err=True)


def _one_by_one(data_set: DataSet, folder: Path, parts: list[Part], advance: Callable[[int], None]) -> None:
    """In this process, telling of every batch."""
    from pathcast.simulator.hive import write_part

    for part in parts:
        for batch in write_part(data_set, folder, part):
            advance(batch.num_scenes)


def _in_processes(data_set: DataSet, folder: Path, parts: list[Part], num: int, advance: Callable[[int], None]) -> None:
    """In spawned processes that share the cores, telling of every part."""
    from pathcast.simulator.hive import finish_part

    threads = max(1, (os.cpu_count() or 1) // num)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(num, max(len(parts), 1)), spawn, _take_threads, (threads,)) as pool:
        try:
            for done in as_completed([pool.submit(finish_part, data_set, folder, part) for part in parts]):
                advance(done.result().num_scenes)
        except BrokenProcessPool as error:
            raise click.ClickException(
                "a process was killed, perhaps for want of memory: fewer --processes, and --resume keeps what is done"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _on_ray(data_set: DataSet, folder: Path, parts: list[Part], num: int, advance: Callable[[int], None]) -> None:
    """In tasks of a cluster, whose machines all see the folder, telling of every part."""
    from pathcast.batch.on_ray import cluster
    from pathcast.simulator.hive import finish_part

    with cluster(num) as ray:
        task = ray.remote(num_cpus=1)(finish_part)
        waiting = [task.remote(data_set, folder.resolve(), part) for part in parts]
        while waiting:
            (done,), waiting = ray.wait(waiting)
            advance(ray.get(done).num_scenes)


def _take_threads(num: int) -> None:
    """How many threads this process's kernels use."""
    import numba

    numba.set_num_threads(min(num, numba.config.NUMBA_NUM_THREADS))
