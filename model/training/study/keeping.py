"""Pieces of a study, each computed by itself and kept in a file, so that a stopped study goes on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing

Progress = Callable[[int, int, str], None]
"""Told how many pieces are done, of how many, and the newest one's name."""
Compute = Callable[[str], dict[str, Any]]
"""Gives a piece by its name, as plain values; it is sent to other processes, so it is a function of a module."""
FOLDER = "pieces"


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """Where pieces are kept, and how they are computed."""

    out: Path
    """The study's folder, which is made."""
    processes: int = 1
    """How many compute at once."""
    progress: Progress = lambda *_: None
    """Told after each piece."""
    resume: bool = False
    """Whether pieces that are there already are taken."""
    overwrite: bool = False
    """Whether they may be replaced."""


def compute_pieces(
    names: list[str], compute: Compute, sizes: Mapping[str, Any], keeping: Keeping
) -> dict[str, dict[str, Any]]:
    """Computes pieces, each kept in the folder as soon as it is there; gives all of them by name.

    Args:
        names: Of the pieces.
        compute: Makes one.
        sizes: What decides them; pieces of other sizes are never taken for these.
        keeping: Where to, and how.

    Raises:
        InputError: The folder cannot be made, or holds pieces that may be neither taken nor replaced.
    """
    folder, mark = keeping.out / FOLDER, hashlib.sha256(json.dumps(sizes, sort_keys=True).encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(folder), "a folder that can be made", str(error.strerror).lower()) from error
    if not (keeping.resume or keeping.overwrite) and any(folder.glob("*.json")):
        raise InputError(str(folder), "no study, or --resume or --overwrite", "one")
    kept = {name: _read(folder / f"{name}.json", mark) if keeping.resume else None for name in names}
    found = {name: result for name, result in kept.items() if result is not None}
    waiting = [name for name in names if name not in found]
    keeping.progress(len(found), len(names), "")
    for name, result in _compute_all(waiting, compute, keeping.processes):
        with replacing(folder / f"{name}.json") as part:
            part.write_text(json.dumps({"sizes": mark, "result": result}), "utf-8")
        found[name] = result
        keeping.progress(len(found), len(names), name)
    return {name: found[name] for name in names}


def describe(scale: str, sizes: Mapping[str, Any], seed: int, found: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What a study's result says of itself."""
    return {
        "scale": scale,
        "sizes": dict(sizes),
        "seed": seed,
        "torch": torch.__version__,
        "seconds": sum(result["seconds"] for result in found.values()),
    }


def _read(path: Path, mark: str) -> dict[str, Any] | None:
    """A piece that is there; one of other sizes counts as none."""
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text("utf-8"))
        result: dict[str, Any] = content["result"]
        return result if content["sizes"] == mark else None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(str(path), "a piece of a study", "another file") from error


def _compute_all(waiting: list[str], compute: Compute, processes: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Pieces as they are done."""
    if processes == 1 or len(waiting) < 2:
        for name in waiting:
            yield name, _compute_alone(compute, name)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(_compute_alone, compute, name): name for name in waiting}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _compute_alone(compute: Compute, name: str) -> dict[str, Any]:
    """A piece by one thread: operations this small gain nothing from a second."""
    torch.set_num_threads(1)
    begun = time.process_time()
    result = compute(name)
    return result | {"seconds": round(time.process_time() - begun, 2)}
