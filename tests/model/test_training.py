"""Short training runs: they learn, repeat themselves bit by bit, and are calibrated on tracks that they never saw."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pathcast.errors import InputError
from pathcast.model.bundle.config import read_config
from pathcast.model.bundle.engine import load_bundle
from pathcast.model.engine import Engine
from pathcast.model.evaluation.scores import score_forecasts
from pathcast.model.training.build import build_network
from pathcast.model.training.calibration import forecast_observed
from pathcast.model.training.loop import train
from pathcast.model.training.run import train_bundle
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.world import build_world
from pathcast.model.training.write_bundle import write_bundle


@dataclasses.dataclass(frozen=True)
class Run:
    settings: TrainingSettings
    folder: Path
    metrics: dict[str, float]
    told: list[tuple[int, int]]

    @property
    def validation(self) -> list[dict[str, float]]:
        return [json.loads(line) for line in (self.folder / "metrics.jsonl").read_text().splitlines()]


def _run(chosen: TrainingSettings, folder: Path) -> Run:
    told: list[tuple[int, int]] = []
    metrics = train_bundle(chosen, folder, lambda epoch, num, _: told.append((epoch, num)))
    return Run(chosen, folder, metrics, told)


@pytest.fixture(scope="module")
def run(small: TrainingSettings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return _run(small, tmp_path_factory.mktemp(small.name))


def _fresh_scores(engine: Engine, run: Run) -> dict[str, float]:
    """Scores on test tracks of a world of another seed."""
    source, _ = build_world(run.settings.model_copy(update={"seed": 77}))
    offsets = np.asarray(engine.card.offsets_s)
    forecast, truth = forecast_observed(engine, source.observed("test", 5, 1200, 1), offsets)
    return score_forecasts(forecast, truth[:, : len(offsets)], {}, np.random.default_rng(1))


def test_training_lowers_the_validation_loss_and_tells_of_each_epoch(run: Run) -> None:
    assert run.told == [(1, 3), (2, 3), (3, 3)]
    assert [each["epoch"] for each in run.validation] == [1, 2, 3]
    assert run.validation[-1]["loss"] < run.validation[0]["loss"]


def test_a_trained_bundle_beats_its_untrained_self_and_is_calibrated(run: Run, tmp_path: Path) -> None:
    front_end = build_world(run.settings)[1]
    write_bundle(tmp_path, build_network(run.settings, front_end.build()).eval(), front_end, run.settings)
    before, after = (_fresh_scores(load_bundle(folder), run) for folder in (tmp_path, run.folder))
    # A ball's untrained self flies by the whole physics; that its mean path is beaten too takes long training.
    for name in ("min_ade_m", "nll", *(() if run.settings.world == "ball" else ("ade_m", "energy_m"))):
        assert after[name] < before[name], name
    assert 0.80 < after["coverage90"] < 0.97


def test_a_bundle_says_what_it_was_trained_with_and_how_it_scored(run: Run) -> None:
    engine, config = load_bundle(run.folder), read_config(run.folder)
    assert TrainingSettings.model_validate(config.training) == run.settings
    assert engine.card.name == run.settings.name
    assert engine.card.offsets_s == tuple(run.settings.knots_s[: run.settings.num_offsets])
    assert engine.card.metrics == run.metrics
    assert engine.card.takes_goals == (run.settings.num_goals > 0)
    assert all(np.isfinite(value) for value in run.metrics.values())
    baselines = {"crowd": {"constant_velocity"}, "ball": {"constant_velocity", "ballistic"}}[run.settings.world]
    assert {name.removesuffix("_ade_m") for name in run.metrics if name.endswith("_ade_m")} >= baselines
    assert f"{run.metrics['ade_m']:.4f}" in engine.card.text
    assert len(config.spread_scale) == run.settings.num_knots and min(config.spread_scale) > 0


def _weights(chosen: TrainingSettings) -> dict[str, torch.Tensor]:
    source, front_end = build_world(chosen)
    return train(source, front_end.build(), chosen, None, lambda *_: None).network.state_dict()


def test_the_same_settings_give_the_same_weights_bit_by_bit_and_another_seed_others(small: TrainingSettings) -> None:
    shorter = small.model_copy(update={"num_train": 256, "num_validation": 64, "epochs": 2})
    one, two = _weights(shorter), _weights(shorter)
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = _weights(shorter.model_copy(update={"seed": 2}))
    assert not any(torch.equal(one[name], other[name]) for name in one if name.startswith("memory"))


@pytest.mark.parametrize("memory", ["gru", "rnn", "trace"])
def test_every_memory_trains(small: TrainingSettings, memory: str) -> None:
    losses: list[float] = []
    chosen = small.model_copy(update={"memory": memory, "epochs": 4, "num_train": 256, "num_validation": 200})
    source, front_end = build_world(chosen)
    trained = train(source, front_end.build(), chosen, None, lambda *told: losses.append(told[2]["loss"]))
    assert trained.validation["loss"] == min(losses) == losses[trained.epoch - 1] < losses[0]


def test_a_folder_that_cannot_be_made_is_refused_before_training(small: TrainingSettings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/bundle: expected a folder that can be made, found not a directory"):
        train_bundle(small, tmp_path / "file" / "bundle", lambda *_: None)
