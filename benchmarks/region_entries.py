"""Do people step into regions as often as they are said to, and which law of paths tells it best?

Plazas that nothing was trained on are walked and seen at 2.5 Hz with noise. In each lie some squares, thin crossings
and bent areas; at every fourth tick each person who is near one and outside is asked about: will they be in it within
three seconds? The answer is of the true walk. Told are the probabilities of the shipped pedestrian model and of
constant velocity: Brier score, its difference paired by scenes, and reliability (the mean distance between what is told
and what comes true, over eight classes of probability).

With --laws the same mixtures are read by other laws of how one time hangs together with the next: deviations that are
correlated along the logarithm of time, independent ones, the largest probability of any one time, and the likeliest
mode's path by itself. Last, the computing time of a call, and what its fixed draws cost in exactness.

    python benchmarks/region_entries.py [--model NAME | --model FOLDER] [--json] [--scenes N] [--laws]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from pedestrian_watch import Walks, follow
from scipy.stats import norm

from pathcast.model.engine import Engine
from pathcast.model.entries import LEAST_SAMPLES, MOST_SAMPLES, find_entries, spiral
from pathcast.model.forecast import Forecast, unpack_covariances
from pathcast.model.library import load_engine
from pathcast.model.regions import Regions
from pathcast.simulator.pedestrian.crowd import Crowd, simulate_crowd

STEP_S, RECORD_S, DURATION_S, EVERY = 0.4, 0.1, 20.0, 4
WITHIN_S = 3.0
OFFSETS = np.array([*STEP_S * np.arange(1, 8), WITHIN_S])
NUM_REGIONS, NEAR_M, NUM_DRAWS = 6, 6.0, 400
CLASSES = (0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.01)
RIVAL = "constant-velocity-2d"

Law = Callable[[Forecast, np.ndarray, Regions], np.ndarray]
"""Probabilities of entry [track, region] from a forecast, positions [track, axis] and regions."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What was told of pairs of a person and a region, and what became true."""

    scene: Int[np.ndarray, " pair"]
    told: Float[np.ndarray, " pair"]
    is_true: Float[np.ndarray, " pair"]

    @property
    def brier(self) -> float:
        return float(((self.told - self.is_true) ** 2).mean())

    def reliability(self) -> tuple[float, list[tuple[float, float, int]]]:
        """Mean distance between told and true over the classes; what is told, what is true and how many in each."""
        place = np.digitize(self.told, CLASSES) - 1
        rows = []
        for index in range(len(CLASSES) - 1):
            some = place == index
            if some.any():
                rows.append((float(self.told[some].mean()), float(self.is_true[some].mean()), int(some.sum())))
        return sum(abs(told - true) * num for told, true, num in rows) / len(place), rows


