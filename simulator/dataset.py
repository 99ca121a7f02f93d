"""Data sets: simulated tracks in batches, what a sensor saw of them and the truth, each to a file of its own.

Throw or scene `i` of a seed has the same rows in whichever run and batch it is made, so runs over [0, n) and [n, m)
are shards of the one over [0, m).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pathcast.errors import InputError, LimitError
from pathcast.formats.pieces import writing_pieces, writing_tables
from pathcast.simulator.ball.following import OUTCOMES
from pathcast.simulator.ball.scenarios import SCENARIOS, Scenario, scenario_named
from pathcast.simulator.draws import BLOCK
from pathcast.simulator.pedestrian.crowd import SCENES_AT_ONCE, CrowdTruth, simulate_crowd
from pathcast.simulator.pedestrian.occluders import occluders_of, sensor_among_people
from pathcast.simulator.sensor import Identities, Sensor, observe_tracks
from pathcast.simulator.truth import Events, Outcomes
from pathcast.simulator.watched_throws import MOST_PLAYERS, watch_throws
from pathcast.tracks import Tracks
from pathcast.venue import Venue

if TYPE_CHECKING:
    import pyarrow as pa

MOST_INSTANTS: Final = 4096
"""Of a throw: with `BLOCK` throws in a batch, each array of positions is then under 400 MB."""
WALKED_S: Final = 300.0
"""Longest scenes that are walked `SCENES_AT_ONCE` together; of longer ones fewer, so that memory stays the same."""
MOST_WALKED_S: Final = 1e5
"""Longest scene, seconds."""
SENSOR_OF_PEOPLE: Final = Sensor(rate_hz=2.5, noise_m=0.02)
"""The rate of the recordings that forecasts of people are usually scored on."""
SENSOR_OF_BASKETBALLS: Final = Sensor(rate_hz=30.0, noise_m=0.03)
SENSOR_OF_TABLE_TENNIS: Final = Sensor(rate_hz=120.0, noise_m=0.003)
SENSOR_OF_OTHER_BALLS: Final = Sensor(rate_hz=60.0, noise_m=0.02)


@dataclass(frozen=True, eq=False)
class Batch:
    """Some consecutive scenes."""

    first: int
    """Global index of the first."""
    num_scenes: int
    truth: Tracks
    observed: Tracks
    """Same scenes and, but for swapped and false tracks, numbers; rows at which nothing was seen are not valid."""
    identities: Identities
    """Which true track each observed one is: truth."""
    venue: Venue
    """The place of the first scene."""
    events: Events | None = None
    """What balls touched: truth."""
    outcomes: Outcomes | None = None
    """What became of balls where there is a hoop: truth."""
    crowd: CrowdTruth | None = None
    """What people intended, row for row of the truth."""
    kinds: tuple[str, ...] = ()
    """The kind of each scene, where they may differ."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """How much a data set holds."""

    num_scenes: int
    num_tracks: int
    """Observed; people who were in a scene between two instants of the sensor only are in the truth alone."""
    num_rows: int
    """Observed."""
    num_seen: int
    """Of these, with a position."""
    num_true_rows: int
    outcomes: dict[str, int] | None = None
    """How many shots had which, where there is a hoop."""


def usual_sensor(scenario: str | Scenario) -> Sensor:
    """The sensor of a sport when nothing else is said: basketball 30 Hz and 3 cm, table tennis 120 Hz and 3 mm.

    Balls of the other sports are seen at 60 Hz with 2 cm of noise.

    Raises:
        InputError: No scenario of that name.
    """
    kind = scenario_named(scenario) if isinstance(scenario, str) else scenario
    known = {"basketball": SENSOR_OF_BASKETBALLS, "table-tennis": SENSOR_OF_TABLE_TENNIS}
    return known.get(kind.ball.name, SENSOR_OF_OTHER_BALLS)


def scenario_of(sport: str | None, scenario: str | None) -> Scenario:
    """The scenario that sport, name or both name; of a sport alone, the one of its own name or else its first.

    Raises:
        InputError: Neither is given, either is unknown, or they do not belong together.
    """
    if scenario is None and sport is None:
        raise InputError("scenario", f"one of {', '.join(SCENARIOS)}, or a sport", "neither")
    sports = {kind.ball.name: kind for kind in reversed(tuple(SCENARIOS.values()))}
    if sport is not None and sport not in sports:
        raise InputError("sport", f"one of {', '.join(sorted(sports))}", repr(sport))
    if scenario is None:
        assert sport is not None
        return SCENARIOS.get(sport, sports[sport])
    kind = scenario_named(scenario)
    if sport is not None and kind.ball.name != sport:
        names = [each.name for each in SCENARIOS.values() if each.ball.name == sport]
        raise InputError("scenario", f"one of {sport}: {', '.join(names)}", repr(scenario))
    return kind


def throw_batches(
    scenario: str | Scenario,
    num: int,
    seed: int,
    first: int = 0,
    sensor: Sensor | None = None,
    duration_s: float | None = None,
    num_players: int = 0,
) -> Iterator[Batch]:
    """Throws `first` to `first + num - 1` of a scenario, each a scene with the one track 0; of none, one empty batch.

    The truth stands at the instants that the sensor's clock names, row for row with the observations.

    Args:
        scenario: Its name, or one of your own.
        num: How many.
        seed: From 0 to 2**64 - 1; of the throws and of the sensor.
        first: Global index of the first.
        sensor: By default `usual_sensor`.
        duration_s: By default the scenario's.
        num_players: People who stand about and hide the ball from the sensor's camera.

    Raises:
        InputError: An unknown scenario, or a number outside its range.
        LimitError: More than `MOST_INSTANTS` instants in a throw.
    """
    kind = scenario_named(scenario) if isinstance(scenario, str) else scenario
    tracker = usual_sensor(kind) if sensor is None else sensor
    length = kind.duration_s if duration_s is None else duration_s
    if length * tracker.rate_hz > MOST_INSTANTS - 1:
        found = f"{length:g} s at {tracker.rate_hz:g} Hz"
        raise LimitError("duration_s", f"at most {MOST_INSTANTS} instants of the sensor in a throw", found)
    if not 0 <= num_players <= MOST_PLAYERS:
        raise InputError("players", f"a whole number from 0 to {MOST_PLAYERS}", f"{num_players}")
    if num_players and tracker.camera is None:
        raise InputError("sensor.camera", "where it stands, for players", "none")
    tracker.check_axes(3)

    def batch(start: int, count: int) -> Batch:
        seen = watch_throws(kind, count, seed, start, tracker, length, num_players)
        return Batch(
            first=start,
            num_scenes=count,
            truth=seen.truth,
            observed=seen.observed.tracks,
            identities=seen.observed.identities,
            venue=kind.venue,
            events=seen.events,
            outcomes=seen.outcomes,
        )

    # Throws are drawn by blocks: batches that begin where blocks do draw each of them once.
    return (batch(start, count) for start, count in _pieces(first, num, BLOCK))


def crowd_batches(
    scene: str,
    num: int,
    seed: int,
    first: int = 0,
    sensor: Sensor = SENSOR_OF_PEOPLE,
    duration_s: float = 20.0,
) -> Iterator[Batch]:
    """Scenes `first` to `first + num - 1` of a crowd; the truth stands every 0.1 s while people are in the scene.

    Args:
        scene: The name of a kind of scenes, or `all`.
        num: How many.
        seed: From 0 to 2**64 - 1; of the crowd and of the sensor.
        first: Global index of the first.
        sensor: Which.
        duration_s: Of each scene.

    Raises:
        InputError: An unknown kind of scene, or a number outside its range.
    """
    if not 0 < duration_s <= MOST_WALKED_S:
        raise InputError("duration_s", f"over 0 to {MOST_WALKED_S:g} s", f"{duration_s}")
    size = max(1, int(SCENES_AT_ONCE * min(1.0, WALKED_S / duration_s)))
    return (_walk(scene, count, seed, start, sensor, duration_s) for start, count in _pieces(first, num, size))


def write_dataset(
    batches: Iterable[Batch],
    out: Path,
    truth: Path | None = None,
    identities: Path | None = None,
    events: Path | None = None,
    outcomes: Path | None = None,
) -> Written:
    """Writes the observed tracks to one CSV or Parquet file and, if asked, the truth to others, batch by batch.

    Each file takes its place as a whole once the last batch is done.

    Args:
        batches: Some.
        out: Observed tracks.
        truth: True tracks.
        identities: Which true track each observed one is: `Identities.to_arrow`.
        events: What balls touched: `Events.to_arrow`.
        outcomes: What became of shots: `Outcomes.to_arrow`.

    Raises:
        InputError: An unknown suffix, the same file twice, a place where no file can be written, or truth that such
            scenes do not have.
    """
    files = {"truth": truth, "identities": identities, "events": events, "outcomes": outcomes}
    asked = {name: path for name, path in files.items() if path is not None}
    taken = {out.resolve()}
    for name, path in asked.items():
        if path.resolve() in taken:
            raise InputError(name, "another file than that of the observed tracks, or of other truth", str(path))
        taken.add(path.resolve())
    scenes = tracks = rows = seen = true_rows = 0
    counts: Counter[str] | None = None
    with ExitStack() as stack:
        append = stack.enter_context(writing_pieces(out))
        append_to = {name: stack.enter_context(writing_tables(path)) for name, path in asked.items()}
        for batch in batches:
            append(batch.observed)
            for name, append_table in append_to.items():
                append_table(_table(batch, name))
            scenes += batch.num_scenes
            tracks += batch.observed.num_tracks
            rows += batch.observed.num_rows
            seen += int(batch.observed.valid.sum())
            true_rows += batch.truth.num_rows
            if batch.outcomes is not None:
                counts = (counts or Counter()) + Counter(batch.outcomes.counts())
    return Written(
        num_scenes=scenes,
        num_tracks=tracks,
        num_rows=rows,
        num_seen=seen,
        num_true_rows=true_rows,
        outcomes=None if counts is None else {name: counts[name] for name in OUTCOMES},
    )


def _table(batch: Batch, name: str) -> pa.Table:
    """One of the batch's tables of truth.

    Raises:
        InputError: There is none.
    """
    if name == "events" and batch.events is None:
        raise InputError(name, "scenes of balls", "people")
    if name == "outcomes":
        check_outcomes(batch.venue)
    table: pa.Table = getattr(batch, name).to_arrow()
    return table


def check_outcomes(venue: Venue) -> None:
    """Refuses a place where shots have no outcomes.

    Raises:
        InputError: There is no hoop.
    """
    if venue.hoop is None:
        with_hoop = [kind.name for kind in SCENARIOS.values() if kind.venue.hoop is not None]
        raise InputError("outcomes", f"a scenario with a hoop: {', '.join(with_hoop)}", f"{venue.name}, without one")


def _walk(scene: str, num: int, seed: int, first: int, sensor: Sensor, duration_s: float) -> Batch:
    """Walks scenes and watches them; from a camera, walls, obstacles and people hide who is behind."""
    crowd = simulate_crowd(scene, num, seed, first, duration_s)
    among = sensor_among_people(sensor)
    seen = observe_tracks(among, crowd.tracks, seed, lambda index: occluders_of(crowd.venue(index)))
    venue = crowd.venue(first)
    kinds = tuple(crowd.kind(index).name for index in range(first, first + num))
    return Batch(first, num, crowd.tracks, seen.tracks, seen.identities, venue, crowd=crowd.truth, kinds=kinds)


def _pieces(first: int, num: int, size: int) -> Iterator[tuple[int, int]]:
    """The start and the number of each piece of [first, first + num) between multiples of `size`; of none, one."""
    if first + num > 2**63:
        raise LimitError("first + num", "at most 2**63 scenes", f"{first + num}")
    start, end = first, first + num
    if not num:
        yield first, 0
    while start < end:
        stop = min((start // size + 1) * size, end)
        yield start, stop - start
        start = stop
