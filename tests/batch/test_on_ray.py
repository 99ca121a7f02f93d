"""Jobs on Ray: the files of one machine, byte for byte."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pathcast.formats import write_tracks
from pathcast.tracks import Tracks

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-ray"


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """The environment of processes that find Ray and a cluster of two workers."""
    path = [str(ROOT)]
    if importlib.util.find_spec("ray") is None:
        found = sorted(ENVIRONMENT.glob("lib/python3*/site-packages/ray"))
        if not found:
            pytest.skip("ray is not installed (make test-ray)")
        path.append(str(found[0].parent))
    quiet = {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    environment = os.environ | quiet | {"PYTHONPATH": os.pathsep.join(path)}
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("two_workers.py"))],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        lines = (line.split() for line in process.stdout)
        yield environment | {"RAY_ADDRESS": next(words[1] for words in lines if words[:1] == ["address"])}
        process.stdin.close()


def pathcast(folder: Path, environment: dict[str, str], *words: str, code: int = 0) -> str:
    """What the command line prints."""
    done = subprocess.run(
        [sys.executable, "-m", "pathcast", *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def walks(seed: int, num: int = 12) -> Tracks:
    random = np.random.default_rng(seed)
    time = np.tile(0.4 * np.arange(8), num)
    place = (
        np.repeat(random.uniform(-5, 5, (num, 2)), 8, 0)
        + np.repeat(random.normal(0, 1, (num, 2)), 8, 0) * time[:, None]
    )
    return Tracks.from_rows(0, np.repeat(np.arange(num), 8), time, place)


def test_forecasts_are_those_of_one_machine_and_resume(tmp_path: Path, cluster: dict[str, str]) -> None:
    """One file is broken: it is told, and the others are made; mended and resumed, it alone is."""
    (tmp_path / "tracks").mkdir()
    for number in range(4):
        write_tracks(walks(number), tmp_path / "tracks" / f"{number}.parquet")
    broken, whole = tmp_path / "tracks" / "2.parquet", (tmp_path / "tracks" / "2.parquet").read_bytes()
    forecast = ["forecast", "tracks", "--model", "pedestrian", "--modes", "2", "--json", "-o"]
    pathcast(tmp_path, cluster, *forecast, "alone", "--processes", "1")
    broken.write_bytes(whole[:200])
    first = pathcast(tmp_path, cluster, *forecast, "spread", "--engine", "ray", code=2)
    told = json.loads(first)
    assert told["files"] == 3 and [Path(each["file"]).name for each in told["faults"]] == ["2.parquet"]
    broken.write_bytes(whole)
    again = pathcast(tmp_path, cluster, *forecast, "spread", "--engine", "ray", "--resume")
    told = json.loads(again)
    assert (told["files"], told["kept_files"], told["faults"]) == (4, 3, [])
    alone, spread = content(tmp_path / "alone"), content(tmp_path / "spread")
    assert alone.keys() == spread.keys()
    made = [name for name in alone if name.endswith((".parquet", ".csv"))]
    assert len(made) == 8 and all(alone[name] == spread[name] for name in made)


def test_simulated_data_sets_are_those_of_one_machine(tmp_path: Path, cluster: dict[str, str]) -> None:
    simulate = [
        "simulate",
        "ball",
        "--scenario",
        "free-throw",
        "--num",
        "8192",
        "--seed",
        "3",
        "--duration",
        "0.2",
        "--out",
    ]
    pathcast(tmp_path, cluster, *simulate, "alone")
    pathcast(tmp_path, cluster, *simulate, "spread", "--engine", "ray")
    assert content(tmp_path / "alone") == content(tmp_path / "spread") and len(content(tmp_path / "alone")) > 6


def test_without_ray_it_is_said_what_is_missing(tmp_path: Path) -> None:
    if importlib.util.find_spec("ray") is not None:
        pytest.skip("ray is installed")
    (tmp_path / "tracks").mkdir()
    write_tracks(walks(0), tmp_path / "tracks" / "0.parquet")
    words = ["forecast", "tracks", "--model", "constant-velocity-2d", "-o", "out", "--engine", "ray"]
    done = subprocess.run(
        [sys.executable, "-m", "pathcast", *words], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "expected the extra ray, pip install pathcast[ray]" in done.stderr
