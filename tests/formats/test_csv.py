from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pathcast.errors import InputError
from pathcast.formats import read_tracks

GOOD = "track,time,x,y\n1,0.0,0.5,1.5\n1,0.4,0.6,1.6\n"


@pytest.fixture
def write(tmp_path):
    def write_file(content: str | bytes, name: str = "walk.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        "\n" + GOOD.replace("\n", "\n\n"),
        GOOD.replace("track,time,x,y", "Track_ID,Timestamp,Pos_X,Y [m]"),
        GOOD.replace("track,time,x,y", '"id", t_s ,x_m,y (metres)'),
        GOOD.replace("1,0.", "1.0, 0."),
    ],
)
def test_synonyms_units_delimiters_and_line_ends_do_not_matter(write, content):
    tracks = read_tracks(write(content))
    assert tracks.track.tolist() == [1, 1]
    np.testing.assert_array_equal(tracks.time, [0.0, 0.4])
    np.testing.assert_array_equal(tracks.position, [[0.5, 1.5], [0.6, 1.6]])
    assert dict(tracks.scene_names) == {0: "walk"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "an empty file"),
        (" \n\n", "an empty file"),
        ("track,time,x\n1,0,0\n", r"walk.csv:1: columns: expected one for y \(y, pos_y.*found track, time, x"),
        ("track,x,y\n1,0,0\n", r"one for time .*frame with frames_per_second given"),
        (GOOD.replace("0.6", "six"), r"walk.csv:3: x: expected a number, found 'six'"),
        (GOOD.replace("0.6", "0,6"), r"walk.csv:3: expected 4 columns, as in the header, found 5"),
        (GOOD.replace("0.6,", ""), r"walk.csv:3: expected 4 columns, as in the header, found 3"),
        ("\n\n" + GOOD.replace("0.6,", ""), r"walk.csv:5: expected 4 columns"),
        (GOOD.replace("0.6", "nan"), r"walk.csv:3: position: expected finite"),
        (GOOD.replace("0.6", "inf"), r"walk.csv:3: position: expected finite"),
        (GOOD.replace("0.4", ""), r"walk.csv:3: time: expected finite seconds"),
        (GOOD.replace("0.4", "-0.4"), r"walk.csv:3: time: expected after 0 s"),
        (GOOD.replace("0.4", "0.0"), r"walk.csv:3: time: expected after 0 s.*found 0 s"),
        ("\n" + GOOD.replace("0.4", "0.0"), r"walk.csv:4: time"),
        (GOOD.replace("\n1,0.4", "\nred,0.4"), r"walk.csv:3: track: expected a number, found 'red'"),
        (GOOD.replace("\n1,0.4", "\n1.5,0.4"), r"walk.csv:3: track: expected a whole number from 0, found '1.5'"),
        (GOOD.replace("\n1,0.4", "\n-1,0.4"), r"walk.csv:3: track: expected a whole number from 0, found '-1'"),
        (GOOD.replace("\n1,0.4", "\n,0.4"), r"walk.csv:3: track: expected a whole number"),
        (GOOD.replace("0.5", "\0"), r"walk.csv:2: expected text in UTF-8, found a zero byte"),
        (GOOD.encode().replace(b"0.6", b"\xff"), r"walk.csv:3: expected text in UTF-8, found the byte 0xff"),
        ("track,time,x,x,y\n1,0,1,1,1\n", r"each name once, found 'x' more than once"),
        (GOOD.replace("time,x", "time,t").replace("track", "x"), r"one for time, or a choice .*'time' and 't'"),
        (GOOD.replace(",x,", ",x_ft,"), r"column 'x_ft': expected scale=0.3048, or metres, found unit 'ft'"),
        (GOOD.replace(",x,", ",x [px],"), r"column 'x \[px\]': expected metres, or scale= given"),
        (GOOD.replace("time", "time_ms"), r"column 'time_ms': expected time_scale=0.001, or seconds"),
        ("1,0.0,0.5,1.5\n", r"one for track"),
        ("track,time,x,y,valid\n1,0,0,0,maybe\n", r"walk.csv:2: valid: expected 0, 1, true or false, found 'maybe'"),
        ("scene,scene_name,track,time,x,y\n0,a,1,0,0,0\n0,b,2,0,0,0\n", r"walk.csv:3: scene_name: expected 'a'"),
    ],
)
def test_a_fault_is_named_with_its_line(write, content, message):
    with pytest.raises(InputError, match=message):
        read_tracks(write(content))


