"""Scenes: what a sensor reports of objects that share space and time, and which is which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from pathcast.simulator.draws import generator
from pathcast.simulator.sensor import clock
from pathcast.simulator.sensor.false_tracks import Rows, add_false
from pathcast.simulator.sensor.identity import Identities, owners
from pathcast.simulator.sensor.occlusion import Cylinder, is_behind_balls, is_behind_cylinders, is_hidden
from pathcast.simulator.sensor.settings import Sensor
from pathcast.simulator.sensor.watching import Draws, Watched, disturb
from pathcast.tracks import Track, Tracks
from pathcast.venue import Box, Point

Occluders = Callable[[int], Sequence[Box | Cylinder]]


@dataclass(frozen=True, eq=False)
class Observed:
    """What a sensor reports, and beside it the truth of whom it reported."""

    tracks: Tracks
    identities: Identities
    """Truth: never part of what a forecaster sees."""


def watch_tracks(sensor: Sensor, tracks: Tracks, seed: int, occluders: Occluders | None = None) -> Tracks:
    """What a sensor reports of true tracks: `observe_tracks` without the truth."""
    return observe_tracks(sensor, tracks, seed, occluders).tracks


def observe_tracks(sensor: Sensor, tracks: Tracks, seed: int, occluders: Occluders | None = None) -> Observed:
    """What a sensor reports of true tracks: scene by scene on one clock, which starts with the scene.

    The truth between its own rows is a cubic spline through the valid ones, meant for smooth motion such as walking
    (balls bounce: fly them at `Sensor.instants` instead). An object is looked at from its first to its last row,
    and not seen next to a row that is not valid. A scene is one block of draws: it does not depend on the others.

    Observed tracks have the numbers of the true ones, exchanged where they were swapped. With false tracks all numbers
    of a scene are dealt anew, so that they do not tell which are false.

    Args:
        sensor: Which.
        tracks: The truth.
        seed: From 0 to 2**64 - 1.
        occluders: What stands before the camera in each scene.

    Returns:
        Observed tracks on the sensor's clock; rows where an object was not seen are not valid.

    Raises:
        InputError: The sensor's noise or camera is for another number of axes.
    """
    sensor.check_axes(tracks.num_axes)
    scenes = [
        (scene, _watch_scene(sensor, scene, list(group), seed, occluders(scene) if occluders is not None else ()))
        for scene, group in groupby(tracks.each(), key=lambda track: track.scene)
    ]
    rows = Rows.stack([rows for _, rows in scenes], tracks.num_axes)
    lengths = np.array([len(rows.time) for _, rows in scenes], np.int64)
    number = np.repeat(np.array([scene for scene, _ in scenes], np.int64), lengths)
    observed = Tracks(number, rows.observed, rows.time, rows.position, rows.valid, tracks.scene_names)
    return Observed(observed, Identities.of_rows(number, rows.observed, rows.true, rows.is_false, rows.time))


@dataclass(frozen=True, eq=False)
class _Look:
    """The instants at which a sensor looks at a track."""

    track: Track
    ticks: NDArray[np.int64]
    """Which of the clock's."""
    positions: NDArray[np.float64]
    """True ones, m."""


def _watch_scene(
    sensor: Sensor, scene: int, truth: list[Track], seed: int, occluders: Sequence[Box | Cylinder]
) -> Rows:
    """The observed rows of one scene; every fault has a stream of its own."""
    block = scene & (2**63 - 1)
    start = min(float(track.time[0]) for track in truth)
    stop = max(float(track.time[-1]) for track in truth)
    ticks = start + np.arange(int((stop - start) * sensor.rate_hz + 1e-9) + 1) / sensor.rate_hz
    sampled = ticks + sensor.jitter(generator(seed, "sensor.scene.clock", block).standard_normal(len(ticks)))
    times = clock.reported(sensor, ticks)
    looks = [_look(track, ticks, sampled, 1e-9 * max(1.0, abs(stop))) for track in truth]
    seen = _see(sensor, looks, _hidden(sensor, looks, len(ticks), occluders), seed, block)
    numbers = _numbers(sensor, looks, seen, len(ticks), generator(seed, "sensor.scene.swap", block))
    pieces = [
        Rows(
            observed=number,
            true=np.full(len(look.ticks), look.track.track, np.uint64),
            is_false=np.zeros(len(look.ticks), np.bool_),
            time=times[look.ticks],
            position=watched.positions[0],
            valid=watched.valid[0],
        )
        for look, watched, number in zip(looks, seen, numbers, strict=True)
    ]
    if sensor.false_per_s > 0:
        everywhere = np.concatenate([look.positions for look in looks])
        pieces = add_false(sensor, pieces, ticks, times, everywhere, generator(seed, "sensor.scene.false", block))
    return Rows.join(pieces)


