"""ETH/UCY through a server: the protocol's windows streamed frame by frame, scored beside constant velocity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt64
from rich.table import Table

from pathcast.errors import ServiceError
from pathcast.model.baselines import constant_velocity
from pathcast.model.evaluation.eth_ucy import NUM_OBSERVED, SCENES, eth_ucy_tracks, protocol_windows
from pathcast.model.evaluation.instants import instants_of
from pathcast.model.evaluation.scores import score_forecasts
from pathcast.model.evaluation.windows import Windows
from pathcast.model.forecast import Forecast, join
from pathcast.service.client import Client, Forecasts
from pathcast.tracks import Frame, Tracks

COLUMNS = {
    "best of K": "min_",
    "best path": "point_",
    "mean path": "",
    "likeliest mode": "likely_",
    "constant velocity": "constant_velocity_",
}
"""Titles, and how the scores' names begin; a model may have no best path."""
MIN_PEOPLE = (2, 1)
PROTOCOL = (
    "Leave-one-scene-out test files as cut by Social GAN: 8 positions observed (3.2 s), 12 forecast (4.8 s), every "
    "window of consecutive frames; scores averaged over windows, then over the five scenes. Each instant is a "
    "stream of its own: everybody who was there in its eight frames, people without a whole window among them. "
    "Nothing was trained or chosen on these scenes."
)


@dataclass(frozen=True)
class SceneScores:
    """One scene's scores under one convention."""

    scene: str
    min_people: int
    num_windows: int
    scores: dict[str, float]


def evaluate_eth_ucy(client: Client, model: str, data: Path, seed: int = 1) -> dict[int, list[SceneScores]]:
    """Scores of all five scenes, for windows with at least so many people: two as in most tables, and one.

    Args:
        client: Of a server.
        model: Its name there.
        data: Folder with pedestrian/eth_ucy.
        seed: Of the samples that regions and energy are measured with.

    Raises:
        InputError: Files that are not there or not as they should be.
    """
    results: dict[int, list[SceneScores]] = {min_people: [] for min_people in MIN_PEOPLE}
    for scene in SCENES:
        tracks = eth_ucy_tracks(data, scene)
        windows = protocol_windows(tracks, min(MIN_PEOPLE))
        forecast = stream_windows(client, model, windows, tracks)
        people = np.bincount(windows.group)[windows.group]
        for min_people, scenes in results.items():
            rows = np.flatnonzero(people >= min_people)
            scores = _score(forecast.take(rows), windows.take(rows), seed)
            scenes.append(SceneScores(scene, min_people, len(rows), scores))
    return results


def _score(forecast: Forecast, windows: Windows, seed: int) -> dict[str, float]:
    path = constant_velocity(windows.times, windows.observed, windows.lengths, forecast.offsets)
    baselines = {"constant_velocity": path}
    return score_forecasts(forecast, windows.future, baselines, np.random.default_rng(seed))


def stream_windows(client: Client, model: str, windows: Windows, tracks: Tracks) -> Forecast:
    """Streams what was seen until each instant of windows, a stream each, and gives the windows' forecasts.

    Args:
        client: Of a server.
        model: Its name there.
        windows: Of these tracks.
        tracks: Everybody, people without a whole window among them.

    Raises:
        InputError: The windows are not of these tracks.
        ServiceError: The server's answer lacks somebody.
    """
    options: dict[str, Any] = {"offsets": windows.offsets.tolist()}
    if client.model(model).has_point:
        options["outputs"] = ("means", "covariances", "points")
    seen = tracks.select(tracks.valid)
    instants = instants_of(windows, seen, NUM_OBSERVED)
    of_window = instants.instant[instants.newest]
    order = np.argsort(of_window, kind="stable")
    numbers = np.arange(int(of_window.max(initial=-1)) + 2)
    rows, chosen = (np.searchsorted(each, numbers) for each in (instants.instant, of_window[order]))
    parts = []
    for instant in numbers[:-1].tolist():
        frames = list(seen.select(instants.rows[rows[instant] : rows[instant + 1]]).frames())
        wanted = windows.track[order[chosen[instant] : chosen[instant + 1]]]
        parts.append(_stream_instant(client, model, frames, wanted, options))
    return join(parts).take(np.argsort(order))


def _stream_instant(
    client: Client,
    model: str,
    frames: list[Frame],
    wanted: UInt64[np.ndarray, " window"],
    options: dict[str, Any],
) -> Forecast:
    """What a stream of its own answers to the last of some frames of the wanted tracks, which are ascending."""
    newest = len(frames) - 1  # the first frame is answered, too
    with client.stream(model, forecast_every=max(newest, 1), **options) as stream:
        for number, frame in enumerate(frames):
            stream.send(number, frame.time, frame.track, frame.position)
        stream.finish()
        answers = (reply for reply in stream if isinstance(reply, Forecasts))
        last = next((answer for answer in answers if answer.frame_number == newest), None)
    if last is None or last.means is None or last.covariances is None:
        raise ServiceError(f"expected forecasts after {len(frames)} frames, found none")
    order = np.argsort(last.track_ids)
    places = np.searchsorted(last.track_ids[order], wanted)
    rows = order[np.minimum(places, len(order) - 1)] if len(order) else order
    if len(rows) != len(wanted) or (last.track_ids[rows] != wanted).any():
        raise ServiceError(f"expected a forecast of all {len(wanted)} windows, found {len(last.track_ids)}")
    points = None if last.points is None else last.points[rows].astype(np.float32)
    asked = np.tile(options["offsets"], (len(rows), 1))
    means, covariances = last.means[rows].astype(np.float32), last.covariances[rows]
    return Forecast(asked, last.probabilities[rows], means, covariances, points)


def averages(results: list[SceneScores]) -> dict[str, float]:
    """Unweighted means over the scenes."""
    return {name: float(np.mean([each.scores[name] for each in results])) for name in results[0].scores}


def scene_table(results: list[SceneScores], min_people: int) -> Table:
    """The scores as a table for a terminal, with their averages."""
    kind = "two or more people" if min_people == 2 else "one or more people"
    table = Table(title=f"windows with {kind}", caption="ADE / FDE in metres")
    columns = {title: key for title, key in COLUMNS.items() if f"{key}ade_m" in results[0].scores}
    for header in ("scene", "windows", *columns):
        table.add_column(header, justify="left" if header == "scene" else "right")
    rows = [(each.scene, str(each.num_windows), each.scores) for each in results]
    for scene, windows, scores in [*rows, ("average", "", averages(results))]:
        cells = [f"{scores[f'{key}ade_m']:.3f} / {scores[f'{key}fde_m']:.3f}" for key in columns.values()]
        table.add_row(scene, windows, *cells)
    return table
