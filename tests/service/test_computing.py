"""Batches: streams do not touch one another, in results or in failures."""

import asyncio
from functools import partial

import numpy as np

from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.forecast import Forecast
from pathcast.service.answering import answer
from pathcast.service.batcher import Batcher, Lane
from pathcast.service.computing import compute
from pathcast.service.messages import Forecasts, Frame, Prefix, Settings, Status
from pathcast.service.session import Session


class FragileEngine(ConstantVelocityEngine):
    """Fails for tracks beyond x = 100 m, and forecasts no number beyond x = 50 m."""

    def observe(self, states, times, positions):
        if (positions[:, 0] > 100).any():
            raise RuntimeError("out of my depth")
        return super().observe(states, times, positions)

    def forecast(self, states, offsets, others=None):
        whole = super().forecast(states, offsets, others)
        means = np.where(whole.means[:, :1, :1, :1] > 50, np.float32(np.nan), whole.means)
        return Forecast(whole.offsets, whole.probabilities, means, whole.covariances)


ENGINE = FragileEngine(2)


def session(num_offsets: int = 2) -> Session:
    offsets = 0.1 * np.arange(1, num_offsets + 1)
    return Session(ENGINE, Settings(card=ENGINE.card, offsets=offsets, num_modes=1, coast_s=1.0))


def frame(number: int, *places: tuple[float, float]) -> Frame:
    ids = list(range(len(places)))
    return Frame(number, 0.1 * number, ids, np.array(places, np.float32).reshape(len(ids), 2))


def test_a_failure_stays_with_its_own_stream():
    sessions = [session() for _ in range(3)]
    for number in range(2):
        xs = (1.0, 200.0 if number else 1.0, 3.0)
        steps = [each.observe(frame(number, (x, 0.0))) for each, x in zip(sessions, xs, strict=True)]
        compute(ENGINE, steps)
    assert [type(step.failure) for step in steps] == [type(None), RuntimeError, type(None)]
    assert steps[0].forecast is not None and steps[2].forecast is not None
    assert sessions[0].states.count.sum() == 2


def test_a_forecast_that_is_not_finite_is_remarked_and_never_sent():
    talk = session()
    for number in range(2):
        step = talk.observe(frame(number, (1.0, 0.0), (60.0, 0.0), (2.0, 0.0)))
        compute(ENGINE, [step])
    forecasts, num_faults = answer(step, 0.0)
    assert num_faults == 1 and forecasts.track_ids.tolist() == [0, 2]
    assert np.isfinite(forecasts.means).all()
    assert [(each.track_id, each.status) for each in forecasts.remarks] == [(1, Status.SUSPECT)]


def test_streams_with_other_offsets_share_a_batch():
    sessions = [session(1), session(7), session(1)]
    for number in range(3):
        steps = [each.observe(frame(number, (number, index))) for index, each in enumerate(sessions)]
        compute(ENGINE, steps)
    assert [step.forecast.means.shape[2] for step in steps] == [1, 7, 1]
    np.testing.assert_allclose([step.forecast.means[0, 0, 0, 1] for step in steps], [0, 1, 2], atol=1e-6)


def test_long_and_short_prefixes_are_encoded_as_if_alone():
    random = np.random.default_rng(0)
    lengths = [1, 512, 3, 200, 2] * 60
    prefixes = [
        Prefix(index, np.cumsum(random.uniform(0.1, 0.2, length)), random.normal(0, 1, (length, 2)).astype(np.float32))
        for index, length in enumerate(lengths)
    ]
    together = session()
    step = together.whole(prefixes)
    compute(ENGINE, [step])
    together_by_id = dict(zip(step.asking.track_ids.tolist(), step.forecast.means, strict=True))
    for prefix in prefixes[:5]:
        alone = session()
        step = alone.whole([prefix])
        compute(ENGINE, [step])
        for each, means in zip(
            step.asking.track_ids.tolist(), () if step.forecast is None else step.forecast.means, strict=True
        ):
            np.testing.assert_array_equal(together_by_id[each], means)
    assert len(together_by_id) == sum(length > 1 for length in lengths)


def test_a_lane_is_answered_in_order_and_loses_nothing():
    """Many frames of many lanes at once: every lane gets all its answers, in order, whatever shares its batches."""

    async def talk() -> list[list[Forecasts]]:
        batcher = Batcher(clock=asyncio.get_running_loop().time)
        answers: list[list[Forecasts]] = [[] for _ in range(7)]
        lanes = []
        for index in range(7):
            failures: list[BaseException] = []
            lanes.append(Lane(session(), answers[index].append, failures.append))
        for number in range(20):
            for index, lane in enumerate(lanes):
                wide = [(0.1 * number + track, float(index)) for track in range(40 if index == 3 else 1)]
                batcher.submit(lane, partial(lane.session.observe, frame(number, *wide)))
            if number % 5 == 0:
                await asyncio.sleep(0)
        for lane in lanes:
            await lane.finish()
        await batcher.close()
        return answers

    for index, answers in enumerate(asyncio.run(talk())):
        assert [each.frame_number for each in answers] == list(range(20))
        np.testing.assert_allclose(answers[-1].means[0, 0, :, 0], [2.0, 2.1], atol=1e-5)
        np.testing.assert_allclose(answers[-1].means[0, 0, :, 1], index, atol=1e-5)
