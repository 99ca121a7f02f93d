"""Simulated data sets: what was asked for is in the files, whichever run made it, and truth stays apart."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pathcast.cli import main
from pathcast.formats import read_tracks
from pathcast.simulator.ball.scenarios import SCENARIOS, simulate_balls
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.sensor import Sensor
from pathcast.tracks import Tracks

FAULTS = "--noise 0.1 --dropout 0.2 --rate-hz 10 --seed 5"
SHARDED = {
    "ball": f"ball --scenario basketball {FAULTS} --clock-jitter 0.01 --burst 0.3 --duration 1",
    "table": "ball --scenario table-tennis --seed 3",
    "crowd": f"crowd --scene corridor {FAULTS} --duration 10",
}


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


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(("kind", "edge", "num"), [("ball", 4095, 7), ("table", 0, 5), ("crowd", 62, 5)])
def test_shards_hold_the_rows_of_the_whole(run, kind, edge, num, suffix):
    """The whole crosses a boundary of batches, and so does one shard; the other is one scene."""
    for name, first, count in (("whole", edge, num), ("one", edge, 1), ("rest", edge + 1, num - 1)):
        code, *said = run(
            f"{SHARDED[kind]} --first {first} --num {count} --out {name}.{suffix} --truth {name}.truth.{suffix}"
        )
        assert code == 0, said
    for role in ("", ".truth"):
        parts = [read_tracks(f"{name}{role}.{suffix}") for name in ("one", "rest")]
        assert Tracks.concatenate(parts).equals(read_tracks(f"whole{role}.{suffix}"))


def test_truth_of_balls_stands_beside_each_observation(run):
    assert run("ball --scenario three-pointer --num 50 --seed 7 --out seen.parquet --truth true.parquet")[0] == 0
    seen, truth = read_tracks("seen.parquet"), read_tracks("true.parquet")
    assert truth.equals(simulate_balls("three-pointer", 50, 7, 0, 30.0))
    for name in ("scene", "track", "time"):
        assert np.array_equal(getattr(seen, name), getattr(truth, name))
    error = seen.position - truth.position
    assert np.abs(error).min() > 0
    assert error.std() == pytest.approx(0.03, rel=0.05)


def test_truth_of_people_is_the_crowd_and_has_every_observed_track(run):
    assert run("crowd --scene plaza --num 3 --seed 7 --duration 12 --out seen.csv --truth true.csv")[0] == 0
    seen, truth = read_tracks("seen.csv"), read_tracks("true.csv")
    assert truth.equals(simulate_crowd("plaza", 3, 7, 0, 12.0).tracks)
    known = {(track.scene, track.track): track for track in truth.each()}
    for track in seen.each():
        true = known[track.scene, track.track]
        at = np.isclose(track.time[:, None], true.time[None], atol=1e-9)
        assert at.any(axis=1).all()
        assert np.linalg.norm(track.position - true.position[at.argmax(axis=1)], axis=1).max() < 0.15
    assert not set(zip(map(tuple, seen.position), seen.time, strict=True)) & set(
        zip(map(tuple, truth.position), truth.time, strict=True)
    )


def test_only_the_files_that_are_asked_for_are_written(run, tmp_path):
    run("ball --scenario free-throw --num 2 --out seen.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["seen.csv"]


def test_dropped_instants_are_rows_that_are_not_valid(run):
    run("ball --scenario free-throw --num 200 --dropout 0.3 --out seen.parquet")
    seen = read_tracks("seen.parquet")
    assert seen.num_rows == 200 * 49
    assert 1 - seen.valid.mean() == pytest.approx(0.3, abs=0.03)


def test_without_noise_the_observations_are_the_truth(run):
    run("ball --scenario table-tennis --num 3 --noise 0 --out seen.csv --truth true.csv")
    assert read_tracks("seen.csv").equals(read_tracks("true.csv"))


def test_the_summary_says_what_the_files_hold_and_stdout_holds_nothing_else(run):
    code, out, err = run(
        "ball --scenario table-tennis --num 4 --seed 9 --first 2 --dropout 0.1 --out a.csv --truth b.pq --json"
    )
    summary = json.loads(out)
    seen, truth = read_tracks("a.csv"), read_tracks("b.pq")
    assert (code, err) == (0, "")
    assert summary["num_rows"] == seen.num_rows and summary["num_true_rows"] == truth.num_rows
    assert summary["num_tracks"] == seen.num_tracks == summary["num_scenes"] == 4
    assert summary["num_seen"] == seen.valid.sum()
    assert summary["files"] == {"observed": "a.csv", "truth": "b.pq"}
    assert (summary["seed"], summary["first"]) == (9, 2)
    assert Sensor(**summary["settings"].pop("sensor")) == Sensor(rate_hz=120.0, noise_m=0.003, dropout=0.1)
    assert summary["settings"] == {"scenario": "table-tennis", "duration_s": 1.0, "players": 0}


def test_without_json_the_summary_goes_to_stderr(run):
    _, out, err = run("crowd --scene corridor --num 1 --duration 5 --out seen.csv --truth true.csv")
    assert out == ""
    assert [line.split(":")[0] for line in err.splitlines()] == ["wrote seen.csv", "wrote true.csv"]


@pytest.mark.parametrize(
    "words",
    [
        "ball --scenario three-pointer --num 3",
        "ball --scenario table-tennis --num 20 --dropout 0.5",
        "crowd --scene plaza --num 1 --first 3",
        "crowd --scene corridor --num 3 --first 1 --duration 0.1 --dropout 0.9",
    ],
)
def test_a_picture_is_a_png(run, tmp_path, words):
    assert run(f"{words} --out seen.csv --picture seen.png")[0] == 0
    assert (tmp_path / "seen.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("ball --scenario curling --num 1 --out a.csv", "'curling'"),
        ("crowd --scene moon --num 1 --out a.csv", "'moon'"),
        ("ball --scenario free-throw --num 1 --out a.xlsx", "a.xlsx: expected a name that ends in .csv"),
        ("ball --scenario free-throw --num 1 --out a.csv --truth b", "b: expected a name that ends in .csv"),
        ("ball --scenario free-throw --num 1 --out a.csv --truth ./a.csv", "another file"),
        ("ball --scenario free-throw --num 1 --out a.csv --picture a.gif", "a.gif: expected a name that ends in .png"),
        ("ball --scenario free-throw --num 1 --out a.csv --picture no/a.png", "no/a.png: expected a place"),
        ("ball --scenario free-throw --num 1 --out no/a.csv", "no/a.csv: expected a place"),
        ("crowd --scene plaza --num 1 --out a.csv --truth no/a.parquet", "no/a.parquet: expected a place"),
        ("ball --scenario free-throw --num -1 --out a.csv", "'--num'"),
        ("ball --scenario free-throw --num 0 --out a.csv", "'--num'"),
        ("ball --scenario free-throw --num 1 --first -1 --out a.csv", "'--first'"),
        ("ball --scenario free-throw --num 1 --first 9223372036854775808 --out a.csv", "first + num"),
        ("ball --scenario free-throw --num 1 --seed -1 --out a.csv", "'--seed'"),
        ("ball --scenario free-throw --num 1 --seed 18446744073709551616 --out a.csv", "seed: expected"),
        (
            "ball --scenario free-throw --num 1 --noise -0.1 --out a.csv",
            "sensor.noise_m: expected a number from 0 to 1000",
        ),
        ("ball --scenario free-throw --num 1 --noise nan --out a.csv", "noise_m"),
        (
            "ball --scenario free-throw --num 1 --rate-hz -5 --out a.csv",
            "sensor.rate_hz: expected a number from 0.001 to",
        ),
        ("ball --scenario free-throw --num 1 --rate-hz inf --out a.csv", "rate_hz"),
        ("ball --scenario free-throw --num 1 --duration nan --out a.csv", "duration_s"),
        ("ball --scenario free-throw --num 1 --duration 1000 --out a.csv", "at most 4096 instants"),
        (
            "ball --scenario free-throw --num 1 --dropout 1.5 --out a.csv",
            "sensor.dropout: expected a number from 0 to 0.99",
        ),
        ("crowd --scene plaza --num 1 --duration inf --out a.csv", "duration_s"),
        ("crowd --scene plaza --num 1 --duration 0.01 --out a.csv", "duration_s"),
        ("ball --num 1 --out a.csv", "scenario: expected one of three-pointer"),
        ("ball --sport curling --num 1 --out a.csv", "sport: expected one of "),
        ("ball --sport table-tennis --scenario free-throw --num 1 --out a.csv", "one of table-tennis: table-tennis"),
        ("ball --scenario free-throw --num 1 --shard 17/16 --out a.csv", "shard: expected a shard from 1 to 16 of 16"),
        ("ball --scenario free-throw --num 1 --shards 100000 --out a.csv", "shard: expected 1 to 99999 shards"),
        ("ball --scenario free-throw --num 1 --shards 2 --shard 1/2 --out a.csv", "give one of the two"),
        ("ball --scenario free-throw --num 1 --shards 2 --out a.xlsx", "expected a name that ends in .csv"),
        ("ball --scenario free-throw --num 1 --resume --out a.csv", "--resume keeps finished files"),
        ("ball --scenario free-throw --num 1 --noise 0.1,x --out a.csv", "metres, such as 0.03 or 0.01,0.02,0.03"),
        ("ball --scenario free-throw --num 1 --noise 0.1,0.1 --out a.csv", "one number, or 3 for these positions"),
        ("ball --scenario free-throw --num 1 --depth-ratio 3 --out a.csv", "sensor.camera: expected where it stands"),
        ("ball --scenario free-throw --num 1 --players 3 --out a.csv", "sensor.camera: expected where it stands"),
        (
            "ball --scenario free-throw --num 1 --players -1 --out a.csv",
            "players: expected a whole number from 0 to 50",
        ),
        ("ball --scenario free-throw --num 1 --camera 0 0 nan --out a.csv", "sensor.camera.z: expected a number"),
        ("ball --scenario free-throw --num 1 --false-tracks -1 --out a.csv", "sensor.false_per_s: expected a number"),
        ("ball --scenario free-throw --num 1 --out a.csv --identities a.csv", "identities: expected another file"),
        ("ball --scenario free-throw --num 1 --out a.csv --truth b.csv --identities b.csv", "identities: expected"),
        ("ball --scenario free-throw --num 1 --out a.csv --events a.csv", "events: expected another file"),
        (
            "ball --scenario free-throw --num 1 --out a.csv --events b.csv --outcomes b.csv",
            "outcomes: expected another",
        ),
        ("ball --scenario free-throw --num 1 --out a.csv --events b.xlsx", "b.xlsx: expected a name that ends in .csv"),
        (
            "ball --scenario soccer-kick --num 1 --out a.csv --outcomes b.csv",
            "outcomes: expected a scenario with a hoop: three-pointer, free-throw, basketball, found soccer-goal",
        ),
        (
            "ball --sport table-tennis --num 9000 --shards 2 --out a.csv --outcomes b.csv",
            "outcomes: expected a scenario with a hoop",
        ),
        ("crowd --scene plaza --num 1 --out a.csv --events b.csv", "No such option"),
        ("crowd --scene plaza --num 1 --clock-jitter -1 --out a.csv", "sensor.clock_jitter_s: expected a number"),
        (
            "crowd --scene plaza --num 1 --swap-chance 2 --out a.csv",
            "sensor.swap_chance: expected a number from 0 to 1",
        ),
    ],
)
def test_wrong_use_ends_with_2_says_where_and_leaves_nothing(run, tmp_path, words, told):
    code, out, err = run(words)
    assert (code, out) == (2, "")
    assert told in err
    assert not list(tmp_path.iterdir())


def test_every_kind_of_scene_is_listed_and_walked(run):
    code, out, _ = run("crowd --list")
    assert code == 0 and {"corridor", "plaza"} <= set(out.split())
    for name in out.split():
        assert run(f"crowd --scene {name} --num 1 --duration 2 --out {name}.csv")[0] == 0
        assert read_tracks(f"{name}.csv").num_tracks


def test_every_scenario_is_listed_and_flies(run):
    code, out, _ = run("ball --list")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, list(SCENARIOS))
    for name in SCENARIOS:
        assert run(f"ball --scenario {name} --num 2 --duration 0.2 --out {name}.csv")[0] == 0
        assert read_tracks(f"{name}.csv").num_tracks == 2


def test_a_sport_alone_throws_its_usual_scenario(run):
    run("ball --sport table-tennis --num 2 --out sport.csv")
    run("ball --scenario table-tennis --num 2 --out scenario.csv")
    run("ball --sport table-tennis --scenario table-tennis --num 2 --out both.csv")
    assert read_tracks("sport.csv").equals(read_tracks("scenario.csv"))
    assert read_tracks("both.csv").equals(read_tracks("scenario.csv"))


@pytest.mark.parametrize("words", [[], ["ball"], ["crowd"]], ids=" ".join)
def test_help_imports_nothing_heavy(words):
    code = (
        f"import sys\nsys.argv = ['pathcast', 'simulate', *{words}, '--help']\nfrom pathcast.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('numpy', 'scipy', 'numba', 'pyarrow', 'matplotlib', 'rich', 'pydantic', 'pathcast.simulator')\n"
        "print(sorted(name for name in heavy if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stdout.startswith("Usage: pathcast simulate")
