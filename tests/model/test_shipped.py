"""The bundles that ship: golden forecasts, and their worth on simulated tracks that no training saw."""

import json
from pathlib import Path

import numpy as np
import pytest

import pathcast
from pathcast.model.baselines import constant_velocity
from pathcast.model.bundle.config import read_config
from pathcast.model.evaluation.scores import score_forecasts
from pathcast.model.library import shipped_bundles
from pathcast.model.training.calibration import forecast_observed
from pathcast.model.training.observed import prefixes_of
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.world import build_world

GOLDEN = Path(__file__).parents[1] / "golden" / "forecasts.json"
NAMES = ["ball", "basketball", "pedestrian", "table-tennis"]


def golden_tracks(num_axes: int, step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three tracks of 2, 5 and 9 observations, by formula."""
    times = np.tile(np.arange(9) * step, (3, 1))
    index = np.arange(3)[:, None]
    x = (1.1 + 0.3 * index) * times + 0.02 * np.sin(3 * times + index)
    y = 0.2 * index - (0.4 - 0.2 * index) * times + 0.03 * np.cos(5 * times)
    columns = [x, y] if num_axes == 2 else [3 * x, 3 * y, 0.6 + 3.0 * times - 4.8 * times**2 + 0 * x]
    return times, np.stack(columns, axis=-1).astype(np.float32), np.array([2, 5, 9])


def golden_forecast(name: str) -> dict[str, list]:
    engine = pathcast.load(name).engine
    step = {"ball": 1 / 60, "pedestrian": 0.4, "basketball": 1 / 30, "table-tennis": 1 / 120}[name]
    times, positions, lengths = golden_tracks(engine.card.num_axes, step)
    states = engine.encode(engine.start(3), times, positions, lengths)
    forecast = engine.forecast(states, np.tile(engine.card.offsets_s[::4], (3, 1)))
    found = {
        "probabilities": forecast.probabilities[:, :3],
        "means": forecast.means[:, 0],
        "variances": forecast.covariances[:, 0, :, 0],
    }
    return {key: np.round(values.astype(np.float64), 6).tolist() for key, values in found.items()}


def test_these_ship() -> None:
    assert [folder.parent.name for folder in shipped_bundles()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_forecasts_are_the_committed_ones(name: str) -> None:
    expected, found = json.loads(GOLDEN.read_text())[name], golden_forecast(name)
    for key, tolerance in (("probabilities", 1e-4), ("means", 1e-4), ("variances", 1e-4)):
        np.testing.assert_allclose(found[key], expected[key], atol=tolerance, err_msg=key)


@pytest.mark.parametrize("name", NAMES)
def test_better_than_constant_velocity_and_calibrated_on_unseen_tracks(name: str) -> None:
    engine = pathcast.load(name).engine
    folder = next(folder for folder in shipped_bundles() if folder.parent.name == name)
    settings = TrainingSettings.model_validate(read_config(folder).training)
    source, _ = build_world(settings.model_copy(update={"seed": settings.seed + 77, "num_scenes": 60}))
    observed = source.observed("test", 3, 500, 1)
    offsets = np.asarray(engine.card.offsets_s)
    forecast, truth = forecast_observed(engine, observed, offsets)
    times, positions, lengths, _ = prefixes_of(observed)
    path = constant_velocity(times, positions.astype(np.float64), lengths, forecast.offsets)
    scores = score_forecasts(forecast, truth[:, : len(offsets)], {"constant_velocity": path}, np.random.default_rng(1))
    assert scores["ade_m"] < scores["constant_velocity_ade_m"]
    assert 0.85 < scores["coverage90"] < 0.95
