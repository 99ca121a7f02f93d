from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.tracks import Tracks


def two_tracks() -> Tracks:
    return Tracks.from_rows(
        [0, 0, 0, 0], [7, 3, 7, 3], [0.0, 0.0, 0.4, 0.4], [[0.0, 0.0], [1.0, 1.0], [0.5, 0.0], [1.0, 1.5]]
    )


@settings(max_examples=40)
@given(data=st.data())
def test_arrow_brings_tracks_back_bit_for_bit(any_tracks, data):
    tracks = data.draw(any_tracks)
    assert Tracks.from_arrow(tracks.to_arrow()).equals(tracks)


@settings(max_examples=40)
@given(data=st.data())
def test_rows_in_any_interleaving_of_tracks_give_the_same_tracks(any_tracks, data):
    tracks = data.draw(any_tracks)
    order = np.argsort(tracks.time, kind="stable")
    again = Tracks.from_rows(
        tracks.scene[order],
        tracks.track[order],
        tracks.time[order],
        tracks.position[order],
        tracks.valid[order],
        tracks.scene_names,
    )
    assert again.equals(tracks)


@settings(max_examples=40)
@given(data=st.data())
def test_each_track_is_visited_once_and_in_the_order_of_time(any_tracks, data):
    tracks = data.draw(any_tracks)
    visited = list(tracks.each())
    assert len(visited) == tracks.num_tracks == len({(one.scene, one.track) for one in visited})
    assert sum(len(one.time) for one in visited) == tracks.num_rows
    assert all((np.diff(one.time) > 0).all() for one in visited)


@settings(max_examples=40)
@given(data=st.data())
def test_frames_hold_every_valid_point_once(any_tracks, data):
    tracks = data.draw(any_tracks)
    frames = list(tracks.frames())
    assert sum(len(frame.track) for frame in frames) == tracks.valid.sum()
    assert all(np.isfinite(frame.position).all() for frame in frames)
    assert all(len(set(frame.track.tolist())) == len(frame.track) for frame in frames)


@settings(max_examples=30)
@given(data=st.data())
def test_pieces_joined_are_the_whole(any_tracks, data):
    tracks = data.draw(any_tracks.filter(lambda tracks: tracks.num_rows > 0))
    pieces = [tracks.select(slice(int(a), int(b))) for a, b in zip(tracks.starts, tracks.starts[1:], strict=False)]
    assert Tracks.concatenate(pieces).equals(tracks)


def test_time_going_backwards_names_row_and_track():
    with pytest.raises(InputError, match=r"walk:12: time: expected after 0.4 s.*track 7 of scene 0, found 0.2 s"):
        Tracks.from_rows(0, 7, [0.0, 0.4, 0.2], np.zeros((3, 2)), where="walk", rows=[10, 11, 12])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": [0.0, np.nan]}, "finite seconds, found nan"),
        ({"time": [0.0, 0.0]}, "expected after 0 s"),
        ({"time": 0.0}, r"position: expected shape \[1, 2 or 3\]"),
        ({"position": np.zeros((2, 4))}, "2 or 3"),
        ({"position": np.zeros(2)}, "2 or 3"),
        ({"position": [[0.0, np.nan], [0.0, 0.0]], "valid": True}, "finite metres where valid"),
        ({"track": [0, -1]}, "from 0"),
        ({"track": [0.0, 1.5]}, "whole numbers"),
        ({"track": [0.0, np.inf]}, "from 0"),
        ({"track": ["a", "b"]}, "whole numbers"),
        ({"scene": [0, 2**63]}, "numbers from"),
        ({"scene": [0, 0, 0]}, r"shape \[2\]"),
    ],
)
def test_bad_rows_are_refused_with_what_was_expected(change, message):
    rows = {"scene": 0, "track": 0, "time": [0.0, 0.4], "position": np.zeros((2, 2))} | change
    with pytest.raises(InputError, match=message):
        Tracks.from_rows(**rows)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("track", [-1, 0], "numbers from 0"),
        ("track", [0.5, 0.0], "whole numbers"),
        ("track", [None, 1], "whole numbers, found null"),
        ("time", ["a", "b"], "seconds, found string"),
        ("x", ["a", "b"], "metres, found string"),
    ],
)
def test_arrow_columns_of_another_kind_are_refused(column, values, message):
    columns = {"track": [0, 0], "time": [0.0, 0.4], "x": [0.0, 0.0], "y": [0.0, 0.0]} | {column: values}
    with pytest.raises(InputError, match=message):
        Tracks.from_arrow(pa.table(columns))


def test_arrow_without_a_column_or_with_a_newer_format_number_is_refused():
    table = two_tracks().to_arrow()
    with pytest.raises(InputError, match="track, time"):
        Tracks.from_arrow(table.drop_columns(["time"]))
    with pytest.raises(InputError, match="at most 1, found 9"):
        Tracks.from_arrow(table.replace_schema_metadata({"pathcast.format": "9"}))
    with pytest.raises(InputError, match="JSON"):
        Tracks.from_arrow(table.replace_schema_metadata({"pathcast.scene_names": "{"}))


def test_a_track_that_is_in_two_pieces_at_once_is_refused():
    with pytest.raises(InputError, match="time"):
        Tracks.concatenate([two_tracks(), two_tracks()])
    with pytest.raises(InputError, match="at least one"):
        Tracks.concatenate([])


def test_frames_come_in_the_order_of_time():
    frames = list(two_tracks().frames())
    assert [frame.time for frame in frames] == [0.0, 0.4]
    assert frames[0].track.tolist() == [3, 7]
    np.testing.assert_array_equal(frames[1].position, [[1.0, 1.5], [0.5, 0.0]])
