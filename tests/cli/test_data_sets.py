"""Data sets in folders: the rows of the single files, the same files whoever makes them, and nothing half done."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pathcast.cli import main
from pathcast.formats import read_tracks
from pathcast.formats.hive import read_info, table_pieces, track_pieces
from pathcast.simulator import hive
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.tracks import Tracks

CROWD = "crowd --scene corridor --seed 3 --duration 3 --num 20 --first 5"
BALLS = "ball --scenario table-tennis --seed 3 --duration 0.2 --num 20 --first 5"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Runs `pathcast simulate` as the shell would, in a folder of its own: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def pathcast(words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pathcast", "simulate", *words.split()])
        with pytest.raises(SystemExit) as end:
            main()
            sys.exit(0)
        return int(end.value.code or 0), *capsys.readouterr()

    return pathcast


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 8 scenes and row groups of a batch."""
    monkeypatch.setattr(hive, "SCENES_IN_PART", {"people": 8, "balls": 8})
    monkeypatch.setattr(hive, "ROWS_IN_GROUP", 1)


def content(folder: str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def whole(folder: str, table: str) -> pa.Table:
    return pa.concat_tables([piece for _, piece in table_pieces(Path(folder), table)])


@pytest.mark.parametrize("words", [CROWD, BALLS])
def test_a_folder_holds_the_rows_of_single_files(run, small_parts, words):
    assert run(f"{words} --out seen.parquet --truth true.parquet --identities who.parquet")[0] == 0
    code, said, _ = run(f"{words} --out all --json")
    assert code == 0
    assert read_tracks("all").equals(read_tracks("seen.parquet"))
    truth = Tracks.concatenate([piece for _, piece in track_pieces(Path("all"), "truth")])
    assert truth.equals(read_tracks("true.parquet"))
    who = pq.read_table("who.parquet")
    assert whole("all", "identities").select(who.column_names).equals(who)
    summary = json.loads(said)
    assert (summary["num_scenes"], summary["parts"], summary["kept_parts"]) == (20, 4, 0)
    assert summary["rows"]["tracks"] == read_tracks("seen.parquet").num_rows


def test_everything_that_people_intended_stands_beside_the_truth(run, small_parts):
    run(f"{CROWD} --out all")
    crowd = simulate_crowd("corridor", 20, 3, 5, 3.0)
    truth, intents = whole("all", "truth"), whole("all", "intents")
    assert truth["goal"].to_pylist() == crowd.truth.goal.tolist()
    assert truth["is_dwelling"].to_pylist() == crowd.truth.is_dwelling.tolist()
    assert intents["time"].to_pylist() == crowd.truth.events.time.tolist()
    assert whole("all", "tracks").column_names == ["scene", "track", "time", "x", "y", "valid"]


def test_the_info_says_what_the_data_set_is(run, small_parts):
    run(f"{CROWD} --rate-hz 5 --out all")
    info = read_info(Path("all"))
    assert (info["seed"], info["first"], info["num_scenes"], info["rate_hz"]) == (3, 5, 20, 5.0)
    assert info["units"]["time"] == "s" and info["settings"]["kind"] == "corridor"
    assert {"schema_version", "pathcast_version", "partitions", "scenes_in_part"} <= set(info)
    assert {path.parent.name for path in Path("all/tracks").rglob("*.parquet")} == {"scene_kind=corridor"}
    Path("all/meta/info.json").write_text(json.dumps(info | {"schema_version": 99}))
    assert run(f"{CROWD} --out all")[0] == 2
    with pytest.raises(ValueError, match="schema_version: expected at most 1, found 99"):
        read_tracks("all")


def test_shards_processes_and_whole_runs_make_the_same_files(run, small_parts):
    run(f"{CROWD} --out one")
    for index in (3, 1, 2):
        assert run(f"{CROWD} --out shards --shard {index}/3")[0] == 0
    assert content("shards") == content("one")


@pytest.mark.slow
def test_processes_make_the_same_files_as_one(run):
    words = "crowd --scene plaza --seed 3 --duration 1 --num 1100"
    run(f"{words} --out one")
    assert run(f"{words} --out two --processes 2")[0] == 0
    assert content("two") == content("one")


@pytest.mark.parametrize("harm", ["a file is cut", "a file is missing", "the record is missing", "of other settings"])
def test_resuming_makes_again_what_is_not_whole_and_keeps_the_rest(run, small_parts, harm):
    run(f"{CROWD} --out all")
    before = content("all")
    part = Path("all/truth/scene_kind=corridor/part-00001.parquet")
    record = Path("all/meta/parts/part-00001.json")
    if harm == "a file is cut":
        part.write_bytes(part.read_bytes()[:-100])
    elif harm == "a file is missing":
        part.unlink()
    elif harm == "the record is missing":
        record.unlink()
    else:
        record.write_text(record.read_text().replace('"digest": "', '"digest": "0'))
    kept = Path("all/truth/scene_kind=corridor/part-00002.parquet").stat().st_mtime_ns
    summary = json.loads(run(f"{CROWD} --out all --resume --json")[1])
    assert summary["kept_parts"] == 3
    assert content("all") == before
    assert Path("all/truth/scene_kind=corridor/part-00002.parquet").stat().st_mtime_ns == kept


def test_a_part_that_was_broken_off_never_counts(run, small_parts, tmp_path):
    data_set = hive.DataSet(
        things="people", kind="corridor", num=8, seed=1, first=0, sensor=hive.Sensor(rate_hz=2.5), duration_s=1.0
    )
    hive.begin(data_set, tmp_path / "all")
    (part,) = data_set.parts()
    next(half := hive.write_part(data_set, tmp_path / "all", part))
    half.close()
    assert not hive.is_finished(data_set, tmp_path / "all", part)
    assert not list((tmp_path / "all").rglob("*part-00000*"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (f"{CROWD} --noise 0.5 --out all", "info.json: expected the settings of this run"),
        (f"{CROWD} --out other", "other: expected a new or empty folder"),
        (f"{CROWD} --out new --truth true.csv", "--truth is for single files"),
        (f"{CROWD} --out new --shards 4", "--shards is for single files"),
        (f"{CROWD} --out new --shard 4/3", "shard: expected"),
        (f"{CROWD} --out a.csv --processes 2", "--processes make the parts of a folder"),
        (f"{CROWD} --out a.csv --resume", "or a folder as --out"),
        (f"{CROWD} --out new --num 1000000000000000", "num: expected at most"),
        (f"{CROWD} --out new --dropout 2", "sensor.dropout"),
        (f"{CROWD} --out new --gif a.png", "a.png: expected a name that ends in .gif"),
    ],
)
def test_wrong_use_of_folders_ends_with_2_and_changes_nothing(run, small_parts, tmp_path, words, told):
    run(f"{CROWD} --out all")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "note.txt").write_text("mine")
    before = content(str(tmp_path))
    code, out, err = run(words)
    assert (code, out) == (2, "")
    assert told in err
    assert content(str(tmp_path)) == before


def test_partitions_of_others_are_read_as_scenes_with_their_names(tmp_path):
    for name in ("a", "b"):
        folder = tmp_path / f"site={name}"
        folder.mkdir()
        table = pa.table(
            {"scene": [0, 0, 1], "track": [1, 1, 2], "time": [0.0, 1.0, 0.0], "x": [0.0] * 3, "y": [0.0] * 3}
        )
        pq.write_table(table, folder / "tracks.parquet", row_group_size=1)
    tracks = read_tracks(tmp_path)
    assert dict(tracks.scene_names) == {0: "a/0", 1: "a/1", 2: "b/0", 3: "b/1"}
    assert [piece.num_rows for _, piece in track_pieces(tmp_path, kinds=["a"])] == [2, 1]


def test_a_scene_in_motion_is_a_gif_of_bounded_length(run, tmp_path):
    from PIL import Image

    assert run("crowd --scene plaza --num 1 --seed 2 --duration 3 --out seen.csv --gif seen.gif")[0] == 0
    with Image.open(tmp_path / "seen.gif") as picture:
        assert picture.format == "GIF" and 2 <= picture.n_frames <= 16
