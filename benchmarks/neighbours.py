"""Do forecasts that look at the other people run into them less?

Simulated crossings that were not trained on, sampled every 0.4 s: everybody with 8 observations and 4.8 s to come is
forecast twice by the same model, once with the other people shown and once without. The most probable paths of one
instant are held against each other (Col-I of TrajNet++: nearer than 0.2 m at a step or half-way between two), beside
the rate at which the true paths collide, with ADE and likelihood person by person.

    python benchmarks/neighbours.py [--model NAME | --model FOLDER] [--against FOLDER] [--json] [--scenes N] [--seed S]
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathcast.model import metrics
from pathcast.model.evaluation.forecasters import ForecastWindows, engine_forecaster
from pathcast.model.evaluation.windows import Windows, cut_windows
from pathcast.model.library import load_engine
from pathcast.simulator.pedestrian.crowd import simulate_crowd

STEP_S, OBSERVED, FUTURE = 0.4, 8, 12


def score(forecaster: ForecastWindows, windows: Windows, tracks: Any) -> dict[str, NDArray[np.float64]]:
    """Scores window by window."""
    forecast = forecaster(windows, tracks)
    likely, point = metrics.most_likely_path(forecast), metrics.point_path(forecast)
    return {
        "collisions": metrics.collides(likely, likely, windows.group),
        "collisions_point": metrics.collides(point, point, windows.group),
        "collisions_with_truth": metrics.collides(likely, windows.future, windows.group),
        "ade_m": metrics.ade(likely, windows.future),
        "point_ade_m": metrics.ade(point, windows.future),
        "min_ade_m": metrics.best_of(forecast.means, windows.future)[0],
        "nll": metrics.negative_log_likelihood(forecast, windows.future),
    }


def paired(difference: NDArray[np.float64], scene: NDArray[np.int64], seed: int) -> tuple[float, float]:
    """A 95 % interval of a mean difference, scenes drawn anew (bootstrap over scenes, 2000 times)."""
    scenes, number = np.unique(scene, return_inverse=True)
    sums = np.bincount(number, difference)
    counts = np.bincount(number).astype(np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(scenes), (2000, len(scenes)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pedestrian", help="name of a model, or folder of a bundle")
    parser.add_argument("--against", help="folder of a bundle trained without looking at others, scored beside")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--kind", default="crossing", help="of the simulated scenes")
    parser.add_argument("--seed", type=int, default=20_260_901)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    engine = load_engine(arguments.model)
    if not engine.card.uses_neighbours:
        parser.error(f"{engine.card.name} does not look at the other people")
    tracks = simulate_crowd(arguments.kind, arguments.scenes, arguments.seed, record_s=STEP_S).tracks
    windows = cut_windows(tracks, OBSERVED, FUTURE, STEP_S)
    rows = windows.group % 4 == 0  # windows of neighbouring instants say much the same
    windows = windows.take(rows)
    runs = {"on": engine_forecaster(engine), "off": engine_forecaster(engine, looks_around=False)}
    if arguments.against:
        runs["trained_off"] = engine_forecaster(load_engine(arguments.against))
    scores = {name: score(forecaster, windows, tracks) for name, forecaster in runs.items()}
    truth = float(metrics.collides(windows.future, windows.future, windows.group).mean())
    report: dict[str, Any] = {"windows": windows.num_windows, "scenes": arguments.scenes, "collisions_truth": truth}
    for name, values in scores.items():
        report[name] = {key: float(value.mean()) for key, value in values.items()}
    for name in [name for name in scores if name != "on"]:
        beyond_on, beyond = report["on"]["collisions"] - truth, report[name]["collisions"] - truth
        report[f"against_{name}"] = {
            "share_of_collisions_left": beyond_on / beyond if beyond > 0 else None,
            **{
                f"{key}_difference": {
                    "mean": report["on"][key] - report[name][key],
                    "interval95": paired(scores["on"][key] - scores[name][key], windows.scene, arguments.seed),
                }
                for key in scores["on"]
            },
        }
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{windows.num_windows} windows, truth collides in {100 * truth:.2f} %")
    for name in scores:
        print(name, {key: round(value, 4) for key, value in report[name].items()})
    for name in [name for name in scores if name != "on"]:
        print(f"against {name}", report[f"against_{name}"])


if __name__ == "__main__":
    main()
