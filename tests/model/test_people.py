"""Whole tracks among other people: as in a stream, scene by scene, and never with a look into the future."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pathcast
from pathcast.errors import InputError
from pathcast.model import instants
from pathcast.model.bundle.engine import BundleEngine
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.forecast import Forecast
from pathcast.model.forecaster import Forecaster
from pathcast.model.others import Others
from pathcast.model.people import Observations, snapshots
from pathcast.tracks import Tracks


@pytest.fixture(scope="module", params=["looking_bundle", "yielding_bundle"])
def forecaster(request: pytest.FixtureRequest) -> Forecaster:
    folder: Path = request.getfixturevalue(request.param)
    return pathcast.load(str(folder))


def crowd(seed: int, scenes: int = 2, people: int = 7, frames: int = 14) -> Tracks:
    """People within 6 m who come late, leave early and are missed at times, on one jittery clock per scene."""
    random = np.random.default_rng(seed)
    rows: list[tuple[int, int, float, np.ndarray]] = []
    for scene in range(scenes):
        clock = random.uniform(0, 1e4) + np.cumsum(random.uniform(0.1, 0.4, frames))
        for person in range(people):
            first, last = np.sort(random.integers(0, frames, 2))
            place, velocity = random.uniform(-3, 3, 2), random.normal(0, 1.0, 2)
            for index in range(first, last + 1):
                if random.random() < 0.8:
                    at = place + velocity * (clock[index] - clock[0]) + random.normal(0, 0.02, 2)
                    rows.append((scene, 10 * person, clock[index], at))
    scene_of, track, time, position = zip(*rows, strict=True)
    return Tracks.from_rows(scene_of, track, time, np.array(position))


def stream(engine: BundleEngine, tracks: Tracks) -> dict[tuple[int, int], Forecast]:
    """Each track's last forecast, by taking in frame by frame; everybody who coasts is there."""
    newest: dict[tuple[int, int], Forecast] = {}
    scene, states, ids = -1, engine.start(0), np.zeros(0, np.uint64)
    for frame in tracks.frames():
        if frame.scene != scene:
            scene, states, ids = frame.scene, engine.start(0), np.zeros(0, np.uint64)
        new = np.setdiff1d(frame.track, ids)
        ids = np.concatenate([ids, new])
        grown = engine.start(len(ids))
        grown.put(np.arange(states.num_tracks), states)
        states = grown
        slots = np.array([int(np.flatnonzero(ids == each)[0]) for each in frame.track])
        times = np.full(len(slots), frame.time)
        states.put(slots, engine.observe(states.take(slots), times, frame.position.astype(np.float32)))
        live = np.flatnonzero(frame.time - states.time <= engine.card.coast_s + 1e-9)
        asked = slots[states.count[slots] >= 2]
        others = Others(states.filter[live], np.zeros(len(live), np.int64), np.searchsorted(live, asked))
        offsets = np.tile(engine.card.offsets_s, (len(asked), 1))
        made = engine.forecast(states.take(asked), offsets, others)
        for row, slot in enumerate(asked):
            newest[scene, int(ids[slot])] = made.take(slice(row, row + 1))
    return newest


