"""Faults: errors as gRPC statuses and back, by one table.

A status carries a google.rpc.BadRequest that names the field and says in words what was expected and found; of what
may be asked for again later, a google.rpc.QuotaFailure and a google.rpc.RetryInfo instead. A google.rpc.ErrorInfo holds
where, expected and found apart, from which the client makes the error that the server raised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from pathcast.errors import (
    AccessError,
    InputError,
    LimitError,
    NotServedError,
    PathcastError,
    ServiceError,
    UnknownModelError,
)
from pathcast.service.messages import Refused

_DOMAIN = "pathcast"
_CODES: tuple[tuple[type[Exception], grpc.StatusCode], ...] = (
    (LimitError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (UnknownModelError, grpc.StatusCode.NOT_FOUND),
    (InputError, grpc.StatusCode.INVALID_ARGUMENT),
    (NotServedError, grpc.StatusCode.UNIMPLEMENTED),
    (AccessError, grpc.StatusCode.UNAUTHENTICATED),
    (TimeoutError, grpc.StatusCode.DEADLINE_EXCEEDED),
)
"""The first that fits is taken; anything else is INTERNAL."""
_REASONS: dict[str, Callable[[str, str, str], PathcastError]] = {
    "LIMIT": LimitError,
    "UNKNOWN_MODEL": UnknownModelError,
    "INPUT": InputError,
    "NOT_SERVED": lambda where, _expected, _found: NotServedError(where),
    "ACCESS": lambda _where, _expected, found: AccessError(found),
}
_REASON_OF: dict[type[PathcastError], str] = {
    LimitError: "LIMIT",
    UnknownModelError: "UNKNOWN_MODEL",
    InputError: "INPUT",
    NotServedError: "NOT_SERVED",
    AccessError: "ACCESS",
}


def describe(error: PathcastError) -> tuple[str, str, str]:
    """Where, what was expected, what was found."""
    if isinstance(error, InputError):
        return error.where, error.expected, error.found
    if isinstance(error, NotServedError):
        return error.field, "left out: part of the contract, but not served by this model or version", "set"
    if isinstance(error, AccessError):
        return "authorization", "a bearer token that the server knows", error.found
    return "", "", str(error)


def to_code(error: BaseException) -> grpc.StatusCode:
    """The status code of an error."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return grpc.StatusCode.INTERNAL


def to_name(number: int) -> str:
    """The name of a google.rpc.Code, such as INVALID_ARGUMENT."""
    return next((code.name for code in grpc.StatusCode if code.value[0] == number), str(number))


def to_status(error: BaseException) -> grpc.Status:
    """The status, with details, of an error; of one that is not ours it says nothing but INTERNAL."""
    code = to_code(error)
    number: int = code.value[0]
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return rpc_status.to_status(
            status_pb2.Status(code=number, message="the deadline passed before computing began")
        )
    if code is grpc.StatusCode.INTERNAL or not isinstance(error, PathcastError):
        return rpc_status.to_status(status_pb2.Status(code=number, message="internal error of the server"))
    return rpc_status.to_status(status_pb2.Status(code=number, message=str(error), details=_details(error)))


def _details(error: PathcastError) -> list[any_pb2.Any]:
    """What a status says of an error beside its code, in messages of google.rpc."""
    where, expected, found = describe(error)
    text = f"expected {expected}, found {found}"
    messages: list[Message] = []
    if isinstance(error, LimitError) and error.retry_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(round(1e9 * error.retry_s))
        violation = error_details_pb2.QuotaFailure.Violation(subject=where, description=text)
        messages += [error_details_pb2.QuotaFailure(violations=[violation]), retry]
    elif not isinstance(error, AccessError):
        of_field = error_details_pb2.BadRequest.FieldViolation(field=where, description=text)
        messages.append(error_details_pb2.BadRequest(field_violations=[of_field]))
    metadata = {"where": where, "expected": expected, "found": found}
    messages.append(error_details_pb2.ErrorInfo(reason=_REASON_OF[type(error)], domain=_DOMAIN, metadata=metadata))
    details = [any_pb2.Any() for _ in messages]
    for detail, message in zip(details, messages, strict=True):
        detail.Pack(message)
    return details


def to_refused(error: PathcastError, frame_number: int | None = None) -> Refused:
    """The message that answers what could not be used."""
    where, expected, found = describe(error)
    return Refused(to_code(error).value[0], where, expected, found, frame_number)


def from_rpc(error: grpc.RpcError | grpc.Call, address: str) -> PathcastError:
    """The error that a client raises for a failed call."""
    status = rpc_status.from_call(error) if isinstance(error, grpc.Call) else None
    details: Sequence[any_pb2.Any] = status.details if status is not None else ()
    for detail in details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info) and info.domain == _DOMAIN and info.reason in _REASONS:
            meta = info.metadata
            made = _REASONS[info.reason](meta["where"], meta["expected"], meta["found"])
            if isinstance(made, LimitError):
                made.retry_s = _retry_s(details)
            return made
    code, text = (error.code(), error.details()) if isinstance(error, grpc.Call) else (None, str(error))
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return LimitError(address, "a message within the limits", text or "")
    if code is grpc.StatusCode.UNAUTHENTICATED:
        return AccessError(text or "another one")
    if code is grpc.StatusCode.UNAVAILABLE:
        return ServiceError(f"{address}: the service could not be reached, or went away: {text}")
    return ServiceError(f"{address}: the service failed: {code.name if code else 'no status'}: {text}")


def _retry_s(details: Sequence[any_pb2.Any]) -> float | None:
    """When the same may be asked for again; None where nothing says so."""
    for detail in details:
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(retry):
            return float(retry.retry_delay.ToNanoseconds()) / 1e9
    return None


def from_refused(refused: Refused) -> PathcastError:
    """The error that a refusal stands for."""
    if refused.code == grpc.StatusCode.UNIMPLEMENTED.value[0]:
        return NotServedError(refused.where)
    kind = LimitError if refused.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0] else InputError
    return kind(refused.where, refused.expected, refused.found)
