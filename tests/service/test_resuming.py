"""Whatever breaks, a resuming stream forecasts as one that never broke, and answers every frame once."""

import asyncio
import json
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import pytest

from pathcast.errors import LimitError, ServiceError, UnknownModelError
from pathcast.model.library import SHIPPED
from pathcast.service.client import (
    AsyncResumingStream,
    Client,
    Forecasts,
    LocalServer,
    Persistence,
    Refused,
    Resumed,
    ResumingStream,
    Stream,
)

MODEL = "pedestrian"
NUM_FRAMES = 40
QUICK = Persistence(first_wait_s=0.02, give_up_s=30.0)
Frame = tuple[float, list[int], np.ndarray]


def renamed_bundle(folder: Path, version: str) -> Path:
    """The shipped bundle as another version."""
    shutil.copytree(SHIPPED / MODEL / "1", folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"version": version}))
    return folder


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LocalServer]]:
    """Servers by what becomes of them, started side by side."""
    newer = str(renamed_bundle(tmp_path_factory.mktemp("newer") / "bundle", "2"))
    often, never = ["--snapshot-every", "0.001"], ["--snapshot-every", "0"]
    wanted = {"lives": ([MODEL], often), "killed": ([MODEL], often), "drained": ([MODEL], often)}
    wanted |= {"silent": ([MODEL], never), "newer": ([newer], never)}
    with ThreadPoolExecutor(len(wanted)) as pool:
        starting = {
            name: pool.submit(LocalServer, models, grace_s=20.0, arguments=arguments)
            for name, (models, arguments) in wanted.items()
        }
        started = {name: future.result() for name, future in starting.items()}
        yield started
        list(pool.map(LocalServer.close, started.values()))


def walkers(num_frames: int = NUM_FRAMES, num_tracks: int = 5) -> list[Frame]:
    """Tracks that come late, are missing for a while, end, and are seen again, on a jittery clock."""
    random = np.random.default_rng(11)
    place, velocity = random.uniform(-5, 5, (num_tracks, 2)), random.normal(0, 1, (num_tracks, 2))
    frames, time = [], 1000.0
    for number in range(num_frames):
        time += random.uniform(0.08, 0.14)
        place = place + 0.1 * velocity + random.normal(0, 0.02, place.shape)
        seen = [each for each in range(num_tracks) if number >= 3 * each and random.random() < 0.8]
        if 12 < number < 30:
            seen = [each for each in seen if each != 1]
        frames.append((time, seen, place[seen].copy()))
    return frames


FRAMES = walkers()


@pytest.fixture(scope="module")
def expected(servers: dict[str, LocalServer]) -> list[Forecasts]:
    """The answers of a stream that nothing happens to."""
    with Client(servers["silent"].address) as client, client.stream(MODEL) as stream:
        return list(stream.forecasts(FRAMES))


def assert_same(found: list[Forecasts], expected: list[Forecasts]) -> None:
    assert [each.frame_number for each in found] == [each.frame_number for each in expected]
    for one, other in zip(found, expected, strict=True):
        order, other_order = np.argsort(one.track_ids), np.argsort(other.track_ids)
        np.testing.assert_array_equal(one.track_ids[order], other.track_ids[other_order])
        np.testing.assert_array_equal(one.statuses[order], other.statuses[other_order])
        assert one.means is not None and other.means is not None
        np.testing.assert_allclose(one.means[order], other.means[other_order], rtol=0, atol=1e-5)
        np.testing.assert_allclose(one.probabilities[order], other.probabilities[other_order], rtol=0, atol=1e-5)
        assert sorted(map(repr, one.remarks)) == sorted(map(repr, other.remarks))


def disturbed(frames: list[Frame], events: dict[int, Callable[[], None]]) -> Iterator[Frame]:
    """The frames, with something happening before some of them."""
    for number, frame in enumerate(frames):
        if number in events:
            events[number]()
        yield frame


