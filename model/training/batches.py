"""Batches: what each step is computed from. Which examples stand in which, and in which order, is a function of the
settings alone; each process has its own rows of every one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from pathcast.model.training.examples import Examples
from pathcast.model.training.fitting_settings import FittingSettings
from pathcast.model.training.observed import Observed, StreamedSource
from pathcast.model.training.ranks import Ranks


def shuffled_rows(settings: FittingSettings, epoch: int, first: int = 0) -> Iterator[Int[np.ndarray, " row"]]:
    """Rows of each batch, where an epoch's examples are at hand: an order that is a function of seed and epoch alone.

    Args:
        settings: Of the run.
        epoch: From 0.
        first: Batches that are passed over.
    """
    random = np.random.Generator(np.random.Philox(key=[settings.seed, 1_000 + epoch]))
    order = random.permutation(settings.num_train)
    for start in range(first * settings.batch, len(order), settings.batch):
        yield order[start : start + settings.batch]


@dataclass(frozen=True, eq=False)
class Batch:
    """A process' own rows of a batch."""

    own: Examples
    num_rows: int
    """Of the whole batch."""


def whole_batches(
    examples: Examples, settings: FittingSettings, epoch: int, ranks: Ranks, first: int = 0
) -> Iterator[Batch]:
    """Batches of an epoch whose examples are all at hand, of which each process takes its own rows.

    Args:
        examples: `num_train` of them.
        settings: Of the run.
        epoch: From 0.
        ranks: Whose rows are taken.
        first: Batches that are passed over.
    """
    for rows in shuffled_rows(settings, epoch, first):
        yield Batch(examples.take(rows[ranks.share(len(rows))]), len(rows))


def streamed_batches(
    source: StreamedSource, make: Callable[[Observed], Examples], epoch: int, ranks: Ranks, first: int = 0
) -> Iterator[Batch]:
    """Batches of an epoch of which each process makes its own rows alone, in the source's order.

    Args:
        source: Where they come from.
        make: Examples of observations.
        epoch: From 0.
        ranks: Whose rows are made.
        first: Batches that are passed over.
    """
    for own, num_rows in source.own_batches(epoch, first, ranks.share, make):
        yield Batch(own, num_rows)
