"""Watch: tracks of a file or of a pipe, streamed to a server as they happen, and the forecasts printed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from pathcast.errors import InputError
from pathcast.service.client import (
    CONTACT_KINDS,
    Client,
    Contacts,
    Forecasts,
    Model,
    Opened,
    Status,
    forecast_line,
)
from pathcast.tracks import AXIS_NAMES, Tracks

FrameRow = tuple[float, list[int], np.ndarray]
"""Seconds, track ids [track], positions in metres [track, axis]."""

_PREFERRED = {2: "pedestrian", 3: "basketball"}
_FORM = '{"time": seconds, "track": id, "x": m, "y": m} with "z" at will, or {"time": seconds, "tracks": [...]}'


def scenes_of(tracks: Tracks) -> Iterator[tuple[str | None, list[FrameRow]]]:
    """The frames of each scene, and what it is called if there are several."""
    frames: dict[int, list[FrameRow]] = {}
    for frame in tracks.frames():
        frames.setdefault(frame.scene, []).append((frame.time, frame.track.tolist(), frame.position))
    for scene, rows in frames.items():
        yield (None if len(frames) == 1 else tracks.scene_names.get(scene, str(scene))), rows


def read_frames(lines: Iterable[bytes], where: str) -> Iterator[FrameRow]:
    """Frames of newline-delimited JSON observations, each as soon as it is complete.

    Lines of equal time form one frame, which the next time shows to be complete; a line with `tracks` is a frame by
    itself. Empty lines are passed over. A coordinate that is null was not finite.

    Raises:
        InputError: A line that is not of this form, a track twice in a frame, or a time that goes backwards; its
            number is named.
    """
    rows: dict[int, list[float]] = {}
    current = -math.inf
    num_axes = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        at = f"{where}:{number}"
        time, seen, is_whole = _read_line(line, at)
        is_complete = is_whole or not rows or time != current
        if time < current or (time == current and is_complete):
            raise InputError(f"{at}: time", f"after {current:g} s, the frame before it", f"{time:g} s")
        if rows and is_complete:
            yield _frame(current, rows)
            rows = {}
        for track, place in seen:
            num_axes = num_axes or len(place)
            if len(place) != num_axes:
                raise InputError(f"{at}: position", f"{num_axes} axes, as before", str(len(place)))
            if track in rows:
                raise InputError(f"{at}: track", "once in a frame", f"{track} twice at {time:g} s")
            rows[track] = place
        current = time
        if is_whole:
            yield _frame(current, rows, num_axes)
            rows = {}
    if rows:
        yield _frame(current, rows)


def _frame(time: float, rows: dict[int, list[float]], num_axes: int = 0) -> FrameRow:
    return time, list(rows), np.array(list(rows.values()), np.float64).reshape(len(rows), -1 if rows else num_axes)


def _read_line(line: bytes, at: str) -> tuple[float, list[tuple[int, list[float]]], bool]:
    """A line's time and observations, and whether it is a whole frame."""
    try:
        record = json.loads(line)
    except ValueError:
        raise InputError(at, f"a JSON object {_FORM}", _shorten(line)) from None
    if not isinstance(record, dict):
        raise InputError(at, f"a JSON object {_FORM}", _shorten(line))
    time = _read_number(record, "time", at)
    if "tracks" not in record:
        return time, [_read_observation(record, at)], False
    tracks = record["tracks"]
    if not isinstance(tracks, list) or not all(isinstance(each, dict) for each in tracks):
        raise InputError(f"{at}: tracks", 'a list of {"track": id, "x": m, "y": m}', _shorten(line))
    return time, [_read_observation(each, f"{at}: tracks[{index}]") for index, each in enumerate(tracks)], True


def _read_observation(record: dict[str, Any], at: str) -> tuple[int, list[float]]:
    track = record.get("track")
    if type(track) is not int or not 0 <= track < 2**64:
        raise InputError(f"{at}: track", "a whole number from 0", _found(record, "track"))
    axes = AXIS_NAMES if "z" in record else AXIS_NAMES[:2]
    return track, [math.nan if record.get(axis, 0) is None else _read_number(record, axis, at) for axis in axes]


def _read_number(record: dict[str, Any], name: str, at: str) -> float:
    value: Any = record.get(name)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise InputError(f"{at}: {name}", "a finite number", _found(record, name))
    return float(value)


def _found(record: dict[str, Any], name: str) -> str:
    return json.dumps(record[name])[:80] if name in record else "none"


def _shorten(line: bytes) -> str:
    decoded = line.decode(errors="replace").strip()
    text = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in decoded)
    return text if len(text) <= 80 else text[:77] + "..."


