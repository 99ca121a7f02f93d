"""Does a batch job cost more than its parts, and how much less than the plain way?

Tracks of 8 points, each forecast once from its last point at 12 steps in 20 modes, Parquet to Parquet, by an untrained
bundle of ordinary size. In every round, one after the other:

- the job: what `pathcast forecast --last` does, model loaded;
- the engine on arrays in memory, the tracks shared out to as many threads as the job has;
- pyarrow writing the finished table, with the settings of the job, nothing synced to the disk;
- the plain way: read_table, eager torch in batches of 1024 with the same number of threads, write_table as it comes.

- where `.venv-ray` is (make test-ray), Ray Data's read_parquet, actors that hold the bundle, and write_parquet.

`ratio_engine` is the time of the slower of the second and third over that of the job; `ratio_naive` that of the plain
way over the job's; `ratio_ray` that of Ray Data, less its time for the first row group alone, which is its start, over
the job's; each the median of the rounds. `memory_ratio` is the peak resident memory of a process that does ten
times the tracks over that of one that does the tracks, with `--modes 1`.

    python benchmarks/batch.py [--json] [--tracks N] [--rounds N] [--threads N] [--only KEY,...] [--folder PATH]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from batch_bundle import NUM_MODES, NUM_POINTS, network_of_batch_bundle, write_batch_bundle, write_walks

from pathcast.batch.forecasting import BatchForecaster
from pathcast.batch.job import Job, units_of
from pathcast.batch.outputs import PARQUET_OPTIONS
from pathcast.batch.processes import run_here
from pathcast.batch.wanted import Wanted
from pathcast.model.bundle.engine import BundleEngine, load_bundle
from pathcast.model.bundle.placing import Said, place

TARGETS = {
    "ratio_engine": "at least 0.85",
    "ratio_naive": "at least 1.5",
    "ratio_ray": "told",
    "memory_ratio": "at most 1.1",
}
ROOT = Path(__file__).parents[1]
RAY = sorted(ROOT.glob(".venv-ray/lib/python3*/site-packages/ray"))
BATCH = 1024
TRACKS, TIMES_MORE = 200_000, 10


@dataclass
class Rig:
    """What is measured with."""

    folder: Path
    num_tracks: int
    num_threads: int

    @property
    def source(self) -> Path:
        return self.folder / "tracks.parquet"

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = perf_counter()
    result = work()
    return perf_counter() - begin, result


def run_job(rig: Rig, engine: BundleEngine, source: Path, output: Path, num_modes: int = 0) -> int:
    """The job itself; how many forecasts it made."""
    job = Job(source=source, output=output, model=str(rig.bundle), wanted=Wanted(every=None, num_modes=num_modes))
    units, _ = units_of(job)
    forecaster = BatchForecaster(engine, job.wanted)
    return run_here(job, units, forecaster, rig.num_threads, lambda share, num: None).written.num_forecasts


def arrays_of(table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    times = np.asarray(table["time"]).reshape(-1, NUM_POINTS)
    positions = np.column_stack([np.asarray(table["x"]), np.asarray(table["y"])]).astype(np.float32)
    return times, positions.reshape(-1, NUM_POINTS, 2)


def forecast_arrays(rig: Rig, engine: BundleEngine, times: np.ndarray, positions: np.ndarray) -> None:
    """The engine alone, in threads; what it answers is let go."""
    offsets = np.asarray(engine.card.offsets_s)

    def work(rows: np.ndarray) -> None:
        for start in range(0, len(rows), 4096):
            some = rows[start : start + 4096]
            states = engine.encode(
                engine.start(len(some)), times[some], positions[some], np.full(len(some), NUM_POINTS)
            )
            engine.forecast(states, np.broadcast_to(offsets, (len(some), len(offsets))))

    with ThreadPoolExecutor(rig.num_threads) as pool:
        list(pool.map(work, np.array_split(np.arange(len(times)), rig.num_threads)))


def write_finished(finished: Path, path: Path) -> float:
    """Seconds that pyarrow takes to write a table from memory."""
    table = pq.read_table(finished)
    return timed(lambda: pq.write_table(table, path, **PARQUET_OPTIONS))[0]


class Naive:
    """What one would write: the network in eager torch between two calls of pyarrow."""

    def __init__(self, rig: Rig, engine: BundleEngine) -> None:
        import torch

        torch.set_num_threads(rig.num_threads)
        self._engine = engine
        self._network = network_of_batch_bundle()

    def __call__(self, source: Path, output: Path) -> pa.Table:
        table = pq.read_table(source)
        times, positions = arrays_of(table)
        parts = [self._forecast(times[i : i + BATCH], positions[i : i + BATCH]) for i in range(0, len(times), BATCH)]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        first = slice(0, table.num_rows, NUM_POINTS)
        lists = {
            name: pa.FixedSizeListArray.from_arrays(pa.array(array.reshape(-1)), int(np.prod(array.shape[1:])))
            for name, array in columns.items()
        }
        keys = {name: np.asarray(table[name])[first] for name in ("scene", "track")}
        made = pa.table({**keys, "origin_time": times[:, -1], **lists})
        pq.write_table(made, output)
        return made

    def _forecast(self, times: np.ndarray, positions: np.ndarray) -> dict[str, np.ndarray]:
        import torch

        network, front_end, config = self._network, self._engine._front_end, self._engine._config
        filters = self._engine.start(len(times)).filter
        steps, counts = front_end.absorb(filters, times, positions, np.full(len(times), NUM_POINTS))
        filters, pending, more = front_end.pending(filters)
        ends = torch.from_numpy(counts + more - 1)
        knots = np.asarray(config.knots_s)
        offsets = np.repeat(knots[None], len(times), axis=0)
        base = front_end.base(filters, offsets)
        every = np.concatenate([steps[:, : int(counts.max())], pending[:, : int(more.max(initial=0))]], axis=1)
        with torch.no_grad():
            hidden = network.encode(torch.from_numpy(every))[torch.arange(len(times)), ends]
            head, at_knots = torch.from_numpy(front_end.head(filters)), torch.from_numpy(base.knots)
            logits, paths, spreads, _ = network.decode(hidden, head, at_knots)
            probabilities, order = torch.softmax(logits, 1).sort(dim=1, descending=True, stable=True)
        said = Said(paths.numpy(), spreads.numpy(), knots, np.asarray(config.spread_scale))
        means, covariances = place(order.numpy(), said, offsets, base, front_end.heading(filters))
        return {"probabilities": probabilities.numpy(), "means": means, "covariances": covariances}


def check_same(job: Path, naive: pa.Table) -> float:
    """The largest difference between both ways' mean paths, metres: they do the same.

    Not mode by mode: of an untrained network's many are nearly as probable, and stand in another order after rounding.
    """
    return float(np.abs(_mean_paths(pq.read_table(job)) - _mean_paths(naive)).max())


def _mean_paths(table: pa.Table) -> np.ndarray:
    probabilities, means = (np.asarray(table[name].combine_chunks().flatten()) for name in ("probabilities", "means"))
    shape = (table.num_rows, NUM_MODES)
    return np.einsum("nk,nkv->nv", probabilities.reshape(shape), means.reshape(*shape, -1))


class RayData:
    """Ray Data in a process of its own; no cluster is started where Ray is not installed."""

    def __init__(self, rig: Rig) -> None:
        path = os.pathsep.join([str(ROOT), str(RAY[0].parent)])
        words = [rig.source, rig.bundle, rig.folder, rig.num_threads]
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks" / "peers" / "ray_data.py"), *map(str, words)],
            env=os.environ | {"PYTHONPATH": path, "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._read("ready")

    def seconds(self, what: str) -> float:
        assert self._process.stdin is not None
        print(what, file=self._process.stdin, flush=True)
        return float(self._read("seconds")[1])

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _read(self, word: str) -> list[str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.split()[:1] == [word]:
                return line.split()
        raise SystemExit(f"Ray Data ended with {self._process.wait()}")


def measure_times(rig: Rig, num_rounds: int, wants_naive: bool, wants_ray: bool) -> dict[str, Any]:
    engine = load_bundle(rig.bundle)
    write_walks(rig.source, rig.num_tracks)
    output, other = rig.folder / "job.parquet", rig.folder / "other.parquet"
    run_job(rig, engine, rig.source, output)
    naive = Naive(rig, engine) if wants_naive else None
    spread = RayData(rig) if wants_ray else None
    times, positions = arrays_of(pq.read_table(rig.source))
    rounds, difference = [], None
    for _ in range(num_rounds):
        seconds = {"job": timed(lambda: run_job(rig, engine, rig.source, output))[0]}
        seconds["engine"] = timed(lambda: forecast_arrays(rig, engine, times, positions))[0]
        seconds["writing"] = write_finished(output, other)
        if naive is not None:
            seconds["naive"], made = timed(lambda: naive(rig.source, other))
            difference = check_same(output, made) if difference is None else difference
            del made
        if spread is not None:
            seconds |= {"ray_start": spread.seconds("few"), "ray": spread.seconds("all")}
        rounds.append(seconds)
    if spread is not None:
        spread.close()
    return {"rounds": rounds, "difference_m": difference}


def peak_of_child(rig: Rig, num_tracks: int) -> int:
    """Peak resident bytes of a process that does so many tracks with one mode."""
    source = rig.folder / f"tracks-{num_tracks}.parquet"
    write_walks(source, num_tracks)
    words = ["--child", str(source), str(rig.bundle), "--threads", str(rig.num_threads), "--folder", str(rig.folder)]
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=True)
    source.unlink()
    return int(done.stdout)


def be_child(rig: Rig, source: Path) -> None:
    run_job(rig, load_bundle(rig.bundle), source, rig.folder / "child.parquet", num_modes=1)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def summarise(measured: dict[str, Any]) -> dict[str, Any]:
    rounds = measured["rounds"]
    engine = [max(each["engine"], each["writing"]) / each["job"] for each in rounds]
    ratios: dict[str, Any] = {"ratio_engine": statistics.median(engine), "ratio_engine_rounds": engine}
    if "naive" in rounds[0]:
        naive = [each["naive"] / each["job"] for each in rounds]
        ratios |= {"ratio_naive": statistics.median(naive), "ratio_naive_rounds": naive}
    if "ray" in rounds[0]:
        spread = [(each["ray"] - each["ray_start"]) / each["job"] for each in rounds]
        ratios |= {"ratio_ray": statistics.median(spread), "ratio_ray_rounds": spread}
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tracks", type=int, default=TRACKS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default=",".join(TARGETS), help="keys to measure")
    parser.add_argument("--folder", type=Path, help="where files go; by default a temporary one")
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        rig = Rig(given.folder, 0, given.threads)
        be_child(rig, given.child[0])
        return
    folder = given.folder or Path(tempfile.mkdtemp(prefix="batch-"))
    rig = Rig(folder, given.tracks, given.threads)
    wanted = given.only.split(",")
    report: dict[str, Any] = {"targets": TARGETS, "tracks": rig.num_tracks, "threads": rig.num_threads, "seed": 1}
    report |= {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    report |= {"python": platform.python_version(), "pyarrow": pa.__version__, "numpy": np.__version__}
    try:
        if not rig.bundle.exists():
            write_batch_bundle(rig.bundle)
        if "memory_ratio" in wanted:
            peaks = [peak_of_child(rig, rig.num_tracks * times) for times in (1, TIMES_MORE)]
            report |= {"peak_bytes": peaks, "memory_ratio": peaks[1] / peaks[0]}
        if {"ratio_engine", "ratio_naive", "ratio_ray"} & set(wanted):
            wants_ray = "ratio_ray" in wanted and bool(RAY)
            if "ratio_ray" in wanted and not RAY:
                print("ratio_ray: left out, Ray is not installed (make test-ray)", file=sys.stderr)
            measured = measure_times(rig, given.rounds, "ratio_naive" in wanted, wants_ray)
            report |= {**measured, **summarise(measured)}
    finally:
        if given.folder is None:
            shutil.rmtree(folder)
    if given.json:
        print(json.dumps(report, indent=2))
        return
    for key, target in TARGETS.items():
        if key in report:
            spread = report.get(f"{key}_rounds")
            words = f" (rounds {min(spread):.2f} to {max(spread):.2f})" if spread else ""
            print(f"{key}: {report[key]:.2f}{words}, target {target}")


if __name__ == "__main__":
    main()
