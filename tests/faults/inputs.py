"""Clients that behave oddly: slow readers, clocks that jump, far too many tracks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from statistics import median

import numpy as np
from log import Log
from proxy import Proxy
from rig import Rig
from scene import Frame, throw, walk

from pathcast.service.client import Client, Forecasts, Reason, ResumingStream, Status, Stream

RESOURCE_EXHAUSTED = 8
NUM_STALLED = 60
FEW = 10
"""Frames before and after a disturbance."""
FAR_S = 1e12
LONGEST_COMPUTING_S = 0.01
"""Of the median frame where the clock jumps, beyond the median one where it does not: a few milliseconds."""


def hold(
    stream: Stream | ResumingStream, first: int, frames: list[Frame], log: Log, expected: list[Forecasts]
) -> list[float]:
    """Frames one by one, numbered from `first`, with the answers that they should have; seconds of computing each."""
    replies, computing_s = iter(stream), []
    for number, (frame, answer) in enumerate(zip(frames, expected, strict=True), first):
        log.send(number, frame[1])
        stream.send(number, *frame)
        reply = next(replies)
        log.got(reply, answer)
        computing_s.append(reply.computing_s if isinstance(reply, Forecasts) else 0.0)
    return computing_s


def slow_reader(rig: Rig, times: int) -> Iterator[Log]:
    """A client that does not read for a while: answers give way to newer ones, and each rests on all observations."""
    model, num_frames = "pedestrian", NUM_STALLED + 20
    server = rig.serve(model)
    frames = walk(5, num_frames, num_places=60)
    expected = rig.expected(model, frames)
    with rig.witness(server) as witness, Client(server.address) as client:
        for index in range(times):
            with rig.injection(server) as log, client.stream(model) as stream:
                first = Random(index).randrange(2, 15)
                stalled = range(first, first + NUM_STALLED)
                hold(stream, 0, frames[:first], log, expected[:first])
                for number in stalled:
                    log.send(number, frames[number][1])
                    stream.send(number, *frames[number])
                threading.Event().wait(0.3)  # it reads nothing, while the server answers on
                for reply in stream:
                    log.got(reply, expected)
                    if log.answered and max(log.answered) == stalled[-1]:
                        break
                log.expect(log.conflated > 0, "the reader was not too slow")
                hold(stream, stalled[-1] + 1, frames[stalled[-1] + 1 :], log, expected[stalled[-1] + 1 :])
                witness.vouch(log)
            yield log


def clock_jump(rig: Rig, times: int) -> Iterator[Log]:
    """Capture times that jump back and far forward, and back again: nothing is mixed up, and nothing takes long."""
    server, beside = (rig.serve("pedestrian", "basketball") for _ in range(2))
    with rig.witness(server) as witness, Client(server.address) as client:
        for index in range(times):
            model = ("pedestrian", "basketball")[index % 2]
            frames = (walk if model == "pedestrian" else throw)(index, 3 * FEW)
            with rig.injection(server) as log, client.stream(model) as stream:
                _jump(partial(rig.expected, model, server=beside), frames, stream, log)
                witness.vouch(log)
            yield log


def _jump(expected: Callable[[list[Frame]], list[Forecasts]], frames: list[Frame], stream: Stream, log: Log) -> None:
    """Ten frames, three of long before, ten more, ten in three far futures, three of now; then all tracks ended.

    What is not newer is rejected and leaves no trace; a track that is in every frame goes on whatever time passes
    between them; one that was ended begins anew at any time.
    """
    early, later = frames[: 2 * FEW], frames[2 * FEW :]
    far = [(time + FAR_S * (1 + index // 4), ids, places) for index, (time, ids, places) in enumerate(later)]
    beside = expected([*early, *far])
    usual_s = median(hold(stream, 0, early[:FEW], log, beside[:FEW]))
    computing_s = _reject(stream, FEW, [(each - FAR_S, *rest) for each, *rest in early[:3]], log)
    hold(stream, FEW + 3, early[FEW:], log, beside[FEW : 2 * FEW])
    computing_s += hold(stream, 2 * FEW + 3, far, log, beside[2 * FEW :])[::4]
    computing_s += _reject(stream, 3 * FEW + 3, [(time, *far[-1][1:]) for time, *_ in later[:3]], log)
    stream.end(sorted({each for _, ids, _ in [*early, *later] for each in ids}))
    hold(stream, 3 * FEW + 6, later, log, expected(later))
    more_s = median(computing_s) - usual_s
    log.expect(more_s < LONGEST_COMPUTING_S, f"a frame took {1e3 * more_s:.1f} ms more, where the clock jumps")


def _reject(stream: Stream, first: int, frames: list[Frame], log: Log) -> list[float]:
    """Frames of which nothing is to be used, as every answer has to say; how long each was computed."""
    replies, computing_s = iter(stream), []
    for number, frame in enumerate(frames, first):
        log.send(number, frame[1])
        stream.send(number, *frame)
        reply = next(replies)
        if not isinstance(reply, Forecasts):
            log.complaints.append(f"frame {number}: {reply}")
            continue
        log.answered.add(reply.frame_number)
        rejected = {each.track_id for each in reply.remarks if each.status is Status.REJECTED}
        reasons = {each.reason for each in reply.remarks if each.status is Status.REJECTED}
        log.expect(rejected == set(frame[1]), f"frame {number}: not every observation was rejected")
        log.expect(reasons <= {Reason.NOT_NEWER}, f"frame {number}: rejected for {reasons}")
        computing_s.append(reply.computing_s)
    return computing_s


def ten_thousand_tracks(rig: Rig, times: int) -> Iterator[Log]:
    """More tracks in one frame than there may be: refused, and the stream goes on, over broken connections too."""
    model, crowd = "pedestrian", 10_000
    server = rig.serve(model)
    with rig.witness(server) as witness, Client(server.address) as client:
        for index in range(times):
            frames = walk(index, 2 * FEW)
            far_too_many: Frame = (frames[FEW][0], list(range(crowd)), Random(index).random() + walk_places(crowd))
            with rig.injection(server) as log, Proxy(server.address) as proxy:
                expected = rig.expected(model, frames)
                with client.stream(model) if index % 2 else ResumingStream([proxy.address], model) as stream:
                    hold(stream, 0, frames[:FEW], log, expected[:FEW])
                    log.send(FEW, far_too_many[1])
                    stream.send(FEW, *far_too_many)
                    log.got_refused(next(iter(stream)), FEW, RESOURCE_EXHAUSTED)
                    proxy.cut()
                    hold(stream, FEW + 1, frames[FEW:], log, expected[FEW:])
                witness.vouch(log)
            yield log


def walk_places(num_places: int) -> np.ndarray:
    """Places side by side. Shape: [track, axis]."""
    return np.column_stack([np.arange(num_places) % 100, np.arange(num_places) // 100]).astype(float)
