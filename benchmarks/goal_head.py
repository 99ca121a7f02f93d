"""Does the goal head know better than the angle which door somebody is heading for, and how sure it may be?

Simulated plazas that nothing was trained on, of the usual 3 to 8 exits and of 9 to 12, walked at another seed and seen
at 2.5 Hz with noise. A caller names some of each plaza's exits and some places that are no exit, the same for everybody
there; whoever walks to an exit that is not named is heading for none of them. Beside the head stands a softmax over the
angle between a walker's direction and each named goal (0 where the walker's ray meets it), with a constant for none:
its temperature and constant are fitted for each number of observations on plazas of a third seed, for the direction of
the last step and for that since the first observation; the better one is the rival.

With --data also the destinations annotated for ETH and UCY (pedestrian/source_annotations/SCENE/destinations.txt): the
true one is that which a walker heads for when last seen, to 30 degrees, at observations 2 s or more before that.

    python benchmarks/goal_head.py [--model NAME | --model FOLDER] [--json] [--plot FILE] [--data DIR] [--scenes N]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from goal_destinations import annotated_scenes, bearings
from jaxtyping import Float, Int
from pedestrian_watch import Walks, follow
from scipy.optimize import minimize

from pathcast.model.engine import Engine
from pathcast.model.library import load_engine
from pathcast.simulator.pedestrian.crowd import Crowd, simulate_crowd
from pathcast.simulator.pedestrian.scenes import KINDS, Kind

STEP_S, DURATION_S, RECORD_S = 0.4, 20.0, 0.1
MOST_SEEN = 20
"""Observations up to which scores are told apart; longer tracks count with these."""
NAMED_SHARE, MOST_DECOYS, CLEAR_M = 0.7, 2, 3.0
MANY = {**KINDS["plaza"].measures, "num_exits": (9, 12), "size": (22.0, 34.0), "door": (2.0, 3.0)}
CASES: dict[str, Kind] = {
    "3 to 8 exits": KINDS["plaza"],
    "9 to 12 exits": replace(KINDS["plaza"], name="plaza-of-many-doors", measures=MANY),
}


@dataclass(frozen=True, eq=False)
class Asked:
    """Questions: somebody at one observation, the goals that were named, and the answer."""

    seen: Int[np.ndarray, " row"]
    """Observations so far."""
    answer: Int[np.ndarray, " row"]
    """Index of the true one, -1 for none."""
    probabilities: list[Float[np.ndarray, " choice"]]
    """Of the head; the last is none."""
    angles: list[Float[np.ndarray, "direction goal"]]
    """Radians from the direction of the last step and from that since the first observation to each goal."""

    def take(self, rows: Int[np.ndarray, " chosen"]) -> Asked:
        """The chosen questions."""
        chosen = rows.tolist()
        return Asked(
            self.seen[rows],
            self.answer[rows],
            [self.probabilities[row] for row in chosen],
            [self.angles[row] for row in chosen],
        )


def name_goals(crowd: Crowd, scene: int, seed: int) -> tuple[Float[np.ndarray, "goal 4"], Int[np.ndarray, " exit"]]:
    """The goals that a caller names, and the place of each exit among them, -1 where it is not named."""
    random = np.random.default_rng([seed, scene])
    exits = np.array([(*way_out.start[:2], *way_out.end[:2]) for way_out in crowd.venue(scene).exits])
    is_named = random.random(len(exits)) < NAMED_SHARE
    is_named[random.integers(len(exits))] = True
    (low_x, high_x), (low_y, high_y) = crowd.venue(scene).extent()
    decoys: list[np.ndarray] = []
    for _ in range(random.integers(0, MOST_DECOYS + 1)):
        middle = random.uniform((low_x, low_y), (high_x, high_y))
        half = random.choice([0.0, 1.0]) * random.normal(0, 0.7, 2)
        if np.linalg.norm(exits.reshape(-1, 2, 2).mean(axis=1) - middle, axis=1).min() > CLEAR_M:
            decoys.append(np.concatenate([middle - half, middle + half]))
    named = np.concatenate([exits[is_named], np.array(decoys).reshape(-1, 4)])
    order = random.permutation(len(named))
    place = np.full(len(exits), -1)
    place[np.flatnonzero(is_named)] = np.argsort(order)[: is_named.sum()]
    return named[order], place


def ask(engine: Engine, kind: Kind, num_scenes: int, seed: int, noise_m: float) -> Asked:
    """Everybody at every observation of some plazas."""
    crowd = simulate_crowd(kind, num_scenes, seed, record_s=RECORD_S)
    walks = Walks(crowd.tracks, RECORD_S)
    goals = [name_goals(crowd, scene, seed) for scene in range(num_scenes)]
    history: dict[int, list[np.ndarray]] = {}
    seen, answers, probabilities, angles = [], [], [], []
    for instant in follow(engine, walks, np.arange(0.0, DURATION_S + 1e-9, STEP_S), noise_m, seed):
        positions = instant.states.filter[:, 2:4]
        for person, position in zip(instant.person.tolist(), positions, strict=True):
            history.setdefault(person, []).append(position.copy())
        counts = instant.states.count.astype(np.int64)
        truth = crowd.truth.goal[walks.row_at(instant.person, instant.time_s)]
        scenes = walks.scene[instant.person]
        for scene in np.unique(scenes[counts >= 2]).tolist():
            rows = np.flatnonzero((scenes == scene) & (counts >= 2))
            named, place = goals[scene]
            found = engine.goal_probabilities(instant.states.take(rows), named)
            for row, shares in zip(rows.tolist(), found, strict=True):
                past = history[int(instant.person[row])]
                moves = past[-1] - past[-2], past[-1] - past[0]
                seen.append(min(int(counts[row]), MOST_SEEN))
                answers.append(int(place[truth[row]]))
                probabilities.append(shares.astype(np.float64))
                angles.append(bearings(np.array([past[-1]] * 2), np.array(moves), named))
    return Asked(np.array(seen), np.array(answers), probabilities, angles)


def pad(rows: list[np.ndarray], fill: float) -> np.ndarray:
    """Rows of different lengths as one array."""
    widest = max(len(row) for row in rows)
    padded = np.full((len(rows), widest), fill)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded


def angle_losses(
    angles: Float[np.ndarray, "row goal"], answer: Int[np.ndarray, " row"], sharpness: float, none: float
) -> Float[np.ndarray, " row"]:
    """Negative log of the true choice's probability under a softmax of -sharpness x angle; nats."""
    logits = np.column_stack([-sharpness * angles, np.full(len(angles), none)])
    chosen = np.where(answer < 0, logits.shape[1] - 1, answer)
    top = logits.max(axis=1)
    return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - logits[np.arange(len(chosen)), chosen])


