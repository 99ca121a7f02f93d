"""ETH/UCY through a server: the protocol's windows streamed frame by frame, scored beside constant velocity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from pathcast.errors import ServiceError
from pathcast.model.baselines import constant_velocity
from pathcast.model.evaluation.eth_ucy import SCENES, eth_ucy_windows
from pathcast.model.evaluation.scores import score_forecasts
from pathcast.model.evaluation.windows import Windows
from pathcast.model.forecast import Forecast, join
from pathcast.service.client import Client

WINDOWS_AT_ONCE = 2048
COLUMNS = {"best of K": "min_", "mean path": "", "likeliest mode": "likely_", "constant velocity": "constant_velocity_"}
"""Titles, and how the scores' names begin."""
PROTOCOL = (
    "Leave-one-scene-out test files as cut by Social GAN: 8 positions observed (3.2 s), 12 forecast (4.8 s), every "
    "window of consecutive frames; scores averaged over windows, then over the five scenes. Each window is a track of "
    "its own in a stream. Nothing was trained or chosen on these scenes."
)


@dataclass(frozen=True)
class SceneScores:
    """One scene's scores under one convention."""

    scene: str
    min_people: int
    num_windows: int
    scores: dict[str, float]


def evaluate_eth_ucy(client: Client, model: str, data: Path, min_people: int, seed: int = 1) -> list[SceneScores]:
    """Scores of all five scenes.

    Args:
        client: Of a server.
        model: Its name there.
        data: Folder with pedestrian/eth_ucy.
        min_people: Least people in a window: 2 as in most tables, or 1.
        seed: Of the samples that regions and energy are measured with.

    Raises:
        InputError: Files that are not there or not as they should be.
    """
    results = []
    for scene in SCENES:
        windows = eth_ucy_windows(data, scene, min_people)
        forecast = stream_windows(client, model, windows)
        times = np.broadcast_to(windows.times, windows.observed.shape[:2])
        baselines = {"constant_velocity": constant_velocity(times, windows.observed, windows.lengths, forecast.offsets)}
        scores = score_forecasts(forecast, windows.future, baselines, np.random.default_rng(seed))
        results.append(SceneScores(scene, min_people, len(windows.observed), scores))
    return results


def stream_windows(client: Client, model: str, windows: Windows) -> Forecast:
    """Streams windows side by side, a track each, and gives the forecasts after their last observation."""
    offsets = windows.step * np.arange(1, windows.future.shape[1] + 1)
    forecasts = []
    for start in range(0, len(windows.observed), WINDOWS_AT_ONCE):
        observed = windows.observed[start : start + WINDOWS_AT_ONCE]
        ids = np.arange(len(observed))
        frames = ((index * windows.step, ids, observed[:, index]) for index in range(observed.shape[1]))
        with client.stream(model, offsets=offsets.tolist()) as stream:
            *_, last = stream.forecasts(frames)
        if last.means is None or last.covariances is None or not np.array_equal(last.track_ids, ids):
            raise ServiceError(f"expected a forecast of all {len(ids)} windows, found {len(last.track_ids)}")
        asked = np.tile(offsets, (len(ids), 1))
        forecasts.append(Forecast(asked, last.probabilities, last.means.astype(np.float32), last.covariances))
    return join(forecasts)


def averages(results: list[SceneScores]) -> dict[str, float]:
    """Unweighted means over the scenes."""
    return {name: float(np.mean([each.scores[name] for each in results])) for name in results[0].scores}


def scene_table(results: list[SceneScores], min_people: int) -> Table:
    """The scores as a table for a terminal, with their averages."""
    kind = "two or more people" if min_people == 2 else "one or more people"
    table = Table(title=f"windows with {kind}", caption="ADE / FDE in metres")
    for header in ("scene", "windows", *COLUMNS):
        table.add_column(header, justify="left" if header == "scene" else "right")
    rows = [(each.scene, str(each.num_windows), each.scores) for each in results]
    for scene, windows, scores in [*rows, ("average", "", averages(results))]:
        cells = [f"{scores[f'{key}ade_m']:.3f} / {scores[f'{key}fde_m']:.3f}" for key in COLUMNS.values()]
        table.add_row(scene, windows, *cells)
    return table
