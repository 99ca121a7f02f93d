"""Evaluations: a service and an engine score alike, and what cannot be right raises an alarm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.live.judging.asking import Able, Known, ask
from pathcast.live.judging.evaluating import Evaluation, Wish, evaluate_engine, evaluate_service, evaluate_tracks
from pathcast.live.judging.faults import Faults, spoil
from pathcast.live.judging.page import page, write_report
from pathcast.live.judging.scored import Scored
from pathcast.live.playing import SCENARIOS, scenario_named
from pathcast.live.playing.scenarios import Play
from pathcast.model.forecast import Forecast
from pathcast.model.library import load_engine
from pathcast.model.metrics import scale_spread
from pathcast.model.others import Others
from pathcast.model.states import TIME, States
from pathcast.service.client import Credentials, LocalServer
from pathcast.simulator.sensor import Sensor
from pathcast.tracks import Tracks

WISH = Wish(num_cases=250, num_reference=0)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(["pedestrian", "basketball"]) as local:
        yield local


@pytest.fixture(scope="module")
def plaza() -> Play:
    return scenario_named("plaza").play(70, 9.6, seed=3)


class Wrapped:
    """An engine that passes everything on to another."""

    def __init__(self, engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str):
        return getattr(self._engine, name)


class OverconfidentEngine(Wrapped):
    """One whose spreads are a third of what they should be."""

    def forecast(self, states: States, offsets: np.ndarray, others: Others | None = None) -> Forecast:
        forecast = self._engine.forecast(states, offsets, others)
        return scale_spread(forecast, np.full(offsets.shape[1], 1 / 3))


class LeakingEngine(Wrapped):
    """One that was fed the truth with 10 cm of noise: it looks up whom it sees, and where they will be."""

    def __init__(self, engine, play: Play) -> None:
        super().__init__(engine)
        self._truth = play.streams[0].truth
        self._random = np.random.default_rng(1)

    def forecast(self, states: States, offsets: np.ndarray, others: Others | None = None) -> Forecast:
        forecast = self._engine.forecast(states, offsets, others)
        if not len(offsets):
            return forecast
        everybody = np.arange(len(self._truth.scene))
        times = states.filter[:, TIME]
        there = {time: self._truth.at(everybody, np.full((len(everybody), 1), time))[:, 0] for time in set(times)}
        seen = zip(times, self._engine.positions(states), strict=True)
        off = np.array([np.linalg.norm(there[time] - place, axis=1) for time, place in seen])
        futures = self._truth.at(np.nanargmin(off, axis=1), times[:, None] + offsets)[:, None]
        leaked = futures + 0.1 * self._random.standard_normal(futures.shape)
        means = np.where(np.isnan(leaked), forecast.means, leaked)
        return Forecast(forecast.offsets, forecast.probabilities, means.astype(np.float32), forecast.covariances)


def assert_equal(one: Scored, other: Scored) -> None:
    """Case by case, to 1e-4; which tracks are suspect is a service's own matter."""
    for each in fields(Scored):
        mine, yours = getattr(one, each.name), getattr(other, each.name)
        if each.name not in ("forecast", "status"):
            np.testing.assert_allclose(yours, mine, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("name", "tracks", "is_realtime"), [("plaza", 8, False), ("free-throw", 4, False), ("plaza", 6, True)]
)
def test_a_service_scores_as_its_engine_does_offline(
    server: LocalServer, name: str, tracks: int, is_realtime: bool
) -> None:
    scenario = scenario_named(name)
    play = scenario.play(tracks, 2.0 if name != "plaza" else 4.0, seed=11)
    online = evaluate_service(
        server.address,
        Credentials(),
        scenario.model,
        play,
        WISH,
        is_realtime=is_realtime,
        faults=Faults(),
        is_beside=False,
    )
    offline = evaluate_engine(load_engine(scenario.model), play, WISH)
    assert_equal(online.judged[0].scored, offline.judged[0].scored)
    assert online.traffic is not None
    assert online.traffic.num_lost == 0
    ignored = {"traffic", "settings"}
    mine, yours = (
        json.dumps({k: v for k, v in each.to_json().items() if k not in ignored}) for each in (online, offline)
    )
    numbers = [np.array(re.findall(r"-?\d+\.\d+", text), np.float64) for text in (mine, yours)]
    np.testing.assert_allclose(numbers[0], numbers[1], atol=1e-4)


def test_an_evaluation_goes_through_faults_and_counts_them(server: LocalServer) -> None:
    play = scenario_named("plaza").play(10, 6.0, seed=4, sensor=Sensor(rate_hz=5.0, noise_m=0.02))
    faults = Faults(drop=0.1, cut=30.0, swap=60.0)
    found = evaluate_service(
        server.address, Credentials(), "pedestrian", play, WISH, is_realtime=False, faults=faults, is_beside=False
    )
    traffic = found.traffic
    assert traffic is not None
    assert traffic.num_dropped > 0
    assert traffic.num_swapped > 0
    assert traffic.num_cut > 0
    assert traffic.num_resumed > 0
    assert traffic.num_lost == 0
    assert traffic.num_sent + traffic.num_dropped == sum(len(stream.frames) for stream in play.streams)
    offline = evaluate_engine(load_engine("pedestrian"), play, WISH, faults)
    assert_equal(found.judged[0].scored, offline.judged[0].scored)


def test_frames_held_up_make_forecasts_older(server: LocalServer) -> None:
    play = scenario_named("free-throw").play(2, 2.0, seed=4)
    ages = []
    for delay in (0.0, 0.3):
        found = evaluate_service(
            server.address,
            Credentials(),
            "basketball",
            play,
            replace(WISH, has_outcomes=False),
            is_realtime=True,
            faults=Faults(delay=delay),
            is_beside=False,
        )
        assert found.traffic is not None
        assert found.traffic.num_answered + found.traffic.num_conflated >= found.traffic.num_due
        ages.append(found.traffic.age_ms(0.5))
    assert ages[1] > ages[0] + 50