def assert_same(ours: Forecast, theirs: Forecast, tolerance: float = 1e-5) -> None:
    for part in ("offsets", "probabilities", "means", "covariances", "point"):
        np.testing.assert_allclose(getattr(ours, part), getattr(theirs, part), atol=tolerance, rtol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_whole_tracks_equal_a_stream_of_the_same_frames(forecaster: Forecaster, seed: int) -> None:
    tracks = crowd(seed)
    whole = forecaster.forecast(tracks)
    streamed = stream(forecaster.engine, tracks)
    assert set(streamed) == set(zip(whole.scene.tolist(), whole.track.tolist(), strict=True))
    for row, key in enumerate(streamed[key] for key in zip(whole.scene.tolist(), whole.track.tolist(), strict=True)):
        assert_same(whole.forecast.take(slice(row, row + 1)), key)


@pytest.mark.parametrize(("rows", "tracks_at_once"), [(1, 1), (40, 3)])
def test_how_many_are_followed_at_once_does_not_matter(
    forecaster: Forecaster, monkeypatch: pytest.MonkeyPatch, rows: int, tracks_at_once: int
) -> None:
    tracks = crowd(4, scenes=4)
    whole = forecaster.forecast(tracks)
    monkeypatch.setattr(instants, "_ROWS_AT_ONCE", rows)
    monkeypatch.setattr(instants, "_TRACKS_AT_ONCE", tracks_at_once)
    assert_same(forecaster.forecast(tracks).forecast, whole.forecast)


def test_several_scenes_equal_each_alone(forecaster: Forecaster) -> None:
    tracks = crowd(5, scenes=4)
    together = forecaster.forecast(tracks)
    for scene in range(4):
        alone = forecaster.forecast(tracks.select(tracks.scene == scene))
        rows = np.flatnonzero(together.scene == scene)
        assert together.track[rows].tolist() == alone.track.tolist()
        assert_same(together.forecast.take(rows), alone.forecast)


def test_what_anybody_does_after_a_tracks_newest_observation_changes_nothing_of_it(forecaster: Forecaster) -> None:
    tracks = crowd(6, scenes=1, people=12)
    before = forecaster.forecast(tracks)
    is_changed = np.zeros(len(before.track), np.bool_)
    for cut in np.unique(before.origin_time):
        away = np.where((tracks.time > cut)[:, None], tracks.position + np.array([3.0, -2.0]), tracks.position)
        after = forecaster.forecast(Tracks.from_rows(tracks.scene, tracks.track, tracks.time, away))
        is_past = before.origin_time <= cut
        for part in ("probabilities", "means", "covariances", "point"):
            ours, theirs = getattr(before.forecast, part), getattr(after.forecast, part)
            np.testing.assert_array_equal(ours[is_past], theirs[is_past])
        is_changed |= (before.forecast.means != after.forecast.means).any(axis=(1, 2, 3))
    assert is_changed.any()


def test_what_the_others_did_before_changes_the_forecast_of_who_sees_them(forecaster: Forecaster) -> None:
    time = np.tile(0.4 * np.arange(6), 2)
    near = np.concatenate([np.column_stack([time[:6], 0 * time[:6]]), np.column_stack([4 - time[:6], 0 * time[:6]])])
    far = near + np.repeat([[0.0, 0.0], [0.0, 2.0]], 6, axis=0)
    one, other = (forecaster.forecast(Tracks.from_rows(0, np.repeat([1, 2], 6), time, each)) for each in (near, far))
    assert not np.allclose(one.forecast.means[0], other.forecast.means[0], atol=1e-3)


def test_one_person_alone_is_forecast_as_without_others(forecaster: Forecaster) -> None:
    tracks = crowd(7, scenes=3, people=1)
    whole = forecaster.forecast(tracks)
    engine = forecaster.engine
    assert len(whole.track) >= 2
    for row, track in enumerate(each for each in tracks.each() if len(each.time) >= 2):
        states = engine.encode(
            engine.start(1), track.time[None], track.position[None].astype(np.float32), np.array([len(track.time)])
        )
        assert_same(
            whole.forecast.take(slice(row, row + 1)), engine.forecast(states, np.array([engine.card.offsets_s]))
        )


def test_somebody_missing_for_longer_than_they_may_coast_is_not_seen(forecaster: Forecaster) -> None:
    time = 0.3 * np.arange(12)
    walk = np.column_stack([time, 0 * time])
    alone = forecaster.forecast(Tracks.from_rows(0, 1, time, walk))
    for last, is_seen in ((11, True), (8, True), (4, False)):
        kept = slice(0, last + 1)
        both = Tracks.from_rows(
            0,
            np.r_[np.full(12, 1), np.full(last + 1, 2)],
            np.r_[time, time[kept]],
            np.r_[walk, walk[kept] + [0.0, 1.0]],
        )
        found = forecaster.forecast(both).forecast.means[0]
        assert np.array_equal(found, alone.forecast.means[0]) != is_seen


def test_who_was_seen_once_is_there_but_not_forecast(forecaster: Forecaster) -> None:
    time = 0.4 * np.arange(5)
    walk = np.column_stack([time, 0 * time])
    alone = forecaster.forecast(Tracks.from_rows(0, 1, time, walk))
    both = forecaster.forecast(
        Tracks.from_rows(0, np.r_[np.full(5, 1), 2], np.r_[time, time[-1]], np.r_[walk, [[2.0, 0.5]]])
    )
    assert both.track.tolist() == [1]
    assert not np.array_equal(both.forecast.means, alone.forecast.means)
    far = Tracks.from_rows(0, np.r_[np.full(5, 1), 2], np.r_[time, time[-1]], np.r_[walk, [[9000.0, 0.5]]])
    with pytest.raises(InputError, match="at most 8000 m"):
        forecaster.forecast(far)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), seen_s=st.sampled_from([0.0, 0.3, 1.2, 50.0]))
