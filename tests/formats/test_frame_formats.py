"""Formats that number frames: what is written comes back, what does not fit is named by file and line or row."""

from __future__ import annotations

import json
import sqlite3

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.formats import read_tracks, write_tracks
from pathcast.formats.juelich import write_juelich
from pathcast.formats.jupedsim import read_jupedsim, read_jupedsim_venue, write_jupedsim
from pathcast.formats.trajnet import TrajnetFile, read_trajnet_file, trajnet_of, write_trajnet
from pathcast.formats.trajnet_lines import Window
from pathcast.tracks import Tracks
from pathcast.venue import plaza

modest = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def steady(num_tracks: int = 3, num_frames: int = 21, rate: float = 2.5, scene: int = 0) -> Tracks:
    frame = np.tile(np.arange(num_frames), num_tracks)
    track = np.repeat(np.arange(num_tracks, dtype=np.uint64), num_frames)
    return Tracks.from_rows(scene, track, frame / rate, np.column_stack([0.5 * frame, track * 1.0 + scene]))


@modest
@given(data=st.data(), version=st.sampled_from([2, 3]))
def test_a_jupedsim_file_brings_walkers_back_bit_for_bit(walkers, data, version, tmp_path):
    tracks, rate = data.draw(walkers)
    path = tmp_path / "walk.sqlite"
    write_jupedsim(tracks, path, frames_per_second=rate, version=version)
    assert read_tracks(path).equals(tracks)


@modest
@given(data=st.data())
def test_juelich_text_in_metres_brings_walkers_back_bit_for_bit_and_in_centimetres_nearly(walkers, data, tmp_path):
    tracks, rate = data.draw(walkers)
    path = tmp_path / "walk.txt"
    write_juelich(tracks, path, frames_per_second=rate, scale=1.0)
    assert read_tracks(path, scale=1.0).equals(tracks)
    write_juelich(tracks, path, frames_per_second=rate, scale=0.01)
    again = read_tracks(path, scale=0.01)
    np.testing.assert_array_equal(again.time, tracks.time)
    np.testing.assert_allclose(again.position, tracks.position, rtol=1e-15, atol=0)


@modest
@given(data=st.data(), step=st.sampled_from([1, 10]), tag=st.sampled_from([None, (1, ()), (3, (1, 2))]))
def test_a_trajnet_file_brings_recording_windows_and_forecasts_back(walkers, data, step, tag, tmp_path):
    tracks, rate = data.draw(walkers)
    file = TrajnetFile(
        tracks,
        (Window(4, int(tracks.track[0]), -3, 20, tag), Window(9, 0, 5, 25)),
        {0: steady(2, 12, rate, 4), 3: steady(1, 12, rate, 9)},
        rate / step,
        step,
    )
    path = tmp_path / "walk.ndjson"
    write_trajnet(file, path)
    again = read_trajnet_file(path)
    assert again.recording.equals(tracks)
    assert again.windows == file.windows
    assert {number: each.equals(file.predictions[number]) for number, each in again.predictions.items()} == {
        0: True,
        3: True,
    }
    assert (again.frames_per_second, again.frame_step) == (rate / step, step)
    assert read_tracks(path).equals(tracks)


@modest
@given(data=st.data(), count=st.integers(1, 4), length=st.integers(1, 45))
def test_windows_hold_whoever_is_seen_long_enough_once_and_whole(data, count, length, tmp_path):
    pieces = [steady(data.draw(st.integers(1, 3)), length, 2.5, scene) for scene in range(count)]
    tracks = Tracks.concatenate(pieces)
    file = trajnet_of(tracks)
    assert len(file.windows) == tracks.num_tracks * (length // 21)
    for window in file.windows:
        assert window.end - window.start == 20
    scenes = file.scenes()
    for window in file.windows:
        inside = scenes.select(scenes.scene == window.scene)
        primary = inside.select(inside.track == window.pedestrian)
        assert primary.num_rows == 21
        assert len(np.unique(inside.time)) == 21
    assert file.recording.num_rows == tracks.num_rows


def test_frames_of_a_video_are_as_far_apart_as_their_numbers_say(tmp_path):
    path = tmp_path / "video.ndjson"
    rows = [{"track": {"f": 100 + 10 * k, "p": 7, "x": 0.4 * k, "y": 0.0}} for k in range(21)]
    lines = [{"scene": {"id": 0, "p": 7, "s": 100, "e": 300, "fps": 2.5, "tag": 2}}, *reversed(rows), rows[0]]
    path.write_text("\n".join(map(json.dumps, lines)))
    file = read_trajnet_file(path)
    assert file.frame_step == 10 and file.windows[0].tag == (2, ())
    np.testing.assert_allclose(np.diff(file.recording.time), 0.4)
    assert file.scenes().num_rows == 21


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"track": {"f": 1, "p": 2, "x": 1.0}}', r":2: y: expected finite metres, found None"),
        ('{"track": {"f": 1.5, "p": 2, "x": 1.0, "y": 2}}', ":2: f: expected a whole number"),
        ('{"track": {"f": 1, "p": 2, "x": NaN, "y": 2}}', ":2: x: expected finite metres, found nan"),
        ('{"track": {"f": 0, "p": 0, "x": 9.0, "y": 2}}', ":2: time: expected after"),
        ('{"track": [1]}', ':2: expected {"track'),
        ('{"track": {"f": 1', ":2: expected a JSON object, found"),
        ('{"scene": {"id": 0, "p": 0, "s": 5, "e": 4, "fps": 2.5}}', ":2: e: expected at least s, which is 5, found 4"),
        ('{"scene": {"id": 0, "p": 0, "s": 0, "e": 4, "fps": 0}}', ":2: fps: expected a finite number over 0"),
        ('{"scene": {"id": 0, "p": 0, "s": 0, "e": 4, "fps": 2.5, "tag": "x"}}', ":2: tag: expected a kind"),
        (
            '{"track": {"f": 1, "p": 2, "x": 1, "y": 2, "prediction_number": 0, "scene_id": 5}}',
            ":2: scene_id: expected that of a scene line, found 5",
        ),
    ],
)
def test_a_wrong_trajnet_line_is_named(tmp_path, text, told):
    path = tmp_path / "walk.ndjson"
    path.write_text('{"track": {"f": 0, "p": 0, "x": 1.0, "y": 2.0}}\n' + text)
    with pytest.raises(InputError) as caught:
        read_trajnet_file(path, frames_per_second=2.5)
    assert told in str(caught.value)