def fit_angle(asked: Asked, direction: int) -> tuple[float, float]:
    """Sharpness and constant of none that fit best."""
    angles = pad([each[direction] for each in asked.angles], np.inf)
    found = minimize(
        lambda x: angle_losses(angles, asked.answer, float(np.exp(x[0])), float(x[1])).mean(),
        np.array([1.0, -1.0]),
        method="Nelder-Mead",
    )
    return float(np.exp(found.x[0])), float(found.x[1])


def head_losses(asked: Asked) -> Float[np.ndarray, " row"]:
    """Negative log of the true choice's probability under the head, nats."""
    return np.array(
        [-np.log(max(shares[answer], 1e-12)) for shares, answer in zip(asked.probabilities, asked.answer, strict=True)]
    )


def compare(asked: Asked, fitting: Asked, numbers: list[int]) -> dict[str, Any]:
    """Losses by number of observations, head beside angle."""
    report: dict[str, Any] = {}
    for number in numbers:
        test, fit = (each.take(np.flatnonzero(each.seen == number)) for each in (asked, fitting))
        if len(test.seen) < 50 or len(fit.seen) < 50:
            continue
        head = head_losses(test)
        rivals = []
        for direction in range(2):
            angles = pad([each[direction] for each in test.angles], np.inf)
            rivals.append(angle_losses(angles, test.answer, *fit_angle(fit, direction)))
        angle = min(rivals, key=lambda each: float(each.mean()))
        gain = angle - head
        best = [int(np.argmax(shares)) for shares in test.probabilities]
        true = [answer % len(shares) for answer, shares in zip(test.answer, test.probabilities, strict=True)]
        report[str(number)] = {
            "questions": len(head),
            "head": float(head.mean()),
            "angle": float(angle.mean()),
            "gain_standard_error": float(gain.std() / np.sqrt(len(gain))),
            "uniform": float(np.mean([np.log(len(shares)) for shares in test.probabilities])),
            "top1": float(np.mean(np.array(best) == np.array(true))),
        }
    return report


