"""Reread: what files say, read again whenever they have changed; what was right last holds while they are wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

import structlog

from pathcast.errors import InputError

_Value = TypeVar("_Value")
_Signature = tuple[tuple[int, int, int], ...]


class Reread(Generic[_Value]):
    """A value made from files. Any thread may ask: gRPC asks from its own before every handshake.

    The files are looked at when somebody asks, which is a call of `stat` each: nothing runs in between. Links are
    followed, so that a mounted secret that is exchanged as a whole is seen.
    """

    def __init__(self, paths: Sequence[Path], read: Callable[[], _Value]) -> None:
        """Reads at once.

        Args:
            paths: The files that it is made from.
            read: Makes it.

        Raises:
            InputError: As `read` does.
        """
        self._paths = paths
        self._read = read
        self._lock = Lock()
        self._log: Any = structlog.get_logger()
        self._signature = self._sign()
        self._value = read()

    def get(self) -> _Value:
        """The newest that was right."""
        with self._lock:
            signature = self._sign()
            if signature != self._signature:
                self._signature = signature
                self._try()
            return self._value

    def _try(self) -> None:
        """Takes what the files say now, if it is right."""
        names = [path.name for path in self._paths]
        try:
            self._value = self._read()
        except InputError as error:
            self._log.error("protection_not_reread", files=names, expected=error.expected, found=error.found)
        else:
            self._log.info("protection_reread", files=names)

    def _sign(self) -> _Signature:
        """What changes with the files; a missing one counts as changed."""
        marks = []
        for path in self._paths:
            try:
                state = path.stat()
            except OSError:
                marks.append((0, 0, 0))
            else:
                marks.append((state.st_ino, state.st_size, state.st_mtime_ns))
        return tuple(marks)


def read_file(path: Path) -> bytes:
    """A file's content.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(str(path), "a file that can be read", str(error.strerror)) from error
