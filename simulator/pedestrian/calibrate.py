"""Calibration of the walking model: `python -m pathcast.simulator.pedestrian.calibrate --help`.

Parameters are sought by differential evolution (Storn and Price 1997, in scipy) for the least weighted misses of what
real crowds do: speed over density one way, in a ring and in the open corridor of HERMES; speed, lanes and freezing in
two-way flow; flow through bottlenecks; overlap. Only the first half of the checks' seeds is used, so the second half
judges (`pathcast simulate validate --seeds second`). Every evaluation is a line of the log: a run that is started
again with the same log goes on from the best of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float
from scipy.optimize import Bounds, differential_evolution

from pathcast.simulator.pedestrian.parameters import CALIBRATED, WalkingParameters
from pathcast.simulator.pedestrian.validation.bottleneck import bottleneck_flows
from pathcast.simulator.pedestrian.validation.counterflow import measure_counterflow, never_frozen
from pathcast.simulator.pedestrian.validation.fundamental_diagram import (
    DENSITIES,
    hermes,
    hermes_states,
    ring_speeds,
    weidmann,
)
from pathcast.simulator.pedestrian.validation.invariance import STEP_SEEDS, displacement_by_step
from pathcast.simulator.pedestrian.validation.trial import Trial

RANGES: Final = {
    "strength": (0.5, 4.0),
    "reach": (0.04, 0.12),
    "aside": (0.8, 1.0),
    "radius": (0.18, 0.2),
    "relaxation": (0.3, 0.5),
    "collision_energy": (1.0, 2.5),
    "collision_most": (5.0, 12.0),
    "meeting_most": (0.8, 3.0),
    "graze": (0.5, 1.2),
    "side": (0.1, 0.4),
    "headway": (0.5, 0.9),
    "least_gap": (0.3, 0.6),
    "narrow": (2.0, 4.0),
}
"""What is sought, with the least and the most of it."""
WIDTHS: Final = (0.8, 1.0, 1.2, 2.0)
OPENINGS: Final = ((0.6, 1.8), (1.2, 1.8), (1.8, 1.8), (1.8, 1.2), (1.8, 0.95))
SCATTER: Final = 0.07
"""Deviation of the settings that a search begins from, over the ranges."""
MISSED: Final = 5.0
"""A miss never counts more than this, so that one hopeless figure leaves the others their say."""


def misses(parameters: WalkingParameters) -> dict[str, float]:
    """How far each figure is from what is wanted, in units of what is tolerated; 0 is right, 1 at the border."""
    trial = Trial("first", parameters)
    speeds, overlaps = ring_speeds(trial, 1)
    states = hermes_states(trial, 1, OPENINGS)
    two_way = measure_counterflow(trial, 3)
    specific = bottleneck_flows(trial, 1, WIDTHS, 100) / np.array(WIDTHS)
    found = {
        f"ring {density}": (speed - weidmann(density)) / 0.12 for density, speed in zip(DENSITIES, speeds, strict=True)
    }
    found |= {
        f"open corridor {opening}": (speed / hermes(density) - 1.0) / 0.12
        for opening, (density, speed) in zip(OPENINGS, states, strict=True)
    }
    found |= {f"open corridor {OPENINGS[-1]} density": max(states[-1, 0] - 3.0, 0.0) / 0.3}
    found |= {
        f"bottleneck {width}": max(1.7 - each, each - 2.2, 0.0) / 0.12
        for width, each in zip(WIDTHS, specific, strict=True)
    }
    found |= {"bottleneck slope": (float(np.polyfit(WIDTHS, specific * np.array(WIDTHS), 1)[0]) - 1.95) / 0.4}
    found |= {
        "two-way speed": max(abs(two_way.speed - 0.95) - 0.05, 0.0) / 0.08,
        "two-way order": max(0.8 - two_way.order, 0.0) / 0.15,
        "two-way progress": max(0.7 - two_way.slowest, 0.0) / 0.2,
        "step": float(np.mean([displacement_by_step(trial, seed, (0, 1)) for seed in trial.seeds(STEP_SEEDS)])) / 0.04,
        "freezing": never_frozen(trial, 120.0, 1)[0].values[0] / 20.0,
        "overlap": max(*overlaps[:2], two_way.overlap) / 0.0005,
    }
    return {name: float(np.clip(np.nan_to_num(miss, nan=MISSED), -MISSED, MISSED)) for name, miss in found.items()}


def score_of(found: dict[str, float]) -> float:
    """Mean of the misses by their fourth powers: the worst count most, since every figure must be right."""
    return float(np.mean(np.array(list(found.values())) ** 4) ** 0.25)


class Search:
    """A search that writes down whatever it tries."""

    def __init__(self, log: Path) -> None:
        self.log = log
        lines = log.read_text().splitlines() if log.is_file() else []
        self.tried: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def score(self, values: Float[np.ndarray, " parameter"]) -> float:
        """The score of one setting."""
        chosen = {name: round(float(value), 4) for name, value in zip(RANGES, values, strict=True)}
        found = misses(CALIBRATED._replace(**chosen))
        self.tried.append({"score": score_of(found), "parameters": chosen, "misses": found})
        with self.log.open("a") as file:
            file.write(json.dumps(self.tried[-1]) + "\n")
        print(f"{len(self.tried)}: {self.tried[-1]['score']:.3f}, best {self.best['score']:.3f}", file=sys.stderr)
        return float(self.tried[-1]["score"])

    @property
    def best(self) -> dict[str, Any]:
        """What scored least."""
        return min(self.tried, key=lambda each: float(each["score"]))

    def population(self, num: int, seed: int) -> Float[np.ndarray, "member parameter"]:
        """The settings to begin from: the best tried, or else the present one, and others scattered about it."""
        least, most = np.array(list(RANGES.values())).T
        known = sorted(self.tried, key=lambda each: float(each["score"]))[: num // 2]
        rows = [list(each["parameters"].values()) for each in known]
        rows = rows or [[getattr(CALIBRATED, name) for name in RANGES]]
        scatter = np.random.default_rng(seed).standard_normal((num, len(RANGES)))
        members = np.array(rows[0]) + SCATTER * (most - least) * scatter
        members[: len(rows)] = rows
        return np.asarray(np.clip(members, least, most), np.float64)

    def run(self, evaluations: int, population: int, seed: int) -> None:
        """Seeks until about so many settings have been tried."""
        differential_evolution(
            self.score,
            Bounds(*np.array(list(RANGES.values())).T),
            maxiter=max(evaluations // population - 1, 0),
            init=self.population(population, seed),
            mutation=(0.4, 0.9),
            recombination=0.8,
            polish=False,
            rng=seed,
            tol=0.0,
        )


def main() -> None:
    """The command: seeks, and prints the best parameters with their score and misses as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--evaluations", type=int, default=400, help="settings to try (default 400, a few seconds each)"
    )
    parser.add_argument("--population", type=int, default=20, help="settings of a generation (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="of the search (default 1)")
    parser.add_argument("--log", type=Path, default=Path("calibration.jsonl"), help="every setting tried, a line each")
    given = parser.parse_args()
    if given.population < 5 or given.evaluations < given.population:
        parser.error("--population takes 5 or more, and --evaluations as many at least")
    search = Search(given.log)
    search.run(given.evaluations, given.population, given.seed)
    print(json.dumps({"tried": len(search.tried), "seed": given.seed, **search.best}, indent=2))


if __name__ == "__main__":
    main()
