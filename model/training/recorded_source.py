"""Recorded tracks, any number of scenes at any rates, all of them in memory."""

from __future__ import annotations

import zlib
from typing import Literal

import numpy as np
from jaxtyping import Int

from pathcast.model.training.observed import Observed
from pathcast.model.training.recorded_scenes import RecordedScenes
from pathcast.model.training.settings import TrainingSettings
from pathcast.tracks import Tracks


class RecordedSource:
    """Prefixes of recorded tracks: of random lengths, with observations missing, mirrored and stretched; half of them
    with noise of their own level, from none to `noise_m`, which a history shows.

    Validation and test take whole prefixes as they were recorded, wherever there are enough of them.
    """

    def __init__(self, settings: TrainingSettings, parts: dict[str, Tracks]) -> None:
        """The source.

        Args:
            settings: Of the run.
            parts: Tracks of "train", "validation" and "test", all in two axes or all in three; none in two of them.

        Raises:
            InputError: A part without enough examples, or parts of other axes than the rest.
        """
        self._settings = settings
        self.num_axes: Literal[2, 3] = 3 if any(tracks.num_axes == 3 for tracks in parts.values()) else 2
        self._parts = {name: self._prepare(name, tracks) for name, tracks in parts.items()}

    def _prepare(self, name: str, tracks: Tracks) -> RecordedScenes:
        scenes = RecordedScenes(self._settings, tracks, self.num_axes, name)
        scenes.require_examples(name)
        return scenes

    def num_examples(self, part: str) -> int:
        """Ends that a part's examples are drawn from."""
        return len(self._parts[part].ends)

    def observed(self, part: str, epoch: int, num: int, num_ends: int) -> Observed:
        """As `Source.observed`, with one end per prefix whatever `num_ends` says.

        Epochs of training follow one another through shuffled passes over the ends, so that each comes equally often;
        of the other parts there are never more than there are ends.
        """
        scenes = self._parts[part]
        random = np.random.Generator(
            np.random.Philox(key=[self._settings.seed, zlib.crc32(f"recorded {part} {epoch}".encode())])
        )
        is_training = part == "train"
        places = shuffled_places(len(scenes.ends), epoch, num, self._settings.seed) if is_training else None
        ends = scenes.for_scores(num) if places is None else scenes.ends[places]
        return scenes.draw(ends, random, is_training)


def shuffled_places(num_ends: int, turn: int, num: int, seed: int) -> Int[np.ndarray, " example"]:
    """Places of a turn: the next `num` of endless shuffled passes, so that each comes equally often.

    Args:
        num_ends: Places there are.
        turn: From 0.
        num: Places of each turn.
        seed: Of the order.
    """
    wanted = np.arange(turn * num, (turn + 1) * num)
    passes = {
        number: np.random.Generator(np.random.Philox(key=[seed, 7_000_000 + number])).permutation(num_ends)
        for number in np.unique(wanted // num_ends).tolist()
    }
    order = np.stack([passes[number] for number in sorted(passes)])
    return np.asarray(order[wanted // num_ends - wanted[0] // num_ends, wanted % num_ends])
