"""What the documents tell their readers to run runs, with small numbers; what cannot is at least understood.

Commands are run as they stand, but for what `small` puts in the place of numbers, ports and addresses.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import click
import numpy as np
import pytest
from click.testing import CliRunner

from pathcast.cli import group
from pathcast.formats import read_tracks, write_tracks
from tests.project.documents import DOCUMENTS, ROOT, blocks, commands, shell_lines, words_of

PATHCAST = [sys.executable, "-m", "pathcast"]
ADDRESS = "127.0.0.1:50051"
PARSED = {
    r"train ": "takes minutes; tests/cli/test_models_train.py trains a small bundle and serves it",
    r"study ": "trains, for minutes to hours; tests/cli/test_study.py and tests/model/test_study.py do so for a moment",
    r"evaluate (eth-ucy|table-tennis|baseball) ": "recorded tracks do not ship; tests/cli/test_evaluate*.py has them",
    r"evaluate service .*(three-pointer|--tracks 500) ": "takes long; tests/live/test_judging.py plays fewer",
    r"serve .*--cert ": "has no certificates; tests/service/test_protection.py makes some",
    r"doctor forecasts\.example": "names another host; tests/service/test_protection.py asks a protected server",
}
"""Commands that are parsed and not run, and why."""
SMALL = {"--port": "0", "--metrics-port": "0", "--tracks": "4", "--streams": "2", "--duration": "2"}
QUICK = {
    "evaluate service": ["--duration", "2", "--tracks", "4", "--cases", "20", "--regret", "0"],
    "evaluate tracks": ["--cases", "20"],
    "forecast": ["--processes", "1"],
}
TRUTHS = ("--truth", "--identities", "--events", "--outcomes", "--picture")
WRITING = ("--out", "-o", "--report", "--html", "--gif", *TRUTHS)


def is_parsed(command: str) -> bool:
    """Whether a command is not run."""
    return any(re.match(f"pathcast {pattern}", command) for pattern in PARSED)


def of_verb(*verbs: str) -> list[str]:
    """Commands that are run, of some verbs."""
    starts = tuple(f"pathcast {verb} " for verb in verbs)
    return [line for line in commands("pathcast") if f"{line} ".startswith(starts) and not is_parsed(line)]


def small(command: str, address: str = "") -> list[str]:
    """The words of a command with small numbers, free ports, and the server of the tests."""
    words = words_of(command)
    words = [SMALL.get(before, word) for before, word in pairwise(["", *words])]
    return [word.replace(ADDRESS, address or ADDRESS) for word in words]


def within(words: list[str], stdin: str | None = None) -> tuple[int, str]:
    """Exit code and output of a command in this process."""
    done = CliRunner().invoke(group, words, input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def written(words: list[str]) -> set[str]:
    """The files and folders that a command is told to write."""
    return {word.rstrip("/") for option, word in pairwise(words) if option in WRITING}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what stands for a reader's own bundle: the shipped one, by another name."""
    folder = tmp_path_factory.mktemp("bundle") / "first"
    shutil.copytree(ROOT / "model" / "bundles" / "pedestrian" / "1", folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"name": "own-tracks"}))
    return folder