def test_a_rate_that_nothing_states_is_asked_for(tmp_path):
    (tmp_path / "a.ndjson").write_text('{"track": {"f": 0, "p": 0, "x": 1.0, "y": 2.0}}')
    (tmp_path / "a.txt").write_text("# framerate: 25\n0 0 1 2\n")
    (tmp_path / "b.txt").write_text("# id frame x y\n0 0 1 2\n")
    with pytest.raises(InputError, match="a scene line with fps, or frames_per_second given"):
        read_tracks(tmp_path / "a.ndjson")
    assert read_tracks(tmp_path / "a.ndjson", frames_per_second=25).num_rows == 1
    with pytest.raises(InputError, match=r"the unit of a.txt given: 0.01 for centimetres, 1 for metres, found none"):
        read_tracks(tmp_path / "a.txt")
    with pytest.raises(InputError, match="frames_per_second given, found neither"):
        read_tracks(tmp_path / "b.txt", format="juelich", scale=1.0)
    assert read_tracks(tmp_path / "b.txt", format="juelich", scale=1.0, frames_per_second=16).num_rows == 1


def test_juelich_text_of_other_programs_is_read(tmp_path):
    path = tmp_path / "jpscore.txt"
    path.write_text(
        "#description: jpscore (0.8.4)\n#framerate: 16.00\n#X,Y,Z: the agents coordinates (in metres)\n\n"
        "#ID\tFR\tX\tY\tZ\tA\tB\tANGLE\tCOLOR\n1\t0\t3.30\t3.33\t0.00\t0.18\t0.25\t-90.00\t0\n"
        "1\t8\t4.30\t3.33\t0.00\t0.18\t0.25\t-90.00\t0\n"
    )
    tracks = read_tracks(path, scale=1.0)
    np.testing.assert_array_equal(tracks.time, [0.0, 0.5])
    np.testing.assert_array_equal(tracks.position, [[3.30, 3.33], [4.30, 3.33]])


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("# framerate: 25 fps\n1 0 3 x 5\n", {"scale": 1.0}, ":2: y: expected a finite number, found 'x'"),
        ("# framerate: 25 fps\n1 0 3\n", {"scale": 1.0}, ":2: expected 4 columns"),
        ("# framerate: 25 fps\n1 0 3 4 5\n1 1 3 4\n", {"scale": 1.0}, ":3: expected 5 columns"),
        ("# framerate: 25 fps\n1 0.5 3 4\n", {"scale": 1.0}, ":2: frame: expected a whole number, found 0.5"),
        ("# framerate: 25 fps\n1 1 3 4\n1 1 3 4\n", {"scale": 1.0}, ":3: time: expected after 0.04 s"),
        (
            "# framerate: fast\n1 0 3 4\n",
            {"scale": 1.0},
            ":1: framerate: expected a finite number over 0, found 'fast'",
        ),
        ("# framerate: 25\n1 0 3 4\n", {"scale": 1.0, "frames_per_second": 16.0}, ":1: framerate: expected 16"),
        (
            "# framerate: 25\n# id frame x/cm y/cm\n1 0 3 4\n",
            {"scale": 1.0},
            ":2: expected the unit that scale=1 names",
        ),
        ("# framerate: 25\n# id frame x[in m] y\n1 0 3 4\n", {"scale": 0.01}, ":2: expected the unit that scale=0.01"),
        ("# framerate: 25\n", {"scale": 1.0}, "expected at least one row, found none"),
    ],
)
def test_a_wrong_juelich_line_is_named(tmp_path, text, options, told):
    path = tmp_path / "walk.txt"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_tracks(path, **options)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE metadata SET value = '1' WHERE key = 'version'", "metadata version: expected 2 or 3, found '1'"),
        ("DELETE FROM metadata WHERE key = 'version'", "metadata version: expected 2 or 3, found none"),
        ("UPDATE metadata SET value = 'fast' WHERE key = 'fps'", "metadata fps: expected a finite number over 0"),
        ("UPDATE trajectory_data SET pos_x = 'left' WHERE rowid = 4", "trajectory_data row 4: expected whole frame"),
        ("UPDATE trajectory_data SET frame = 0 WHERE rowid = 5", "trajectory_data row:5: time: expected after 0 s"),
        ("DELETE FROM trajectory_data", "trajectory_data: expected at least one row"),
        ("DROP TABLE trajectory_data", "no such table: trajectory_data"),
    ],
)
def test_a_wrong_jupedsim_row_is_named(tmp_path, change, told):
    path = tmp_path / "walk.sqlite"
    write_tracks(steady(), path)
    with sqlite3.connect(path) as database:
        database.execute(change)
    database.close()
    with pytest.raises(InputError) as caught:
        read_jupedsim(path)
    assert told in str(caught.value)


