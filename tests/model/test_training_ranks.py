"""Several processes: what each computes, and that together they train as one does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file

from pathcast.errors import InputError
from pathcast.model.training.ranks import Ranks, joined_ranks

SMALL = """
name = "tried"
summary = "Balls, for a moment"
world = "ball"
throws = { free-throw = 1.0 }
noise_m = 0.03
prefix = 8
num_train = 256
num_validation = 101
num_calibration = 200
num_test = 200
epochs = 2
batch = 45
num_ends = 2
num_units = 8
num_context = 8
num_decoder_units = 8
num_modes = 2
knot_s = 0.1
num_knots = 10
num_offsets = 4
coast_s = 0.2
likelihood = 1.0
"""


@given(num_rows=st.integers(0, 50), count=st.integers(1, 9))
def test_shares_are_even_and_hold_every_row_once(num_rows: int, count: int) -> None:
    shares = [Ranks(number, count).share(num_rows) for number in range(count)]
    assert [row for share in shares for row in range(share.start, share.stop)] == list(range(num_rows))
    sizes = [share.stop - share.start for share in shares]
    assert max(sizes) - min(sizes) <= 1


def test_one_process_keeps_what_it_is_given() -> None:
    given = [torch.randn(6, 2), None]
    assert all(ours is theirs for ours, theirs in zip(Ranks().join(given, 3, 2), given, strict=True))
    module = torch.nn.Linear(1, 1)
    assert Ranks().together(module) is module


def test_a_device_that_is_not_there_is_refused() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with (
        pytest.raises(InputError, match="device: expected a CUDA device for each process, 1 or more, found 0"),
        joined_ranks("cuda"),
    ):
        pass


TRAIN = ["pathcast", "train", "--config", "small.toml", "--json", "--out"]
TOGETHER = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def run(folder: Path, *words: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == code if code is not None else done.returncode, done.stderr
    return done


def record(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def assert_same_curve(ours: Path, theirs: Path, rel: float) -> None:
    one, two = record(ours), record(theirs)
    assert len(one) == len(two) == 2
    for mine, other in zip(one, two, strict=True):
        for name in ("loss", "train_loss", "min_ade_m", "nll"):
            assert mine[name] == pytest.approx(other[name], rel=rel), name


@pytest.mark.slow
def test_two_processes_train_as_one(tmp_path: Path) -> None:
    """A batch is not whole in two halves: the second epoch's score would tell of any other mean."""
    (tmp_path / "small.toml").write_text(SMALL)
    printed = {}
    for name, words in {"one": ["-m", *TRAIN], "two": ["-m", *TOGETHER, "-m", *TRAIN]}.items():
        done = run(tmp_path, *words, name)
        printed[name] = json.loads(done.stdout)
        assert done.stderr.count(f"wrote {name}") == 1
    assert_same_curve(tmp_path / "two", tmp_path / "one", 1e-5)
    weights = [load_file(tmp_path / name / "model.safetensors") for name in ("one", "two")]
    for name, value in weights[0].items():
        np.testing.assert_allclose(weights[1][name], value, atol=1e-5)
    assert printed["two"] == pytest.approx(printed["one"], rel=1e-3)


STREAMED = """
name = "tried"
summary = "Walkers, for a moment"
world = "tracks"
is_streamed = true
shuffled = 96
num_train = 300
num_validation = 128
num_test = 128
epochs = 2
batch = 45
prefix = 8
num_neighbours = 3
num_neighbour_units = 8
num_units = 8
num_context = 8
num_decoder_units = 8
num_modes = 2
checkpoint_steps = 2
"""


@pytest.mark.slow
def test_a_stopped_run_goes_on_at_the_same_step_with_another_number_of_processes(
    walking_folder: Path, tmp_path: Path
) -> None:
    """Streamed tracks, seven steps an epoch, the last a smaller one; the gradients of two processes in slices.

    The eleventh step is the fourth of the second epoch, whose checkpoint holds two; the fourth one of the first.
    """
    tracks = f'tracks = ["{walking_folder}"]\n'
    (tmp_path / "small.toml").write_text(STREAMED + tracks)
    slices = tmp_path / "slices"
    slices.mkdir()
    (slices / "small.toml").write_text(STREAMED + tracks + "micro_batch = 9\n")
    run(tmp_path, "-m", *TRAIN, "whole")
    stopping = str(Path(__file__).with_name("stopping_run.py"))
    resume = [*TRAIN[1:-1], "--resume", "--out"]

    run(tmp_path, stopping, "11", *TRAIN[1:], str(tmp_path / "one-two"), code=9)
    assert_stopped(tmp_path / "one-two", 1, 2)
    run(slices, "-m", *TOGETHER, "-m", "pathcast", *resume, str(tmp_path / "one-two"))

    run(slices, "-m", *TOGETHER, stopping, "4", *TRAIN[1:], str(tmp_path / "two-one"), code=None)
    assert_stopped(tmp_path / "two-one", 0, 2)
    run(tmp_path, "-m", "pathcast", *resume, str(tmp_path / "two-one"))

    for name in ("one-two", "two-one"):
        assert_same_curve(tmp_path / name, tmp_path / "whole", 1e-4)
        for mine, other in zip(record(tmp_path / name), record(tmp_path / "whole"), strict=True):
            assert mine["learning_rate"] == other["learning_rate"]


def assert_stopped(folder: Path, num_epochs: int, num_steps: int) -> None:
    """An unfinished run whose checkpoint holds so many epochs and steps of the next."""
    with safe_open(folder / "checkpoint" / "state.safetensors", "np") as file:
        kept = json.loads(file.metadata()["run"])
    assert (len(kept["history"]), kept["begun"]["num_steps"]) == (num_epochs, num_steps)
    assert not (folder / "config.json").exists()
