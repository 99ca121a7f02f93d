"""Recorded tracks that are never in memory as a whole: Parquet, read row group by row group in an order of its own.

What is read is a *visit*: some whole scenes, `VISIT_ROWS` rows or more of a row group, of which `VISIT_EXAMPLES`
examples are taken. A *window* is so many batches as hold `shuffled` examples. Its batches are cut into the same
`STRIPES` stripes of rows, each of which is filled from visits of its own and shuffled over the window. So a process
with some rows of every batch reads what fills these rows alone, and yet what stands where is a function of seed and
epoch: any number of processes make the same batches, and any of them can begin at any batch.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Int

from pathcast.errors import InputError
from pathcast.model.training.examples import Examples
from pathcast.model.training.observed import Observed
from pathcast.model.training.recorded_scenes import RecordedScenes
from pathcast.model.training.recorded_source import shuffled_places
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.visits import plan_visits

VISIT_EXAMPLES: Final = 64
STRIPES: Final = 16
"""Processes up to which none reads what another does."""
MOST_SAMPLED: Final = 8192
"""Examples that anchors are fitted to."""


class StreamedTracks:
    """Prefixes of recorded tracks as of `RecordedSource`, from folders of any size.

    Examples of training come in endless passes over all visits in an order that is drawn anew for each; row groups are
    visited in proportion to their rows, and the ends of a visit's scenes come equally often. Validation and test are
    samples, evenly over their row groups, that are read once.
    """

    def __init__(self, settings: TrainingSettings) -> None:
        """Reads the files' footers, and the scenes of validation and test.

        Raises:
            InputError: A file that cannot be read, other axes than the first one's, too few row groups to spare some
                for validation and test, or too few examples.
        """
        self._settings = settings
        self._visits = plan_visits(settings)
        self.num_axes: Literal[2, 3] = self._visits["train"].num_axes
        nums = {"validation": settings.num_validation, "test": settings.num_test}
        self._samples = {part: self._sample(part, num) for part, num in nums.items()}
        self._windows = _Windows.of(settings)

    def observed(self, part: str, epoch: int, num: int, num_ends: int) -> Observed:
        """As `Source.observed`, with one end per prefix; of training a sample of at most `MOST_SAMPLED`."""
        random = self._random(f"sampled {part} {epoch}")
        if part != "train":
            scenes = self._samples[part]
            return scenes.draw(scenes.for_scores(num), random, False)
        scenes = self._sample(part, min(num, MOST_SAMPLED))
        places = shuffled_places(len(scenes.ends), epoch, min(num, MOST_SAMPLED), self._settings.seed)
        return scenes.draw(scenes.ends[places], random, True)

    def own_batches(
        self, epoch: int, first: int, share: Callable[[int], slice], make: Callable[[Observed], Examples]
    ) -> Iterator[tuple[Examples, int]]:
        """As `StreamedSource.own_batches`."""
        windows = self._windows
        for window in range(first // windows.num_batches, windows.num_windows):
            sizes = windows.batch_sizes(window)
            batches = [number for number in range(len(sizes)) if window * windows.num_batches + number >= first]
            shares = {number: np.arange(sizes[number])[share(sizes[number])] for number in batches}
            places = np.concatenate([windows.places(epoch, window, number, shares[number]) for number in batches])
            blocks, row = np.unique(places // VISIT_EXAMPLES, return_inverse=True)
            made = self._blocks(blocks, make) if len(blocks) else None
            begin = 0
            for number in batches:
                count = len(shares[number])
                rows = row[begin : begin + count] * VISIT_EXAMPLES + places[begin : begin + count] % VISIT_EXAMPLES
                begin += count
                whole = made or self._blocks(np.zeros(1, np.int64), make)  # of whose examples no row is taken
                yield whole.take(rows), sizes[number]

    def _blocks(self, blocks: Int[np.ndarray, " block"], make: Callable[[Observed], Examples]) -> Examples:
        """All examples of some blocks, in their order. A visit without any end is left out for the one after it."""
        visits, made = self._visits["train"], {}
        waiting = {int(block): int(block) for block in blocks}
        while waiting:
            again = {}
            for turns, scenes in visits.read({block: visits.in_turn(turn) for block, turn in waiting.items()}):
                prepared = RecordedScenes(self._settings, scenes, self.num_axes, "train")
                for block in turns:
                    turn = waiting[block]
                    if len(prepared.ends):
                        made[block] = make(self._draw(prepared, block, turn // visits.num_visits))
                    elif turn - block < visits.num_visits:
                        again[block] = turn + 1
                    else:
                        raise InputError("train tracks", "an observation with enough known before and after it", "none")
            waiting = again
        return Examples.concatenate([made[int(block)] for block in blocks])

    def _draw(self, scenes: RecordedScenes, block: int, turn: int) -> Observed:
        places = shuffled_places(len(scenes.ends), turn, VISIT_EXAMPLES, self._settings.seed)
        return scenes.draw(scenes.ends[places], self._random(f"streamed {block}"), True)

    def _sample(self, part: str, num: int) -> RecordedScenes:
        """Scenes of visits that are spread evenly over a part, for about so many examples."""
        scenes = RecordedScenes(
            self._settings, self._visits[part].spread(-(-num // VISIT_EXAMPLES)), self.num_axes, part
        )
        scenes.require_examples(part)
        return scenes

    def _random(self, purpose: str) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=[self._settings.seed, zlib.crc32(purpose.encode())]))


@dataclass(frozen=True)
class _Windows:
    """How an epoch's rows are filled from numbered blocks of `VISIT_EXAMPLES` examples each."""

    num_train: int
    batch: int
    num_batches: int
    """Of a window; the last one may have fewer."""
    seed: int

    @classmethod
    def of(cls, settings: TrainingSettings) -> _Windows:
        most = max(settings.shuffled // settings.batch, 1)
        return cls(settings.num_train, settings.batch, min(most, settings.steps_per_epoch), settings.seed)

    @property
    def num_windows(self) -> int:
        return -(-self.num_train // (self.batch * self.num_batches))

    def batch_sizes(self, window: int) -> list[int]:
        """Rows of each batch of a window."""
        begin = window * self.batch * self.num_batches
        end = min(begin + self.batch * self.num_batches, self.num_train)
        return [min(self.batch, end - start) for start in range(begin, end, self.batch)]

    def places(self, epoch: int, window: int, batch: int, rows: Int[np.ndarray, " row"]) -> Int[np.ndarray, " row"]:
        """Where the examples of some rows of a batch stand, counted through all blocks of all epochs."""
        num_batches = len(self.batch_sizes(window))
        edges = np.arange(STRIPES + 1) * self.batch // STRIPES
        widths = np.diff(edges)
        stripe = np.searchsorted(edges, rows, side="right") - 1
        first = self._first_block(epoch, window)
        begins = first + np.r_[0, np.cumsum(_num_blocks(widths * num_batches))]
        found = np.empty(len(rows), np.int64)
        for each in np.unique(stripe).tolist():
            chosen = stripe == each
            random = np.random.Generator(np.random.Philox(key=[self.seed, 9_000_000 + int(begins[each])]))
            order = random.permutation(int(begins[each + 1] - begins[each]) * VISIT_EXAMPLES)
            found[chosen] = begins[each] * VISIT_EXAMPLES + order[batch * widths[each] + rows[chosen] - edges[each]]
        return found

    def _first_block(self, epoch: int, window: int) -> int:
        """The number of a window's first block: of whole windows before it, and of epochs with a shorter last one."""
        widths = np.diff(np.arange(STRIPES + 1) * self.batch // STRIPES)
        whole = int(_num_blocks(widths * self.num_batches).sum())
        last = int(_num_blocks(widths * len(self.batch_sizes(self.num_windows - 1))).sum())
        return epoch * (whole * (self.num_windows - 1) + last) + whole * window


def _num_blocks(num_examples: Int[np.ndarray, " stripe"]) -> Int[np.ndarray, " stripe"]:
    return -(-num_examples // VISIT_EXAMPLES)
