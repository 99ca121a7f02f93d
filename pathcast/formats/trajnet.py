"""TrajNet++: ndjson with one object a line, `{"scene": ...}` or `{"track": ...}` (Kothari et al. 2021).

The track lines without a prediction number are one recording: frame f, pedestrian p, x and y in metres. A scene line
names a window of it: from frame s to frame e about pedestrian p, at fps sampled frames a second. Where the frames of a
video are numbered, sampled ones are several numbers apart: as many as the greatest common divisor of the differences
says, or frame_step, which our own scene lines have besides. Track lines with prediction_number and scene_id are
forecasts of a scene.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.formats.eth_ucy import check_frame_rate
from pathcast.formats.frames import check_planar, check_track_numbers, numbered_frames
from pathcast.formats.trajnet_lines import TrajnetLines, Window
from pathcast.tracks import Tracks

FRAMES_PER_SECOND: Final = 2.5
"""Of all published sets: a step is 0.4 s."""
OBSERVED: Final = 9
"""Sampled frames of a scene that are seen, the last of them the present."""
PREDICTED: Final = 12


@dataclass(frozen=True, eq=False)
class TrajnetFile:
    """What such a file holds."""

    recording: Tracks
    """One scene, numbered 0."""
    windows: tuple[Window, ...] = ()
    predictions: Mapping[int, Tracks] = field(default_factory=lambda: MappingProxyType({}))
    """Forecasts by prediction number, 0 the most probable; their scenes are those of the windows."""
    frames_per_second: float = FRAMES_PER_SECOND
    """Sampled frames in a second."""
    frame_step: int = 1
    """Frame numbers from one sampled frame to the next."""

    @property
    def numbers_per_second(self) -> float:
        """Frame numbers that pass in a second."""
        return self.frames_per_second * self.frame_step

    def scenes(self) -> Tracks:
        """The windows as scenes of their own, each with everybody who is in it at some of its frames."""
        frames = np.round(self.recording.time * self.numbers_per_second)
        pieces = []
        for window in self.windows:
            inside = self.recording.select((frames >= window.start) & (frames <= window.end))
            pieces.append(Tracks.from_rows(window.scene, inside.track, inside.time, inside.position, inside.valid))
        return Tracks.concatenate(pieces) if pieces else self.recording.select(np.zeros(len(frames), np.bool_))


def read_trajnet(path: Path, *, frames_per_second: float | None = None) -> Tracks:
    """The recording of a file as one scene, named after the file.

    Args:
        path: The file.
        frames_per_second: Frame numbers that pass in a second; only needed where no scene line says it.

    Raises:
        InputError: As of `read_trajnet_file`.
    """
    return read_trajnet_file(path, frames_per_second=frames_per_second).recording


def read_trajnet_file(path: Path, *, frames_per_second: float | None = None) -> TrajnetFile:
    """Everything that a file holds.

    Raises:
        InputError: With the line: no JSON object, a field that is missing or of another type, scenes of differing fps,
            a pedestrian at two places in a frame, a forecast of a scene that there is not; or no fps at all.
    """
    lines = TrajnetLines(path)
    step = lines.frame_step or _frame_step(lines.numbers("f", lines.truth))
    rate = lines.frames_per_second
    if frames_per_second is not None:
        check_frame_rate(frames_per_second)
        rate = frames_per_second / step
    if rate is None:
        raise InputError(str(path), "a scene line with fps, or frames_per_second given", "neither")
    predictions = {
        number: lines.tracks(rows, rate * step, {}, by_scene=True) for number, rows in sorted(lines.forecasts.items())
    }
    if not lines.truth:
        raise InputError(str(path), "track lines without a prediction number", "none")
    recording = lines.tracks(lines.truth, rate * step, {0: path.stem}, by_scene=False)
    return TrajnetFile(recording, tuple(lines.windows.values()), MappingProxyType(predictions), rate, step)


def trajnet_of(
    tracks: Tracks,
    *,
    frames_per_second: float = FRAMES_PER_SECOND,
    observed: int = OBSERVED,
    predicted: int = PREDICTED,
) -> TrajnetFile:
    """Tracks as a recording with a window about whoever is seen at `observed + predicted` frames on end.

    A track that is longer makes several windows, end to end. One scene keeps its times and track numbers. Several
    scenes come one after the other, and their tracks are numbered on from 0.

    Args:
        tracks: In 2 axes, their times at whole frames.
        frames_per_second: Of the frames.
        observed: Frames seen.
        predicted: Frames to be forecast.

    Raises:
        InputError: A time at none of the frames, heights, or a window without frames.
    """
    if observed < 1 or predicted < 1:
        raise InputError("observed, predicted", "at least 1 frame each", f"{observed}, {predicted}")
    check_planar(tracks, "tracks")
    seen = tracks.select(tracks.valid)
    frames, _ = numbered_frames(seen, "tracks", frames_per_second)
    scenes, scene = np.unique(seen.scene, return_inverse=True)
    track = seen.track
    if len(scenes) > 1:
        first, last = np.full(len(scenes), np.iinfo(np.int64).max), np.full(len(scenes), np.iinfo(np.int64).min)
        np.minimum.at(first, scene, frames)
        np.maximum.at(last, scene, frames)
        begin = np.concatenate([[0], np.cumsum(last - first + 2)[:-1]])
        frames = frames - first[scene] + begin[scene]
        track = np.repeat(np.arange(seen.num_tracks, dtype=np.uint64), np.diff(seen.starts))
    name = seen.scene_names.get(int(scenes[0]), "") if len(scenes) == 1 else ""
    recording = Tracks.from_rows(
        0, track, frames / frames_per_second, seen.position, scene_names={0: name} if name else {}
    )
    windows = tuple(_windows(recording.track, np.round(recording.time * frames_per_second), observed + predicted))
    return TrajnetFile(recording, windows, frames_per_second=frames_per_second)


def write_trajnet(file: TrajnetFile, path: Path) -> None:
    """Writes scene lines, the recording by frame and pedestrian, and the forecasts; atomically.

    Raises:
        InputError: Times at none of the frames, heights, or a place where no file can be written.
    """
    recorded = _track_lines(file.recording, file, path)
    forecasts = [
        line for number, tracks in file.predictions.items() for line in _track_lines(tracks, file, path, number)
    ]
    with replacing(path) as part, part.open("w", encoding="utf-8") as out:
        for window in file.windows:
            scene: dict[str, Any] = {"id": window.scene, "p": window.pedestrian, "s": window.start, "e": window.end}
            scene |= {"fps": file.frames_per_second, "frame_step": file.frame_step}
            if window.tag is not None:
                scene["tag"] = [window.tag[0], list(window.tag[1])]
            out.write(json.dumps({"scene": scene}) + "\n")
        out.writelines(json.dumps({"track": line}) + "\n" for line in (*recorded, *forecasts))


def write_trajnet_tracks(tracks: Tracks, path: Path) -> None:
    """Writes tracks of 2.5 Hz as `trajnet_of` arranges them.

    Raises:
        InputError: As of `trajnet_of` and `write_trajnet`.
    """
    write_trajnet(trajnet_of(tracks), path)


def _frame_step(frames: NDArray[np.int64]) -> int:
    """The greatest common divisor of the differences of frame numbers; 1 where there is but one."""
    unique = np.unique(frames)
    return int(np.gcd.reduce(np.diff(unique))) if len(unique) > 1 else 1


def _windows(track: NDArray[np.uint64], frames: NDArray[np.float64], length: int) -> Iterator[Window]:
    """Stretches of that many frames on end of each track, end to end, in the order of tracks."""
    number = start = 0
    for row in range(len(frames)):
        if row == start or track[row] != track[row - 1] or frames[row] != frames[row - 1] + 1:
            start = row
        if row - start + 1 == length:
            yield Window(number, int(track[row]), int(frames[start]), int(frames[row]))
            number, start = number + 1, row + 1


def _track_lines(tracks: Tracks, file: TrajnetFile, path: Path, number: int | None = None) -> Iterator[dict[str, Any]]:
    """The track lines of what is valid, by frame and pedestrian; of forecasts by scene first."""
    check_planar(tracks, str(path))
    check_track_numbers(tracks, str(path))
    seen = tracks.select(tracks.valid)
    frames, _ = numbered_frames(seen, str(path), file.numbers_per_second)
    for row in np.lexsort((seen.track, frames, seen.scene)).tolist():
        x, y = seen.position[row].tolist()
        line: dict[str, Any] = {"f": int(frames[row]), "p": int(seen.track[row]), "x": x, "y": y}
        if number is not None:
            line |= {"prediction_number": number, "scene_id": int(seen.scene[row])}
        yield line
