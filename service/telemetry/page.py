"""Page: a server's metrics over HTTP, from a thread of its own; only what is meant for Prometheus is on it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, start_http_server

from pathcast.errors import ServiceError


class MetricsPage:
    """Metrics at `http://HOST:PORT/metrics`, until closed."""

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        """Serves from here on. Port 0 takes a free one.

        Raises:
            ServiceError: The address cannot be bound.
        """
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:
            where = f"{host}:{port}"
            raise ServiceError(
                f"metrics: {where}: expected a free address of this machine, could not bind it"
            ) from error
        self.address = f"{host}:{self._server.server_port}"

    def close(self) -> None:
        """Stops serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
