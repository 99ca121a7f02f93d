"""Scores of windows: every metric of a forecaster on the windows of one scene, and their means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.model import metrics
from pathcast.model.evaluation.forecasters import ForecastWindows
from pathcast.model.evaluation.windows import Windows
from pathcast.model.forecast import Forecast
from pathcast.simulator.draws import generator
from pathcast.tracks import Tracks

MOST_MODES: Final = 20
"""K: a forecast of more modes is not compared with published ones, and refused."""
LEVELS: Final = (0.5, 0.9)
NUM_SAMPLED: Final = 2000
"""Windows of a scene whose regions, energy and kernel densities are measured, drawn once; the rest uses all."""
PREFIX_SCORES: Final = ("min_ade", "min_fde", "point_ade", "point_fde", "nll")
"""What is shown for every length of prefix, as `score_windows` names it."""


@dataclass(frozen=True)
class SceneScores:
    """A forecaster's mean scores over the windows of one scene, under one convention."""

    scene: str
    min_people: int
    """Least people of a window: 2 or 1."""
    num_windows: int
    num_modes: int
    """K."""
    scores: Mapping[str, float]
    """By the names that `score_windows` gives them."""
    prefixes: Mapping[int, Mapping[str, float]]
    """By the number of observations, the newest of the same windows: those of `PREFIX_SCORES`."""


def score_scene(
    forecaster: ForecastWindows,
    scene: str,
    windows: Windows,
    tracks: Tracks,
    min_people: Sequence[int] = (2, 1),
    prefixes: Sequence[int] = (2, 3, 4, 5, 6, 7, 8),
    seed: int = 1,
    num_sampled: int = NUM_SAMPLED,
) -> list[SceneScores]:
    """Mean scores of one forecaster on one scene, one for each convention; it is asked once for each length of prefix.

    Args:
        forecaster: Under test.
        scene: Its name.
        windows: All of them, those of one person too.
        tracks: Of the scene's files.
        min_people: Least people of a window, in turn.
        prefixes: Numbers of observations; none longer than the windows'.
        seed: Of the samples that distributions are measured with: the same windows for every forecaster.
        num_sampled: Windows that are.

    Raises:
        InputError: No window is left, a prefix is longer than the windows, or the forecast has more than 20 modes, is
            not finite, or is not of these windows.
    """
    num_observed = windows.observed.shape[1]
    if any(not 2 <= count <= num_observed for count in prefixes):
        raise InputError("prefixes", f"2 to {num_observed} observations", f"{list(prefixes)}")
    forecast = _checked(forecaster(windows, tracks), windows)
    whole = score_windows(forecast, windows, generator(seed, "evaluation.samples", 0), num_sampled)
    by_prefix = {}
    for count in prefixes:
        shorter = windows.last(count)
        if count == num_observed:
            by_prefix[count] = {name: whole[name] for name in PREFIX_SCORES}
        else:
            by_prefix[count] = score_prefix(_checked(forecaster(shorter, tracks), shorter), shorter)
    people = _people(windows.group)
    results = []
    for least in min_people:
        rows = people >= least
        if not rows.any():
            raise InputError(f"scene {scene}: windows", f"one of {least} or more people", "none")
        shorter_means = {count: _means(scores, rows) for count, scores in by_prefix.items()}
        results.append(
            SceneScores(scene, least, int(rows.sum()), forecast.num_modes, _means(whole, rows), shorter_means)
        )
    return results