def reliability(asked: Asked, num_bins: int = 10) -> list[dict[str, float]]:
    """Of all probabilities said from the third observation on: how often what was said came true."""
    said, came = [], []
    for seen, shares, answer in zip(asked.seen, asked.probabilities, asked.answer, strict=True):
        if seen >= 3:
            said.append(shares)
            came.append(np.arange(len(shares)) == answer % len(shares))
    share, truth = np.concatenate(said), np.concatenate(came)
    place = np.minimum((share * num_bins).astype(np.int64), num_bins - 1)
    return [
        {
            "said": float(share[place == b].mean()),
            "came": float(truth[place == b].mean()),
            "num": int((place == b).sum()),
        }
        for b in range(num_bins)
        if (place == b).any()
    ]


def draw(report: dict[str, Any], path: Path) -> None:
    """Losses by number of observations, and what was said beside what came true."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6))
    for colour, (case, found) in zip(("C0", "C1"), report["cases"].items(), strict=False):
        numbers = [int(number) for number in found["by_observations"]]
        rows = list(found["by_observations"].values())
        left.plot(numbers, [row["head"] for row in rows], color=colour, label=f"head, {case}")
        left.plot(numbers, [row["angle"] for row in rows], color=colour, linestyle="--", label=f"angle, {case}")
        bins = found["reliability"]
        right.plot([each["said"] for each in bins], [each["came"] for each in bins], "o-", color=colour, label=case)
    right.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    left.set(xlabel="observations", ylabel="log-loss, nats", title="Which goal, or none of them")
    right.set(xlabel="probability said", ylabel="share that came true", title="Calibration, from the third on")
    for axes in (left, right):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pedestrian", help="name of a model, or folder of a bundle")
    parser.add_argument("--scenes", type=int, default=150, help="of each case, and as many to fit the rival on")
    parser.add_argument("--noise", type=float, default=0.02, help="standard deviation of a position, m")
    parser.add_argument("--seed", type=int, default=20_261_001)
    parser.add_argument("--data", type=Path, help="folder of recorded data, for the annotated destinations")
    parser.add_argument("--plot", type=Path, help="PNG to draw")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    engine = load_engine(arguments.model)
    if not engine.card.takes_goals:
        parser.error(f"{engine.card.name} takes no goals")
    numbers = list(range(2, MOST_SEEN + 1))
    report: dict[str, Any] = {
        "model": f"{engine.card.name} {engine.card.version}",
        "seed": arguments.seed,
        "scenes": arguments.scenes,
        "noise_m": arguments.noise,
        "cases": {},
    }
    for case, kind in CASES.items():
        asked, fitting = (
            ask(engine, kind, arguments.scenes, seed, arguments.noise) for seed in (arguments.seed, arguments.seed + 1)
        )
        rows = compare(asked, fitting, numbers)
        report["cases"][case] = {
            "none_share": float((asked.answer < 0).mean()),
            "by_observations": rows,
            "beaten_from_third_on": all(row["head"] < row["angle"] for n, row in rows.items() if int(n) >= 3),
            "reliability": reliability(asked),
        }
    if arguments.data:
        report["annotated"] = annotated_scenes(engine, arguments.data)
    if arguments.plot:
        draw(report, arguments.plot)
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    for case, found in report["cases"].items():
        print(f"{case}: none is true in {100 * found['none_share']:.0f} %")
        for number, row in found["by_observations"].items():
            print(f"  {number:>2} observations: head {row['head']:.3f}, angle {row['angle']:.3f} nats")
    for scene, found in report.get("annotated", {}).items():
        print(f"{scene}: {found}")


if __name__ == "__main__":
    main()
