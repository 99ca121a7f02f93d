"""nginx, configured as in deploy/, before two replicas one of which is killed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from pathcast.errors import ServiceError
from pathcast.service.client import Client, Forecasts, Resumed, ResumingStream
from pathcast.service.client.stream import Stream

MODEL = "constant-velocity-2d"
PATIENCE_S = 60.0


@pytest.fixture
def client(proxy: str) -> Iterator[Client]:
    with Client(proxy) as each:
        yield each


def walk(stream: Stream, numbers: range) -> list[Forecasts]:
    """Sends frames of one track one by one; the answers."""
    replies, answers = iter(stream), []
    for number in numbers:
        stream.send(number, 0.1 * number, [1], [[0.1 * number, 0.0]])
        reply = next(replies)
        assert isinstance(reply, Forecasts)
        answers.append(reply)
    return answers


def holder(replicas):
    """The replica that the only stream so far was given to; its log may be a moment behind."""
    end = time.monotonic() + PATIENCE_S
    while not any(each.num_opened() for each in replicas):
        assert time.monotonic() < end
        time.sleep(0.02)
    return next(each for each in replicas if each.num_opened())


def test_calls_and_streams_pass(client, replicas):
    assert [model.name for model in client.models()] == [MODEL]
    with client.stream(MODEL) as stream:
        through = walk(stream, range(20))[-1]
    with Client(replicas[0].server.address) as direct, direct.stream(MODEL) as stream:
        beside = walk(stream, range(20))[-1]
    np.testing.assert_array_equal(through.means, beside.means)


def test_streams_are_spread_over_both(client, replicas):
    streams = [client.stream(MODEL) for _ in range(4)]
    for stream in streams:
        walk(stream, range(2))
    assert [each.num_opened() for each in replicas] == [2, 2]
    for stream in streams:
        stream.close()


def test_a_stream_whose_replica_is_killed_is_told_and_a_new_one_goes_to_the_other(client, replicas):
    """Without resuming: the client opens the next stream by itself.

    nginx resets a stream that it has begun to answer, which gRPC takes for INTERNAL, where the server itself gone would
    be UNAVAILABLE; who resumes has to take both for a broken connection.
    """
    stream = client.stream(MODEL)
    walk(stream, range(5))
    killed = holder(replicas)
    (other,) = (each for each in replicas if each is not killed)
    killed.kill()
    with pytest.raises(ServiceError, match=r"INTERNAL: .*RST_STREAM|could not be reached"):
        walk(stream, range(5, 1000))
    for _ in range(5):
        with client.stream(MODEL) as again:
            assert walk(again, range(3))[-1].track_ids.tolist() == [1]
    assert other.num_opened() == 5


def test_a_resuming_stream_whose_replica_is_killed_goes_on_at_the_other(proxy, replicas):
    """INTERNAL is how nginx tells it; every frame is answered once and as if nothing had happened."""
    frames = [(0.1 * number, [1], [[0.1 * number, 0.01 * number**2]]) for number in range(40)]
    resumptions: list[Resumed] = []
    found = []
    with ResumingStream([proxy], MODEL, on_resumed=resumptions.append) as stream:
        for answer in stream.forecasts(frames):
            found.append(answer)
            if answer.frame_number == 20:
                holder(replicas).kill()
    assert resumptions and all(each.is_exact for each in resumptions)
    (other,) = (each for each in replicas if each.server.process.poll() is None)
    with Client(other.server.address) as direct, direct.stream(MODEL) as stream:
        expected = list(stream.forecasts(frames))
    assert [each.frame_number for each in found] == list(range(len(frames)))
    for one, two in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(one.means, two.means, rtol=0, atol=1e-5)


def test_streams_of_the_other_replica_go_on(client, replicas):
    streams = [client.stream(MODEL) for _ in range(2)]
    for stream in streams:
        walk(stream, range(3))
    assert [each.num_opened() for each in replicas] == [1, 1]
    replicas[0].kill()
    survived = 0
    for stream in streams:
        try:
            walk(stream, range(3, 30))
            survived += 1
        except ServiceError:
            continue
    assert survived == 1


def test_a_replica_that_is_down_is_passed_over(client, replicas):
    replicas[1].kill()
    for _ in range(6):
        with client.stream(MODEL) as stream:
            walk(stream, range(2))
    assert replicas[0].num_opened() == 6
