"""Files that are wrong are told by name and row; what was finished stays, and the job goes on once they are mended."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pathcast.formats import csv, write_tracks
from pathcast.tracks import Tracks
from tests.batch.folders import digests

MODEL = ["--model", "constant-velocity-2d", "--processes", "1"]


def forecast(folder: Path, *words: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """`pathcast forecast days -o out` in a process of its own, whose files can grow to so many bytes."""
    code = "from pathcast.cli import main; main()"
    if limit is not None:
        code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); {code}"
    command = [sys.executable, "-c", code, "forecast", "days", "-o", "out", *MODEL, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def days(tmp_path: Path, walks) -> Path:
    (tmp_path / "days").mkdir()
    for index in range(4):
        write_tracks(walks(num=30, scenes=6, seed=index), tmp_path / "days" / f"day{index}.parquet")
    return tmp_path


def truncated(path: Path, tracks: Tracks) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def mixed_units(path: Path, tracks: Tracks) -> None:
    pq.write_table(tracks.to_arrow().rename_columns(["scene", "track", "time", "x_m", "y_ft", "valid"]), path)


def duplicate_row(path: Path, tracks: Tracks) -> None:
    table = tracks.to_arrow()
    pq.write_table(pa.concat_tables([table.slice(0, 41), table.slice(40)]), path)


def unsorted_times(path: Path, tracks: Tracks) -> None:
    table = tracks.to_arrow()
    start = int(tracks.starts[3])
    order = np.arange(table.num_rows)
    order[[start, start + 1]] = start + 1, start
    pq.write_table(table.take(order), path)


def wrong_type(path: Path, tracks: Tracks) -> None:
    table = tracks.to_arrow()
    pq.write_table(table.set_column(3, "x", table["x"].cast(pa.string())), path)


def track_names(path: Path, tracks: Tracks) -> None:
    table = tracks.to_arrow()
    pq.write_table(table.set_column(1, "track", pa.array([f"p{each}" for each in tracks.track])), path)


def missing_time(path: Path, tracks: Tracks) -> None:
    table = tracks.to_arrow()
    times = table["time"].to_pylist()
    times[17] = None
    pq.write_table(table.set_column(2, "time", pa.array(times)), path)


def time_not_finite(path: Path, tracks: Tracks) -> None:
    time = tracks.time.copy()
    time[23] = np.nan
    pq.write_table(replace(tracks, time=time).to_arrow(), path)


def empty_file(path: Path, tracks: Tracks) -> None:
    path.write_bytes(b"")


def no_rows(path: Path, tracks: Tracks) -> None:
    pq.write_table(tracks.to_arrow().slice(0, 0), path)


def missing_column(path: Path, tracks: Tracks) -> None:
    pq.write_table(tracks.to_arrow().drop_columns(["y"]), path)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (truncated, "a readable Parquet file"),
        (mixed_units, "column 'y_ft': expected scale=0.3048, or metres"),
        (duplicate_row, ":41: time: expected after"),
        (unsorted_times, ": time: expected after"),
        (wrong_type, ":0: column x: expected metres, found string such as"),
        (track_names, "track: expected whole numbers"),
        (missing_time, ":17: time: expected seconds, found null"),
        (time_not_finite, ":23: time: expected finite seconds"),
        (empty_file, "at least one row, found an empty file"),
        (no_rows, "expected at least one row, found none"),
        (missing_column, "one for y"),
    ],
)
def test_a_spoilt_file_is_named_and_the_others_are_made(run, days, walks, spoil, text):
    tracks = walks(num=30, scenes=6, seed=1)
    path = days / "days" / "day1.parquet"
    whole = path.read_bytes()
    spoil(path, tracks)
    words = f"days -o out {' '.join(MODEL)} --json"
    code, said, told = run(words)
    assert code == 2
    assert "days/day1.parquet" in told and text in told
    assert sorted(each.name for each in (days / "out").glob("*.parquet")) == [f"day{i}.parquet" for i in (0, 2, 3)]
    assert [each["file"] for each in json.loads(said)["faults"]] == ["days/day1.parquet"]
    assert not list((days / "out").rglob("*.part"))
    path.write_bytes(whole)
    code, said, told = run(f"{words} --resume")
    assert code == 0, told
    assert json.loads(said)["kept_files"] == 3


def test_rows_of_csv_are_named_by_their_lines(run, tmp_path, monkeypatch):
    monkeypatch.setattr(csv, "BYTES_IN_BLOCK", 60)
    (tmp_path / "days").mkdir()
    lines = ["time,track,x,y", *(f"{step * 0.4},1,{step},0" for step in range(50))]
    lines[30] = lines[30].replace(",29,", ",far,")
    (tmp_path / "days" / "day.csv").write_text("\n".join(lines) + "\n")
    code, _, told = run(f"days -o out {' '.join(MODEL)}")
    assert code == 2 and "days/day.csv:31: x: expected a number, found 'far'" in told


def test_a_full_disk_ends_the_job_by_name_and_keeps_what_is_finished(days, walks):
    whole = forecast(days)
    assert whole.returncode == 0, whole.stderr
    expected = digests(days / "out")
    sizes = {path.name: path.stat().st_size for path in (days / "out").glob("*.parquet")}
    (days / "out").rename(days / "whole")
    write_tracks(walks(num=300, scenes=6, seed=2, length=20), days / "days" / "day2.parquet")
    done = forecast(days, limit=max(sizes.values()) + 1000)
    assert done.returncode == 2
    assert "out/day2.parquet: expected a place where a file can be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in (days / "out").glob("*.parquet")) == ["day0.parquet", "day1.parquet"]
    assert not list((days / "out").rglob("*.part"))
    kept = {name: digest for name, digest in digests(days / "out").items() if "day0" in name or "day1" in name}
    assert kept == {name: expected[name] for name in kept} and len(kept) == 6
    again = forecast(days, "--resume", "--json")
    assert again.returncode == 0 and json.loads(again.stdout)["kept_files"] == 2
