"""Client: forecasts from a server, in plain Python. Importing it loads neither torch nor any other heavy thing.

Positions are metres in the caller's world. The client subtracts the stream's origin in double precision before it
narrows to the contract's floats, and adds it back to what comes.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import grpc
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pathcast.errors import InputError, ServiceError
from pathcast.service.codec.answers import join_parts, read_forecasts, read_model, read_opened, read_refused
from pathcast.service.faults import from_refused, from_rpc
from pathcast.service.messages import Forecasts, GoingAway, Model, Opened, Refused
from pathcast.v1 import forecast_pb2 as pb
from pathcast.v1 import forecast_pb2_grpc as pb_grpc

Reply = Forecasts | Refused | GoingAway
Prefixes = Mapping[int, tuple[ArrayLike, ArrayLike]]
"""By track id: times in seconds [time] and positions in metres [time, axis]."""

_CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.http2.bdp_probe", 0),  # a small window: a slow reader then gets new forecasts, not megabytes of old ones
    ("grpc.use_local_subchannel_pool", 1),
]
_MANY_WAITING = 64
"""Messages that may wait to be sent before `send` blocks."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a stream or a unary forecast may ask for beside the model; None and 0 stand for the model's own."""

    axes: int | None = None
    version: str | None = None
    allow_newer_version: bool = False
    origin: Sequence[float] | None = None
    """Metres in the caller's world, one number per axis."""
    offsets: Sequence[float] | None = None
    """Seconds."""
    horizon_s: float | None = None
    """Seconds; with `step_s` instead of `offsets`."""
    step_s: float | None = None
    num_modes: int = 0
    outputs: Sequence[str] = ()
    """Some of "means" and "covariances"; empty: both."""
    forecast_every: int = 0
    coast_s: float | None = None


class Client:
    """A connection to one server; a context manager."""

    def __init__(self, address: str, timeout_s: float = 60.0) -> None:
        """Args:
        address: HOST:PORT.
        timeout_s: Seconds that a call other than a stream, or the opening of a stream, may take.
        """
        self.address = address
        self._timeout_s = timeout_s
        self._channel = grpc.insecure_channel(address, options=_CHANNEL_OPTIONS)
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

    def forecast(self, model: str, prefixes: Prefixes, **options: Any) -> Forecasts:
        """Forecasts from whole prefixes, each track from its own newest observation on.

        Args:
            model: Its name.
            prefixes: The tracks.
            options: Fields of `Options`.

        Raises:
            InputError, NotServedError, ServiceError: As the server answers.
        """
        opening = _write_open(model, Options(**options), self._axes(model, options))
        request = pb.ForecastRequest(open=opening, prefixes=_write_prefixes(prefixes, opening))
        with translated_errors(self.address):
            response = self._stub.Forecast(request, timeout=self._timeout_s)
        opened = read_opened(response.opened)
        return join_parts([read_forecasts(part, opened) for part in response.forecasts])

    def stream(self, model: str, **options: Any) -> Stream:
        """Opens a stream.

        Args:
            model: Its name.
            options: Fields of `Options`.

        Raises:
            InputError, NotServedError, ServiceError: As the server answers.
        """
        return Stream(self._stub, self.address, _write_open(model, Options(**options), self._axes(model, options)))

    def _axes(self, model: str, options: Mapping[str, Any]) -> int:
        """Axes asked for, by default the model's own."""
        axes = options.get("axes")
        return int(axes) if axes is not None else self.model(model, options.get("version")).axes


