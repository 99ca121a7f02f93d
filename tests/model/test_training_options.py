"""Options of a training run: averages, lengths, limits on gradients, other arithmetic, a bundle to begin with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pathcast.errors import BundleError, InputError
from pathcast.model.frontends import FrontEnd
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.training.build import build_network
from pathcast.model.training.loop import Trained, train
from pathcast.model.training.observed import Source
from pathcast.model.training.read_network import read_network
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.state import TrainingState
from pathcast.model.training.world import build_world
from pathcast.model.training.write_bundle import write_bundle

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
    num_ends=2,
    epochs=3,
    batch=100,
    num_units=8,
    num_context=8,
    num_decoder_units=8,
    num_modes=2,
)


@pytest.fixture(scope="module")
def world() -> tuple[Source, FrontEnd]:
    source, front_end = build_world(SETTINGS)
    return source, front_end.build()


def changed(**changes: object) -> TrainingSettings:
    return TrainingSettings.model_validate(SETTINGS.model_dump() | changes)


def trained(world: tuple[Source, FrontEnd], folder: Path | None = None, **changes: object) -> Trained:
    return train(*world, changed(**changes), folder, lambda *_: None)


def step(network: ForecastNetwork, chosen: TrainingSettings, size: float) -> tuple[TrainingState, torch.Tensor]:
    """One step along gradients of that size; gives the gradients as the optimiser saw them."""
    state = TrainingState.start(chosen, network)
    for parameter in network.parameters():
        parameter.grad = torch.full_like(parameter, size)
    state.step()
    return state, torch.cat([parameter.grad.flatten() for parameter in network.parameters()])


def test_gradients_are_limited_by_norm_by_value_or_not_at_all(world: tuple[Source, FrontEnd]) -> None:
    network = build_network(SETTINGS, world[1])
    assert step(network, changed(clip_norm=0.5), 3.0)[1].norm().item() == pytest.approx(0.5, rel=1e-4)
    assert step(network, changed(clip_norm=0.0, clip_value=0.1), -3.0)[1].unique().tolist() == pytest.approx([-0.1])
    assert step(network, changed(clip_norm=0.0), 3.0)[1].unique().tolist() == [3.0]


def test_the_average_begins_fast_and_then_keeps_what_it_should(world: tuple[Source, FrontEnd]) -> None:
    network = build_network(SETTINGS, world[1])
    before = network.emit.bias.detach().clone()
    state, _ = step(network, changed(ema_decay=0.99, epochs=400), 1.0)
    expected = before + (1 - 2 / 11) * (network.emit.bias.detach() - before)
    torch.testing.assert_close(state.average.emit.bias.detach(), expected)
    kept = state.average.emit.bias.detach().clone()
    for _ in range(900):
        state.schedule.step()
    state.step()
    expected = kept + 0.01 * (network.emit.bias.detach() - kept)
    torch.testing.assert_close(state.average.emit.bias.detach(), expected)


def test_validation_and_result_are_those_of_the_averaged_weights(world: tuple[Source, FrontEnd]) -> None:
    plain, averaged = trained(world), trained(world, ema_decay=0.9)
    assert not torch.equal(plain.network.emit.weight, averaged.network.emit.weight)
    assert plain.validation["loss"] != averaged.validation["loss"]


@pytest.mark.parametrize(("steps", "epochs"), [(0, 3), (1, 1), (3, 1), (4, 2), (30, 10)])
def test_steps_are_rounded_up_to_whole_epochs(steps: int, epochs: int) -> None:
    chosen = changed(steps=steps)
    assert (chosen.steps_per_epoch, chosen.num_epochs) == (3, epochs)


def test_a_run_by_steps_records_its_epochs_rates_and_speeds(world: tuple[Source, FrontEnd], tmp_path: Path) -> None:
    trained(world, tmp_path, steps=4)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[0]["learning_rate"] > 100 * lines[1]["learning_rate"] > 0
    for line in lines:
        assert np.isfinite(line["train_loss"]) and line["seconds"] > 0
        assert line["samples_per_second"] == pytest.approx(256 / line["seconds"], rel=0.05)


def test_bfloat16_trains_nearly_as_well(world: tuple[Source, FrontEnd]) -> None:
    coarse, fine = (trained(world, precision=name, epochs=4).validation["loss"] for name in ("bf16", "float32"))
    assert coarse != fine and coarse == pytest.approx(fine, rel=0.05)


@pytest.mark.slow
def test_a_compiled_network_trains_alike(tmp_path: Path) -> None:
    """In a process of its own, because checked shapes cannot be compiled."""
    plain = {name: value for name, value in SETTINGS.model_dump().items() if isinstance(value, str | int | float)}
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in plain.items() if name != "compile")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    losses = []
    for name in ("false", "true"):
        (tmp_path / "run.toml").write_text(
            f"{text}\nrates_hz = [120.0]\ncompile = {name}\n[throws]\ntable-tennis = 1.0\n"
        )
        words = [sys.executable, "-m", "pathcast", "train", "--config", "run.toml", "--out", name]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        losses.append(json.loads((tmp_path / name / "metrics.jsonl").read_text().splitlines()[-1])["loss"])
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)


@pytest.fixture
def bundle(world: tuple[Source, FrontEnd], tmp_path: Path) -> Path:
    network = build_network(changed(seed=9), world[1]).eval()
    write_bundle(tmp_path / "bundle", network, build_world(SETTINGS)[1], SETTINGS)
    return tmp_path / "bundle"


def test_a_bundles_network_is_read_back_and_can_be_begun_with(world: tuple[Source, FrontEnd], bundle: Path) -> None:
    network = build_network(changed(seed=9), world[1])
    read = read_network(bundle)
    assert read.sizes == network.sizes
    assert all(torch.equal(value, read.state_dict()[name]) for name, value in network.state_dict().items())
    begun = trained(world, start_from=str(bundle), learning_rate=1e-9, epochs=1, weight_decay=0.0)
    torch.testing.assert_close(begun.network.emit.weight, read.emit.weight, atol=1e-6, rtol=0)


def test_a_bundle_of_other_sizes_is_no_beginning(world: tuple[Source, FrontEnd], bundle: Path) -> None:
    expected = "expected a bundle with num_modes = 3, num_units = 4, found num_modes = 2, num_units = 8"
    with pytest.raises(InputError, match=expected):
        trained(world, start_from=str(bundle), num_modes=3, num_units=4)


@pytest.mark.parametrize(
    ("change", "message"), [(b"x", "expected SHA-256 .*, found"), (None, "expected weights, found")]
)
def test_altered_weights_are_not_read(bundle: Path, change: bytes | None, message: str) -> None:
    path = bundle / "model.safetensors"
    data = path.read_bytes()
    path.unlink()
    if change is not None:
        path.write_bytes(data + change)
    with pytest.raises(BundleError, match=f"model.safetensors: {message}"):
        read_network(bundle)
