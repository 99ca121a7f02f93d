"""Faults: frames dropped, held up, connections cut and identities exchanged while an evaluation runs.

What a fault does is drawn from the seed. Dropped frames and exchanged numbers are made before anything is sent, so that
whoever is asked sees the same; the other two happen on the way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pathcast.errors import InputError
from pathcast.live.playing.streams import PlayedFrame, PlayedStream
from pathcast.simulator.draws import generator

USUAL: Final = {"drop": 0.05, "delay": 0.02, "cut": 6.0, "swap": 6.0}
UNITS: Final = {
    "drop": ("share of the frames that are never sent", 0.99),
    "delay": ("most seconds that a frame is held up", 10.0),
    "cut": ("times a minute that each stream's connection is cut", 600.0),
    "swap": ("times a minute that two tracks of a stream exchange their numbers", 6000.0),
}


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How much of each; 0: none."""

    drop: float = 0.0
    delay: float = 0.0
    cut: float = 0.0
    swap: float = 0.0

    @classmethod
    def named(cls, texts: Iterable[str]) -> Faults:
        """Faults as on the command line: `drop`, or `drop=0.1`.

        Raises:
            InputError: An unknown fault, or a number outside its range.
        """
        found: dict[str, float] = {}
        for text in texts:
            name, _, amount = text.partition("=")
            if name not in USUAL:
                raise InputError("--fault", f"one of {', '.join(USUAL)}", repr(name))
            unit, most = UNITS[name]
            try:
                found[name] = float(amount) if amount else USUAL[name]
            except ValueError:
                found[name] = -1.0
            if not 0 <= found[name] <= most:
                raise InputError(f"--fault {name}", f"0 to {most:g}, {unit}", repr(amount))
        return cls(**found)

    @property
    def any(self) -> bool:
        return any(value > 0 for value in (self.drop, self.delay, self.cut, self.swap))


def spoil(stream: PlayedStream, number: int, faults: Faults, seed: int) -> tuple[PlayedStream, int, int]:
    """A stream with frames dropped and numbers exchanged; how many frames, and how many pairs.

    Args:
        stream: As it was played.
        number: Of it.
        faults: How much.
        seed: Of the draws.
    """
    random = generator(seed, "judging.faults", number)
    frames, who = list(stream.frames), list(stream.who)
    kept = random.random(len(frames)) >= faults.drop
    duration_s = frames[-1].time_s - frames[0].time_s if frames else 0.0
    num_swaps = int(random.poisson(faults.swap * duration_s / 60.0))
    swapped = 0
    for index in sorted(random.integers(1, max(len(frames), 2), num_swaps).tolist()):
        ids = frames[index].ids if index < len(frames) else np.zeros(0, np.uint64)
        if len(ids) < 2:
            continue
        one, other = random.choice(ids, 2, replace=False)
        swapped += 1
        for later in range(index, len(frames)):
            frames[later] = _exchanged(frames[later], one, other)
    chosen = np.flatnonzero(kept).tolist()
    left = replace(stream, frames=tuple(frames[each] for each in chosen), who=tuple(who[each] for each in chosen))
    return left, len(frames) - len(chosen), swapped


def cut_times(faults: Faults, stream: PlayedStream, number: int, seed: int) -> set[int]:
    """Frames after which a stream's connection is cut."""
    if not stream.frames:
        return set()
    random = generator(seed, "judging.cuts", number)
    duration_s = stream.frames[-1].time_s - stream.frames[0].time_s
    num = max(int(random.poisson(faults.cut * duration_s / 60.0)), 1) if faults.cut > 0 else 0
    return set(random.integers(1, max(len(stream.frames) - 1, 2), num).tolist())


def _exchanged(frame: PlayedFrame, one: np.uint64, other: np.uint64) -> PlayedFrame:
    ids = np.where(frame.ids == one, other, np.where(frame.ids == other, one, frame.ids))
    return frame._replace(ids=ids)