class Stream:
    """One stream: frames go in by `send`, replies come out by iterating; a context manager."""

    def __init__(self, stub: pb_grpc.ForecastServiceStub, address: str, opening: pb.Open) -> None:
        self.address = address
        self._opening = opening
        self._requests: queue.Queue[pb.StreamForecastsRequest | None] = queue.Queue(_MANY_WAITING)
        self._call = stub.StreamForecasts(iter(self._requests.get, None))
        self._put(pb.StreamForecastsRequest(open=opening))
        self._is_closed = False
        with translated_errors(address):
            first = next(self._call, None)
        if first is None or first.WhichOneof("message") != "opened":
            raise ServiceError(f"{address}: expected the stream to be opened, found another answer")
        self.opened: Opened = read_opened(first.opened)
        """What the server says of the stream."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.cancel()

    def send(self, frame_number: int, time: float, ids: ArrayLike, positions: ArrayLike) -> None:
        """Sends what was seen at one instant.

        Args:
            frame_number: Rising.
            time: Seconds of the caller's clock.
            ids: Whole numbers from 0, unique. Shape: [track].
            positions: Metres in the caller's world. Shape: [track, axis].

        Raises:
            ServiceError: The stream is over.
        """
        frame = pb.Frame(
            frame_number=frame_number,
            capture_time_s=time,
            track_ids=_read_ids(ids),
            positions=_narrow(positions, self._opening).tolist(),
        )
        self._put(pb.StreamForecastsRequest(frame=frame))

    def replay(self, prefixes: Prefixes) -> None:
        """Sends whole prefixes of the past; they are not answered, the next frame is."""
        replay = pb.Replay(prefixes=_write_prefixes(prefixes, self._opening))
        self._put(pb.StreamForecastsRequest(replay=replay))

    def end(self, ids: ArrayLike) -> None:
        """Ends tracks."""
        self._put(pb.StreamForecastsRequest(end_tracks=pb.EndTracks(track_ids=_read_ids(ids))))

    def finish(self) -> None:
        """Says that nothing more will be sent; what is still to come can be read."""
        if not self._is_closed:
            self._is_closed = True
            self._put(None)

    def __iter__(self) -> Iterator[Reply]:
        """The replies as they come, parts of one answer joined; ends when the stream does.

        Raises:
            PathcastError: The server ended the stream with an error.
        """
        parts: list[Forecasts] = []
        while True:
            with translated_errors(self.address):
                message = next(self._call, None)
            if message is None:
                return
            match message.WhichOneof("message"):
                case "forecasts":
                    parts.append(read_forecasts(message.forecasts, self.opened))
                    if message.forecasts.part + 1 >= message.forecasts.num_parts:
                        yield join_parts(parts)
                        parts = []
                case "refused":
                    yield read_refused(message.refused)
                case "notice":
                    yield GoingAway(message.notice.going_away.within_s)
                case _:
                    continue

    def forecasts(self, frames: Iterable[tuple[float, ArrayLike, ArrayLike]]) -> Iterator[Forecasts]:
        """Sends frames one by one, numbered from 0, and yields the answer to each; nothing is conflated.

        Args:
            frames: (seconds, ids [track], positions [track, axis]).

        Raises:
            PathcastError: A frame was refused, or the stream ended.
        """
        if self.opened.forecast_every != 1:
            raise InputError("forecast_every", "1, so that every frame is answered", str(self.opened.forecast_every))
        replies = iter(self)
        for number, (time, ids, positions) in enumerate(frames):
            self.send(number, time, ids, positions)
            for reply in replies:
                if isinstance(reply, Refused):
                    raise from_refused(reply)
                if isinstance(reply, Forecasts):
                    yield reply
                    break
            else:
                raise ServiceError(f"{self.address}: the stream ended before frame {number} was answered")

    def close(self) -> None:
        """Ends the stream and passes over what is still to come."""
        if self._call.is_active():
            self.finish()
            for _ in self:
                pass

    def cancel(self) -> None:
        """Cuts the stream."""
        self._is_closed = True
        self._call.cancel()

    def _put(self, request: pb.StreamForecastsRequest | None) -> None:
        """Queues a request; blocks while many wait."""
        while True:
            if not self._call.is_active():
                self._raise_end()
            try:
                self._requests.put(request, timeout=0.1)
                return
            except queue.Full:
                continue

    def _raise_end(self) -> None:
        """Raises what ended the stream."""
        code = self._call.code()
        if code is grpc.StatusCode.OK:
            raise ServiceError(f"{self.address}: the stream is over")
        raise from_rpc(self._call, self.address)


@contextmanager
def translated_errors(address: str) -> Iterator[None]:
    """Turns gRPC's errors into pathcast's."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc(error, address) from error


def _write_open(model: str, options: Options, axes: int) -> pb.Open:
    message = pb.Open(
        model=model,
        version=options.version,
        axes=axes,
        num_modes=options.num_modes,
        forecast_every=options.forecast_every,
        coast_s=options.coast_s,
        allow_newer_version=options.allow_newer_version,
    )
    for name in options.outputs:
        if name not in ("means", "covariances"):
            raise InputError("outputs", '"means" or "covariances"', repr(name))
        message.outputs.append(pb.OUTPUT_MEANS if name == "means" else pb.OUTPUT_COVARIANCES)
    if options.origin is not None:
        if len(options.origin) != axes:
            raise InputError("origin", f"{axes} numbers", str(len(options.origin)))
        message.origin.CopyFrom(pb.Origin(**dict(zip("xyz", map(float, options.origin), strict=False))))
    if options.offsets is not None:
        message.offsets.seconds.extend(options.offsets)
    elif options.horizon_s is not None:
        if options.step_s is None:
            raise InputError("step_s", "seconds, with horizon_s", "none")
        message.horizon.CopyFrom(pb.Horizon(horizon_s=options.horizon_s, step_s=options.step_s))
    return message


def _write_prefixes(prefixes: Prefixes, opening: pb.Open) -> list[pb.Prefix]:
    return [
        pb.Prefix(
            track_id=track_id,
            times_s=np.asarray(times, np.float64).tolist(),
            positions=_narrow(positions, opening).tolist(),
        )
        for track_id, (times, positions) in prefixes.items()
    ]


def _read_ids(ids: ArrayLike) -> list[int]:
    array = np.asarray(ids)
    if array.size and array.dtype.kind not in "iu":
        raise InputError("ids", "whole numbers from 0", f"{array.dtype}")
    if array.dtype.kind == "i" and (array < 0).any():
        raise InputError("ids", "whole numbers from 0", f"{array.min()}")
    return [int(each) for each in array.ravel()]


def _narrow(positions: ArrayLike, opening: pb.Open) -> NDArray[np.float32]:
    """Positions from the origin, flat: subtracted in double precision, then narrowed."""
    array = np.asarray(positions, np.float64).reshape(-1)
    axes = opening.axes
    if array.size % max(axes, 1) == 0 and axes in (2, 3):
        origin = np.array((opening.origin.x, opening.origin.y, opening.origin.z)[:axes])
        array = (array.reshape(-1, axes) - origin).reshape(-1)
    with np.errstate(over="ignore"):
        return array.astype(np.float32)
