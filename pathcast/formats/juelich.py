"""Jülich: pedestrians as rows `id frame x y z` below comments, as PeTrack, JuPedSim and the Jülich archive write them.

`# framerate: 25 fps` in a comment says how fast the frames are. Positions are centimetres in older files and metres in
newer ones, and most files do not say which: the unit is asked for, never guessed. The height z, of a head or of the
floor, and further columns are passed over.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.formats.columns import LENGTHS
from pathcast.formats.eth_ucy import check_frame_rate
from pathcast.formats.frames import check_one_scene, check_planar, check_track_numbers, numbered_frames
from pathcast.formats.text import check_whole, parse_numbers, read_rows
from pathcast.tracks import Tracks

COLUMNS = ("id", "frame", "x", "y")
MARK = re.compile(r"#.*framerate", re.IGNORECASE)
_RATE = re.compile(r"#\s*framerate\s*[:=]?\s*(?P<rate>\S+)", re.IGNORECASE)
_UNIT = re.compile(r"(?<![a-z])x\s*(?:/|\[|\(|\s(?=in\s))\s*(?:in\s+)?(?P<unit>[a-z]+)", re.IGNORECASE)


def read_juelich(path: Path, *, scale: float | None = None, frames_per_second: float | None = None) -> Tracks:
    """One scene of pedestrians in 2 axes, named after its file.

    Args:
        path: The file.
        scale: Metres per unit of the positions: 0.01 for centimetres, 1 for metres.
        frames_per_second: For a file whose comments do not say it.

    Raises:
        InputError: No scale or rate, or one that a comment contradicts; with the line, a row that is not as said, a
            pedestrian that stands twice in a frame, or one whose frames go backwards.
    """
    rows, lines = read_rows(path)
    comments = {line: row for row, line in zip(rows, lines, strict=True) if row.lstrip().startswith("#")}
    metres = _check_scale(comments, path, scale)
    rate = _frame_rate(comments, path, frames_per_second)
    kept = [(row, line) for row, line in zip(rows, lines, strict=True) if line not in comments]
    numbers = [line for _, line in kept]
    values = parse_numbers(_first_cells(kept, path), numbers, COLUMNS, path, None)
    check_whole(values[:, 0], "id", numbers, path)
    _check_frames(values[:, 1], numbers, path)
    return Tracks.from_rows(
        0,
        values[:, 0].astype(np.uint64),
        values[:, 1] / rate,
        values[:, 2:] * metres,
        scene_names={0: path.stem},
        where=str(path),
        rows=numbers,
    )


def write_juelich(
    tracks: Tracks, path: Path, *, frames_per_second: float | None = None, scale: float | None = None
) -> None:
    """Writes what was seen as rows `id frame x y`, by frame and pedestrian, below rate and unit; atomically.

    Args:
        tracks: One scene in 2 axes, its times at whole frames.
        path: The file.
        frames_per_second: By default the one that the times show.
        scale: Metres per unit of the file: 0.01 for centimetres, 1 for metres.

    Raises:
        InputError: No scale, times at no steady rate, several scenes, heights, or a place where no file can be written.
    """
    unit = {0.01: "cm", 1.0: "m"}.get(_asked(path, scale))
    if unit is None:
        raise InputError("scale", "0.01 for centimetres or 1 for metres", f"{scale}")
    check_planar(tracks, str(path))
    check_one_scene(tracks, str(path))
    check_track_numbers(tracks, str(path))
    frames, rate = numbered_frames(tracks, str(path), frames_per_second)
    values = tracks.position / _asked(path, scale)
    order = np.lexsort((tracks.track, frames))
    with replacing(path) as part, part.open("w", encoding="utf-8") as file:
        file.write(f"# framerate: {rate!r} fps\n# id frame x/{unit} y/{unit}\n")
        for row in order[tracks.valid[order]].tolist():
            file.write(f"{tracks.track[row]} {frames[row]} {float(values[row, 0])!r} {float(values[row, 1])!r}\n")


def _asked(path: Path, scale: float | None) -> float:
    """The scale, which there must be."""
    if scale is None:
        raise InputError("scale", f"the unit of {path.name} given: 0.01 for centimetres, 1 for metres", "none")
    if not (np.isfinite(scale) and scale > 0):
        raise InputError("scale", "a finite number over 0", f"{scale}")
    return float(scale)


def _check_scale(comments: dict[int, str], path: Path, scale: float | None) -> float:
    """Metres per unit as given, unless a comment on the columns says otherwise."""
    given = _asked(path, scale)
    for line, comment in comments.items():
        match = _UNIT.search(comment)
        stated = LENGTHS.get(match["unit"].lower()) if match else None
        if stated is not None and abs(given / stated - 1) > 1e-6:
            raise InputError(f"{path}:{line}", f"the unit that scale={given:g} names", comment.strip()[:80])
    return given


def _frame_rate(comments: dict[int, str], path: Path, given: float | None) -> float:
    """The rate that a comment states, or else the one given."""
    if given is not None:
        check_frame_rate(given)
    for line, comment in comments.items():
        match = _RATE.search(comment)
        if match is None:
            continue
        try:
            stated = float(match["rate"].lower().removesuffix("fps"))
            check_frame_rate(stated)
        except ValueError as error:
            raise InputError(f"{path}:{line}: framerate", "a finite number over 0", repr(match["rate"])) from error
        if given is not None and abs(given / stated - 1) > 1e-6:
            raise InputError(f"{path}:{line}: framerate", f"{given:g}, the frames_per_second given", f"{stated:g}")
        return stated
    if given is None:
        raise InputError(str(path), "a comment `# framerate: 25 fps`, or frames_per_second given", "neither")
    return given


def _first_cells(rows: list[tuple[str, int]], path: Path) -> list[str]:
    """Id, frame, x and y of each row; what comes after them must be as much in every row."""
    counts = [len(row.split()) for row, _ in rows]
    for count, (_, line) in zip(counts, rows, strict=True):
        if count < len(COLUMNS) or count != counts[0]:
            expected = f"{max(counts[0], len(COLUMNS))} columns, id frame x y and at will z and more"
            raise InputError(f"{path}:{line}", expected, f"{count}")
    return [" ".join(row.split(None, len(COLUMNS))[: len(COLUMNS)]) for row, _ in rows]


def _check_frames(frames: np.ndarray, lines: list[int], path: Path) -> None:
    """Refuses frames that are no whole numbers."""
    wrong = np.flatnonzero((frames != np.floor(frames)) | (np.abs(frames) > 2**53))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(f"{path}:{lines[row]}: frame", "a whole number", f"{frames[row]:g}")