def draw_regions(crowd: Crowd, scene: int, seed: int) -> Regions:
    """Squares, crossings and bent areas somewhere within a plaza."""
    random = np.random.default_rng([seed, scene])
    (low_x, high_x), (low_y, high_y) = crowd.venue(scene).extent()
    areas = {}
    for index in range(NUM_REGIONS):
        half, width, length = random.uniform(0.5, 1.5), random.uniform(0.15, 0.5), random.uniform(1.5, 4.0)
        bend = random.uniform(0.8, 2.0) * np.array([(0, 0), (2, 0), (2, 0.7), (0.7, 0.7), (0.7, 2), (0, 2)])
        square, crossing = (np.array([(-x, -y), (x, -y), (x, y), (-x, y)]) for x, y in ((half, half), (length, width)))
        angle = random.uniform(0, 2 * np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centre = random.uniform((low_x + 2, low_y + 2), (high_x - 2, high_y - 2))
        areas[str(index)] = (square, crossing, bend)[index % 3] @ turn.T + centre
    return Regions.of(areas)


def lasting(forecast: Forecast, positions: np.ndarray, regions: Regions) -> np.ndarray:
    """What is shipped: deviations last along a mode."""
    num = forecast.num_tracks
    return find_entries(forecast, positions, regions, forecast.offsets, np.zeros(num)).probabilities[:, :, -1]


def of_paths(paths: Float[np.ndarray, "track path time 2"], positions: np.ndarray, regions: Regions) -> np.ndarray:
    """Share of given paths, at `OFFSETS`, that enter."""
    num, num_paths, num_times, _ = paths.shape
    shares = np.full((num, num_paths), 1 / num_paths, np.float32)
    exact = np.zeros((num, num_paths, num_times, 3), np.float32)
    offsets = np.tile(np.linspace(WITHIN_S / num_times, WITHIN_S, num_times), (num, 1))
    each = Forecast(offsets, shares, paths.astype(np.float32), exact)
    return find_entries(each, positions, regions, offsets, np.zeros(num), 1).probabilities[:, :, -1]


def correlated(length: float, seed: int = 1) -> Law:
    """Deviations whose correlation falls by e over so much of the logarithm of time; 0 for independent ones."""

    def law(forecast: Forecast, positions: np.ndarray, regions: Regions) -> np.ndarray:
        random = np.random.default_rng(seed)
        shares = forecast.probabilities.astype(np.float64)
        cumulative = (shares / shares.sum(axis=1, keepdims=True)).cumsum(axis=1)
        mode = (random.random((len(shares), NUM_DRAWS, 1)) > cumulative[:, None, :-1]).sum(axis=2)
        fresh = random.standard_normal((len(shares), NUM_DRAWS, len(OFFSETS), 2))
        kept = np.exp(-np.diff(np.log(OFFSETS)) / length) if length > 0 else np.zeros(len(OFFSETS) - 1)
        for time, share in enumerate(kept.tolist(), 1):
            fresh[:, :, time] = share * fresh[:, :, time - 1] + np.sqrt(1 - share**2) * fresh[:, :, time]
        values, vectors = np.linalg.eigh(unpack_covariances(forecast.covariances.astype(np.float64)))
        roots = (vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]) @ np.swapaxes(vectors, -1, -2)
        rows = np.arange(len(shares))[:, None]
        paths = forecast.means[rows, mode] + np.einsum("npsij,npsj->npsi", roots[rows, mode], fresh)
        return of_paths(paths, positions, regions)

    return law


def largest(forecast: Forecast, positions: np.ndarray, regions: Regions) -> np.ndarray:
    """The largest probability of being inside at any one offset: a lower bound."""
    found = []
    for time in range(len(OFFSETS)):
        at = forecast.offsets[:, time : time + 1]
        means, covariances = forecast.means[:, :, time : time + 1], forecast.covariances[:, :, time : time + 1]
        one = Forecast(at, forecast.probabilities, means, covariances)
        found.append(find_entries(one, positions, regions, at, at[:, 0]).probabilities[:, :, -1])
    return np.max(found, axis=0)


def likeliest(forecast: Forecast, positions: np.ndarray, regions: Regions) -> np.ndarray:
    """Whether the likeliest mode's path enters."""
    return of_paths(forecast.means[:, :1], positions, regions)


LAWS: dict[str, Law] = {
    "lasting": lasting,
    "correlated over 2": correlated(2.0),
    "correlated over 0.5": correlated(0.5),
    "independent": correlated(0.0),
    "largest of one time": largest,
    "likeliest path": likeliest,
}