def paced(
    frames: Iterable[FrameRow], speed: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[FrameRow]:
    """The frames at their own pace times `speed`, the first at once; a late one is not waited for."""
    started: tuple[float, float] | None = None
    for frame in frames:
        if started is None:
            started = frame[0], clock()
        wait = (frame[0] - started[0]) / speed - (clock() - started[1])
        if wait > 0:
            sleep(wait)
        yield frame


def choose_model(models: list[Model], num_axes: int) -> Model:
    """The model for tracks of that many axes if none is named: the trained one for people or balls, else a baseline.

    Raises:
        InputError: The server has none of that many axes.
    """
    fitting = [model for model in models if model.axes == num_axes]
    if not fitting:
        raise InputError("--model", f"a model of {num_axes} axes, the observations'", "none on the server")
    preferred = [model for model in fitting if model.name == _PREFERRED[num_axes]]
    return (preferred or fitting)[-1]


def default_outputs(model: Model) -> tuple[str, ...]:
    """What a model's forecasts hold where nothing is asked for."""
    more = {"goals": model.takes_goals, "outcomes": bool(model.outcome_names), "surprise": model.has_surprise}
    return ("means", "covariances", "regions", *(name for name, is_there in more.items() if is_there))


def watch(
    client: Client,
    frames: Iterable[FrameRow],
    model: str | None,
    options: dict[str, Any],
    wants_contacts: bool = False,
) -> Iterator[tuple[Opened, Forecasts]]:
    """Streams frames and yields the answer to each.

    The origin is the first position, rounded to metres, except for models that know a place, whose own origin holds.

    Args:
        client: Of the server.
        frames: What is seen.
        model: Its name; None: `choose_model` decides.
        options: Fields of `Options`.
        wants_contacts: Whether contacts are asked for beside what the model says by default.

    Raises:
        PathcastError: As the server answers.
    """
    remaining = iter(frames)
    skipped: list[FrameRow] = []
    for first in remaining:
        skipped.append(first)
        if len(first[1]):
            break
    else:
        return
    num_axes = first[2].shape[1]
    if model is None:
        chosen = choose_model(client.models(), num_axes)
    else:
        chosen = client.model(model, options.get("version"))
    if wants_contacts:
        options = {**options, "outputs": (*default_outputs(chosen), "contacts")}
    origin = np.zeros(num_axes)
    if chosen.venue is None and np.isfinite(first[2][0]).all():
        origin = np.round(first[2][0])

    def all_frames() -> Iterator[FrameRow]:
        for time, ids, positions in skipped:
            yield time, ids, positions.reshape(len(ids), num_axes)
        yield from remaining

    with client.stream(chosen.name, **{**options, "axes": num_axes, "origin": origin.tolist()}) as stream:
        for forecasts in stream.forecasts(all_frames()):
            yield stream.opened, forecasts


def readable_lines(opened: Opened, forecasts: Forecasts, region_names: tuple[str, ...] = ()) -> Iterator[str]:
    """A line for each track: where its most probable mode is at the last offset, how sure that is, and what else the
    model says of it."""
    clock = f"{forecasts.capture_time_s:10.3f} s"
    last = opened.offsets_s[-1]
    for row, track in enumerate(forecasts.track_ids):
        parts = [f"{clock}  track {track}  {Status(int(forecasts.statuses[row])).name.lower():<11}"]
        if forecasts.means is not None:
            place = ", ".join(f"{value:.2f}" for value in forecasts.means[row, 0, -1])
            parts.append(f"in {last:g} s ({place}) m")
        if forecasts.covariances is not None:
            diagonal = [0, 2] if opened.model.axes == 2 else [0, 3, 5]
            spread = math.sqrt(float(forecasts.covariances[row, 0, -1, diagonal].mean()))
            parts.append(f"± {spread:.2f} m")
        parts.append(f"p {forecasts.probabilities[row, 0]:.2f}")
        if forecasts.regions is not None and forecasts.entry_offsets_s is not None:
            entries = zip(region_names, forecasts.regions[row, :, -1], forecasts.entry_offsets_s[row], strict=True)
            parts += [f"into {name} in {seconds:.2f} s p {probability:.2f}" for name, probability, seconds in entries]
        if forecasts.outcomes is not None:
            named = zip(opened.outcome_names, forecasts.outcomes[row].tolist(), strict=True)
            parts += [f"P({name}) {probability:.2f}" for name, probability in named]
        if forecasts.surprises is not None:
            parts.append(f"surprise {forecasts.surprises[row]:.1f}")
        if forecasts.contacts is not None:
            parts += _contact_words(forecasts.contacts.of_rows(row, row + 1))
        yield "  ".join(parts)
    for remark in forecasts.remarks:
        reason = f"  {remark.reason.name.lower()}" if remark.reason else ""
        detail = f"  {remark.detail}" if remark.detail else ""
        yield f"{clock}  track {remark.track_id}  {remark.status.name.lower():<11}{reason}{detail}"


def _contact_words(contacts: Contacts) -> Iterator[str]:
    """What will be touched, when and where."""
    for index, kind in enumerate(contacts.kind.tolist()):
        name = CONTACT_KINDS[kind - 1] if 0 < kind <= len(CONTACT_KINDS) else "something"
        place = ", ".join(f"{value:.2f}" for value in contacts.position[index])
        yield (
            f"{name} in {contacts.offset_s[index]:.2f} ± {contacts.deviation_s[index]:.2f} s "
            f"({place}) m p {contacts.probability[index]:.2f}"
        )


def lines_of(
    opened: Opened, forecasts: Forecasts, scene: str | None, is_json: bool, region_names: tuple[str, ...] = ()
) -> Iterator[str]:
    """What is printed for one answer."""
    if is_json:
        yield forecast_line(forecasts, opened.offsets_s, scene, opened.outcome_names, region_names)
    else:
        yield from readable_lines(opened, forecasts, region_names)