def _see(
    sensor: Sensor, looks: list[_Look], hidden: list[NDArray[np.bool_] | None], seed: int, block: int
) -> list[Watched]:
    """What is reported of each object of a scene."""
    noise = generator(seed, "sensor.scene.noise", block)
    dropout = generator(seed, "sensor.scene.dropout", block)
    outliers = generator(seed, "sensor.scene.outliers", block)
    birth = generator(seed, "sensor.scene.birth", block)
    seen = []
    for look, behind in zip(looks, hidden, strict=True):
        length, num_axes = look.positions.shape
        draws = Draws(
            noise.standard_normal((1, length * num_axes)),
            dropout.random((1, length)),
            outliers.random((1, length * (1 + num_axes))),
            birth.random((1, 1 if sensor.birth_s > 0 else 0)),
        )
        seen.append(disturb(sensor, look.positions[None], draws, None if behind is None else behind[None]))
    return seen


def _numbers(
    sensor: Sensor, looks: list[_Look], seen: list[Watched], length: int, source: np.random.Generator
) -> list[NDArray[np.uint64]]:
    """The number that each object's track has at each instant at which it is looked at."""
    own = np.array([look.track.track for look in looks], np.uint64)
    if sensor.swap_m == 0 or sensor.swap_chance == 0:
        return [np.full(len(look.ticks), number, np.uint64) for look, number in zip(looks, own, strict=True)]
    is_seen = np.zeros((len(looks), length), np.bool_)
    for index, look in enumerate(looks):
        is_seen[index, look.ticks] = seen[index].valid[0]
    owner = owners(sensor, _on_clock(looks, length), is_seen, source)
    return [own[owner[index, look.ticks]] for index, look in enumerate(looks)]


def _look(track: Track, ticks: NDArray[np.float64], sampled: NDArray[np.float64], slack: float) -> _Look:
    """When the sensor looks at a track, and where it is then."""
    inside = np.flatnonzero((ticks >= track.time[0] - slack) & (ticks <= track.time[-1] + slack))
    return _Look(track, inside, _between(track, np.clip(sampled[inside], track.time[0], track.time[-1])))


def _on_clock(looks: list[_Look], length: int) -> NDArray[np.float64]:
    """All true positions at the clock's instants; NaN where an object is not there. Shape [track, time, axis]."""
    positions = np.full((len(looks), length, looks[0].positions.shape[1]), np.nan)
    for index, look in enumerate(looks):
        positions[index, look.ticks] = look.positions
    return positions


def _hidden(
    sensor: Sensor, looks: list[_Look], length: int, occluders: Sequence[Box | Cylinder]
) -> list[NDArray[np.bool_] | None]:
    """Where each object is hidden by what stands there, or by the others; None where nothing hides anything."""
    if sensor.camera is None or not (len(occluders) or sensor.object_radius_m > 0):
        return [None] * len(looks)
    positions = _on_clock(looks, length)
    camera, points = _in_space(sensor, positions)
    hidden = is_hidden(camera, points, occluders)
    if sensor.object_radius_m > 0:
        foot = np.array([0.0, 0.0, sensor.object_height_m / 2])
        for index in range(len(points)):
            others = np.delete(points, index, axis=0).swapaxes(0, 1)
            if positions.shape[2] == 2:
                hidden[index] |= is_behind_cylinders(
                    camera, points[index], others - foot, sensor.object_radius_m, sensor.object_height_m
                )
            else:
                hidden[index] |= is_behind_balls(camera, points[index], others, sensor.object_radius_m)
    return [hidden[index, look.ticks] for index, look in enumerate(looks)]


def _in_space(sensor: Sensor, positions: NDArray[np.float64]) -> tuple[Point, NDArray[np.float64]]:
    """Camera and positions with three axes: on a plane, at half the objects' height."""
    assert sensor.camera is not None
    middle = sensor.object_height_m / 2
    x, y, z = sensor.camera if len(sensor.camera) == 3 else (*sensor.camera, middle)
    if positions.shape[-1] == 3:
        return (x, y, z), positions
    return (x, y, z), np.concatenate([positions, np.full((*positions.shape[:-1], 1), middle)], axis=-1)


def _between(track: Track, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """The true positions at the times, all within the track's; NaN next to a row that is not valid."""
    positions = np.full((len(times), track.position.shape[1]), np.nan)
    known = track.time[track.valid]
    if not len(known):
        return positions
    after = np.clip(np.searchsorted(track.time, times, side="left"), 0, len(track.time) - 1)
    before = np.where(track.time[after] == times, after, np.maximum(after - 1, 0))
    clear = track.valid[before] & track.valid[after]
    if len(known) == 1:
        positions[clear] = track.position[track.valid]
    else:
        positions[clear] = CubicSpline(known, track.position[track.valid])(times[clear])
    return positions
