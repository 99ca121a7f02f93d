"""The demo's cases: what is streamed, and what is known of its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pathcast.errors import InputError
from pathcast.formats import read_tracks
from pathcast.live.following import as_one_scene
from pathcast.simulator.ball.flight import fly_many
from pathcast.simulator.ball.scenarios import SCENARIOS, simulate_balls, throw
from pathcast.simulator.ball.sports import TABLE_TENNIS as TABLE_TENNIS_BALL
from pathcast.simulator.ball.sports import Ball
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.sensor import Sensor, watch, watch_tracks
from pathcast.tracks import Tracks
from pathcast.venue import TABLE_TENNIS, Venue

UNSEEN_SEED = 20_000_003
"""Of the simulated tracks that are streamed: no training draws from it."""


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
    venue: Venue | None = None
    """Drawn under the picture."""
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
    seen = watch(sensor, fly_many(throws.states, throws.parameters, instants.sampled), UNSEEN_SEED)
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
        venue=kind.venue,
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
        venue=crowd.venue(0),
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
    for folder, title in (("table_tennis_spindoe", "SpinDOE"), ("table_tennis_tt3d", "TT3D")):
        files = sorted((data / "ball" / folder).glob("[0-9]*.csv"))[:24]
        if not files:
            continue
        tracks = _read_balls(files)
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
                venue=TABLE_TENNIS,
                ball=TABLE_TENNIS_BALL,
            )
        )
    return cases


def _read_balls(files: Sequence[Path]) -> Tracks:
    """One scene a file."""
    pieces = []
    for number, file in enumerate(files):
        tracks = read_tracks(file)
        pieces.append(
            Tracks(np.full(tracks.num_rows, number, np.int64), tracks.track, tracks.time, tracks.position, tracks.valid)
        )
    return Tracks.concatenate(pieces)


def find_data(folder: Path | None, environment: str | None) -> Path | None:
    """The folder of recorded tracks: as given, or of PATHCAST_DATA, or `data/` here; None if there is none.

    Raises:
        InputError: A folder that was named is not there.
    """
    for where, named in (("--data", folder), ("PATHCAST_DATA", Path(environment) if environment else None)):
        if named is not None:
            if not named.is_dir():
                raise InputError(where, "a folder of recorded tracks", str(named))
            return named
    here = Path("data")
    return here if here.is_dir() else None
