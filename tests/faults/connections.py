"""Connections that break: a server killed, a connection cut, a proxy restarted, a client gone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import monotonic

from log import Log
from proxy import Proxy
from rig import Rig, metric, metrics_url
from scene import Frame, walk

from pathcast.service.client import AsyncResumingStream, Client, Forecasts, Persistence, Resumed, ResumingStream

MODEL = "pedestrian"
NUM_FRAMES = 40
PERSISTENCE = Persistence(first_wait_s=0.02, most_wait_s=0.5, give_up_s=45.0)
OFTEN, SELDOM = "0.05", "2"
"""Seconds from one snapshot to the next: with the second, whole tracks are sent again."""
Events = dict[int, Callable[[], object]]
"""What happens once a frame is sent, and before its answer is read."""


def talk(addresses: list[str], frames: list[Frame], expected: list[Forecasts], log: Log, events: Events) -> None:
    """A resuming stream of all frames."""
    resumptions: list[Resumed] = []
    with ResumingStream(addresses, MODEL, persistence=PERSISTENCE, on_resumed=resumptions.append) as stream:
        replies = iter(stream)
        for number, frame in enumerate(frames):
            log.send(number, frame[1])
            stream.send(number, *frame)
            events.get(number, lambda: None)()
            log.got(next(replies), expected)
    judge(resumptions, log)


async def talk_on_a_loop(
    addresses: list[str], frames: list[Frame], expected: list[Forecasts], log: Log, events: Events
) -> None:
    """The same on an event loop."""
    resumptions: list[Resumed] = []
    async with AsyncResumingStream(addresses, MODEL, persistence=PERSISTENCE, on_resumed=resumptions.append) as stream:
        replies = aiter(stream)
        for number, frame in enumerate(frames):
            log.send(number, frame[1])
            await stream.send(number, *frame)
            events.get(number, lambda: None)()
            log.got(await anext(replies), expected)
    judge(resumptions, log)


def judge(resumptions: list[Resumed], log: Log) -> None:
    log.expect(bool(resumptions), "the stream never had to go on elsewhere")
    log.expect(all(each.is_exact for each in resumptions), "the stream went on from a part of its tracks")


def survive(rig: Rig, index: int, addresses: list[str], log: Log, events: Events) -> None:
    """Holds a stream through events, by either client in turn."""
    frames = walk(index, NUM_FRAMES)
    expected = rig.expected(MODEL, frames)
    if index % 2:
        rig.runner.run(talk_on_a_loop(addresses, frames, expected, log, events))
    else:
        talk(addresses, frames, expected, log, events)


def server_killed(rig: Rig, times: int) -> Iterator[Log]:
    """SIGKILL while an answer is due; the stream goes on at another server, the witness's."""
    survivor = rig.serve(MODEL)
    often = ["--snapshot-every", OFTEN]
    with ThreadPoolExecutor(1) as pool, rig.witness(survivor) as witness:
        starting = pool.submit(rig.serve, MODEL, arguments=often)
        for index in range(times):
            victim = starting.result()
            if index + 1 < times:
                starting = pool.submit(rig.serve, MODEL, arguments=[] if index % 4 < 2 else often)
            with rig.injection(survivor, victim) as log:
                at = Random(index).randrange(3, NUM_FRAMES - 3)
                survive(rig, index, [victim.address, survivor.address], log, {at: victim.process.kill})
                witness.vouch(log)
            rig.end(victim)
            yield log


def connection_cut(rig: Rig, times: int) -> Iterator[Log]:
    """Both ends of a TCP connection closed or reset, three times in a stream."""
    server = rig.serve(MODEL, arguments=["--snapshot-every", OFTEN])
    with rig.witness(server) as witness:
        for index in range(times):
            with rig.injection(server) as log, Proxy(server.address) as proxy:
                is_reset = index % 4 < 2
                at = Random(index).sample(range(1, NUM_FRAMES), 3)
                survive(
                    rig, index, [proxy.address], log, dict.fromkeys(at, lambda is_reset=is_reset: proxy.cut(is_reset))
                )
                log.expect(proxy.num_connections > 1, "the connection was not cut")
                witness.vouch(log)
            yield log


def proxy_restarted(rig: Rig, times: int) -> Iterator[Log]:
    """Connections ended, and nobody listening for a while."""
    server = rig.serve(MODEL, arguments=["--snapshot-every", SELDOM])
    with rig.witness(server) as witness:
        for index in range(times):
            random = Random(index)
            with rig.injection(server) as log, Proxy(server.address) as proxy:
                back = threading.Timer(random.uniform(0.05, 0.6), proxy.start)

                def restart(proxy: Proxy = proxy, back: threading.Timer = back) -> None:
                    proxy.stop()
                    back.start()

                survive(rig, index, [proxy.address], log, {random.randrange(1, NUM_FRAMES - 1): restart})
                back.join()
                witness.vouch(log)
            yield log


def client_gone(rig: Rig, times: int) -> Iterator[Log]:
    """A client that vanishes: its machine resets the connection, or nothing of it is heard any more."""
    model = "constant-velocity-2d"
    arguments = ["--keepalive", "1", "--keepalive-timeout", "1", "--metrics-port", "0"]
    server = rig.serve(MODEL, model, arguments=arguments)
    url = metrics_url(server)
    with rig.witness(server) as witness:
        for index in range(times):
            frames = walk(index, 10)
            with rig.injection(server) as log, Proxy(server.address) as proxy:
                expected = rig.expected(model, frames)
                with Client(proxy.address) as client:
                    stream = client.stream(model)
                    replies = iter(stream)
                    for number, frame in enumerate(frames):
                        log.send(number, frame[1])
                        stream.send(number, *frame)
                        log.got(next(replies), expected)
                    log.expect(metric(url, "pathcast_streams", model=model) == 1, "the stream was not there")
                    proxy.cut(is_reset=True) if index % 2 else proxy.freeze()
                    end, pause = monotonic() + 30.0, threading.Event()
                    while metric(url, "pathcast_streams", model=model) and monotonic() < end:
                        pause.wait(0.05)
                    proxy.cut()
                    stream.cancel()
                log.expect(not metric(url, "pathcast_streams", model=model), "the stream was kept")
                log.expect(not metric(url, "pathcast_tracks", model=model), "tracks were kept")
                closed = metric(url, "pathcast_streams_closed_total", model=model, reason="client_gone")
                log.expect(closed == index + 1, f"the stream did not end as of a client that is gone: {closed}")
                witness.vouch(log)
            yield log
