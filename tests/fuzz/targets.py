"""What is fuzzed: the codec with raw bytes, and whole streams with a small language of bytes.

A target takes any bytes and returns; whatever it raises is a fault of ours. Errors that a client is told are no faults.
"""

from __future__ import annotations

import asyncio
import importlib.util
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from grpc import aio

from pathcast.errors import PathcastError
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.course import empty_courses
from pathcast.model.engine import Card
from pathcast.model.library import Library
from pathcast.service.batcher import Batcher
from pathcast.service.codec.goals import read_goals
from pathcast.service.codec.opening import read_open
from pathcast.service.codec.regions import read_regions
from pathcast.service.codec.requests import read_frame, read_prefixes, read_replay
from pathcast.service.limits import Limits
from pathcast.service.protection.identity import Identity
from pathcast.service.protection.quotas import Allowance
from pathcast.service.session import Session
from pathcast.service.stream import Stream
from pathcast.service.telemetry.metrics import Metrics
from pathcast.service.telemetry.scores import ScoreBook
from pathcast.service.telemetry.self_scoring import Sampling, Scorer
from pathcast.v1 import forecast_pb2 as pb

LIMITS = Limits(tracks_per_frame=64, tracks_per_stream=16, prefix_length=32, offsets=16, bytes_out=4096)
HANGS_S = 60.0
IDS = (0, 1, 2, 3, 4, 5, 2**63, 2**64 - 1)
SECONDS = (0.1, 0.04, 1.0, 0.0, -0.1, 1e-9, 30.0, 1e12, math.nan, math.inf)
METRES = (0.0, 0.1, -0.1, 1.0, 3.0, 7999.9, -8000.0, 8001.0, 1e30, math.nan, math.inf, 1e-30)


class WalkingEngine(ConstantVelocityEngine):
    """Constant velocity of people, whose tracks are followed beside the model."""

    @property
    def card(self) -> Card:
        return replace(super().card, name="walking", walks=True)


