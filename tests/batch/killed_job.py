"""Runs a job in this process and kills it by SIGKILL, some seconds in or while an output file is being closed.

Usage: killed_job.py SOURCE OUTPUT (after SECONDS | closing NUMBER SECONDS)
"""

import os
import signal
import sys
import threading
from pathlib import Path

from pathcast.batch import outputs
from pathcast.batch.forecasting import BatchForecaster
from pathcast.batch.job import Job, is_finished, units_of
from pathcast.batch.processes import run_here
from pathcast.batch.wanted import Wanted
from pathcast.model.library import load_engine


def kill_in(seconds: float) -> None:
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()


def kill_while_closing(number: int, seconds: float) -> None:
    """Kills once that many files have been closed and the next one is being: its last rows, footer, sync and names."""
    close = outputs.ParquetOutput.close
    closed = 0

    def closing(output: outputs.ParquetOutput) -> None:
        nonlocal closed
        closed += 1
        if closed > number:
            print("closing", flush=True)
            kill_in(seconds)
        close(output)

    outputs.ParquetOutput.close = closing  # type: ignore[method-assign]


def main() -> None:
    source, output, how, *numbers = sys.argv[1:]
    job = Job(source=Path(source), output=Path(output), model="pedestrian", wanted=Wanted(num_modes=8))
    forecaster = BatchForecaster(load_engine(job.model), job.wanted)
    units, _ = units_of(job)
    missing = [unit for unit in units if not is_finished(unit, job.settings(forecaster.engine))]
    print("kept", len(units) - len(missing), flush=True)
    if how == "after":
        kill_in(float(numbers[0]))
    elif how == "closing":
        kill_while_closing(int(numbers[0]), float(numbers[1]))
    run_here(job, missing, forecaster, 1, lambda share, num: None)
    os._exit(0)  # before a timer that came too late


if __name__ == "__main__":
    main()
