"""Servicer: the contract's four calls on top of sessions, batcher and codec."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any, NoReturn

import grpc
import structlog
from grpc import aio

from pathcast.errors import AccessError, InputError, LimitError
from pathcast.model.library import Library
from pathcast.service.batcher import Batcher, Lane
from pathcast.service.codec.answers import write_unary
from pathcast.service.codec.opened import write_model, write_opened
from pathcast.service.codec.opening import read_open
from pathcast.service.codec.requests import read_prefixes
from pathcast.service.faults import to_code, to_status
from pathcast.service.limits import Limits
from pathcast.service.messages import Forecasts
from pathcast.service.protection.quotas import Allowance
from pathcast.service.protection.reception import Reception
from pathcast.service.recording import Recorder
from pathcast.service.session import Session
from pathcast.service.silence import first_message, is_silence
from pathcast.service.stream import Context, Stream
from pathcast.service.telemetry.metrics import Live, Metrics
from pathcast.service.telemetry.self_scoring import Scorer
from pathcast.v1 import forecast_pb2 as pb

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ForecastService"].full_name
_EOF: Any = aio.EOF  # type: ignore[attr-defined]


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
        reception: Reception | None = None,
    ) -> None:
        self._library = library
        self._batcher = batcher
        self._limits = limits
        self._recorder = recorder
        self._metrics = metrics or Metrics()
        self._scorer = scorer
        self._reception = reception or Reception(limits, monotonic)
        self._streams: set[Stream] = set()
        self._is_stopping = False
        self._gone_at = 0.0
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
        self._gone_at = asyncio.get_running_loop().time() + within_s
        for stream in self._streams:
            stream.go_away(within_s)

    def turn_out(self) -> None:
        """Ends the open streams of those whose tokens are known no more."""
        for stream in self._streams:
            if not self._reception.is_welcome(stream.allowance.identity):
                stream.mailbox.fail(AccessError("one that was taken back"))

    def _live(self) -> list[Live]:
        """Open streams and their tracks, by model; another thread asks."""
        counts = {(card.name, card.version): [0, 0, 0] for card in self._library.cards()}
        for stream in list(self._streams):
            count = counts.setdefault((stream.card.name, stream.card.version), [0, 0, 0])
            count[0] += 1
            count[1] += stream.num_tracks
            count[2] += stream.num_bytes
        return [Live(*key, *count) for key, count in counts.items()]

    async def list_models(self, request: pb.ListModelsRequest, context: Context) -> bytes:
        """All models."""
        await self._spend(context)
        response = pb.ListModelsResponse(models=[write_model(card) for card in self._library.cards()])
        return response.SerializeToString()

    async def get_model(self, request: pb.GetModelRequest, context: Context) -> bytes:
        """One model."""
        await self._spend(context)
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
            with self._reception.opened(context) as allowance:
                allowance.spend(sum(len(prefix.times_s) for prefix in request.prefixes))
                return await self._forecast(request, context.time_remaining())
        except asyncio.CancelledError:
            raise
        except Exception as error:
            await self._abort(context, error)

    async def _forecast(self, request: pb.ForecastRequest, remaining_s: float | None) -> bytes:
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

        lane = Lane(session, deliver, fail)
        self._batcher.submit(lane, lambda: session.whole(prefixes), remaining_s)
        try:
            forecasts = await done
        finally:
            self._batcher.forget(lane)
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
            with self._reception.opened(context) as allowance:
                stream = await self._open(context, allowance)
                if stream is not None:
                    self._streams.add(stream)
                    if self._is_stopping:  # it was opened before the others were told, and started after
                        stream.go_away(max(0.0, self._gone_at - asyncio.get_running_loop().time()))
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

    async def _open(self, context: Context, allowance: Allowance) -> Stream | None:
        """The stream that the first message asks for; None if the client left without one."""
        first = await first_message(context.read(), self._limits.idle_stream_s)
        if first is _EOF:
            return None
        if first.WhichOneof("message") != "open":
            raise InputError("open", "open as the first message", first.WhichOneof("message") or "an empty message")
        engine, settings = read_open(first.open, self._library, self._limits)
        recording = None if self._recorder is None else self._recorder.open(settings)
        self._metrics.of(settings.card).opened.inc()
        session = Session(engine, settings)
        follower = None if self._scorer is None else self._scorer.follow(session)
        return Stream(session, self._batcher, self._limits, recording, self._metrics, follower, allowance)

    async def _spend(self, context: Context) -> None:
        """Counts a call that asks about models."""
        try:
            self._reception.allowance(context).spend(0)
        except (AccessError, LimitError) as error:
            await self._abort(context, error)

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
