"""Envoy, configured as in deploy/, before two replicas one of which is killed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from proxied import Envoy

from pathcast.service.client import Client, Resumed, ResumingStream

ROOT = Path(__file__).parents[2]
MODEL = "constant-velocity-2d"
FRAMES = [(0.1 * number, [1], [[0.1 * number, 0.01 * number**2]]) for number in range(40)]


@pytest.fixture
def envoy(program: Callable[[str], str], replicas, tmp_path: Path) -> Iterator[str]:
    with Envoy(program("envoy"), tmp_path, [replica.server.address for replica in replicas]) as proxy:
        yield proxy.address


def expected(address: str) -> list[np.ndarray]:
    with Client(address) as direct, direct.stream(MODEL) as stream:
        return [each.means for each in stream.forecasts(FRAMES)][1:]


def test_envoy_takes_its_configuration(program: Callable[[str], str]) -> None:
    command = [program("envoy"), "--mode", "validate", "-c", str(ROOT / "deploy" / "envoy.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0 and "OK" in done.stdout + done.stderr, done.stderr
    assert "deprecated" not in done.stderr.lower()


def test_calls_and_streams_pass_and_are_spread(envoy: str, replicas) -> None:
    with Client(envoy) as client:
        assert [model.name for model in client.models()] == [MODEL]
        streams = [client.stream(MODEL) for _ in range(4)]
        for stream in streams:
            for one, two in zip(list(stream.forecasts(FRAMES))[1:], expected(envoy), strict=True):
                np.testing.assert_array_equal(one.means, two)
            stream.close()
    assert all(replica.num_opened() for replica in replicas)


def test_a_resuming_stream_whose_replica_is_killed_goes_on_at_the_other(envoy: str, replicas) -> None:
    resumptions: list[Resumed] = []
    found = []
    with ResumingStream([envoy], MODEL, on_resumed=resumptions.append) as stream:
        for answer in stream.forecasts(FRAMES):
            found.append(answer)
            if answer.frame_number == 20:
                next(each for each in replicas if each.num_opened()).kill()
    assert resumptions and all(each.is_exact for each in resumptions)
    (other,) = (each for each in replicas if each.server.process.poll() is None)
    assert [each.frame_number for each in found] == list(range(len(FRAMES)))
    for one, two in zip(found[1:], expected(other.server.address), strict=True):
        np.testing.assert_allclose(one.means, two, rtol=0, atol=1e-5)
