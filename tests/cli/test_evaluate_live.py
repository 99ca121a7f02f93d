"""`pathcast evaluate service` and `tracks`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pathcast.cli.evaluate import command
from pathcast.errors import InputError, ServiceError
from pathcast.service.client import LocalServer


def run(*words: str):
    return CliRunner().invoke(command, list(words))


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """Some people who walk straight on, a little unsteadily."""
    random = np.random.default_rng(1)
    rows = ["track,time,x,y"]
    for track in range(12):
        step = random.normal(0.4, 0.1, 2)
        place = random.uniform(0, 20, 2)
        for index in range(20):
            place = place + step + random.normal(0, 0.03, 2)
            rows.append(f"{track},{0.4 * index:.1f},{place[0]:.4f},{place[1]:.4f}")
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([*rows, ""]))
    return path


def test_scenarios_are_listed_with_the_model_that_fits() -> None:
    done = run("service", "--list")
    assert done.exit_code == 0
    assert any(line.split()[:2] == ["plaza", "pedestrian"] for line in done.output.splitlines())
    assert any(line.split()[:2] == ["three-pointer", "basketball"] for line in done.output.splitlines())


def test_a_service_is_evaluated_and_reported(tmp_path: Path) -> None:
    files = tmp_path / "report.html", tmp_path / "report.json"
    with LocalServer(["constant-velocity-2d"]) as server:
        words = ["service", server.address, "--scenario=corridor", "--model=constant-velocity-2d", "--duration=6"]
        done = run(*words, "--tracks=6", "--regret=0", f"--report={files[0]}", f"--out={files[1]}", "--json")
    report = json.loads(done.stdout)
    assert report == json.loads(files[1].read_text())
    assert report["traffic"]["lost"] == 0
    assert report["models"][0]["cases"] > 50
    assert files[0].read_text().startswith("<!doctype html>")
    assert done.exit_code == bool(report["alarms"])


def test_tracks_are_backtested_and_models_compared(walk: Path) -> None:
    done = run("tracks", str(walk), "--model=pedestrian", "--model=constant-velocity-2d", "--cases=100", "--json")
    report = json.loads(done.stdout)
    assert [table["model"] for table in report["models"]] == ["pedestrian 1", "constant-velocity-2d 1"]
    assert {each["score"] for each in report["comparisons"]} >= {"ade_m", "nll"}
    assert len(report["settings"]["sha256"]) == 64
    assert "Is the difference real?" in done.stderr


def test_what_cannot_be_is_refused_before_anything_runs(walk: Path, tmp_path: Path) -> None:
    done = run("service", "127.0.0.1:1", "--scenario=curling")
    assert isinstance(done.exception, InputError) and "three-pointer" in str(done.exception)
    done = run("service", "127.0.0.1:1", "--scenario=plaza", "--fault=delay")
    assert done.exit_code == 2 and "--realtime" in done.stderr
    done = run("service", "127.0.0.1:1", "--scenario=plaza", "--fault=fire")
    assert isinstance(done.exception, InputError) and "drop" in str(done.exception)
    done = run("tracks", str(walk), "--model=basketball")
    assert isinstance(done.exception, InputError) and "a model of 2 axes" in str(done.exception)
    done = run("tracks", str(walk), f"--report={tmp_path / 'report.txt'}")
    assert isinstance(done.exception, InputError) and ".html" in str(done.exception)
    empty = tmp_path / "empty.csv"
    empty.write_text("track,time,x,y\n")
    done = run("tracks", str(empty))
    assert isinstance(done.exception, InputError) and str(empty) in str(done.exception)


def test_a_server_that_is_not_there_is_named() -> None:
    done = run("service", "127.0.0.1:1", "--scenario=plaza", "--tracks=2", "--duration=4")
    assert isinstance(done.exception, ServiceError) and "127.0.0.1:1" in str(done.exception)


def test_a_model_of_other_axes_is_refused() -> None:
    with LocalServer(["constant-velocity-2d"]) as server:
        done = run("service", server.address, "--scenario=free-throw", "--model=constant-velocity-2d")
    assert isinstance(done.exception, InputError) and "3 axes" in str(done.exception)
