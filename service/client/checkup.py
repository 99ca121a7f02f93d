"""Checkup: whether a server can be used from here, asked as any client would ask; each answer says what to do.

Checks build on one another: where one that the others need fails, the others are left out.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from time import perf_counter

import grpc
import numpy as np
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from pathcast.errors import AccessError, InputError, PathcastError
from pathcast.service.client.connection import Client
from pathcast.service.client.credentials import PLAIN, Credentials
from pathcast.service.client.handshake import explain
from pathcast.service.messages import Model
from pathcast.v1 import forecast_pb2 as pb

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ForecastService"].full_name
TOKEN_ADVICE = "The server lets in who has a token: --token-file FILE, made by `pathcast token`."
_REPEATS = 5
_FRAMES = 20


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    check: str
    is_ok: bool
    detail: str
    advice: str = ""
    """What to do, where something is wrong."""
    round_trip_s: float | None = None
    """Median, where it was measured."""


def read_address(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; an IPv6 host stands in brackets.

    Raises:
        InputError: It is not of that form.
    """
    host, colon, port = text.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 65536) or (":" in host and not is_bracketed):
        raise InputError("HOST:PORT", "a host and a port from 1 to 65535, such as 127.0.0.1:50051", repr(text))
    return host.strip("[]"), int(port)


def examine(
    address: str,
    models: Sequence[str] = (),
    timeout_s: float = 10.0,
    is_quick: bool = False,
    credentials: Credentials = PLAIN,
) -> Iterator[Finding]:
    """Checks one after the other, as they are done.

    Args:
        address: HOST:PORT.
        models: Names of those to forecast with; empty: all that the server lists.
        timeout_s: Seconds that each call may take.
        is_quick: Whether to stop at whether the server is ready.
        credentials: Of a protected server.

    Raises:
        InputError: The address is not of that form, or a file of the credentials cannot be used.
    """
    host, port = read_address(address)
    found = _reach(host, port, timeout_s)
    yield found
    if not found.is_ok:
        return
    with credentials.channel(address) as channel:
        found = _speak(channel, timeout_s, lambda: explain(host, port, credentials, timeout_s))
        yield found
        if not found.is_ok:
            return
        yield _health(channel, timeout_s)
        if is_quick:
            return
        yield _contract(channel, timeout_s)
    with Client(address, timeout_s, credentials) as client:
        found, listed = _list(client, models)
        yield found
        for model in listed:
            yield _forecast(client, model)


def _reach(host: str, port: int, timeout_s: float) -> Finding:
    started = perf_counter()
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError as error:
        advice = (
            "Is the server running, on that port and address? --host 0.0.0.0 lets other machines in; look at firewalls."
        )
        return Finding("reachable", False, str(error.strerror or error), advice)
    return Finding("reachable", True, "the port answers", round_trip_s=perf_counter() - started)


def _speak(channel: grpc.Channel, timeout_s: float, explain: Callable[[], str]) -> Finding:
    try:
        grpc.channel_ready_future(channel).result(timeout_s)
    except grpc.FutureTimeoutError:
        return Finding("speaks gRPC", False, f"no gRPC connection within {timeout_s:g} s", explain())
    return Finding("speaks gRPC", True, "connected")


def _health(channel: grpc.Channel, timeout_s: float) -> Finding:
    stub = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service=SERVICE_NAME)
    try:
        status = stub.Check(request, timeout=timeout_s).status
        seconds = _median_s(lambda: stub.Check(request, timeout=timeout_s))
    except grpc.RpcError as error:
        return Finding(
            "health", False, _say(error), "This may be another service, or a proxy that hides health checks."
        )
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(status)
    is_ok = status == health_pb2.HealthCheckResponse.SERVING
    advice = "" if is_ok else "The server is stopping: connect to another replica, or start it again."
    return Finding("health", is_ok, name, advice, seconds)


def _contract(channel: grpc.Channel, timeout_s: float) -> Finding:
    """Whether server and client mean the same by the contract, asked by reflection."""
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE_NAME)
    try:
        (response,) = stub.ServerReflectionInfo(iter([request]), timeout=timeout_s)
    except grpc.RpcError as error:
        advice = "A proxy may hide reflection; forecasts may work all the same."
        if isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.UNAUTHENTICATED:
            advice = TOKEN_ADVICE
        return Finding("contract", False, _say(error), advice)
    for content in response.file_descriptor_response.file_descriptor_proto:
        file = FileDescriptorProto.FromString(content)
        if file.package == pb.DESCRIPTOR.package:
            return compare_contracts(file, FileDescriptorProto.FromString(pb.DESCRIPTOR.serialized_pb))
    return Finding("contract", False, f"{SERVICE_NAME} is not there", "This is another service: look at host and port.")