@pytest.fixture(scope="module")
def address(bundle: Path) -> Iterator[str]:
    """Where a server listens that has the models that ship and the reader's own."""
    models = ["pedestrian", "basketball", "table-tennis", str(bundle)]
    command = [*PATHCAST, "serve", "--port", "0", *(word for model in models for word in ("--models", model))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().removeprefix("listening on ").strip()
        finally:
            server.terminate()


@pytest.fixture
def here(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples read: a few people who walk on, a little unsteadily."""
    random = np.random.default_rng(1)
    steps = random.normal(0.4, 0.1, (3, 1, 2)) + random.normal(0, 0.03, (3, 20, 2))
    rows = [
        f"{track},{0.4 * index:.1f},{x:.4f},{y:.4f}"
        for track, path in enumerate(steps.cumsum(1))
        for index, (x, y) in enumerate(path)
    ]
    for name in ("walkers.csv", "others.csv"):
        (tmp_path / name).write_text("\n".join(["track,time,x,y", *rows, ""]))
    (tmp_path / "walk.csv").write_text(blocks("csv", "docs/tutorial.md")[0])
    tracks = read_tracks(tmp_path / "walk.csv")
    (tmp_path / "archive").mkdir()
    for path in (tmp_path / "tracks.parquet", *(tmp_path / "archive" / f"{n:02d}.parquet" for n in range(16))):
        write_tracks(tracks, path)
    for name in ("runs/first", "runs/pedestrian", "models/own-tracks/1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(bundle)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_two_commands_stand_first() -> None:
    assert blocks("sh")[0].split("\n") == ["make demo", "make test", ""]


def test_every_shell_line_is_of_make_or_pathcast() -> None:
    assert set(shell_lines()) == {*commands("make"), *commands("pathcast")}


def test_every_command_is_run_or_it_is_said_why_not() -> None:
    run = [*TESTED, *(line for line in commands("pathcast") if is_parsed(line))]
    assert sorted(run) == commands("pathcast")


def test_every_reason_for_not_running_is_needed() -> None:
    assert not [pattern for pattern in PARSED if not re.search(f"^pathcast {pattern}", "\n".join(shell_lines()), re.M)]


@pytest.mark.parametrize("command", commands("make"))
def test_every_verb_of_make_exists(command: str) -> None:
    subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("command", commands("pathcast"))
def test_every_command_is_understood(command: str, here: Path) -> None:
    verb: click.Command = group
    context = click.Context(group, info_name="pathcast")
    words = words_of(command)
    while isinstance(verb, click.Group):
        found = verb.get_command(context, words[0])
        assert found is not None, command
        verb, context, words = found, click.Context(found, parent=context, info_name=words[0]), words[1:]
    try:
        verb.make_context(context.info_name, words, parent=context.parent)
    except click.exceptions.Exit as end:  # of options such as --list
        assert end.exit_code == 0
    assert not [word for word in words if word.startswith("configs/") and not (ROOT / word).exists()]


SERVES = of_verb("serve")
PAGES = [line for line in of_verb("watch", "demo") if "--web" in line or line == "pathcast demo"]
PLAYBACKS = [line for line in of_verb("watch") if {"--html", "--gif"} & set(line.split())]
WATCHES = [line for line in of_verb("watch") if line not in PAGES and line not in PLAYBACKS]
SIMULATIONS = of_verb("simulate")
EVALUATIONS = of_verb("evaluate")
FORECASTS = of_verb("forecast")
QUESTIONS = of_verb("doctor", "models", "token")
TESTED = [*SERVES, *PAGES, *PLAYBACKS, *WATCHES, *SIMULATIONS, *EVALUATIONS, *FORECASTS, *QUESTIONS]


@pytest.mark.parametrize("command", SERVES)
def test_every_server_listens_and_stops(command: str, here: Path) -> None:
    words = [*PATHCAST, *small(command)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("listening on 127.0.0.1:")
        server.terminate()
        assert server.wait(30) == 0


@pytest.mark.parametrize("command", WATCHES)
def test_every_watch_prints_forecasts(command: str, here: Path, address: str) -> None:
    code, output = within(small(command, address), stdin=blocks("json")[0])
    assert code == 0 and "forecasting" in output, output


@pytest.mark.parametrize("command", PLAYBACKS)
def test_every_playback_is_written(command: str, here: Path) -> None:
    words = small(command)
    code, output = within(words)
    assert code == 0, output
    assert all((here / name).stat().st_size > 10_000 for name in written(words))


@pytest.mark.parametrize("command", PAGES)
def test_every_page_says_where_it_is_and_is_there(command: str, here: Path, address: str) -> None:
    words = [*PATHCAST, *small(command, address)]
    with subprocess.Popen(words, cwd=here, stdout=subprocess.PIPE, text=True) as page:
        assert page.stdout is not None
        place = page.stdout.readline().removeprefix("watch at ").strip()
        with urlopen(place) as answer:
            assert b"pathcast" in answer.read()
        page.send_signal(signal.SIGINT)
        assert page.wait(20) == 0


@pytest.mark.parametrize("command", SIMULATIONS)
def test_every_simulate_writes_the_files_it_names(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = words_of(command)
    monkeypatch.chdir(tmp_path)
    code, output = within(words)
    assert code == 0, output
    assert {path.name for path in tmp_path.iterdir()} == written(words)


@pytest.mark.parametrize("command", EVALUATIONS)
def test_every_evaluation_scores(command: str, here: Path, address: str) -> None:
    shutil.copy("others.csv", "walk.csv")  # long enough to be judged by
    words = small(command, address)
    code, output = within([*words, *QUICK[" ".join(words[:2])]])
    assert "ADE" in output or "error" in output or "--list" in words, output
    assert code in (0, 1)  # so few cases may well raise an alarm
    assert all((here / name).exists() for name in written(words))


@pytest.mark.parametrize("command", FORECASTS)
def test_every_forecast_of_files_is_written(command: str, here: Path) -> None:
    words = small(command)
    code, output = within([*words, *QUICK["forecast"]])
    assert code == 0, output
    assert all((here / name).exists() for name in written(words))


@pytest.mark.parametrize("command", QUESTIONS)
def test_every_question_is_answered(command: str, here: Path, address: str) -> None:
    code, output = within(small(command, address))
    assert code == 0, output


@pytest.mark.parametrize(
    ("document", "example"), [(document, text) for document in DOCUMENTS for text in blocks("python", document)]
)
def test_every_python_example_runs(
    document: str, example: str, address: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "forecasts.parquet" in example:
        within(small("pathcast forecast tracks.parquet -o forecasts.parquet --model pedestrian --processes 1"))
    known = {
        "__name__": "example",
        "frame": {"track": [7] * 4, "time": [0.0, 0.4, 0.8, 1.2], "x": [0.0, 0.5, 1.0, 1.5], "y": [0.0] * 4},
        "frames": [(0.4 * n, [7], [[0.5 * n, 0.0]]) for n in range(4)],
    }
    exec(compile(re.sub(r"127\.0\.0\.1:50051|replica-\d:50051", address, example), document, "exec"), known)
    assert capsys.readouterr().out or not re.search(r"^ *print\(", example, re.MULTILINE)


@pytest.mark.parametrize("document", [document for document in DOCUMENTS if blocks("csv", document)])
def test_every_table_in_the_documents_is_read(document: str, tmp_path: Path) -> None:
    for text in blocks("csv", document):
        (tmp_path / "table.csv").write_text(text)
        assert read_tracks(tmp_path / "table.csv").num_rows == text.count("\n") - 1
