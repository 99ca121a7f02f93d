"""Shards and mistaken observations from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pathcast.cli import main
from pathcast.formats import read_tracks

SHORT = "ball --scenario three-pointer --rate-hz 20 --duration 0.1"
STROKES = "ball --scenario table-tennis --rate-hz 4 --duration 0.5"
ROLES = ("seen", "true", "who", "touched")
FILES = "--out seen.parquet --truth true.parquet --identities who.parquet --events touched.parquet"


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


def joined(role, count):
    digits = len(str(count))
    return pa.concat_tables(
        [pq.read_table(f"{role}-{index:0{digits}d}-of-{count}.parquet") for index in range(1, count + 1)]
    )


def test_sixteen_shards_in_order_are_the_table_of_one_run(run):
    """Sixteen whole blocks and a bit, with faults that draw by throw and by scene."""
    words = f"{STROKES} --num 66000 --first 100 --dropout 0.1 --late-birth 0.02 --seed 4 {FILES}"
    assert run(words)[0] == 0
    assert run(f"{words} --shards 16")[0] == 0
    for role in ROLES:
        whole = pq.read_table(f"{role}.parquet")
        assert joined(role, 16).equals(whole, check_metadata=True)
        if role != "touched":
            assert whole.num_rows == (66000 if role == "who" else 3 * 66000)
    assert whole.num_rows > 40000


def test_a_shard_made_alone_is_that_of_the_run_and_one_without_blocks_is_empty(run):
    words = f"ball --scenario free-throw --rate-hz 2 --num 4200 --false-tracks 2 {FILES} --outcomes ended.parquet"
    for index in (1, 2, 3):
        assert run(f"{words} --shard {index}/3")[0] == 0
    assert run(words)[0] == 0
    for role in (*ROLES, "ended"):
        assert joined(role, 3).equals(pq.read_table(f"{role}.parquet"), check_metadata=True)
    assert sorted(pq.read_table(f"seen-{index}-of-3.parquet").num_rows > 0 for index in (1, 2, 3)) == [0, 1, 1]


def test_a_run_that_is_resumed_keeps_the_shards_that_are_there(run, tmp_path):
    words = f"{SHORT} --num 9000 --out seen.parquet --outcomes ended.parquet --shards 3 --json"
    first = json.loads(run(words)[1])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    Path("ended-1-of-3.parquet").unlink()
    Path("seen-2-of-3.parquet").unlink()
    kept = {name: Path(name).stat().st_mtime_ns for name in ("ended-3-of-3.parquet", "seen-3-of-3.parquet")}
    again = json.loads(run(f"{words} --resume")[1])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert {name: Path(name).stat().st_mtime_ns for name in kept} == kept
    assert (first["kept_shards"], again["kept_shards"]) == (0, 1)
    assert first["files"] == again["files"]
    assert run(f"{words} --resume")[0] == 0


def test_shards_of_other_settings_are_not_resumed(run):
    words = f"{SHORT} --num 5000 --out seen.parquet --shards 2"
    run(words)
    code, _, err = run(f"{words} --resume --noise 0.1")
    assert code == 2
    assert "seen-shards.json: expected the settings of this run, to resume it" in err
    Path("seen-shards.json").unlink()
    assert run(f"{words} --resume")[0] == 2


def test_false_tracks_stand_in_the_observations_and_only_the_truth_tells_them(run):
    assert run(f"ball --scenario free-throw --num 200 --false-tracks 2 --noise 0 {FILES}")[0] == 0
    seen, truth, who = read_tracks("seen.parquet"), read_tracks("true.parquet"), pq.read_table("who.parquet")
    assert seen.num_tracks == who.num_rows == 200 + who["true"].null_count
    assert who["true"].null_count / 200 == pytest.approx(2 * 49 / 30, abs=0.6)
    assert pq.read_table("seen.parquet").column_names == ["scene", "track", "time", "x", "y", "z", "valid"]
    balls = {(row["scene"], row["observed"]) for row in who.to_pylist() if row["true"] is not None}
    is_ball = np.array([key in balls for key in zip(seen.scene.tolist(), seen.track.tolist(), strict=True)])
    assert np.array_equal(seen.position[is_ball], truth.position)
    assert len({track for _, track in balls}) > 1


def test_players_hide_the_ball_from_a_camera(run):
    words = "ball --scenario three-pointer --num 300 --noise 0 --camera -2 12 1 --truth true.csv"
    run(f"{words} --out clear.csv")
    run(f"{words} --players 40 --out seen.csv")
    seen, truth = read_tracks("seen.csv"), read_tracks("true.csv")
    assert read_tracks("clear.csv").valid.all()
    assert 0.02 < 1 - seen.valid.mean() < 0.5
    high = truth.position[:, 2] > 3.5
    assert 1 - seen.valid[high].mean() < 0.3 * (1 - seen.valid[~high].mean())
    assert np.array_equal(seen.position[seen.valid], truth.position[seen.valid])


def test_people_swap_numbers_and_hide_each_other(run):
    crowd = "crowd --scene corridor --num 3 --duration 15 --noise 0"
    run(f"{crowd} --out plain.parquet --identities plain-who.parquet")
    run(f"{crowd} --swap-distance 1 --swap-chance 0.8 --out swapped.parquet --identities who.parquet")
    run(f"{crowd} --camera 0 -10 1.5 --object-radius 0.25 --out hidden.parquet")
    plain, swapped, hidden = (read_tracks(f"{name}.parquet") for name in ("plain", "swapped", "hidden"))
    who = pq.read_table("who.parquet").to_pandas()
    assert (who["true"] != who["observed"]).any()
    assert pq.read_table("plain-who.parquet").to_pandas().eval("true == observed").all()
    assert sorted(map(tuple, plain.position)) == sorted(map(tuple, swapped.position))
    assert hidden.valid.sum() < plain.valid.sum()


@pytest.mark.parametrize("words", ["--false-tracks 3", "--late-birth 5", "--shards 2"])
def test_throws_with_faults_are_drawn(run, words):
    assert run(f"ball --scenario three-pointer --num 12 {words} --out seen.csv --picture seen.png")[0] == 0
    assert Path("seen.png").read_bytes().startswith(b"\x89PNG")
