"""Protection by files: what a server is told of its certificate, its clients' authorities and their tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc

from pathcast.errors import InputError
from pathcast.service.protection.certificates import server_credentials
from pathcast.service.protection.gate import Gate


@dataclass(frozen=True, kw_only=True)
class Protection:
    """Files that protect a server, each read again when it changes; without any it answers everybody in plain text."""

    certificate: Path | None = None
    """Its own, PEM: TLS is spoken, and nothing else."""
    key: Path | None = None
    client_ca: Path | None = None
    """Authorities: every client has to show a certificate of theirs (mutual TLS)."""
    tokens: Path | None = None
    """Tokens that are let in (`TokenBook`)."""

    def credentials(self) -> grpc.ServerCredentials | None:
        """What the port is bound with; None: plain text.

        Raises:
            InputError: A file is missing or wrong.
        """
        if self.certificate is None and self.key is None and self.client_ca is None:
            return None
        if self.certificate is None or self.key is None:
            raise InputError("TLS", "a certificate and its key", "one without the other")
        return server_credentials(self.certificate, self.key, self.client_ca)

    def gate(self, count: Callable[[str], None]) -> Gate | None:
        """What asks for tokens; None: nothing does.

        Raises:
            InputError: The file of tokens is wrong.
        """
        return None if self.tokens is None else Gate(self.tokens, count)
