"""TrajNet++ lines: what the objects of a file say, each field checked, with the line in every message."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.formats.text import read_rows
from pathcast.tracks import Tracks

Tag = tuple[int, tuple[int, ...]]


@dataclass(frozen=True)
class Window:
    """A scene line: a stretch of the recording about one pedestrian."""

    scene: int
    pedestrian: int
    start: int
    """First frame number."""
    end: int
    """Last frame number."""
    tag: Tag | None = None
    """Kind of scene and its sub-kinds: 1 static, 2 linear, 3 interacting, 4 other."""


class TrajnetLines:
    """The lines of a file, sorted by what they hold."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.frame_step: int | None = None
        """Where a scene line of ours says it."""
        self.windows: dict[int, Window] = {}
        self.frames_per_second: float | None = None
        self.truth: list[tuple[int, Mapping[str, Any]]] = []
        """Line number and object."""
        self.forecasts: dict[int, list[tuple[int, Mapping[str, Any]]]] = {}
        for text, line in zip(*read_rows(path), strict=True):
            self._take(text, line)
        for rows in self.forecasts.values():
            for line, row in rows:
                if row["scene_id"] not in self.windows:
                    raise InputError(f"{path}:{line}: scene_id", "that of a scene line", f"{row['scene_id']}")

    def tracks(
        self, rows: Sequence[tuple[int, Mapping[str, Any]]], rate: float, names: dict[int, str], by_scene: bool
    ) -> Tracks:
        """Track lines, in any order, as tracks; one that says the same again is passed over."""
        lines = np.array([line for line, _ in rows])
        scene, track, frame = (self.numbers(key, rows) for key in ("scene_id" if by_scene else "p", "p", "f"))
        scene = scene if by_scene else np.zeros_like(scene)
        position = np.array([(row["x"], row["y"]) for _, row in rows], np.float64)
        order = np.lexsort((lines, frame, track, scene))
        same = np.ones(len(order) - 1, np.bool_)
        for column in (scene, track, frame, position[:, 0], position[:, 1]):
            same &= np.diff(column[order]) == 0
        kept = order[np.append(True, ~same)]
        return Tracks.from_rows(
            scene[kept],
            track[kept],
            frame[kept] / rate,
            position[kept],
            scene_names=names,
            where=str(self.path),
            rows=lines[kept].tolist(),
        )

    def numbers(self, key: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> NDArray[np.int64]:
        """One whole number of each line."""
        return np.array([row[key] for _, row in rows], np.int64)

    def _take(self, text: str, line: int) -> None:
        try:
            given = json.loads(text)
        except json.JSONDecodeError as error:
            raise InputError(f"{self.path}:{line}", "a JSON object", f"{error.msg} at character {error.pos}") from error
        if not isinstance(given, dict) or not isinstance(given.get("track", given.get("scene")), dict):
            raise InputError(f"{self.path}:{line}", '{"track": {...}} or {"scene": {...}}', repr(text[:60]))
        if "track" in given:
            self._take_track(given["track"], line)
        else:
            self._take_scene(given["scene"], line)

    def _take_track(self, row: Mapping[str, Any], line: int) -> None:
        for key, least in (("f", -(2**53)), ("p", 0)):
            self._whole(row, key, line, least)
        for key in ("x", "y"):
            value = row.get(key)
            if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
                raise InputError(f"{self.path}:{line}: {key}", "finite metres", repr(value))
        if row.get("prediction_number") is None:
            self.truth.append((line, row))
            return
        self._whole(row, "scene_id", line)
        self.forecasts.setdefault(self._whole(row, "prediction_number", line), []).append((line, row))

    def _take_scene(self, row: Mapping[str, Any], line: int) -> None:
        number, pedestrian = self._whole(row, "id", line), self._whole(row, "p", line)
        start, end = (self._whole(row, key, line, -(2**53)) for key in ("s", "e"))
        if number in self.windows:
            raise InputError(f"{self.path}:{line}: id", "a number of its own for each scene", f"{number} again")
        if end < start:
            raise InputError(f"{self.path}:{line}: e", f"at least s, which is {start}", f"{end}")
        self.windows[number] = Window(number, pedestrian, start, end, self._tag(row.get("tag"), line))
        rate = row.get("fps")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not (np.isfinite(rate) and rate > 0):
            raise InputError(f"{self.path}:{line}: fps", "a finite number over 0", repr(rate))
        if self.frames_per_second not in (None, float(rate)):
            raise InputError(f"{self.path}:{line}: fps", f"{self.frames_per_second:g}, as before", f"{rate:g}")
        self.frames_per_second = float(rate)
        if "frame_step" in row:
            self.frame_step = self._whole(row, "frame_step", line, 1)

    def _tag(self, tag: Any, line: int) -> Tag | None:
        """A tag in any of the forms in use: 3, [3, [1, 2]], [3, []], [3], [] and none."""
        parts = [tag] if isinstance(tag, int) else ([] if tag is None else tag)
        if parts == []:
            return None
        try:
            kind, *more = parts
            below = more[0] if more else []
            found = int(kind), tuple(int(each) for each in (below if isinstance(below, list) else [below]))
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.path}:{line}: tag", "a kind and its sub-kinds: [3, [1, 2]]", repr(tag)) from error
        return found

    def _whole(self, row: Mapping[str, Any], key: str, line: int, least: int = 0) -> int:
        value = row.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 2**53:
            raise InputError(f"{self.path}:{line}: {key}", f"a whole number from {least}", repr(value))
        return value