def test_exchanged_numbers_are_scored_by_whom_they_are_of() -> None:
    stream = scenario_named("plaza").play(10, 6.0, seed=2).streams[0]
    spoilt, dropped, swapped = spoil(stream, 0, Faults(swap=120.0), 1)
    assert (dropped, swapped > 0) == (0, True)
    for before, after in zip(stream.frames, spoilt.frames, strict=True):
        np.testing.assert_array_equal(before.positions, after.positions)
        assert sorted(before.ids.tolist()) == sorted(after.ids.tolist())
    assert all((mine == yours).all() for mine, yours in zip(stream.who, spoilt.who, strict=True))


@pytest.fixture(scope="module")
def honest(plaza: Play) -> Evaluation:
    return evaluate_engine(load_engine("pedestrian"), plaza, replace(WISH, num_reference=40))


def test_an_honest_model_raises_no_alarm_and_has_regret_over_one(honest: Evaluation) -> None:
    assert not honest.alarms
    assert honest.regret["scores"]["ade"]["regret"] > 1
    table = honest.judged[0].to_json()
    assert table["summary"][0]["ade_m"] < table["summary"][1]["ade_m"]
    assert table["goals"]["likeliest_is_true"] > table["goals"]["likeliest_is_true_by_chance"]


def test_a_model_that_was_fed_the_truth_is_caught_by_regret() -> None:
    # Side by side, so that a place tells which scene it is of.
    plaza = scenario_named("plaza").play(240, 6.8, seed=3, num_streams=1)
    leaking = LeakingEngine(load_engine("pedestrian"), plaza)
    wish = Wish(num_cases=4000, num_reference=300, offsets_s=(1.6, 3.2, 4.8))
    found = evaluate_engine(leaking, plaza, wish)
    ade = found.judged[0].regrets["ade"]
    assert ade.high < 0.97
    assert found.regret["alarm"]
    assert any("regret" in alarm for alarm in found.alarms)


def test_an_overconfident_model_is_caught_by_coverage(plaza: Play, honest: Evaluation) -> None:
    found = evaluate_engine(OverconfidentEngine(load_engine("pedestrian")), plaza, WISH)
    assert found.judged[0].coverage.high < 0.87
    assert any("over-confident" in alarm for alarm in found.alarms)
    np.testing.assert_allclose(found.judged[0].scored.ade, honest.judged[0].scored.ade, atol=1e-6)


def recorded() -> Tracks:
    """What a sensor saw of people, as a file would hold it."""
    stream = scenario_named("corridor").play(30, 12.0, seed=9, num_streams=1).streams[0]
    rows = [
        (each, frame.time_s, *place)
        for frame in stream.frames
        for each, place in zip(frame.ids, frame.positions, strict=True)
    ]
    track, time, x, y = map(np.array, zip(*rows, strict=True))
    return Tracks.from_rows(0, track, time, np.column_stack([x, y]))


def test_a_real_difference_between_models_is_told_from_none() -> None:
    engine = load_engine("pedestrian")
    engines = {"mine": engine, "same": engine, "straight": load_engine("constant-velocity-2d")}
    found = evaluate_tracks(engines, recorded(), WISH, Known(), {"data": "walks"})
    verdicts = {(*each["models"], each["score"]): each for each in found.comparisons}
    assert verdicts["mine", "same", "nll"]["better"] == ""
    assert verdicts["mine", "straight", "nll"]["better"] == "mine"
    assert found.clusters == "tracks"
    assert len(found.comparisons) == 15


def test_recorded_tracks_are_scored_by_what_was_seen_later() -> None:
    walk = Tracks.from_rows(0, 7, np.arange(20) * 0.4, np.column_stack([np.arange(20) * 0.5, np.zeros(20)]))
    found = evaluate_tracks({"straight": load_engine("constant-velocity-2d")}, walk, Wish(), Known(), {})
    scored = found.judged[0].scored
    assert scored.num_cases == 18 + 1
    assert np.nanmax(scored.error) < 1e-4
    assert np.isnan(scored.error[-1]).all()


def test_a_report_is_one_file_that_asks_for_nothing(honest: Evaluation, tmp_path) -> None:
    files = tmp_path / "report.html", tmp_path / "report.json"
    write_report(honest, *files)
    text = files[0].read_text()
    assert text == page(honest)
    assert not re.search(
        r"(src|href)\s*=\s*[\"'](?!#)|url\((?!#)|@import|<script", text.replace('xlink:href="#', 'x="#')
    )
    assert text.count("<svg") >= 10
    for words in ("ahead, s", "mean error, m", "Kalman", "To run this again", "best:", "worst:"):
        assert words in text
    again = json.loads(files[1].read_text())
    assert again["settings"]["played"]["scenario"] == "plaza"
    assert again["settings"]["played"]["seed"] == 3


def test_what_cannot_be_asked_is_refused_by_name() -> None:
    able = Able.of(load_engine("basketball").card)
    with pytest.raises(InputError, match="2 axes"):
        ask(able, 2, "plaza", Known())
    with pytest.raises(InputError, match="horizon"):
        ask(able, 3, "shots", Known(), (0.5, 9.0))
    for text in ("fire", "drop=2", "delay=soon"):
        with pytest.raises(InputError, match="fault"):
            Faults.named([text])
    assert Faults.named(["drop=0.2", "cut"]) == Faults(drop=0.2, cut=6.0)
    assert all(each.model for each in SCENARIOS.values())