def test_what_is_no_sqlite_file_is_refused(tmp_path):
    (tmp_path / "text.sqlite").write_text("track,time,x,y\n")
    (tmp_path / "empty.sqlite").write_text("")
    for name, told in (("text", "not a database"), ("empty", "an empty file"), ("absent", "no such file")):
        with pytest.raises(InputError, match=told):
            read_tracks(tmp_path / f"{name}.sqlite", format="jupedsim")


@pytest.mark.parametrize(
    ("tracks", "told"),
    [
        (Tracks.concatenate([steady(scene=0), steady(scene=1)]), "scenes: expected one"),
        (Tracks.from_rows(0, 0, [0.0, 1.0], np.zeros((2, 3))), "axes: expected 2"),
        (Tracks.from_rows(0, 0, [0.0, 0.1, 0.25], np.zeros((3, 2))), "time: expected times at whole frames of 10 Hz"),
        (Tracks.from_rows(0, 2**60, [0.0, 0.1], np.zeros((2, 2))), "track: expected numbers up to"),
        (Tracks.from_rows(0, 0, [0.0], np.zeros((1, 2))), "a rate given"),
        (Tracks.from_rows(0, 0, [0.0, 1.0], np.full((2, 2), np.nan)), "at least one position"),
    ],
)
def test_tracks_that_a_jupedsim_file_cannot_hold_are_refused_and_leave_no_file(tmp_path, tracks, told):
    with pytest.raises(InputError, match=told):
        write_tracks(tracks, tmp_path / "walk.sqlite")
    assert not list(tmp_path.iterdir())


def test_the_ground_of_a_jupedsim_file_has_the_walls_of_its_venue(tmp_path):
    place = plaza(side=18.0, door=2.0)
    write_jupedsim(steady(), tmp_path / "walk.sqlite", venue=place)
    walls = read_jupedsim_venue(tmp_path / "walk.sqlite")
    assert walls.extent() == place.extent()
    assert len(walls.walls) == 8


@pytest.mark.parametrize("suffix", [".ndjson", ".sqlite"])
def test_a_failed_write_of_frames_leaves_the_old_file_and_no_part(tmp_path, suffix):
    path = tmp_path / f"walk{suffix}"
    write_tracks(steady(), path)
    before = path.read_bytes()
    with pytest.raises(InputError):
        write_tracks(Tracks.from_rows(0, 0, [0.0, 0.13], np.full((2, 3), 0.0)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("scene", ["zara1", "hotel"])
def test_recorded_pedestrians_survive_every_format_of_frames(data_dir, tmp_path, scene):
    folder = data_dir / "pedestrian" / "eth_ucy" / scene / "test"
    if not folder.is_dir():
        pytest.skip(f"real data: {folder.name} of {scene} is not in PATHCAST_DATA")
    recorded = read_tracks(next(folder.glob("*.txt")))
    write_jupedsim(recorded, tmp_path / "walk.sqlite", frames_per_second=2.5)
    write_juelich(recorded, tmp_path / "walk.txt", frames_per_second=2.5, scale=1.0)
    write_trajnet(trajnet_of(recorded), tmp_path / "walk.ndjson")
    for name, options in (("walk.sqlite", {}), ("walk.txt", {"scale": 1.0}), ("walk.ndjson", {})):
        again = read_tracks(tmp_path / name, **options)
        np.testing.assert_array_equal(again.track, recorded.track)
        np.testing.assert_array_equal(again.position, recorded.position)
        np.testing.assert_allclose(again.time, recorded.time, atol=1e-9)
    assert len(read_trajnet_file(tmp_path / "walk.ndjson").windows) > 50
