"""Shelf: a directory of bundles by name and version, `NAME/VERSION/`, and what changes there while it is watched.

Only names, sizes and times of files are looked at. A change is told once it has lasted for some seconds, because files
are copied one by one: half a bundle is no broken one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Place:
    """Where a bundle stands or stood."""

    folder: Path
    name: str
    version: str

    def exists(self) -> bool:
        """Whether there is any file."""
        return bool(_sign(self.folder))


@dataclass
class _Seen:
    signature: _Signature
    since_s: float
    is_told: bool = False


class Shelf:
    """A watched directory of bundles."""

    def __init__(self, directory: Path, settle_s: float = 3.0) -> None:
        """Args:
        directory: Holds `NAME/VERSION/`.
        settle_s: Seconds for which files have to stay as they are before they are taken for whole.
        """
        self.directory = directory
        self._settle_s = settle_s
        self._seen: dict[Place, _Seen] = {}

    def look(self, now_s: float, is_first: bool = False) -> list[Place]:
        """The places that are otherwise than when they were last told, and have settled; each is told once a change.

        Args:
            now_s: Seconds of any clock that never goes back.
            is_first: Whether to wait for nothing, as at a start.
        """
        try:
            names = _folders(self.directory)
        except OSError:  # a disk that is away for a moment takes no model with it
            return []
        found = {place: signature for place in _places(names) if (signature := _sign(place.folder))}
        changed = []
        for place in sorted({*found, *self._seen}, key=lambda each: (each.name, version_key(each.version))):
            signature = found.get(place, ())
            seen = self._seen.get(place)
            if seen is None or seen.signature != signature:
                self._seen[place] = _Seen(signature, now_s)
                seen = self._seen[place]
            if not seen.is_told and (is_first or now_s - seen.since_s >= self._settle_s):
                seen.is_told = True
                changed.append(place)
                if not signature:
                    del self._seen[place]
        return changed

    def confirm(self, place: Place) -> bool:
        """Whether the files are still those that were told, now that they were read; otherwise they are told again."""
        seen = self._seen.get(place)
        if seen is None:
            return False
        seen.is_told = seen.signature == _sign(place.folder)
        return seen.is_told


def is_shelf(path: Path) -> bool:
    """Whether a path is a directory of bundles rather than a bundle."""
    return path.is_dir() and not (path / "config.json").exists() and any(True for _ in path.glob("*/*/config.json"))


def version_key(version: str) -> list[tuple[int, str]]:
    """Orders 10 after 9."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in version.replace("-", ".").split(".")]


def _places(names: list[Path]) -> Iterator[Place]:
    """Every folder in those of names."""
    for named in names:
        try:
            yield from (Place(folder, named.name, folder.name) for folder in _folders(named))
        except OSError:
            continue  # it went away meanwhile


def _folders(path: Path) -> list[Path]:
    """Folders within; hidden ones are somebody's scratch.

    Raises:
        OSError: There is no such path.
    """
    return [each for each in path.iterdir() if not each.name.startswith(".") and each.is_dir()]


def _sign(folder: Path) -> _Signature:
    """What changes with the files of a folder; empty where there are none."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:  # it went away meanwhile
        return ()
    marks = []
    for path in paths:
        try:
            state = path.stat()
        except OSError:  # a file that went away, or a link to nothing
            marks.append((path.name, 0, 0, 0))
        else:
            marks.append((path.name, state.st_ino, state.st_size, state.st_mtime_ns))
    return tuple(marks)
