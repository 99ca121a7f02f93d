from __future__ import annotations

import pytest

from pathcast.errors import InputError
from pathcast.formats import FORMATS, read_tracks


def test_what_is_unknown_is_answered_with_all_that_is_known(tmp_path):
    path = tmp_path / "walk.mat"
    path.write_text("1 2 3 4\n")
    with pytest.raises(InputError) as caught:
        read_tracks(path)
    assert all(name in str(caught.value) for name in FORMATS)
    assert "found suffix '.mat'" in str(caught.value)
    assert read_tracks(path, format="eth-ucy").num_rows == 1


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(
        InputError, match="one of parquet, csv, table-tennis, eth-ucy, juelich, trajnet, jupedsim, found 'matlab'"
    ):
        read_tracks(tmp_path, format="matlab")


def test_an_option_that_the_format_does_not_take_is_refused(tmp_path):
    path = tmp_path / "walk.txt"
    path.write_text("0 1 2 3\n")
    with pytest.raises(InputError, match=r"scale: expected an option of eth-ucy, the format of walk.txt"):
        read_tracks(path, scale=0.3048)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"absent.csv: expected a readable file, found no such file"):
        read_tracks(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="no such file"):
        read_tracks(tmp_path / "absent.csv", format="csv")
    with pytest.raises(InputError, match="no such file"):
        read_tracks(tmp_path / "absent.parquet", format="parquet")


def test_binary_content_is_refused_whatever_its_suffix(tmp_path):
    for suffix in (".csv", ".txt", ".parquet"):
        path = tmp_path / f"junk{suffix}"
        path.write_bytes(bytes(range(256)) * 4)
        with pytest.raises(InputError, match="junk"):
            read_tracks(path)
