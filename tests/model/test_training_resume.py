"""StoppedError runs: resumed, they end where they would have, and nothing is lost or mixed up on the way."""

import json
from functools import cache
from pathlib import Path

import pytest
import torch

from pathcast.errors import BundleError, InputError
from pathcast.model.bundle.config import read_config
from pathcast.model.bundle.engine import load_bundle
from pathcast.model.training.checkpoint import has_checkpoint
from pathcast.model.training.loop import Trained, train
from pathcast.model.training.publishing import publishing
from pathcast.model.training.run import train_bundle
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.world import build_world

SETTINGS = TrainingSettings(
    name="balls",
    world="ball",
    throws={"table-tennis": 1.0},
    rates_hz=[120.0],
    noise_m=0.003,
    prefix=8,
    knot_s=0.05,
    num_knots=5,
    num_offsets=4,
    coast_s=0.0,
    num_train=256,
    num_validation=100,
    num_calibration=400,
    num_test=400,
    num_ends=1,
    epochs=4,
    batch=64,
    num_units=8,
    num_context=8,
    num_decoder_units=8,
    num_modes=2,
    ema_decay=0.9,
)


class StoppedError(Exception):
    """Stands for whatever ends a process."""


def stop_after(last: int):
    def progress(epoch: int, num_epochs: int, scores: dict[str, float]) -> None:
        if epoch == last:
            raise StoppedError

    return progress


@cache
def world():
    return build_world(SETTINGS)


def run(chosen: TrainingSettings, folder: Path, progress=lambda *_: None, resume: bool = False) -> Trained:
    folder.mkdir(exist_ok=True)
    source, front_end = world()
    return train(source, front_end.build(), chosen, folder, progress, resume=resume)


def record(folder: Path) -> list[dict[str, float]]:
    """The record of each epoch, without what a clock decides."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: line[name] for name in line if name not in ("seconds", "samples_per_second")} for line in lines]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trained]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, run(SETTINGS, folder)


@pytest.mark.parametrize("last", [1, 3, 4])
def test_a_resumed_run_has_the_same_curve_and_weights_bit_by_bit(
    whole: tuple[Path, Trained], tmp_path: Path, last: int
) -> None:
    with pytest.raises(StoppedError):
        run(SETTINGS, tmp_path, stop_after(last))
    told: list[int] = []
    resumed = run(SETTINGS, tmp_path, lambda epoch, *_: told.append(epoch), resume=True)
    assert told == list(range(last + 1, 5))
    folder, expected = whole
    assert record(tmp_path) == record(folder)
    assert (resumed.epoch, resumed.validation) == (expected.epoch, expected.validation)
    ours, theirs = resumed.network.state_dict(), expected.network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_run_that_was_stopped_twice_ends_as_one(whole: tuple[Path, Trained], tmp_path: Path) -> None:
    for last in (1, 2):
        with pytest.raises(StoppedError):
            run(SETTINGS, tmp_path, stop_after(last), resume=True)
    resumed = run(SETTINGS, tmp_path, resume=True)
    assert record(tmp_path) == record(whole[0])
    assert torch.equal(resumed.network.emit.weight, whole[1].network.emit.weight)


def test_a_line_that_was_not_written_or_half_written_is_made_good(whole: tuple[Path, Trained], tmp_path: Path) -> None:
    """The checkpoint is written before the line."""
    with pytest.raises(StoppedError):
        run(SETTINGS, tmp_path, stop_after(2))
    path = tmp_path / "metrics.jsonl"
    path.write_text(path.read_text()[:-40])
    run(SETTINGS, tmp_path, resume=True)
    assert record(tmp_path) == record(whole[0])


def test_an_unfinished_write_leaves_the_checkpoint_as_it_was(whole: tuple[Path, Trained], tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        run(SETTINGS, tmp_path, stop_after(2))
    (tmp_path / "checkpoint" / ".state.safetensors.1-1.part").write_bytes(b"half")
    run(SETTINGS, tmp_path, resume=True)
    assert record(tmp_path) == record(whole[0])


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        run(SETTINGS, tmp_path, stop_after(1))
    others = SETTINGS.model_copy(update={"batch": 32, "rates_hz": [100.0]})
    expected = r"the settings of the run, batch = 64, rates_hz = \[120.0\], found batch = 32, rates_hz = \[100.0\]"
    with pytest.raises(InputError, match=expected):
        run(others, tmp_path, resume=True)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "state.safetensors").write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"state.safetensors: expected a checkpoint, found"):
        run(SETTINGS, tmp_path, resume=True)


def test_with_nothing_to_resume_a_run_begins(whole: tuple[Path, Trained], tmp_path: Path) -> None:
    run(SETTINGS, tmp_path, resume=True)
    assert record(tmp_path) == record(whole[0])


def test_a_folder_keeps_its_bundle_until_it_is_overwritten(tmp_path: Path) -> None:
    short = SETTINGS.model_copy(update={"epochs": 1})
    out = tmp_path / "bundle"
    with pytest.raises(StoppedError):
        train_bundle(short, out, stop_after(1))
    assert has_checkpoint(out)
    with pytest.raises(InputError, match="--resume or --overwrite, found an unfinished run"):
        train_bundle(short, out, lambda *_: None)
    metrics = train_bundle(short, out, lambda *_: None, resume=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]
    names = {"README.md", "config.json", "encode.onnx", "forecast.onnx", "metrics.json", "metrics.jsonl"}
    assert {path.name for path in out.iterdir()} == names | {"estimate.onnx", "model.safetensors"}
    with pytest.raises(InputError, match="--resume or --overwrite, found a finished bundle"):
        train_bundle(short, out, lambda *_: None)
    assert train_bundle(short, out, stop_after(1), resume=True) == metrics
    with pytest.raises(InputError, match=r"config.json: expected the settings of the run, seed = 1, found seed = 2"):
        train_bundle(short.model_copy(update={"seed": 2}), out, lambda *_: None, resume=True)
    other = short.model_copy(update={"seed": 2})
    with pytest.raises(StoppedError):
        train_bundle(other, out, stop_after(1), overwrite=True)
    assert read_config(out).training["seed"] == 1
    train_bundle(other, out, lambda *_: None, resume=True)
    assert read_config(out).training["seed"] == 2 and load_bundle(out).card.metrics != metrics


def test_a_bundle_is_published_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    with publishing(folder) as part:
        (part / "config.json").write_text("1")
        (part / "a").write_text("1")
    with pytest.raises(StoppedError), publishing(folder) as part:
        (part / "config.json").write_text("2")
        raise StoppedError
    assert (folder / "config.json").read_text() == "1"
    (folder / "kept").write_text("")
    (folder / "b").mkdir()
    with pytest.raises(InputError, match="bundle: expected a folder that can be written"), publishing(folder) as part:
        (part / "config.json").write_text("3")
        (part / "b").write_text("3")
    with pytest.raises(BundleError, match=r"expected a bundle, found no config.json"):
        read_config(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]
