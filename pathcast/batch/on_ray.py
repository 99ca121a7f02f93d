"""Ray: the files of a job shared out among the machines of a cluster, each made by an actor that holds the model.

Ray Data hands the files' names out, one at a time; an actor reads the tracks and writes the forecasts itself, as a
process on one machine does, so the bytes are the same and what is there as a whole is kept. All machines have to see
the same folders, by the same names. It needs the extra `ray`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pathcast.batch.forecasting import BatchForecaster
from pathcast.batch.job import Job, Unit
from pathcast.batch.processes import Advance, Done
from pathcast.batch.running import OutputError, Written, run_unit
from pathcast.errors import InputError
from pathcast.model.library import load_engine

NO_RAY = "the extra ray, pip install pathcast[ray]"


@contextmanager
def cluster(num_processes: int) -> Iterator[Any]:
    """Ray, connected to the cluster that RAY_ADDRESS names, or to one on this machine that ends with the block.

    Args:
        num_processes: Of the one on this machine.

    Raises:
        InputError: Ray is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise InputError("--engine ray", NO_RAY, "none") from error
    is_own = "RAY_ADDRESS" not in os.environ
    size = {"num_cpus": num_processes, "include_dashboard": False} if is_own else {}
    ray.init(log_to_driver=False, logging_level="warning", **size)
    try:
        yield ray
    finally:
        ray.shutdown()


def run_on_ray(job: Job, units: Sequence[Unit], num_actors: int | None, advance: Advance) -> Done:
    """Makes the files, each in one of some actors; those that cannot be read are left out, and told.

    An actor that is lost is replaced, and its file made anew.

    Args:
        job: What is forecast.
        units: The files.
        num_actors: At most; None: one for each core of the cluster.
        advance: Told after each file.

    Raises:
        InputError: Ray is not installed.
        OutputError: A place where no file can be written.
    """
    done = Done()
    if not units:
        return done
    with cluster(num_actors or os.cpu_count() or 1) as ray:
        num_actors = num_actors or int(ray.cluster_resources().get("CPU", 1))
        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = ray.data.from_items([{"unit": place} for place in range(len(units))], override_num_blocks=len(units))
        made = rows.map(
            _Actor,
            fn_constructor_args=(_from_anywhere(job), [_placed(unit) for unit in units]),
            compute=ray.data.ActorPoolStrategy(size=min(num_actors, len(units))),
            num_cpus=1,
        )
        for row in made.iter_rows():
            unit = units[row["unit"]]
            _take(unit, row, done)
            advance(unit.num_bytes, 0)
    order = {unit: place for place, unit in enumerate(units)}
    done.faults.sort(key=lambda fault: order[fault[0]])
    return done


def _from_anywhere(job: Job) -> Job:
    """The job with a bundle's folder by its whole name: actors begin in folders of their own."""
    folder = Path(job.model)
    return replace(job, model=str(folder.resolve())) if folder.is_dir() else job


def _placed(unit: Unit) -> Unit:
    return Unit(*(path.resolve() for path in (unit.source, unit.output, unit.rejected, unit.record)))


class _Actor:
    """What a process of the cluster holds."""

    def __init__(self, job: Job, units: list[Unit]) -> None:
        self._job, self._units = job, units
        self._forecaster = BatchForecaster(load_engine(job.model, job.version), job.wanted)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Makes one file; what is wrong with it is told as text, because a cluster takes an error for its own."""
        place = int(row["unit"])
        result = {"unit": place, "written": "", "fault": "", "is_output": False}
        try:
            written = run_unit(self._job, self._units[place], self._forecaster, 1, lambda *_: None)
        except InputError as error:
            fault = json.dumps([error.where, error.expected, error.found])
            return {**result, "fault": fault, "is_output": isinstance(error, OutputError)}
        return {**result, "written": json.dumps(written.to_json())}


def _take(unit: Unit, row: dict[str, Any], done: Done) -> None:
    if row["fault"]:
        where, expected, found = json.loads(row["fault"])
        if row["is_output"]:
            raise OutputError(where, expected, found)
        done.faults.append((unit, InputError(where, expected, found)))
        return
    done.written.add(Written.of_json(json.loads(row["written"])))
    done.num_files += 1
