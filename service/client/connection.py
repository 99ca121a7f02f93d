"""Connection: a client of one server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from pathcast.service.client.credentials import PLAIN, Credentials
from pathcast.service.client.stream import Stream, translated_errors
from pathcast.service.client.writing import Options, Prefixes, write_open, write_prefixes
from pathcast.service.codec.answers import join_parts, read_forecasts
from pathcast.service.codec.opened import read_model, read_opened
from pathcast.service.messages import Forecasts, Model
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

_CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.http2.bdp_probe", 0),  # a small window: a slow reader then gets new forecasts, not megabytes of old ones
]


class Client:
    """A connection to one server; a context manager."""

    def __init__(self, address: str, timeout_s: float = 60.0, credentials: Credentials = PLAIN) -> None:
        """Connects when it is first used.

        Args:
            address: HOST:PORT.
            timeout_s: Seconds that a call other than a stream, or the opening of a stream, may take.
            credentials: Of a protected server.

        Raises:
            InputError: As of `Credentials.channel`.
        """
        self.address = address
        self._timeout_s = timeout_s
        self._channel = credentials.channel(address, _CHANNEL_OPTIONS)
        self._stub = pb_grpc.ForecastServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection and every stream on it."""
        self._channel.close()

    def models(self) -> list[Model]:
        """The models that the server has, by name, then version, oldest first."""
        with translated_errors(self.address):
            response = self._stub.ListModels(pb.ListModelsRequest(), timeout=self._timeout_s)
        return [read_model(model) for model in response.models]

    def model(self, name: str, version: str | None = None) -> Model:
        """One model.

        Raises:
            UnknownModelError: The server has none of that name and version.
        """
        with translated_errors(self.address):
            response = self._stub.GetModel(pb.GetModelRequest(model=name, version=version), timeout=self._timeout_s)
        return read_model(response.model)

    def metrics(self, name: str, version: str | None = None) -> dict[str, float]:
        """Scores of one model by name: those that were measured when it was made, and, from `served_` on, those of the
        server's own forecasts whose truth has arrived.

        Raises:
            UnknownModelError: The server has none of that name and version.
        """
        with translated_errors(self.address):
            response = self._stub.GetModel(pb.GetModelRequest(model=name, version=version), timeout=self._timeout_s)
        return dict(response.metrics)

    def forecast(self, model: str, prefixes: Prefixes, **options: Any) -> Forecasts:
        """Forecasts from whole prefixes, each track from its own newest observation on.

        Args:
            model: Its name.
            prefixes: The tracks.
            options: Fields of `Options`.

        Raises:
            InputError, NotServedError, ServiceError: As the server answers.
        """
        opening = write_open(model, Options(**options), self._axes(model, options))
        request = pb.ForecastRequest(open=opening, prefixes=write_prefixes(prefixes, opening))
        with translated_errors(self.address):
            response = self._stub.Forecast(request, timeout=self._timeout_s)
        opened = read_opened(response.opened)
        return join_parts([read_forecasts(part, opened) for part in response.forecasts])

    def stream(self, model: str, clock: Callable[[], float] | None = None, **options: Any) -> Stream:
        """Opens a stream.

        Args:
            model: Its name.
            clock: That by which capture times are told, such as `time.time`, if this machine has it; then every answer
                tells its age (`Forecasts.age_s`).
            options: Fields of `Options`.

        Raises:
            InputError, NotServedError, ServiceError: As the server answers.
        """
        opening = write_open(model, Options(**options), self._axes(model, options))
        return Stream(self._stub, self.address, opening, clock)

    def _axes(self, model: str, options: Mapping[str, Any]) -> int:
        """Axes asked for, by default the model's own."""
        axes = options.get("axes")
        return int(axes) if axes is not None else self.model(model, options.get("version")).axes