def _falling() -> Any:
    path = Path(__file__).parents[1] / "falling_engine.py"
    spec = importlib.util.spec_from_file_location("falling_engine", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FallingEngine()


LIBRARY = Library([WalkingEngine(2), _falling()])
LOOP = asyncio.new_event_loop()
METRICS = Metrics()
SCORER = Scorer(ScoreBook(), Sampling(), monotonic)
ALLOWANCE = Allowance(Identity("address", "nowhere"), LIMITS, monotonic, lambda name: None)
ENGINE = LIBRARY.get("walking", None)
FRESH = ENGINE.start(1)
COURSE_COLUMNS = empty_courses(1, 2).shape[1] if ENGINE.card.walks else 0


def read_codec(data: bytes) -> None:
    """Raw bytes as a message of a stream, and as a unary request."""
    for kind, read in ((pb.StreamForecastsRequest, _read_message), (pb.ForecastRequest, _read_unary)):
        try:
            message = kind.FromString(data)
        except DecodeError:
            continue
        try:
            read(message)
        except PathcastError:
            continue


def _read_message(message: pb.StreamForecastsRequest) -> None:
    match message.WhichOneof("message"):
        case "open":
            read_open(message.open, LIBRARY, LIMITS)
        case "frame":
            frame = read_frame(message.frame, 2, LIMITS)
            assert frame.positions.shape == (len(frame.track_ids), 2) and math.isfinite(frame.capture_time_s)
        case "replay":
            replay = read_replay(message.replay, ENGINE.card, FRESH, LIMITS, COURSE_COLUMNS)
            for prefix in replay.prefixes:
                assert len(prefix.times_s) == len(prefix.positions) and (np.diff(prefix.times_s) > 0).all()
            assert replay.snapshot is None or np.isfinite(replay.snapshot.states.filter).all()
        case "update":
            read_goals(message.update.goals.goals, "goals")
            read_regions(message.update.regions.regions, "regions")


def _read_unary(message: pb.ForecastRequest) -> None:
    _, settings = read_open(message.open, LIBRARY, LIMITS, is_unary=True)
    assert np.isfinite(settings.offsets).all() and len(settings.offsets) <= LIMITS.offsets
    read_prefixes(message.prefixes, settings.card.num_axes, LIMITS, "prefixes")


class Words:
    """Bytes as choices; when they are used up, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def are_left(self) -> bool:
        return self._at < len(self._data)

    def number(self, most: int) -> int:
        """From 0 to `most`."""
        value = self._data[self._at] if self.are_left else 0
        self._at += 1
        return value % (most + 1)

    def of(self, values: tuple[Any, ...]) -> Any:
        return values[self.number(len(values) - 1)]


class Call:
    """gRPC's side of a stream: what the client sends, and what it is told."""

    def __init__(self, words: Words, axes: int) -> None:
        self._words = words
        self._axes = axes
        self._number = 0
        self._time = 0.0
        self.num_frames = 0
        self.told: list[pb.StreamForecastsResponse] = []

    async def read(self) -> Any:
        if not self._words.are_left:
            return aio.EOF
        if self._words.number(7) == 7:
            await asyncio.sleep(0)
        return self._next()

    async def write(self, message: bytes) -> None:
        assert len(message) <= LIMITS.bytes_out or "snapshot" in str(pb.StreamForecastsResponse.FromString(message))
        self.told.append(pb.StreamForecastsResponse.FromString(message))
        if self._words.number(3) == 3:  # a reader that is slow
            for _ in range(20):
                await asyncio.sleep(0)

    def _next(self) -> pb.StreamForecastsRequest:
        kind = self._words.number(9)
        if kind <= 5:
            return pb.StreamForecastsRequest(frame=self._frame())
        if kind == 6:
            prefixes = [self._prefix() for _ in range(self._words.number(2))]
            return pb.StreamForecastsRequest(replay=pb.Replay(prefixes=prefixes))
        if kind == 7:
            ids = [self._words.of(IDS) for _ in range(self._words.number(3))]
            return pb.StreamForecastsRequest(end_tracks=pb.EndTracks(track_ids=ids))
        if kind == 8:
            return pb.StreamForecastsRequest(update=self._update())
        return pb.StreamForecastsRequest()

    def _frame(self) -> pb.Frame:
        self.num_frames += 1
        self._number += self._words.of((1, 1, 1, 0, 5))
        self._time += self._words.of(SECONDS[:8])
        ids = [self._words.of(IDS) for _ in range(self._words.number(4))]
        positions = [self._metres() for _ in range(len(ids) * self._axes)]
        time = self._time if self._words.number(15) else self._words.of(SECONDS)
        return pb.Frame(frame_number=self._number, capture_time_s=time, track_ids=ids, positions=positions)

    def _prefix(self) -> pb.Prefix:
        length = self._words.number(5)
        times = [self._time + self._words.of(SECONDS[:8]) + index for index in range(length)]
        places = [self._metres() for _ in range(length * self._axes)]
        return pb.Prefix(track_id=self._words.of(IDS), times_s=times, positions=places)

    def _metres(self) -> float:
        """Mostly somewhere near, so that tracks last."""
        return self._words.number(15) / 8 if self._words.number(3) else self._words.of(METRES)

    def _update(self) -> pb.Update:
        corners = [self._metres() for _ in range(2 * self._words.of((4, 3, 0, 2)))]
        regions = [pb.Region(name="one", corners=corners)] * self._words.number(2)
        return pb.Update(regions=pb.RegionList(regions=regions))


def _opening(words: Words) -> pb.Open:
    model, axes = words.of((("walking", 2), ("falling", 3)))
    opening = pb.Open(model=model, axes=axes, forecast_every=words.number(2))
    if words.number(1):
        opening.latency_budget_s = words.of((0.0, 1e9, 1e-4))
    if words.number(1):
        opening.coast_s = words.of((0.0, 0.3))
        opening.offsets.seconds.extend([0.1, 0.5])
    if words.number(1):
        opening.outputs.extend([pb.OUTPUT_MEANS, pb.OUTPUT_COVARIANCES])
    return opening


async def _converse(words: Words) -> None:
    opening = _opening(words)
    engine, settings = read_open(opening, LIBRARY, LIMITS)
    batcher = Batcher(monotonic, METRICS)
    session = Session(engine, settings)
    call = Call(words, settings.card.num_axes)
    stream = Stream(session, batcher, LIMITS, None, METRICS, SCORER.follow(session), ALLOWANCE)
    is_whole = True
    try:
        await asyncio.wait_for(stream.run(call), HANGS_S)
    except PathcastError:
        is_whole = False
    finally:
        stream.close("ended")
        await batcher.close()
    _judge(call, session, is_whole)


def _judge(call: Call, session: Session, is_whole: bool) -> None:
    """What holds of every stream, whatever its client said."""
    assert call.told[0].WhichOneof("message") == "opened"
    assert session.num_tracks <= LIMITS.tracks_per_stream
    assert session.num_bytes <= 2 * LIMITS.tracks_per_stream * 4096
    answers = [each.forecasts for each in call.told if each.HasField("forecasts")]
    for answer in answers:
        for values in (answer.probabilities, answer.means, answer.covariances, answer.regions, answer.surprises):
            assert np.isfinite(np.array(values)).all()
    if is_whole and session.settings.forecast_every == 1:
        refused = sum(each.HasField("refused") and each.refused.HasField("frame_number") for each in call.told)
        whole = [answer for answer in answers if answer.part == 0]
        assert len(whole) + sum(answer.frames_conflated for answer in whole) + refused == call.num_frames


def hold_stream(data: bytes) -> None:
    """A whole stream, from its opening to its end."""
    with np.errstate(all="ignore"):  # what is not finite is judged by whether it is sent
        LOOP.run_until_complete(_converse(Words(data)))


TARGETS: dict[str, Callable[[bytes], None]] = {"codec": read_codec, "stream": hold_stream}
