"""Server: the process that serves; its start, its readiness and its graceful end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import structlog
import uvloop
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from pathcast.errors import BundleError
from pathcast.model.library import Library
from pathcast.model.shelf import Shelf
from pathcast.service.batcher import Batcher
from pathcast.service.limits import Limits
from pathcast.service.memory import give_large_blocks_back
from pathcast.service.protection.files import Protection
from pathcast.service.protection.reception import Reception
from pathcast.service.readiness import ReadinessPort, bind
from pathcast.service.recording import Recorder
from pathcast.service.reloading import Reloader
from pathcast.service.servicer import SERVICE_NAME, ForecastServicer
from pathcast.service.telemetry.metrics import Metrics
from pathcast.service.telemetry.page import MetricsPage
from pathcast.service.telemetry.scores import ScoreBook
from pathcast.service.telemetry.self_scoring import Sampling, Scorer
from pathcast.service.warming import warm


class Server:
    """A server of one library on one port."""

    def __init__(
        self,
        library: Library,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        record: Path | None = None,
        limits: Limits | None = None,
        metrics_at: tuple[str, int] | None = None,
        sampling: Sampling | None = None,
        protection: Protection | None = None,
        shelves: Sequence[Shelf] = (),
        look_every_s: float = 2.0,
        health_at: tuple[str, int] | None = None,
        is_port_shared: bool = False,
    ) -> None:
        """Binds; nothing is answered before `start`. Port 0 takes a free one.

        Args:
            library: The models.
            host: Address to bind.
            port: Port to bind.
            record: Folder of recordings, if any.
            limits: What clients may ask for.
            metrics_at: Host and port of the metrics' page; None: there is none.
            sampling: Which of its own forecasts it scores.
            protection: Files of certificates and tokens.
            shelves: Directories of bundles that are watched.
            look_every_s: How often they and the tokens of open streams are looked at; 0: at the start alone.
            health_at: Host and port that answer health checks in plain text, and nothing else; None: there is none.
            is_port_shared: Whether other processes may listen on the same port (`processes`).

        Raises:
            InputError: The folder of recordings cannot be made, or a file of the protection is wrong.
            ServiceError: An address cannot be bound.
        """
        self._library = library
        self._limits = limits or Limits()
        self.metrics = Metrics()
        book = ScoreBook()
        self.metrics.registry.register(book)
        scorer = Scorer(book, sampling or Sampling(), monotonic)
        self._batcher = Batcher(monotonic, self.metrics)
        recorder = None if record is None else Recorder(record, lambda: datetime.now(UTC))
        protection = protection or Protection()
        gate = protection.gate(self.metrics.count_failed)
        reception = Reception(self._limits, monotonic, gate, self.metrics.count_over_quota)
        self._servicer = ForecastServicer(
            library, self._batcher, self._limits, recorder, self.metrics, scorer, reception
        )
        self._reloader = Reloader(library, shelves, self.metrics, monotonic)
        self._look_every_s = look_every_s
        self._looking: asyncio.Task[None] | None = None
        self._grpc = aio.server(
            options=_options(self._limits, is_port_shared), interceptors=() if gate is None else (gate,)
        )
        self._grpc.add_generic_rpc_handlers((self._servicer.handlers(),))
        self._health: Any = health.aio.HealthServicer()  # type: ignore[attr-defined]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
        reflection.enable_server_reflection((SERVICE_NAME, health.SERVICE_NAME, reflection.SERVICE_NAME), self._grpc)
        self.port = bind(self._grpc, host, port, protection.credentials())
        self.address = f"{host}:{self.port}"
        self._readiness = None if health_at is None else ReadinessPort(self._health, *health_at)
        self.health_address = None if self._readiness is None else self._readiness.address
        self._page = None if metrics_at is None else MetricsPage(self.metrics.registry, *metrics_at)
        self.metrics_address = None if self._page is None else self._page.address

    async def start(self) -> None:
        """Answers from here on.

        Raises:
            BundleError: There is no model to answer with.
        """
        await self.look(is_first=True)
        if not self._library.cards():
            raise BundleError("models: expected a bundle that can be served, found none; the log says what was refused")
        if self._look_every_s > 0:
            self._looking = asyncio.create_task(self._keep_looking())
        await self._grpc.start()
        if self._readiness is not None:
            await self._readiness.start()
        for name in ("", SERVICE_NAME):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def look(self, is_first: bool = False) -> None:
        """Takes in what has changed on disk: bundles, and tokens that are known no more."""
        await self._reloader.look(is_first)
        self._servicer.turn_out()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._look_every_s)
            try:
                await self.look()
            except Exception as error:  # what is served goes on being served
                structlog.get_logger().error("look_failed", kind=type(error).__name__)

    async def stop(self, grace_s: float) -> None:
        """Says that it goes away, takes no new calls, and ends the open ones after the grace time at the latest."""
        if self._looking is not None:
            self._looking.cancel()
        await self._health.enter_graceful_shutdown()
        self._servicer.go_away(grace_s)
        await self._grpc.stop(grace_s)
        if self._readiness is not None:
            await self._readiness.stop()
        await self._batcher.close()
        if self._page is not None:
            self._page.close()
            self._page = None


def _options(limits: Limits, is_port_shared: bool) -> list[tuple[str, int]]:
    def milliseconds(seconds: float) -> int:
        return round(1e3 * seconds) if seconds > 0 else 2**31 - 1  # which gRPC takes for never

    return [
        ("grpc.max_receive_message_length", limits.bytes_in),
        ("grpc.max_send_message_length", -1),
        ("grpc.so_reuseport", int(is_port_shared)),
        ("grpc.max_connection_idle_ms", milliseconds(limits.idle_connection_s)),
        ("grpc.max_connection_age_ms", milliseconds(limits.connection_age_s)),
        ("grpc.max_connection_age_grace_ms", milliseconds(limits.connection_grace_s)),
        ("grpc.keepalive_time_ms", milliseconds(limits.keepalive_s)),
        ("grpc.keepalive_timeout_ms", milliseconds(limits.keepalive_timeout_s)),
        ("grpc.http2.ping_timeout_ms", milliseconds(limits.keepalive_timeout_s)),  # of those that measure bandwidth
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", milliseconds(limits.client_ping_s)),
    ]


def configure_logs() -> None:
    """Structured logs on stderr, one JSON object a line; no position, id or prefix is ever given to them."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def serve(
    library: Library,
    *,
    host: str,
    port: int,
    record: Path | None,
    grace_s: float,
    limits: Limits | None = None,
    on_ready: Callable[[str], None],
    metrics_at: tuple[str, int] | None = None,
    on_metrics: Callable[[str], None] | None = None,
    sampling: Sampling | None = None,
    stops_with: int | None = None,
    is_port_shared: bool = False,
    protection: Protection | None = None,
    shelves: Sequence[Shelf] = (),
    look_every_s: float = 2.0,
    health_at: tuple[str, int] | None = None,
    on_health: Callable[[str], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, or, if asked, until a pipe ends.

    Args:
        library: The models.
        host: Address to bind.
        port: Port to bind, 0 for a free one.
        record: Folder of recordings, if any.
        limits: What clients may ask for, and how long silence and connections last.
        grace_s: Seconds that open streams have at the end; a second signal cuts them short.
        on_ready: Called with the address once calls are answered.
        metrics_at: Host and port of the metrics' page; None: there is none.
        on_metrics: Called with the page's address, after `on_ready`, where there is one.
        sampling: Which of its own forecasts the server scores.
        stops_with: File descriptor at whose end to stop, so that a child never outlives its parent; None: none.
        is_port_shared: As of `Server`.
        protection: As of `Server`.
        shelves: As of `Server`.
        look_every_s: As of `Server`.
        health_at: As of `Server`.
        on_health: Called with its address, last, where there is one.

    Raises:
        BundleError: Of all directories and names, no model can be served.
    """
    configure_logs()
    give_large_blocks_back()

    async def main() -> None:
        log = structlog.get_logger()
        if protection is not None and protection.tokens is not None and protection.certificate is None:
            log.warning("tokens_in_plain_text", advice="serve with --cert and --key, or behind a proxy that speaks TLS")
        server = Server(
            library,
            host=host,
            port=port,
            record=record,
            limits=limits,
            metrics_at=metrics_at,
            sampling=sampling,
            protection=protection,
            shelves=shelves,
            look_every_s=look_every_s,
            health_at=health_at,
            is_port_shared=is_port_shared,
        )
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        for card in library.cards():
            warm(library.get(card.name, card.version))
        if stops_with is not None:
            loop.add_reader(stops_with, lambda: None if os.read(stops_with, 4096) else stop.set())
        try:
            await server.start()
        except BundleError:
            await server.stop(0.0)
            raise
        page = {} if server.metrics_address is None else {"metrics": server.metrics_address}
        log.info("serving", models=[card.name for card in library.cards()], is_recording=record is not None, **page)
        on_ready(server.address)
        if server.metrics_address is not None and on_metrics is not None:
            on_metrics(server.metrics_address)
        if server.health_address is not None and on_health is not None:
            on_health(server.health_address)
        await stop.wait()
        stop.clear()
        log.info("stopping", grace_s=grace_s)
        stopping = asyncio.create_task(server.stop(grace_s))
        again = asyncio.create_task(stop.wait())
        await asyncio.wait((stopping, again), return_when=asyncio.FIRST_COMPLETED)
        again.cancel()
        if not stopping.done():
            await server.stop(0.0)
        await stopping
        log.info("stopped")

    uvloop.run(main())
