"""One open stream of forecasts: requests in, answers out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from grpc import aio

from pathcast.errors import InputError, LimitError, NotServedError, PathcastError
from pathcast.model.engine import Card
from pathcast.model.goals import Goals
from pathcast.model.regions import Regions
from pathcast.service import restoring
from pathcast.service.batcher import Batcher, Lane
from pathcast.service.codec.answers import write_forecasts, write_response
from pathcast.service.codec.goals import read_goals
from pathcast.service.codec.opened import write_opened
from pathcast.service.codec.regions import read_regions
from pathcast.service.codec.requests import count_observations, read_frame, read_replay
from pathcast.service.codec.snapshots import write_snapshot
from pathcast.service.faults import to_name, to_refused
from pathcast.service.limits import Limits
from pathcast.service.mailbox import Mailbox
from pathcast.service.messages import Forecasts, Frame, GoingAway, Prefix, Refused, Replay, Settings, Snapshot
from pathcast.service.protection.quotas import Allowance
from pathcast.service.recording import Recording
from pathcast.service.session import Session
from pathcast.service.silence import Silence
from pathcast.service.snapshots import Snapshots
from pathcast.service.steps import Step
from pathcast.service.telemetry.metrics import Metrics
from pathcast.service.telemetry.self_scoring import Follower
from pathcast.service.telemetry.stream_log import StreamLog
from pathcast.v1 import forecast_pb2 as pb

_EOF: Any = aio.EOF  # type: ignore[attr-defined]
Context = Any
"""grpc.aio.ServicerContext."""
_Plan = Callable[[], Step | None]
"""What is to be done when a request's turn comes."""


