"""`pathcast simulate validate`: a row for every check, the same as JSON, and exit code 1 where one fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pathcast.cli import main
from pathcast.simulator.pedestrian.validation import report
from pathcast.simulator.pedestrian.validation.checks import at_most
from pathcast.simulator.pedestrian.validation.rimea import drawn_speeds, one_walker


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command as the shell would, over two cases: (exit code, stdout, stderr)."""
    monkeypatch.setattr(
        report, "CASES", (report.Case("speeds", drawn_speeds), report.Case("one walker", one_walker, is_slow=True))
    )

    def pathcast(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pathcast", "simulate", "validate", *words])
        with pytest.raises(SystemExit) as end:
            main()
            sys.exit(0)
        return int(end.value.code or 0), *capsys.readouterr()

    return pathcast


def test_every_check_is_a_row_of_the_table_and_of_the_json(run, tmp_path: Path):
    code, shown, told = run("--json", str(tmp_path / "checks.json"))
    found = json.loads((tmp_path / "checks.json").read_text())
    assert code == 0
    assert found["passed"] and found["seeds"] == "second"
    assert len(found["checks"]) == 4
    assert "4 of 4 checks passed" in told
    for check in found["checks"]:
        assert check["name"].split(",")[0] in shown
        assert check["passed"]
        assert all(seed >= 1000 for seed in check["seeds"])
    assert found["parameters"]["radius"] > 0


def test_quick_leaves_the_slow_checks_out_and_the_first_half_has_its_own_seeds(run, tmp_path: Path):
    code, _, told = run("--quick", "--seeds", "first", "--json", str(tmp_path / "checks.json"))
    assert code == 0
    assert "3 of 3" in told
    assert json.loads((tmp_path / "checks.json").read_text())["checks"][0]["seeds"] == [0]


def test_a_check_that_fails_ends_with_exit_code_1(run, monkeypatch: pytest.MonkeyPatch):
    failing = report.Case("failing", lambda trial: [at_most("overlap", 0.2, 0.1, "of the time", "nowhere")])
    monkeypatch.setattr(report, "CASES", (*report.CASES, failing))
    code, shown, told = run("--quick")
    assert code == 1
    assert "FAILED" in shown
    assert "3 of 4 checks passed" in told
