"""The command line answers at once, lists its verbs, and says by its exit code who was wrong."""

import subprocess
import sys

import click
import pytest

from pathcast.cli import VERBS, group, main
from pathcast.errors import BundleError, InputError, LimitError, NotServedError, ServiceError


def test_help_lists_every_verb_without_importing_it():
    code = (
        "import sys\nsys.argv = ['pathcast', '--help']\nfrom pathcast.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted(name for name in sys.modules if name.startswith('pathcast.') or name in ('numpy', 'grpc')))"
    )
    *text, modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert modules == "['pathcast.cli', 'pathcast.errors']"
    for verb, summary in VERBS.items():
        assert any(line.split()[:1] == [verb] and summary in line for line in text)


@pytest.mark.parametrize("verb", ["serve", "watch"])
def test_a_verb_explains_itself(verb):
    done = subprocess.run(
        [sys.executable, "-m", "pathcast", verb, "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"Usage: pathcast {verb} [OPTIONS]")


def test_an_unknown_verb_is_wrong_use():
    done = subprocess.run([sys.executable, "-m", "pathcast", "sing"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "No such command 'sing'" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("walk.csv:3: time", "seconds", "'soon'"), 2),
        (LimitError("frame.track_ids", "at most 4096", "5000"), 2),
        (NotServedError("open.goals"), 1),
        (BundleError("altered"), 1),
        (ServiceError("not reachable"), 1),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_error_is_one_line_and_an_exit_code(error, code, capsys, monkeypatch):
    @click.command()
    def command() -> None:
        raise error

    monkeypatch.setattr(group, "get_command", lambda _context, _name: command)
    monkeypatch.setattr(sys, "argv", ["pathcast", "watch"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == code
    assert capsys.readouterr().err == f"pathcast: {error}\n"
