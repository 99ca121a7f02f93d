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


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    """A batch is not whole in two halves: the second epoch's score would tell of any other mean."""
    (tmp_path / "small.toml").write_text(SMALL)
    train = ["pathcast", "train", "--config", "small.toml", "--json", "--out"]
    launch = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    printed = {}
    for name, words in {"one": train, "two": launch + train}.items():
        done = subprocess.run(
            [sys.executable, "-m", *words, name],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed[name] = json.loads(done.stdout)
        assert done.stderr.count(f"wrote {name}") == 1
    one, two = (
        [json.loads(line) for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("one", "two")
    )
    assert len(one) == len(two) == 2
    for ours, theirs in zip(two, one, strict=True):
        for name in ("loss", "train_loss", "min_ade_m", "nll"):
            assert ours[name] == pytest.approx(theirs[name], rel=1e-5), name
    weights = [load_file(tmp_path / name / "model.safetensors") for name in ("one", "two")]
    for name, value in weights[0].items():
        np.testing.assert_allclose(weights[1][name], value, atol=1e-5)
    assert printed["two"] == pytest.approx(printed["one"], rel=1e-3)
