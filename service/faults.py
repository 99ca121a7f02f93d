"""Faults: errors as gRPC statuses and back, by one table.

A status carries a google.rpc.BadRequest that names the field and says in words what was expected and found, and a
google.rpc.ErrorInfo with the same three apart, from which the client makes the error that the server raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from pathcast.errors import (
    InputError,
    LimitError,
    NotServedError,
    PathcastError,
    ServiceError,
    UnknownModelError,
)
from pathcast.service.messages import Refused

_DOMAIN = "pathcast"
_CODES: tuple[tuple[type[PathcastError], grpc.StatusCode], ...] = (
    (LimitError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (UnknownModelError, grpc.StatusCode.INVALID_ARGUMENT),
    (InputError, grpc.StatusCode.INVALID_ARGUMENT),
    (NotServedError, grpc.StatusCode.UNIMPLEMENTED),
)
"""The first that fits is taken; anything else is INTERNAL."""
_REASONS: dict[str, Callable[[str, str, str], PathcastError]] = {
    "LIMIT": LimitError,
    "UNKNOWN_MODEL": UnknownModelError,
    "INPUT": InputError,
    "NOT_SERVED": lambda where, _expected, _found: NotServedError(where),
}
_REASON_OF: dict[type[PathcastError], str] = {
    LimitError: "LIMIT",
    UnknownModelError: "UNKNOWN_MODEL",
    InputError: "INPUT",
    NotServedError: "NOT_SERVED",
}


def describe(error: PathcastError) -> tuple[str, str, str]:
    """Where, what was expected, what was found."""
    if isinstance(error, InputError):
        return error.where, error.expected, error.found
    if isinstance(error, NotServedError):
        return error.field, "left out: part of the contract, but not served by this model or version", "set"
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
    if code is grpc.StatusCode.INTERNAL or not isinstance(error, PathcastError):
        return rpc_status.to_status(status_pb2.Status(code=number, message="internal error of the server"))
    where, expected, found = describe(error)
    bad_request = error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field=where, description=f"expected {expected}, found {found}")
        ]
    )
    info = error_details_pb2.ErrorInfo(
        reason=_REASON_OF[type(error)],
        domain=_DOMAIN,
        metadata={"where": where, "expected": expected, "found": found},
    )
    details = [any_pb2.Any(), any_pb2.Any()]
    details[0].Pack(bad_request)
    details[1].Pack(info)
    return rpc_status.to_status(status_pb2.Status(code=number, message=str(error), details=details))


def to_refused(error: PathcastError, frame_number: int | None = None) -> Refused:
    """The message that answers what could not be used."""
    where, expected, found = describe(error)
    return Refused(to_code(error).value[0], where, expected, found, frame_number)


def from_rpc(error: grpc.RpcError | grpc.Call, address: str) -> PathcastError:
    """The error that a client raises for a failed call."""
    status = rpc_status.from_call(error) if isinstance(error, grpc.Call) else None
    details: Iterable[any_pb2.Any] = status.details if status is not None else ()
    for detail in details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info) and info.domain == _DOMAIN and info.reason in _REASONS:
            meta = info.metadata
            return _REASONS[info.reason](meta["where"], meta["expected"], meta["found"])
    code, text = (error.code(), error.details()) if isinstance(error, grpc.Call) else (None, str(error))
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return LimitError(address, "a message within the limits", text or "")
    if code is grpc.StatusCode.UNAVAILABLE:
        return ServiceError(f"{address}: the service could not be reached, or went away: {text}")
    return ServiceError(f"{address}: the service failed: {code.name if code else 'no status'}: {text}")


def from_refused(refused: Refused) -> PathcastError:
    """The error that a refusal stands for."""
    if refused.code == grpc.StatusCode.UNIMPLEMENTED.value[0]:
        return NotServedError(refused.where)
    kind = LimitError if refused.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0] else InputError
    return kind(refused.where, refused.expected, refused.found)
