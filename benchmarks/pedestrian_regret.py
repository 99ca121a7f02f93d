"""How far are forecasts of people from the best there could be, the true distribution of what comes next?

Plazas that nothing was trained on are walked to an instant, and from there in thousands of futures with intents and
sway drawn anew (`fork_crowd`): the truth. The past is seen at 2.5 Hz with noise. The energy score of the model's
mixture, mean over the futures that happen and the steps, stands beside that of the true futures themselves (which is
half their mean distance from one another); their ratio is the regret. All futures go on from the very state of the
walkers, the exit that each has in mind included, which no observer can know: so the regret of the best possible
observer is over 1, too. A second row draws the goals of half the people anew at the instant (`reconsider`).

minADE of the model's modes, mean over futures, stands beside that of 20 centres fitted to the futures (k-means, then
alternating assignment by ADE and geometric medians; half of the futures fit, the other half score).

Scored is everybody with 8 observations who stays to the horizon in 95 % of the futures, in those futures.

    python benchmarks/pedestrian_regret.py [--model NAME | --model FOLDER] [--json] [--scenes N] [--futures N]
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
from jaxtyping import Float
from pedestrian_watch import Walks, follow
from scipy.cluster.vq import kmeans2

from pathcast.model import metrics
from pathcast.model.engine import Engine
from pathcast.model.forecast import Forecast, unpack_covariances
from pathcast.model.library import load_engine
from pathcast.simulator.pedestrian.forks import Forks, fork_crowd

STEP_S, RECORD_S, AT_S, OBSERVED, NUM_STEPS = 0.4, 0.1, 8.0, 8, 12
OFFSETS = STEP_S * np.arange(1, NUM_STEPS + 1)
STAYS, NUM_CENTRES, NUM_SAMPLES, ROUNDS = 0.95, 20, 400, 15
KIND = "plaza"
CASES = {"as they are": 0.0, "half reconsider": 0.5}
TARGET = "regret at most 1.25"


def sample(forecast: Forecast, row: int, random: np.random.Generator) -> Float[np.ndarray, "sample time 2"]:
    """Positions drawn from a track's mixture, each step on its own."""
    modes = random.choice(forecast.num_modes, NUM_SAMPLES, p=_shares(forecast.probabilities[row]))
    factors = np.linalg.cholesky(unpack_covariances(forecast.covariances[row].astype(np.float64)))
    noise = random.standard_normal((NUM_SAMPLES, NUM_STEPS, 2))
    return np.asarray(forecast.means[row][modes] + np.einsum("stij,stj->sti", factors[modes], noise))


def _shares(probabilities: Float[np.ndarray, " mode"]) -> Float[np.ndarray, " mode"]:
    shares = probabilities.astype(np.float64)
    return np.asarray(shares / shares.sum())


def apart(first: Float[np.ndarray, "one time 2"], second: Float[np.ndarray, "other time 2"]) -> float:
    """Mean distance over all pairs and steps, metres."""
    return float(np.linalg.norm(first[:, None] - second[None], axis=-1).mean())


def within(paths: Float[np.ndarray, "path time 2"]) -> float:
    """Mean distance over all pairs of different paths, and steps, metres."""
    return apart(paths, paths) * len(paths) / (len(paths) - 1)


def ades(
    paths: Float[np.ndarray, "path time 2"], centres: Float[np.ndarray, "centre time 2"]
) -> Float[np.ndarray, "path centre"]:
    """Mean displacement of each path from each centre, metres."""
    return np.stack([np.linalg.norm(paths - centre, axis=-1).mean(axis=-1) for centre in centres], axis=1)


def fit_centres(paths: Float[np.ndarray, "path time 2"], seed: int) -> Float[np.ndarray, "centre time 2"]:
    """Paths of least mean distance to the nearest."""
    flat = paths.reshape(len(paths), -1)
    centres = kmeans2(flat, NUM_CENTRES, iter=20, minit="++", seed=np.random.default_rng(seed))[0]
    centres = centres.reshape(-1, *paths.shape[1:])
    for _ in range(ROUNDS):
        nearest = ades(paths, centres).argmin(axis=1)
        for centre in range(len(centres)):
            own = paths[nearest == centre]
            if len(own):
                weights = 1 / np.maximum(np.linalg.norm(own - centres[centre], axis=-1), 1e-3)
                centres[centre] = (own * weights[..., None]).sum(axis=0) / weights.sum(axis=0)[:, None]
    return np.asarray(centres)


