"""Shards: parts of a data set that can be made anywhere, and that joined in order are the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pathcast.errors import InputError
from pathcast.simulator.draws import BLOCK

MOST_SHARDS: Final = 99_999


@dataclass(frozen=True)
class Shard:
    """One of several parts, each of whole blocks of `BLOCK` objects by global index."""

    index: int
    """From 1."""
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_SHARDS:
            raise InputError("shard", f"1 to {MOST_SHARDS} shards", f"{self.count}")
        if not 1 <= self.index <= self.count:
            raise InputError("shard", f"a shard from 1 to {self.count} of {self.count}", f"{self.index}/{self.count}")

    @classmethod
    def named(cls, text: str) -> Shard:
        """The shard that `3/16` names.

        Raises:
            InputError: Another form, or a number outside its range.
        """
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
        if match is None:
            raise InputError("shard", "i/n, such as 3/16", repr(text))
        return cls(int(match[1]), int(match[2]))

    def part(self, first: int, num: int) -> tuple[int, int]:
        """The first object and the number of objects of its share of [first, first + num), which may be none."""
        start_block, end_block = first // BLOCK, -(-(first + num) // BLOCK)
        blocks = end_block - start_block

        def edge(index: int) -> int:
            return min(max((start_block + index * blocks // self.count) * BLOCK, first), first + num)

        return edge(self.index - 1), edge(self.index) - edge(self.index - 1)

    def path(self, whole: Path) -> Path:
        """Its own file beside that of the whole: `shots.parquet` becomes `shots-03-of-16.parquet`."""
        digits = len(str(self.count))
        return whole.with_name(f"{whole.stem}-{self.index:0{digits}d}-of-{self.count}{whole.suffix}")
