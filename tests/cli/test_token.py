"""Tokens are made into files, and the verbs that connect show them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pathcast.service.client import LocalServer
from pathcast.service.protection.tokens import TokenBook

MODEL = "constant-velocity-2d"


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pathcast", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240, **options)


@pytest.fixture
def lines() -> str:
    return "".join(json.dumps({"time": 0.4 * n, "track": 1, "x": 0.5 * n, "y": 0.0}) + "\n" for n in range(4))


def test_a_token_is_its_owners_alone_and_the_line_lets_it_in(tmp_path):
    out = tmp_path / "camera.token"
    done = run("token", "camera", "--out", str(out))
    assert done.returncode == 0 and done.stderr == ""
    token = out.read_text().strip()
    assert token not in done.stdout and out.stat().st_mode & 0o777 == 0o600
    (tmp_path / "tokens").write_text(done.stdout)
    assert TokenBook.read(tmp_path / "tokens").name_of(token) == "camera"
    again = run("token", "camera", "--out", str(out))
    assert again.returncode == 2 and again.stdout == "" and out.read_text().strip() == token
    wrong = run("token", "two words", "--out", str(tmp_path / "other"))
    assert wrong.returncode == 2 and not (tmp_path / "other").exists()


def test_verbs_show_their_token_from_a_file_named_by_option_or_environment(tmp_path, lines):
    out = tmp_path / "camera.token"
    tokens = tmp_path / "tokens"
    tokens.write_text(run("token", "camera", "--out", str(out)).stdout)
    with LocalServer([MODEL], arguments=["--tokens", str(tokens)]) as server:
        watch = ["watch", "-", "--server", server.address, "--model", MODEL]
        assert "expected a bearer token" in run(*watch, input=lines).stderr
        done = run(*watch, "--token-file", str(out), input=lines)
        assert done.returncode == 0 and len(done.stdout.splitlines()) == 4
        assert run("doctor", server.address, env=_environment(PATHCAST_TOKEN_FILE=out)).returncode == 0
        failed = run("doctor", server.address)
        assert failed.returncode == 1 and "--token-file" in failed.stdout and MODEL not in failed.stdout


def test_credentials_without_a_server_are_wrong_use(tmp_path, lines):
    (tmp_path / "token").write_text("secret")
    done = run("watch", "-", "--token-file", str(tmp_path / "token"), input=lines)
    assert done.returncode == 2 and "go with --server" in done.stderr


def _environment(**more: Path) -> dict[str, str]:
    return os.environ | {name: str(value) for name, value in more.items()}
