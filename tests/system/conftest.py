"""Other people's clients and proxies, and the servers that they are tried with; `make test-system` installs them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pathcast.service.client import LocalServer

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))  # which start the same proxy

import proxied  # noqa: E402

MODEL = "constant-velocity-2d"
MODULES = ROOT / ".system" / "node_modules"
PLACES = [MODULES / ".bin", ROOT / ".buf" / "node_modules" / ".bin", *proxied.PLACES]
PATIENCE_S = 60.0


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Where a program is; whoever asks for one that is not here is skipped."""

    def find(name: str) -> str:
        path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, PLACES)])
        found = shutil.which(name, path=path)
        if found is None:
            pytest.skip(f"{name} is not installed (make test-system)")
        return found

    return find


@pytest.fixture(scope="session")
def server() -> Iterator[LocalServer]:
    with LocalServer([MODEL]) as local:
        yield local


class Replica:
    """A server with its log."""

    def __init__(self, folder: Path, name: str) -> None:
        self._log = folder / f"{name}.log"
        with self._log.open("wb") as log:
            self.server = LocalServer([MODEL], stderr=log)

    def num_opened(self) -> int:
        """Streams that it was ever asked for."""
        return self._log.read_text().count('"stream_opened"')

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait(PATIENCE_S)


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[list[Replica]]:
    both: list[Replica] = []
    try:
        both += (Replica(tmp_path, "first"), Replica(tmp_path, "second"))
        yield both
    finally:
        for replica in both:
            replica.server.close()


@pytest.fixture
def proxy(program: Callable[[str], str], replicas: list[Replica], tmp_path: Path) -> Iterator[str]:
    """The address of nginx before both replicas."""
    with proxied.Nginx(program("nginx"), tmp_path, [replica.server.address for replica in replicas]) as nginx:
        yield nginx.address
