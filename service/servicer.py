"""Servicer: the contract's four calls on top of sessions, batcher and codec."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

import grpc
import structlog
from grpc import aio

from pathcast.errors import InputError, LimitError, NotServedError, PathcastError
from pathcast.model.engine import Card
from pathcast.model.goals import Goals
from pathcast.model.library import Library
from pathcast.model.regions import Regions
from pathcast.service.batcher import Batcher, Lane
from pathcast.service.codec.answers import write_forecasts, write_response, write_unary
from pathcast.service.codec.goals import read_goals
from pathcast.service.codec.opened import write_model, write_opened
from pathcast.service.codec.opening import read_open
from pathcast.service.codec.regions import read_regions
from pathcast.service.codec.requests import read_frame, read_prefixes, read_replay
from pathcast.service.faults import to_code, to_name, to_refused, to_status
from pathcast.service.limits import Limits
from pathcast.service.mailbox import Mailbox
from pathcast.service.messages import Forecasts, GoingAway, Refused, Settings
from pathcast.service.recording import Recorder, Recording
from pathcast.service.session import Session, Step
from pathcast.service.silence import Silence, first_message, is_silence
from pathcast.service.telemetry.metrics import Live, Metrics
from pathcast.service.telemetry.self_scoring import Follower, Scorer
from pathcast.service.telemetry.stream_log import StreamLog
from pathcast.v1 import forecast_pb2 as pb

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ForecastService"].full_name
_EOF: Any = aio.EOF  # type: ignore[attr-defined]
Context = Any
"""grpc.aio.ServicerContext."""


class ForecastServicer:
    """Answers `pathcast.v1.ForecastService`."""

    def __init__(
        self,
        library: Library,
        batcher: Batcher,
        limits: Limits,
        recorder: Recorder | None = None,
        metrics: Metrics | None = None,
        scorer: Scorer | None = None,
    ) -> None:
        self._library = library
        self._batcher = batcher
        self._limits = limits
        self._recorder = recorder
        self._metrics = metrics or Metrics()
        self._scorer = scorer
        self._streams: set[Stream] = set()
        self._is_stopping = False
        self._log = structlog.get_logger()
        self._metrics.announce(library.cards())
        self._metrics.watch_live(self._live, batcher.queue_age_s)

    def handlers(self) -> grpc.GenericRpcHandler[Any, Any]:
        """The calls; answers leave as bytes, because the codec packs arrays itself."""
        return grpc.method_handlers_generic_handler(
            SERVICE_NAME,
            {
                "Forecast": grpc.unary_unary_rpc_method_handler(
                    self.forecast, request_deserializer=pb.ForecastRequest.FromString
                ),
                "StreamForecasts": grpc.stream_stream_rpc_method_handler(
                    self.stream, request_deserializer=pb.StreamForecastsRequest.FromString
                ),
                "ListModels": grpc.unary_unary_rpc_method_handler(
                    self.list_models, request_deserializer=pb.ListModelsRequest.FromString
                ),
                "GetModel": grpc.unary_unary_rpc_method_handler(
                    self.get_model, request_deserializer=pb.GetModelRequest.FromString
                ),
            },
        )

    def go_away(self, within_s: float) -> None:
        """Tells all open streams that the server stops."""
        self._is_stopping = True
        for stream in self._streams:
            stream.mailbox.put(write_response(GoingAway(within_s)))

    def _live(self) -> list[Live]:
        """Open streams and their tracks, by model; another thread asks."""
        counts = {(card.name, card.version): [0, 0] for card in self._library.cards()}
        for stream in list(self._streams):
            count = counts.setdefault((stream.card.name, stream.card.version), [0, 0])
            count[0] += 1
            count[1] += stream.num_tracks
        return [Live(*key, *count) for key, count in counts.items()]

    async def list_models(self, request: pb.ListModelsRequest, context: Context) -> bytes:
        """All models."""
        response = pb.ListModelsResponse(models=[write_model(card) for card in self._library.cards()])
        return response.SerializeToString()

    async def get_model(self, request: pb.GetModelRequest, context: Context) -> bytes:
        """One model."""
        version = request.version if request.HasField("version") else None
        try:
            card = self._library.get(request.model, version).card
        except InputError as error:
            await self._abort(context, error)
        served = {} if self._scorer is None else self._scorer.book.of(card).means()
        response = pb.GetModelResponse(model=write_model(card), card=card.text, metrics=card.metrics | served)
        return response.SerializeToString()

    async def forecast(self, request: pb.ForecastRequest, context: Context) -> bytes:
        """Forecasts from whole prefixes."""
        try:
            return await self._forecast(request)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            await self._abort(context, error)

    async def _forecast(self, request: pb.ForecastRequest) -> bytes:
        engine, settings = read_open(request.open, self._library, self._limits, is_unary=True)
        prefixes = read_prefixes(request.prefixes, settings.card.num_axes, self._limits, "prefixes")
        if len(prefixes) > settings.tracks_per_stream:
            raise LimitError(
                "prefixes",
                f"at most {settings.tracks_per_stream} tracks with that many modes and offsets",
                str(len(prefixes)),
            )
        session = Session(engine, settings)
        done: asyncio.Future[Forecasts] = asyncio.get_running_loop().create_future()

        def deliver(forecasts: Forecasts) -> None:
            if not done.done():
                done.set_result(forecasts)

        def fail(error: BaseException) -> None:
            if not done.done():
                done.set_exception(error)

        self._batcher.submit(Lane(session, deliver, fail), lambda: session.whole(prefixes))
        forecasts = await done
        self._metrics.of(settings.card).requests.inc()
        if self._recorder is not None:
            recording = self._recorder.open(settings)
            recording.replay(prefixes)
            recording.answer(forecasts)
            recording.close()
        opened = write_opened(settings, self._limits, self._recorder is not None)
        return write_unary(opened, forecasts, self._limits.bytes_out)

    async def stream(self, _requests: Any, context: Context) -> None:
        """Frames in, forecasts out."""
        stream: Stream | None = None
        reason = "ended"
        try:
            stream = await self._open(context)
            if stream is not None:
                self._streams.add(stream)
                await stream.run(context)
        except asyncio.CancelledError:
            reason = "server_stopped" if self._is_stopping else "client_gone"
            raise
        except aio.InternalError:  # type: ignore[attr-defined]
            reason = "client_gone"  # a message could not be sent, and there is nobody to tell
        except Exception as error:
            reason = "idle" if is_silence(error) else to_code(error).name.lower()
            await self._abort(context, error)
        finally:
            if stream is not None:
                self._streams.discard(stream)
                stream.close(reason)

    async def _open(self, context: Context) -> Stream | None:
        """The stream that the first message asks for; None if the client left without one."""
        first = await first_message(context.read(), self._limits.idle_stream_s)
        if first is _EOF:
            return None
        if first.WhichOneof("message") != "open":
            raise InputError("open", "open as the first message", first.WhichOneof("message") or "an empty message")
        engine, settings = read_open(first.open, self._library, self._limits)
        if len(self._streams) >= self._limits.streams:
            raise LimitError("streams", f"at most {self._limits.streams} open at once", f"{len(self._streams)} open")
        recording = None if self._recorder is None else self._recorder.open(settings)
        self._metrics.of(settings.card).opened.inc()
        session = Session(engine, settings)
        follower = None if self._scorer is None else self._scorer.follow(session)
        return Stream(session, self._batcher, self._limits, recording, self._metrics, follower)

    async def _abort(self, context: Context, error: Exception) -> NoReturn:
        """Ends a call with the status of an error; only what cannot hold positions or ids is logged."""
        if to_code(error) is grpc.StatusCode.INTERNAL:
            place = error.__traceback__
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            where = "" if place is None else f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}"
            self._log.error("call_failed", kind=type(error).__name__, where=where)
        status = to_status(error)
        self._metrics.count_failed(to_code(error).name)
        await context.abort(status.code, status.details, status.trailing_metadata)
        raise AssertionError("abort raises")


class Stream:
    """One open stream: a task reads requests, the call itself writes answers."""

    def __init__(
        self,
        session: Session,
        batcher: Batcher,
        limits: Limits,
        recording: Recording | None,
        metrics: Metrics,
        follower: Follower | None = None,
    ) -> None:
        self.mailbox = Mailbox()
        self._metrics = metrics
        self._counts = metrics.of(session.settings.card)
        self._session = session
        self._batcher = batcher
        self._limits = limits
        self._recording = recording
        self._follower = follower
        self._lane = Lane(session, self._deliver, self.mailbox.fail, None if follower is None else follower.take)
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

    async def run(self, context: Context) -> None:
        """Answers until the client has ended its side and everything is sent.

        Raises:
            Exception: What ends the stream.
        """
        reading = asyncio.create_task(self._read(context))
        try:
            while (message := await self.mailbox.take()) is not None:
                if isinstance(message, Forecasts):
                    for part in write_forecasts(message, self._limits.bytes_out):
                        await context.write(part)
                else:
                    await context.write(message)
        finally:
            reading.cancel()

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
                await self._lane.room()
                await self.mailbox.room()
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
            plan = self._plan(request, kind)
        except PathcastError as error:
            refusal = to_refused(error, frame_number)
            self._batcher.submit(self._lane, lambda: self._refuse(refusal))
            return
        if plan is not None:
            self._batcher.submit(self._lane, plan)

    def _plan(self, request: pb.StreamForecastsRequest, kind: str | None) -> Callable[[], Step | None] | None:
        """What is to be done when the request's turn comes.

        Raises:
            InputError, NotServedError: It cannot be used.
        """
        if kind == "frame":
            frame = read_frame(request.frame, self._settings.card.num_axes, self._limits)

            def observe() -> Step | None:
                try:
                    step = self._session.observe(frame)
                except InputError as error:
                    self._refuse(to_refused(error, frame.frame_number))
                    return None
                self._counts.frames.inc()
                self._num_frames += 1
                if self._recording is not None:
                    self._recording.observe(frame)
                return step

            return observe
        if kind == "replay":
            prefixes = read_replay(request.replay, self._settings.card.num_axes, self._limits)

            def replay() -> Step | None:
                if self._recording is not None:
                    self._recording.replay(prefixes)
                return self._session.replay(prefixes)

            return replay
        if kind == "end_tracks":
            track_ids = list(request.end_tracks.track_ids)
            return lambda: self._session.end(track_ids)
        if kind == "update":
            return self._plan_update(request.update)
        raise InputError("message", "open, frame, replay, update or end_tracks", "none of them")

    def _plan_update(self, update: pb.Update) -> Callable[[], None] | None:
        """Goals and regions that hold from here on.

        Raises:
            InputError, NotServedError: A goal or a region is wrong, or a part of the update is not served.
        """
        if update.HasField("venue"):
            raise NotServedError("update.venue")
        goals = self._read_goals(update) if update.HasField("goals") else None
        regions = self._read_regions(update) if update.HasField("regions") else None
        if goals is None and regions is None:
            return None

        def replace() -> None:
            if goals is not None:
                self._session.goals = goals
            if regions is not None:
                self._session.regions = regions
            if self._recording is not None:
                self._recording.name(goals, regions)

        return replace

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
