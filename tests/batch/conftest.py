"""Walkers in scenes, seen at a jittery clock."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathcast.cli import main
from pathcast.tracks import Tracks

Run = Callable[[str], tuple[int, str, str]]


def make_walks(num: int = 12, scenes: int = 3, length: int = 8, seed: int = 1, axes: int = 2) -> Tracks:
    """Tracks of several scenes, of different lengths from 2 on, a tenth of what would be seen missing."""
    random = np.random.default_rng(seed)
    clock = np.cumsum(random.uniform(0.3, 0.5, (scenes, length)), axis=1)
    rows = []
    for index in range(num):
        scene = index % scenes
        place, velocity = random.uniform(-5, 5, axes), random.normal(0, 1, axes)
        for step in range(int(random.integers(2, length + 1))):
            seen = place + velocity * clock[scene, step] + random.normal(0, 0.02, axes)
            if axes == 3:
                seen[2] = abs(seen[2]) + 1
            rows.append((scene, 7 * index, clock[scene, step], seen, step < 2 or random.random() < 0.9))
    scene_of, track, time, position, valid = zip(*rows, strict=True)
    return Tracks.from_rows(scene_of, track, time, np.array(position), np.array(valid))


@pytest.fixture
def walks() -> Callable[..., Tracks]:
    return make_walks


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `pathcast forecast` as the shell would, in a folder of its own: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def pathcast(words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pathcast", "forecast", *words.split()])
        with pytest.raises(SystemExit) as end:
            main()
            sys.exit(0)
        return int(end.value.code or 0), *capsys.readouterr()

    return pathcast
