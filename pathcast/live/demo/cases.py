"""The demo's cases: what is streamed, and what is known of its truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pathcast.errors import InputError
from pathcast.formats import read_tracks
from pathcast.live.following import as_one_scene
from pathcast.simulator.ball.scenarios import SCENARIOS, simulate_balls, throw
from pathcast.simulator.ball.sports import TABLE_TENNIS, Ball
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.sensor import Sensor, watch, watch_tracks
from pathcast.tracks import Tracks
from pathcast.venue import Venue

UNSEEN_SEED = 20_000_003
"""Of the simulated tracks that are streamed: no training draws from it."""

BALL_FOLDERS = (("table_tennis_spindoe", "SpinDOE", TABLE_TENNIS.radius_m), ("table_tennis_tt3d", "TT3D", 0.0))
"""Folder of recorded flights, its name, and metres from its height 0 down to the table's top."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """Tracks of one kind."""

    title: str
    model: str
    is_simulated: bool
    observed: Tracks
    truth: Tracks
    """For recorded tracks the recording itself."""
    offsets: tuple[float, ...]
    """Seconds."""
    min_points: int
    """Observations before a forecast counts."""
    longest_gap_s: float
    """Between two true positions."""
    venue_of: Callable[[int], Venue] | None = None
    """The place of a scene, where it is known."""
    ball: Ball | None = None
    """What flies, if it is a ball."""


def spaced(step: float, num: int) -> tuple[float, ...]:
    """Offsets: step, 2 step, ..."""
    return tuple(round(step * (index + 1), 6) for index in range(num))


def simulated_ball(
    scenario: str, model: str, num: int, rate_hz: float, noise_m: float, offsets: Sequence[float]
) -> Case:
    """Unseen throws, watched by a sensor with noise, an unsteady clock and dropouts."""
    kind = SCENARIOS[scenario]
    sensor = Sensor(rate_hz=rate_hz, noise_m=noise_m, clock_jitter_s=0.0005, dropout=0.03, burst_s=2.5 / rate_hz)
    throws = throw(scenario, num, UNSEEN_SEED)
    instants = sensor.instants(num, kind.duration_s, UNSEEN_SEED)
    course = throws.follow(instants.sampled, max_events=0, positions_only=True)
    seen = watch(sensor, course.states, UNSEEN_SEED)
    count = len(instants.reported)
    observed = Tracks.from_rows(
        0,
        np.repeat(np.arange(num), count),
        np.tile(instants.reported, num),
        seen.positions.reshape(-1, 3),
        seen.valid.ravel(),
    )
    last = max(offsets)
    truth = as_one_scene(simulate_balls(scenario, num, UNSEEN_SEED, rate_hz=240.0, duration_s=kind.duration_s + last))
    return Case(
        title=f"simulated {kind.ball.name.replace('-', ' ')}",
        model=model,
        is_simulated=True,
        observed=observed,
        truth=truth,
        offsets=tuple(offsets),
        min_points=round(0.2 * rate_hz) if rate_hz < 100 else round(0.1 * rate_hz),
        longest_gap_s=0.01,
        ball=kind.ball,
    )


def simulated_walkers(num_scenes: int, offsets: Sequence[float]) -> Case:
    """Unseen plazas, watched at 2.5 Hz with 2 cm of noise and dropouts."""
    crowd = simulate_crowd("plaza", num_scenes, UNSEEN_SEED)
    sensor = Sensor(rate_hz=2.5, noise_m=0.02, dropout=0.03)
    return Case(
        title="simulated walkers (plazas)",
        model="pedestrian",
        is_simulated=True,
        observed=watch_tracks(sensor, crowd.tracks, UNSEEN_SEED),
        truth=crowd.tracks,
        offsets=tuple(offsets),
        min_points=8,
        longest_gap_s=0.15,
        venue_of=crowd.venue,
    )


def recorded_cases(data: Path, walkers: Sequence[float], balls: Sequence[float]) -> list[Case]:
    """What of the recorded tracks is there: ETH/UCY walkers and table-tennis balls.

    Args:
        data: A folder laid out as docs/data.md says.
        walkers: Offsets of walkers, seconds.
        balls: Offsets of balls, seconds.
    """
    cases = []
    walks = data / "pedestrian" / "eth_ucy" / "zara1" / "test" / "crowds_zara01.txt"
    if walks.is_file():
        tracks = read_tracks(walks)
        cases.append(
            Case(
                title="recorded walkers (UCY Zara 1)",
                model="pedestrian",
                is_simulated=False,
                observed=tracks,
                truth=tracks,
                offsets=tuple(walkers),
                min_points=8,
                longest_gap_s=0.41,
            )
        )
    for folder, title, lift in BALL_FOLDERS:
        files = sorted((data / "ball" / folder).glob("[0-9]*.csv"))[:24]
        if not files:
            continue
        tracks = _read_balls(files, lift)
        cases.append(
            Case(
                title=f"recorded table tennis ({title})",
                model="table-tennis",
                is_simulated=False,
                observed=tracks,
                truth=tracks,
                offsets=tuple(balls),
                min_points=14,
                longest_gap_s=0.03,
                ball=TABLE_TENNIS,
            )
        )
    return cases


def recorded_walks(data: Path | None) -> list[Path]:
    """The files of recorded walkers that are short enough to be watched."""
    if data is None:
        return []
    return [path for path in sorted((data / "pedestrian" / "eth_ucy").glob("*/test/*.txt")) if path.is_file()]


def _read_balls(files: Sequence[Path], lift: float) -> Tracks:
    """One scene a file, raised by `lift` metres: SpinDOE's z is 0 where the ball touches the table, at its centre."""
    pieces = []
    for number, file in enumerate(files):
        tracks = read_tracks(file)
        scene = np.full(tracks.num_rows, number, np.int64)
        raised = tracks.position + np.array([0.0, 0.0, lift])
        pieces.append(Tracks(scene, tracks.track, tracks.time, raised, tracks.valid))
    return Tracks.concatenate(pieces)


def find_data(folder: Path | None) -> Path | None:
    """The folder of recorded tracks that was named, or `data/` here; None if there is none.

    Raises:
        InputError: The folder that was named is not there.
    """
    if folder is None:
        here = Path("data")
        return here if here.is_dir() else None
    if not folder.is_dir():
        raise InputError("--data or PATHCAST_DATA", "a folder of recorded tracks", str(folder))
    return folder