def ask(
    engine: Engine, walks: Walks, regions: list[Regions], laws: dict[str, Law], noise_m: float, seed: int
) -> dict[str, Asked]:
    """What each law makes of an engine's forecasts, of everybody who is near a region of the scene and outside it."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("scene", "true", *laws)}
    ticks = np.arange(0.0, DURATION_S - WITHIN_S + 1e-9, STEP_S)
    for number, instant in enumerate(follow(engine, walks, ticks, noise_m, seed)):
        rows = np.flatnonzero(instant.states.count >= 2)
        if number % EVERY or not len(rows):
            continue
        offsets = np.tile(OFFSETS, (len(rows), 1))
        forecast = engine.forecast(instant.states.take(rows), offsets, instant.others.take(rows))
        positions = engine.positions(instant.states.take(rows))
        person = instant.person[rows]
        truth = walks.at(person, instant.time_s + np.arange(0.0, WITHIN_S + 1e-9, RECORD_S))
        for scene in np.unique(walks.scene[person]).tolist():
            own = np.flatnonzero(walks.scene[person] == scene)
            named = regions[scene]
            centres = np.array([corners.mean(axis=0) for corners in named.each()])
            is_near = np.linalg.norm(positions[own, None] - centres, axis=2) < NEAR_M
            walked = _fill(truth[own])
            is_true = of_paths(walked[:, None, 1:], walked[:, 0], named)
            is_in = of_paths(np.repeat(walked[:, None, :1], 2, axis=2), walked[:, 0], named) > 0
            is_seen_in = of_paths(np.repeat(positions[own, None, None], 2, axis=2), positions[own], named) > 0
            chosen = is_near & ~is_in & ~is_seen_in
            parts["scene"].append(np.full(int(chosen.sum()), scene))
            parts["true"].append(is_true[chosen])
            for name, law in laws.items():
                parts[name].append(law(forecast.take(own), positions[own], named)[chosen])
    whole = {name: np.concatenate(each).astype(np.float64) for name, each in parts.items()}
    return {name: Asked(whole["scene"].astype(np.int64), whole[name], whole["true"]) for name in laws}


def _fill(paths: Float[np.ndarray, "person time 2"]) -> Float[np.ndarray, "person time 2"]:
    """Who has left stays where they were last."""
    filled = paths.copy()
    for time in range(1, paths.shape[1]):
        gone = np.isnan(filled[:, time, 0])
        filled[gone, time] = filled[gone, time - 1]
    return filled


def compare(model: Asked, rival: Asked, seed: int) -> tuple[float, list[float]]:
    """Difference of Brier scores, and 95 % of it over drawn scenes."""
    gains = (model.told - model.is_true) ** 2 - (rival.told - rival.is_true) ** 2
    scenes = np.unique(model.scene)
    sums = np.array([gains[model.scene == scene].sum() for scene in scenes])
    counts = np.array([(model.scene == scene).sum() for scene in scenes])
    drawn = np.random.default_rng(seed).integers(0, len(scenes), (2000, len(scenes)))
    again = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return float(gains.mean()), [float(each) for each in np.quantile(again, [0.025, 0.975])]


Question = tuple[Forecast, np.ndarray, Regions, np.ndarray, np.ndarray]
"""Arguments of `find_entries`."""


def crossing_walkers(num_tracks: int, num_modes: int, num_regions: int) -> Question:
    """Tracks that all come near all regions."""
    random = np.random.default_rng(0)
    offsets = np.tile(STEP_S * np.arange(1, 13), (num_tracks, 1))
    heading, pace = random.normal(0, 0.3, (num_tracks, num_modes)), random.normal(1.2, 0.2, (num_tracks, num_modes))
    course = np.stack([np.cos(heading), np.sin(heading)], axis=-1) * pace[..., None]
    means = course[:, :, None] * offsets[:, None, :, None]
    spread = np.broadcast_to((0.1 * offsets[:, None, :, None]) ** 2 * np.array([1, 0, 1]), (*means.shape[:3], 3))
    shares = random.dirichlet(np.ones(num_modes), num_tracks)
    forecast = Forecast(offsets, *(each.astype(np.float32) for each in (shares, means, spread)))
    square = np.array([(3, -1), (4, -1), (4, 1), (3, 1)])
    regions = Regions.of({str(index): square + np.array([0.1 * index, 0.0]) for index in range(num_regions)})
    return forecast, np.zeros((num_tracks, 2)), regions, offsets, np.zeros(num_tracks)


def cost(question: Question) -> float:
    """Milliseconds of one processor's time."""
    find_entries(*question)
    rounds = []
    for _ in range(5):
        started = process_time()
        find_entries(*question)
        rounds.append(process_time() - started)
    return 1000 * float(np.median(rounds))


