"""Local: a server in a child process, for as long as it is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

from pathcast.errors import ServiceError

_READY = "listening on "


class LocalServer:
    """A server of its own on a free port; it stops with the `with` block, and with this process at the latest."""

    def __init__(
        self,
        models: Sequence[str] = (),
        record: Path | None = None,
        grace_s: float = 0.0,
        stderr: int | IO[bytes] | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        """Starts it and waits until it answers.

        Args:
            models: Names or bundle folders; by default everything that ships.
            record: Folder of recordings, if any.
            grace_s: Seconds that open streams have at the end.
            stderr: Where its log goes, as of `subprocess`; by default nowhere, but for what a failed start said.
            arguments: Further arguments of `pathcast serve`.

        Raises:
            ServiceError: It did not start.
        """
        command = [sys.executable, "-m", "pathcast", "serve", "--stop-with-stdin", "--grace", str(grace_s)]
        for model in models:
            command += ["--models", model]
        if record is not None:
            command += ["--record", str(record)]
        command += arguments
        log = TemporaryFile() if stderr is None else None  # noqa: SIM115 (outlives this function where the start fails)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr if log is None else log,
            start_new_session=True,  # an interrupt from the keyboard reaches the parent alone, which then ends this
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode().strip()
        if not line.startswith(_READY):
            self.close()
            said = "" if log is None else f": {_last_line(log)}"
            raise ServiceError(f"the server did not start, exit code {self.process.returncode}{said}")
        if log is not None:
            log.close()
        self.address = line.removeprefix(_READY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops it and waits for its end."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


def _last_line(log: IO[bytes]) -> str:
    """What a process said last."""
    with log:
        log.seek(0)
        lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
