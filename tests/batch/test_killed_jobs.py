"""A job that is killed at any instant and resumed leaves the bytes of one that was left alone."""

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pathcast.formats import write_tracks
from tests.batch.folders import digests

SEED = 8


def job(*words: str) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).with_name("killed_job.py")
    return subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True)


@pytest.mark.parametrize(("kills", "closing"), [(4, 1), pytest.param(20, 5, marks=pytest.mark.slow)])
def test_kills_leave_no_trace(tmp_path: Path, walks, kills: int, closing: int) -> None:
    """At least so many of all kills come while a file is being closed."""
    random_numbers = random.Random(SEED)
    source = tmp_path / "days"
    source.mkdir()
    for day in range(6):
        write_tracks(walks(num=120, scenes=20, seed=day, length=14), source / f"day{day}.parquet")
    assert job(str(source), str(tmp_path / "whole"), "not").returncode == 0
    expected = digests(tmp_path / "whole")
    killed = while_closing = most_kept = 0
    output = tmp_path / "out"
    for attempt in range(4 * kills):
        if killed == kills:
            break
        if attempt % 5 < 2:
            how = ("closing", str(random_numbers.randrange(2)), f"{random_numbers.uniform(0, 0.01):.5f}")
        else:
            how = ("after", f"{random_numbers.uniform(0, 0.6):.3f}")
        done = job(str(source), str(output), *how)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        is_killed = done.returncode == -signal.SIGKILL
        killed += is_killed
        while_closing += is_killed and "closing" in done.stdout
        kept = int(done.stdout.split()[1])
        most_kept = max(most_kept, kept)
        if kept >= 4 or not is_killed:  # nearly done: the next kills need something to interrupt
            assert job(str(source), str(output), "not").returncode == 0
            assert digests(output) == expected
            shutil.rmtree(output)
    assert job(str(source), str(output), "not").returncode == 0
    assert digests(output) == expected
    assert killed == kills and while_closing >= closing and (most_kept > 0 or kills < 20)


@pytest.mark.slow
def test_processes_end_with_the_one_that_started_them(tmp_path: Path, walks) -> None:
    source, output = tmp_path / "days", tmp_path / "out"
    source.mkdir()
    for day in range(8):
        write_tracks(walks(num=150, scenes=20, seed=day, length=14), source / f"day{day}.parquet")
    words = [str(source), "-o", str(output), "--model", "pedestrian", "--processes", "2", "--resume"]
    command = [sys.executable, "-m", "pathcast", "forecast", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as parent:
        while parent.poll() is None and not any(output.glob("*.parquet")):
            pass
        children = psutil.Process(parent.pid).children(recursive=True) if parent.poll() is None else []
        parent.kill()
        gone, alive = psutil.wait_procs(children, timeout=30)
    assert not alive and len(gone) == len(children)
    assert subprocess.run(command, capture_output=True).returncode == 0
    whole = tmp_path / "whole"
    command[command.index(str(output))] = str(whole)
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert digests(output) == digests(whole)
