"""Serving: the page behind a port, until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pathcast.errors import ServiceError

MOST_MESSAGE_BYTES = 1 << 14
"""From a browser; what it wishes is a few words."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Args:
        host: Address or name of this machine.
        port: 0 takes a free one.

    Raises:
        ServiceError: It cannot be had.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        held = socket.socket(family, socket.SOCK_STREAM)
        try:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(address)
            held.listen(128)
        except OSError:
            held.close()
            raise
    except OSError as error:
        words = "expected a free address of this machine for the page, could not bind it"
        raise ServiceError(f"{host}:{port}: {words}") from error
    return held


def address_of(held: socket.socket) -> str:
    """What to type into a browser."""
    host, port = held.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = own_address(held.family)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def own_address(family: int) -> str:
    """That by which others reach this machine; its loopback address where there is no network."""
    outside, loopback = ("2001:db8::1", "::1") if family == socket.AF_INET6 else ("192.0.2.1", "127.0.0.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((outside, 9))  # of a datagram socket: nothing is sent
        except OSError:
            return loopback
        return str(probe.getsockname()[0])


def serve_page(page: Any, held: socket.socket, say_ready: Callable[[str], None]) -> None:
    """Serves until an interrupt or a termination.

    Args:
        page: The application.
        held: Where it listens.
        say_ready: Told the address once it answers.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            say_ready(address_of(held))

    config = uvicorn.Config(
        page,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=MOST_MESSAGE_BYTES,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    with suppress(KeyboardInterrupt):
        Server(config).run(sockets=[held])
