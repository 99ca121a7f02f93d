from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.model.baselines import constant_velocity
from pathcast.model.evaluation.eth_ucy import SCENES, eth_ucy_windows
from pathcast.model.evaluation.windows import Windows, cut_windows
from pathcast.model.metrics import ade, fde
from pathcast.tracks import Tracks


def walkers(frames_by_track: dict[int, list[int]], step: float = 0.4) -> Tracks:
    """Tracks seen at those frames; x is the frame, y the track."""
    rows = [(track, frame) for track, frames in frames_by_track.items() for frame in frames]
    track, frame = np.array(rows).T
    return Tracks.from_rows(0, track, frame * step, np.column_stack([frame, track]).astype(np.float64))


def slow_windows(frames_by_track: dict[int, list[int]], length: int, min_people: int) -> list[tuple[int, int]]:
    """First frame and track of every window, frame by frame, as Social GAN's loader goes about it."""
    frames = sorted({frame for seen in frames_by_track.values() for frame in seen})
    found = []
    for start in range(len(frames) - length + 1):
        run = frames[start : start + length]
        if run[-1] - run[0] != length - 1:
            continue
        people = [track for track in sorted(frames_by_track) if set(run) <= set(frames_by_track[track])]
        if len(people) >= min_people:
            found += [(run[0], track) for track in people]
    return found


sightings = st.dictionaries(
    st.integers(0, 9), st.lists(st.integers(0, 14), min_size=1, unique=True).map(sorted), min_size=1, max_size=5
)


@settings(max_examples=60)
@given(seen=sightings, length=st.integers(2, 6), min_people=st.integers(1, 3))
def test_windows_are_those_that_a_loop_over_frames_finds(seen, length, min_people):
    windows = cut_windows(walkers(seen), length - 1, 1, 0.4, min_people)
    found = list(zip(windows.observed[:, 0, 0].astype(int), windows.track.astype(int), strict=True))
    assert found == slow_windows(seen, length, min_people)
    np.testing.assert_array_equal(windows.future[:, 0, 0] - windows.observed[:, 0, 0], length - 1)


@settings(max_examples=40)
@given(seen=sightings)
def test_windows_of_a_group_share_their_time_and_groups_count_from_zero(seen):
    windows = cut_windows(walkers(seen), 2, 2, 0.4)
    assert np.unique(windows.group).tolist() == list(range(len(np.unique(windows.time))))
    for group in np.unique(windows.group):
        assert len(np.unique(windows.time[windows.group == group])) == 1


def test_a_gap_in_time_is_never_inside_a_window():
    seen = {1: [0, 1, 2, 3, 10, 11, 12, 13]}
    windows = cut_windows(walkers(seen), 2, 2, 0.4)
    assert windows.observed[:, 0, 0].tolist() == [0.0, 10.0]


def test_a_point_that_was_not_seen_is_never_inside_a_window():
    tracks = walkers({1: list(range(8))})
    hidden = Tracks.from_rows(0, 1, tracks.time, tracks.position, np.arange(8) != 3)
    assert cut_windows(hidden, 2, 2, 0.4).observed[:, 0, 0].tolist() == [4.0]


def test_times_and_offsets_are_those_of_the_tracks():
    windows = cut_windows(walkers({1: list(range(5, 10))}), 3, 2, 0.4)
    np.testing.assert_allclose(windows.times, [[2.0, 2.4, 2.8]])
    np.testing.assert_allclose(windows.offsets, [0.4, 0.8])
    assert windows.lengths.tolist() == [3]
    assert windows.take(slice(0, 0)).num_windows == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 0.4), "num_observed"),
        ((1, 0, 0.4), "num_future"),
        ((1, 1, 0.4, 0), "min_people"),
        ((2, 2, 0.7), "0.7 s"),
    ],
)
def test_impossible_windows_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        cut_windows(walkers({1: list(range(8))}), *arguments)


def test_another_scene_and_absent_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="one of eth, hotel, univ, zara1, zara2, found 'zara3'"):
        eth_ucy_windows(tmp_path, "zara3")
    with pytest.raises(InputError, match="a readable file, found no such file"):
        eth_ucy_windows(tmp_path, "eth")


def constant_velocity_scores(windows: Windows) -> tuple[float, float]:
    offsets = np.broadcast_to(windows.offsets, (windows.num_windows, 12))
    paths = constant_velocity(windows.times, windows.observed, windows.lengths, offsets)
    return float(ade(paths, windows.future).mean()), float(fde(paths, windows.future).mean())


@pytest.mark.parametrize(
    ("min_people", "counts", "published", "average"),
    [
        (
            2,
            [181, 1053, 24334, 2253, 5833],
            [(0.995, 2.234), (0.323, 0.617), (0.524, 1.165), (0.431, 0.960), (0.326, 0.728)],
            (0.520, 1.141),
        ),
        (
            1,
            [364, 1197, 24334, 2356, 5910],
            [(1.075, 2.282), (0.319, 0.614), (0.524, 1.165), (0.427, 0.952), (0.324, 0.724)],
            (0.534, 1.148),
        ),
    ],
)
def test_constant_velocity_scores_as_published(data_dir, min_people, counts, published, average):
    windows = [eth_ucy_windows(data_dir, scene, min_people) for scene in SCENES]
    scores = [constant_velocity_scores(part) for part in windows]
    assert [part.num_windows for part in windows] == counts
    np.testing.assert_allclose(scores, published, atol=0.0006)
    np.testing.assert_allclose(np.mean(scores, axis=0), average, atol=0.0006)


def test_no_test_window_of_a_scene_is_in_its_training_part(data_dir):
    test = eth_ucy_windows(data_dir, "hotel", 1)
    rest = [eth_ucy_windows(data_dir, "hotel", 1, part) for part in ("train", "val")]
    seen = {window.tobytes() for part in rest for window in part.observed}
    assert len(seen) > 10_000
    assert not any(window.tobytes() in seen for window in test.observed)