class Stream:
    """One open stream: a task reads requests, the call itself writes answers."""

    def __init__(
        self,
        session: Session,
        batcher: Batcher,
        limits: Limits,
        recording: Recording | None,
        metrics: Metrics,
        follower: Follower | None,
        allowance: Allowance,
    ) -> None:
        self.mailbox = Mailbox()
        self.allowance = allowance
        """What the client has left."""
        self._metrics = metrics
        self._counts = metrics.of(session.settings.card)
        self._session = session
        self._batcher = batcher
        self._limits = limits
        self._recording = recording
        self._follower = follower
        self._lane = Lane(session, self._deliver, self.mailbox.fail, self._follow)
        clock = asyncio.get_running_loop().time
        self._snapshots = Snapshots(session, self.mailbox, limits.snapshot_every_s, clock)
        self._silence = Silence(limits.idle_stream_s, self.mailbox.fail)
        self._num_frames = 0
        self._log = StreamLog(session.settings.card)
        opened = write_opened(session.settings, limits, recording is not None)
        self.mailbox.put(write_response(opened))

    @property
    def _settings(self) -> Settings:
        return self._session.settings

    @property
    def card(self) -> Card:
        """The model that answers."""
        return self._settings.card

    @property
    def num_tracks(self) -> int:
        """Live tracks."""
        return self._session.num_tracks

    @property
    def num_bytes(self) -> int:
        """Bytes of the tables that hold them."""
        return self._session.num_bytes

    async def run(self, context: Context) -> None:
        """Answers until the client has ended its side and everything is sent.

        Raises:
            Exception: What ends the stream.
        """
        reading = asyncio.create_task(self._read(context))
        try:
            while (message := await self.mailbox.take()) is not None:
                if isinstance(message, Snapshot):
                    await self._send_snapshot(context, message)
                else:
                    await self._send(context, message)
        finally:
            reading.cancel()

    async def _send(self, context: Context, message: bytes | Forecasts) -> None:
        parts = write_forecasts(message, self._limits.bytes_out) if isinstance(message, Forecasts) else [message]
        for part in parts:
            await context.write(part)

    async def _send_snapshot(self, context: Context, snapshot: Snapshot) -> None:
        """Sends its parts; what comes meanwhile goes between them."""
        for part in write_snapshot(snapshot, self._limits.bytes_out):
            message = self.mailbox.take_waiting()
            if message is not None and not isinstance(message, Snapshot):
                await self._send(context, message)
            await context.write(part)
        self.mailbox.drop_snapshot()

    def go_away(self, within_s: float) -> None:
        """Tells the client that the server stops; the next answer is followed by a snapshot."""
        self._snapshots.hurry()
        self.mailbox.put(write_response(GoingAway(within_s)))

    def close(self, reason: str) -> None:
        """Forgets everything, and says why."""
        self._silence.close()
        self._metrics.count_closed(self.card, reason)
        self._log.close(reason, self._num_frames)
        self._batcher.forget(self._lane)
        if self._follower is not None:
            self._follower.close()
        if self._recording is not None:
            self._recording.close()
            self._recording = None

    async def _read(self, context: Context) -> None:
        """Reads requests until the client ends its side."""
        try:
            while (request := await context.read()) is not _EOF:
                self._silence.hear()
                self._take(request)
                if not self._lane.has_room:
                    await self._lane.room()
                if not self.mailbox.has_room:
                    await self.mailbox.room()
            # The requests of a cancelled call end as those of a finished one do; gRPC's word that it was cancelled is
            # behind that, and ahead of what the next operation brings.
            await context.read()
            await self._lane.finish()
            self.mailbox.close()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            await self._lane.finish()
            self.mailbox.fail(error)

    def _take(self, request: pb.StreamForecastsRequest) -> None:
        """Queues one request; what is wrong with it is said in its turn."""
        kind = request.WhichOneof("message")
        if kind == "open":
            raise InputError("open", "open once, as the first message", "a second one")
        frame_number = request.frame.frame_number if kind == "frame" else None
        try:
            if self.allowance.is_limited:
                self.allowance.spend(count_observations(request))
            plans = self._plan(request, kind)
        except PathcastError as error:
            refusal = to_refused(error, frame_number)
            plans = [lambda: self._refuse(refusal)]
        for plan in plans:
            self._batcher.submit(self._lane, plan)

    def _plan(self, request: pb.StreamForecastsRequest, kind: str | None) -> list[_Plan]:
        """What is to be done, step by step, when the request's turn comes.

        Raises:
            InputError, NotServedError: It cannot be used.
        """
        if kind == "frame":
            frame = read_frame(request.frame, self._settings.card.num_axes, self._limits)
            return [lambda: self._observe(frame)]
        if kind == "replay":
            courses = self._session.courses
            followed = 0 if courses is None else courses.shape[1]
            replay = read_replay(request.replay, self._settings.card, self._session.fresh, self._limits, followed)
            return self._plan_replay(replay)
        if kind == "end_tracks":
            track_ids = list(request.end_tracks.track_ids)
            return [lambda: self._session.end(track_ids)]
        if kind == "update":
            return self._plan_update(request.update)
        raise InputError("message", "open, frame, replay, update or end_tracks", "none of them")

    def _observe(self, frame: Frame, is_past: bool = False) -> Step | None:
        try:
            step = self._session.observe(frame, is_past)
        except InputError as error:
            if is_past:
                error = InputError("replay.frames: frame_number", error.expected, error.found)
            self._refuse(to_refused(error, None if is_past else frame.frame_number))
            return None
        self._counts.frames.inc()
        self._num_frames += 1
        if self._recording is not None:
            self._recording.observe(frame)
        return step

    def _plan_replay(self, replay: Replay) -> list[_Plan]:
        """A snapshot, then prefixes, then frames, each in its turn."""
        plans: list[_Plan] = []
        if (snapshot := replay.snapshot) is not None:
            plans.append(lambda: self._restore(snapshot))
        if replay.prefixes:
            plans.append(lambda: self._replay(replay.prefixes))
        plans += [lambda frame=frame: self._observe(frame, is_past=True) for frame in replay.frames]  # type: ignore[misc]
        return plans

    def _restore(self, snapshot: Snapshot) -> Step | None:
        try:
            return restoring.plan(self._session, snapshot)
        except InputError as error:
            self._refuse(to_refused(error))
            return None

    def _replay(self, prefixes: list[Prefix]) -> Step:
        if self._recording is not None:
            self._recording.replay(prefixes)
        return self._session.replay(prefixes)

    def _follow(self, step: Step) -> None:
        """What a computed step brings about beside its answer."""
        if step.refusal is not None:
            self._refuse(to_refused(step.refusal))
        if self._follower is not None:
            self._follower.take(step)
        self._snapshots.take(step)

    def _plan_update(self, update: pb.Update) -> list[_Plan]:
        """Goals and regions that hold from here on.

        Raises:
            InputError, NotServedError: A goal or a region is wrong, or a part of the update is not served.
        """
        if update.HasField("venue"):
            raise NotServedError("update.venue")
        goals = self._read_goals(update) if update.HasField("goals") else None
        regions = self._read_regions(update) if update.HasField("regions") else None
        if goals is None and regions is None:
            return []

        def replace() -> None:
            self._session.name(goals, regions)
            if self._recording is not None:
                self._recording.name(goals, regions)

        return [replace]

    def _read_goals(self, update: pb.Update) -> Goals:
        if not self._settings.card.takes_goals:
            raise NotServedError("update.goals")
        return read_goals(update.goals.goals, "update.goals.goals")

    def _read_regions(self, update: pb.Update) -> Regions:
        where, most = "update.regions.regions", self._settings.most_regions
        regions = read_regions(update.regions.regions, where)
        if len(regions) > most:
            raise LimitError(where, f"at most {most} regions with so many tracks, modes and offsets", f"{len(regions)}")
        return regions

    def _deliver(self, forecasts: Forecasts) -> None:
        if self._recording is not None:
            self._recording.answer(forecasts)
        if self.mailbox.put_forecasts(forecasts):
            self._counts.conflated.inc()

    def _refuse(self, refusal: Refused) -> None:
        self._metrics.count_refused(self.card, to_name(refusal.code))
        self.mailbox.put(write_response(refusal))