class Proxy:
    """A TCP proxy whose connections can be cut."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.num_connections = 0
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Ends all connections at once, both ways."""
        ends, self._ends = self._ends, []
        for end in ends:
            end.shutdown(socket.SHUT_RDWR) if end.fileno() >= 0 else None
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            self.num_connections += 1
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            source.close()
            sink.close()


@pytest.fixture
def resumptions() -> list[Resumed]:
    return []


@pytest.mark.parametrize("behind", ["lives", "silent"])
def test_cut_connections_lose_nothing(servers, expected, resumptions, behind):
    """With snapshots, and without any, where whole tracks are sent again."""
    with Proxy(servers[behind].address) as proxy:
        events = dict.fromkeys([1, 2, 17, 18, 33], proxy.cut)
        with ResumingStream([proxy.address], MODEL, persistence=QUICK, on_resumed=resumptions.append) as stream:
            assert_same(list(stream.forecasts(disturbed(FRAMES, events))), expected)
        assert len(resumptions) >= 5 and all(each.is_exact for each in resumptions)
        assert proxy.num_connections > 5


def test_a_snapshot_that_a_server_refuses_is_done_without(servers, expected, resumptions):
    """As one of another release would be."""
    with Proxy(servers["lives"].address) as proxy:
        stream = ResumingStream([proxy.address], MODEL, persistence=QUICK, on_resumed=resumptions.append)

        def spoil_and_cut() -> None:
            history = stream._resumption.history
            assert history.has_snapshot_for("1")
            history._snapshot = [b"of another release"]
            history.keep = lambda part, version: None  # one that is under way does not take its place
            proxy.cut()

        with stream:
            assert_same(list(stream.forecasts(disturbed(FRAMES, {17: spoil_and_cut}))), expected)
    assert len(resumptions) >= 2 and resumptions[-1].is_exact


async def cut_on_an_event_loop(address: str, resumptions: list[Resumed]) -> list[Forecasts]:
    with Proxy(address) as proxy:
        events = dict.fromkeys([1, 17, 33], proxy.cut)
        addresses = [proxy.address]
        async with AsyncResumingStream(
            addresses, MODEL, persistence=QUICK, random=Random(3), on_resumed=resumptions.append
        ) as stream:
            return [each async for each in stream.forecasts(disturbed(FRAMES, events))]


def test_cut_connections_lose_nothing_on_an_event_loop(servers, expected, resumptions):
    assert_same(asyncio.run(cut_on_an_event_loop(servers["lives"].address, resumptions)), expected)
    assert len(resumptions) >= 3 and all(each.is_exact for each in resumptions)


def collect(stream: ResumingStream | Stream) -> tuple[list[Forecasts], int]:
    """All answers, and how many others gave way to them."""
    found = [reply for reply in stream if not isinstance(reply, Refused)]
    return found, sum(each.frames_conflated for each in found)


def test_frames_under_way_are_answered_once_and_ends_and_regions_hold(servers):
    """A sender far ahead of the reader; the last answer rests on every observation."""
    region = {"door": [(-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0)]}

    def talk(stream: ResumingStream | Stream, events: dict[int, Callable[[], None]]) -> None:
        for number, (time, ids, places) in enumerate(disturbed(FRAMES, events)):
            if number == 9:
                stream.update(regions=region)
            if number == 25:
                stream.end([0])
            stream.send(number, time, ids, places)
        stream.finish()

    with Client(servers["silent"].address) as client, client.stream(MODEL) as plain:
        talk(plain, {})
        whole, _ = collect(plain)
    with Proxy(servers["lives"].address) as proxy:
        with ResumingStream([proxy.address], MODEL, persistence=QUICK) as stream:
            talk(stream, {12: proxy.cut, 20: proxy.cut, 39: proxy.cut})
            found, _ = collect(stream)
        numbers = [each.frame_number for each in found]
        assert numbers == sorted(set(numbers)) and numbers[-1] == NUM_FRAMES - 1
        assert_same([replaced(found[-1])], [replaced(whole[-1])])
        assert found[-1].regions is not None
        order, other = np.argsort(found[-1].track_ids), np.argsort(whole[-1].track_ids)
        np.testing.assert_allclose(found[-1].regions[order], whole[-1].regions[other], atol=1e-5)


