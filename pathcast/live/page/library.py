"""Library: what a viewer may choose: scenarios, the files that were named at the start, and what viewers upload."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from pathcast.errors import InputError, LimitError
from pathcast.formats import read_tracks
from pathcast.live.page.scenes import ShownScene, scenes_of_tracks
from pathcast.tracks import Tracks

MOST_UPLOAD_BYTES = 4 << 20
MOST_UPLOADS = 8
"""Kept at a time, of all viewers; the oldest gives way."""
SUFFIXES = (".csv", ".txt", ".parquet", ".ndjson", ".json", ".sqlite")
SEEDS = 1 << 31


@dataclass(frozen=True)
class Entry:
    """Something that can be chosen."""

    key: str
    title: str
    group: str
    scenes: Callable[[int], Iterable[ShownScene]]
    """From a seed, which recorded scenes pass over."""

    def as_record(self) -> dict[str, Any]:
        """What the page's list is made of."""
        return {"key": self.key, "title": self.title, "group": self.group}


class Library:
    """All that can be chosen, by key."""

    def __init__(self, entries: Iterable[Entry] = (), folder: Path | None = None) -> None:
        """Args:
        entries: In the order of the list.
        folder: Where uploads lie for as long as they are kept; None: nothing can be uploaded.
        """
        self._entries = {entry.key: entry for entry in entries}
        self._folder = folder
        self._uploads: list[tuple[str, Path]] = []
        self._numbers = count(1)
        self._lock = threading.Lock()

    @property
    def takes_uploads(self) -> bool:
        """Whether a viewer's own file can be added."""
        return self._folder is not None

    def records(self) -> list[dict[str, Any]]:
        """The list that the page shows."""
        return [entry.as_record() for entry in list(self._entries.values())]

    def entry(self, key: str) -> Entry:
        """The one of that key.

        Raises:
            InputError: There is none.
        """
        found = self._entries.get(key)
        if found is None:
            raise InputError("key", "one of the list", repr(key[:80]))
        return found

    def add_upload(self, name: str, content: bytes) -> Entry:
        """Keeps a file for all viewers, if it can be read as tracks.

        Args:
            name: What its owner calls it; nothing is written under that name.
            content: At most `MOST_UPLOAD_BYTES`.

        Raises:
            InputError: Nothing can be uploaded, or it is no track file.
            LimitError: It is larger.
        """
        if self._folder is None:
            raise InputError("upload", "a page that takes files", "one that does not")
        if len(content) > MOST_UPLOAD_BYTES:
            raise LimitError("upload", f"at most {MOST_UPLOAD_BYTES >> 20} MiB", f"{len(content)} bytes")
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            raise InputError("upload", f"a name that ends with {', '.join(SUFFIXES)}", repr(name[-40:]))
        title = Path(name.replace("\\", "/")).name[:60]
        with self._lock:
            number = next(self._numbers)
            path = self._folder / f"{number}{suffix}"
            path.write_bytes(content)
            try:
                scenes = scenes_of_tracks(read_tracks(str(path)), title)
            except InputError as error:
                path.unlink()
                raise InputError(title, error.expected, error.found) from None
            entry = Entry(f"upload/{number}", title, "Uploaded", lambda _: scenes)
            self._entries[entry.key] = entry
            self._uploads.append((entry.key, path))
            while len(self._uploads) > MOST_UPLOADS:
                key, oldest = self._uploads.pop(0)
                del self._entries[key]
                oldest.unlink()
        return entry


def simulated_entries() -> Iterator[Entry]:
    """The scenarios."""
    from pathcast.live.page.scenarios import listed, shown_scenes

    for group, name, summary in listed():
        yield Entry(f"scenario/{name}", f"{name}: {summary}", group, lambda seed, name=name: shown_scenes(name, seed))  # type: ignore[misc]


def file_entries(paths: Sequence[Path], read: Callable[[str], Tracks]) -> Iterator[Entry]:
    """Files, and those in folders that look like tracks, read when they are chosen.

    Args:
        paths: Of files and folders.
        read: A file's tracks.

    Raises:
        InputError: A path that is not there, or a folder with nothing to replay.
    """
    for path in paths:
        if path.is_dir():
            found = sorted(each for each in path.iterdir() if each.suffix.lower() in SUFFIXES and each.is_file())
            if not found:
                raise InputError(str(path), f"a folder with files {', '.join(SUFFIXES)}", "none")
        elif path.is_file():
            found = [path]
        else:
            raise InputError(str(path), "a file or folder of tracks", "nothing there")
        for each in found:
            yield Entry(
                f"file/{each}",
                each.name,
                "Recorded",
                lambda _, each=each: scenes_of_tracks(read(str(each)), each.name),  # type: ignore[misc]
            )


def drawn_seed() -> int:
    """A seed that differs from one start to the next."""
    return random.SystemRandom().randrange(SEEDS)
