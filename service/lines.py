"""Lines: observations and forecasts as newline-delimited JSON, as recorded and as piped.

One line per frame. Positions are metres in the client's world; covariances packed upper triangles in m².
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from pathcast.model.contacts import CONTACT_KINDS, Contacts
from pathcast.service.messages import Forecasts, Frame, Status
from pathcast.tracks import AXIS_NAMES


def observation_line(frame: Frame, origin: tuple[float, float, float]) -> str:
    """What was seen at one instant: {"frame", "time", "tracks": [{"track", "x", "y", "z"}]}; null: not finite."""
    num_axes = frame.positions.shape[1]
    positions = frame.positions.astype(np.float64) + np.array(origin[:num_axes])
    tracks = [
        {"track": track_id, **dict(zip(AXIS_NAMES, map(_number, row), strict=False))}
        for track_id, row in zip(frame.track_ids, positions.tolist(), strict=True)
    ]
    return json.dumps({"frame": frame.frame_number, "time": frame.capture_time_s, "tracks": tracks})


def forecast_line(
    forecasts: Forecasts,
    offsets_s: tuple[float, ...],
    scene: str | None = None,
    outcome_names: tuple[str, ...] = (),
    region_names: tuple[str, ...] = (),
) -> str:
    """The answer to one frame, with its modes' probabilities, paths and covariances, and what else was asked for.

    The one best path stands beside the modes as `path`, the goals' probabilities and that of none of them as `goals`,
    those of outcomes by their names as `outcomes`, entries into regions by theirs as `regions`: {"probabilities" up to
    each offset, "in" seconds}, the newest observation's surprise as `surprise`, and what will be touched as `contacts`:
    {"kind", "probability", "in" and "deviation" in seconds, "place", "covariance"}.

    Args:
        forecasts: The answer.
        offsets_s: Of its stream.
        scene: What the scene is called, if there are several.
        outcome_names: Of its stream, where outcomes are sent.
        region_names: Of its stream, where regions are named.
    """
    record: dict[str, Any] = {} if scene is None else {"scene": scene}
    record |= {
        "frame": forecasts.frame_number,
        "time": forecasts.capture_time_s,
        "offsets": list(offsets_s),
        "tracks": [_track(forecasts, row, outcome_names, region_names) for row in range(len(forecasts.track_ids))],
    }
    if forecasts.remarks:
        record["remarks"] = [
            {
                "track": remark.track_id,
                "status": remark.status.name.lower(),
                **({"reason": remark.reason.name.lower()} if remark.reason else {}),
                **({"detail": remark.detail} if remark.detail else {}),
            }
            for remark in forecasts.remarks
        ]
    return json.dumps(record)


def _track(
    forecasts: Forecasts, row: int, outcome_names: tuple[str, ...], region_names: tuple[str, ...]
) -> dict[str, Any]:
    modes: list[dict[str, Any]] = [
        {"probability": round(probability, 6)} for probability in forecasts.probabilities[row].tolist()
    ]
    for index, mode in enumerate(modes):
        if forecasts.means is not None:
            mode["path"] = np.round(forecasts.means[row, index].astype(np.float64), 5).tolist()
        if forecasts.covariances is not None:
            mode["covariance"] = np.round(forecasts.covariances[row, index].astype(np.float64), 8).tolist()
    line: dict[str, Any] = {
        "track": int(forecasts.track_ids[row]),
        "status": Status(int(forecasts.statuses[row])).name.lower(),
        "modes": modes,
    }
    if forecasts.points is not None:
        line["path"] = np.round(forecasts.points[row].astype(np.float64), 5).tolist()
    if forecasts.goals is not None:
        line["goals"] = [round(probability, 6) for probability in forecasts.goals[row].tolist()]
    if forecasts.regions is not None and forecasts.entry_offsets_s is not None:
        entries = zip(forecasts.regions[row], forecasts.entry_offsets_s[row].tolist(), strict=True)
        told = [{"probabilities": np.round(p.astype(float), 6).tolist(), "in": round(s, 4)} for p, s in entries]
        line["regions"] = dict(zip(region_names, told, strict=True))
    if forecasts.outcomes is not None:
        probabilities = [round(probability, 6) for probability in forecasts.outcomes[row].tolist()]
        line["outcomes"] = dict(zip(outcome_names, probabilities, strict=True))
    if forecasts.surprises is not None:
        line["surprise"] = round(float(forecasts.surprises[row]), 3)
    if forecasts.contacts is not None:
        line["contacts"] = _contacts(forecasts.contacts.of_rows(row, row + 1))
    return line


def _contacts(contacts: Contacts) -> list[dict[str, Any]]:
    return [
        {
            "kind": CONTACT_KINDS[kind - 1] if 0 < kind <= len(CONTACT_KINDS) else "unknown",
            "probability": round(float(contacts.probability[index]), 6),
            "in": round(float(contacts.offset_s[index]), 6),
            "deviation": round(float(contacts.deviation_s[index]), 6),
            "place": np.round(contacts.position[index], 5).tolist(),
            "covariance": np.round(contacts.covariance[index], 8).tolist(),
        }
        for index, kind in enumerate(contacts.kind.tolist())
    ]


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
