"""Folds: one bundle for each scene of ETH/UCY, trained on the other four, with every choice made on their later frames.

Runs are kept in folders of their own and used again as long as settings, data and code are the same.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pathcast.errors import InputError
from pathcast.model.bundle.config import CONFIG
from pathcast.model.bundle.engine import load_bundle
from pathcast.model.evaluation.eth_ucy import SCENES
from pathcast.model.evaluation.forecasters import FoldForecasters, ForecastWindows, engine_forecaster, widened
from pathcast.model.training.checkpoint import has_checkpoint
from pathcast.model.training.run import train_bundle
from pathcast.model.training.settings import TrainingSettings

IDENTITY = "identity.json"
_ROOMS = ("bundle", "frontends", "memory", "network", "training", "metrics")
"""Whose code trains a run; this file, which says only which runs there are, is not counted."""


@dataclass(frozen=True)
class FoldRun:
    """One training run of one fold."""

    scene: str
    """The scene that is left out."""
    settings: TrainingSettings
    folder: Path
    """The bundle's."""
    spread_margin: float = 1.0
    """What its forecasts' spreads are multiplied by when it is scored; the bundle is the same with any."""

    @property
    def seconds(self) -> float:
        """How long it took to train, as its folder says; 0 where it does not."""
        return float(_read_identity(self).get("seconds", 0.0))


def fold_runs(settings: TrainingSettings, data_dir: str | Path, out: Path, seeds: Sequence[int]) -> list[FoldRun]:
    """The runs of all folds and seeds, by scene and seed.

    Args:
        settings: Of all of them; which tracks they read and their seed are set here.
        data_dir: Where `pedestrian/eth_ucy/<scene>/{train,val}` is. Test files are not read.
        out: Where `<scene>/seed-<seed>` are made.
        seeds: At least one.

    Raises:
        InputError: A folder of a fold is missing, or no seed.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise InputError("seeds", "at least one, each once", f"{list(seeds)}")
    runs = []
    for scene in SCENES:
        folder = Path(data_dir) / "pedestrian" / "eth_ucy" / scene
        for part in ("train", "val"):
            if not (folder / part).is_dir():
                raise InputError(str(folder / part), "a folder of tracks", "none")
        for seed in seeds:
            changed = settings.model_dump() | {
                "world": "tracks",
                "tracks": [str(folder / "train")],
                "validation_tracks": [str(folder / "val")],
                "reading": {"format": "eth-ucy", "pattern": "*.txt"},
                "seed": seed,
                "spread_margins": {},
            }
            margin = settings.spread_margins.get(scene, 1.0)
            runs.append(FoldRun(scene, TrainingSettings(**changed), out / scene / f"seed-{seed}", margin))
    return runs


def train_folds(
    runs: Sequence[FoldRun], jobs: int = 1, reuse: bool = False, watch: Callable[[str], None] = lambda text: None
) -> None:
    """Trains all runs, some at a time, each in a process of one thread.

    Args:
        runs: Of `fold_runs`.
        jobs: How many at a time.
        reuse: Whether runs whose settings, data and code are as they were when they were made are left alone.
        watch: Told of each run that is done.
    """
    due = [run for run in runs if not (reuse and is_current(run))]
    watch(f"{len(runs) - len(due)} of {len(runs)} runs are there")
    with ProcessPoolExecutor(min(jobs, max(len(due), 1)), mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(train_run, run): run for run in due}
        for count, done in enumerate(as_completed(waiting), 1):
            run = waiting[done]
            done.result()
            watch(f"{count} of {len(due)}: {run.scene}, seed {run.settings.seed}, {run.seconds:.0f} s")


def train_run(run: FoldRun) -> None:
    """Trains one run and writes its bundle; one that was stopped goes on, anything else that was there is replaced."""
    started = time.monotonic()
    identity = identity_of(run)
    found = _read_identity(run)
    if found.get("identity") == identity and has_checkpoint(run.folder):
        started -= float(found.get("seconds", 0.0))
        resume = True
    else:
        run.folder.mkdir(parents=True, exist_ok=True)
        resume = False

    def keep(seconds: float, is_done: bool) -> None:
        content = {"identity": identity, "seconds": round(seconds, 1), "is_done": is_done}
        (run.folder / IDENTITY).write_text(json.dumps(content) + "\n", "utf-8")

    keep(time.monotonic() - started, is_done=False)
    train_bundle(
        run.settings,
        run.folder,
        lambda epoch, epochs, scores: keep(time.monotonic() - started, is_done=False),
        resume=resume,
        overwrite=not resume,
    )
    keep(time.monotonic() - started, is_done=True)


def _read_identity(run: FoldRun) -> dict[str, Any]:
    """What the run's folder says it is; empty where it says nothing."""
    try:
        found = json.loads((run.folder / IDENTITY).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_current(run: FoldRun) -> bool:
    """Whether the run's bundle is there and was made with the same settings, data and code."""
    found = _read_identity(run)
    is_done = (run.folder / CONFIG).is_file() and bool(found.get("is_done"))
    return is_done and found.get("identity") == identity_of(run)


def identity_of(run: FoldRun) -> str:
    """SHA-256 over the settings, the files of tracks and the code that trains."""
    settings = run.settings.model_dump(exclude={"tracks", "validation_tracks"})
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for folder in (*run.settings.tracks, *run.settings.validation_tracks):
        for file in sorted(Path(folder).glob("*.txt")):
            digest.update(b"\0" + file.name.encode() + b"\0" + file.read_bytes())
    root = Path(__file__).parents[1]
    sources = {file for room in _ROOMS for file in (root / room).rglob("*.py")} - {Path(__file__)}
    for source in sorted(sources):
        digest.update(b"\0" + source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def fold_forecasters(runs: Sequence[FoldRun], name: str) -> FoldForecasters:
    """The trained runs as forecasters of their folds, called `name (seed)`, spreads widened by each fold's margin."""

    def of_fold(scene: str) -> Mapping[str, ForecastWindows]:
        return {
            f"{name} ({run.settings.seed})": widened(engine_forecaster(load_bundle(run.folder)), run.spread_margin)
            for run in runs
            if run.scene == scene
        }

    return of_fold
