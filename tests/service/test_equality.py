"""Streaming, unary and Python give the same forecasts, whatever the tracks look like."""

import pathlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pathcast
from pathcast.model.engine import Card
from pathcast.model.library import load_library
from pathcast.service.client import Client, LocalServer
from pathcast.service.messages import Forecasts
from pathcast.tracks import Tracks

TOLERANCE_M = 1e-5

Path = tuple[np.ndarray, np.ndarray]


def random_tracks(seed: int, card: Card, num_tracks: int = 5, num_frames: int = 16) -> dict[int, Path]:
    """Tracks within 30 m, born late, ended early, with gaps no longer than they may coast, on a jittery clock."""
    random = np.random.default_rng(seed)
    frame_s = min(0.1, card.coast_s / 4)
    clock = 1000.0 + frame_s * (np.arange(num_frames) + random.uniform(0, 0.3, num_frames))
    tracks = {}
    for index in range(num_tracks):
        start = int(random.integers(0, num_frames // 2))
        seen = [start]
        while seen[-1] < start + random.integers(0, num_frames):
            seen.append(seen[-1] + int(random.choice([1, 2, 3], p=[0.7, 0.2, 0.1])))
        seen = [frame for frame in seen if frame < num_frames]
        velocity = random.normal(0, 1.2, card.num_axes)
        place = random.uniform(-10, 10, card.num_axes) + velocity * (clock - clock[0])[:, None]
        place += np.cumsum(random.normal(0, 0.02, place.shape), axis=0)
        if card.num_axes == 3:
            place[:, 2] = np.abs(place[:, 2]) + 0.5
        tracks[100 + 7 * index] = (clock[seen], place[seen])
    return tracks


def frames_of(tracks: dict[int, Path], order: np.random.Generator | None = None):
    """Frames of the tracks, in the order of time; the tracks of each in a random order if asked."""
    times = np.unique(np.concatenate([times for times, _ in tracks.values()]))
    for time in times:
        rows = [(each, path[1][path[0] == time][0]) for each, path in tracks.items() if time in path[0]]
        if order is not None:
            order.shuffle(rows)
        yield float(time), [each for each, _ in rows], np.array([place for _, place in rows])


def until(tracks: dict[int, Path], time: float) -> dict[int, Path]:
    """What was seen up to a time, of the tracks that were seen."""
    cut = {each: (times[times <= time], place[times <= time]) for each, (times, place) in tracks.items()}
    return {each: path for each, path in cut.items() if len(path[0])}


def as_one_scene(prefixes: dict[int, Path]) -> Tracks:
    return Tracks.from_rows(
        0,
        np.concatenate([np.full(len(times), each) for each, (times, _) in prefixes.items()]),
        np.concatenate([times for times, _ in prefixes.values()]),
        np.concatenate([place for _, place in prefixes.values()]),
    )


def rows_of(forecasts: Forecasts) -> dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    assert forecasts.means is not None and forecasts.covariances is not None
    return {
        int(each): (forecasts.probabilities[row], forecasts.means[row], forecasts.covariances[row])
        for row, each in enumerate(forecasts.track_ids)
    }


def assert_same(one, other) -> None:
    np.testing.assert_allclose(one[0], other[0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(one[1], other[1], rtol=0, atol=TOLERANCE_M)
    np.testing.assert_allclose(one[2], other[2], rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def looking_client(looking_bundle: pathlib.Path) -> Iterator[Client]:
    with LocalServer([str(looking_bundle)]) as server, Client(server.address) as client:
        yield client


@pytest.mark.parametrize("seed", range(3))
def test_streaming_equals_unary_in_another_process_and_python(card, client, other_server, seed):
    tracks = random_tracks(seed, card)
    forecaster = pathcast.load(card.name)
    num_compared = 0
    with Client(other_server.address) as other, client.stream(card.name) as stream:
        for answer in stream.forecasts(frames_of(tracks)):
            prefixes = until(tracks, answer.capture_time_s)
            unary = rows_of(other.forecast(card.name, prefixes))
            python = forecaster.forecast(as_one_scene(prefixes))
            in_python = {
                int(each): (
                    python.forecast.probabilities[row],
                    python.forecast.means[row],
                    python.forecast.covariances[row],
                )
                for row, each in enumerate(python.track)
            }
            for each, found in rows_of(answer).items():
                if prefixes[each][0][-1] == answer.capture_time_s:
                    assert_same(found, unary[each])
                    assert_same(found, in_python[each])
                    num_compared += 1
    assert num_compared > 10


def test_a_coasting_track_is_forecast_at_offsets_from_the_frame(card, client, random):
    tracks = random_tracks(3, card, num_tracks=1)
    ((times, place),) = tracks.values()
    wait = min(0.9, card.coast_s) * 0.5
    with client.stream(card.name) as stream:
        *_, last = stream.forecasts([*((t, [1], p[None]) for t, p in zip(times, place, strict=True))])
        stream.send(99, times[-1] + wait, [], np.zeros((0, card.num_axes)))
        coasting = next(iter(stream))
        offsets = np.array(stream.opened.offsets_s) + wait
    assert coasting.statuses.tolist() == [3]
    direct = client.forecast(card.name, {1: (times, place)}, offsets=offsets)
    assert_same(rows_of(coasting)[1], rows_of(direct)[1])
    assert last.frame_number == len(times) - 1


def test_future_points_change_no_earlier_forecast(card, client, random):
    tracks = random_tracks(5, card)
    cut = np.median(np.concatenate([times for times, _ in tracks.values()]))
    moved = {
        each: (times, np.where((times > cut)[:, None], place + random.normal(0, 3, place.shape), place))
        for each, (times, place) in tracks.items()
    }
    answers = []
    for each in (tracks, moved):
        with client.stream(card.name) as stream:
            answers.append(list(stream.forecasts(frames_of(each))))
    num_changed = 0
    for one, other in zip(*answers, strict=True):
        if one.capture_time_s <= cut:
            np.testing.assert_array_equal(one.means, other.means)
            np.testing.assert_array_equal(one.covariances, other.covariances)
        else:
            num_changed += not np.array_equal(one.means, other.means)
    assert num_changed > 0


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_tracks_does_not_matter(card, client, seed):
    tracks = random_tracks(seed, card, num_frames=8)
    answers = []
    for order in (None, np.random.default_rng(seed)):
        with client.stream(card.name) as stream:
            answers.append(list(stream.forecasts(frames_of(tracks, order))))
    for one, other in zip(*answers, strict=True):
        first, second = rows_of(one), rows_of(other)
        assert first.keys() == second.keys()
        for each, found in first.items():
            assert_same(found, second[each])


def test_where_the_origin_is_does_not_matter(client):
    tracks = random_tracks(11, load_library().get("constant-velocity-2d").card)
    away = np.array([5_000_000.0, 600_000.0])
    moved = {each: (times, place + away) for each, (times, place) in tracks.items()}
    here = rows_of(client.forecast("constant-velocity-2d", tracks))
    there = rows_of(client.forecast("constant-velocity-2d", moved, origin=away))
    for each, found in here.items():
        np.testing.assert_allclose(found[1] + away, there[each][1], rtol=0, atol=1e-3)


def test_replayed_prefixes_equal_frames(card, client):
    tracks = random_tracks(13, card)
    frames = list(frames_of(tracks))
    with client.stream(card.name) as stream:
        *_, framed = stream.forecasts(frames)
    halfway = frames[len(frames) // 2][0]
    with client.stream(card.name) as stream:
        stream.replay(until(tracks, halfway))
        stream.replay(until(tracks, frames[-2][0]))
        stream.send(0, *frames[-1])
        replayed = next(iter(stream))
    first, second = rows_of(framed), rows_of(replayed)
    assert first.keys() <= second.keys()
    for each, found in first.items():
        assert_same(found, second[each])


def test_frames_of_many_streams_at_once_equal_frames_of_one(card, server):
    """Batches of several streams keep their tracks apart."""
    many = [random_tracks(seed, card, num_tracks=3, num_frames=10) for seed in range(20, 26)]
    with Client(server.address) as client:
        alone = []
        for tracks in many:
            with client.stream(card.name) as stream:
                alone.append(list(stream.forecasts(frames_of(tracks))))
        streams = [client.stream(card.name) for _ in many]
        all_frames = [list(frames_of(tracks)) for tracks in many]
        replies = [iter(stream) for stream in streams]
        for number in range(max(map(len, all_frames))):
            alive = [index for index, frames in enumerate(all_frames) if number < len(frames)]
            for index in alive:
                streams[index].send(number, *all_frames[index][number])
            for index in alive:
                first, second = rows_of(alone[index][number]), rows_of(next(replies[index]))
                assert first.keys() == second.keys()
                for each, found in first.items():
                    assert_same(found, second[each])
        for stream in streams:
            stream.close()


@pytest.mark.parametrize("seed", range(3))
def test_streaming_equals_unary_and_python_among_people(looking_client, looking_bundle, seed):
    forecaster = pathcast.load(str(looking_bundle))
    tracks = random_tracks(seed, forecaster.card, num_tracks=8)
    num_compared = 0
    with looking_client.stream("looking", outputs=("means", "covariances", "points")) as stream:
        assert stream.opened.model.uses_neighbours
        for found in stream.forecasts(frames_of(tracks)):
            prefixes = until(tracks, found.capture_time_s)
            unary = looking_client.forecast("looking", prefixes, outputs=("means", "covariances", "points"))
            python = forecaster.forecast(as_one_scene(prefixes))
            assert unary.track_ids.tolist() == python.track.tolist()
            streamed, asked = rows_of(found), rows_of(unary)
            for row, each in enumerate(python.track.tolist()):
                if prefixes[each][0][-1] == found.capture_time_s:
                    whole = python.forecast
                    assert_same(streamed[each], asked[each])
                    assert_same(streamed[each], (whole.probabilities[row], whole.means[row], whole.covariances[row]))
                    point = found.points[found.track_ids.tolist().index(each)]
                    np.testing.assert_allclose(point, whole.point[row], atol=1e-5)
                    np.testing.assert_allclose(point, unary.points[row], atol=1e-5)
                    num_compared += 1
    assert num_compared > 10


def test_prefixes_of_a_request_see_nobody_later_than_their_own_end(looking_client, looking_bundle):
    tracks = random_tracks(4, pathcast.load(str(looking_bundle)).card, num_tracks=8)
    ends = {each: times[-1] for each, (times, _) in tracks.items() if len(times) > 1}
    before = rows_of(looking_client.forecast("looking", tracks))
    num_changed = 0
    for cut in sorted(ends.values()):
        moved = {
            each: (times, place + np.where(times > cut, 2.0, 0.0)[:, None]) for each, (times, place) in tracks.items()
        }
        after = rows_of(looking_client.forecast("looking", moved))
        for each, end in ends.items():
            if end <= cut:
                for ours, theirs in zip(before[each], after[each], strict=True):
                    np.testing.assert_array_equal(ours, theirs)
            else:
                num_changed += not np.array_equal(before[each][1], after[each][1])
    assert num_changed > 0
