"""Does a rolling restart of replicas behind a proxy lose anything?

Streams that resume (`ResumingStream`) send frames through nginx or Envoy, configured as in `deploy/`. Replicas
are told to stop one after the other, as by a deployment, and each is started anew on its port before the next one
stops. What is counted is from the streams' own logs: every frame has to be answered once, by a forecast within 1e-5 of
that of a server to which nothing happens. Whether a walker is suspect is judged anew after a resumption, because
snapshots hold nothing of it: how often that differs is counted by itself. Ends with 1 if anything was lost.

    python benchmarks/rolling_restart.py [--json] [--proxy envoy] [--replicas N] [--streams N] [--rate HZ] [--grace S]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from proxied import PATIENCE_S, Envoy, Nginx, find_program

from pathcast.service.client import Client, Forecasts, LocalServer, Resumed, ResumingStream
from pathcast.service.messages import Status

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "faults"))  # how the fault table counts

from log import Log
from scene import Frame, walkers

MODEL = "pedestrian"
PROXIES: dict[str, type[Nginx] | type[Envoy]] = {"nginx": Nginx, "envoy": Envoy}


class Replica:
    """A server that keeps its port over restarts."""

    def __init__(self, grace_s: float) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._grace_s = grace_s
        self.server = self._start()

    def restart(self) -> None:
        """Tells it to stop, as a deployment does, waits for its end and starts it anew."""
        self.server.process.send_signal(signal.SIGTERM)
        self.server.process.wait(self._grace_s + PATIENCE_S)
        self.server.close()
        self.server = self._start()

    def _start(self) -> LocalServer:
        return LocalServer([MODEL], grace_s=self._grace_s, arguments=["--port", str(self._port)])


class Watcher:
    """A stream through the proxy that goes on until it is told to stop."""

    def __init__(self, address: str, seed: int, pause_s: float, is_over: threading.Event) -> None:
        self.frames: list[Frame] = []
        self.replies: list[object] = []
        self.resumptions: list[Resumed] = []
        self.longest_wait_s = 0.0
        self.fault: str | None = None
        self._address, self._seed, self._pause_s, self._is_over = address, seed, pause_s, is_over
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self) -> None:
        try:
            with ResumingStream([self._address], MODEL, on_resumed=self.resumptions.append) as stream:
                replies = iter(stream)
                for number, frame in enumerate(walkers(self._seed)):
                    if self._is_over.wait(self._pause_s):
                        return
                    started = monotonic()
                    self.frames.append(frame)
                    stream.send(number, *frame)
                    self.replies.append(next(replies))
                    self.longest_wait_s = max(self.longest_wait_s, monotonic() - started)
        except Exception as error:  # whatever it is, the stream is lost
            self.fault = f"{type(error).__name__}: {error}"

    def log(self, peaceful: Client) -> tuple[Log, int]:
        """What it sent and got, judged by a server to which nothing happened, and how often suspicion differs."""
        log = Log()
        with peaceful.stream(MODEL) as stream:
            expected = list(stream.forecasts(self.frames))
        for number, frame in enumerate(self.frames):
            log.send(number, frame[1])
        num_other = 0
        for reply in self.replies:
            judged, num = as_suspect(reply, expected)
            log.got(judged, expected)
            num_other += num
        if self.fault is not None:
            log.complaints.append(self.fault)
        log.expect(all(each.is_exact for each in self.resumptions), "a stream went on from a part of its tracks")
        return log, num_other


def as_suspect(reply: object, expected: Sequence[Forecasts]) -> tuple[object, int]:
    """The reply, with the statuses that are expected of tracks that one of the two finds suspect; and of how many."""
    if not isinstance(reply, Forecasts) or reply.frame_number >= len(expected):
        return reply, 0
    other = expected[reply.frame_number]
    there = dict(zip(other.track_ids.tolist(), other.statuses.tolist(), strict=True))
    statuses = reply.statuses.copy()
    for row, (track, status) in enumerate(zip(reply.track_ids.tolist(), statuses.tolist(), strict=True)):
        if Status.SUSPECT in (status, there.get(track)):
            statuses[row] = there.get(track, status)
    return replace(reply, statuses=statuses), int((statuses != reply.statuses).sum())


def restart_all(kind: str, num_replicas: int, num_streams: int, rate_hz: float, grace_s: float) -> dict[str, Any]:
    """The streams' counts over one rolling restart."""
    program = find_program(kind)
    if program is None:
        raise SystemExit(f"expected {kind}, found none: make test-system")
    replicas: list[Replica] = []
    is_over = threading.Event()
    watchers: list[Watcher] = []
    with TemporaryDirectory() as folder, LocalServer([MODEL]) as peaceful:
        try:
            replicas += (Replica(grace_s) for _ in range(num_replicas))
            with PROXIES[kind](program, Path(folder), [each.server.address for each in replicas]) as proxy:
                watchers += (Watcher(proxy.address, seed, 1 / rate_hz, is_over) for seed in range(num_streams))
                started = monotonic()
                for replica in replicas:
                    is_over.wait(1.0)  # so that there is a stream on it, with something behind it
                    replica.restart()
                is_over.wait(1.0)
                seconds = monotonic() - started
                is_over.set()
                for watcher in watchers:
                    watcher.thread.join()
            with Client(peaceful.address) as client:
                logs, others = zip(*(watcher.log(client) for watcher in watchers), strict=True)
        finally:
            is_over.set()
            for replica in replicas:
                replica.server.close()
    return {
        "proxy": kind,
        "replicas": num_replicas,
        "streams": num_streams,
        "seconds": round(seconds, 1),
        "sent": sum(len(log.sent) for log in logs),
        "answered": sum(len(log.answered) for log in logs),
        "lost": sum(log.num_lost for log in logs),
        "observations": sum(sum(log.sent.values()) for log in logs),
        "streams_survived": sum(log.has_survived for log in logs),
        "resumptions": sum(len(watcher.resumptions) for watcher in watchers),
        "largest_difference": max(each for log in logs for each in log.differences),
        "suspicions_that_differ": sum(others),
        "longest_wait_s": round(max(watcher.longest_wait_s for watcher in watchers), 3),
        "complaints": [each for log in logs for each in log.complaints[:3]],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--proxy", choices=PROXIES, default="nginx")
    parser.add_argument("--replicas", type=int, default=3)
    parser.add_argument("--streams", type=int, default=12)
    parser.add_argument("--rate", type=float, default=20.0, help="most frames a second of each stream")
    parser.add_argument("--grace", type=float, default=2.0, help="seconds that open streams have")
    options = parser.parse_args()
    found = restart_all(options.proxy, options.replicas, options.streams, options.rate, options.grace)
    if options.json:
        print(json.dumps(found | {"cores": os.cpu_count(), "rate_hz": options.rate, "grace_s": options.grace}))
    else:
        for name, value in found.items():
            print(f"{name:20s} {value}")
    return int(found["streams_survived"] < options.streams or not found["resumptions"])


if __name__ == "__main__":
    sys.exit(main())
