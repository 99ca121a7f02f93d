"""No fold of ETH/UCY trains or validates on its own test scene, whatever files are called and clocks say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from pathcast.model.evaluation.eth_ucy import SCENES, eth_true_rate_tracks, eth_ucy_tracks, eth_ucy_windows
from pathcast.model.evaluation.forecasters import engine_forecaster, widened
from pathcast.model.library import load_engine
from pathcast.model.training.folds import fold_runs, identity_of
from pathcast.model.training.settings import TrainingSettings
from pathcast.settings import load_settings
from pathcast.tracks import Tracks

PIECE = 8
"""Positions of a piece of a track: fewer are too easily walked twice along one line at an even pace."""
FAR_M = 1.5
"""A piece must span so much: people who stand are alike in all scenes."""
NEAR_M = 0.03
"""Positions of the ETH scene at another rate lie on its tracks to so much: they were rounded, and interpolated."""
STEADY_S = 0.04
"""Along them they lie at even times to so much."""


def pieces(tracks: Tracks, far: float = FAR_M) -> np.ndarray:
    """All runs of positions of moving people, metres. Shape: [piece, position, axis]."""
    found = [
        np.lib.stride_tricks.sliding_window_view(each.position[each.valid], PIECE, axis=0).transpose(0, 2, 1)
        for each in tracks.each()
        if each.valid.sum() >= PIECE
    ]
    runs = np.concatenate(found)
    return runs[np.linalg.norm(runs[:, -1] - runs[:, 0], axis=1) >= far]


def rows(tracks: Tracks) -> set[bytes]:
    """Pieces to the centimetre, wherever in time and under whatever number."""
    return {piece.tobytes() for piece in np.rint(100 * pieces(tracks)).astype(np.int32)}


def shapes(tracks: Tracks) -> set[bytes]:
    """Displacements along pieces to the centimetre: the same wherever the origin is."""
    steps = np.diff(np.rint(100 * pieces(tracks)).astype(np.int32), axis=1)
    return {each.tobytes() for each in steps}


def instants(tracks: Tracks) -> set[tuple[int, ...]]:
    """Two rows of somebody, one after the other: frame, position and position to the centimetre."""
    frame, place = np.rint(tracks.time * 25).astype(int), np.rint(100 * tracks.position).astype(int)
    follows = (np.diff(tracks.scene) == 0) & (np.diff(tracks.track) == 0)
    return set(map(tuple, np.column_stack([frame[:-1], place[:-1], place[1:]])[follows].tolist()))


def share_on(tracks: Tracks, scene: Tracks) -> float:
    """Share of pieces that somebody of a scene walked at some rate: near one of its tracks, at even times of it."""
    place, owner, clock = [], [], []
    for number, each in enumerate(scene.each()):
        times = np.arange(each.time[0], each.time[-1], 0.02)
        place.append(np.column_stack([np.interp(times, each.time, each.position[:, axis]) for axis in (0, 1)]))
        owner.append(np.full(len(times), number))
        clock.append(times)
    tree, owners, clocks = cKDTree(np.concatenate(place)), np.concatenate(owner), np.concatenate(clock)
    runs = pieces(tracks, far=2.5)
    ends = (tree.query_ball_point(runs[:, index], NEAR_M) for index in (0, -1))
    num_found = 0
    for run, first, last in zip(runs, *ends, strict=True):
        candidates = {int(owners[index]) for index in first} & {int(owners[index]) for index in last}
        num_found += any(walks_along(run, tree, owners, clocks, candidate) for candidate in candidates)
    return num_found / len(runs)


def walks_along(run: np.ndarray, tree: cKDTree, owners: np.ndarray, clocks: np.ndarray, candidate: int) -> bool:
    """Whether a track passes all positions of a piece at even times, forwards."""
    own = np.flatnonzero(owners == candidate)
    apart = np.linalg.norm(run[:, None] - tree.data[own][None], axis=-1)
    times = clocks[own][apart.argmin(axis=1)]
    steps = np.diff(times)
    return bool((apart.min(axis=1) <= NEAR_M).all() and (steps > 0).all() and np.ptp(steps) <= 2 * STEADY_S)


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_of_the_scene_that_is_left_out_is_trained_or_validated_on(data_dir: Path, scene: str) -> None:
    test = eth_ucy_tracks(data_dir, scene, "test")
    for part in ("train", "val"):
        seen = eth_ucy_tracks(data_dir, scene, part)
        assert not instants(test) & instants(seen)
        assert not rows(test) & rows(seen)
        assert not shapes(test) & shapes(seen)


def test_such_pieces_find_a_scene_in_the_parts_that_may_hold_it(data_dir: Path) -> None:
    test = eth_ucy_tracks(data_dir, "eth", "test")
    elsewhere = [eth_ucy_tracks(data_dir, "hotel", part) for part in ("train", "val")]
    assert sum(len(rows(test) & rows(seen)) for seen in elsewhere) > 0.9 * len(rows(test))
    assert all(instants(test) & instants(seen) for seen in elsewhere)


def test_the_true_rate_file_is_scene_eth_and_of_its_fold_nothing_is_on_its_tracks(data_dir: Path) -> None:
    scene = eth_true_rate_tracks(data_dir)
    assert share_on(eth_ucy_tracks(data_dir, "eth", "test"), scene) > 0.8
    for part in ("train", "val"):
        assert share_on(eth_ucy_tracks(data_dir, "eth", part), scene) < 0.005


def test_margins_widen_scores_alone_so_runs_are_kept(data_dir: Path, tmp_path: Path) -> None:
    settings = load_settings(TrainingSettings, Path(__file__).parents[2] / "configs" / "eth-ucy.toml")
    plain = fold_runs(settings.model_copy(update={"spread_margins": {}}), data_dir, tmp_path, [1])
    wider = fold_runs(settings.model_copy(update={"spread_margins": {"hotel": 2.0}}), data_dir, tmp_path, [1])
    assert [run.spread_margin for run in wider] == [2.0 if run.scene == "hotel" else 1.0 for run in plain]
    assert [identity_of(run) for run in wider] == [identity_of(run) for run in plain]
    windows = eth_ucy_windows(data_dir, "hotel")
    tracks = eth_ucy_tracks(data_dir, "hotel")
    forecaster = engine_forecaster(load_engine("constant-velocity-2d"))
    narrow, wide = forecaster(windows, tracks), widened(forecaster, 2.0)(windows, tracks)
    np.testing.assert_array_equal(wide.means, narrow.means)
    np.testing.assert_allclose(wide.covariances, 4 * narrow.covariances, rtol=1e-6)
