"""A unary request that cannot be begun in time is not computed."""

import asyncio
import threading
from typing import Any

import grpc
import numpy as np

from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.library import Library
from pathcast.service.batcher import Batcher
from pathcast.service.limits import Limits
from pathcast.service.servicer import ForecastServicer
from pathcast.v1 import forecast_pb2 as pb

REQUEST = pb.ForecastRequest(
    open=pb.Open(model="constant-velocity-2d", axes=2),
    prefixes=[pb.Prefix(track_id=1, times_s=[0, 1], positions=[0, 0, 1, 0])],
)


class CountingEngine(ConstantVelocityEngine):
    num_encoded = 0
    may_go_on: threading.Event | None = None

    def encode(self, states, times, positions, lengths):
        self.num_encoded += 1
        if self.may_go_on is not None:
            self.may_go_on.wait(60)
        return super().encode(states, times, positions, lengths)


class AbortedError(Exception):
    pass


class Call:
    """gRPC's side of a unary call."""

    invocation_metadata, auth_context, peer = tuple, dict, str
    """Empty: nobody says who calls."""

    def __init__(self, remaining_s: float | None) -> None:
        self._remaining_s = remaining_s
        self.code: grpc.StatusCode | None = None

    def time_remaining(self) -> float | None:
        return self._remaining_s

    async def abort(self, code: grpc.StatusCode, details: str, trailing_metadata: Any) -> None:
        self.code = code
        raise AbortedError


def ask(calls: list[Call], waits_s: float) -> tuple[int, list[Any]]:
    """How many requests were computed, and what came of each, if all wait for so long by the batcher's clock."""
    engine, now = CountingEngine(2), [0.0]

    async def talk() -> list[Any]:
        batcher = Batcher(lambda: now[0])
        servicer = ForecastServicer(Library([engine]), batcher, Limits())
        tasks = [asyncio.ensure_future(servicer.forecast(REQUEST, call)) for call in calls]
        await asyncio.sleep(0)  # all have been submitted, and none begun
        now[0] = waits_s
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await batcher.close()
        return results

    results = asyncio.run(talk())
    return engine.num_encoded, results


def test_a_request_past_its_deadline_is_dropped_before_computing():
    calls = [Call(0.5), Call(None), Call(5.0)]
    num_computed, results = ask(calls, waits_s=1.0)
    assert calls[0].code is grpc.StatusCode.DEADLINE_EXCEEDED and isinstance(results[0], AbortedError)
    assert [call.code for call in calls[1:]] == [None, None]
    for data in results[1:]:
        answered = pb.ForecastResponse.FromString(data)
        np.testing.assert_allclose(answered.forecasts[0].means[:2], [1.4, 0.0], rtol=1e-6)
        assert answered.forecasts[0].queued_s == 1.0
    assert num_computed == 2


def test_a_request_whose_client_left_is_not_computed():
    engine, may_go_on = CountingEngine(2), threading.Event()
    times = np.arange(200.0)  # as long as a thread computes it, the others wait
    long = pb.ForecastRequest()
    long.CopyFrom(REQUEST)
    long.prefixes[0].CopyFrom(pb.Prefix(track_id=1, times_s=times, positions=np.repeat(times, 2)))
    engine.may_go_on = may_go_on

    async def talk() -> list[Any]:
        batcher = Batcher(lambda: 0.0)
        servicer = ForecastServicer(Library([engine]), batcher, Limits())
        tasks = [asyncio.ensure_future(servicer.forecast(long, Call(None)))]
        while not engine.num_encoded:
            await asyncio.sleep(0)
        tasks += [asyncio.ensure_future(servicer.forecast(REQUEST, Call(None))) for _ in range(2)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0)
        may_go_on.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await batcher.close()
        return results

    first, left, last = asyncio.run(talk())
    assert isinstance(left, asyncio.CancelledError)
    assert isinstance(first, bytes) and isinstance(last, bytes)
    assert engine.num_encoded == 2
