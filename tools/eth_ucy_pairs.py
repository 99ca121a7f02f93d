"""Scores a recipe for ETH/UCY on scenes that it has not seen, without opening a test file.

    python tools/eth_ucy_pairs.py --data DIR --out DIR [--config FILE] [--pairs eth-hotel,...]

A model trained on three scenes, without f and g, is scored on g's train and val files, which counts for fold f, and on
f's, which counts for fold g. No choice for a fold looks at its test scene. What is printed, one line of JSON for each
fold and scene: best of 20 and best path, and the share that 90 % regions hold when spreads are multiplied by a margin.
Margins at which they hold 90 % on the average of a fold's pairs are written into `spread_margins` by hand.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from pathcast.formats import read_tracks
from pathcast.model import metrics
from pathcast.model.bundle.config import CONFIG
from pathcast.model.bundle.engine import load_bundle
from pathcast.model.engine import Engine
from pathcast.model.evaluation.eth_ucy import protocol_windows
from pathcast.model.evaluation.forecasters import engine_forecaster
from pathcast.model.forecast import Forecast, join
from pathcast.model.training.run import train_bundle
from pathcast.model.training.settings import TrainingSettings
from pathcast.settings import load_settings

FILES = {
    "eth": ("biwi_eth",),
    "hotel": ("biwi_hotel",),
    "univ": ("students001", "students003", "uni_examples"),
    "zara1": ("crowds_zara01",),
    "zara2": ("crowds_zara02",),
}
"""How the names of a scene's files begin."""
PAIRS = "eth-hotel,hotel-univ,univ-zara1,zara1-zara2,eth-zara2"
MARGINS = (1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0)
NUM_WINDOWS = 1500


def files(data: Path, fold: str, part: str, scene: str) -> tuple[list[str], list[str]]:
    """A part's files without those of a scene, and those of the scene."""
    found = sorted((data / "pedestrian" / "eth_ucy" / fold / part).glob("*.txt"))
    is_of = [file.name.startswith(FILES[scene]) for file in found]
    apart = [str(file) for file, of in zip(found, is_of, strict=True) if not of]
    return apart, [str(file) for file, of in zip(found, is_of, strict=True) if of]


def train_pair(settings: TrainingSettings, data: Path, first: str, second: str, folder: Path) -> Engine:
    """The model that has seen neither scene, trained unless it is there."""
    if not (folder / CONFIG).is_file():
        changed = {
            "tracks": files(data, first, "train", second)[0],
            "validation_tracks": files(data, first, "val", second)[0],
            "reading": {"format": "eth-ucy"},
            "spread_margins": {},
        }
        chosen = TrainingSettings(**(settings.model_dump() | changed))
        train_bundle(chosen, folder, lambda epoch, epochs, scores: None, overwrite=True)
    return load_bundle(folder)


def forecast_scene(engine: Engine, data: Path, fold: str, scene: str) -> tuple[Forecast, np.ndarray]:
    """Forecasts of a scene's windows in the train and val files of another fold, and what happened."""
    forecasts, truths = [], []
    for part in ("train", "val"):
        for file in files(data, fold, part, scene)[1]:
            tracks = read_tracks(file, format="eth-ucy")
            windows = protocol_windows(tracks, 2)
            if windows.num_windows:
                forecasts.append(engine_forecaster(engine)(windows, tracks))
                truths.append(windows.future)
    return join(forecasts), np.concatenate(truths)


def scores(forecast: Forecast, truth: np.ndarray) -> dict[str, object]:
    """Errors over all windows, and shares held over some."""
    best_ade, best_fde = metrics.best_of(forecast.means, truth)
    point = metrics.point_path(forecast)
    rows = np.random.default_rng(0).permutation(len(truth))[:NUM_WINDOWS]
    some = forecast.take(rows)
    held = {}
    for margin in MARGINS:
        wider = replace(some, covariances=some.covariances * np.float32(margin**2))
        region = metrics.highest_density_regions(wider, truth[rows], np.random.default_rng(1))
        held[str(margin)] = float(np.nanmean(region.coverage))
    return {
        "windows": len(truth),
        "min_ade": float(best_ade.mean()),
        "min_fde": float(best_fde.mean()),
        "point_ade": float(metrics.ade(point, truth).mean()),
        "point_fde": float(metrics.fde(point, truth).mean()),
        "coverage90_by_margin": held,
    }


def run(settings: TrainingSettings, data: Path, out: Path, pairs: list[str]) -> Iterator[dict[str, object]]:
    """Scores of each pair, both ways."""
    for pair in pairs:
        first, second = pair.split("-")
        engine = train_pair(settings, data, first, second, out / pair)
        for fold, scene in ((first, second), (second, first)):
            yield {"fold": fold, "scene": scene, **scores(*forecast_scene(engine, data, fold, scene))}


def main() -> None:
    """Prints a line for each fold and scene."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("PATHCAST_DATA"), help="default: PATHCAST_DATA")
    parser.add_argument("--out", type=Path, required=True, help="where models are kept")
    parser.add_argument("--config", type=Path, default=Path(__file__).parents[1] / "configs" / "eth-ucy.toml")
    parser.add_argument("--pairs", default=PAIRS)
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("--data DIR or PATHCAST_DATA is needed")
    settings = load_settings(TrainingSettings, arguments.config)
    for line in run(settings, Path(arguments.data), arguments.out, arguments.pairs.split(",")):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
