"""Bundles of balls that ship: on throws of benchmarks, and on all that trained them, the network is worth its while."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pathcast.model.bundle.config import BallConfig, read_config
from pathcast.model.bundle.engine import BundleEngine, load_bundle
from pathcast.model.evaluation.ball_scores import path_errors
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.library import shipped_bundles
from pathcast.model.metrics import negative_log_likelihood
from pathcast.model.metrics.displacement import point_path
from pathcast.model.training.ball_source import BallSource
from pathcast.model.training.calibration import forecast_observed
from pathcast.model.training.read_network import read_network
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.write_bundle import write_bundle

MEASURED = {"three-pointer anywhere", "strokes anywhere"}
"""Kinds that `benchmarks/ball_forecast.py` throws. What others show by themselves stands in docs/balls.md."""
MIXED = "all kinds as mixed in training"
UNSEEN_SEED = 9_000_077
NUM = 400


def ball_kinds() -> list[tuple[Path, str]]:
    """Folders of the shipped bundles of balls, each with kinds of throws that benchmarks measure and with all kinds."""
    found = []
    for folder in shipped_bundles():
        training = read_config(folder).training
        kinds = training.get("throws") or ()
        found += [
            (folder, kind) for kind in (*(kind for kind in kinds if kind in MEASURED), *([MIXED] if kinds else []))
        ]
    return found


def filter_alone(folder: Path, to: Path) -> BundleEngine:
    """The same bundle with a network that says nothing: no estimate, no residual, no other modes."""
    config, network = read_config(folder), read_network(folder)
    assert isinstance(config.front_end, BallConfig) and network.estimate2 is not None
    with torch.no_grad():
        for layer in (network.estimate2, network.emit):
            layer.weight.zero_()
            layer.bias.zero_()
        network.anchors.zero_()
    settings = TrainingSettings.model_validate(config.training)
    write_bundle(to, network.eval(), config.front_end, settings, branch_share=config.branch_share)
    return load_bundle(to)


@pytest.mark.parametrize(
    ("folder", "kind"), ball_kinds(), ids=[f"{folder.parent.name}, {kind}" for folder, kind in ball_kinds()]
)
def test_the_trained_model_beats_its_own_untrained_base(folder: Path, kind: str, tmp_path: Path) -> None:
    """Paired, throw by throw, on fresh throws: nearer on average, and the truth more likely."""
    config = read_config(folder)
    throws = config.training["throws"] if kind == MIXED else {kind: 1.0}
    settings = TrainingSettings.model_validate(config.training | {"throws": throws, "seed": UNSEEN_SEED})
    front_end = config.front_end.build()
    assert isinstance(front_end, BallFrontEnd)
    observed = BallSource(settings, front_end).observed("test", 0, NUM, 1)
    offsets = np.asarray(config.offsets_s)
    ade, nll = [], []
    for engine in (load_bundle(folder), filter_alone(folder, tmp_path / "alone")):
        forecast, truth = forecast_observed(engine, observed, offsets)
        truth = truth[:, : len(offsets)].astype(np.float64)
        ade.append(path_errors(point_path(forecast), truth)[0])
        nll.append(negative_log_likelihood(forecast, truth))
    for name, (ours, alone) in (("ADE", ade), ("NLL", nll)):
        gain = alone - ours
        assert gain.mean() > 0, f"{name}: {ours.mean():.4f}, filter alone {alone.mean():.4f}"
