"""Jobs: the same bytes whoever makes them, file by file, resumed without a difference, and nothing lost in silence."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from pathcast.batch import outputs, rows
from pathcast.batch.forecasting import BatchForecaster
from pathcast.batch.wanted import Wanted
from pathcast.formats import csv, read_tracks, write_tracks
from pathcast.formats.parquet import write_parquet
from pathcast.formats.trajnet import read_trajnet_file
from pathcast.model.library import load_engine
from pathcast.tracks import Tracks
from tests.batch.folders import digests

MODEL = "--model pedestrian --modes 2"


@pytest.fixture
def days(run, walks) -> Path:
    """A folder of five files in two folders, two of them CSV."""
    folder = Path("days")
    for index, name in enumerate(["north/a.parquet", "north/b.csv", "south/a.parquet", "south/c.parquet", "d.csv"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_tracks(walks(num=20, scenes=6, seed=index), folder / name)
    return folder


def assert_close(one: pa.Table, other: pa.Table) -> None:
    """Means and spreads are the same but for rounding, which depends on what is computed at once."""
    for name in ("means", "covariances"):
        first, second = (np.asarray(each[name].combine_chunks().flatten()) for each in (one, other))
        assert second == pytest.approx(first, rel=1e-4, abs=1e-5)


def test_output_mirrors_the_files_and_is_one_data_set(run, days):
    code, said, _ = run(f"{days} -o out {MODEL} --json --processes 1")
    assert code == 0
    summary = json.loads(said)
    written = ["d", "north/a", "north/b", "south/a", "south/c"]
    assert sorted(digests(Path("out"))) == sorted(
        f"{folder}{name}{suffix}"
        for name in written
        for folder, suffix in (("", ".parquet"), ("_rejected/", ".csv"), ("_records/", ".json"))
    )
    whole = pa.dataset.dataset("out", format="parquet").to_table()
    assert whole.num_rows == summary["forecasts"] > 200
    engine = load_engine("pedestrian")
    alone, _ = BatchForecaster(engine, Wanted(num_modes=2))(read_tracks(days / "north/a.parquet").to_arrow())
    found = pq.read_table("out/north/a.parquet")
    for name in ("scene", "track", "origin_time"):
        assert found[name].equals(alone[name])
    assert_close(found, alone)


def test_bytes_are_the_same_for_any_number_of_processes_threads_and_shards(run, days, monkeypatch):
    assert run(f"{days} -o one {MODEL} --processes 1")[0] == 0
    assert run(f"{days} -o two {MODEL} --processes 2")[0] == 0
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert run(f"{days} -o threads {MODEL} --processes 1")[0] == 0
    for shard in (3, 1, 2):
        assert run(f"{days} -o shards {MODEL} --shard {shard}/3 --processes 1")[0] == 0
    assert digests(Path("one")) == digests(Path("two")) == digests(Path("threads")) == digests(Path("shards"))


def test_shards_are_parts_of_the_single_run_and_share_no_file(run, days):
    files = []
    for shard in range(1, 8):
        assert run(f"{days} -o shard{shard} {MODEL} --shard {shard}/7 --processes 1")[0] == 0
        files += digests(Path(f"shard{shard}")).items()
    assert run(f"{days} -o whole {MODEL} --processes 1")[0] == 0
    assert len(files) == len(dict(files))
    assert dict(files) == digests(Path("whole"))


def test_resume_makes_what_is_missing_or_changed_and_no_more(run, days, walks):
    assert run(f"{days} -o out {MODEL} --processes 1")[0] == 0
    before = digests(Path("out"))
    times = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*.parquet")}
    Path("out/north/a.parquet").unlink()
    Path("out/_records/d.json").write_text("{")
    (Path("out") / ".d.parquet.1-1.part").write_text("left by a process that was killed")
    code, said, _ = run(f"{days} -o out {MODEL} --resume --json --processes 1")
    assert code == 0 and json.loads(said)["kept_files"] == 3
    assert digests(Path("out")) == before
    kept = {path for path, time in times.items() if path.stat().st_mtime_ns == time}
    assert kept == set(times) - {Path("out/north/a.parquet"), Path("out/d.parquet")}
    write_tracks(walks(num=9, seed=99), days / "south/c.parquet")
    assert json.loads(run(f"{days} -o out {MODEL} --resume --json --processes 1")[1])["kept_files"] == 4


def test_what_is_there_is_neither_replaced_nor_mixed_unasked(run, days):
    assert run(f"{days} -o out {MODEL} --processes 1")[0] == 0
    before = digests(Path("out"))
    code, _, told = run(f"{days} -o out {MODEL}")
    assert code == 2 and "--resume or --overwrite" in told
    code, _, told = run(f"{days} -o out --model pedestrian --modes 3 --resume")
    assert code == 2 and "the settings of this run" in told
    assert digests(Path("out")) == before
    assert run(f"{days} -o out --model pedestrian --modes 3 --overwrite --processes 1")[0] == 0
    assert digests(Path("out")) != before


@pytest.mark.parametrize("model", ["pedestrian", "constant-velocity-2d"])
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_scenes_and_tracks_that_cross_row_groups_and_blocks_are_whole(run, walks, monkeypatch, model, suffix):
    tracks = walks(num=40, scenes=7, length=20)
    if suffix == "csv":
        write_tracks(tracks, "tracks.csv")
    else:
        write_parquet(tracks, Path("tracks.parquet"), rows_per_group=7)
    assert run(f"tracks.{suffix} -o whole.parquet --model {model}")[0] == 0
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 11)
    monkeypatch.setattr(csv, "BYTES_IN_BLOCK", 100)
    assert run(f"tracks.{suffix} -o bits.parquet --model {model}")[0] == 0
    whole, bits = pq.read_table("whole.parquet"), pq.read_table("bits.parquet")
    for name in ("scene", "track", "origin_time"):
        assert whole[name].equals(bits[name])
    assert_close(whole, bits)


@pytest.mark.parametrize("order", ["shuffled tracks", "frame by frame", "scenes falling"])
@pytest.mark.parametrize("model", ["pedestrian", "constant-velocity-2d"])
def test_rows_in_any_order_give_the_same_forecasts(run, walks, monkeypatch, order, model):
    tracks = walks(num=30, scenes=5)
    write_tracks(tracks, "ordered.parquet")
    table = tracks.to_arrow()
    if order == "frame by frame":
        table = table.sort_by([("time", "ascending")])
    elif order == "scenes falling":
        table = table.sort_by([("scene", "descending"), ("track", "ascending"), ("time", "ascending")])
    else:
        keys = np.random.default_rng(3).permutation(int(tracks.track.max()) + 1)[tracks.track.astype(int)]
        table = table.append_column("key", pa.array(keys)).sort_by([("key", "ascending"), ("time", "ascending")])
    pq.write_table(table, "other.parquet")
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 16)
    for name in ("ordered", "other"):
        assert run(f"{name}.parquet -o {name}-out.parquet --model {model}")[0] == 0
    one, other = pq.read_table("ordered-out.parquet"), pq.read_table("other-out.parquet")
    assert one.select(["scene", "track", "origin_time"]).equals(other.select(["scene", "track", "origin_time"]))
    assert_close(one, other)


def test_scenes_called_by_text_keep_their_names(run, walks, monkeypatch):
    tracks = walks(num=20, scenes=4)
    names = pa.array([f"clip {scene}" for scene in tracks.scene])
    table = tracks.to_arrow().drop_columns(["scene"]).append_column("clip", names)
    pq.write_table(table.sort_by([("clip", "descending"), ("track", "ascending"), ("time", "ascending")]), "t.parquet")
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 16)
    assert run(f"t.parquet -o out.parquet {MODEL}")[0] == 0
    found = pq.read_table("out.parquet")
    assert set(zip(found["scene"].to_pylist(), found["scene_name"].to_pylist(), strict=True)) == {
        (0, "clip 3"), (1, "clip 2"), (2, "clip 1"), (3, "clip 0")
    }  # fmt: skip


def test_a_data_set_in_partitions_stays_in_them(run, walks):
    for kind in ("hall", "street"):
        folder = Path("set/tracks") / f"scene_kind={kind}"
        folder.mkdir(parents=True)
        write_tracks(walks(seed=len(kind)), folder / "part-00000.parquet")
    (Path("set") / "meta").mkdir()
    (Path("set") / "meta" / "info.json").write_text('{"schema_version": 1}')
    (Path("set") / "truth").mkdir()
    write_tracks(walks(), "set/truth/part-00000.parquet")
    assert run(f"set -o out {MODEL} --last --processes 1")[0] == 0
    found = pa.dataset.dataset("out", format="parquet", partitioning="hive").to_table()
    assert set(found["scene_kind"].to_pylist()) == {"hall", "street"}
    assert found.num_rows == 2 * 12


def test_long_tables_say_what_lists_say(run, walks):
    write_tracks(walks(), "tracks.parquet")
    for name in ("lists.parquet", "long.parquet --long", "long.csv"):
        assert run(f"tracks.parquet -o {name} {MODEL} --offsets 0.4,0.8,2 --goal door=1,2 --goal exit=0,5,2,5")[0] == 0
    lists, long = pq.read_table("lists.parquet"), pq.read_table("long.parquet")
    assert long.num_rows == lists.num_rows * 2 * 3
    means = np.asarray(lists["means"].combine_chunks().flatten()).reshape(-1, 2)
    assert np.column_stack([long["x"], long["y"]]).tolist() == means.tolist()
    covariances = np.asarray(lists["covariances"].combine_chunks().flatten()).reshape(-1, 3)
    assert np.column_stack([long["xx"], long["xy"], long["yy"]]).tolist() == covariances.tolist()
    goals = np.asarray(lists["goals"].combine_chunks().flatten()).reshape(-1, 3)
    assert np.column_stack([long["goal_door"], long["goal_exit"], long["goal_none"]])[::6].tolist() == goals.tolist()
    assert long["offset_s"].to_pylist()[:4] == [0.4, 0.8, 2.0, 0.4]
    assert long["mode"].to_pylist()[:6] == [0, 0, 0, 1, 1, 1]
    told = pa.csv.read_csv("long.csv")
    assert told.column_names == long.column_names
    assert np.asarray(told["x"]) == pytest.approx(np.asarray(long["x"]), rel=1e-6)


def test_outcomes_of_balls_are_written(run, walks):
    tracks = walks(axes=3)
    write_tracks(replace(tracks, time=tracks.time / 10), "shots.parquet")
    assert run("shots.parquet -o out.parquet --model basketball --last --outputs outcomes --noise 0.03")[0] == 0
    found = pq.read_table("out.parquet")
    assert found.column_names == ["scene", "track", "origin_time", "probabilities", "outcomes"]
    assert json.loads(found.schema.field("outcomes").metadata[b"pathcast"])["choices"]


@pytest.mark.parametrize("scenes", [1, 3])
def test_trajnet_lines_hold_the_recording_and_every_forecast(run, walks, scenes):
    time = np.arange(6) * 0.4
    tracks = Tracks.from_rows(
        np.repeat(np.arange(6) % scenes, 6),
        np.repeat(np.arange(6) + 10, 6),
        np.tile(time, 6),
        np.random.default_rng(1).normal(0, 0.1, (36, 2)).cumsum(axis=0),
    )
    write_tracks(tracks, "tracks.parquet")
    assert run(f"tracks.parquet -o out.ndjson {MODEL} --every 2")[0] == 0
    assert run(f"tracks.parquet -o out.parquet {MODEL} --every 2")[0] == 0
    file = read_trajnet_file(Path("out.ndjson"))
    assert file.recording.num_rows == 36 and file.frames_per_second == 2.5
    table = pq.read_table("out.parquet")
    assert len(file.windows) == table.num_rows == 6 * 3
    means = np.asarray(table["means"].combine_chunks().flatten()).reshape(-1, 2, 12, 2)
    for mode in (0, 1):
        assert file.predictions[mode].num_rows == table.num_rows * 12
        assert file.predictions[mode].position == pytest.approx(means[:, mode].reshape(-1, 2), abs=1e-6)


def test_rejected_tracks_are_counted_and_listed(run, walks):
    tracks = walks(num=6, scenes=1)
    starts = tracks.starts
    kept = np.ones(tracks.num_rows, np.bool_)
    kept[starts[2] + 1 : starts[3]] = False
    write_tracks(tracks.select(kept), "tracks.parquet")
    code, said, _ = run(f"tracks.parquet -o out.parquet {MODEL} --json")
    assert code == 0 and json.loads(said)["rejected"] == {"one valid observation: a forecast needs two": 1}
    rejected = pa.csv.read_csv("out.parquet.rejected.csv")
    assert rejected["track"].to_pylist() == [14]


def test_a_dry_run_counts_and_writes_nothing(run, days):
    code, said, _ = run(f"{days} -o out {MODEL} --dry-run --json")
    assert code == 0
    told = json.loads(said)
    assert told["rows"] == sum(read_tracks(path).num_rows for path in days.rglob("*.*"))
    assert not Path("out").exists()
    assert run(f"{days} -o out {MODEL} --processes 1 --json")[0] == 0
    made = sum(pq.read_metadata(path).num_rows for path in Path("out").rglob("*.parquet"))
    assert told["forecasts"] == pytest.approx(made, rel=0.2)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("nowhere.parquet -o out.parquet", "nowhere.parquet: expected a file or folder"),
        ("days/d.csv -o out.xls", "a name that ends in .parquet"),
        ("days -o out.parquet", "a folder, for the forecasts of a folder"),
        ("days -o days/out", "a folder outside that of the tracks"),
        ("days/d.csv -o out.parquet --last --every 2", "give one of the two"),
        ("days/d.csv -o out.parquet --offsets 9,1", "increasing seconds"),
        ("days/d.csv -o out.parquet --horizon 90", "--horizon: expected seconds up to 6"),
        ("days/d.csv -o out.parquet --outputs speed", "outputs: expected some of"),
        ("days/d.csv -o out.parquet --goal door", "expected such as door=4,0"),
        ("days/d.csv -o out.parquet --shard 4/3", "a shard from 1 to 3"),
        ("days/d.csv -o out.ndjson --long", "TrajNet++ lines"),
        ("days -o out --pattern *.sqlite", "at least one file"),
        ("days/d.csv -o out.parquet --model pedestrian@7", "version"),
        ("days/d.csv -o out.parquet --input-format cvs", "format: expected one of"),
        ("days/d.csv -o out.parquet --model ball", "d.csv: tracks.position: expected 3 axes"),
    ],
)
def test_what_cannot_be_done_is_said_before_or_by_name(run, days, words, text):
    code, _, told = run(words if "--model" in words else f"{words} --model pedestrian")
    assert code == 2
    assert text in told.replace("\n", " ")
    assert not list(Path().glob("out*"))


def test_row_groups_have_a_fixed_number_of_rows(run, walks, monkeypatch):
    monkeypatch.setattr(outputs, "ROWS_IN_GROUP", (16, 16))
    write_tracks(walks(num=20), "tracks.parquet")
    assert run(f"tracks.parquet -o out.parquet {MODEL}")[0] == 0
    told = pq.read_metadata("out.parquet")
    groups = [told.row_group(each).num_rows for each in range(told.num_row_groups)]
    assert groups[:-1] == [16] * (len(groups) - 1) and 0 < groups[-1] <= 16


def test_what_was_read_of_a_file_does_not_stay_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 4096)
    path, num = tmp_path / "tracks.parquet", 1 << 18
    random = np.random.default_rng(1)
    columns = {"scene": np.arange(num) // 8, "track": np.arange(num) // 2, "time": np.arange(num) % 2 * 0.4}
    table = pa.table({**columns, "x": random.normal(size=num), "y": random.normal(size=num)})
    pq.write_table(table, path, row_group_size=8192, compression="none", use_dictionary=False)
    del table
    begin = pa.total_allocated_bytes()
    most = max(pa.total_allocated_bytes() - begin for _ in rows.parquet_rows(path, {}))
    assert most < path.stat().st_size / 4
