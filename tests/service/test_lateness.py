"""A frame that waited too long is answered by a baseline, marked; what it saw is not lost."""

import asyncio
from functools import partial

import numpy as np
import pytest

from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.regions import Regions
from pathcast.service.answering import answer
from pathcast.service.batcher import Batcher, Lane
from pathcast.service.client import Client, LocalServer, Status
from pathcast.service.codec.answers import read_forecasts, write_forecasts
from pathcast.service.codec.opened import read_opened, write_opened
from pathcast.service.computing import compute
from pathcast.service.limits import Limits
from pathcast.service.messages import Forecasts, Frame, Prefix, Settings
from pathcast.service.session import Session
from pathcast.v1 import forecast_pb2 as pb

ENGINE = ConstantVelocityEngine(2)
SQUARE = Regions.of({"ahead": [(1, -1), (3, -1), (3, 1), (1, 1)]})


def session(budget_s: float | None, **fields) -> Session:
    values = {"card": ENGINE.card, "offsets": np.array([0.5, 1.0]), "num_modes": 1, "coast_s": 1.2}
    return Session(ENGINE, Settings(**{**values, "latency_budget_s": budget_s, **fields}))


def frame(number: int, num_tracks: int = 3) -> Frame:
    """Tracks that turn, so that every observation matters."""
    angle = 0.02 * number**1.5 + np.arange(num_tracks)
    places = np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32)
    return Frame(number, 0.1 * number, list(range(num_tracks)), places)


def talk(budget_s: float | None, late: set[int]) -> list[Forecasts]:
    """Ten frames, some of which wait for a second by the batcher's clock."""

    async def converse() -> list[Forecasts]:
        now = [0.0]
        batcher = Batcher(lambda: now[0])
        answers: list[Forecasts] = []
        lane = Lane(session(budget_s), answers.append, lambda error: pytest.fail(str(error)))
        for number in range(10):
            batcher.submit(lane, partial(lane.session.observe, frame(number)))
            now[0] += 1.0 if number in late else 0.01
            await lane.finish()
        await batcher.close()
        return answers

    return asyncio.run(converse())


def test_only_frames_past_the_budget_are_answered_by_the_baseline():
    answers = talk(0.5, late={0, 4, 9})
    marked = [each.frame_number for each in answers if Status.BASELINE in each.statuses]
    assert marked == [4, 9]  # of the first there is nothing to forecast
    assert all(set(each.statuses) == {Status.BASELINE} for each in answers if each.frame_number in marked)
    assert answers[4].queued_s == pytest.approx(1.0)


def test_the_next_forecast_is_made_from_all_observations():
    late, timely = talk(0.5, late={3, 4, 5}), talk(None, late=set())
    for number in (6, 9):
        np.testing.assert_array_equal(late[number].means, timely[number].means)
        np.testing.assert_array_equal(late[number].covariances, timely[number].covariances)


def test_without_a_budget_nothing_is_late():
    assert not any(Status.BASELINE in each.statuses for each in talk(None, late=set(range(10))))


def see(talking: Session, frames: list[Frame], is_late: bool = True) -> Forecasts:
    for each in frames:
        step = talking.observe(each)
        step.late_after_s = -np.inf if is_late else np.inf
        compute(talking.engine, [step])
        assert step.failure is None
    return answer(step, 0.0)[0]


def straight(number: int, axes: int = 2) -> Frame:
    places = np.zeros((1, axes), np.float32)
    places[0, 0] = 0.1 * number
    return Frame(number, 0.1 * number, [7], places)


def test_the_baseline_goes_straight_on_within_its_spread():
    found = see(session(0.1), [straight(number) for number in range(20)])
    np.testing.assert_allclose(found.means[0, 0], [[2.4, 0], [2.9, 0]], atol=0.02)
    assert (np.diff(found.covariances[0, 0, :, 0]) > 0).all()


