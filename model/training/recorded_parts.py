"""Parts of recorded tracks: what is trained on, what chooses, what is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pathcast.errors import InputError
from pathcast.formats import read_tracks
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.visits import HELD_OUT
from pathcast.tracks import Tracks

TRAIN_SHARE, VALIDATION_SHARE = 0.8, 0.1
"""Of each scene's time, in this order; the rest is the test part."""


def read_parts(settings: TrainingSettings) -> dict[str, Tracks]:
    """Tracks of "train", "validation" and "test".

    Without validation tracks, of every `HELD_OUT` scenes one chooses and one is scored, whole; of fewer scenes each
    one's time is cut twice, and tracks with it: what chooses and what is scored is always later than what was trained
    on. With validation tracks all others are trained on, and the scores are those of the validation tracks.

    Raises:
        InputError: Files that cannot be read, other options than readers have, or a scene too short to be cut.
    """
    tracks = _read(settings.tracks, settings.reading)
    if settings.validation_tracks:
        validation = _read(settings.validation_tracks, settings.reading)
        return {"train": tracks, "validation": validation, "test": validation}
    scenes, number = np.unique(tracks.scene, return_inverse=True)
    if len(scenes) >= HELD_OUT:
        turn = number.reshape(-1) % HELD_OUT
        rows = {"train": turn < HELD_OUT - 2, "validation": turn == HELD_OUT - 2, "test": turn == HELD_OUT - 1}
        return {name: tracks.select(each) for name, each in rows.items()}
    begins, spans = _times(tracks)
    since = (tracks.time - begins) / np.maximum(spans, 1e-9)
    last = TRAIN_SHARE + VALIDATION_SHARE
    return {
        "train": tracks.select(since < TRAIN_SHARE),
        "validation": tracks.select((since >= TRAIN_SHARE) & (since < last)),
        "test": tracks.select(since >= last),
    }


def _read(paths: Sequence[str], options: dict[str, Any]) -> Tracks:
    """All files, scene after scene."""
    try:
        pieces = [read_tracks(path, **options) for path in paths]
    except TypeError as error:
        raise InputError("reading", "options of read_tracks, such as format, columns or scale", str(error)) from error
    first = 0
    for index, piece in enumerate(pieces):
        scenes = np.unique(piece.scene, return_inverse=True)[1].reshape(-1)
        pieces[index] = replace(piece, scene=first + scenes, scene_names={})
        first += int(scenes.max(initial=-1)) + 1
    return Tracks.concatenate(pieces)


def _times(tracks: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """First time and span of each row's scene, seconds."""
    scenes, number = np.unique(tracks.scene, return_inverse=True)
    begins, ends = np.full(len(scenes), np.inf), np.full(len(scenes), -np.inf)
    np.minimum.at(begins, number, tracks.time)
    np.maximum.at(ends, number, tracks.time)
    return begins[number], (ends - begins)[number]
