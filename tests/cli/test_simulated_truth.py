"""Events and outcomes from the command line: truth beside the tracks, never among the observations."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from pathcast.cli import main
from pathcast.formats import read_tracks
from pathcast.simulator.ball.following import OUTCOMES
from pathcast.simulator.ball.scenarios import SCENARIOS, throw
from pathcast.simulator.ball.surfaces import KINDS
from pathcast.simulator.dataset import throw_batches
from pathcast.simulator.sensor import Sensor
from pathcast.simulator.truth import USUAL_EVENTS, Events
from pathcast.simulator.watched_throws import watch_throws

EVENT_COLUMNS = [
    *("scene", "time", "kind", "x", "y", "z"),
    *(f"{name}_{when}" for when in ("before", "after") for name in ("vx", "vy", "vz", "wx", "wy", "wz")),
]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Runs `pathcast simulate` as the shell would, in a folder of its own: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def pathcast(words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pathcast", "simulate", *words.split()])
        with pytest.raises(SystemExit) as end:
            main()
            sys.exit(0)
        return int(end.value.code or 0), *capsys.readouterr()

    return pathcast


def test_events_and_outcomes_are_those_of_the_flights(run):
    code, out, _ = run(
        "ball --scenario free-throw --num 300 --first 4000 --seed 6 --out seen.parquet --events touched.parquet "
        "--outcomes ended.parquet --json"
    )
    shots = throw("free-throw", 300, 6, 4000)
    course = shots.follow(np.array([1.6, 20.0]), max_events=100)
    touched, ended = pq.read_table("touched.parquet"), pq.read_table("ended.parquet")
    assert code == 0
    assert touched.column_names == EVENT_COLUMNS
    ball, event = np.nonzero(course.event_times <= 1.6)
    assert np.array_equal(touched["scene"], 4000 + ball)
    assert np.array_equal(touched["time"], course.event_times[ball, event])
    assert touched["kind"].to_pylist() == [KINDS[kind] for kind in course.event_kinds[ball, event]]
    states = np.stack([touched[name] for name in EVENT_COLUMNS[3:]], axis=1)
    assert np.array_equal(states[:, :9], course.before[ball, event])
    assert np.array_equal(states[:, [0, 1, 2, *range(9, 15)]], course.after[ball, event])
    assert ended.column_names == ["scene", "outcome", "decided_at", "x", "y", "z"]
    assert ended["scene"].to_pylist() == list(range(4000, 4300))
    assert ended["outcome"].to_pylist() == [OUTCOMES[index] for index in course.outcome]
    assert np.array_equal(ended["decided_at"].to_numpy(), course.decided_at, equal_nan=True)
    shares = json.loads(out)["outcomes"]
    assert shares["made"] == pytest.approx(np.isin(course.outcome, (1, 2, 3)).mean())
    assert sum(shares[name] for name in OUTCOMES) == pytest.approx(1.0)
    assert pq.read_table("seen.parquet").column_names == ["scene", "track", "time", "x", "y", "z", "valid"]


def test_csv_holds_what_parquet_holds(run):
    words = "ball --scenario basketball --num 400 --seed 2 --out seen.parquet"
    for suffix in ("csv", "parquet"):
        assert run(f"{words} --events touched.{suffix} --outcomes ended.{suffix}")[0] == 0
    for name in ("touched", "ended"):
        table = pq.read_table(f"{name}.parquet")
        read = pa_csv.read_csv(f"{name}.csv", convert_options=pa_csv.ConvertOptions(column_types={"scene": pa.int64()}))
        assert read.cast(table.schema).equals(table)


def test_outcomes_do_not_depend_on_how_long_and_how_often_balls_are_watched(run):
    for name, words in (("short", "--duration 0.2"), ("long", "--duration 7"), ("quick", "--rate-hz 240")):
        run(f"ball --scenario free-throw --num 100 {words} --out {name}.parquet --outcomes {name}-ended.parquet")
    short, long, quick = (pq.read_table(f"{name}-ended.parquet") for name in ("short", "long", "quick"))
    assert short.equals(long)
    assert short.equals(quick)


def test_a_jittery_clock_moves_the_observations_and_not_the_truth(run):
    words = "ball --scenario three-pointer --num 100 --noise 0 --truth"
    run(f"{words} true.parquet --out seen.parquet --events touched.parquet")
    run(f"{words} same.parquet --out moved.parquet --events again.parquet --clock-jitter 0.002")
    assert read_tracks("same.parquet").equals(read_tracks("true.parquet"))
    assert pq.read_table("again.parquet").equals(pq.read_table("touched.parquet"))
    gap = np.linalg.norm(read_tracks("moved.parquet").position - read_tracks("true.parquet").position, axis=1)
    assert 0.001 < np.median(gap) < 0.05


def test_balls_that_touch_more_than_is_usual_keep_every_event():
    kind = SCENARIOS["generic"]
    seen = watch_throws(kind, 60, 3, 100, Sensor(rate_hz=5.0), 12.0)
    course = throw(kind, 60, 3, 100).follow(np.array([12.0]), max_events=400)
    scene, number = np.unique(seen.events.scene, return_counts=True)
    assert number.max() > USUAL_EVENTS
    assert number.tolist() == course.num_events[scene - 100].tolist()
    assert np.array_equal(seen.events.time, course.event_times[np.isfinite(course.event_times)])


def test_events_stop_where_the_watch_does():
    shots = throw("table-tennis", 200, 1)
    course = shots.follow(np.array([2.0]), max_events=USUAL_EVENTS)
    short, long = (Events.of(shots, course, duration, 7) for duration in (0.5, 2.0))
    assert 0 < len(short.time) < len(long.time)
    assert short.time.max() <= 0.5
    assert np.array_equal(short.time, long.time[long.time <= 0.5])
    assert short.scene.min() >= 7


@pytest.mark.parametrize("name", ["three-pointer", "table-tennis", "volleyball-serve"])
def test_events_are_where_balls_touch_what_they_are_said_to(name):
    kind = SCENARIOS[name]
    (batch,) = throw_batches(kind, 300, 1, 5, duration_s=3.0)
    events, radius, venue = batch.events, kind.ball.radius_m, kind.venue
    assert np.array_equal(np.lexsort((events.time, events.scene)), np.arange(len(events.time)))
    assert np.array_equal(events.before[:, :3], events.after[:, :3])
    place, named = events.before[:, :3], np.array(KINDS)[events.kind]
    assert set(named) >= {"floor", "net" if venue.net else "rim"}
    assert place[named == "floor", 2] == pytest.approx(venue.floor.point[2] + radius, abs=1e-6)
    if venue.net:
        beside = np.abs(place[named == "net"] - venue.net.centre) - np.array(venue.net.size) / 2
        assert np.linalg.norm(np.maximum(beside, 0), axis=1) == pytest.approx(radius, abs=1e-6)
    if venue.hoop:
        x, y, z = (place[named == "rim"] - venue.hoop.centre).T
        away = np.hypot(np.hypot(x, y) - venue.hoop.radius, z)
        assert away == pytest.approx(radius + venue.hoop.tube_radius, abs=1e-6)
        made = {"swish", "rim", "board"}
        baskets = set(events.scene[named == "basket"])
        assert baskets <= {
            scene
            for scene, index in zip(batch.outcomes.scene, batch.outcomes.outcome, strict=True)
            if OUTCOMES[index] in made
        }
