"""`pathcast study` as a command, and its report from pieces that are there."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pathcast.cli.study import command
from pathcast.live.memory_page import write_page
from pathcast.live.memory_picture import draw_study
from pathcast.live.memory_tables import study_tables
from pathcast.live.track_picture import draw_track_study
from pathcast.live.track_tables import track_tables

MEMORIES = ("rnn", "lstm-chrono")


def _study() -> dict[str, object]:
    """A study of made-up numbers, in the form that `run_study` gives."""
    trained = {"test": [0.5, 0.9], "steps": 100, "checks": []}
    norms = [[10.0**-step for step in range(22)]] * 2
    pieces: list[dict[str, object]] = []
    for memory in MEMORIES:
        for problem, lag in (("copy", 5), ("copy", 10), ("adding", 10), ("reber", 0)):
            pieces.append({"what": "accuracy", "memory": memory, "problem": problem, "lag": lag, "result": trained})
        both = {"untrained": norms, "trained": norms}
        pieces.append({"what": "gradients", "memory": memory, "problem": "", "lag": 0, "result": trained | both})
    for truncated in (5, 0):
        pieces.append({"what": "truncation", "memory": "rnn", "problem": "recall", "lag": truncated, "result": trained})
    curves = {"step": [5, 10], "loss": [[1.0, 1e30], [1.0, 0.1]], "diverged": [True, False]}
    pieces += [
        {"what": "clipping", "memory": way, "problem": "", "lag": 0, "result": curves} for way in ("none", "norm")
    ]
    cost = {memory: {"parameters": 10, "step_us": 3.0, "step_track_parameter_ns": 0.1} for memory in MEMORIES}
    pieces.append({"what": "cost", "memory": "", "problem": "", "lag": 0, "result": {"cost": cost}})
    sizes = {
        "lags": {"copy": (5, 10), "adding": (10,)},
        "gradient_lag": 20,
        "truncation_lag": 20,
        "truncations": (5, 0),
    }
    return {"scale": "quick", "sizes": sizes, "seed": 1, "torch": "2", "seconds": 1.0, "pieces": pieces}


def test_the_report_shows_every_piece(tmp_path: Path) -> None:
    study = _study()
    draw_study(study, tmp_path / "report.png")
    write_page(study, tmp_path / "report.png", tmp_path / "report.html")
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "report.html").read_text()
    assert all(memory in page for memory in MEMORIES) and "data:image/png;base64" in page
    tables = {table.title.split(":")[0]: table for table in study_tables(study)}
    assert tables["Runs that diverge where gradients explode"].rows[0][:2] == ["none", "1 of 2"]
    fall = next(table for table in tables.values() if "Fall" in table.title)
    assert fall.rows[0][1] == "1.0e+20"


def _track_piece(world: str, errors: list[float]) -> dict[str, object]:
    named = {"last 4": errors, "gap of 3": [2 * each for each in errors]}
    beside = dict.fromkeys(named, 1.0)
    return {"world": world, "memory": "rnn", "units": 4, "parameters": 100, "errors_m": named} | {
        "last_step_error_m": beside
    }


def test_tracks_have_a_table_for_each_world() -> None:
    tables = track_tables({"pieces": [_track_piece("one", [0.5, 0.25]), _track_piece("two", [0.5, 0.25])]})
    rows = [["rnn", "4", "0.375 (0.500)"], ["rnn", "4", "0.750 (1.000)"]]
    assert [table.rows[1] for table in tables] == rows * 2
    assert [table.header for table in tables[:2]] == [["memory", "units", "4"], ["memory", "units", "3"]]


def test_a_spin_told_first_is_kept_by_the_share_of_its_worth(tmp_path: Path) -> None:
    errors = {"soccer": [3.0], "soccer, spin told first": [2.5], "soccer, spin told last": [1.0]}
    study = {"pieces": [_track_piece(world, each) for world, each in errors.items()]}
    assert [table.rows for table in track_tables(study)[-2:]] == [[["rnn", "0.25"]]] * 2
    draw_track_study(study, tmp_path / "tracks.png")
    assert (tmp_path / "tracks.png").read_bytes().startswith(b"\x89PNG")


def test_the_next_symbol_is_said_with_its_probability() -> None:
    done = CliRunner().invoke(command, ["symbols", "A B C A B C A B", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["lstm"]["C"] > 0.99


def test_one_symbol_gives_the_one_after_it() -> None:
    """One to one."""
    done = CliRunner().invoke(command, ["symbols", "A B C A B C A B", "--after", "B", "--memory", "gru", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["gru"]["C"] > 0.99


def test_a_whole_flight_comes_from_its_launch_state() -> None:
    """One to many: nearer to the truth than flight in a vacuum."""
    done = CliRunner().invoke(command, ["flight", "--steps", "150", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["error_m"] < found["vacuum_error_m"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["symbols", "A B", "--shuffled"], "--shuffled is of --weekdays"),
        (["memory", "--resume", "--overwrite"], "exclude each other"),
        (["tracks", "--resume", "--overwrite"], "exclude each other"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2 and message in done.output