def score_windows(
    forecast: Forecast, windows: Windows, random: np.random.Generator, num_sampled: int = NUM_SAMPLED
) -> dict[str, Float[np.ndarray, " window"]]:
    """All scores of each window.

    Returns:
        In metres: `min_ade`, `min_fde` (best of K, each by itself), `fde_of_min_ade` and `ade_of_min_fde` (of the
        same path), `point_*` (K = 1), `mean_*`, `likely_*` (most probable mode) and `joint_*` (one of K for all people
        of a group). Shares: `miss_rate` (all K end over 2 m away) and `point_miss_rate`; `collision_X` (Col-I) and
        `collision_X_with_truth` (Col-II) of X = point and likely, `collision_truth`. `nll`, nats per step. NaN in
        windows that are not sampled: `nll_kernel` (nats per step), `energy` (m), `coverage50`, `coverage90`, and
        `region50`, `region90` (m²).
    """
    truth, group = windows.future, windows.group
    point, likely = metrics.point_path(forecast), metrics.most_likely_path(forecast)
    scores = {"nll": metrics.negative_log_likelihood(forecast, truth)}
    scores["min_ade"], scores["min_fde"] = metrics.best_of(forecast.means, truth)
    scores["fde_of_min_ade"] = metrics.best_of(forecast.means, truth, "ade")[1]
    scores["ade_of_min_fde"] = metrics.best_of(forecast.means, truth, "fde")[0]
    scores["joint_ade"], scores["joint_fde"] = metrics.joint_best_of(forecast.means, truth, group)
    for name, path in (("point", point), ("mean", metrics.mean_path(forecast)), ("likely", likely)):
        scores[f"{name}_ade"], scores[f"{name}_fde"] = metrics.ade(path, truth), metrics.fde(path, truth)
    scores["miss_rate"] = metrics.miss_rate(forecast.means, truth)
    scores["point_miss_rate"] = metrics.miss_rate(point[:, None], truth)
    for name, path in (("point", point), ("likely", likely)):
        scores[f"collision_{name}"] = metrics.collides(path, path, group)
        scores[f"collision_{name}_with_truth"] = metrics.collides(path, truth, group)
    scores["collision_truth"] = metrics.collides(truth, truth, group)
    rows = np.sort(random.permutation(len(truth))[:num_sampled])
    for name, values in _sampled_scores(forecast.take(rows), truth[rows], random).items():
        scores[name] = np.full(len(truth), np.nan)
        scores[name][rows] = values
    return scores


def score_prefix(forecast: Forecast, windows: Windows) -> dict[str, Float[np.ndarray, " window"]]:
    """Those of `PREFIX_SCORES`."""
    truth, point = windows.future, metrics.point_path(forecast)
    errors = *metrics.best_of(forecast.means, truth), metrics.ade(point, truth), metrics.fde(point, truth)
    return dict(zip(PREFIX_SCORES, (*errors, metrics.negative_log_likelihood(forecast, truth)), strict=True))


def _sampled_scores(
    forecast: Forecast, truth: Float[np.ndarray, "window time axis"], random: np.random.Generator
) -> dict[str, Float[np.ndarray, " window"]]:
    scores = {
        "energy": metrics.energy_score(forecast, truth, random),
        "nll_kernel": metrics.forecast_kernel_density_nll(forecast, truth, random),
    }
    for level in LEVELS:
        region = metrics.highest_density_regions(forecast, truth, random, level)
        scores[f"coverage{100 * level:.0f}"] = region.coverage
        scores[f"region{100 * level:.0f}"] = region.mean_size
    return scores


def _checked(forecast: Forecast, windows: Windows) -> Forecast:
    """The forecast, if it is one of these windows."""
    expected = (windows.num_windows, *windows.future.shape[1:])
    found = (forecast.num_tracks, *forecast.means.shape[2:])
    if found != expected:
        raise InputError("forecast", f"windows, steps and axes {expected}", f"{found}")
    if forecast.num_modes > MOST_MODES:
        raise InputError("forecast", f"at most {MOST_MODES} modes", f"{forecast.num_modes}")
    wrong = np.flatnonzero(~forecast.is_finite())
    if len(wrong):
        raise InputError(f"forecast[{wrong[0]}]", "finite numbers", "some that are not")
    return forecast


def _people(group: Int[np.ndarray, " window"]) -> Int[np.ndarray, " window"]:
    """How many windows are of each one's group."""
    number, counts = np.unique(group, return_inverse=True, return_counts=True)[1:]
    return np.asarray(counts[number.reshape(-1)])


def _means(scores: Mapping[str, Float[np.ndarray, " window"]], rows: np.ndarray) -> dict[str, float]:
    """Means over the chosen windows, of those whose score is known; NaN where none is."""
    result = {}
    for name, values in scores.items():
        known = values[rows][~np.isnan(values[rows])]
        result[name] = float(known.mean()) if len(known) else float("nan")
    return result
