"""A stream is a scene: its live tracks see each other, and nobody sees another stream or the future."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pathcast.errors import NotServedError
from pathcast.model.library import load_engine
from pathcast.service.answering import answer
from pathcast.service.client import Client, LocalServer, forecast_line
from pathcast.service.computing import compute
from pathcast.service.messages import Frame, Prefix, Settings
from pathcast.service.session import Session
from pathcast.service.steps import Step


@pytest.fixture(scope="module")
def client(looking_bundle: Path) -> Iterator[Client]:
    with LocalServer([str(looking_bundle)]) as server, Client(server.address) as client:
        yield client


@pytest.fixture(scope="module")
def engine(looking_bundle: Path):
    return load_engine(str(looking_bundle))


def session(engine, **fields) -> Session:
    card = engine.card
    values = {"card": card, "offsets": np.array(card.offsets_s), "num_modes": card.num_modes, "coast_s": card.coast_s}
    return Session(engine, Settings(**{**values, **fields}))


def see(engine, sessions: list[Session], frames: list[Frame]) -> list:
    steps = [each.observe(frame) for each, frame in zip(sessions, frames, strict=True)]
    compute(engine, steps)
    return [answer(step, 0.0)[0] for step in steps]


def frame(number: int, places: dict[int, tuple[float, float]]) -> Frame:
    return Frame(number, 0.4 * number, list(places), np.array(list(places.values()), np.float32).reshape(-1, 2))


def test_streams_at_once_are_as_each_alone(engine):
    random = np.random.default_rng(9)
    start = random.uniform(-3, 3, (4, 5, 2))
    step = random.normal(0, 0.4, (4, 5, 2))

    def frames_at(number: int) -> list[Frame]:
        return [
            frame(number, {each: tuple(start[scene, each] + number * step[scene, each]) for each in range(1 + scene)})
            for scene in range(4)
        ]

    together = [session(engine) for _ in range(4)]
    alone = [session(engine) for _ in range(4)]
    for number in range(6):
        many = see(engine, together, frames_at(number))
        for scene, one in enumerate(many):
            single = see(engine, [alone[scene]], [frames_at(number)[scene]])[0]
            assert one.track_ids.tolist() == single.track_ids.tolist()
            np.testing.assert_allclose(one.means, single.means, atol=1e-5)
            np.testing.assert_allclose(one.covariances, single.covariances, atol=1e-5)


def _last_means(engine, walk: list[dict[int, tuple[float, float]]], end: list[int] | None = None) -> np.ndarray:
    """Of track 1 after the last of several frames; tracks are ended before that."""
    talk = session(engine)
    for number, places in enumerate(walk):
        if end is not None and number == len(walk) - 1:
            talk.end(end)
        (found,) = see(engine, [talk], [frame(number, places)])
    return found.means[found.track_ids.tolist().index(1)]


def test_who_coasts_and_who_was_seen_once_is_seen_by_the_others_until_they_end(engine):
    alone = [{1: (0.4 * number, 0.0)} for number in range(6)]
    both = [places | {2: (0.4 * number, 1.0)} for number, places in enumerate(alone)]
    just_me = _last_means(engine, alone)
    assert not np.array_equal(_last_means(engine, both), just_me)
    assert not np.array_equal(_last_means(engine, [*both[:4], *alone[4:]]), just_me)  # coasts
    assert not np.array_equal(_last_means(engine, [*alone[:5], both[5]]), just_me)  # seen once
    np.testing.assert_array_equal(_last_means(engine, [*both[:2], *alone[2:]]), just_me)  # timed out
    np.testing.assert_array_equal(_last_means(engine, [*both[:5], alone[5]], end=[2]), just_me)  # ended


def test_requests_and_streams_share_a_batch(engine):
    random = np.random.default_rng(2)
    prefixes = [
        Prefix(each, 0.4 * np.arange(3.0 + each), random.normal(0, 1, (3 + each, 2)).astype(np.float32))
        for each in range(4)
    ]

    def steps_of(sessions: list[Session]) -> list[Step]:
        return [
            sessions[0].whole(prefixes[:2]),
            sessions[1].observe(frame(0, {1: (0, 0)})),
            sessions[2].whole(prefixes),
        ]

    together = steps_of([session(engine) for _ in range(3)])
    compute(engine, together)
    for index in range(3):
        alone = steps_of([session(engine) for _ in range(3)])[index]
        compute(engine, [alone])
        assert together[index].failure is None
        ours, theirs = answer(together[index], 0.0)[0], answer(alone, 0.0)[0]
        assert ours.track_ids.tolist() == theirs.track_ids.tolist()
        np.testing.assert_allclose(ours.means, theirs.means, atol=1e-5)
    assert together[1].forecast is None and together[2].forecast.num_tracks == 4


def test_a_request_of_nobody_who_was_seen_twice_is_answered(client):
    answered = client.forecast("looking", {1: ([0.0], [[0.0, 0.0]]), 2: ([0.0, 1.0], [[np.nan, 0.0]] * 2)})
    assert answered.track_ids.tolist() == [] and len(answered.remarks) == 2
    assert client.forecast("looking", {}).track_ids.tolist() == []


def test_the_best_path_comes_where_it_is_asked_for(client, engine):
    random = np.random.default_rng(6)
    times = 0.4 * np.arange(5)
    tracks = {each: (times, random.normal(0, 4, 2) + np.cumsum(random.normal(0, 0.4, (5, 2)), 0)) for each in range(4)}
    away = np.array([4_000_000.0, -7.0])
    moved = {each: (times, place + away) for each, (times, place) in tracks.items()}
    by_default = client.forecast("looking", tracks)
    assert by_default.points is None and by_default.means is not None
    one = client.forecast("looking", tracks, outputs=("points",), num_modes=1)
    other = client.forecast("looking", moved, outputs=("points",), origin=away)
    assert one.means is None and one.covariances is None and one.points.shape == (len(one.track_ids), 6, 2)
    np.testing.assert_allclose(one.points + away, other.points, atol=1e-4)
    assert '"path": [[' in forecast_line(one, tuple(engine.card.offsets_s))
    assert client.model("looking").has_point


def test_a_model_without_a_best_path_says_so(server):
    with Client(server.address) as plain, pytest.raises(NotServedError, match=r"open\.outputs: OUTPUT_POINTS"):
        plain.stream("constant-velocity-2d", outputs=("points",))
