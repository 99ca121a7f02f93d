"""Watched throws: what a sensor sees of balls, each a scene of its own, with the truth beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.simulator.ball.following import Courses
from pathcast.simulator.ball.scenarios import Scenario, Throws, throw, ticks, tracks_of
from pathcast.simulator.draws import generator, uniforms
from pathcast.simulator.sensor import Identities, Instants, Observed, Sensor, is_behind_cylinders, watch
from pathcast.simulator.sensor.false_tracks import Rows, add_false
from pathcast.simulator.truth import DECIDED_S, USUAL_EVENTS, Events, Outcomes
from pathcast.tracks import Tracks

MOST_PLAYERS: Final = 50
NEAREST_PLAYER_M: Final = 0.8
"""From the release; a choice, as the others here."""
FARTHEST_PLAYER_M: Final = 6.0
PLAYER_RADIUS_M: Final = 0.25
PLAYER_HEIGHT_M: Final = 1.95


class WatchedThrows(NamedTuple):
    """What a sensor sees of throws, and the truth."""

    truth: Tracks
    """At the instants that the sensor's clock names."""
    observed: Observed
    """Track 0 of each scene, and which is which where the sensor sees false tracks too."""
    events: Events
    """Within the time that they are watched."""
    outcomes: Outcomes | None
    """Where there is a hoop; also of shots decided after they are watched."""


def watch_throws(
    kind: Scenario, num: int, seed: int, first: int, sensor: Sensor, duration_s: float, num_players: int = 0
) -> WatchedThrows:
    """What a sensor sees of throws, and the truth.

    Args:
        kind: The scenario.
        num: How many.
        seed: Of the throws and of the sensor.
        first: Global index of the first.
        sensor: Which.
        duration_s: How long each is watched.
        num_players: Who stand about and hide the ball from the camera.

    Raises:
        InputError: A number outside its range.
    """
    throws = throw(kind, num, seed, first)
    times = ticks(duration_s, sensor.rate_hz)
    courses = _fly(throws, duration_s, times)
    instants = sensor.instants(num, duration_s, seed, first)
    positions = courses.states
    if not (instants.sampled == times).all():
        positions = throws.follow(instants.sampled, max_events=0, positions_only=True).states
    hidden = None
    if num_players and sensor.camera is not None:
        x, y, z = sensor.camera
        feet = _players(
            kind, throws.states, uniforms(seed, "sensor.players", first, num, 2 * MOST_PLAYERS), num_players
        )
        hidden = is_behind_cylinders((x, y, z), positions, feet[:, None], PLAYER_RADIUS_M, PLAYER_HEIGHT_M)
    seen = watch(sensor, positions, seed, first, hidden)
    length = len(instants.reported)
    scene = np.repeat(np.arange(first, first + num, dtype=np.int64), length)
    time = np.tile(instants.reported, num)
    track = np.zeros(num * length, np.uint64)
    tracks = Tracks(scene, track, time, seen.positions.reshape(-1, 3), seen.valid.ravel())
    if sensor.false_per_s > 0:
        observed = _with_false(sensor, tracks, positions, instants, seed, first)
    else:
        none_false = np.zeros(len(scene), np.bool_)
        observed = Observed(tracks, Identities.of_rows(scene, track, track, none_false, time))
    return WatchedThrows(
        tracks_of(courses.states, times, first),
        observed,
        Events.of(throws, courses, duration_s, first),
        None if kind.venue.hoop is None else Outcomes.of(throws, courses, first),
    )


def _fly(throws: Throws, duration_s: float, times: NDArray[np.float64]) -> Courses:
    """How throws go: positions at the times, and events and outcomes as far as they are known soon."""
    end = max(duration_s, float(times[-1]))
    last = end if throws.venue.hoop is None else max(end, DECIDED_S)
    until = times if last == times[-1] else np.append(times, last)
    courses = throws.follow(until, max_events=USUAL_EVENTS, positions_only=True)
    return replace(courses, states=courses.states[:, : len(times)])


def _players(
    kind: Scenario, states: NDArray[np.float64], draws: NDArray[np.float64], num_players: int
) -> Float[np.ndarray, "throw player 3"]:
    """Where players stand around each release, evenly by direction and distance; nobody stands on a table."""
    away = NEAREST_PLAYER_M + (FARTHEST_PLAYER_M - NEAREST_PLAYER_M) * draws[:, : 2 * num_players : 2]
    bearing = 2 * np.pi * draws[:, 1 : 2 * num_players : 2]
    feet: NDArray[np.float64] = np.empty((len(states), num_players, 3))
    feet[..., 0] = states[:, None, 0] + away * np.cos(bearing)
    feet[..., 1] = states[:, None, 1] + away * np.sin(bearing)
    feet[..., 2] = 0.0 if kind.venue.floor is None else kind.venue.floor.point[2]
    table = kind.venue.table
    if table is not None:
        reach = np.array(table.size[:2]) / 2 + PLAYER_RADIUS_M
        feet[(np.abs(feet[..., :2] - table.centre[:2]) < reach).all(axis=-1)] = np.nan
    return feet


def _with_false(
    sensor: Sensor, tracks: Tracks, positions: NDArray[np.float64], instants: Instants, seed: int, first: int
) -> Observed:
    """The observations and false tracks, scene by scene."""
    num, length, _ = positions.shape
    ticks = np.arange(length) / sensor.rate_hz
    scenes = []
    for throw_index in range(num):
        rows = slice(throw_index * length, (throw_index + 1) * length)
        track = tracks.track[rows]
        own = Rows(
            track, track, np.zeros(length, np.bool_), tracks.time[rows], tracks.position[rows], tracks.valid[rows]
        )
        source = generator(seed, "sensor.false", first + throw_index)
        pieces = add_false(sensor, [own], ticks, instants.reported, positions[throw_index], source)
        scenes.append(Rows.join(pieces))
    number = np.repeat(np.arange(first, first + num, dtype=np.int64), [len(rows.time) for rows in scenes])
    joined = Rows.stack(scenes, 3)
    observed = Tracks(number, joined.observed, joined.time, joined.position, joined.valid)
    return Observed(observed, Identities.of_rows(number, joined.observed, joined.true, joined.is_false, joined.time))
