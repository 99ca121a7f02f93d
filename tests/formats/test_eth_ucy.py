from __future__ import annotations

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.formats import read_tracks

GOOD = "780\t1.0\t8.46\t3.59\n790\t1.0\t9.57\t3.79\n790\t2.0\t1.0\t1.0\n"


@pytest.mark.parametrize("content", [GOOD, GOOD.replace("\t", "  "), GOOD.replace("\n", "\r\n"), "\n" + GOOD])
def test_rows_are_frame_pedestrian_x_y(tmp_path, content):
    path = tmp_path / "square.txt"
    path.write_text(content)
    tracks = read_tracks(path)
    assert tracks.track.tolist() == [1, 1, 2]
    np.testing.assert_allclose(tracks.time, [31.2, 31.6, 31.6])
    np.testing.assert_array_equal(tracks.position[0], [8.46, 3.59])
    assert dict(tracks.scene_names) == {0: "square"}
    np.testing.assert_allclose(np.diff(read_tracks(path, frames_per_second=15).time)[0], 10 / 15)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "at least one row, found an empty file"),
        (GOOD.replace("9.57", "abc"), r"walk.txt:2: x: expected a finite number, found 'abc'"),
        (GOOD.replace("9.57", "nan"), r"walk.txt:2: x: expected a finite number, found 'nan'"),
        (GOOD.replace("\t9.57", ""), r"walk.txt:2: expected 4 columns \(frame, pedestrian, x, y\).*found 3"),
        (GOOD.replace("9.57", "9.57\t1"), r"walk.txt:2: expected 4 columns.*found 5"),
        (GOOD.replace("1.0\t8.46", "1.5\t8.46"), r"walk.txt:1: pedestrian: expected a whole number.*found 1.5"),
        (GOOD.replace("1.0\t8.46", "-1\t8.46"), r"walk.txt:1: pedestrian: expected a whole number.*found -1"),
        (GOOD.replace("780", "780.5"), r"walk.txt:1: frame: expected a whole number.*found 780.5"),
        ("\n" + GOOD.replace("780", "800"), r"walk.txt:3: time: expected after 32 s.*track 1.*found 31.6 s"),
        (GOOD + GOOD.splitlines()[1], r"walk.txt:4: time: expected after 31.6 s.*found 31.6 s"),
        (b"780\t1\t\0\t3\n", r"walk.txt:1: expected text in UTF-8, found a zero byte"),
        (b"780\t1\t1\t3\n790\t1\t\xff\t3\n", r"walk.txt:2: expected text in UTF-8"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, content, message):
    path = tmp_path / "walk.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError, match=message):
        read_tracks(path)


@pytest.mark.parametrize("rate", [0.0, -25.0, float("inf")])
def test_a_frame_rate_is_over_zero(tmp_path, rate):
    (tmp_path / "walk.txt").write_text(GOOD)
    with pytest.raises(InputError, match="frames_per_second: expected a finite number over 0"):
        read_tracks(tmp_path / "walk.txt", frames_per_second=rate)


@pytest.mark.parametrize(
    ("scene", "num_rows", "num_tracks", "names"),
    [
        ("eth", 5492, 360, ["biwi_eth"]),
        ("hotel", 6543, 389, ["biwi_hotel"]),
        ("univ", 39766, 849, ["students001", "students003"]),
        ("zara1", 5153, 148, ["crowds_zara01"]),
        ("zara2", 9722, 204, ["crowds_zara02"]),
    ],
)
def test_the_five_scenes_are_read_whole(data_dir, scene, num_rows, num_tracks, names):
    tracks = read_tracks(data_dir / "pedestrian" / "eth_ucy" / scene / "test")
    assert (tracks.num_rows, tracks.num_tracks) == (num_rows, num_tracks)
    assert list(tracks.scene_names.values()) == names
    step = np.concatenate([np.diff(track.time) for track in tracks.each()])
    np.testing.assert_allclose(step.min(), 0.4)


def test_the_scene_at_its_true_rate_has_the_same_step(data_dir):
    path = data_dir / "pedestrian" / "eth_true_rate" / "biwi_eth_2p5hz.txt"
    tracks = read_tracks(path, frames_per_second=15)
    step = np.concatenate([np.diff(track.time) for track in tracks.each()])
    np.testing.assert_allclose(np.median(step), 0.4)
