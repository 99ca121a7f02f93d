import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from pathcast.cli import main
from pathcast.formats import read_tracks
from pathcast.simulator.pedestrian.forks import fork_crowd


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run_words(words):
        monkeypatch.setattr("sys.argv", ["pathcast", "simulate", "forks", *words.split()])
        with pytest.raises(SystemExit) as ended:
            main()
            raise SystemExit(0)
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run_words


def test_the_file_holds_the_futures_with_their_branches_and_the_picture_is_drawn(run, tmp_path):
    words = "--scene plaza --seed 1 --index 3 --at 6 --num 8 --horizon 2 --out f.parquet --past p.csv --json"
    code, out, _ = run(f"{words} --picture f.png")
    assert code == 0
    forks = fork_crowd("plaza", 1, 1, 6.0, 8, 2.0, first=3)
    assert read_tracks("f.parquet").equals(forks.futures)
    assert read_tracks("p.csv").equals(forks.past)
    table = pq.read_table("f.parquet")
    assert np.array_equal(table["branch"], forks.branch)
    assert np.array_equal(table["goal"], forks.truth.goal)
    assert json.loads(out)["num_futures"] == 8
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--scene station --at 6 --out f.csv", "scene: expected one of corridor"),
        ("--scene plaza --at 18 --out f.csv", "horizon_s: expected at most 2 s"),
        ("--scene plaza --at 6 --out f.txt", "f.txt: expected a name that ends in"),
        ("--scene plaza --at 6 --person 99 --out f.csv", "person of scene 0: expected a number from 0"),
    ],
)
def test_wrong_use_ends_with_2_says_where_and_leaves_nothing(run, tmp_path, words, told):
    code, out, err = run(words)
    assert (code, out) == (2, "")
    assert told in err
    assert not list(tmp_path.iterdir())
