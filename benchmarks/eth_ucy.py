"""Where do people walk next, on real scenes that were not trained on, beside published models and simple baselines?

Leave one scene out: for each of the five ETH/UCY scenes a model is trained on the other four, its epoch and its
calibration chosen on their later frames, three times with other seeds; then each is scored once on the scene that it
has not seen. A second set of models looks at nobody else. Runs are kept in the folder --out; --reuse takes those whose
settings, data and code are as they were.

    python benchmarks/eth_ucy.py --data DIR [--out DIR] [--reuse] [--seeds 1,2,3] [--jobs 2] [--json [FILE]]
        [--markdown FILE] [--no-ablation]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from pathcast.model.evaluation.baselines import NOTES, eth_ucy_baselines
from pathcast.model.evaluation.eth_ucy import SCENES
from pathcast.model.evaluation.forecasters import all_of
from pathcast.model.evaluation.report import Report, make_report, with_seed_means
from pathcast.model.evaluation.score_tables import markdown
from pathcast.model.training.folds import FoldRun, fold_forecasters, fold_runs, train_folds
from pathcast.model.training.settings import TrainingSettings
from pathcast.settings import load_settings

CONFIG = Path(__file__).parents[1] / "configs" / "eth-ucy.toml"
OURS, ALONE = "pathcast", "pathcast, nobody else looked at"
MUST = {
    "min_ade20": 0.205,
    "min_fde20": 0.333,
    "ade1": 0.485,
    "fde1": 1.05,
    "min_ade20_prefix2": 0.213,
    "min_ade20_alone": 0.211,
    "min_fde20_alone": 0.343,
}


def train_all(
    settings: TrainingSettings, data: Path, out: Path, seeds: Sequence[int], jobs: int, reuse: bool
) -> tuple[list[FoldRun], float]:
    """All runs of a recipe, trained where they are not there, and the seconds that it took now."""
    runs = fold_runs(settings, data, out, seeds)
    started = perf_counter()
    train_folds(runs, jobs, reuse, lambda text: print(f"{out.name}: {text}", file=sys.stderr, flush=True))
    return runs, perf_counter() - started


def main_figures(report: Report, whole: Report, seeds: Sequence[int]) -> dict[str, Any]:
    """The figures by the names of their targets; windows with two or more people."""
    mean, scenes = report.average(OURS, 2), report.of(OURS, 2)
    straight = report.of("constant velocity", 2)
    figures: dict[str, Any] = {
        "min_ade20": mean.scores["min_ade"],
        "min_fde20": mean.scores["min_fde"],
        "ade1": mean.scores["point_ade"],
        "fde1": mean.scores["point_fde"],
        "min_ade20_prefix2": mean.prefixes[2]["min_ade"],
        "coverage90": mean.scores["coverage90"],
        "coverage90_by_scene": {scene: scenes[scene].scores["coverage90"] for scene in SCENES},
        "point_better_than_constant_velocity": {
            scene: bool(scenes[scene].scores["point_ade"] < straight[scene].scores["point_ade"]) for scene in SCENES
        },
    }
    if ALONE in report.results:
        alone = report.average(ALONE, 2)
        figures |= {"min_ade20_alone": alone.scores["min_ade"], "min_fde20_alone": alone.scores["min_fde"]}
    figures["by_seed"] = {
        str(seed): {
            name: whole.average(f"{OURS} ({seed})", 2).scores[name]
            for name in ("min_ade", "min_fde", "point_ade", "point_fde")
        }
        for seed in seeds
    }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("PATHCAST_DATA"), help="default: PATHCAST_DATA")
    parser.add_argument("--out", type=Path, default=Path("build/eth_ucy"), help="where runs are kept")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="runs trained at a time")
    parser.add_argument("--reuse", action="store_true", help="keep runs of the same settings, data and code")
    parser.add_argument("--no-ablation", action="store_true", help="leave out the models that look at nobody else")
    parser.add_argument("--train-only", action="store_true", help="train and score nothing")
    parser.add_argument("--json", nargs="?", const="-", help="print JSON, or write it to a file")
    parser.add_argument("--markdown", type=Path, help="file for every table")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.exit(0, "left out: needs --data DIR or PATHCAST_DATA with pedestrian/eth_ucy\n")
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    settings = load_settings(TrainingSettings, arguments.config)
    recipes = {OURS: (settings, "neighbours")}
    if not arguments.no_ablation:
        recipes[ALONE] = (settings.model_copy(update={"num_neighbours": 0}), "alone")
    sources, notes, seconds = [], dict(NOTES), {}
    for name, (recipe, folder) in recipes.items():
        runs, seconds[name] = train_all(
            recipe, arguments.data, arguments.out / folder, seeds, arguments.jobs, arguments.reuse
        )
        sources.append(fold_forecasters(runs, name))
        notes[name] = f"mean of {len(seeds)} seeds; epoch and calibration chosen on the other scenes' later frames"
    if arguments.train_only:
        return
    whole = make_report(all_of(*sources, eth_ucy_baselines(arguments.data)), arguments.data, notes)
    report = with_seed_means(whole, dict.fromkeys(recipes, seeds))
    figures = main_figures(report, whole, seeds)
    figures |= {"training_seconds": seconds, "targets": MUST, "jobs": arguments.jobs, "seeds": seeds}
    if arguments.markdown:
        arguments.markdown.write_text(markdown(report), "utf-8")
    if arguments.json:
        text = json.dumps({**figures, "report": report.to_json()}, indent=2)
        if arguments.json == "-":
            print(text)
        else:
            Path(arguments.json).write_text(text + "\n", "utf-8")
    else:
        for name, value in figures.items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
