"""Credentials: what a client shows, and whom it believes. Files alone: a secret on a command line is everybody's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from pathcast.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Files that a client needs of a protected server; none of them: it speaks plain text."""

    ca: Path | None = None
    """Authorities of servers, PEM: TLS is spoken, and only with theirs."""
    certificate: Path | None = None
    """The client's own, PEM, with its key, where the server wants to see one."""
    key: Path | None = None
    token_file: Path | None = None
    """A bearer token; read anew for every call, so that it may be exchanged."""
    is_tls: bool = False
    """Whether to speak TLS without `ca`: with those whom the public authorities know."""

    @property
    def speaks_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.is_tls or self.ca is not None or self.certificate is not None or self.key is not None

    def channel(self, address: str, options: Sequence[tuple[str, Any]] = ()) -> grpc.Channel:
        """A connection.

        Args:
            address: HOST:PORT.
            options: gRPC's.

        Raises:
            InputError: A file cannot be read; certificate and key are not both there; or a token would go to another
                machine in plain text.
        """
        if self.token_file is not None:
            self._token(self.token_file)
            if not self.speaks_tls and not is_loopback(address):
                raise InputError("token", "TLS (--ca or --tls), so that nobody reads it on the way", "plain text")
        channel = self._bare_channel(address, options)
        token_file = self.token_file
        return (
            channel if token_file is None else grpc.intercept_channel(channel, _Bearer(lambda: self._token(token_file)))
        )

    def _bare_channel(self, address: str, options: Sequence[tuple[str, Any]]) -> grpc.Channel:
        if not self.speaks_tls:
            return grpc.insecure_channel(address, options=options)
        if (self.certificate is None) != (self.key is None):
            raise InputError("TLS", "a certificate and its key", "one without the other")
        ca, key, certificate = (None if path is None else _read(path) for path in (self.ca, self.key, self.certificate))
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(ca, key, certificate), options=options)

    @staticmethod
    def _token(path: Path) -> str:
        """The token of a file; errors do not repeat it."""
        text = _read(path).decode(errors="replace").strip()
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise InputError(str(path), "one token, as `pathcast token` makes it", "something else")
        return text


PLAIN = Credentials()


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: Sequence[tuple[str, str | bytes]] | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: Any


class _Bearer(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[type-arg]
    grpc.UnaryStreamClientInterceptor,  # type: ignore[type-arg]
    grpc.StreamUnaryClientInterceptor,  # type: ignore[type-arg]
    grpc.StreamStreamClientInterceptor,  # type: ignore[type-arg]
):
    """Puts a token beside every call."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def _intercept(self, continuation: Any, details: Any, request: Any) -> Any:
        metadata = [*(details.metadata or ()), ("authorization", f"Bearer {self._token()}")]
        more = _Details(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            getattr(details, "wait_for_ready", None),
            getattr(details, "compression", None),
        )
        return continuation(more, request)

    intercept_unary_unary = _intercept  # type: ignore[assignment]
    intercept_unary_stream = _intercept  # type: ignore[assignment]
    intercept_stream_unary = _intercept  # type: ignore[assignment]
    intercept_stream_stream = _intercept  # type: ignore[assignment]


def is_loopback(address: str) -> bool:
    """Whether HOST:PORT is this machine, whatever names mean elsewhere."""
    host = address.rpartition(":")[0].strip("[]")
    if address.startswith("unix:") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read(path: Path) -> bytes:
    """A file's content.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(str(path), "a file that can be read", str(error.strerror)) from error