def test_coasting_tracks_are_marked_too_and_regions_are_still_told():
    talking = session(0.1, regions=SQUARE, has_regions=True)
    see(talking, [straight(number) for number in range(5)])
    found = see(talking, [Frame(5, 0.5, [], np.zeros((0, 2), np.float32))])
    assert found.statuses.tolist() == [Status.BASELINE]
    assert found.regions.shape == (1, 1, 2) and found.regions[0, 0, 1] > 0.9
    assert 0.4 < found.entry_offsets_s[0, 0] < 0.8


def test_all_modes_are_there_and_the_first_has_all_the_probability():
    found = see(session(0.1, num_modes=3), [straight(number) for number in range(4)])
    assert found.probabilities.tolist() == [[1.0, 0.0, 0.0]]
    assert found.means.shape == (1, 3, 2, 2)
    np.testing.assert_array_equal(found.means[:, 0], found.means[:, 2])


def test_replayed_tracks_have_a_baseline_from_their_newest_observations():
    talking = session(0.1)
    times = 0.1 * np.arange(200)
    step = talking.replay([Prefix(7, times, np.column_stack([times, 0 * times]).astype(np.float32))])
    compute(ENGINE, [step])
    found = see(talking, [Frame(1, 20.0, [7], np.array([[20.0, 0.0]], np.float32))])
    np.testing.assert_allclose(found.means[0, 0, :, 0], [20.5, 21.0], atol=0.01)


def test_a_ball_is_answered_by_its_parabola_without_what_only_the_model_knows(falling):
    """Over the wire and back: outcomes are left out, surprise is read from the state."""
    engine = falling.FallingEngine()
    settings = Settings(
        card=engine.card,
        offsets=np.array([0.1, 0.2]),
        num_modes=1,
        coast_s=0.5,
        latency_budget_s=0.1,
        has_outcomes=True,
        has_contacts=True,
        has_surprise=True,
    )
    talking = Session(engine, settings)
    time = 0.02 * np.arange(12)
    places = np.column_stack([2 * time, 0 * time, 3 + 4 * time - 9.81 * time**2 / 2]).astype(np.float32)
    frames = [Frame(number, float(at), [1], places[number, None]) for number, at in enumerate(time)]
    found = see(talking, frames)
    (data,) = write_forecasts(found, 1 << 20)
    opened = read_opened(write_opened(settings, Limits(), False))
    read = read_forecasts(pb.StreamForecastsResponse.FromString(data).forecasts, opened)
    later = time[-1] + np.array([0.1, 0.2])
    np.testing.assert_allclose(read.means[0, 0, :, 2], 3 + 4 * later - 9.81 * later**2 / 2, atol=0.02)
    assert read.statuses.tolist() == [Status.BASELINE]
    assert read.outcomes is None and not read.contacts.num_contacts and read.surprises.shape == (1,)
    timely = see(talking, [Frame(20, 0.24, [1], places[-1:])], is_late=False)
    assert timely.outcomes is not None


def test_a_stream_without_patience_is_told_and_knows_the_age_of_its_answers():
    """A real server: a budget of 0 s is always past, and the client reckons by its own clock."""
    now = iter(np.arange(0.05, 9.0, 0.1))
    frames = [(0.1 * number, [1], [[0.1 * number, 0.0]]) for number in range(5)]
    with (
        LocalServer(["constant-velocity-2d"]) as server,
        Client(server.address) as client,
        client.stream("constant-velocity-2d", clock=lambda: float(next(now)), latency_budget_s=0.0) as stream,
    ):
        answers = list(stream.forecasts(frames))
        with client.stream("constant-velocity-2d") as other:
            timely = list(other.forecasts(frames))
    assert [each.statuses.tolist() for each in answers] == [[], *4 * [[Status.BASELINE]]]
    np.testing.assert_allclose([each.age_s for each in answers], 0.05)
    assert [each.statuses.tolist() for each in timely] == [[], *4 * [[Status.FORECASTING]]]
    assert {each.age_s for each in timely} == {None}
    assert all(each.computing_s > 0 and each.queued_s >= 0 for each in answers + timely)