def compare_contracts(theirs: FileDescriptorProto, ours: FileDescriptorProto) -> Finding:
    """Whether two versions of the contract go together: fields that both have must be the same."""
    there, here = _fields(theirs), _fields(ours)
    changed = sorted(name for name in there.keys() & here.keys() if there[name] != here[name])
    if changed:
        advice = "Client and server are not of the same contract: install the same version of pathcast on both."
        return Finding("contract", False, f"{theirs.package}, but {', '.join(changed)} differ", advice)
    lacking, more = len(here.keys() - there.keys()), len(there.keys() - here.keys())
    detail = theirs.package
    detail += f"; the server lacks {lacking} fields of this client" if lacking else ""
    detail += f"; the server has {more} fields more than this client" if more else ""
    return Finding("contract", True, detail)


def _fields(file: FileDescriptorProto) -> dict[str, tuple[int, int, int]]:
    """Number, type and label of every field by its full name."""
    result: dict[str, tuple[int, int, int]] = {}

    def read(message: DescriptorProto, prefix: str) -> None:
        name = f"{prefix}{message.name}"
        result.update({f"{name}.{field.name}": (field.number, field.type, field.label) for field in message.field})
        for inner in message.nested_type:
            read(inner, f"{name}.")

    for message in file.message_type:
        read(message, "")
    return result


def _list(client: Client, names: Sequence[str]) -> tuple[Finding, list[Model]]:
    try:
        models = client.models()
        seconds = _median_s(client.models)
    except PathcastError as error:
        advice = TOKEN_ADVICE if isinstance(error, AccessError) else "Look at the server's log."
        return Finding("models", False, str(error), advice), []
    missing = sorted(set(names) - {model.name for model in models})
    known = ", ".join(f"{model.name} {model.version}" for model in models) or "none"
    if missing:
        advice = f"The server has {known}; `pathcast serve --models` says which."
        return Finding("models", False, f"no {', '.join(missing)}", advice, seconds), []
    advice = "" if models else "Start the server with a model."
    chosen = [model for model in models if not names or model.name in names]
    return Finding("models", bool(models), known, advice, seconds), chosen


def _forecast(client: Client, model: Model) -> Finding:
    """Streams a made-up track through a model."""
    check = f"forecast {model.name} {model.version}"
    frames = made_up_track(model)
    try:
        with client.stream(model.name, version=model.version) as stream:
            started = perf_counter()
            answers = [(answer, perf_counter()) for answer in stream.forecasts(frames)]
    except PathcastError as error:
        return Finding(
            check, False, str(error), "Look at the server's log; is this address behind a proxy for streams?"
        )
    arrivals = [started, *(arrived for _, arrived in answers)]
    seconds = median(later - earlier for earlier, later in pairwise(arrivals))
    answer = answers[-1][0]
    if not len(answer.track_ids) or answer.means is None or not np.isfinite(answer.means).all():
        return Finding(
            check, False, "no finite forecast", "The bundle is damaged: export or install it again.", seconds
        )
    _, num_modes, num_offsets, _ = answer.means.shape
    detail = f"{num_modes} modes, {num_offsets} offsets; {1e3 * answer.computing_s:.2f} ms computing"
    return Finding(check, True, detail, round_trip_s=seconds)


def made_up_track(model: Model) -> list[tuple[float, list[int], list[list[float]]]]:
    """A person who walks straight on, or a ball that is thrown: frames of one track."""
    interval = 0.1 if model.axes == 2 else 1 / 60
    frames = []
    for time in (interval * number for number in range(max(_FRAMES, model.warm_points + 2))):
        place = [1.3 * time, 0.2 * time] if model.axes == 2 else [time, 0.2 * time, 2.0 + 2.0 * time - 4.9 * time**2]
        frames.append((time, [1], [place]))
    return frames


def _median_s(call: Callable[[], object]) -> float:
    """How long a call takes, the median of a few."""
    spent = []
    for _ in range(_REPEATS):
        started = perf_counter()
        call()
        spent.append(perf_counter() - started)
    return median(spent)


def _say(error: grpc.RpcError) -> str:
    return f"{error.code().name}: {error.details()}" if isinstance(error, grpc.Call) else str(error)
