"""Records: scenes and answers as the page reads them, plain values for JSON.

The page draws what stands here and computes nothing of its own but where on the screen it is.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from pathcast.live.page.scenes import ShownScene
from pathcast.service.client import Forecasts, Opened, Status
from pathcast.venue import Venue

Record = dict[str, Any]
PLACES = 3
"""Decimals of metres."""
MOST_MODES = 12
"""Futures of a track that are drawn, the likeliest."""


def scene_record(scene: ShownScene, opened: Opened, number: int) -> Record:
    """What is known when a scene begins.

    Args:
        scene: Which.
        opened: The stream that it is sent over.
        number: Of the scene since the viewer chose, from 1.
    """
    low, high = scene.bounds
    venue = scene.venue if scene.venue is not None else opened.venue
    return {
        "kind": "scene",
        "number": number,
        "title": scene.title,
        "axes": scene.num_axes,
        "begin": scene.frames[0][0],
        "end": scene.frames[-1][0],
        "bounds": [_round(np.array(low)), _round(np.array(high))],
        "from": _round(next(positions[0] for _, ids, positions in scene.frames if len(ids))),
        "radius": scene.radius_m,
        "venue": None if venue is None else venue_record(venue),
        "model": {"name": opened.model.name, "version": opened.model.version},
        "offsets": list(opened.offsets_s),
        "outcomes": list(opened.outcome_names),
        "goals": [*scene.goals, "none of them"] if "goals" in opened.outputs and scene.goals else [],
        "isRecording": opened.is_recording,
        "hasTruth": scene.truth is not None,
        "became": scene.became,
        "becameAt": scene.became_at_s,
    }


def venue_record(venue: Venue) -> Record:
    """A place: its fields by name, without what it has not."""
    return {name: value for name, value in asdict(venue).items() if value not in (None, ())}


def answer_record(scene: ShownScene, frame: int, forecasts: Forecasts, opened: Opened, age_ms: float) -> Record:
    """The answer to one frame, beside what was seen and true in it.

    Args:
        scene: Which.
        frame: Number of the frame in it.
        forecasts: What the server says.
        opened: Its stream.
        age_ms: Milliseconds from sending to delivery, by the client's clock.
    """
    time, ids, positions = scene.frames[frame]
    seen = dict(zip(ids, positions, strict=True))
    true = {} if scene.truth is None else scene.truth[frame]
    rows = {int(track): row for row, track in enumerate(forecasts.track_ids)}
    tracks = []
    for track in sorted({*seen, *true, *rows}):
        record: Record = {"id": str(track)}  # an id of 64 bits is not a number to JavaScript
        if track in seen and np.isfinite(seen[track]).all():
            record["seen"] = _round(seen[track])
        if track in true:
            record["true"] = _round(true[track])
        if track in rows:
            record |= _forecast_record(forecasts, rows[track])
        tracks.append(record)
    return {"kind": "answer", "frame": frame, "time": time, "ageMs": round(age_ms, 2), "tracks": tracks}


def _forecast_record(forecasts: Forecasts, row: int) -> Record:
    """What the server says of one track; probabilities are those of the wire to six decimals."""
    record: Record = {"status": Status(int(forecasts.statuses[row])).name.lower().replace("_", " ")}
    shown = min(MOST_MODES, forecasts.probabilities.shape[1])
    record["modes"] = [round(float(each), 6) for each in forecasts.probabilities[row, :shown]]
    if forecasts.means is not None:
        record["paths"] = [_round(path) for path in forecasts.means[row, :shown]]
    if forecasts.covariances is not None:
        record["spread"] = np.round(forecasts.covariances[row, 0].astype(np.float64), 5).tolist()
    for name, values in (("outcomes", forecasts.outcomes), ("goals", forecasts.goals)):
        if values is not None:
            record[name] = [round(float(each), 6) for each in values[row]]
    if forecasts.surprises is not None:
        record["surprise"] = round(float(forecasts.surprises[row]), 2)
    return record


def _round(positions: Any) -> Any:
    """Metres to the millimetre, as lists; it is far below what a screen can show."""
    return np.round(np.asarray(positions, np.float64), PLACES).tolist()
