"""What the README tells its readers to run exists and runs."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise, takewhile
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PATHCAST = [sys.executable, "-m", "pathcast"]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]


def blocks(language: str, document: str = "README.md") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[str]:
    lines = [line for document in DOCUMENTS for block in blocks("sh", document) for line in block.splitlines()]
    return sorted({line for line in lines if line.split(" ", 1)[0] == program})


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a server listens that was started as the README says."""
    command = [*PATHCAST, "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().removeprefix("listening on ").strip()
        finally:
            server.terminate()


def test_the_two_commands_stand_first() -> None:
    assert blocks("sh")[0].split("\n") == ["make demo", "make test", ""]


def test_every_shell_line_is_of_make_or_pathcast() -> None:
    lines = [line for document in DOCUMENTS for block in blocks("sh", document) for line in block.splitlines()]
    assert set(lines) == {*commands("make"), *commands("pathcast")}


@pytest.mark.parametrize("command", commands("make"))
def test_every_verb_of_make_exists(command: str) -> None:
    subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("command", commands("pathcast"))
def test_every_verb_of_pathcast_exists_with_its_options(command: str) -> None:
    words = command.split()[1:]
    verbs = list(takewhile(lambda word: not word.startswith("--"), words))
    rest = words[len(verbs) :]
    done = subprocess.run([*PATHCAST, *verbs, "--help"], check=True, capture_output=True, text=True)
    assert not {word.split("=")[0] for word in rest if word.startswith("--")} - set(
        re.findall(r"--[\w-]+", done.stdout)
    )


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """A folder with the file that the examples read."""
    rows = [f"7,{0.1 * n:.1f},{0.1 * n:.1f},{np.sin(n):.3f}" for n in range(8)]
    (tmp_path / "walk.csv").write_text("\n".join(["track,time,x,y", *rows, ""]))
    return tmp_path


SHOWN = ("--web", "--html", "--gif")
WATCHES = [line for line in commands("pathcast") if line.split()[1] == "watch"]
PAGES = [line for line in WATCHES if "--web" in line and "--server" not in line]


@pytest.mark.parametrize("command", [line for line in WATCHES if not set(line.split()) & set(SHOWN)])
def test_every_watch_prints_forecasts(command: str, walk: Path) -> None:
    words = [*PATHCAST, *command.split()[1:]]
    done = subprocess.run(words, cwd=walk, input=blocks("json")[0], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "forecasting" in done.stdout


@pytest.mark.parametrize("command", [line for line in WATCHES if set(line.split()) & {"--html", "--gif"}])
def test_every_playback_is_written(command: str, walk: Path) -> None:
    words = command.split()
    subprocess.run([*PATHCAST, *words[1:]], cwd=walk, check=True, capture_output=True)
    assert all((walk / after).stat().st_size > 10_000 for word, after in pairwise(words) if word in ("--html", "--gif"))


@pytest.mark.parametrize("command", [*PAGES, *(line for line in commands("pathcast") if line == "pathcast demo")])
def test_every_page_says_where_it_is_and_is_there(command: str, walk: Path) -> None:
    words = re.sub(r"--port \d+", "--port 0", command).split()
    with subprocess.Popen([*PATHCAST, *words[1:]], cwd=walk, stdout=subprocess.PIPE, text=True) as page:
        assert page.stdout is not None
        address = page.stdout.readline().removeprefix("watch at ").strip()
        with urlopen(address) as answer:
            assert b"pathcast" in answer.read()
        page.send_signal(signal.SIGINT)
        assert page.wait(20) == 0


@pytest.mark.parametrize("command", [line for line in commands("pathcast") if line.split()[1] == "simulate"])
def test_every_simulate_writes_the_files_it_names(command: str, tmp_path: Path) -> None:
    words = command.split()
    subprocess.run([*PATHCAST, *words[1:]], cwd=tmp_path, check=True, capture_output=True)
    named = {
        words[words.index(option) + 1]
        for option in ("--out", "--truth", "--identities", "--events", "--outcomes", "--picture")
        if option in words
    }
    assert {path.name for path in tmp_path.iterdir()} == named


@pytest.mark.parametrize("example", blocks("python"))
def test_every_python_example_runs(
    example: str, address: str, walk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(walk)
    exec(compile(example.replace("127.0.0.1:50051", address), "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_within_the_repository_leads_somewhere(document: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / document).read_text())
    assert not [link for link in links if not ((ROOT / document).parent / link).exists()]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_named_in_the_documents_exists(document: str) -> None:
    named = re.findall(
        r"`((?:docs|tests|proto|tools|pathcast|model|service|simulator)/[\w/]*\w(?:\.\w+)?)`",
        (ROOT / document).read_text(),
    )
    assert not [name for name in named if not (ROOT / name).exists()]
