"""The pages of docs/reference are what the code gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pathcast.cli import VERBS
from pathcast.v1.forecast_pb2 import DESCRIPTOR

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs" / "reference"
WRITE = """
import runpy, sys
sys.argv = ["tools/reference", "--out", sys.argv[1]]
runpy.run_path("tools/reference", run_name="__main__")
print(*({name.split(".")[0] for name in sys.modules} & {"torch", "matplotlib", "starlette"}))
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with fresh pages, and which heavy packages it took."""
    folder = tmp_path_factory.mktemp("reference")
    command = [sys.executable, "-c", WRITE, str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return folder, done.stdout.strip()


def test_the_committed_pages_are_fresh(written: tuple[Path, str]) -> None:
    names = sorted(path.name for path in written[0].iterdir())
    assert names == sorted(path.name for path in COMMITTED.iterdir())
    stale = [name for name in names if (written[0] / name).read_bytes() != (COMMITTED / name).read_bytes()]
    assert not stale, "stale: run make reference"


def test_nothing_heavy_is_loaded_to_write_them(written: tuple[Path, str]) -> None:
    assert not written[1]


def test_every_verb_and_every_message_has_a_heading() -> None:
    lines = {line.lstrip("#").strip() for path in COMMITTED.iterdir() for line in path.read_text().splitlines()}
    assert {f"pathcast {verb}" for verb in VERBS} <= lines
    assert {*DESCRIPTOR.message_types_by_name, *DESCRIPTOR.enum_types_by_name} <= lines
