"""Watched throws: what a sensor sees of balls, each a scene of its own, and where they touched something."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.simulator.ball.flight import bounces, fly_many
from pathcast.simulator.ball.scenarios import Scenario, throw
from pathcast.simulator.draws import generator, uniforms
from pathcast.simulator.sensor import Identities, Instants, Observed, Sensor, is_behind_cylinders, watch
from pathcast.simulator.sensor.false_tracks import Rows, add_false
from pathcast.tracks import Tracks

MOST_PLAYERS: Final = 50
NEAREST_PLAYER_M: Final = 0.8
"""From the release; a choice, as the others here."""
FARTHEST_PLAYER_M: Final = 6.0
PLAYER_RADIUS_M: Final = 0.25
PLAYER_HEIGHT_M: Final = 1.95
MOST_CONTACTS: Final = 8
"""Of a throw, that are drawn."""


class Contact(NamedTuple):
    """A touch of a ball."""

    scene: int
    time: float
    """Seconds from release."""
    kind: str
    """What was touched, such as `floor`."""
    place: tuple[float, float, float]
    """The ball's centre, m."""


def watch_throws(
    kind: Scenario, num: int, seed: int, first: int, sensor: Sensor, duration_s: float, num_players: int = 0
) -> Observed:
    """What a sensor sees of throws, track 0 of each scene, and which is which where it sees false tracks too.

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
    instants = sensor.instants(num, duration_s, seed, first)
    positions = fly_many(throws.states, throws.parameters, instants.sampled)
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
        return _with_false(sensor, tracks, positions, instants, seed, first)
    return Observed(tracks, Identities.of_rows(scene, track, track, np.zeros(len(scene), np.bool_), time))


def contacts_of_throws(kind: Scenario, num: int, seed: int, first: int, duration_s: float) -> list[Contact]:
    """The first touches of throws, in the order of scene and time."""
    throws = throw(kind, num, seed, first)
    times, before, _ = bounces(throws.states, throws.parameters, duration_s, MOST_CONTACTS)
    surface = "floor" if kind.venue.table is None else "table"
    return [
        Contact(first + ball, float(times[ball, index]), surface, (float(x), float(y), float(z)))
        for ball, index in np.argwhere(np.isfinite(times))
        for x, y, z in [before[ball, index, :3]]
    ]


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
