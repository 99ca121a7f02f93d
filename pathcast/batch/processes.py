"""Processes: the files of a job shared out among processes, each with an engine of its own.

A file is made by one process from beginning to end, so what it holds does not depend on how many there are.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import wait as wait_for
from typing import Any

from pathcast.batch.forecasting import BatchForecaster
from pathcast.batch.job import Job, Unit
from pathcast.batch.running import OutputError, Written, run_unit
from pathcast.errors import InputError, PathcastError
from pathcast.model.library import load_engine

Advance = Callable[[float, int], None]
"""Told the further bytes of sources that have been read, and the further forecasts."""


@dataclass
class Done:
    """What became of the files of a job."""

    written: Written = field(default_factory=Written)
    num_files: int = 0
    faults: list[tuple[Unit, InputError]] = field(default_factory=list)
    """Files that could not be read."""


class KilledError(PathcastError):
    """One of the processes was killed from outside."""


def num_threads_of(num_processes: int, num_cores: int) -> int:
    """Threads of each process that forecast, so that all cores are used where files are few."""
    return max(1, num_cores // max(num_processes, 1))


def run_here(job: Job, units: Sequence[Unit], forecaster: BatchForecaster, num_threads: int, advance: Advance) -> Done:
    """Makes the files one after the other in this process; those that cannot be read are left out, and told.

    Raises:
        OutputError: A place where no file can be written.
    """
    done = Done()
    for unit in units:
        tell = partial(_tell, advance, unit.num_bytes)
        try:
            written = run_unit(job, unit, forecaster, num_threads, tell)
        except OutputError:
            raise
        except InputError as error:
            done.faults.append((unit, error))
            continue
        done.written.add(written)
        done.num_files += 1
    return done


def run_in_processes(job: Job, units: Sequence[Unit], num_processes: int, num_threads: int, advance: Advance) -> Done:
    """The same in spawned processes, which end with this one.

    Raises:
        OutputError: A place where no file can be written.
        KilledError: A process was killed.
    """
    spawn = multiprocessing.get_context("spawn")
    ticks: Any = spawn.Queue()
    done = Done()
    largest_first = sorted(units, key=lambda unit: -unit.num_bytes)
    with ProcessPoolExecutor(num_processes, spawn, _begin, (job, num_threads, ticks)) as pool:
        futures: dict[Future[Written], Unit] = {pool.submit(_run, unit): unit for unit in largest_first}
        try:
            pending = set(futures)
            while pending:
                finished, pending = wait(pending, timeout=0.1, return_when=FIRST_COMPLETED)
                while not ticks.empty():
                    advance(*ticks.get())
                for future in finished:
                    _take(future, futures[future], done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    while not ticks.empty():
        advance(*ticks.get())
    order = {unit: place for place, unit in enumerate(units)}
    done.faults.sort(key=lambda fault: order[fault[0]])
    return done


def _take(future: Future[Written], unit: Unit, done: Done) -> None:
    try:
        written = future.result()
    except BrokenProcessPool as error:
        raise KilledError(
            "a process was killed, perhaps for want of memory: fewer --processes, and --resume keeps what is done"
        ) from error
    except OutputError:
        raise
    except InputError as error:
        done.faults.append((unit, error))
        return
    done.written.add(written)
    done.num_files += 1


class _Worker:
    """What a spawned process holds."""

    job: Job
    forecaster: BatchForecaster
    num_threads: int
    ticks: Any


def _begin(job: Job, num_threads: int, ticks: Any) -> None:
    """Loads the model, and sees to it that this process ends with its parent."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _Worker.job, _Worker.num_threads, _Worker.ticks = job, num_threads, ticks
    _Worker.forecaster = BatchForecaster(load_engine(job.model, job.version), job.wanted)


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)


def _run(unit: Unit) -> Written:
    tell = partial(_tell, _send, unit.num_bytes)
    return run_unit(_Worker.job, unit, _Worker.forecaster, _Worker.num_threads, tell)


def _send(num_read: float, num_forecasts: int) -> None:
    _Worker.ticks.put((num_read, num_forecasts))


def _tell(advance: Advance, num_bytes: int, share: float, num_forecasts: int) -> None:
    advance(share * num_bytes, num_forecasts)
