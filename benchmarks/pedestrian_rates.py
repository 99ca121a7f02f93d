"""Are forecasts of people as good whatever the rate of the camera?

The same simulated walkers of all kinds of scenes, none of them trained on, are followed by clocks of 2.5, 5, 10 and
25 Hz and by an irregular one, with the same noise on every position. All clocks tick at the same instants every 3.2 s;
whoever has been seen for 2.8 s by then and stays for 4.8 s more is forecast at 0.4 to 4.8 s. ADE of the best path (the
most probable mode's where a model gives none) and the best of all modes, as ratios to 2.5 Hz, person by person the same
people; the interval is a bootstrap over scenes.

    python benchmarks/pedestrian_rates.py [--model NAME | --model FOLDER] [--json] [--scenes N] [--noise METRES]
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
from jaxtyping import Float
from pedestrian_watch import Walks, follow

from pathcast.model import metrics
from pathcast.model.engine import Engine
from pathcast.model.library import load_engine
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.pedestrian.scenes import ALL

RECORD_S, DURATION_S = 0.05, 20.0
RATES_HZ = (2.5, 5.0, 10.0, 25.0)
IRREGULAR = "irregular"
INSTANTS_S = (3.2, 6.4, 9.6, 12.8)
SEEN_S = 2.8
OFFSETS = 0.4 * np.arange(1, 13)
TARGET = "ratios to 2.5 Hz from 0.95 to 1.05"


def clock(name: str, seed: int) -> Float[np.ndarray, " tick"]:
    """Instants of a clock, s; those of `INSTANTS_S` among them."""
    if name != IRREGULAR:
        return np.arange(0.0, DURATION_S + 1e-9, 1 / float(name))
    ticks = np.cumsum(np.random.default_rng(seed).uniform(0.05, 0.75, 200))
    ticks = ticks[ticks < DURATION_S]
    apart = np.abs(ticks[:, None] - np.array(INSTANTS_S)).min(axis=1)
    return np.sort(np.concatenate([ticks[apart > 0.02], INSTANTS_S]))


def errors(
    engine: Engine, walks: Walks, ticks: Float[np.ndarray, " tick"], noise_m: float, seed: int
) -> dict[tuple[int, float], tuple[float, float]]:
    """ADE of the best path and of the best mode, metres, by person and instant."""
    found: dict[tuple[int, float], tuple[float, float]] = {}
    for instant in follow(engine, walks, ticks, noise_m, seed):
        at = [each for each in INSTANTS_S if abs(instant.time_s - each) < 1e-6]
        if not at:
            continue
        person = instant.person
        is_long = (walks.begin_s[person] <= at[0] - SEEN_S) & (walks.end_s[person] >= at[0] + OFFSETS[-1])
        rows = np.flatnonzero(is_long)
        if not len(rows):
            continue
        truth = walks.at(person[rows], at[0] + OFFSETS)
        offsets = np.tile(OFFSETS, (len(rows), 1))
        forecast = engine.forecast(instant.states.take(rows), offsets, instant.others.take(rows))
        path = forecast.point if forecast.point is not None else metrics.most_likely_path(forecast)
        ade, best = metrics.ade(path, truth), metrics.best_of(forecast.means, truth)[0]
        for row, one, other in zip(rows.tolist(), ade.tolist(), best.tolist(), strict=True):
            found[int(person[row]), at[0]] = one, other
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pedestrian", help="name of a model, or folder of a bundle")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--noise", type=float, default=0.02, help="standard deviation of a position, m")
    parser.add_argument("--seed", type=int, default=20_261_002)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    engine = load_engine(arguments.model)
    walks = Walks(simulate_crowd(ALL, arguments.scenes, arguments.seed, record_s=RECORD_S).tracks, RECORD_S)
    names = [f"{rate:g}" for rate in RATES_HZ] + [IRREGULAR]
    scores = {name: errors(engine, walks, clock(name, arguments.seed), arguments.noise, 7) for name in names}
    keys = sorted(set.intersection(*(set(each) for each in scores.values())))
    scene = walks.scene[[person for person, _ in keys]]
    values = {name: np.array([each[key] for key in keys]) for name, each in scores.items()}
    weights = np.random.default_rng(arguments.seed).multinomial(
        arguments.scenes, np.full(arguments.scenes, 1 / arguments.scenes), 1000
    )[:, scene]
    report: dict[str, Any] = {
        "model": f"{engine.card.name} {engine.card.version}",
        "forecasts": len(keys),
        "scenes": arguments.scenes,
        "seed": arguments.seed,
        "noise_m": arguments.noise,
        "target": TARGET,
        "clocks": {},
    }
    nominal = values[names[0]]
    for name in names:
        ratios = (weights @ values[name]) / (weights @ nominal)
        low, high = np.quantile(ratios[:, 0], [0.025, 0.975])
        report["clocks"][name] = {
            "ade_m": float(values[name][:, 0].mean()),
            "min_ade_m": float(values[name][:, 1].mean()),
            "ade_ratio": float(values[name][:, 0].mean() / nominal[:, 0].mean()),
            "ade_ratio_95": [float(low), float(high)],
            "min_ade_ratio": float(values[name][:, 1].mean() / nominal[:, 1].mean()),
        }
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{len(keys)} forecasts of {report['model']}, noise {arguments.noise:g} m; {TARGET}")
    for name, row in report["clocks"].items():
        print(
            f"{name:>9}: ADE {row['ade_m']:.3f} m, ratio {row['ade_ratio']:.3f} "
            f"({row['ade_ratio_95'][0]:.3f} to {row['ade_ratio_95'][1]:.3f}), "
            f"best of all modes {row['min_ade_m']:.3f} m, ratio {row['min_ade_ratio']:.3f}"
        )


if __name__ == "__main__":
    main()
