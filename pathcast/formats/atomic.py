"""Atomic: a file is either there as a whole or as it was before."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pathcast.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives the path of a part file beside `path`, which takes its place when the block ends without an error.

    Raises:
        InputError: The file cannot be written there.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise InputError(str(path), "a place where a file can be written", reason) from error
    finally:
        part.unlink(missing_ok=True)
