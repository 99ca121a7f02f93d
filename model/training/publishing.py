"""Publishing: a bundle's files come into its folder together."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pathcast.errors import InputError
from pathcast.model.bundle.config import CONFIG


@contextmanager
def publishing(folder: Path) -> Iterator[Path]:
    """Gives an empty folder beside, whose files are moved into `folder` when the block ends without an error.

    A bundle is whole if it has its config.json, which is taken away first and comes back last: whoever reads the folder
    meanwhile finds the old bundle, none, or the new one. Other files in the folder stay.

    Raises:
        InputError: The folder cannot be made or written.
    """
    folder = folder.resolve()
    part = folder.with_name(f".{folder.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.mkdir(parents=True)
        yield part
        for path in part.iterdir():
            with path.open("rb") as written:
                os.fsync(written.fileno())
        _move(part, folder)
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise InputError(str(folder), "a folder that can be written", reason) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _move(part: Path, folder: Path) -> None:
    if not folder.exists():
        part.rename(folder)
        return
    (folder / CONFIG).unlink(missing_ok=True)
    for path in sorted(part.iterdir(), key=lambda path: path.name == CONFIG):
        path.replace(folder / path.name)
