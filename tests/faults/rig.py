"""Rig: the servers that things are done to, one that is left in peace, and how long any of it may last."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from log import Log
from scene import Frame
from witness import Witness

from pathcast.service.client import Client, Forecasts, LocalServer

LONGEST_S = 150.0
"""Of one injection; then its servers are killed, which whoever waits for them notices."""


class Rig:
    """Servers in child processes, which end with the `with` block."""

    def __init__(self) -> None:
        self._servers: list[LocalServer] = []
        self._lock = threading.Lock()
        self.runner = asyncio.Runner()
        """Of the one event loop: gRPC does not do well on several."""
        self.peaceful = self.serve("pedestrian", "constant-velocity-2d")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.runner.close()
        for server in self._servers:
            self.end(server)

    def serve(self, *models: str, arguments: Sequence[str] = ()) -> LocalServer:
        """A server of its own."""
        server = LocalServer(models, arguments=arguments)
        with self._lock:
            self._servers.append(server)
        return server

    @staticmethod
    def end(server: LocalServer) -> None:
        """Ends a server, whatever it does."""
        if server.process.poll() is None:
            server.process.kill()
        server.close()

    def witness(self, server: LocalServer) -> Witness:
        """Somebody else's stream on a server."""
        return Witness(server.address, self.peaceful.address)

    def expected(self, model: str, frames: Sequence[Frame], server: LocalServer | None = None) -> list[Forecasts]:
        """The answers where nothing happens: at the server that is left in peace, or at another one."""
        with Client((server or self.peaceful).address) as client, client.stream(model) as stream:
            return list(stream.forecasts(frames))

    @contextmanager
    def injection(self, *servers: LocalServer) -> Iterator[Log]:
        """A log; what is raised is written into it, and what lasts too long is ended."""
        log = Log()
        timer = threading.Timer(LONGEST_S, lambda: [server.process.kill() for server in servers])
        timer.start()
        try:
            yield log
        except Exception as error:  # the injection is lost, and the others go on
            first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
            log.complaints.append(f"{error}: {type(first).__name__}: {first}"[:500])
        finally:
            timer.cancel()


def metrics_url(server: LocalServer) -> str:
    """The page of a server that was started with one."""
    assert server.process.stdout is not None
    return server.process.stdout.readline().decode().split()[-1]


def metric(url: str, name: str, **labels: str) -> float:
    """The sum of all samples of that name and these labels."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    marks = [f'{key}="{value}"' for key, value in labels.items()]
    found = [line for line in lines if line.startswith(name + "{") and all(mark in line for mark in marks)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)