def test_a_unit_that_contradicts_the_scale_is_refused_and_one_that_fits_is_applied(write):
    path = write(GOOD.replace("x,y", "x_ft,y_ft"))
    np.testing.assert_allclose(read_tracks(path, scale=0.3048).position[0], [0.1524, 0.4572])
    with pytest.raises(InputError, match=r"scale=0.3048, or metres, found unit 'ft' with scale=1"):
        read_tracks(path, scale=1.0)
    np.testing.assert_array_equal(read_tracks(path, columns={"x": "x_ft", "y": "y_ft"}).position[0], [0.5, 1.5])


def test_milliseconds_and_pixels_are_read_by_explicit_scales(write):
    path = write("id,t_ms,x_px,y_px\n1,0,10,20\n1,400,20,40\n")
    tracks = read_tracks(path, scale=0.05, time_scale=0.001)
    np.testing.assert_allclose(tracks.time, [0.0, 0.4])
    np.testing.assert_allclose(tracks.position, [[0.5, 1.0], [1.0, 2.0]])


def test_numbered_frames_need_a_rate(write):
    path = write("id,frame,x,y\n1,0,1,2\n1,10,1,2\n")
    np.testing.assert_allclose(read_tracks(path, frames_per_second=25).time, [0.0, 0.4])
    with pytest.raises(InputError, match="frames_per_second given"):
        read_tracks(path)


def test_chosen_columns_override_names(write):
    path = write("who,when,x,y,east,north\n1,0,9,9,1,2\n")
    tracks = read_tracks(path, columns={"track": "who", "time": "when", "x": "east", "y": "north"})
    np.testing.assert_array_equal(tracks.position, [[1.0, 2.0]])
    with pytest.raises(InputError, match="'whom', chosen for track"):
        read_tracks(path, columns={"track": "whom"})
    with pytest.raises(InputError, match="one of scene"):
        read_tracks(path, columns={"colour": "who"})


def test_an_empty_cell_is_a_point_that_was_not_seen(write):
    tracks = read_tracks(write(GOOD.replace("0.6", "")))
    assert tracks.valid.tolist() == [True, False]
    assert np.isnan(tracks.position[1]).all()


def test_a_row_that_says_it_is_not_valid_may_hold_anything_numeric(write):
    tracks = read_tracks(write("track,time,x,y,valid\n1,0,nan,2,0\n1,1,1,2,True\n"))
    assert tracks.valid.tolist() == [False, True]


def test_scenes_named_by_text_are_numbered_as_they_appear(write):
    tracks = read_tracks(write("scene,track,time,x,y\nb,1,0,0,0\na,1,0,0,0\nb,1,1,0,0\n"))
    assert tracks.scene.tolist() == [0, 0, 1]
    assert dict(tracks.scene_names) == {0: "b", 1: "a"}


def test_a_foreign_parquet_table_is_read_by_the_same_rules(tmp_path):
    path = tmp_path / "nba.parquet"
    table = pa.table(
        {"clip": ["b", "a"], "player": [3, 3], "t_ms": [0, 40], "x_ft": [1.0, 2.0], "y_ft": [0.0, None], "mood": [1, 2]}
    )
    pq.write_table(table, path)
    with pytest.raises(InputError, match="one for track"):
        read_tracks(path)
    with pytest.raises(InputError, match=r"scale=0\.3048"):
        read_tracks(path, columns={"track": "player"})
    tracks = read_tracks(path, columns={"track": "player"}, scale=0.3048, time_scale=0.001)
    assert dict(tracks.scene_names) == {0: "b", 1: "a"}
    assert tracks.time.tolist() == [0.0, 0.04]
    assert tracks.valid.tolist() == [True, False]
    np.testing.assert_allclose(tracks.position[0], [0.3048, 0.0])


def test_a_broken_parquet_file_is_named(tmp_path):
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"PAR1 but no more")
    with pytest.raises(InputError, match=r"broken.parquet: expected a readable Parquet file"):
        read_tracks(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="an empty file"):
        read_tracks(path)


@pytest.mark.parametrize("option", ["scale", "time_scale", "frames_per_second"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_scale_is_over_zero(write, option, value):
    with pytest.raises(InputError, match=f"{option}: expected a finite number over 0"):
        read_tracks(write(GOOD), **{option: value})
