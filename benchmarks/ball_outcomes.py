"""As a shot flies, how soon is it known whether it goes in, and do the probabilities mean what they say?

Three-pointers and free throws of the simulator, seen as SportVU sees them: 25 Hz, 30 mm, feet converted. Labels are
simulated contacts. At the instants when the ball comes within 2, 3, ... 8 ft of the hoop's middle, P(made) is scored by
the area under the ROC curve, Brier score and expected calibration error: of models that foretell outcomes, of the
oracle, and of a logistic curve of the parabola's miss. Beside them stands the published table of Shah and Romijnders
2016 (RNN on real three-pointers): their data is no longer retrievable, so this compares curves on simulated shots
and reproduces nothing.

    python benchmarks/ball_outcomes.py [--json [FILE]] [--model NAME_OR_FOLDER]... [--shots N] [--oracle N]
        [--picture FILE] [--check N] [--cache FOLDER]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from ball_models import load_models, version_of
from ball_shot_baseline import told_at_every_instant, told_by_baseline
from ball_shot_oracle import ask_oracle_of_shots, check_with_chains, told_by_oracle
from ball_shots import DISTANCES_FEET, FITTING_SEED, KINDS, NOISE_M, SEED, Shots, take_shots
from numpy.typing import NDArray
from oracle import machine
from oracle_cache import FOLDER

from pathcast.model.engine import Engine
from pathcast.model.evaluation.probability_scores import (
    area_under_curve,
    brier_score,
    calibration_error,
    error_by_chance,
    log_loss,
)
from pathcast.model.given import Given
from pathcast.simulator.ball.following import BOARD, MISSED, RIM, SWISH
from pathcast.simulator.ball.sports.basketball import BASKETBALL

PUBLISHED: Final = {2: 0.93, 3: 0.913, 4: 0.906, 5: 0.880, 6: 0.873, 7: 0.841, 8: 0.843}
CAVEAT: Final = (
    "Shah and Romijnders 2016, RNN, real three-pointers; the data is no longer retrievable. Ours are simulated shots: "
    "curves are compared, nothing is reproduced."
)
TARGETS: Final = {"auc": "within .02 of the oracle's", "expected_calibration_error": "at most .02"}
WAYS: Final = ("swish", "rim", "board")
PICTURED: Final = 100


def told_by_model(engine: Engine, shots: Shots, length: NDArray[np.int64]) -> NDArray[np.float64]:
    """Made, swish, rim, board of each shot after its own number of observations. NaN where the engine does not say."""
    card = engine.card
    given = Given(
        noise_m=(NOISE_M,) if card.takes_noise else None,
        radius_m=BASKETBALL.radius_m if card.takes_object else None,
        mass_kg=BASKETBALL.mass_kg if card.takes_object else None,
    )
    times = np.broadcast_to(shots.clock, shots.seen.shape[:2])
    states = engine.encode(engine.start(len(shots.seen), given), times, shots.seen.astype(np.float32), length)
    told = engine.outcomes(states).astype(np.float64)
    columns = [card.outcome_names.index(name) if name in card.outcome_names else -1 for name in ("made", *WAYS)]
    return np.stack([told[:, at] if at >= 0 else np.full(len(told), np.nan) for at in columns], axis=1)


def model_at_distances(engine: Engine, shots: Shots) -> NDArray[np.float64]:
    """Shape [shot, distance, 4]."""
    parts = [told_by_model(engine, shots, np.maximum(column, 2)) for column in shots.lengths.T]
    return np.stack(parts, axis=1)


def score(told: NDArray[np.float64], shots: Shots, chosen: NDArray[np.bool_], seed: int) -> dict[str, float]:
    """Of P(made), of some shots."""
    came, said = shots.is_made[chosen].astype(np.bool_), told[chosen]
    return {
        "auc": area_under_curve(said, came),
        "brier": brier_score(said, came),
        "expected_calibration_error": calibration_error(said, came),
        "calibration_error_by_chance": error_by_chance(said, seed),
        "mean_probability": float(said.mean()),
    }


def classes(shots: Shots) -> NDArray[np.int64]:
    """0 missed, 1 swish, 2 rim, 3 board."""
    return np.select([shots.outcome == SWISH, shots.outcome == RIM, shots.outcome == BOARD], [1, 2, 3], 0)


def measure(kind: str, num: int, num_oracle: int, models: dict[str, Engine], seed: int, cache: Path) -> dict[str, Any]:
    """One kind of shots."""
    shots, fitting = take_shots(kind, num, seed), take_shots(kind, num, FITTING_SEED)
    share = np.bincount(classes(fitting), minlength=4) / num
    found: dict[str, Any] = {
        "shots": num,
        "seed": seed,
        "made_share": float(shots.is_made.mean()),
        "rim_share": float(shots.touched_rim.mean()),
        "outcomes": {
            name: float((shots.outcome == at).mean())
            for name, at in zip((*WAYS, "missed"), (SWISH, RIM, BOARD, MISSED), strict=True)
        },
        "rows": {},
    }
    of_oracle = ask_oracle_of_shots(shots, min(num_oracle, num), seed, cache) if num_oracle else None
    subset = np.arange(num) < (0 if of_oracle is None else len(of_oracle))
    of_models = {name: model_at_distances(engine, shots) for name, engine in models.items()}
    simple = told_by_baseline(fitting, shots)
    for column, distance in enumerate(DISTANCES_FEET):
        seen = shots.lengths[:, column] >= 2
        row: dict[str, Any] = {
            "shots": int(seen.sum()),
            "published_auc": PUBLISHED[distance] if kind == KINDS[0] else None,
        }
        row["logistic of the parabola's miss"] = score(simple[:, column], shots, seen, seed)
        row["shares"] = {"log_loss": log_loss(np.tile(share, (num, 1))[seen], classes(shots)[seen])}
        if of_oracle is not None:
            whole = np.full((num, 4), np.nan)
            whole[subset] = of_oracle[:, column][:, [MISSED, SWISH, RIM, BOARD]]
            # A ball that is still on the hoop after seconds counts as missed.
            whole[subset, 0] += of_oracle[:, column, 0]
            some = seen & subset
            made = whole[:, 1:].sum(axis=1)
            row["oracle"] = score(made, shots, some, seed) | {"shots": int(some.sum())}
            row["oracle"]["log_loss"] = log_loss(whole[some], classes(shots)[some])
            row["logistic on the oracle's shots"] = score(simple[:, column], shots, some, seed)
        for name, told in of_models.items():
            row[name] = _of_model(told[:, column], shots, seen, seed)
            if of_oracle is not None:
                row[f"{name} on the oracle's shots"] = _of_model(told[:, column], shots, seen & subset, seed)
        found["rows"][f"{distance}"] = row
    return found


def _of_model(told: NDArray[np.float64], shots: Shots, chosen: NDArray[np.bool_], seed: int) -> dict[str, float]:
    row = score(told[:, 0], shots, chosen, seed)
    if np.isfinite(told).all():
        whole = np.concatenate([1.0 - told[:, :1], told[:, 1:]], axis=1)
        row["log_loss"] = log_loss(whole[chosen], classes(shots)[chosen])
    return row


def show(kind: str, found: dict[str, Any]) -> None:
    """A table on standard error."""
    print(
        f"{kind}: {found['made_share']:.3f} go in, {found['rim_share']:.3f} touch the rim (asked for: .30 or more)",
        file=sys.stderr,
    )
    for distance, row in found["rows"].items():
        for name, each in row.items():
            if isinstance(each, dict) and "auc" in each:
                print(
                    f"  {distance} ft  {name:36} AUC {each['auc']:.3f}  Brier {each['brier']:.4f}  calibration error "
                    f"{each['expected_calibration_error']:.4f} (by chance {each['calibration_error_by_chance']:.4f})"
                    + (f"  log loss {each['log_loss']:.3f}" if "log_loss" in each else ""),
                    file=sys.stderr,
                )
        if row["published_auc"]:
            print(
                f"  {distance} ft  published RNN, other shots{' ' * 10} AUC {row['published_auc']:.3f}", file=sys.stderr
            )
    print(f"  {CAVEAT}", file=sys.stderr, flush=True)


def watched_probabilities(shots: Shots, engine: Engine | None, is_oracle: bool, seed: int) -> NDArray[np.float64]:
    """P(made) after every observation from the second on, until the first contact; NaN otherwise. [shot, time]."""
    if engine is None and not is_oracle:
        return told_at_every_instant(take_shots(shots.kind, 2000, FITTING_SEED), shots)
    told = np.full(shots.seen.shape[:2], np.nan)
    for length in range(2, int(shots.first_contact.max()) + 1):
        rows = np.flatnonzero(shots.first_contact >= length)
        if engine is not None:
            told[rows, length - 1] = told_by_model(engine, shots, np.full(len(shots.seen), length))[rows, 0]
            continue
        for row in rows:
            told[row, length - 1] = told_by_oracle(shots, int(row), length, seed)[SWISH:MISSED].sum()
    return told


def draw(path: Path, models: dict[str, Engine], is_oracle: bool, seed: int) -> None:
    """Writes a picture of P(made) against time for a hundred shots of each kind."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    engine = next(iter(models.values()), None)
    who = next(iter(models), "oracle" if is_oracle else "logistic of the parabola's miss")
    figure, axes = pyplot.subplots(1, len(KINDS), figsize=(11, 4), sharey=True, squeeze=False)
    for axis, kind in zip(axes[0], KINDS, strict=True):
        shots = take_shots(kind, PICTURED, seed)
        told = watched_probabilities(shots, engine, is_oracle, seed)
        for index in np.argsort(shots.is_made):
            last = int(shots.first_contact[index])
            colour = "tab:blue" if shots.is_made[index] else "tab:red"
            axis.plot(shots.clock[:last] - shots.clock[last - 1], told[index, :last], color=colour, lw=0.8, alpha=0.5)
        for colour, name in (("tab:blue", "went in"), ("tab:red", "missed")):
            axis.plot([], [], color=colour, label=f"{name}: {int((shots.is_made == (name == 'went in')).sum())}")
        axis.set(
            title=f"{kind.replace('-', ' ')}s: {who}",
            xlabel="s before the first contact",
            xlim=(None, 0),
            ylim=(-0.02, 1.02),
        )
        axis.legend(loc="upper left", bbox_to_anchor=(0.0, -0.14), ncols=2, frameon=False, fontsize=8)
    axes[0][0].set_ylabel("probability that it goes in")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, nargs="?", const=Path("-"), help="a file that the figures also go to")
    parser.add_argument("--model", action="append", help="name or folder; by default every ball's bundle that is here")
    parser.add_argument("--shots", type=int, default=5000, help="of each kind")
    parser.add_argument("--oracle", type=int, default=1000, help="shots that the oracle is asked about; 0: none")
    parser.add_argument("--check", type=int, default=0, help="shots whose oracle is compared with Markov chains")
    parser.add_argument("--picture", type=Path, help="a PNG of probability against time for a hundred shots")
    parser.add_argument("--cache", type=Path, default=FOLDER, help="folder of what the oracle said")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    if given.shots < 50:
        parser.error("--shots: 50 or more")
    models, left_out = {}, {}
    for name, engine in load_models(given.model).items():
        if "made" in engine.card.outcome_names:
            models[name] = engine
        else:
            left_out[name] = f"{version_of(engine)} foretells no outcomes"
            print(f"left out: {name}: {left_out[name]}", file=sys.stderr)
    result: dict[str, Any] = {
        "machine": machine(),
        "caveat": CAVEAT,
        "targets": TARGETS,
        "left_out": left_out,
        "kinds": {},
    }
    for kind in KINDS:
        result["kinds"][kind] = measure(kind, given.shots, given.oracle, models, given.seed, given.cache)
        if given.check:
            result["kinds"][kind]["chains"] = check_with_chains(
                take_shots(kind, given.check, given.seed), given.check, given.seed
            )
        show(kind, result["kinds"][kind])
    if given.picture:
        draw(given.picture, models, bool(given.oracle), given.seed)
    text = json.dumps(result, indent=1)
    print(text)
    if given.json and given.json != Path("-"):
        given.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
