"""The page in a process of its own, asking a server in another."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from pathcast.service.client import LocalServer


@pytest.fixture(scope="session")
def serve_page() -> Callable[..., AbstractContextManager[str]]:
    """Starts `pathcast watch --web` with arguments, for as long as a `with` block lasts: the page's address."""

    @contextmanager
    def served(*arguments: str | Path) -> Iterator[str]:
        command = [sys.executable, "-m", "pathcast", "watch", "--web", *map(str, arguments)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                assert line.startswith("watch at http://"), line
                yield line.removeprefix("watch at ").strip()
            finally:
                process.terminate()

    return served


@pytest.fixture(scope="session")
def forecasting() -> Iterator[str]:
    """The address of a server with the models that ship."""
    with LocalServer() as server:
        yield server.address


@pytest.fixture(scope="session")
def page(serve_page: Callable[..., AbstractContextManager[str]], forecasting: str) -> Iterator[str]:
    with serve_page("--server", forecasting) as address:
        yield address
