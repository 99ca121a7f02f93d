from __future__ import annotations

import logging

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.formats import read_tracks

SEMICOLONS = "0.000;0.006;0.946;0.241\n0.007;0.007;0.889;0.233\n"
HEADED = "Timestamp,X,Y,Z\n0.000,0.006,0.946,0.241\n0.007,0.007,0.889,0.233\n"


@pytest.mark.parametrize("content", [SEMICOLONS, HEADED])
def test_both_forms_are_one_track_of_one_scene(tmp_path, content):
    path = tmp_path / "017.csv"
    path.write_text(content)
    tracks = read_tracks(path)
    assert (tracks.num_tracks, tracks.num_axes) == (1, 3)
    np.testing.assert_array_equal(tracks.time, [0.0, 0.007])
    np.testing.assert_array_equal(tracks.position[1], [0.007, 0.889, 0.233])
    assert dict(tracks.scene_names) == {0: "017"}


def test_a_repeated_instant_is_dropped_and_counted(tmp_path, caplog):
    path = tmp_path / "017.csv"
    path.write_text(SEMICOLONS + "0.007;9;9;9\n0.014;0.008;0.8;0.2\n")
    with caplog.at_level(logging.WARNING):
        tracks = read_tracks(path)
    assert tracks.time.tolist() == [0.0, 0.007, 0.014]
    assert tracks.position.max() < 1
    assert "dropped 1 of 4 rows" in caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SEMICOLONS + "0.001;0;0;0\n", r"017.csv:3: time: expected after 0.007 s"),
        (SEMICOLONS + "0.007;9;9;9\n0.001;0;0;0\n", r"017.csv:4: time: expected after 0.007 s"),
        (HEADED + "0.014,0,0\n", r"017.csv:4: expected 4 columns \(time, x, y, z\) with ',' between them, found 3"),
        (SEMICOLONS.replace("0.889", "0,889"), r"017.csv:2: y: expected a finite number, found '0,889'"),
        (SEMICOLONS.replace("0.946", "up"), r"017.csv:1: y: expected a finite number, found 'up'"),
        ("Timestamp,X,Y,Z\n", r"017.csv: expected at least one row, found none"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, content, message):
    path = tmp_path / "017.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_tracks(path)


def test_the_112_flights_are_read(data_dir, caplog):
    folder = data_dir / "ball" / "table_tennis_spindoe"
    with caplog.at_level(logging.WARNING):
        tracks = read_tracks(folder, pattern="[0-9]*.csv")
    assert (tracks.num_tracks, tracks.num_rows) == (112, 7022)
    assert [record.args[1] for record in caplog.records] == [1, 1]
    with pytest.raises(InputError, match=r"index.csv:1: columns"):
        read_tracks(folder)


def test_the_139_rallies_are_read(data_dir):
    tracks = read_tracks(data_dir / "ball" / "table_tennis_tt3d")
    assert (tracks.num_tracks, tracks.num_rows) == (139, 14287)
    step = np.concatenate([np.diff(track.time) for track in tracks.each()])
    np.testing.assert_allclose(np.median(step), 1 / 179, rtol=0.1)