def test_around_an_observation_is_everybody_as_they_had_been_seen_by_then(seed: int, seen_s: float) -> None:
    tracks = crowd(seed, scenes=3, people=4, frames=6)
    starts = tracks.starts
    person = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    engine = ConstantVelocityEngine(2)
    people = snapshots(
        engine, Observations(tracks.scene, person, tracks.time, tracks.position.astype(np.float32)), seen_s
    )
    random = np.random.default_rng(seed)
    rows = random.choice(tracks.num_rows, random.integers(1, tracks.num_rows + 1), replace=False)
    others = people.around(rows)
    assert others.row is not None and (np.diff(others.scene) >= 0).all()
    filters = others.filters[others.row]
    for index, row in enumerate(rows):
        expected = {}
        for other in np.unique(person[tracks.scene == tracks.scene[row]]):
            seen = np.flatnonzero((person == other) & (tracks.time <= tracks.time[row]))
            if len(seen) and tracks.time[row] - tracks.time[seen[-1]] <= seen_s + 1e-9:
                expected[int(other)] = (len(seen), tracks.time[seen[-1]], *tracks.position[seen[-1]].astype(np.float32))
        there = np.flatnonzero(others.scene == others.scene[others.own[index]])
        assert {tuple(each) for each in filters[there, :4]} == set(expected.values())
        assert tuple(filters[others.own[index], :4]) == expected[int(person[row])]


@settings(max_examples=40)
@given(lengths=st.lists(st.integers(1, 9), max_size=8), most=st.integers(1, 20))
def test_blocks_are_whole_scenes_in_their_order(lengths: list[int], most: int) -> None:
    scene = np.repeat(np.arange(len(lengths)) * 3, lengths)
    rows = np.arange(len(scene))
    whole = Observations(scene, rows, rows * 1.0, np.zeros((len(rows), 2), np.float32))
    blocks = list(whole.blocks(most))
    assert [row for block in blocks for row in rows[block]] == rows.tolist()
    for block in blocks:
        inside = np.unique(scene[block])
        assert not np.isin(np.delete(scene, rows[block]), inside).any()
        assert block.stop - block.start <= most or len(inside) == 1
        assert whole.take(block).person.tolist() == list(range(block.stop - block.start))


def test_people_who_are_chosen_see_who_they_saw_among_all(forecaster: Forecaster) -> None:
    tracks = crowd(8, scenes=5)
    starts = tracks.starts
    person = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    observations = Observations(tracks.scene, person, tracks.time, tracks.position.astype(np.float32))
    engine = forecaster.engine
    people = snapshots(engine, observations, 1.2)
    lengths = np.diff(starts)
    newest = (starts[1:] - 1)[lengths >= 2]
    counts = lengths[lengths >= 2]
    places = np.arange(counts.max())
    rows = np.where(places < counts[:, None], newest[:, None] - counts[:, None] + 1 + places, 0)
    states = engine.encode(engine.start(len(newest)), tracks.time[rows], observations.position[rows], counts)
    offsets = np.tile(engine.card.offsets_s, (len(newest), 1))
    shared = people.around(newest)
    assert shared.row is not None
    each_own = replace(shared, filters=shared.filters[shared.row], row=None)
    whole = engine.forecast(states, offsets, shared)
    for others in (shared, each_own):
        for chosen in (np.arange(3), np.arange(4, len(newest)), np.array([5, 2]), np.zeros(0, np.int64)):
            some = engine.forecast(states.take(chosen), offsets[chosen], others.take(chosen))
            np.testing.assert_allclose(some.means, whole.means[chosen], atol=1e-5)
