"""Report: forecasters side by side on all scenes of ETH/UCY, with the protocol that their scores belong to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pathcast.errors import InputError
from pathcast.model.evaluation.eth_ucy import (
    SCENES,
    TRUE_RATE,
    TRUE_RATE_FILE,
    eth_true_rate_tracks,
    eth_ucy_tracks,
    protocol_windows,
)
from pathcast.model.evaluation.forecasters import FoldForecasters
from pathcast.model.evaluation.protocol import data_hashes, protocol_in_words
from pathcast.model.evaluation.window_scores import NUM_SAMPLED, SceneScores, score_scene
from pathcast.tracks import Tracks


@dataclass(frozen=True)
class Report:
    """Scores of forecasters, by name."""

    results: Mapping[str, Sequence[SceneScores]]
    """Of each forecaster: all scenes under all conventions."""
    notes: Mapping[str, str]
    """What a forecaster is, and what was chosen or fitted on what."""
    sha256: Mapping[str, str]
    """Of the files."""
    protocol: str
    """In words."""

    @property
    def min_people(self) -> list[int]:
        """The conventions, most people first."""
        return sorted({each.min_people for rows in self.results.values() for each in rows}, reverse=True)

    def of(self, name: str, min_people: int) -> dict[str, SceneScores]:
        """One forecaster's scores by scene."""
        return {each.scene: each for each in self.results[name] if each.min_people == min_people}

    def average(self, name: str, min_people: int) -> SceneScores:
        """Unweighted means over the five scenes; `eth_true_rate` is not among them.

        Raises:
            InputError: A scene is missing.
        """
        by_scene = self.of(name, min_people)
        missing = [scene for scene in SCENES if scene not in by_scene]
        if missing:
            raise InputError(f"scores of {name}", f"all of {', '.join(SCENES)}", f"no {', '.join(missing)}")
        return replace(_mean([by_scene[scene] for scene in SCENES]), scene="average")

    def to_json(self) -> dict[str, Any]:
        """As dictionaries: forecaster, convention, scene or `average`."""
        return {
            "protocol": self.protocol,
            "sha256": dict(self.sha256),
            "forecasters": {name: self._one_to_json(name) for name in self.results},
        }

    def _one_to_json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {"note": self.notes.get(name, "")}
        for least in self.min_people:
            rows = [*self.of(name, least).values(), self.average(name, least)]
            found[f"min_people_{least}"] = {each.scene: _scene_to_json(each) for each in rows}
        return found


def make_report(
    forecasters_of_folds: FoldForecasters,
    data_dir: str | Path,
    notes: Mapping[str, str],
    *,
    min_people: Sequence[int] = (2, 1),
    prefixes: Sequence[int] = (2, 3, 4, 5, 6, 7, 8),
    seed: int = 1,
    num_sampled: int = NUM_SAMPLED,
    watch: Callable[[str], None] = lambda text: None,
) -> Report:
    """Scores every forecaster of every fold on the scene that was left out, and those of ETH at its true rate too.

    Args:
        forecasters_of_folds: Gives for each scene the forecasters that know nothing of it, always of the same names.
        data_dir: Where `pedestrian/eth_ucy` is; `pedestrian/eth_true_rate` is scored if it is there.
        notes: What each forecaster is.
        min_people: The conventions.
        prefixes: Numbers of observations.
        seed: Of the samples that distributions are measured with.
        num_sampled: Windows of a scene that are.
        watch: Told what is being scored.

    Raises:
        InputError: Files that are not there or not as they should be, or a forecaster that does not forecast them.
    """
    results: dict[str, list[SceneScores]] = {}
    for fold in SCENES:
        watch(f"{fold}: making ready")
        forecasters = forecasters_of_folds(fold)
        for scene, tracks in _scenes_of_fold(data_dir, fold):
            windows = protocol_windows(tracks, 1)
            for name, forecaster in forecasters.items():
                watch(f"{scene}: {name}")
                results.setdefault(name, []).extend(
                    score_scene(forecaster, scene, windows, tracks, min_people, prefixes, seed, num_sampled)
                )
    return Report(results, notes, data_hashes(data_dir), protocol_in_words(num_sampled, seed))


def mean_of_runs(runs: Sequence[Sequence[SceneScores]]) -> list[SceneScores]:
    """Means of several runs (seeds) of one forecaster, scene by scene.

    Args:
        runs: Each with the same scenes and conventions in the same order.

    Raises:
        InputError: They differ.
    """
    keys = [[(each.scene, each.min_people, each.num_windows) for each in run] for run in runs]
    if not keys or any(each != keys[0] for each in keys):
        raise InputError("runs", "one or more of the same scenes in the same order", f"{keys}")
    return [_mean(same) for same in zip(*runs, strict=True)]


def with_seed_means(report: Report, seeds: Mapping[str, Sequence[int]]) -> Report:
    """The report with the runs called `NAME (seed)` replaced by their means, called NAME, first.

    Args:
        report: Of all runs.
        seeds: Of each name.
    """
    means = {name: mean_of_runs([report.results[f"{name} ({seed})"] for seed in of]) for name, of in seeds.items()}
    single = {f"{name} ({seed})" for name, of in seeds.items() for seed in of}
    others = {name: rows for name, rows in report.results.items() if name not in single}
    return replace(report, results={**means, **others})


def _scenes_of_fold(data_dir: str | Path, fold: str) -> list[tuple[str, Tracks]]:
    """What is forecast by those who were made for a fold."""
    scenes = [(fold, eth_ucy_tracks(data_dir, fold))]
    if fold == "eth" and (Path(data_dir) / TRUE_RATE_FILE).is_file():
        scenes.append((TRUE_RATE, eth_true_rate_tracks(data_dir)))
    return scenes


def _mean(rows: Sequence[SceneScores]) -> SceneScores:
    """Unweighted means of scores; windows are summed up, but for runs on the same ones."""
    is_same = len({each.scene for each in rows}) == 1
    num_windows = rows[0].num_windows if is_same else sum(each.num_windows for each in rows)
    return SceneScores(
        rows[0].scene,
        rows[0].min_people,
        num_windows,
        max(each.num_modes for each in rows),
        _mean_of([each.scores for each in rows]),
        {count: _mean_of([each.prefixes[count] for each in rows]) for count in rows[0].prefixes},
    )


def _mean_of(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([each[name] for each in scores])) for name in scores[0]}


def _scene_to_json(each: SceneScores) -> dict[str, Any]:
    return {
        "num_windows": each.num_windows,
        "num_modes": each.num_modes,
        "scores": _finite(each.scores),
        "prefixes": {str(count): _finite(scores) for count, scores in each.prefixes.items()},
    }


def _finite(scores: Mapping[str, float]) -> dict[str, float | None]:
    """JSON has no NaN."""
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}
