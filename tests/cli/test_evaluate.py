"""`pathcast evaluate eth-ucy`: the whole report of a model in this process, or displacement through a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pathcast.cli.evaluate import command
from pathcast.errors import InputError
from pathcast.model.evaluation.baselines import NOTES
from pathcast.service.client import LocalServer

MODEL = "constant-velocity-2d"


def run(*words: str):
    return CliRunner().invoke(command, ["eth-ucy", *words])


def test_a_model_is_scored_beside_the_baselines(small_eth_ucy: Path, tmp_path: Path) -> None:
    text = tmp_path / "scores.md"
    done = run(f"--data={small_eth_ucy}", f"--model={MODEL}", "--sampled=5", "--json", f"--markdown={text}")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert list(report["forecasters"]) == [MODEL, *NOTES]
    ours, baseline = (
        report["forecasters"][name]["min_people_2"]["average"]["scores"] for name in (MODEL, "constant velocity")
    )
    assert ours["point_fde"] == pytest.approx(baseline["point_fde"], abs=1e-3)
    assert "K = 1" in done.stderr and f"wrote {text}" in done.stderr
    assert text.read_text().startswith("# ETH/UCY\n") and f"| {MODEL} |" in text.read_text()


def test_a_server_is_streamed_through(small_eth_ucy: Path) -> None:
    with LocalServer([MODEL]) as server:
        done = run(f"--data={small_eth_ucy}", f"--model={MODEL}", f"--server={server.address}", "--json")
    assert done.exit_code == 0, done.output
    scores = json.loads(done.stdout)["min_people_1"]["zara1"]
    assert scores["min_ade_m"] == pytest.approx(scores["constant_velocity_ade_m"], abs=1e-3)


def test_what_cannot_be_is_refused(small_eth_ucy: Path, tmp_path: Path) -> None:
    done = run(f"--data={small_eth_ucy}", "--server=localhost:1", f"--markdown={tmp_path / 'scores.md'}")
    assert done.exit_code == 2 and "leave out --server" in done.stderr
    done = run(f"--data={tmp_path / 'nowhere'}")
    assert isinstance(done.exception, InputError) and "a folder with pedestrian/eth_ucy" in str(done.exception)
