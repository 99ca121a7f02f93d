"""Sensors of whole scenes: who hides whom, who is taken for whom, and tracks of nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.sensor import Cylinder, Sensor, is_behind_cylinders, is_hidden, observe_tracks, watch_tracks
from pathcast.simulator.sensor.occlusion import is_behind_balls
from pathcast.tracks import Tracks
from pathcast.venue import Box

BASE = {"rate_hz": 10.0, "noise_m": 0.02, "dropout": 0.1, "clock_jitter_s": 0.01, "outliers": 0.02}
SWAPS = {"swap_m": 0.5, "swap_chance": 0.6}
FALSE = {"false_per_s": 1.0, "false_s": 0.8}
places = st.tuples(*[st.floats(-3, 3)] * 3)


def crossing(num_scenes=40, gap=0.2):
    """In each scene two walkers who meet at 2 s, and one far away."""
    time = np.arange(0, 4.01, 0.1)
    line = {1: (time - 2, 0 * time), 2: (2 - time, 0 * time + gap), 9: (time, 0 * time + 50)}
    pieces = [
        Tracks.from_rows(scene, track, time, np.stack(xy, axis=1))
        for scene in range(num_scenes)
        for track, xy in line.items()
    ]
    return Tracks.concatenate(pieces)


def true_rows(found):
    """Observed rows with the true tracks that the table of identities names: (scene, true, time, x, y)."""
    tracks, table = found.tracks, found.identities
    owner = np.full(tracks.num_rows, -2, np.int64)
    for stretch in range(len(table.scene)):
        inside = (
            (tracks.scene == table.scene[stretch])
            & (tracks.track == table.observed[stretch])
            & (tracks.time >= table.start[stretch])
            & (tracks.time <= table.end[stretch])
        )
        assert (owner[inside] == -2).all()
        owner[inside] = -1 if table.is_false[stretch] else int(table.true[stretch])
    assert (owner != -2).all()
    rows = np.column_stack([tracks.scene, owner, tracks.time, tracks.position])
    rows = rows[owner >= 0]
    return rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]


@pytest.mark.parametrize("change", [SWAPS, FALSE, SWAPS | FALSE], ids=["swaps", "false", "both"])
def test_observations_are_those_without_mistaken_identities_once_these_are_undone(change):
    plain = watch_tracks(Sensor(**BASE), crossing(), 1)
    found = observe_tracks(Sensor(**BASE, **change), crossing(), 1)
    expected = np.column_stack([plain.scene, plain.track, plain.time, plain.position])
    assert np.array_equal(true_rows(found), expected, equal_nan=True)
    tracks = found.tracks
    again = Tracks.from_rows(tracks.scene, tracks.track, tracks.time, tracks.position, tracks.valid)
    assert again.equals(tracks)
    assert watch_tracks(Sensor(**BASE, **change), crossing(), 1).equals(tracks)


def test_without_mistakes_every_track_is_itself_for_all_of_its_rows():
    found = observe_tracks(Sensor(**BASE), crossing(), 1)
    table = found.identities
    assert np.array_equal(table.true, table.observed)
    assert not table.is_false.any()
    assert len(table.scene) == found.tracks.num_tracks


def test_tracks_that_meet_swap_once_with_the_chance_given_and_others_never():
    table = observe_tracks(Sensor(rate_hz=10.0, swap_m=0.5, swap_chance=0.6), crossing(400), 1).identities
    stretches = np.bincount(table.scene)
    assert set(stretches) == {3, 5}
    assert (stretches == 5).mean() == pytest.approx(0.6, abs=0.07)
    swapped = table.true != table.observed
    assert set(table.true[swapped]) == {1, 2}
    assert np.abs(table.start[swapped] - 1.8).max() < 0.05


@pytest.mark.parametrize("change", [{"swap_chance": 0.0}, {"swap_m": 0.1}], ids=["no chance", "too far"])
def test_tracks_without_chance_or_meeting_keep_their_numbers(change):
    found = observe_tracks(Sensor(**(BASE | SWAPS | change)), crossing(), 1)
    assert found.tracks.equals(watch_tracks(Sensor(**BASE), crossing(), 1))


def test_false_tracks_have_the_rate_and_length_asked_for_and_stand_in_no_truth():
    found = observe_tracks(Sensor(rate_hz=50.0, **FALSE), crossing(300), 1)
    table = found.identities
    assert table.is_false.sum() / 300 == pytest.approx(4.02, abs=0.35)
    length = (table.end - table.start)[table.is_false & (table.end < 3.9)]
    assert length.mean() == pytest.approx(0.6, abs=0.12)
    assert found.tracks.num_tracks == len(table.scene)
    assert table.to_arrow()["true"].null_count == table.is_false.sum()


def test_numbers_do_not_tell_which_tracks_are_false():
    table = observe_tracks(Sensor(rate_hz=50.0, **FALSE), crossing(300), 1).identities
    first = np.flatnonzero(np.diff(table.scene, prepend=-1))
    last = np.flatnonzero(np.diff(table.scene, append=-1))
    share = (np.bincount(table.scene, table.is_false) / np.bincount(table.scene)).mean()
    for end in (first, last):
        assert table.is_false[end].mean() == pytest.approx(share, abs=0.08)


def test_scenes_with_mistakes_are_seen_the_same_alone_and_together():
    sensor = Sensor(**BASE, **SWAPS, **FALSE, birth_s=0.3, time_step_s=0.01)
    tracks = crossing(5)
    alone = [watch_tracks(sensor, tracks.select(tracks.scene == scene), 4) for scene in range(5)]
    assert watch_tracks(sensor, tracks, 4).equals(Tracks.concatenate(alone))


def test_late_births_take_from_the_beginning_only():
    plain, late = (watch_tracks(Sensor(**BASE, birth_s=delay), crossing(), 1) for delay in (0.0, 0.5))
    for before, after in zip(plain.each(), late.each(), strict=True):
        missing = before.valid & ~after.valid
        assert not missing[np.argmax(after.valid) :].any()
        assert np.array_equal(before.position[after.valid], after.position[after.valid])
    assert late.valid.sum() < plain.valid.sum()


@pytest.mark.parametrize("height", [None, 1.0, 12.0])
def test_walkers_hide_those_behind_them_from_a_camera_that_is_not_above(height):
    time = np.arange(0, 2.01, 0.1)
    front = Tracks.from_rows(0, 0, time, np.stack([0 * time, 0 * time + 2], axis=1))
    behind = Tracks.from_rows(0, 1, time, np.stack([time - 1, 0 * time + 4], axis=1))
    camera = (0.0, 0.0) if height is None else (0.0, 0.0, height)
    sensor = Sensor(rate_hz=10.0, camera=camera, object_radius_m=0.25)
    first, second = watch_tracks(sensor, Tracks.concatenate([front, behind]), 1).each()
    assert first.valid.all()
    shadow = np.abs(time - 1) < 4 * np.tan(np.arcsin(0.25 / 2))
    assert np.array_equal(second.valid, ~shadow if height != 12.0 else np.ones(21, bool))


def test_balls_hide_each_other_along_the_line_of_sight():
    tracks = Tracks.concatenate([Tracks.from_rows(0, n, [0.0], [[5.0 + n, 0, 0.1 * n]]) for n in range(3)])
    seen = watch_tracks(Sensor(rate_hz=10.0, camera=(0.0, 0.0, 0.0), object_radius_m=0.12), tracks, 1)
    assert seen.valid.tolist() == [True, False, False]
    far = watch_tracks(Sensor(rate_hz=10.0, camera=(0.0, 5.0, 0.0), object_radius_m=0.12), tracks, 1)
    assert far.valid.all()


def test_what_stands_in_a_scene_hides_what_is_behind_it():
    kiosk = Box(centre=(0.0, 1.0, 1.0), size=(2.0, 0.5, 2.0))
    sensor = Sensor(**BASE, camera=(0.0, 10.0, 1.0))
    plain = watch_tracks(Sensor(**BASE), crossing(2), 1)
    seen = watch_tracks(sensor, crossing(2), 1, occluders=lambda scene: [kiosk] if scene else [])
    assert np.array_equal(seen.valid[seen.scene == 0], plain.valid[plain.scene == 0])
    walker = (seen.scene == 1) & (seen.track == 1)
    assert not seen.valid[walker & (np.abs(plain.position[:, 0]) < 1)].any()
    assert np.array_equal(seen.valid[seen.track == 9], plain.valid[plain.track == 9])


@settings(deadline=None, max_examples=150)
@given(camera=places, point=places, size=st.floats(0.2, 2), turn=st.floats(0, 3))
def test_hidden_points_are_those_whose_line_of_sight_enters_the_shape(camera, point, size, turn):
    """Against many points of the line: 1e-2 m inside means hidden, 1e-2 m outside means not."""
    line = np.array(camera) + np.linspace(0, 1, 4001)[:, None] * (np.array(point) - camera)
    inward = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    round_off = np.hypot(line[:, 0], line[:, 1]) - size
    outside = {
        "box": np.max(np.abs(line @ inward.T) - size / 2, axis=1),
        "cylinder": np.maximum(round_off, np.abs(line[:, 2] - size / 2) - size / 2),
        "ball": np.linalg.norm(line, axis=1) - size,
    }
    points = np.array([point])
    found = {
        "box": is_hidden(camera, points, [Box(centre=(0, 0, 0), size=(size,) * 3, yaw=turn)]),
        "cylinder": is_hidden(camera, points, [Cylinder(foot=(0, 0, 0), radius=size, height=size)]),
        "ball": is_behind_balls(camera, points, np.zeros((1, 3)), size),
    }
    for shape, distance in outside.items():
        if abs(distance.min()) > 1e-2:
            assert found[shape][0] == (distance.min() < 0), shape


def test_a_shape_right_before_the_camera_hides_and_one_behind_the_point_does_not():
    point = np.array([[4.0, 0.0, 1.0]])
    for x, is_behind in ((-1.0, False), (2.0, True), (6.0, False)):
        assert is_hidden((0.0, 0.0, 1.0), point, [Cylinder(foot=(x, 0.0, 0.0))])[0] == is_behind
        assert is_hidden((0.0, 0.0, 1.0), point, [Box(centre=(x, 0.0, 1.0), size=(1.0, 1.0, 1.0))])[0] == is_behind


def test_nothing_hides_what_is_not_there_and_is_not_hidden_by_it():
    points = np.array([[np.nan] * 3, [4.0, 0.0, 1.0]])
    assert not is_behind_cylinders((0.0, 0.0, 1.0), points, np.full((2, 1, 3), np.nan), 0.5, 2.0).any()


def test_a_cylinder_without_size_is_refused_by_name():
    with pytest.raises(InputError, match=r"cylinder\.radius: expected a number from 1e-06"):
        Cylinder(foot=(0.0, 0.0, 0.0), radius=0.0)
    with pytest.raises(InputError, match=r"cylinder\.foot\.y"):
        Cylinder(foot=(0.0, float("inf"), 0.0))
