"""TrajNet++ lines of forecasts: the recording, a scene line for each forecast, a prediction for each of its modes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.formats.frames import check_planar, numbered_frames
from pathcast.formats.trajnet import FRAMES_PER_SECOND
from pathcast.tracks import Tracks

FORM: Final = "TrajNet++ lines"
"""What messages call the file."""


class TrajnetOutput:
    """A file that `pathcast.formats.trajnet.read_trajnet_file` reads.

    Observations and offsets have to stand at whole frames, of the rate that the first tracks show. Several scenes come
    one after the other, their frames and tracks numbered on; one alone keeps its own.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._rate: float | None = None
        self._num_forecasts = 0
        self._next_frame = 0
        self._next_track = 0
        self._frames: dict[int, int] = {}
        """What is added to the frame numbers of each scene at hand."""
        self._tracks: dict[tuple[int, int], int] = {}
        self._first: dict[int, int] = {}
        """The frame at which each pedestrian was first seen."""

    def begin(self, tracks: Tracks) -> None:
        """Writes the observations.

        Raises:
            InputError: Heights, or a time at none of the frames.
        """
        check_planar(tracks, FORM)
        seen = tracks.select(tracks.valid)
        self._frames, self._tracks, self._first = {}, {}, {}
        if not seen.num_rows:
            return
        if self._rate is None and (seen.time == seen.time[0]).all():
            self._rate = FRAMES_PER_SECOND  # nothing shows another
        frames, self._rate = numbered_frames(seen, FORM, self._rate)
        for scene in np.unique(seen.scene).tolist():
            inside = frames[seen.scene == scene]
            shift = 0 if not self._next_frame and not self._next_track else self._next_frame - int(inside.min())
            self._frames[scene] = shift
            of_scene = np.unique(seen.track[seen.scene == scene]).tolist()
            first = self._next_track
            self._tracks |= {(scene, each): first + place if first else each for place, each in enumerate(of_scene)}
            self._next_frame = int(inside.max()) + shift + 2
            self._next_track = max(self._tracks.values()) + 1
        for row in np.lexsort((seen.track, frames, seen.scene)).tolist():
            scene = int(seen.scene[row])
            x, y = seen.position[row].tolist()
            number = self._tracks[scene, int(seen.track[row])]
            frame = int(frames[row]) + self._frames[scene]
            self._first.setdefault(number, frame)
            self._write("track", {"f": frame, "p": number, "x": x, "y": y})

    def append(self, table: pa.Table) -> None:
        if not table.num_rows or self._rate is None:
            return
        if "means" not in table.column_names:
            raise InputError("outputs", "means, which are what TrajNet++ lines hold", ", ".join(table.column_names))
        offsets = np.asarray(json.loads(table.schema.metadata[b"pathcast.forecasts"])["offsets_s"])
        steps = self._steps(offsets)
        means = np.asarray(table["means"].combine_chunks().flatten()).reshape(table.num_rows, -1, len(offsets), 2)
        origins = table.select(["scene", "track", "origin_time"]).to_pylist()
        for origin, paths in zip(origins, means, strict=True):
            scene = origin["scene"]
            present = round(origin["origin_time"] * self._rate) + self._frames[scene]
            self._forecast(present + steps, self._tracks[scene, origin["track"]], paths)

    def close(self) -> None:
        self._file.close()

    def _forecast(
        self,
        frames: Int[np.ndarray, " time"],
        pedestrian: int,
        paths: Float[np.ndarray, "mode time axis"],
    ) -> None:
        number = self._num_forecasts
        self._num_forecasts += 1
        scene = {
            "id": number,
            "p": pedestrian,
            "s": self._first[pedestrian],
            "e": int(frames[-1]),
            "fps": self._rate,
            "frame_step": 1,
        }
        self._write("scene", scene)
        for mode, path in enumerate(paths.tolist()):
            for frame, (x, y) in zip(frames.tolist(), path, strict=True):
                line = {"f": frame, "p": pedestrian, "x": x, "y": y, "prediction_number": mode, "scene_id": number}
                self._write("track", line)

    def _steps(self, offsets: Float[np.ndarray, " time"]) -> Int[np.ndarray, " time"]:
        """Frames from the present to each offset."""
        assert self._rate is not None
        steps = np.round(offsets * self._rate)
        if (np.abs(steps - offsets * self._rate) > 1e-3).any():
            raise InputError(
                "offsets", f"whole frames of {self._rate:g} Hz, for TrajNet++ lines", f"{offsets.tolist()}"
            )
        return steps.astype(np.int64)

    def _write(self, kind: str, line: dict[str, Any]) -> None:
        self._file.write(json.dumps({kind: line}) + "\n")
