"""Readiness: ports, and one that answers `grpc.health.v1` alone, in plain text.

The probes of Kubernetes speak neither TLS nor tokens. Where the port of the service asks for either, they ask another
one, which says nothing but whether the service is up.
"""

from __future__ import annotations

from typing import Any

import grpc
from grpc import aio
from grpc_health.v1 import health_pb2_grpc

from pathcast.errors import ServiceError


def bind(server: aio.Server, host: str, port: int, credentials: grpc.ServerCredentials | None = None) -> int:
    """The port that a server has bound; without credentials it speaks plain text.

    Raises:
        ServiceError: The address cannot be bound.
    """
    address = f"{host}:{port}"
    try:
        if credentials is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise ServiceError(f"{address}: expected a free address of this machine, could not bind it") from error


class ReadinessPort:
    """Health checks at an address of their own."""

    def __init__(self, health: Any, host: str, port: int) -> None:
        """Binds. Port 0 takes a free one.

        Args:
            health: The servicer of health checks.
            host: Address to bind.
            port: Port to bind.

        Raises:
            ServiceError: The address cannot be bound.
        """
        self._grpc = aio.server(options=[("grpc.so_reuseport", 0)])
        health_pb2_grpc.add_HealthServicer_to_server(health, self._grpc)
        self.address = f"{host}:{bind(self._grpc, host, port)}"

    async def start(self) -> None:
        """Answers from here on."""
        await self._grpc.start()

    async def stop(self) -> None:
        """Ends at once."""
        await self._grpc.stop(None)
