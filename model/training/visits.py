"""Visits: some whole scenes of a row group at a time, of recorded tracks that are never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from jaxtyping import Int

from pathcast.errors import InputError
from pathcast.formats.row_groups import RowGroups, find_row_groups, parquet_files
from pathcast.model.training.settings import TrainingSettings
from pathcast.tracks import Tracks

VISIT_ROWS: Final = 2048
HELD_OUT: Final = 10
"""Of so many row groups, where nothing is said, the last two are for validation and test."""


@dataclass(frozen=True, eq=False)
class Visits:
    """The visits of one part: each row group as often as it has `VISIT_ROWS` rows, at least once."""

    groups: Sequence[RowGroups]
    first: Int[np.ndarray, " group_and_one"]
    """Number of the first visit of each row group, and of all."""
    options: Mapping[str, Any]
    num_axes: Literal[2, 3]
    seed: int

    @classmethod
    def of(cls, groups: Sequence[RowGroups], options: Mapping[str, Any], num_axes: Literal[2, 3], seed: int) -> Visits:
        """All visits of some row groups."""
        numbers = [-(-group.num_rows // VISIT_ROWS) for group in groups]
        return cls(groups, np.r_[0, np.cumsum(numbers, dtype=np.int64)], options, num_axes, seed)

    @property
    def num_visits(self) -> int:
        return int(self.first[-1])

    def in_turn(self, turn: int) -> int:
        """The visit that is made in a turn of endless passes, each in another order."""
        return int(_order(self.seed, turn // self.num_visits, self.num_visits)[turn % self.num_visits])

    def read(self, chosen: Mapping[int, int]) -> Iterator[tuple[list[int], Tracks]]:
        """Scenes of some visits, with the keys that ask for each; every row group is read once.

        Args:
            chosen: Visits by any key.
        """
        keys: dict[int, list[int]] = {}
        for key, visit in chosen.items():
            keys.setdefault(visit, []).append(key)
        group: int | None = None
        for visit in sorted(keys):
            if group != (group := self._group_of(visit)):
                tracks = self.groups[group].read(self.options)
            yield keys[visit], _part(tracks, visit - int(self.first[group]), self._num_visits_of(group))

    def spread(self, num: int) -> Tracks:
        """Scenes of at most `num` visits, evenly over all; they are numbered anew."""
        visits = np.unique(np.linspace(0, self.num_visits - 1, min(num, self.num_visits)).round().astype(np.int64))
        pieces, count = [], 0
        for _, tracks in self.read({int(visit): int(visit) for visit in visits}):
            scenes, numbers = np.unique(tracks.scene, return_inverse=True)
            pieces.append(replace(tracks, scene=count + numbers.reshape(-1), scene_names={}))
            count += len(scenes)
        return Tracks.concatenate(pieces)

    def _group_of(self, visit: int) -> int:
        return int(np.searchsorted(self.first, visit, side="right")) - 1

    def _num_visits_of(self, group: int) -> int:
        return int(self.first[group + 1] - self.first[group])


def plan_visits(settings: TrainingSettings) -> dict[str, Visits]:
    """The visits of "train", "validation" and "test", by the files' footers.

    With validation tracks all others are trained on, and the scores are those of the validation tracks. Without them,
    of every `HELD_OUT` row groups of all files one chooses and one is scored.

    Raises:
        InputError: A file that cannot be read, has other columns or axes than the first, or fewer row groups.
    """
    groups, axes = _groups(settings.tracks, settings.reading)
    if settings.validation_tracks:
        others, other_axes = _groups(settings.validation_tracks, settings.reading)
        if other_axes != axes:
            raise InputError("validation tracks", f"positions in {axes} axes, as the others", f"{other_axes}")
        parts = {"train": groups, "validation": others, "test": others}
    else:
        if len(groups) < HELD_OUT:
            expected = f"at least {HELD_OUT} row groups of whole scenes, or validation_tracks"
            raise InputError("tracks", expected, f"{len(groups)}")
        number = {"validation": HELD_OUT - 2, "test": HELD_OUT - 1}
        parts = {name: groups[start::HELD_OUT] for name, start in number.items()}
        parts["train"] = [group for index, group in enumerate(groups) if index % HELD_OUT < HELD_OUT - 2]
    return {name: Visits.of(part, settings.reading, axes, settings.seed) for name, part in parts.items()}


def _groups(names: Sequence[str], options: Mapping[str, Any]) -> tuple[list[RowGroups], Literal[2, 3]]:
    groups: list[RowGroups] = []
    axes: set[int] = set()
    for path in parquet_files([Path(name) for name in names]):
        try:
            found, layout = find_row_groups(path, options)
        except TypeError as error:
            raise InputError("reading", "options of Parquet files, such as columns or scale", str(error)) from error
        groups += found
        axes.add(len(layout.axes))
        if len(axes) > 1:
            raise InputError(str(path), "as many axes as the files before it", f"{len(layout.axes)}")
    return groups, 3 if axes == {3} else 2


def _part(tracks: Tracks, visit: int, num_visits: int) -> Tracks:
    """Whole scenes of a row group, from the one at a share of its rows to the one at the next share; at least one."""
    begins = np.r_[0, np.flatnonzero(np.diff(tracks.scene)) + 1, tracks.num_rows]
    shares = np.array([visit, visit + 1]) * tracks.num_rows // num_visits
    low, high = np.searchsorted(begins, shares, side="right") - 1
    high = len(begins) - 1 if visit + 1 == num_visits else max(int(high), int(low) + 1)
    return tracks.select(slice(int(begins[low]), int(begins[high])))


@lru_cache(maxsize=2)
def _order(seed: int, turn: int, num: int) -> Int[np.ndarray, " visit"]:
    return np.random.Generator(np.random.Philox(key=[seed, 8_000_000 + turn])).permutation(num)