def score_person(forecast: Forecast, row: int, futures: Float[np.ndarray, "branch time 2"], seed: int) -> np.ndarray:
    """Energy of the model and of the truth, minADE of the model and of fitted centres, ADE of the best path; metres."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(futures))
    half = len(futures) // 2
    fitting, scoring = futures[order[:half]], futures[order[half:]]
    some = scoring[:NUM_SAMPLES]
    samples = sample(forecast, row, random)
    energy = apart(samples, some) - within(samples) / 2
    true_energy = apart(fitting[:NUM_SAMPLES], some) - within(fitting[:NUM_SAMPLES]) / 2
    best = ades(scoring, forecast.means[row].astype(np.float64)).min(axis=1).mean()
    centres = ades(scoring, fit_centres(fitting, seed)).min(axis=1).mean()
    point = metrics.point_path(forecast)[row].astype(np.float64)
    return np.array([energy, true_energy, best, centres, ades(scoring, point[None]).mean()])


def score_scene(engine: Engine, forks: Forks, scene: int, noise_m: float) -> list[np.ndarray]:
    """Scores of each person of a scene who is scored at all."""
    walks = Walks(forks.past, RECORD_S)
    ticks = np.arange(round(AT_S / STEP_S) + 1) * STEP_S
    instant = list(follow(engine, walks, ticks, noise_m, forks.seed + scene))[-1]
    numbers = forks.past.track[walks.starts[:-1]][instant.person]
    rows = np.flatnonzero(instant.states.count >= OBSERVED)
    if not len(rows) or abs(instant.time_s - AT_S) > 1e-6:
        return []
    offsets = np.tile(OFFSETS, (len(rows), 1))
    forecast = engine.forecast(instant.states.take(rows), offsets, instant.others.take(rows))
    every = round(STEP_S / RECORD_S)
    scores = []
    for row, person in enumerate(numbers[rows].tolist()):
        futures = forks.of_person(scene, int(person))[:, every::every]
        stays = np.isfinite(futures[:, -1, 0])
        if stays.mean() >= STAYS:
            scores.append(score_person(forecast, row, futures[stays], scene))
    return scores


def surprises(scores: Float[np.ndarray, "person score"]) -> dict[str, float]:
    """How much of the regret is of the tenth of people whose futures the past told least of, and the others' regret.

    Who is about to stop or to turn, and had it in mind, does so in all true futures.
    """
    excess = scores[:, 0] - scores[:, 1]
    worst = np.argsort(excess)[-max(len(excess) // 10, 1) :]
    others = np.delete(scores, worst, axis=0)
    return {
        "excess_share_of_worst_tenth": float(excess[worst].sum() / excess.sum()),
        "regret_of_the_others": float(others[:, 0].sum() / others[:, 1].sum()) if len(others) else float("nan"),
    }


def score_case(engine: Engine, arguments: argparse.Namespace, reconsider: float) -> dict[str, Any]:
    """Mean scores over all people of all scenes."""
    by_scene = []
    for scene in range(arguments.scenes):
        forks = fork_crowd(
            KIND,
            1,
            arguments.seed,
            AT_S,
            arguments.futures,
            OFFSETS[-1],
            first=scene,
            record_s=RECORD_S,
            reconsider=reconsider,
        )
        found = score_scene(engine, forks, scene, arguments.noise)
        if found:
            by_scene.append(np.array(found))
    scores = np.concatenate(by_scene)
    mean = scores.mean(axis=0)
    random = np.random.default_rng(arguments.seed)
    sums, counts = np.array([each.sum(axis=0) for each in by_scene]), np.array([len(each) for each in by_scene])
    drawn = random.integers(0, len(by_scene), (2000, len(by_scene)))
    again = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)[:, None]
    low, high = np.quantile(again[:, 0] / again[:, 1], [0.025, 0.975])
    return {
        "people": len(scores),
        "scenes": len(by_scene),
        "energy_m": float(mean[0]),
        "true_energy_m": float(mean[1]),
        "regret": float(mean[0] / mean[1]),
        "regret_95": [float(low), float(high)],
        "regret_median_person": float(np.median(scores[:, 0] / scores[:, 1])),
        **surprises(scores),
        "min_ade20_m": float(mean[2]),
        "centres_min_ade20_m": float(mean[3]),
        "ade_m": float(mean[4]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pedestrian", help="name of a model, or folder of a bundle")
    parser.add_argument("--scenes", type=int, default=30)
    parser.add_argument("--futures", type=int, default=2000, help="of each scene")
    parser.add_argument("--noise", type=float, default=0.01, help="standard deviation of a position, m")
    parser.add_argument("--seed", type=int, default=20_261_003)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    engine = load_engine(arguments.model)
    report: dict[str, Any] = {
        "model": f"{engine.card.name} {engine.card.version}",
        "seed": arguments.seed,
        "futures": arguments.futures,
        "noise_m": arguments.noise,
        "target": TARGET,
        "cases": {case: score_case(engine, arguments, share) for case, share in CASES.items()},
    }
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    for case, row in report["cases"].items():
        print(
            f"{case}: {row['people']} people, energy {row['energy_m']:.3f} m beside {row['true_energy_m']:.3f} m, "
            f"regret {row['regret']:.3f} ({row['regret_95'][0]:.3f} to {row['regret_95'][1]:.3f}), median person "
            f"{row['regret_median_person']:.3f}, without the worst tenth {row['regret_of_the_others']:.3f}; best of 20 "
            f"modes {row['min_ade20_m']:.3f} m beside {row['centres_min_ade20_m']:.3f} m of fitted centres"
        )


if __name__ == "__main__":
    main()