def replaced(forecasts: Forecasts) -> Forecasts:
    """Without remarks, which depend on the answers that gave way."""
    forecasts.remarks = []
    return forecasts


def test_a_server_killed_in_mid_stream_loses_nothing(servers, expected, resumptions):
    addresses = [servers["killed"].address, servers["lives"].address]
    events = {20: servers["killed"].process.kill}
    with ResumingStream(addresses, MODEL, persistence=QUICK, on_resumed=resumptions.append) as stream:
        assert stream.address == addresses[0]
        assert_same(list(stream.forecasts(disturbed(FRAMES, events))), expected)
    assert [(each.address, each.is_exact) for each in resumptions] == [(addresses[1], True)]


def test_a_server_that_stops_hands_its_streams_over(servers, expected, resumptions):
    """No answer is waited for: the other server is there before the first one goes, which then ends by itself."""
    addresses = [servers["drained"].address, servers["lives"].address]
    process = servers["drained"].process
    events = {20: lambda: process.send_signal(signal.SIGTERM)}
    with ResumingStream(addresses, MODEL, persistence=QUICK, on_resumed=resumptions.append) as stream:
        found = []
        for answer in stream.forecasts(disturbed(FRAMES, events)):
            found.append(answer)
            if answer.frame_number == 25:
                waiting = threading.Event()
                for _ in range(200):  # the notice comes when it comes
                    if stream.address == addresses[1]:
                        break
                    waiting.wait(0.01)
        assert_same(found, expected)
    assert [(each.address, each.is_exact) for each in resumptions] == [(addresses[1], True)]
    assert process.wait(15) == 0


def test_a_version_that_is_gone_ends_the_stream_or_gives_way_and_says_so(servers, expected, resumptions):
    addresses = [servers["lives"].address, servers["newer"].address]
    with Proxy(addresses[0]) as proxy:
        places = [proxy.address, addresses[1]]
        with (
            pytest.raises(UnknownModelError, match="'1'"),
            ResumingStream(places, MODEL, version="1", persistence=QUICK) as stream,
        ):
            list(stream.forecasts(disturbed(FRAMES, {20: proxy.cut})))
        with ResumingStream(
            places,
            MODEL,
            version="1",
            allow_newer_version=True,
            persistence=QUICK,
            on_resumed=resumptions.append,
        ) as stream:
            assert not stream.opened.is_other_version
            assert_same(list(stream.forecasts(disturbed(FRAMES, {20: proxy.cut}))), expected)
            assert stream.opened.is_other_version and stream.opened.model.version == "2"
    assert [(each.opened.model.version, each.is_exact) for each in resumptions] == [("2", False)]


def test_a_message_that_no_server_takes_is_refused_before_it_is_sent(servers):
    ids = list(range(450_000))
    with ResumingStream([servers["lives"].address], MODEL, persistence=QUICK) as stream:
        stream.send(0, 0.0, [1], [[0.0, 0.0]])
        with pytest.raises(LimitError, match="at most 4194304 bytes"):
            stream.send(1, 0.4, ids, np.zeros((len(ids), 2)))
        stream.send(1, 0.4, [1], [[0.5, 0.0]])
        stream.finish()
        assert [each.frame_number for each in stream][-1] == 1


def test_nobody_there_is_told_in_time():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"127.0.0.1:{listener.getsockname()[1]}"
        impatient = Persistence(give_up_s=0.3, open_s=0.1, first_wait_s=0.02)
        with pytest.raises(ServiceError, match="no stream that goes on within 0"):
            ResumingStream([nobody], MODEL, axes=2, persistence=impatient)


def test_what_trying_again_cannot_mend_is_raised_at_once(servers):
    with pytest.raises(UnknownModelError):
        ResumingStream([servers["lives"].address], "nobody", axes=2)
