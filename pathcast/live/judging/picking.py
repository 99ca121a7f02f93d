"""Picking: which forecasts of a stream are scored, and what had been seen of their tracks by then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.live.judging.answers import Answer
from pathcast.live.playing.streams import NOBODY, PlayedStream
from pathcast.simulator.draws import generator

LONGEST = 64
"""Newest observations that are kept of each track, for baselines and the oracle."""
MANY_FRAMES = 1 << 24


@dataclass(frozen=True, eq=False)
class Piece:
    """Some forecasts of one frame, with what had been seen."""

    stream: int
    frame: int
    time_s: float
    true: Int[np.ndarray, " case"]
    """True tracks; `NOBODY` is left out before."""
    num_seen: Int[np.ndarray, " case"]
    """Observations of the track as it was numbered."""
    answer: Answer
    """Of these cases."""
    times: Float[np.ndarray, "case past"]
    """Seconds of the newest observations; 0 beyond `lengths`."""
    positions: Float[np.ndarray, "case past axis"]
    lengths: Int[np.ndarray, " case"]

    @property
    def num_cases(self) -> int:
        return len(self.true)


class Picker:
    """Follows what one stream sends, and picks cases of its answers by draws that depend on stream and frame alone."""

    def __init__(self, number: int, stream: PlayedStream, share: float, coast_s: float, seed: int) -> None:
        """Args:
        number: Of the stream.
        stream: Its frames.
        share: Of the forecasts, that are picked.
        coast_s: A track unseen for longer begins anew.
        seed: Of the draws.
        """
        self._number, self._stream, self._share = number, stream, share
        self._coast_s, self._seed = coast_s, seed
        self._times: dict[int, list[float]] = {}
        self._positions: dict[int, list[NDArray[np.float64]]] = {}
        self._counts: dict[int, int] = {}
        self._next = 0

    def pick(self, answer: Answer) -> Piece | None:
        """The cases of an answer; answers come in the order of frames. None where there is none."""
        while self._next <= answer.frame:
            self._see(self._next)
            self._next += 1
        frame, who = self._stream.frames[answer.frame], self._stream.who[answer.frame]
        draws = generator(self._seed, "judging.cases", self._number * MANY_FRAMES + answer.frame).random(len(frame.ids))
        order = np.argsort(frame.ids)
        place = np.searchsorted(frame.ids, answer.ids, sorter=order)
        place = order[np.minimum(place, len(order) - 1)] if len(order) else place
        if not len(order):
            return None
        # Tracks that coast are in the answer, but were not seen in this frame.
        is_seen = frame.ids[place] == answer.ids
        rows = np.flatnonzero(is_seen & (draws[place] < self._share) & (who[place] != NOBODY))
        if not len(rows):
            return None
        ids = answer.ids[rows].tolist()
        lengths = np.array([len(self._times[each]) for each in ids])
        times = np.zeros((len(rows), int(lengths.max())))
        positions = np.zeros((*times.shape, frame.positions.shape[1]))
        for row, each in enumerate(ids):
            times[row, : lengths[row]] = self._times[each]
            positions[row, : lengths[row]] = self._positions[each]
        chosen = Answer(
            answer.frame,
            answer.ids[rows],
            answer.statuses[rows],
            answer.forecast.take(rows),
            None if answer.goals is None else answer.goals[rows],
            None if answer.outcomes is None else answer.outcomes[rows],
        )
        counts = np.array([self._counts[each] for each in ids])
        return Piece(
            self._number, answer.frame, frame.time_s, who[place[rows]], counts, chosen, times, positions, lengths
        )

    def _see(self, index: int) -> None:
        """Takes in what was sent in a frame."""
        frame = self._stream.frames[index]
        for number, position in zip(frame.ids.tolist(), frame.positions, strict=True):
            times = self._times.get(number)
            if times is None or frame.time_s - times[-1] > self._coast_s + 1e-9:
                times = self._times[number] = []
                self._positions[number] = []
                self._counts[number] = 0
            times.append(frame.time_s)
            self._positions[number].append(position)
            self._counts[number] += 1
            if len(times) > LONGEST:
                del times[0], self._positions[number][0]
