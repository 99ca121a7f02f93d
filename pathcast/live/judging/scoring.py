"""Scoring: pieces of answers scored as they come, in this process or in another of low priority beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import Final, Self

import numpy as np

from pathcast.live.judging.picking import MANY_FRAMES, Piece
from pathcast.live.judging.scored import Scored
from pathcast.live.playing.streams import Truth
from pathcast.model import metrics
from pathcast.model.metrics.energy import energy_by_step
from pathcast.model.metrics.likelihood import log_density
from pathcast.simulator.draws import generator

MANY_SCENES: Final = 1 << 32
NICENESS: Final = 10
_truths: list[Truth] = []
"""Of the process that scores."""


def score(piece: Piece, truth: Truth, seed: int) -> Scored:
    """What the forecasts of a piece are worth; samples depend on seed, stream and frame alone.

    Args:
        piece: Some cases.
        truth: Of its stream.
        seed: Of the samples.
    """
    forecast, true = piece.answer.forecast, piece.true
    num = piece.num_cases
    places = truth.at(true, piece.time_s + forecast.offsets)
    random = generator(seed, "judging.samples", piece.stream * MANY_FRAMES + piece.frame)
    region = metrics.highest_density_regions(forecast, places, random, 0.9)
    point = metrics.point_path(forecast)
    goals, outcomes = piece.answer.goals, piece.answer.outcomes
    now = np.full(num, piece.time_s)
    # Also where it never comes to anything it is not decided yet.
    is_open = ~(truth.decided_at(true) <= now)
    return Scored(
        stream=np.full(num, piece.stream),
        frame=np.full(num, piece.frame),
        true=true,
        cluster=piece.stream * MANY_SCENES + truth.scene[true],
        time_s=now,
        num_seen=piece.num_seen,
        status=piece.answer.statuses.astype(np.int64),
        truth=places,
        forecast=forecast,
        error=np.linalg.norm(point - places, axis=2),
        nearest=metrics.best_of(forecast.means, places)[0],
        nll=-log_density(forecast, places),
        energy=energy_by_step(forecast, places, random),
        mass_above=region.mass_above,
        size=np.where(np.isnan(region.mass_above), np.nan, region.size),
        goals=np.full((num, 1), np.nan) if goals is None else goals[:, :-1].astype(np.float64),
        true_goal=truth.goal(true, now),
        outcomes=np.full((num, 1), np.nan) if outcomes is None else outcomes.astype(np.float64),
        true_outcome=np.where(is_open, truth.outcome(true), 0),
        times=piece.times,
        positions=piece.positions,
        lengths=piece.lengths,
    )


class Scorer:
    """Scores pieces in any order; a context manager."""

    def __init__(self, truths: Sequence[Truth], seed: int, is_beside: bool = False) -> None:
        """Args:
        truths: Of each stream.
        seed: Of the samples.
        is_beside: Whether another process scores, so that whoever streams is not held up.
        """
        self._truths, self._seed = list(truths), seed
        self._done: list[Scored] = []
        self._waiting: list[Future[Scored]] = []
        self._pool: ProcessPoolExecutor | None = None
        if is_beside:
            context = get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=(self._truths,))
            self._pool.submit(os.getpid).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=kind is not None)

    def add(self, piece: Piece) -> None:
        """Scores a piece, now or soon."""
        if self._pool is None:
            self._done.append(score(piece, self._truths[piece.stream], self._seed))
        else:
            self._waiting.append(self._pool.submit(_score, piece, self._seed))

    def scored(self) -> Scored | None:
        """All of them, in order; None where there was no case."""
        pieces = [*self._done, *(each.result() for each in self._waiting)]
        return Scored.concatenate(pieces).in_order() if pieces else None


def _begin(truths: list[Truth]) -> None:
    """Readies the process that scores: it gives way to everything else, and loads what it needs now."""
    import numba

    _truths[:] = truths
    numba.set_num_threads(1)
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def _score(piece: Piece, seed: int) -> Scored:
    return score(piece, _truths[piece.stream], seed)
