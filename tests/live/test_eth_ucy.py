"""ETH/UCY through a server: the published figures of constant velocity, and tables that say what they hold."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pathcast.live.eth_ucy import SceneScores, averages, scene_table, stream_windows
from pathcast.model.baselines import constant_velocity
from pathcast.model.evaluation.eth_ucy import eth_ucy_tracks, protocol_windows
from pathcast.model.evaluation.forecasters import engine_forecaster
from pathcast.model.evaluation.protocol import data_hash
from pathcast.model.evaluation.scores import score_forecasts
from pathcast.model.library import load_engine
from pathcast.service.client import Client, LocalServer

MODEL = "constant-velocity-2d"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with LocalServer([MODEL, "pedestrian"]) as server, Client(server.address) as each:
        yield each


@pytest.mark.parametrize(("min_people", "num", "ade", "fde"), [(1, 364, 1.075, 2.282), (2, 181, 0.995, 2.234)])
def test_constant_velocity_on_scene_eth_has_the_published_figures(
    client: Client, data_dir: Path, min_people: int, num: int, ade: float, fde: float
) -> None:
    tracks = eth_ucy_tracks(data_dir, "eth")
    windows = protocol_windows(tracks, min_people)
    assert windows.num_windows == num
    forecast = stream_windows(client, MODEL, windows, tracks)
    baseline = constant_velocity(windows.times, windows.observed, windows.lengths, forecast.offsets)
    scores = score_forecasts(forecast, windows.future, {"constant_velocity": baseline}, np.random.default_rng(1))
    for name in ("", "likely_", "min_", "constant_velocity_"):
        assert scores[f"{name}ade_m"] == pytest.approx(ade, abs=5e-4), name
        assert scores[f"{name}fde_m"] == pytest.approx(fde, abs=5e-4), name


@pytest.mark.parametrize("scene", ["eth", "zara1"])
def test_streamed_windows_are_forecast_as_in_this_process(client: Client, data_dir: Path, scene: str) -> None:
    tracks = eth_ucy_tracks(data_dir, scene)
    windows = protocol_windows(tracks, 1)
    windows = windows.take(windows.group % 7 == 3)
    streamed = stream_windows(client, "pedestrian", windows, tracks)
    direct = engine_forecaster(load_engine("pedestrian"))(windows, tracks)
    for name in ("probabilities", "means", "covariances", "point"):
        np.testing.assert_allclose(getattr(streamed, name), getattr(direct, name), atol=1e-5, rtol=1e-5)


def test_the_hash_is_of_all_test_files_and_of_nothing_else(data_dir: Path, tmp_path: Path) -> None:
    for file in (data_dir / "pedestrian" / "eth_ucy").glob("*/test/*.txt"):
        copy = tmp_path / file.relative_to(data_dir)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    whole = data_hash(data_dir)
    assert len(whole) == 64 and data_hash(tmp_path) == whole
    (tmp_path / "pedestrian" / "eth_ucy" / "eth" / "notes.txt").write_text("no test file")
    assert data_hash(tmp_path) == whole
    with copy.open("ab") as end:
        end.write(b"\n")
    assert data_hash(tmp_path) != whole


def test_averages_weigh_scenes_alike_and_the_table_shows_them() -> None:
    keys = [f"{name}{kind}" for name in ("", "min_", "likely_", "constant_velocity_") for kind in ("ade_m", "fde_m")]
    results = [
        SceneScores("eth", 2, 181, dict.fromkeys(keys, 1.0)),
        SceneScores("univ", 2, 24334, dict.fromkeys(keys, 0.5)),
    ]
    assert averages(results) == dict.fromkeys(keys, 0.75)
    console = Console(width=110)
    with console.capture() as text:
        console.print(scene_table(results, 2))
    said = text.get()
    assert "two or more people" in said and "24334" in said
    (last,) = (line for line in said.splitlines() if "average" in line)
    assert last.count("0.750 / 0.750") == 4
