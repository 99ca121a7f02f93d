from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.formats import read_tracks, write_tracks
from pathcast.formats.parquet import write_parquet
from pathcast.tracks import Tracks

modest = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def walk(num_rows: int = 100) -> Tracks:
    time = np.arange(num_rows) * 0.4
    return Tracks.from_rows(0, 1, time, np.column_stack([time, -time]), scene_names={0: "walk"})


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@modest
@given(data=st.data())
def test_a_written_file_brings_tracks_back_bit_for_bit(any_tracks, data, tmp_path, suffix):
    tracks = data.draw(any_tracks)
    path = tmp_path / f"tracks{suffix}"
    write_tracks(tracks, path)
    assert read_tracks(path).equals(tracks)


@modest
@given(scale=st.sampled_from([0.3048, 0.01, 1000.0]), data=st.data())
def test_a_scale_multiplies_positions_and_nothing_else(any_tracks, data, tmp_path, scale):
    tracks = data.draw(any_tracks)
    for suffix in (".csv", ".parquet"):
        path = tmp_path / f"tracks{suffix}"
        write_tracks(tracks, path)
        scaled = read_tracks(path, scale=scale)
        np.testing.assert_array_equal(scaled.position, tracks.position * scale)
        np.testing.assert_array_equal(scaled.time, tracks.time)


def test_parquet_is_written_in_row_groups(tmp_path):
    path = tmp_path / "walk.parquet"
    write_parquet(walk(100), path, rows_per_group=30)
    assert pq.ParquetFile(path).num_row_groups == 4
    assert read_tracks(path).equals(walk(100))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, suffix):
    path = tmp_path / f"walk{suffix}"
    write_tracks(walk(), path)
    before = path.read_bytes()
    broken = Tracks(np.zeros(2, np.int64), np.zeros(3, np.uint64), np.zeros(3), np.zeros((3, 2)), np.ones(3, np.bool_))
    with pytest.raises(ValueError):
        write_tracks(broken, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_place_where_nothing_can_be_written_is_named(tmp_path, suffix):
    path = tmp_path / "absent" / f"walk{suffix}"
    with pytest.raises(InputError, match=r"absent.*a place where a file can be written, found no such file"):
        write_tracks(walk(), path)


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"ends in \.csv, \.parquet, \.pq, \.ndjson, \.sqlite, found '\.xlsx'"):
        write_tracks(walk(), tmp_path / "walk.xlsx")


@modest
@given(counts=st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_a_folder_is_its_files_as_scenes_numbered_on(tmp_path_factory, counts):
    folder: Path = tmp_path_factory.mktemp("folder")
    for number, count in enumerate(counts):
        write_tracks(walk(count), folder / f"{number}.csv")
    (folder / ".hidden").write_bytes(b"\0")
    tracks = read_tracks(folder)
    assert tracks.num_tracks == len(counts)
    assert [len(track.time) for track in tracks.each()] == counts
    assert dict(tracks.scene_names) == dict.fromkeys(range(len(counts)), "walk")


def test_a_folders_unnamed_scenes_are_called_after_their_files(tmp_path):
    (tmp_path / "a.csv").write_text("scene,track,time,x,y\n4,0,0,1,1\n9,0,0,1,1\n")
    (tmp_path / "b.csv").write_text("track,time,x,y\n0,0,1,1\n")
    assert dict(read_tracks(tmp_path).scene_names) == {0: "a/4", 1: "a/9", 2: "b"}


def test_a_folders_files_must_agree_and_be_there(tmp_path):
    with pytest.raises(InputError, match="at least one file"):
        read_tracks(tmp_path)
    (tmp_path / "a.csv").write_text("track,time,x,y\n0,0,1,1\n")
    (tmp_path / "b.csv").write_text("track,time,x,y,z\n0,0,1,1,1\n")
    with pytest.raises(InputError, match="b: expected 2 axes, as in a, found 3"):
        read_tracks(tmp_path)
    assert read_tracks(tmp_path, pattern="b*").num_axes == 3
