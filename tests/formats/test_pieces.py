"""A file written in pieces is the file of all pieces together, or not there."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.formats import read_tracks, write_tracks
from pathcast.formats.pieces import writing_pieces
from pathcast.tracks import Tracks


def walks(first: int, num: int, length: int = 3) -> Tracks:
    rows = num * length
    position = np.random.default_rng(first).standard_normal((rows, 2))
    position[rows // 2 :: 5] = np.nan
    return Tracks.from_rows(
        np.repeat(np.arange(first, first + num), length), 7, np.tile(np.arange(length) / 3, num), position
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet", "pq"])
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4).filter(any))
def test_pieces_make_the_same_file_as_the_whole(tmp_path, suffix, sizes):
    pieces = [walks(first, num) for first, num in zip(np.cumsum([0, *sizes[:-1]]).tolist(), sizes, strict=True)]
    whole, parts = tmp_path / f"whole.{suffix}", tmp_path / f"parts.{suffix}"
    write_tracks(Tracks.concatenate(pieces), whole)
    with writing_pieces(parts) as append:
        for piece in pieces:
            append(piece)
    one, other = (read_tracks(path, format=suffix.replace("pq", "parquet")) for path in (whole, parts))
    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("scene", "track", "time", "valid"))
    assert np.array_equal(one.position, other.position, equal_nan=True)
    if suffix == "csv":
        assert whole.read_bytes() == parts.read_bytes()


def test_every_piece_is_a_row_group(tmp_path):
    with writing_pieces(tmp_path / "a.parquet") as append:
        append(walks(0, 2))
        append(walks(2, 5))
    assert [pq.ParquetFile(tmp_path / "a.parquet").metadata.row_group(n).num_rows for n in (0, 1)] == [6, 15]


def test_an_error_between_pieces_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.csv"
    write_tracks(walks(0, 1), path)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), writing_pieces(path) as append:
        append(walks(5, 1))
        raise ZeroDivisionError
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a.xlsx", "no/a.csv"])
def test_a_place_that_cannot_be_written_is_refused_before_the_first_piece(tmp_path, name):
    with pytest.raises(InputError, match="expected"), writing_pieces(tmp_path / name):
        pytest.fail("the block was entered")


def test_pieces_have_no_scene_names_and_there_is_one_at_least(tmp_path):
    named = Tracks.from_rows(0, 0, [0.0], [[0.0, 0.0]], scene_names={0: "hall"})
    with pytest.raises(InputError, match="no scene names"), writing_pieces(tmp_path / "a.csv") as append:
        append(named)
    with pytest.raises(InputError, match="at least one"), writing_pieces(tmp_path / "a.csv"):
        pass
    assert not list(tmp_path.iterdir())