def draw_errors() -> dict[str, float]:
    """How far fixed draws are from what endless ones would say, at the most."""
    thresholds, errors = np.linspace(-2.5, 2.5, 101), {}
    for num in (LEAST_SAMPLES, MOST_SAMPLES):
        along = [spiral(num) @ (np.cos(angle), np.sin(angle)) for angle in np.linspace(0, 2 * np.pi, 97)]
        shares = np.array([(each[:, None] > thresholds).mean(axis=0) for each in along])
        errors[f"half planes of one mode, {num} draws"] = float(np.abs(shares - norm.sf(thresholds)).max())
    question = crossing_walkers(100, 20, 1)
    many = find_entries(*question, num_samples=8192).probabilities
    errors["twenty modes beside 8192 draws"] = float(np.abs(find_entries(*question).probabilities - many).max())
    return errors


def measure(model: str, num_scenes: int, seed: int, laws: dict[str, Law], noise_m: float = 0.01) -> dict[str, Any]:
    """Scores of a model and of constant velocity."""
    crowd = simulate_crowd("plaza", num_scenes, seed, record_s=RECORD_S)
    walks = Walks(crowd.tracks, RECORD_S)
    regions = [draw_regions(crowd, scene, seed) for scene in range(num_scenes)]
    asked = {name: ask(load_engine(name), walks, regions, laws, noise_m, seed) for name in (model, RIVAL)}
    gain, interval = compare(asked[model]["lasting"], asked[RIVAL]["lasting"], seed)
    one = asked[model]["lasting"]
    rows: dict[str, Any] = {}
    for name, by_law in asked.items():
        for law, each in by_law.items():
            distance, classes = each.reliability()
            rows[f"{name}, {law}"] = {"brier": each.brier, "unreliability": distance, "classes": classes}
    return {
        "pairs": len(one.told),
        "true_share": float(one.is_true.mean()),
        "brier_gain": gain,
        "brier_gain_95": interval,
        "rows": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pedestrian", help="name of a model, or folder of a bundle")
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation of a position, m")
    parser.add_argument("--seed", type=int, default=20_261_007)
    parser.add_argument("--laws", action="store_true", help="also other laws of paths")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    laws = LAWS if arguments.laws else {"lasting": lasting}
    report = measure(arguments.model, arguments.scenes, arguments.seed, laws, arguments.noise)
    report["cost_ms"] = {
        f"{tracks} tracks, {modes} modes, {regions} regions": cost(crossing_walkers(tracks, modes, regions))
        for tracks, modes, regions in ((100, 20, 1), (100, 1, 1), (100, 20, 8))
    }
    report["draw_errors"] = draw_errors()
    if arguments.json:
        print(json.dumps({"seed": arguments.seed, "scenes": arguments.scenes, **report}, indent=2))
        return
    low, high = report["brier_gain_95"]
    print(f"{report['pairs']} questions, {report['true_share']:.1%} come true")
    print(f"Brier of {arguments.model} over {RIVAL}: {report['brier_gain']:+.4f} ({low:+.4f} to {high:+.4f})")
    for name, row in report["rows"].items():
        classes = "  ".join(f"{told:.2f}:{true:.2f} ({num})" for told, true, num in row["classes"])
        print(f"{name}: Brier {row['brier']:.4f}, unreliability {row['unreliability']:.4f}; told:true {classes}")
    for name, milliseconds in report["cost_ms"].items():
        print(f"{name}: {milliseconds:.1f} ms")
    for name, error in report["draw_errors"].items():
        print(f"{name}: {error:.4f}")


if __name__ == "__main__":
    main()
